"""Masks: reading, setting, filling, replacing, remapping, clipping (guides/image_masks)."""

# ruff: noqa: FBT001 - arguments are those of the real functions
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.promotion import promote
from ...graph.registry import function
from ...images.image import Canvas, Image, Raster, combined_mask, constant_array_view
from ...images.pixel_types import FLOAT, PixelType, union, wider_of
from ...images.pixelwise import common_extent, each_band, joint_extent
from ...space.geometries import Geometry, united
from ...space.rasterising import centres_inside, coverage
from ...values.types import FeatureCollection

UNIT = PixelType("float", 0, 1)


def _partners(image: Image, other: Image, name: str) -> Callable[[Sequence[int]], list[int]]:
    """Which band of another image goes with each band: the only one, or the one at the same position.

    Raises:
        Refused: The other image has neither one band nor as many.
    """
    if len(other.bands) not in {1, len(image.bands)}:
        raise Refused(
            f"{name}: The second image must have one band or as many as the first: "
            f"{len(other.bands)} and {len(image.bands)} bands."
        )
    return lambda wanted: [0 if len(other.bands) == 1 else i for i in wanted]


def _as_masks(image: Image, canvas: Canvas, positions: Sequence[int]) -> list[np.ndarray]:
    """Give a mask image's bands as masks: cut to 0 to 1, and 0 where the mask image itself is masked."""
    drawn = dict(zip(positions, image.pixels(canvas, positions), strict=True))
    masks = {i: _as_mask(raster) for i, raster in drawn.items()}
    return [masks[i] for i in positions]


def _as_mask(raster: Raster) -> np.ndarray:
    if raster.values.dtype.kind == "f":
        values = np.nan_to_num(np.clip(raster.values, 0, 1)).astype(np.float32, copy=False)
    else:
        values = (raster.values > 0).astype(np.float32)
    return np.where(raster.mask > 0, values, np.float32(0))


@function("Image.updateMask", arrays=["image"])
def update_mask(image: Image, mask: Image) -> Image:
    """Lower the mask; a pixel that is masked stays masked."""
    partners = _partners(image, mask, "Image.updateMask")

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        drawn, masks = image.pixels(canvas, wanted), _as_masks(mask, canvas, partners(wanted))
        return [Raster(r.values, combined_mask(r.mask, m)) for r, m in zip(drawn, masks, strict=True)]

    return image.redrawn(image.bands, draw)


@function("Image.selfMask")
def self_mask(image: Image) -> Image:
    """Mask where a band is zero."""
    return update_mask(image, image)


