"""Geometries on grids: how much of a pixel they cover, and drawing them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from osgeo import gdal, ogr

from .antimeridian import TURN, turns
from .coverage import area_coverage, in_levels
from .geometries import AREA, Geometry, areas_of, checked, grown, lines_of, pixel_shape
from .grid import Grid
from .projections import is_geographic, quiet_gdal


def coverage(geometry: Geometry, grid: Grid) -> np.ndarray:
    """How much of each pixel a geometry covers, 0 to 1 in 256 levels, float32 (height, width).

    A point covers the whole pixel that holds it, a line those that it touches.
    """
    if geometry.is_unbounded:
        return np.ones(grid.shape, np.float32)
    share = in_levels(np.sum([area_coverage(geometry, one) for one in _turned(grid)], axis=0))
    others = lines_of(geometry, grid.crs)
    return share if others.IsEmpty() else np.maximum(share, _burnt(others, grid, touched=True))


def centres_inside(geometry: Geometry, grid: Grid) -> np.ndarray:
    """Whether each pixel's centre lies in a geometry (height, width); points and lines: those they touch."""
    if geometry.is_unbounded:
        return np.ones(grid.shape, bool)
    areas = areas_of(geometry, grid.crs)
    inside = np.zeros(grid.shape, bool)
    for shape, touched in ((areas, False), (lines_of(geometry, grid.crs), True)):
        if not shape.IsEmpty():
            inside |= _burnt(shape, grid, touched=touched) > 0
    return inside


def painted(
    shapes: Sequence[tuple[Geometry, float]], grid: Grid, width: float | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Draw geometries over each other, each in its colour.

    Args:
        shapes: Geometry and colour, the last one on top.
        grid: Where to draw.
        width: Pixels; draws outlines of this width instead of areas.

    Returns:
        Colours, float64, and whether anything was painted, both (height, width).
    """
    colours = np.full(grid.shape, np.nan)
    for geometry, colour in shapes:
        shape = geometry.planar(grid.crs)
        if width is not None:
            pixel = math.sqrt(abs(grid.transform[0] * grid.transform[4]))
            outline = shape.Boundary() if shape.GetDimension() == AREA else shape
            shape = grown(checked(outline), max(width, 1.0) / 2 * pixel, 8)
        colours[_burnt(shape, grid, touched=shape.GetDimension() < AREA) > 0] = colour
    covered = ~np.isnan(colours)
    return np.where(covered, colours, 0.0), covered


def _turned(grid: Grid) -> list[Grid]:
    """Give the grid once for each turn of the globe that it reaches: geometries have longitudes of -180 to 180."""
    west, _, east, _ = grid.bounds()
    by = turns(west, east) if is_geographic(grid.crs) else [0]
    a, b, c, d, e, f = grid.transform
    return [replace(grid, transform=(a, b, c - turn * TURN, d, e, f)) if turn else grid for turn in by]


def _burnt(shape: ogr.Geometry, grid: Grid, *, touched: bool = False) -> np.ndarray:
    """Rasterise a shape given in the grid's CRS: 1 where a pixel's centre is inside, or where it is touched."""
    # Drawing in pixel coordinates suits sheared grids too, and spares GDAL the CRS.
    shapes = [pixel_shape(shape, one.projection) for one in _turned(grid)]
    return burnt_pixels(shapes, grid.shape, touched=touched)


def burnt_pixels(
    shapes: Sequence[ogr.Geometry], size: tuple[int, int], *, touched: bool = False
) -> np.ndarray:
    """Rasterise shapes given in pixel coordinates, which may overlap.

    Args:
        shapes: To the right and downwards from the corner of the first pixel.
        size: Rows and columns.
        touched: Whether it is enough to touch a pixel, rather than to hold its centre.

    Returns:
        1 in the shapes, else 0 (height, width).
    """
    height, width = size
    target = gdal.GetDriverByName("MEM").Create("", width, height, 1, gdal.GDT_Byte)
    target.SetGeoTransform((0, 1, 0, 0, 0, 1))
    source = ogr.GetDriverByName("Memory").CreateDataSource("")
    layer = source.CreateLayer("shape", None, ogr.wkbUnknown)
    for shape in shapes:
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetGeometry(shape)
        layer.CreateFeature(feature)
    with quiet_gdal():
        options = ["ALL_TOUCHED=TRUE"] if touched else []
        gdal.RasterizeLayer(target, [1], layer, burn_values=[1], options=options)
    return target.ReadAsArray()
