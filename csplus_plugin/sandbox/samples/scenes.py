"""The scenes of one pass: bands and properties of both Sentinel-2 products and of Cloud Score+."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from ..collection_ids import S2_TOA
from . import classes
from .grid import LATITUDE, LONGITUDE, Tile
from .passes import Pass
from .sun import Sun, sun_at

PIXEL_M = {
    **dict.fromkeys(("B2", "B3", "B4", "B8"), 10),
    **dict.fromkeys(("B5", "B6", "B7", "B8A", "B11", "B12", "SCL"), 20),
    **dict.fromkeys(("B1", "B9", "B10"), 60),
}
"""Side of a pixel of each Sentinel-2 band, metres."""

NODATA = 0
"""Digital number of masked pixels, in the spectral bands and in SCL."""

_BASELINE = "05.09"
_MARK = "Cloud Score+ sandbox sample, not a Sentinel-2 image"
_DN_STEP = 8  # a power of two leaves the low bits empty, which compresses well


@dataclass(frozen=True)
class Scene:
    """One scene of one tile.

    Attributes:
        of: The pass that it comes from.
        tile: Its grid.
    """

    of: Pass
    tile: Tile

    @property
    def index(self) -> str:
        """`system:index`: sensing time, data strip time, tile."""
        strip = self.of.start + timedelta(seconds=7 + self.of.seed % 5)
        return f"{self.of.start:%Y%m%dT%H%M%S}_{strip:%Y%m%dT%H%M%S}_T{self.tile.name}"

    @property
    def time_start(self) -> int:
        """`system:time_start`: milliseconds since 1970, UTC. The tile comes minutes after the data take began."""
        into_the_data_take = timedelta(minutes=8, seconds=21, milliseconds=137 * (1 + self.of.seed % 7))
        if self.tile.name == "10SGG":
            into_the_data_take -= timedelta(seconds=3)
        return int((self.of.start + into_the_data_take).timestamp() * 1000)


def digital_numbers(reflectance: np.ndarray) -> np.ndarray:
    """Reflectance x 10000 in steps of a few, at least 1 (uint16): the harmonized scale, without offset."""
    steps = np.rint(reflectance * (10000 / _DN_STEP)) * _DN_STEP
    return np.clip(steps, 1, 65535).astype(np.uint16)


def band_pixels(ground: np.ndarray, band: str, tile: Tile, seen: np.ndarray | None = None) -> np.ndarray:
    """Give a band of a tile from a map of reflectance, as digital numbers at the band's own pixel size.

    A coarse pixel is the mean of the ground cells under it. It is masked where one of them was not seen.

    Args:
        ground: Reflectance of every ground cell.
        band: Name, as in Earth Engine.
        tile: What to sample it with.
        seen: Where the pass saw the ground; everywhere if omitted.
    """
    factor = PIXEL_M[band] // 10
    numbers = digital_numbers(_mean(tile.sample(ground), factor))
    if seen is not None:
        numbers[~_all(tile.sample(seen), factor)] = NODATA
    return numbers


def class_pixels(ground: np.ndarray, tile: Tile, seen: np.ndarray) -> np.ndarray:
    """SCL of a tile at 20 m: the class of the upper left of the four cells."""
    pixels = tile.sample(ground)[::2, ::2].copy()
    pixels[~_all(tile.sample(seen), 2)] = NODATA
    return pixels


def _blocks(values: np.ndarray, factor: int) -> np.ndarray:
    rows, columns = values.shape
    return values.reshape(rows // factor, factor, columns // factor, factor)


def _mean(values: np.ndarray, factor: int) -> np.ndarray:
    return values if factor == 1 else _blocks(values, factor).mean((1, 3))


def _all(values: np.ndarray, factor: int) -> np.ndarray:
    return values if factor == 1 else _blocks(values, factor).all((1, 3))


def image_properties(scene: Scene, sun: Sun, scl: np.ndarray, cloudy: float) -> dict[str, object]:
    """Properties of the Sentinel-2 scene, named as in Earth Engine's catalogue.

    Args:
        scene: Which.
        sun: Where it stood.
        scl: Its classification, `NODATA` where masked.
        cloudy: Share of its pixels under cloud or cirrus, 0..1.
    """
    start, tile = scene.of.start, scene.tile.name
    valid = max(int((scl != NODATA).sum()), 1)
    craft = "S2" + scene.of.spacecraft[-1]

    def percent(*wanted: int) -> float:
        return round(100 * float(np.isin(scl, wanted).sum()) / valid, 4)

    return {
        **_shared_properties(scene),
        "SPACECRAFT_NAME": scene.of.spacecraft,
        "SENSING_ORBIT_NUMBER": scene.of.orbit,
        "SENSING_ORBIT_DIRECTION": "DESCENDING",
        "PROCESSING_BASELINE": _BASELINE,
        "PRODUCT_ID": f"{craft}_SAMPLE_{start:%Y%m%dT%H%M%S}_R{scene.of.orbit:03d}_T{tile}",
        "DATATAKE_IDENTIFIER": f"G{craft}_{start:%Y%m%dT%H%M%S}_SAMPLE_N{_BASELINE}",
        "GENERATION_TIME": scene.time_start + 6 * 3600 * 1000,
        "MEAN_SOLAR_ZENITH_ANGLE": round(sun.zenith, 4),
        "MEAN_SOLAR_AZIMUTH_ANGLE": round(sun.azimuth, 4),
        "CLOUDY_PIXEL_PERCENTAGE": round(100 * cloudy, 4),
        "CLOUDY_SHADOW_PERCENTAGE": percent(classes.SHADOW),
        "DARK_FEATURES_PERCENTAGE": percent(classes.DARK),
        "VEGETATION_PERCENTAGE": percent(classes.VEGETATION),
        "NOT_VEGETATED_PERCENTAGE": percent(classes.SOIL),
        "WATER_PERCENTAGE": percent(classes.WATER),
        "UNCLASSIFIED_PERCENTAGE": percent(classes.UNSURE),
        "MEDIUM_PROBA_CLOUDS_PERCENTAGE": percent(classes.MEDIUM),
        "HIGH_PROBA_CLOUDS_PERCENTAGE": percent(classes.HIGH),
        "THIN_CIRRUS_PERCENTAGE": percent(classes.CIRRUS),
        "SNOW_ICE_PERCENTAGE": percent(classes.SNOW),
        "NODATA_PIXEL_PERCENTAGE": round(100 * float((scl == NODATA).mean()), 4),
    }


def _shared_properties(scene: Scene) -> dict[str, object]:
    return {
        "system:index": scene.index,
        "system:time_start": scene.time_start,
        "system:time_end": scene.time_start,
        "SYNTHETIC": _MARK,
        "MGRS_TILE": scene.tile.name,
    }


def toa_properties(properties: dict[str, object]) -> dict[str, object]:
    """Those of `image_properties` that a top of atmosphere scene has too."""
    of_classes = {n for n in properties if n.endswith("_PERCENTAGE") and n != "CLOUDY_PIXEL_PERCENTAGE"}
    return {name: value for name, value in properties.items() if name not in of_classes}


def score_properties(scene: Scene) -> dict[str, object]:
    """Properties of the scene's Cloud Score+ twin."""
    made = scene.of.start + timedelta(days=1, hours=3)
    return {
        **_shared_properties(scene),
        "MODEL_VERSION": "sandbox-1",
        "NO_CONTEXT_FRACTION": round((scene.of.seed % 9) / 200, 3),
        "DATE_PRODUCT_GENERATED": f"{made:%Y-%m-%dT%H:%M:%SZ}",
        "PROCESSING_SOFTWARE_VERSION": "sandbox-1",
        "SOURCE_ASSET_ID": f"{S2_TOA}/{scene.index}",
        "SOURCE_PRODUCT_ID": f"S2{scene.of.spacecraft[-1]}_SAMPLE_{scene.index}",
    }


def sun_over(one: Pass) -> Sun:
    """Give the sun at a pass."""
    return sun_at(one.start, LONGITUDE, LATITUDE)
