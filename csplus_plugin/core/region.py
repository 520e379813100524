"""Where: the region of a run, in longitude and latitude."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from .errors import InvalidChoice
from .language import _
from .longitudes import HALF, TURN, Polygon, Position, cut, joined

_POLE = 90
_FURTHEST = 2 * TURN
"""Degrees; longitudes beyond two turns are no longitudes."""


@dataclass(frozen=True)
class Region:
    """Where: polygons in longitude and latitude (degrees, WGS 84), outer ring first, straight edges.

    An area across the antimeridian begins west of it, and its longitudes go on beyond 180.

    Raises:
        InvalidChoice: Empty, outside the globe, or wider than half of it.
    """

    polygons: tuple[Polygon, ...]

    def __post_init__(self) -> None:
        """Refuse what Earth Engine would misread."""
        if not self.polygons or any(not polygon or len(polygon[0]) < 4 for polygon in self.polygons):  # noqa: PLR2004 a closed triangle
            raise InvalidChoice(_("The area is empty."), _("Draw an extent or choose polygons with an area."))
        _check_positions(self._positions())
        if any(
            abs(after[0] - before[0]) > HALF
            for polygon in self.polygons
            for ring in polygon
            for before, after in pairwise(ring)
        ):
            raise _too_wide()
        object.__setattr__(self, "polygons", joined(self.polygons))
        west, south, east, north = self.bounds
        if east - west > HALF:
            raise _too_wide()
        if east == west or north == south:
            raise InvalidChoice(_("The area is empty."), _("Draw an extent or choose polygons with an area."))

    @classmethod
    def from_geojson(cls, geometry: Mapping[str, Any]) -> Region:
        """Read a GeoJSON Polygon or MultiPolygon; heights are dropped."""
        coordinates = {
            "Polygon": lambda: [geometry["coordinates"]],
            "MultiPolygon": lambda: geometry["coordinates"],
        }.get(geometry.get("type", ""))
        if coordinates is None:
            raise InvalidChoice(_("The area is not a polygon."), _("Choose a polygon layer or an extent."))
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
        """West, south, east, north in degrees; east is beyond 180 where the area crosses the antimeridian."""
        xs, ys = zip(*self._positions(), strict=True)
        return min(xs), min(ys), max(xs), max(ys)

    def geojson(self) -> dict[str, Any]:
        """Give the region as a GeoJSON Polygon or MultiPolygon, cut at the antimeridian (RFC 7946, 3.1.9)."""
        polygons = [
            [[list(position) for position in ring] for ring in polygon] for polygon in cut(self.polygons)
        ]
        if len(polygons) == 1:
            return {"type": "Polygon", "coordinates": polygons[0]}
        return {"type": "MultiPolygon", "coordinates": polygons}

    def _positions(self) -> Iterable[Position]:
        return (position for polygon in self.polygons for ring in polygon for position in ring)


def _too_wide() -> InvalidChoice:
    return InvalidChoice(
        _("The area is wider than half the globe."),
        _("One across the antimeridian is written with longitudes beyond 180, or in two parts."),
    )


def _check_positions(positions: Iterable[Position]) -> None:
    for x, y in positions:
        if not (math.isfinite(x) and math.isfinite(y)):
            raise InvalidChoice(_("The area has no place on the globe."), _("Check its CRS."))
        if abs(y) > _POLE:
            raise InvalidChoice(
                _("The area reaches latitude {y:g}, beyond a pole.", y=y),
                _("Longitude (x) comes before latitude (y): they may have changed places.")
                if abs(x) <= _POLE
                else _("Check its coordinates and its CRS."),
            )
        if abs(x) > _FURTHEST:
            raise InvalidChoice(
                _("The area reaches longitude {x:g}.", x=x), _("Check its coordinates and its CRS.")
            )
