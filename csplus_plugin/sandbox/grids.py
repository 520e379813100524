"""Pixel grids: the one a request asks for, the one an image has, the one a map tile has."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .errors import Refused
from .images import Band, Grid
from .projections import as_affine, inverse, spatial_reference

TILE_SIDE = 256  # pixels
_MERCATOR_HALF = math.pi * 6378137.0  # metres from the centre of the web mercator square to its edge

_TRANSFORM = ("scaleX", "shearX", "translateX", "shearY", "scaleY", "translateY")


def requested_grid(request: dict[str, Any]) -> Grid:
    """The `grid` of a pixel request: dimensions, affine transform, and a CRS by code or as WKT.

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
    return Grid(crs=crs, transform=transform, width=width, height=height)


def native_grid(bands: Sequence[Band]) -> Grid:
    """The whole image on the grid of its first band.

    Raises:
        Refused: The image has no edges, as a composite has none.
    """
    first = bands[0]
    if first.dimensions is None:
        raise Refused("The image has no fixed extent of its own: specify a pixel grid.")
    width, height = first.dimensions
    return Grid(crs=first.crs, transform=first.transform, width=int(width), height=int(height))


def tile_grid(zoom: int, column: int, row: int) -> Grid:
    """A map tile of 256 x 256 pixels in web mercator; rows count from the north (XYZ)."""
    side = 2 * _MERCATOR_HALF / 2**zoom
    pixel = side / TILE_SIDE
    left = column * side - _MERCATOR_HALF
    top = _MERCATOR_HALF - row * side
    return Grid(
        crs="EPSG:3857", transform=(pixel, 0.0, left, 0.0, -pixel, top), width=TILE_SIDE, height=TILE_SIDE
    )
