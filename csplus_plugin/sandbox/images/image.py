"""The lazy image: bands that know how to draw themselves on whatever grid is asked for.

Pixels are pulled, never pushed: `Image.render(grid)` asks the image for some of its bands on that grid,
the image asks its inputs for the bands it needs, on the same grid, and so on down to the archive
(https://developers.google.com/earth-engine/guides/scale). Work that several bands or several
consumers share is done once, because a `Canvas` remembers what has been drawn on it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from .. import meter
from ..errors import Refused
from ..nesting import TOO_DEEP, deeper
from ..space.grid import Grid
from ..space.packing import Packing, Window, row_windows
from ..space.projections import DEFAULT_PROJECTION, WGS84, Affine, Projection
from .pixel_types import PixelType

if TYPE_CHECKING:
    from ..space.geometries import Geometry

__all__ = ["Band", "Canvas", "Extent", "Grid", "Image", "PixelType", "Raster"]

MAX_BANDS = 5000
"""That an image may have."""

BLOCK_PIXELS = 1 << 16
"""Pixels drawn at once: what bounds memory, whatever the size of the request."""

PIECE_PIXELS = 1 << 18
"""Pixels of a large request that lie in the same blocks of files: collections are reduced on all of them at once."""

LARGEST_PIECE = 1 << 20
"""The same where a single block has so many."""

_MOST_UNDER = (
    PIECE_PIXELS // BLOCK_PIXELS * 4
)  # pixels of a file under one of the grid's, so that windows stay small
_FEW_LAYERS = 2

Extent = tuple[float, float, float, float]
"""West, south, east, north in degrees: outside of it, every pixel is masked."""

T = TypeVar("T")


@dataclass(frozen=True)
class Band:
    """What is known of a band without drawing it.

    Attributes:
        name: Unique within its image.
        type: Precision and range of its pixels.
        crs: CRS of its default projection.
        transform: Lattice of its default projection.
        dimensions: Width and height in that projection; None for a band without limits.
    """

    name: str
    type: PixelType
    crs: str = DEFAULT_PROJECTION.crs
    transform: Affine = DEFAULT_PROJECTION.transform
    dimensions: tuple[int, int] | None = None

    @property
    def projection(self) -> Projection:
        """The default projection."""
        return Projection(self.crs, self.transform)


@dataclass(frozen=True)
class Raster:
    """One band on one grid.

    Attributes:
        values: Pixels (height, width), in the band type's numpy type; of no meaning where masked.
        mask: Validity 0 to 1 (height, width), float32; 0 is masked.
    """

    values: np.ndarray
    mask: np.ndarray

    @property
    def valid(self) -> np.ndarray:
        """Where the mask is not zero."""
        return self.mask > 0


def constant_array_view(shape: tuple[int, int], value: float, dtype: np.dtype | type) -> np.ndarray:
    """Give an array of one value that takes no memory; read-only."""
    return np.broadcast_to(np.asarray(value, dtype=dtype), shape)


def combined_mask(mask: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Give the smaller of two masks; the other one itself where a mask is fully open, as most scenes' are."""
    if _is_open(mask):
        return other
    return mask if _is_open(other) else np.minimum(mask, other)


def _is_open(mask: np.ndarray) -> bool:
    return mask.strides == (0, 0) and mask.size > 0 and mask[0, 0] == 1


def masked_raster(shape: tuple[int, int], kind: PixelType) -> Raster:
    """Give a raster that is masked everywhere."""
    return Raster(constant_array_view(shape, 0, kind.dtype), constant_array_view(shape, 0, np.float32))


