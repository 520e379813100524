"""The pixel grid of a result: CRS, resolution, an origin that neighbours share, and windows of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from osgeo import gdal, ogr, osr

from .errors import InvalidChoice
from .language import _
from .longitudes import HALF, TURN

if TYPE_CHECKING:
    from .choices import Output
    from .region import Position, Region

MAX_SIDE = 1_000_000
"""Pixels; a grid wider than this is a wrong resolution, not a wish."""

_SPACING = 0.01
"""Degrees between the points at which an edge of the region is followed into another CRS (about 1 km)."""

_MAX_POINTS = 200
_DEGREE, _MOST_STRETCH = 111_320, 50
"""Metres of a degree of latitude, and how many times longer a CRS may draw them: Mercator's at 89 degrees."""

_TOLERANCE = 0.01
"""Share of a pixel that an edge may overshoot before a further row is added: reprojection is not exact."""

_LARGEST_DEGREES, _LARGEST_METRES = 0.1, 10_000
"""A pixel that is larger than this, and than the whole area, was given in the units of another CRS."""

_UTM_SOUTH, _UTM_NORTH = -80, 84


@dataclass(frozen=True)
class Grid:
    """Pixels as areas, north up.

    Attributes:
        crs: Authority code such as `EPSG:32611`, or WKT.
        resolution: Pixel size in units of the CRS.
        left: West edge in units of the CRS, a multiple of the resolution.
        top: North edge, likewise.
        width: Columns.
        height: Rows.
    """

    crs: str
    resolution: float
    left: float
    top: float
    width: int
    height: int

    def window(self, column: int, row: int, width: int, height: int) -> Grid:
        """Cut out a part; its pixels are the same pixels."""
        return Grid(
            self.crs,
            self.resolution,
            self.left + column * self.resolution,
            self.top - row * self.resolution,
            width,
            height,
        )

    def geotransform(self) -> tuple[float, float, float, float, float, float]:
        """Give the six numbers in GDAL's order."""
        return self.left, self.resolution, 0, self.top, 0, -self.resolution

    def wkt(self) -> str:
        """Give the CRS as WKT, for a file."""
        return spatial_reference(self.crs).ExportToWkt()

    def request(self) -> dict[str, Any]:
        """Give the grid as `image:computePixels` wants it (REST reference, PixelGrid)."""
        name = "crsCode" if self.crs.startswith("EPSG:") else "crsWkt"
        return {
            "dimensions": {"width": self.width, "height": self.height},
            "affineTransform": {
                "scaleX": self.resolution,
                "shearX": 0,
                "translateX": self.left,
                "shearY": 0,
                "scaleY": -self.resolution,
                "translateY": self.top,
            },
            name: self.crs,
        }


def home_crs(region: Region) -> str:
    """Find the UTM zone of the region's centre, with the wider zones of Norway and Svalbard.

    Raises:
        InvalidChoice: Too near a pole for UTM.
    """
    west, south, east, north = region.bounds
    return utm_crs((west + east) / 2, (south + north) / 2)


