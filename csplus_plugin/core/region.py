"""Where: the region of a run, in longitude and latitude."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .errors import InvalidChoice

Position = tuple[float, float]
Ring = tuple[Position, ...]
Polygon = tuple[Ring, ...]


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