class Canvas:
    """A grid under way to being drawn, with the memory of what is already drawn on it.

    Two memories: that of the grid, and that of one scene of a collection, which `for_one_scene` starts
    empty so that a collection of any length is reduced without keeping what its scenes drew.

    Attributes:
        grid: What is drawn.
        kept: The memory of the grid.
        drawn: The memory of what is drawn now: of one scene, or of the image itself.
        read: What was read for that, by file.
        part_of: The larger canvas that this one is some rows of; what gains by it is drawn on that, all at once.
        around: The larger canvas of the same scene, if files shall be read for all of it at once.
        passing: Whether this is one of many pieces of a request, each with blocks of files of its own, so that
            nothing that was read is needed again.
        elements: Of all arrays that are kept as pixels of what is drawn.
    """

    def __init__(
        self,
        grid: Grid,
        kept: dict | None = None,
        *,
        part_of: tuple[Canvas, slice] | None = None,
        around: Canvas | None = None,
        passing: bool = False,
    ) -> None:
        self.grid = grid
        self.kept: dict[Hashable, Any] = {} if kept is None else kept
        self.drawn: dict[tuple[Image, int], Raster] = {}
        self.read: dict[Hashable, Any] = {}
        self.part_of = part_of
        self.around = around
        self.passing = passing
        self.elements = 0
        self._others: dict[Grid, Canvas] = {}

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.grid.shape

    def for_one_scene(self, around: Canvas | None = None) -> Canvas:
        """Give the same grid for one member of a collection: what it draws is forgotten with it.

        Args:
            around: The larger canvas of the same scene that files shall be read for.
        """
        return Canvas(self.grid, self.kept, part_of=self.part_of, around=around, passing=self.passing)

    def piece(self, window: Window) -> Canvas:
        """Give a part as a canvas with memories of its own."""
        return self if window == (0, 0, self.grid.width, self.grid.height) else self._window(window)

    def _window(self, window: Window) -> Canvas:
        return Canvas(self.grid.window(*window), passing=self.passing)

    def in_rows(self, most: int) -> list[tuple[slice, Canvas]]:
        """Give parts of at most `most` pixels, each some rows and where they are."""
        if self.grid.size <= most:
            return [(slice(0, self.grid.height), self)]
        parts = []
        for window in row_windows(self.grid, most):
            rows = slice(window[1], window[1] + window[3])
            parts.append((rows, Canvas(self.grid.window(*window), part_of=(self, rows))))
        return parts

    def on(self, grid: Grid) -> Canvas:
        """Another grid that is needed on the way, with memories of its own that last as long as these."""
        if grid not in self._others:
            self._others[grid] = Canvas(grid, self.once(("kept", grid), dict))
        return self._others[grid]

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Something that depends on the grid alone, made at the first call and kept."""
        if key not in self.kept:
            self.kept[key] = make()
        return self.kept[key]

    def misses(self, extent: Extent | None) -> bool:
        """Whether an image of that extent certainly has no pixel on the grid."""
        here = self.once("lonlat bounds", lambda: self.grid.bounds_in(WGS84))
        if extent is None or here is None:
            return False
        return extent[0] > here[2] or extent[2] < here[0] or extent[1] > here[3] or extent[3] < here[1]


Draw = Callable[[Canvas, Sequence[int]], Sequence[Raster]]
"""Draws the bands of these positions on a canvas, in this order."""


@dataclass(frozen=True, eq=False)
class Image:
    """Bands, properties, and a way to draw the bands on any grid.

    Attributes:
        source: The bands, or a function that finds them out when first needed.
        draw: How to draw some of them.
        properties: Metadata.
        id: Asset id, for images of the archive.
        version: Asset version, microseconds.
        footprint: Where the image says it has data; None for no limit.
        extent: Where it may have data, for skipping; None for no limit.
        shared: Keep what is drawn for every scene on the canvas, not only for one (costly images).
        packing: How the files that it is made of are packed; None for none, or where nobody knows.
    """

    source: tuple[Band, ...] | Callable[[], tuple[Band, ...]]
    draw: Draw
    properties: Mapping[str, Any] = field(default_factory=dict)
    id: str | None = None
    version: int | None = None
    footprint: Geometry | Callable[[], Geometry] | None = None
    extent: Extent | Callable[[], Extent] | None = None
    shared: bool = False
    packing: Packing | Callable[[], Packing | None] | None = None

    @property
    def bands(self) -> tuple[Band, ...]:
        """The bands in order."""
        return self.source() if callable(self.source) else self.source

    @property
    def names(self) -> list[str]:
        """Names of the bands in order."""
        return [band.name for band in self.bands]

    @property
    def has_arrays(self) -> bool:
        """Whether some band's pixels are arrays; scenes of the archive, whose bands are looked up late, have none."""
        return not callable(self.source) and any(band.type.dimensions for band in self.source)

    def geometry(self) -> Geometry | None:
        """Give the footprint; None for no limit."""
        return self.footprint() if callable(self.footprint) else self.footprint

    def drawn_extent(self) -> Extent | None:
        """Give the extent; None for no limit."""
        return self.extent() if callable(self.extent) else self.extent

    def packed(self) -> Packing | None:
        """Give the packing; None where there is none that is known."""
        return self.packing() if callable(self.packing) else self.packing

    def pixels(self, canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        """Draw bands by position, each at most once on a canvas.

        Raises:
            Refused: Their computation is refused, or makes no sense with the numbers that it got.
        """
        meter.check()
        memory = canvas.kept if self.shared else canvas.drawn
        missing = [i for i in dict.fromkeys(wanted) if (self, i) not in memory]
        if missing:
            try:
                drawn = deeper(lambda: self.draw(canvas, missing))
            except (ArithmeticError, ValueError) as error:
                # Arguments are numbers, and any number may be zero, infinite, or none at all.
                raise Refused(f"The pixels of this image cannot be computed ({error}).") from error
            memory.update({(self, i): raster for i, raster in zip(missing, drawn, strict=True)})
        return [memory[self, i] for i in wanted]

    def render(self, grid: Grid, names: Sequence[str] | None = None) -> dict[str, Raster]:
        """Draw bands on a grid.

        Args:
            grid: Where.
            names: Which bands; None or empty for all.

        Raises:
            Refused: A band is unknown, or its computation is refused.
        """
        wanted = [self.position(name) for name in names] if names else range(len(self.bands))
        for band in (self.bands[i] for i in wanted):
            if band.type.dimensions:
                raise Refused(f"Band '{band.name}' holds arrays: flatten them, as Image.arrayFlatten does.")
        try:
            rasters = self._drawn(grid, wanted)
        except RecursionError as error:
            raise Refused(TOO_DEEP) from error
        return dict(zip([self.bands[i].name for i in wanted], rasters, strict=True))

    def _drawn(self, grid: Grid, wanted: Sequence[int]) -> list[Raster]:
        """Draw bands some pixels at a time, along the blocks of the files where there are any."""
        windows = self._windows(grid)
        if windows is None:
            return draw_in_row_blocks(Canvas(grid), BLOCK_PIXELS, lambda part: self.pixels(part, wanted))
        mosaics = [Mosaic(grid.shape) for _ in wanted]
        for left, top, width, height in windows:
            piece = Canvas(grid.window(left, top, width, height), passing=True)
            for rows, part in piece.in_rows(BLOCK_PIXELS):
                for mosaic, raster in zip(mosaics, self.pixels(part, wanted), strict=True):
                    mosaic.put(left, top + rows.start, raster)
        return [mosaic.raster for mosaic in mosaics]

    def _windows(self, grid: Grid) -> list[Window] | None:
        """Give the pieces that a grid is drawn in; None where blocks of files do not matter."""
        packing = self.packed() if grid.size > BLOCK_PIXELS else None
        if packing is None or packing.pixels_under(grid) > _MOST_UNDER:
            return None
        if packing.layers > _FEW_LAYERS:  # what lies between is kept for all of a piece
            return packing.cut(grid, BLOCK_PIXELS)
        return packing.cut(grid, max(PIECE_PIXELS, min(packing.largest_block(grid), LARGEST_PIECE)))

    def position(self, name: str) -> int:
        """Position of a band.

        Raises:
            Refused: There is no band of that name.
        """
        names = self.names
        if name not in names:
            raise Refused(
                f"Image.select: Band pattern '{name}' did not match any bands. "
                f"Available bands: [{', '.join(names)}]"
            )
        return names.index(name)

    def with_(self, **changes: Any) -> Image:
        """Give a copy with other fields; the fields' names are those of the class."""
        return replace(self, **changes)

    def redrawn(self, bands: Sequence[Band], draw: Draw, **changes: Any) -> Image:
        """Give a copy with other pixels that keeps all metadata, id and version too."""
        return replace(self, source=tuple(bands), draw=draw, shared=False, **changes)

    def recomputed(self, bands: Sequence[Band], draw: Draw, **changes: Any) -> Image:
        """Give a copy with other pixels: no longer an asset, so without id and version."""
        return replace(self, source=tuple(bands), draw=draw, id=None, version=None, shared=False, **changes)


def draw_in_row_blocks(
    canvas: Canvas, limit: int, draw: Callable[[Canvas], Sequence[Raster]]
) -> list[Raster]:
    """Draw a canvas some rows at a time, each with at most `limit` pixels where a row has no more."""
    if canvas.grid.size <= limit:
        return list(draw(canvas))
    parts = [draw(Canvas(block)) for block in canvas.grid.row_blocks(limit)]
    return [_join_rows(part) for part in zip(*parts, strict=True)]


class Mosaic:
    """A raster that is put together from parts.

    Args:
        shape: Rows and columns.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self._shape = shape
        self._values: np.ndarray | None = None
        self._mask = np.zeros(shape, np.float32)

    @property
    def raster(self) -> Raster:
        """What has been put; anything where nothing has."""
        return Raster(np.zeros(self._shape) if self._values is None else self._values, self._mask)

    def put(self, column: int, row: int, part: Raster) -> None:
        """Put a part where its first pixel shall be."""
        height, width = part.values.shape
        here = slice(row, row + height), slice(column, column + width)
        if self._values is None:
            self._values = np.empty(self._shape, part.values.dtype)
        elif self._values.dtype != part.values.dtype:
            self._values = self._values.astype(np.result_type(self._values, part.values))
        self._values[here] = part.values
        self._mask[here] = part.mask


def _join_rows(rasters: Sequence[Raster]) -> Raster:
    """Put rasters below each other."""
    if len(rasters) == 1:
        return rasters[0]
    return Raster(
        np.concatenate([r.values for r in rasters]),
        np.concatenate([r.mask for r in rasters]),
    )