@function("Image.mask")
def mask(image: Image, mask: Image | None) -> Image:
    """Give the mask as an image that is valid everywhere, or the image with that mask."""
    if mask is None:
        bands = [replace(band, type=UNIT) for band in image.bands]

        def read(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
            valid = constant_array_view(canvas.shape, 1, np.float32)
            return [Raster(raster.mask, valid) for raster in image.pixels(canvas, wanted)]

        return image.redrawn(bands, read, extent=None)
    partners = _partners(image, mask, "Image.mask")

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        drawn, masks = image.pixels(canvas, wanted), _as_masks(mask, canvas, partners(wanted))
        return [
            Raster(np.where(r.valid, r.values, np.zeros((), r.values.dtype)), m)
            for r, m in zip(drawn, masks, strict=True)
        ]

    return image.redrawn(image.bands, draw, extent=mask.drawn_extent())


@function("Image.unmask")
def unmask(input_: Image, value: Image | None, same_footprint: bool) -> Image:
    """Fill masked pixels: inside the footprint only, or everywhere."""
    filler = promote(0, "Image") if value is None else value
    partners = _partners(input_, filler, "Image.unmask")
    fillers = partners(range(len(input_.bands)))
    bands = [
        replace(band, type=union(band.type, filler.bands[j].type))
        for band, j in zip(input_.bands, fillers, strict=True)
    ]
    footprint = input_.geometry() if same_footprint else None

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        drawn, filling = input_.pixels(canvas, wanted), filler.pixels(canvas, partners(wanted))
        inside = None
        if footprint is not None:
            inside = canvas.once(("inside", footprint), lambda: centres_inside(footprint, canvas.grid))
        rasters = []
        for i, raster, fill in zip(wanted, drawn, filling, strict=True):
            empty = ~raster.valid if inside is None else ~raster.valid & inside
            dtype = bands[i].type.dtype
            values = np.where(empty, fill.values.astype(dtype), raster.values.astype(dtype))
            rasters.append(Raster(values, np.where(empty, fill.mask, raster.mask)))
        return rasters

    if same_footprint:
        bounds = footprint.bounds() if footprint is not None and not footprint.is_unbounded else None
        return input_.redrawn(bands, draw, extent=joint_extent(input_.drawn_extent(), bounds))
    place, other = input_.geometry(), filler.geometry()
    whole = None if place is None or other is None else united([place, other])
    return input_.redrawn(
        bands, draw, footprint=whole, extent=joint_extent(input_.drawn_extent(), filler.drawn_extent())
    )


@function("Image.where")
def where(input_: Image, test: Image, value: Image) -> Image:
    """Other values where a test is not zero; a masked test or value changes nothing, nor does a masked input."""
    tests = _partners(input_, test, "Image.where")
    values = _partners(input_, value, "Image.where")
    pairs = values(range(len(input_.bands)))
    bands = [
        replace(band, type=union(band.type, value.bands[j].type))
        for band, j in zip(input_.bands, pairs, strict=True)
    ]

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        drawn = input_.pixels(canvas, wanted)
        chosen, others = test.pixels(canvas, tests(wanted)), value.pixels(canvas, values(wanted))
        rasters = []
        for i, r, t, v in zip(wanted, drawn, chosen, others, strict=True):
            dtype = bands[i].type.dtype
            replaced = t.valid & (t.values != 0) & v.valid & r.valid
            rasters.append(Raster(np.where(replaced, v.values.astype(dtype), r.values.astype(dtype)), r.mask))
        return rasters

    return input_.redrawn(bands, draw)


@function("Image.remap")
def remap(image: Image, from_: list, to: list, default_value: object, band_name: str | None) -> Image:
    """Values by a table; what is not in it becomes the default, or is masked."""
    if len(from_) != len(to):
        raise Refused("Image.remap: The 'from' and 'to' lists must have the same length.")
    position = image.position(band_name) if band_name is not None else 0
    targets = [float(v) for v in to] + (
        [] if default_value is None else [float(promote(default_value, "Number"))]
    )
    kind = wider_of(*targets) if targets else image.bands[position].type
    order = np.argsort(np.asarray(from_, dtype=np.float64), kind="stable")
    keys, table = np.asarray(from_, dtype=np.float64)[order], np.asarray(to, dtype=np.float64)[order]

    def draw(canvas: Canvas, _: Sequence[int]) -> list[Raster]:
        (raster,) = image.pixels(canvas, [position])
        given = raster.values.astype(np.float64)
        if not keys.size:
            found, mapped = np.zeros(given.shape, bool), np.zeros(given.shape)
        else:
            at = np.minimum(np.searchsorted(keys, given), keys.size - 1)
            found, mapped = keys[at] == given, table[at]
        if default_value is not None:
            return [Raster(kind.convert(np.where(found, mapped, targets[-1])), raster.mask)]
        return [Raster(kind.convert(mapped), np.where(found, raster.mask, np.float32(0)))]

    return image.recomputed([replace(image.bands[position], name="remapped", type=kind)], draw)


def _clipped(image: Image, geometry: Geometry) -> Image:
    place = image.geometry()
    if geometry.is_unbounded:
        return image
    shape = geometry.planar()
    bounds = geometry.bounds() if not shape.IsEmpty() else (1.0, 1.0, 0.0, 0.0)
    inside = (
        geometry
        if place is None or place.is_unbounded
        else Geometry(shape.Intersection(place.planar()), geodesic=False)
    )

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        share = canvas.once(("coverage", geometry), lambda: coverage(geometry, canvas.grid))
        return [Raster(r.values, combined_mask(r.mask, share)) for r in image.pixels(canvas, wanted)]

    return image.redrawn(
        image.bands, draw, footprint=inside, extent=common_extent(image.drawn_extent(), bounds)
    )


@function("Image.clip", arrays=None)
def clip(input_: Image, geometry: Any) -> Image:
    """Mask outside a geometry; a pixel on its edge keeps the share of it that is covered."""
    if isinstance(geometry, FeatureCollection):
        return clip_to_collection(input_, geometry)
    return _clipped(input_, promote(geometry, "Geometry"))


@function("Image.clipToCollection", arrays=None)
def clip_to_collection(input_: Image, collection: Any) -> Image:
    """Mask outside all geometries of a collection."""
    return _clipped(input_, promote(promote(collection, "FeatureCollection"), "Geometry"))


@function("Image.blend")
def blend(bottom: Image, top: Image) -> Image:
    """One image over another, with its mask as opacity."""
    longer = top if len(top.bands) > len(bottom.bands) else bottom
    below, above = _partners(longer, bottom, "Image.blend"), _partners(longer, top, "Image.blend")
    every = range(len(longer.bands))
    bands = [
        replace(longer.bands[k], type=union(bottom.bands[i].type, top.bands[j].type))
        for k, i, j in zip(every, below(every), above(every), strict=True)
    ]

    def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        lower, upper = bottom.pixels(canvas, below(wanted)), top.pixels(canvas, above(wanted))
        rasters = []
        for k, b, t in zip(wanted, lower, upper, strict=True):
            rest = b.mask * (1 - t.mask)
            opacity = t.mask + rest
            with np.errstate(all="ignore"):
                mixed = (t.values * t.mask + b.values * rest) / np.where(opacity > 0, opacity, 1)
            exact = np.where(t.mask >= 1, t.values, np.where(t.mask <= 0, b.values, mixed))
            rasters.append(Raster(bands[k].type.convert(exact), opacity.astype(np.float32)))
        return rasters

    return bottom.recomputed(bands, draw, extent=joint_extent(bottom.drawn_extent(), top.drawn_extent()))


@function("Image.interpolate")
def interpolate(image: Image, x: list[float], y: list[float], behavior: str) -> Image:
    """Values through a piecewise-linear function."""
    behaviors = ("extrapolate", "clamp", "mask", "input")
    if behavior not in behaviors:
        raise Refused(f"Image.interpolate: behavior must be one of {', '.join(behaviors)}.")
    if len(x) != len(y) or len(x) < 2 or any(a >= b for a, b in pairwise(x)):  # noqa: PLR2004
        raise Refused("Image.interpolate: x must be strictly increasing, and as long as y.")
    x, y = [float(a) for a in x], [float(b) for b in y]

    def compute(values: np.ndarray, _: PixelType) -> np.ndarray:
        given = values.astype(np.float64)
        result = np.interp(given, x, y)
        below, above = given < x[0], given > x[-1]
        if behavior == "extrapolate":
            low, high = (y[1] - y[0]) / (x[1] - x[0]), (y[-1] - y[-2]) / (x[-1] - x[-2])
            result = np.where(below, y[0] + (given - x[0]) * low, result)
            return np.where(above, y[-1] + (given - x[-1]) * high, result)
        outside = {"input": given, "mask": np.full(given.shape, np.nan), "clamp": result}[behavior]
        return np.where(below | above, outside, result)

    first = image.recomputed(image.bands[:1], lambda canvas, _: image.pixels(canvas, [0]))
    return each_band(first, compute, lambda _: FLOAT)
