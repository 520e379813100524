"""Projections and pixel types as values (guides/projections)."""

from __future__ import annotations

from typing import Any

from ..errors import Refused
from ..graph.promotion import promote
from ..graph.registry import function
from ..images import pixel_types
from ..images.pixel_types import PixelType
from ..space.projections import Projection, as_affine, spatial_reference
from ..values.types import ErrorMargin, margin_of


@function("Projection", "Proj")
def projection(crs: Any, transform: list[float] | None, transform_wkt: str | None) -> Projection:
    """Give a CRS with a transform of pixel coordinates."""
    if transform_wkt is not None:
        raise Refused("Projection: transformWkt is not supported by this sandbox engine.")
    base: Projection = promote(crs, "Projection")
    spatial_reference(base.crs)
    return base if transform is None else Projection(base.crs, as_affine(transform))


@function("Projection.nominalScale")
def nominal_scale(proj: Projection) -> float:
    """Metres a pixel, where the scale is true."""
    return proj.nominal_scale


@function("Projection.atScale")
def at_scale(projection: Projection, meters: float) -> Projection:
    """Give the CRS with pixels of that size."""
    return projection.at_scale(meters)


@function("Projection.crs")
def crs(projection: Projection) -> str:
    """Give the CRS's code or WKT."""
    return projection.crs


@function("Projection.transform")
def transform(projection: Projection) -> str:
    """Give the transform as WKT."""
    a, b, c, d, e, f = projection.transform
    elements = {"elt_0_0": a, "elt_0_1": b, "elt_0_2": c, "elt_1_0": d, "elt_1_1": e, "elt_1_2": f}
    listed = "".join(f', \n  PARAMETER["{name}", {value}]' for name, value in elements.items())
    return f'PARAM_MT["Affine", \n  PARAMETER["num_row", 3], \n  PARAMETER["num_col", 3]{listed}]'


@function("Projection.wkt")
def wkt(projection: Projection) -> str:
    """Give the CRS as WKT."""
    return spatial_reference(projection.crs).ExportToWkt()


@function("Projection.scale")
def scale(projection: Projection, x: float, y: float) -> Projection:
    """Pixels that many times larger."""
    a, b, c, d, e, f = projection.transform
    return Projection(projection.crs, (a * x, b * y, c, d * x, e * y, f))


@function("Projection.translate")
def translate(projection: Projection, x: float, y: float) -> Projection:
    """Pixels moved by that many of them."""
    a, b, c, d, e, f = projection.transform
    return Projection(projection.crs, (a, b, c + a * x + b * y, d, e, f + d * x + e * y))


@function("ErrorMargin")
def error_margin(value: float | None, unit: str) -> ErrorMargin:
    """How far off a result may be."""
    return margin_of(value, unit)


@function("PixelType")
def pixel_type(
    precision: Any, min_value: float | None, max_value: float | None, dimensions: int
) -> PixelType:
    """Give a pixel type by precision and range."""
    if dimensions < 0:
        raise Refused("PixelType: The number of dimensions must not be negative.")
    base: PixelType = promote(precision, "PixelType")
    return PixelType(
        base.precision,
        base.min if min_value is None else min_value,
        base.max if max_value is None else max_value,
        dimensions,
    )


def _register_type(name: str) -> None:
    @function(f"PixelType.{name}")
    def made() -> PixelType:
        return pixel_types.named(name)


for _name in ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "float", "double"):
    _register_type(_name)


@function("PixelType.precision")
def precision(pixel_type: PixelType) -> str:
    """int, float or double."""
    return pixel_type.precision


@function("PixelType.minValue")
def min_value(pixel_type: PixelType) -> float | None:
    """Give the smallest value."""
    return pixel_type.min


@function("PixelType.maxValue")
def max_value(pixel_type: PixelType) -> float | None:
    """Give the largest value."""
    return pixel_type.max


@function("PixelType.dimensions")
def dimensions(pixel_type: PixelType) -> int:
    """Of the array that each pixel holds; 0 for numbers."""
    return pixel_type.dimensions
