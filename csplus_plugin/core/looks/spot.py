"""Where a pixel lies: as a grid of one pixel, as a place on the globe, as a box around it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from osgeo import osr

from ..errors import InvalidChoice
from ..grid import Grid, QuietGdal, spatial_reference
from ..language import _
from ..longitudes import TURN
from ..region import Region


@dataclass(frozen=True)
class Spot:
    """One pixel of a result's own grid.

    Attributes:
        pixel: A grid of one pixel.
    """

    pixel: Grid

    @cached_property
    def outline(self) -> tuple[tuple[float, float], ...]:
        """Its four corners in units of the grid's CRS, closed."""
        left, top, size = self.pixel.left, self.pixel.top, self.pixel.resolution
        right, bottom = left + size, top - size
        return ((left, top), (right, top), (right, bottom), (left, bottom), (left, top))

    @cached_property
    def centre(self) -> tuple[float, float]:
        """Longitude and latitude of its centre, degrees.

        Raises:
            InvalidChoice: It lies nowhere on the globe.
        """
        half = self.pixel.resolution / 2
        ((x, y),) = self._degrees([(self.pixel.left + half, self.pixel.top - half)])
        return x, y

    @cached_property
    def box(self) -> Region:
        """The box around it.

        Raises:
            InvalidChoice: It lies nowhere on the globe.
        """
        middle = self.centre[0]
        corners = self._degrees(self.outline)
        xs = [x - TURN * round((x - middle) / TURN) for x, _ in corners]
        ys = [y for _, y in corners]
        return Region.from_bounds(min(xs), max(-90.0, min(ys)), max(xs), min(90.0, max(ys)))

    def _degrees(self, places: list[tuple[float, float]] | tuple[tuple[float, float], ...]) -> list[tuple]:
        with QuietGdal():
            transform = osr.CoordinateTransformation(
                spatial_reference(self.pixel.crs), spatial_reference("EPSG:4326")
            )
            found = [
                (x, y) for x, y, *_height in transform.TransformPoints([list(place) for place in places])
            ]
        if not all(math.isfinite(number) for place in found for number in place):
            raise InvalidChoice(
                _("The pixel lies nowhere on the globe."), _("Click inside the area of the layer.")
            )
        return found
