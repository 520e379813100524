"""The recipe: every choice of a run, frozen, checked once, and the same as JSON.

A live layer, a GeoTIFF, a script and a saved project all carry it, and each can be made again from it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from typing import Any, TypeVar

from . import indices
from .catalog import DEFAULT_THRESHOLD, METHODS, PRODUCTS, SCORE_BANDS, STYLES, UNSCORED_POLICIES
from .errors import InvalidChoice

SCHEMA_VERSION = 1

Position = tuple[float, float]
Ring = tuple[Position, ...]
Polygon = tuple[Ring, ...]
Block = TypeVar("Block", bound="Scenes | Composite | Output")

_TILE = re.compile(r"\d{2}[C-HJ-NP-X][A-HJ-NP-Z]{2}")


@dataclass(frozen=True)
class Region:
    """Where: polygons in longitude and latitude (degrees, WGS 84), outer ring first, straight edges.

    Raises:
        InvalidChoice: Empty, outside the globe, or across the antimeridian.
    """

    polygons: tuple[Polygon, ...]

    def __post_init__(self) -> None:
        """Refuse what Earth Engine would misread."""
        if not self.polygons or any(not polygon or len(polygon[0]) < 4 for polygon in self.polygons):  # noqa: PLR2004 a closed triangle
            raise InvalidChoice("The area is empty.", "Draw an extent or choose polygons with an area.")
        for x, y in self._positions():
            if not (math.isfinite(x) and math.isfinite(y) and abs(x) <= 180 and abs(y) <= 90):  # noqa: PLR2004 degrees
                raise InvalidChoice(
                    "The area reaches beyond longitude 180 or latitude 90.",
                    "An area across the antimeridian has to be run in two parts, one on each side.",
                )
        west, south, east, north = self.bounds
        if east - west > 180:  # noqa: PLR2004 half the globe: nobody composites it, a crossing area looks like it
            raise InvalidChoice(
                "The area crosses the antimeridian, or is wider than half the globe.",
                "Run it in two parts, one on each side of longitude 180.",
            )
        if east == west or north == south:
            raise InvalidChoice("The area is empty.", "Draw an extent or choose polygons with an area.")

    @classmethod
    def from_geojson(cls, geometry: Mapping[str, Any]) -> Region:
        """Read a GeoJSON Polygon or MultiPolygon; heights are dropped."""
        coordinates = {
            "Polygon": lambda: [geometry["coordinates"]],
            "MultiPolygon": lambda: geometry["coordinates"],
        }.get(geometry.get("type", ""))
        if coordinates is None:
            raise InvalidChoice("The area is not a polygon.", "Choose a polygon layer or an extent.")
        return cls(
            tuple(
                tuple(tuple((float(x), float(y)) for x, y, *_ in ring) for ring in polygon)
                for polygon in coordinates()
            )
        )

    @classmethod
    def from_bounds(cls, west: float, south: float, east: float, north: float) -> Region:
        """Make a rectangle."""
        return cls(((((west, south), (east, south), (east, north), (west, north), (west, south)),),))

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees."""
        xs, ys = zip(*self._positions(), strict=True)
        return min(xs), min(ys), max(xs), max(ys)

    def geojson(self) -> dict[str, Any]:
        """Give the region as a GeoJSON Polygon or MultiPolygon."""
        polygons = [[[list(position) for position in ring] for ring in polygon] for polygon in self.polygons]
        if len(polygons) == 1:
            return {"type": "Polygon", "coordinates": polygons[0]}
        return {"type": "MultiPolygon", "coordinates": polygons}

    def _positions(self) -> Iterable[Position]:
        return (position for polygon in self.polygons for ring in polygon for position in ring)


