"""The archive that other people's suites are run on: their collections' names, bands and days, with made-up pixels.

Nothing in it is Google's: every scene is 64 x 64 pixels of a pattern, every table a few rectangles. So what a suite
recorded of the service's pixels cannot come out, and is counted apart.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from osgeo import gdal, osr

SIDE = 64
S2_BANDS = [f"B{n}" for n in (1, 2, 3, 4, 5, 6, 7, 8, "8A", 9, 11, 12)]
L2A_BANDS = [*S2_BANDS, "AOT", "WVP", "SCL", "MSK_CLDPRB", "MSK_SNWPRB", "QA60"]
TOA_BANDS = [f"B{n}" for n in range(1, 12)]
L8_BANDS = [*(f"SR_B{n}" for n in range(1, 8)), "ST_B10", "QA_PIXEL", "QA_RADSAT"]
CLIMATE = ["ppt", "tmean"]

S2 = "COPERNICUS/S2_SR_HARMONIZED"
SUN = {"MEAN_SOLAR_AZIMUTH_ANGLE": 160.0}
CLOUDS = "COPERNICUS/S2_CLOUD_PROBABILITY"
DAYS = ("1990-01-15", "2010-01-15", "2019-01-15", "2020-01-15")
"""Days of the scenes of collections that are only named, whatever their missions saw."""
VATICAN = (12.4534, 41.9033)
AMAZONAS = (-71.5, -1.0)
PATAGONIA = (-71.78, -42.86)
GREAT_PLAINS = (-100.0, 41.0)
COLOMBIA = (-76.21, 3.45)
QUALITY = (
    *("QA60", "SCL", "QA_PIXEL", "QA_RADSAT", "pixel_qa", "quality_flags", "state_1km", "State", "StateQA"),
    *("SummaryQA", "ET_QC", "Psn_QC", "FparExtra_QC"),
)
ANY_BANDS = [*S2_BANDS, *QUALITY]


def write_archive(folder: Path, suites: Path) -> None:
    """Write what the suites name; every collection that they name besides gets one scene with one band.

    Args:
        folder: Where to.
        suites: The folder that holds the suites' code, which is searched for the names of collections.
    """
    _sentinel_2(folder)
    _landsat(folder)
    _others(folder)
    _tables(folder)
    for asset in sorted(_names(suites, "Image")):
        if not (folder / asset).exists():
            bands = L2A_BANDS if asset.startswith(S2) else TOA_BANDS
            _scene(folder, asset, "2020-01-01", VATICAN, bands)
    for asset in sorted(_names(suites, "ImageCollection")):
        if not asset.startswith("JAXA"):  # whose scenes are counted
            bands = _bands(folder / asset) or ANY_BANDS
            for day in DAYS:
                _scene(folder, f"{asset}/{day.replace('-', '')}", day, COLOMBIA, bands, **SUN)
    for asset in sorted(_names(suites, "FeatureCollection")):
        if not (folder / f"{asset}.geojson").exists():
            _table(folder, asset, [({"NAME": "A", "WDPAID": 1}, VATICAN)])


def _names(suites: Path, kind: str) -> set[str]:
    """The assets that the suites load by name."""
    call = re.compile(rf"ee\.{kind}\(\s*[\"']([A-Za-z0-9_/]+/[A-Za-z0-9_]+)[\"']")
    return {name for path in suites.rglob("*.py") for name in call.findall(path.read_text(encoding="utf-8"))}


def _bands(collection: Path) -> list[str]:
    """The bands of a collection's first scene, if there is one."""
    for scene in sorted(collection.glob("*")):
        return sorted(path.stem for path in scene.glob("*.tif"))
    return []


