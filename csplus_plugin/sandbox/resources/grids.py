"""Pixel grids: the one a request asks for, the one an image has, the one a map tile has."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..errors import Refused
from ..images.image import Band, Grid, Image
from ..space.geometries import Geometry
from ..space.grid import covering
from ..space.projections import apply, as_affine, canonical_crs, inverse, spatial_reference

TILE_SIDE = 256  # pixels
PICTURE_SIDE = 512  # pixels, the longer side of a thumbnail for which no size is asked
_ROUNDING = 1e-9  # of a pixel
_MERCATOR_HALF = math.pi * 6378137.0  # metres from the centre of the web mercator square to its edge

_TRANSFORM = ("scaleX", "shearX", "translateX", "shearY", "scaleY", "translateY")


def requested_grid(request: dict[str, Any]) -> Grid:
    """Give the `grid` of a pixel request: dimensions, affine transform, and a CRS by code or as WKT.

    Numbers that a request leaves out are 0, as in every protocol buffer.

    Raises:
        Refused: Something is missing, or makes no sense.
    """
    try:
        dimensions = request.get("dimensions") or {}
        width, height = (int(dimensions.get(side) or 0) for side in ("width", "height"))
        affine = request.get("affineTransform") or {}
        transform = as_affine([affine.get(name) or 0 for name in _TRANSFORM])
    except (AttributeError, TypeError, ValueError, OverflowError) as error:
        raise Refused(f"Invalid pixel grid: {error}.") from error
    inverse(transform)
    crs = request.get("crsCode") or request.get("crsWkt")
    if not isinstance(crs, str):
        raise Refused("The pixel grid has no CRS.")
    spatial_reference(crs)
    return Grid(crs=canonical_crs(crs), transform=transform, width=width, height=height)


def native_grid(image: Image, bands: Sequence[Band]) -> Grid:
    """Give the whole image on the grid of the first of some bands.

    An image that has a place but no size, because it was clipped or given another projection, is taken
    from the pixels of that projection that its bounds touch.

    Raises:
        Refused: The image has no edges, as a composite has none.
    """
    first = bands[0]
    if first.dimensions is not None:
        width, height = first.dimensions
        return Grid(crs=first.crs, transform=first.transform, width=int(width), height=int(height))
    return covering(first.projection, _bounds(image, first))


def part_of(grid: Grid, region: Geometry) -> Grid:
    """Give the pixels of a grid that the bounds of a region touch.

    Raises:
        Refused: There are none.
    """
    wanted = covering(grid.projection, region.bounds(grid.crs))
    left, top = (round(n) for n in apply(inverse(grid.transform), *wanted.corner))
    right, bottom = min(left + wanted.width, grid.width), min(top + wanted.height, grid.height)
    left, top = max(left, 0), max(top, 0)
    if left >= right or top >= bottom:
        raise Refused("The region has no pixel of the image or of the pixel grid.")
    return grid.window(left, top, right - left, bottom - top)


def picture_grid(image: Image, bands: Sequence[Band]) -> Grid:
    """Give the whole image as a small picture: its own pixels where it has a size, else PICTURE_SIDE a side.

    Raises:
        Refused: The image has no edges.
    """
    first = bands[0]
    if first.dimensions is not None:
        return native_grid(image, bands)
    west, south, east, north = _bounds(image, first)
    pixel = max(east - west, north - south) / PICTURE_SIDE or 1.0
    width, height = (max(1, math.ceil(side / pixel - _ROUNDING)) for side in (east - west, north - south))
    return Grid(crs=first.crs, transform=(pixel, 0.0, west, 0.0, -pixel, north), width=width, height=height)


def _bounds(image: Image, band: Band) -> tuple[float, float, float, float]:
    """West, south, east, north of an image in the CRS of a band."""
    place = image.geometry()
    if place is None or place.is_unbounded:
        raise Refused("The image has no fixed extent of its own: specify a pixel grid or a region.")
    return place.bounds(band.crs)


def tile_grid(zoom: int, column: int, row: int) -> Grid:
    """Give a map tile of 256 x 256 pixels in web mercator; rows count from the north (XYZ)."""
    side = 2 * _MERCATOR_HALF / 2**zoom
    pixel = side / TILE_SIDE
    left = column * side - _MERCATOR_HALF
    top = _MERCATOR_HALF - row * side
    return Grid(
        crs="EPSG:3857", transform=(pixel, 0.0, left, 0.0, -pixel, top), width=TILE_SIDE, height=TILE_SIDE
    )