@dataclass(frozen=True)
class Scenes:
    """Which scenes, and which of their pixels are clear.

    Attributes:
        region: Where.
        start: First day.
        end: Last day, **included**.
        product: `L2A` or `L1C`.
        qa_band: Score band.
        threshold: A pixel is clear where score >= threshold.
        unscored_policy: What becomes of scenes that have no score.
        months: Only these calendar months; empty for all.
        max_scene_cloud: Highest CLOUDY_PIXEL_PERCENTAGE; 100 is off.
        orbit: Relative orbit, or None.
        tiles: MGRS tiles such as `11SKB`; empty for all.
        edge_trim: Metres cut off inside each scene's footprint.
        dilate: Metres by which rejected pixels grow.
        clip: Mask outside the region.
    """

    region: Region
    start: date
    end: date
    product: str = "L2A"
    qa_band: str = "cs_cdf"
    threshold: float = DEFAULT_THRESHOLD
    unscored_policy: str = "drop"
    months: tuple[int, ...] = ()
    max_scene_cloud: float = 100
    orbit: int | None = None
    tiles: tuple[str, ...] = ()
    edge_trim: float = 0
    dilate: float = 0
    clip: bool = True

    def __post_init__(self) -> None:
        """Check each choice, then those that depend on each other."""
        _one_of("product", self.product, PRODUCTS)
        _one_of("score band", self.qa_band, SCORE_BANDS)
        _one_of("policy for unscored scenes", self.unscored_policy, UNSCORED_POLICIES)
        _between("threshold", self.threshold, 0, 1)
        _between("scene cloud limit", self.max_scene_cloud, 0, 100)
        _between("edge trim", self.edge_trim, 0, 50_000)
        _between("dilation", self.dilate, 0, 5_000)
        if any(month not in range(1, 13) for month in self.months):
            raise InvalidChoice(f"The months {list(self.months)} are not all between 1 and 12.")
        for tile in self.tiles:
            if not _TILE.fullmatch(tile):
                raise InvalidChoice(
                    f"{tile!r} is not an MGRS tile.", "Name tiles like 11SKB, separated by commas."
                )
        if self.end < self.start:
            raise InvalidChoice(
                f"The end ({self.end}) is before the start ({self.start}).", "Swap the two dates."
            )
        if self.unscored_policy == "scl" and self.product == "L1C":
            raise InvalidChoice(
                "L1C scenes carry no scene classification, so unscored ones cannot be masked by it.",
                "Choose the product L2A, or another policy for unscored scenes.",
            )
        self._check_availability()

    def _check_availability(self) -> None:
        product = PRODUCTS[self.product]
        if self.end >= product.first_day:
            return
        older = PRODUCTS["L1C"]
        alternative = (
            f"Choose the product L1C, which begins on {older.first_day}."
            if self.product == "L2A" and self.end >= older.first_day
            else f"Choose a window that ends on or after {product.first_day}."
        )
        raise InvalidChoice(
            f"{self.product} begins on {product.first_day}, after the whole window.", alternative
        )


@dataclass(frozen=True)
class Composite:
    """How the clear observations of a pixel become one.

    Attributes:
        method: One of `catalog.METHODS`.
        percentile: For the method `percentile`, 0 to 100.
        min_observations: Pixels with fewer distinct clear days are masked.
        bands: Bands of the file, in this order.
        indices: Spectral indices, computed from the composite.
        count_band: Add `clear_count`, the number of distinct clear days.
    """

    method: str = "median"
    percentile: float = 25
    min_observations: int = 1
    bands: tuple[str, ...] = ("B2", "B3", "B4", "B8")
    indices: tuple[str, ...] = ()
    count_band: bool = False

    def __post_init__(self) -> None:
        """Check each choice."""
        _one_of("method", self.method, METHODS)
        _between("percentile", self.percentile, 0, 100)
        if self.min_observations < 1:
            raise InvalidChoice("At least one clear observation is needed.", "Choose a number of 1 or more.")
        if not (self.bands or self.indices or self.count_band):
            raise InvalidChoice("No band was chosen.", "Choose at least one band or index.")
        for chosen in (self.bands, self.indices):
            if len(set(chosen)) < len(chosen):
                raise InvalidChoice(f"{', '.join(chosen)} names a band twice.", "Name each band once.")
        for name in self.indices:
            indices.find(name)