def _sentinel_2(folder: Path) -> None:
    clear = {"CLOUD_COVERAGE_ASSESSMENT": 3.5, "CLOUDY_PIXEL_PERCENTAGE": 3.5, **SUN}
    for day in DAYS:
        _scene(folder, f"{CLOUDS}/{day.replace('-', '')}", day, COLOMBIA, ["probability"])
    for name, place in {
        "20180401T100019_20180401T100022_T32TQM": VATICAN,
        "20200101T100319_20200101T100321_T32TQM": VATICAN,
        "20210604T100029_20210604T100027_T32TQM": VATICAN,
        "20210604T100029_20210604T100027_T33TTG": VATICAN,
        "20230101T100319_20230101T100321_T32TQM": VATICAN,
        "20230120T142709_20230120T143451_T18GYT": PATAGONIA,
        "20230605T150719_20230605T150716_T19MBU": AMAZONAS,
        **{f"202101{day}T100319_202101{day}T100321_T32TQM": VATICAN for day in ("05", "25")},
        **{f"202101{day}T150719_202101{day}T150716_T19MBU": AMAZONAS for day in ("01", "03", "05", "06")},
        **{f"2021{month:02}11T150719_2021{month:02}11T150716_T19MBU": AMAZONAS for month in range(2, 12)},
    }.items():
        day = f"{name[:4]}-{name[4:6]}-{name[6:8]}"
        _scene(folder, f"{S2}/{name}", day, place, L2A_BANDS, pixel=10, **clear)
        _scene(folder, f"{CLOUDS}/{name}", day, place, ["probability"], pixel=10)
        _scene(folder, f"COPERNICUS/S2/{name}", day, place, [*S2_BANDS, "B10"], pixel=10)


def _landsat(folder: Path) -> None:
    for collection, bands in {
        "T1_L2": L8_BANDS,
        "T1_TOA": TOA_BANDS,
        "T1_RT_TOA": TOA_BANDS,
        "T1": TOA_BANDS,
    }.items():
        for name, place in {"LC08_191031_20200104": VATICAN, "LC08_004061_20230710": AMAZONAS}.items():
            _landsat_scene(folder, collection, name, place, bands, 3.5)
        for month, clouds in enumerate((40.2, 12.7, 40.4, 3.1), 5):
            _landsat_scene(folder, collection, f"LC08_004061_2021{month:02}12", AMAZONAS, bands, clouds)


def _landsat_scene(
    folder: Path, collection: str, name: str, place: tuple[float, float], bands: Sequence[str], clouds: float
) -> None:
    day = f"{name[-8:-4]}-{name[-4:-2]}-{name[-2:]}"
    _scene(folder, f"LANDSAT/LC08/C02/{collection}/{name}", day, place, bands, pixel=30, CLOUD_COVER=clouds)


def _others(folder: Path) -> None:
    for first in ("2010-01-01", "2010-01-17", "2010-02-02", "2011-01-01", "2012-05-24", "2019-05-25"):
        for collection in ("MODIS/061/MOD13A1", "MODIS/006/MOD13Q1"):
            name = f"{collection}/{first.replace('-', '_')}"
            _scene(folder, name, first, GREAT_PLAINS, ["NDVI", "EVI", *QUALITY], pixel=12_000)
    for first in ("2018-06-02", "2018-06-10"):
        name = f"MODIS/061/MOD09A1/{first.replace('-', '_')}"
        _scene(folder, name, first, (-111.9, 40.9), [f"sur_refl_b0{n}" for n in range(1, 8)])
    for month in range(1, 13):
        for years in ("81", "91"):
            name = f"OREGONSTATE/PRISM/Norm{years}m/{month:02}"
            _scene(folder, name, f"1981-{month:02}-01", GREAT_PLAINS, CLIMATE, pixel=60_000)
    for name in ("20200106_a", "20200716_b"):
        properties = {"ORIGINAL_BANDS_PRESENT": ["B01", "B02", "B3N"]}
        day = f"2020-{name[4:6]}-{name[6:8]}"
        _scene(folder, f"ASTER/AST_L1T_003/{name}", day, VATICAN, ["B01", "B02", "B3N"], **properties)
    hour = datetime(2020, 1, 1, tzinfo=UTC)
    for _ in range(90 * 24 - 1):  # one of three months' hours is missing in the service's archive too
        name = f"JAXA/GPM_L3/GSMaP/v6/operational/{hour:%Y%m%d_%H00}"
        _scene(folder, name, hour.isoformat(), AMAZONAS, ["hourlyPrecipRate"], pixel=1_000)
        hour += timedelta(hours=1)


