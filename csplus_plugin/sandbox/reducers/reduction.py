"""Drawing a collection that is reduced pixel by pixel, in memory that does not grow with the collection.

The scenes are laid on top of each other as far as memory allows, and all of them are unpacked for that. So a piece is
best made of whole blocks of their files, and where a block of all bands is too much, of fewer bands at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..images.array_pixels import afford
from ..images.image import Band, Canvas, Image, Mosaic, Raster
from ..images.pixel_types import PixelType
from ..space.packing import Packing, Window, row_windows
from .reducer import Reducer, Result, Stack
from .stacks import SceneParts, Stacks

STACK_BYTES = 112 << 20
"""Values and weights of all scenes that are held at once."""

VALUES = 1 << 20
"""Values of all images that are reduced at once, so that what is made on the way is small."""

_FEWEST = 4096  # pixels at once, where there are so many: some reducers go through the images one by one
_WEIGHT_BYTES = 4
_OBJECT_BYTES = 8  # what a number in a list weighs, compared with one in an array


@dataclass(frozen=True)
class Reduction:
    """Images, and how they become one.

    Attributes:
        images: What is reduced.
        reducer: How.
        bands: The bands that all images have.
        groups: Positions of the bands that the reducer takes together.
        kinds: Pixel types of the outputs, group by group.
        packing: Of the images' files; None where it is not known.
    """

    images: Sequence[Image]
    reducer: Reducer
    bands: Sequence[Band]
    groups: Sequence[Sequence[int]]
    kinds: Sequence[PixelType]
    packing: Packing | None

    @property
    def has_objects(self) -> bool:
        """Whether some results are no numbers."""
        return self.reducer.objects or any(kind.dimensions for kind in self.kinds)

    @property
    def _weighted(self) -> bool:
        return self.reducer.weighted or self.has_objects

    def draw(self, canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        """Draw outputs by position: those of the first group, those of the second, and so on."""
        outputs = len(self.reducer.outputs)
        asked = list(dict.fromkeys(k // outputs for k in wanted))
        images = [image for image in self.images if not canvas.misses(image.drawn_extent())]
        mosaics = {g * outputs + o: Mosaic(canvas.shape) for g in asked for o in range(outputs)}
        for together, most in self._plan(canvas, asked, len(images)):
            for window in self._windows(canvas, most):
                for k, raster in self._reduced(canvas.piece(window), images, together).items():
                    mosaics[k].put(window[0], window[1], raster)
        return [mosaics[k].raster for k in wanted]

    def _plan(self, canvas: Canvas, asked: list[int], images: int) -> Iterator[tuple[list[int], int]]:
        """Give groups to reduce together, and on how many pixels at once."""
        known = canvas.passing and self.packing is not None
        block = self.packing.largest_block(canvas.grid) if known and self.packing is not None else 0
        while asked:
            count = len(asked)
            while count > 1 and block * self._bytes(asked[:count]) * images > STACK_BYTES:
                count -= 1
            yield asked[:count], max(1, STACK_BYTES // max(1, self._bytes(asked[:count]) * images))
            asked = asked[count:]

    def _bytes(self, asked: Sequence[int]) -> int:
        """Give what the values and weights of an image take at a pixel."""
        inputs = dict.fromkeys(i for g in asked for i in self.groups[g])
        weights = len(inputs) * _WEIGHT_BYTES if self._weighted else len(asked)
        size = sum(self.bands[i].type.dtype.itemsize for i in inputs) + weights
        return size * _OBJECT_BYTES if self.has_objects else size

    def _windows(self, canvas: Canvas, most: int) -> list[Window]:
        grid = canvas.grid
        if grid.size <= most:
            return [(0, 0, grid.width, grid.height)]
        return row_windows(grid, most) if self.packing is None else self.packing.cut(grid, most)

    def _reduced(self, canvas: Canvas, images: Sequence[Image], asked: list[int]) -> dict[int, Raster]:
        """Give all outputs of some groups, by position."""
        inputs = list(dict.fromkeys(i for g in asked for i in self.groups[g]))
        bands = [self.bands[i] for i in inputs]
        places = [[inputs.index(i) for i in self.groups[g]] for g in asked]
        stacks = Stacks(bands, places, len(images), canvas.shape, weighted=self._weighted)
        parts = SceneParts(canvas)
        for image in images:
            stacks.put(parts.draw(image, bands))
        rasters = {}
        for k, g in enumerate(asked):
            weights, opacity = stacks.counted(k)
            results = self._results([stacks.values(i) for i in places[k]], weights)
            for o, result in enumerate(results, g * len(self.reducer.outputs)):
                rasters[o] = self._raster(canvas, result, opacity, self.kinds[o])
        return rasters

    def _results(self, values: Sequence[Stack], weights: Stack) -> list[Result]:
        pixels = weights.shape[1]
        count = 1 if self.has_objects else max(1, min(pixels // _FEWEST, -(-weights.size // VALUES)))
        parts = []
        for i in range(count):
            here = slice(pixels * i // count, pixels * (i + 1) // count)
            some = weights[:, here]
            parts.append(self.reducer.reduce([v[:, here] for v in values], some, some > 0))
        if count == 1:
            return parts[0]
        return [
            Result(np.concatenate([r.values for r in same]), np.concatenate([r.valid for r in same]))
            for same in zip(*parts, strict=True)
        ]

    @staticmethod
    def _raster(canvas: Canvas, result: Result, opacity: np.ndarray, kind: PixelType) -> Raster:
        mask = np.where(result.valid, opacity, np.float32(0)).astype(np.float32, copy=False)
        held = np.where(result.valid, result.values, 0)
        shaped = kind.convert(held).reshape(canvas.shape)
        if kind.dimensions:
            afford(canvas, shaped.size, max((v.size for v in shaped.flat if v is not None), default=0))
        return Raster(shaped, mask.reshape(canvas.shape))
