"""What the scenes of a collection hold at every pixel of a canvas, laid on top of each other."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np

from ..images.image import BLOCK_PIXELS, Band, Canvas, Image, Raster


class SceneParts:
    """Draws scenes on a canvas, one after the other, each some rows at a time.

    What scenes share is drawn once for all of them; what one of them drew is forgotten with it. Where the canvas is one
    of many pieces of a request, the files of a scene are read for all of it at once.

    Args:
        canvas: Where.
    """

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._parts = canvas.in_rows(BLOCK_PIXELS) if canvas.passing else [(slice(None), canvas)]

    def draw(self, image: Image, bands: Sequence[Band]) -> list[tuple[slice, list[Raster]]]:
        """Give one image's bands by name, and the rows that they belong to; nothing where no pixel is valid."""
        if self._canvas.misses(image.drawn_extent()):
            return []
        names = image.names
        positions = [names.index(band.name) for band in bands]
        around = self._canvas.for_one_scene() if self._canvas.passing else None
        drawn = [(rows, image.pixels(part.for_one_scene(around), positions)) for rows, part in self._parts]
        return [(rows, rasters) for rows, rasters in drawn if any(r.mask.any() for r in rasters)]


class Counted:
    """Which values count, and how much, at every pixel of every scene.

    Args:
        scenes: How many there may be.
        shape: Rows and columns.
        weighted: Whether weights matter, beyond being zero or not.
    """

    def __init__(self, scenes: int, shape: tuple[int, int], *, weighted: bool) -> None:
        self._weighted = weighted
        self._weights = np.zeros((scenes, *shape), np.float32 if weighted else bool)
        self._opacity = np.zeros(shape, np.float32)

    def put(self, scene: int, rows: slice, mask: np.ndarray) -> None:
        """Say what some rows of a scene weigh."""
        if self._weighted:
            self._weights[scene, rows] = mask
        else:
            np.greater(mask, 0, out=self._weights[scene, rows])
        np.maximum(self._opacity[rows], mask, out=self._opacity[rows])

    def copied(self) -> Counted:
        """Give the same, to go on differently."""
        return copy.deepcopy(self)

    def weights(self, scenes: int) -> np.ndarray:
        """Weights, or whether a value counts, of the first scenes (n, pixels)."""
        return self._weights[:scenes].reshape(scenes, self._opacity.size)

    @property
    def opacity(self) -> np.ndarray:
        """The largest weight at each pixel (pixels,)."""
        return self._opacity.reshape(-1)


class Stacks:
    """Values of some bands at every pixel of a canvas, and which of them count.

    Args:
        bands: Whose values.
        groups: Positions of the bands that are reduced together: a value counts as little as the least of its group.
        scenes: How many there may be.
        shape: Rows and columns.
        weighted: Whether weights matter, beyond being zero or not.
    """

    def __init__(
        self,
        bands: Sequence[Band],
        groups: Sequence[Sequence[int]],
        scenes: int,
        shape: tuple[int, int],
        *,
        weighted: bool,
    ) -> None:
        self._groups = groups
        self._pixels = shape[0] * shape[1]
        self._values = [np.zeros((scenes, *shape), band.type.dtype) for band in bands]
        # Bands mostly have one mask, as updateMask makes it: they share what counts until a scene differs.
        self._counted: list[Counted] = [Counted(scenes, shape, weighted=weighted)] * len(groups)
        self.scenes = 0

    def put(self, parts: Sequence[tuple[slice, Sequence[Raster]]]) -> None:
        """Lay one more scene on top, unless it has nothing at all."""
        for rows, rasters in parts:
            for values, raster in zip(self._values, rasters, strict=True):
                values[self.scenes, rows] = raster.values
            masks = [
                rasters[g[0]].mask if len(g) == 1 else np.minimum.reduce([rasters[i].mask for i in g])
                for g in self._groups
            ]
            self._part(masks)
            seen: list[Counted] = []
            for counted, mask in zip(self._counted, masks, strict=True):
                if not any(counted is other for other in seen):
                    counted.put(self.scenes, rows, mask)
                    seen.append(counted)
        self.scenes += bool(parts)

    def _part(self, masks: Sequence[np.ndarray]) -> None:
        """Let groups that share what counts part where their masks differ."""
        leaders: list[tuple[Counted, np.ndarray, Counted]] = []
        for k, mask in enumerate(masks):
            mine = self._counted[k]
            same = [held for held in leaders if held[0] is mine]
            alike = next((held for held in same if held[1] is mask or np.array_equal(held[1], mask)), None)
            if alike is not None:
                self._counted[k] = alike[2]
            else:
                self._counted[k] = mine.copied() if same else mine
                leaders.append((mine, mask, self._counted[k]))

    def values(self, band: int) -> np.ndarray:
        """Values of a band by position (n, pixels)."""
        return self._values[band][: self.scenes].reshape(self.scenes, self._pixels)

    def counted(self, group: int) -> tuple[np.ndarray, np.ndarray]:
        """Weights (n, pixels) of a group, or booleans, and its opacity (pixels,)."""
        return self._counted[group].weights(self.scenes), self._counted[group].opacity