def _scene(
    folder: Path,
    asset: str,
    moment: str,
    place: tuple[float, float],
    bands: Sequence[str],
    *,
    pixel: float = 500,
    **properties: Any,
) -> None:
    """A scene around a place, in its UTM zone with pixels of so many metres, whose bands differ by a constant."""
    scene = folder / asset
    scene.mkdir(parents=True)
    started = datetime.fromisoformat(moment)
    time = int(started.replace(tzinfo=started.tzinfo or UTC).timestamp() * 1000)
    content = {"properties": {"system:time_start": time, "system:time_end": time, **properties}}
    (scene / "properties.json").write_text(json.dumps({**content, "bands": list(bands)}))
    pattern = np.arange(SIDE * SIDE, dtype=np.uint16).reshape(SIDE, SIDE)
    for number, band in enumerate(bands):
        values = pattern % 11 + 1 if band == "SCL" else 1000 + 100 * number + pattern
        if band.startswith(("QA", "MSK")):
            values = np.zeros_like(pattern)
        _band(scene / f"{band}.tif", values, place, pixel)


def _band(path: Path, values: np.ndarray, place: tuple[float, float], pixel: float) -> None:
    reference, geographic = osr.SpatialReference(), osr.SpatialReference()
    reference.ImportFromEPSG(int(32700 - (place[1] >= 0) * 100 + (place[0] + 180) // 6 + 1))
    geographic.ImportFromEPSG(4326)
    for each in (reference, geographic):
        each.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    x, y, _ = osr.CoordinateTransformation(geographic, reference).TransformPoint(*place)
    left, top = (round(c / pixel) * pixel for c in (x - SIDE / 2 * pixel, y + SIDE / 2 * pixel))
    file = gdal.GetDriverByName("GTiff").Create(str(path), SIDE, SIDE, 1, gdal.GDT_UInt16)
    file.SetGeoTransform((left, pixel, 0, top, 0, -pixel))
    file.SetProjection(reference.ExportToWkt())
    file.GetRasterBand(1).WriteArray(values.astype(np.uint16))
    file.FlushCache()


def _tables(folder: Path) -> None:
    countries = {"Argentina": 12, "Armenia": 13, "Aruba": 14, "Holy See": 110, "Italy": 122, "France": 85}
    named = [({"ADM0_NAME": n, "ADM0_CODE": c, "Shape_Area": c / 8}, VATICAN) for n, c in countries.items()]
    named.append(({"ADM0_NAME": "Switzerland", "ADM0_CODE": 237, "Shape_Area": 5.0}, VATICAN))
    _table(folder, "FAO/GAUL/2015/level0", [(p, VATICAN) for p, _ in named])
    _table(folder, "FAO/GAUL/2015/level2", [({"ADM0_NAME": "Colombia", "ADM1_NAME": "Amazonas"}, AMAZONAS)])
    months = {f"{m:02}_{kind}": 10.5 + m for kind in CLIMATE for m in range(1, 13)}
    labels = [
        ({"label": name, "value": n, "warm": n, **months}, GREAT_PLAINS)
        for n, name in enumerate(("Desert", "Forest", "Grassland"))
    ]
    _table(folder, "projects/google/charts_feature_example", labels)
    _table(folder, "WWF/HydroATLAS/v1/Basins/level04", [({"UP_AREA": 7.5}, (-60.0, -10.0))])


def _table(folder: Path, asset: str, rows: Sequence[tuple[dict[str, Any], tuple[float, float]]]) -> None:
    """A table of squares, a hundredth of a degree a side."""
    features = []
    for number, (properties, (lon, lat)) in enumerate(rows):
        ring = [[lon + x, lat + y] for x, y in ((0, 0), (0.01, 0), (0.01, 0.01), (0, 0.01), (0, 0))]
        geometry = {"type": "Polygon", "coordinates": [ring]}
        features.append(
            {"type": "Feature", "id": str(number), "properties": properties, "geometry": geometry}
        )
    path = folder / f"{asset}.geojson"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