def utm_crs(longitude: float, latitude: float) -> str:
    """Find the UTM zone of a place in degrees, with the wider zones of Norway and Svalbard.

    Raises:
        InvalidChoice: Too near a pole for UTM.
    """
    longitude = (longitude + HALF) % TURN - HALF
    if not _UTM_SOUTH <= latitude <= _UTM_NORTH:
        raise InvalidChoice(_("There is no UTM zone so near the pole."), _("Choose a CRS for the result."))
    zone = min(int((longitude + 180) // 6) + 1, 60)
    if 56 <= latitude < 64 and 3 <= longitude < 12:  # noqa: PLR2004 south-west Norway, MGRS
        zone = 32
    elif latitude >= 72 and 0 <= longitude < 42:  # noqa: PLR2004 Svalbard, MGRS
        zone = next(zone for limit, zone in ((9, 31), (21, 33), (33, 35), (42, 37)) if longitude < limit)
    return f"EPSG:{32600 + zone if latitude >= 0 else 32700 + zone}"


def grid_for(region: Region, output: Output) -> Grid:
    """Lay the grid over the region: whole pixels, origin on multiples of the resolution.

    Raises:
        InvalidChoice: The CRS is unknown or does not reach the region, or the resolution does not fit it.
    """
    crs = output.crs or home_crs(region)
    west, south, east, north = _bounds_in(region, crs)
    size = output.resolution
    unit = _("degrees") if spatial_reference(crs).IsGeographic() else _("units")
    largest = _LARGEST_DEGREES if spatial_reference(crs).IsGeographic() else _LARGEST_METRES
    if size > max(east - west, north - south, largest):
        raise InvalidChoice(
            _(
                "A pixel of {size:g} {unit} is larger than the whole area in {name}.",
                size=size,
                unit=unit,
                name=_name(crs),
            ),
            _(
                "Choose one in the {unit} of the CRS; 10 m are about {ten_metres:.2g}.",
                unit=unit,
                ten_metres=_ten_metres(crs, (south + north) / 2),
            ),
        )
    left, right = math.floor(west / size + _TOLERANCE), math.ceil(east / size - _TOLERANCE)
    bottom, top = math.floor(south / size + _TOLERANCE), math.ceil(north / size - _TOLERANCE)
    width, height = max(right - left, 1), max(top - bottom, 1)
    if max(width, height) > MAX_SIDE:
        raise InvalidChoice(
            _(
                "The area has {width} x {height} pixels of {size:g} {unit}.",
                width=width,
                height=height,
                size=size,
                unit=unit,
            ),
            _("Choose larger pixels or a smaller area."),
        )
    return Grid(crs, size, left * size, top * size, width, height)


def outline(region: Region, crs: str) -> ogr.Geometry:
    """Give the region as a multipolygon in another CRS, following its edges to within metres.

    Raises:
        InvalidChoice: The CRS does not reach the region.
    """
    shape = ogr.Geometry(ogr.wkbMultiPolygon)
    for rings in _moved(region, crs):
        polygon = ogr.Geometry(ogr.wkbPolygon)
        for positions in rings:
            ring = ogr.Geometry(ogr.wkbLinearRing)
            for x, y in positions.tolist():
                ring.AddPoint_2D(x, y)
            polygon.AddGeometry(ring)
        shape.AddGeometry(polygon)
    return shape


def _bounds_in(region: Region, crs: str) -> tuple[float, float, float, float]:
    """Find west, south, east, north of the region in another CRS, following its edges."""
    moved = np.concatenate([ring for polygon in _moved(region, crs) for ring in polygon])
    (west, south), (east, north) = moved.min(axis=0), moved.max(axis=0)
    return float(west), float(south), float(east), float(north)


def _moved(region: Region, crs: str) -> list[list[np.ndarray]]:
    """Give the region's polygons, each a list of rings, each an array of positions (points, 2) in another CRS."""
    reference = spatial_reference(crs)
    transform = osr.CoordinateTransformation(spatial_reference("EPSG:4326"), reference)

    def move(ring: Iterable[Position]) -> np.ndarray:
        places = np.array(list(_along(ring)))
        moved = np.array(transform.TransformPoints(places.tolist()), dtype=float)[:, :2]
        if not np.isfinite(moved).all():
            raise InvalidChoice(
                _("The area cannot be drawn in {name}.", name=_name(crs)),
                _("Choose a CRS that reaches the area."),
            )
        if reference.IsGeographic():
            moved[:, 0] += TURN * np.round((places[:, 0] - moved[:, 0]) / TURN)  # beyond 180, too
        elif _is_torn(places, moved * reference.GetLinearUnits()):
            raise InvalidChoice(
                _("The antimeridian is an edge of {name}, and the area crosses it.", name=_name(crs)),
                _(
                    "Choose a CRS that reaches across it, or leave it empty for the UTM zone of the area's centre."
                ),
            )
        return moved

    with QuietGdal():
        return [[move(ring) for ring in polygon] for polygon in region.polygons]


def _is_torn(places: np.ndarray, moved: np.ndarray) -> bool:
    """Tell whether neighbouring places lie on two sides of a CRS: metres much further apart than on the earth."""
    if places[:, 0].max() <= HALF:
        return False
    degrees = np.abs(np.diff(places, axis=0)).max(axis=1)
    metres = np.abs(np.diff(moved, axis=0)).max(axis=1)
    return bool((metres > _MOST_STRETCH * _DEGREE * np.maximum(degrees, _SPACING)).any())


def _along(ring: Iterable[Position]) -> Iterator[Position]:
    positions = list(ring)
    for (x0, y0), (x1, y1) in pairwise(positions):
        parts = max(1, min(_MAX_POINTS, math.ceil(max(abs(x1 - x0), abs(y1 - y0)) / _SPACING)))
        for part in range(parts):
            yield x0 + (x1 - x0) * part / parts, y0 + (y1 - y0) * part / parts
    yield positions[-1]


def _ten_metres(crs: str, latitude: float) -> float:
    reference = spatial_reference(crs)
    if not reference.IsGeographic():
        return 10 / (reference.GetLinearUnits() or 1)
    return 10 / (_DEGREE * max(math.cos(math.radians(latitude)), 0.01))


def spatial_reference(crs: str) -> osr.SpatialReference:
    """Read a CRS, with x before y.

    Raises:
        InvalidChoice: It is not known.
    """
    reference = osr.SpatialReference()
    with QuietGdal():
        if reference.SetFromUserInput(crs) != 0:
            raise InvalidChoice(
                _("The CRS {name} is not known.", name=_name(crs)),
                _("Choose one like EPSG:32611, or leave it empty."),
            )
    reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return reference


def _name(crs: str) -> str:
    return crs if len(crs) < 40 else f"{crs[:36]}…"  # noqa: PLR2004 WKT is long


class QuietGdal:
    """Keep GDAL from printing what is said in our own words; its process-wide error mode stays as it is."""

    def __enter__(self) -> None:
        gdal.PushErrorHandler("CPLQuietErrorHandler")

    def __exit__(self, *_: object) -> None:
        gdal.PopErrorHandler()