@dataclass(frozen=True)
class Output:
    """On which grid, and how it is drawn.

    Attributes:
        crs: Authority code or WKT; None for the UTM zone of the region.
        resolution: Pixel size in units of the CRS.
        style: One of `catalog.STYLES`.
    """

    crs: str | None = None
    resolution: float = 10
    style: str = "true_color"

    def __post_init__(self) -> None:
        """Check each choice."""
        _one_of("style", self.style, STYLES)
        if not (math.isfinite(self.resolution) and self.resolution > 0):
            raise InvalidChoice(f"A pixel size of {self.resolution} is not possible.", "Choose one above 0.")


@dataclass(frozen=True)
class Recipe:
    """Every choice of a run.

    Attributes:
        algorithm: Id of the algorithm that made it, without the provider.
        scenes: Which scenes.
        composite: How they become one image.
        output: On which grid, drawn how.
    """

    scenes: Scenes
    composite: Composite = field(default_factory=Composite)
    output: Output = field(default_factory=Output)
    algorithm: str = "clearcomposite"

    def __post_init__(self) -> None:
        """Check what spans the blocks."""
        product = PRODUCTS[self.scenes.product]
        for band in self.composite.bands:
            if band not in product.bands:
                raise InvalidChoice(
                    f"{product.name} has no band {band}.", f"Choose from {', '.join(product.bands)}."
                )
        if self.output.style == "index" and not self.composite.indices:
            raise InvalidChoice(
                "The style draws a spectral index, but none was chosen.", "Choose an index, or another style."
            )

    def to_json(self) -> str:
        """Write the recipe as one line of JSON with sorted keys."""
        content = {"schema": SCHEMA_VERSION, **asdict(self)}
        content["scenes"]["region"] = self.scenes.region.geojson()
        return json.dumps(content, sort_keys=True, default=date.isoformat)

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """Read a recipe that `to_json` wrote.

        Raises:
            InvalidChoice: Not a recipe, written by a newer plugin, or with choices that are not possible.
        """
        try:
            content = json.loads(text)
            schema = content.pop("schema")
            if schema != SCHEMA_VERSION:
                raise InvalidChoice(
                    f"The recipe has schema {schema}, this plugin reads schema {SCHEMA_VERSION}.",
                    "Update the plugin.",
                )
            scenes = content["scenes"]
            scenes["region"] = Region.from_geojson(scenes["region"])
            scenes["start"] = date.fromisoformat(scenes["start"])
            scenes["end"] = date.fromisoformat(scenes["end"])
            return cls(
                scenes=_block(Scenes, scenes),
                composite=_block(Composite, content["composite"]),
                output=_block(Output, content["output"]),
                algorithm=content["algorithm"],
            )
        except (ValueError, TypeError, KeyError, AttributeError) as problem:
            raise InvalidChoice(
                f"This is not a recipe of Cloud Score+ for QGIS ({problem!r}).",
                "Take the JSON from a layer or a file that the plugin made.",
            ) from problem


def _block(kind: type[Block], content: Mapping[str, Any]) -> Block:
    known = {item.name for item in fields(kind)}
    unknown = set(content) - known
    if unknown:
        raise InvalidChoice(
            f"The recipe holds unknown choices: {', '.join(sorted(unknown))}.", "Update the plugin."
        )
    values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in content.items()}
    return kind(**values)


def _one_of(what: str, value: str, choices: Iterable[str]) -> None:
    if value not in choices:
        raise InvalidChoice(f"{value!r} is not a {what}.", f"Choose from {', '.join(choices)}.")


def _between(what: str, value: float, lowest: float, highest: float) -> None:
    # `not (a <= x <= b)` also refuses nan, which passes every other comparison of a Processing number.
    if not lowest <= value <= highest:
        raise InvalidChoice(f"The {what} of {value} is not between {lowest} and {highest}.")
