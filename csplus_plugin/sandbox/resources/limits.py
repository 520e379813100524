"""The sizes that Earth Engine refuses, in the service's own words.

Values: https://developers.google.com/earth-engine/guides/usage and the reference of computePixels. The mask
byte in the sum was found by users (https://github.com/google/Xee/issues/209); the guide leaves it out.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import Refused
from ..images.image import Band, Grid

MAX_PAYLOAD = 10 * 2**20  # bytes of a request
MAX_PIXEL_BYTES = 48 * 2**20  # bytes of an answer, uncompressed, with one mask byte a band and pixel
MAX_SIDE = 32768  # pixels
MAX_ANSWERED_BANDS = 1024
MAX_ZOOM = 24


def check_payload(size: int) -> None:
    """Refuse a request body of more than 10 MiB.

    Raises:
        Refused: `size`, in bytes, is too large.
    """
    if size > MAX_PAYLOAD:
        raise Refused(f"Request payload size exceeds the limit: {MAX_PAYLOAD} bytes.")


def check_pixels(grid: Grid, bands: Sequence[Band]) -> None:
    """Refuse more pixels than one request may have.

    Raises:
        Refused: A side, the number of bands, or the number of bytes is too large.
    """
    check_files((grid, bands))


def check_files(*files: tuple[Grid, Sequence[Band]]) -> None:
    """Refuse more pixels than the files of one request may have together.

    Args:
        files: What goes into one answer: a grid and the bands on it, for each file.

    Raises:
        Refused: A side, the number of bands, or the number of bytes is too large.
    """
    for grid, _ in files:
        _check_grid(grid)
    count = sum(len(bands) for _, bands in files)
    if count > MAX_ANSWERED_BANDS:
        raise Refused(f"Number of bands ({count}) must be less than or equal to {MAX_ANSWERED_BANDS}.")
    size = sum(grid.size * _pixel_bytes(bands) for grid, bands in files)
    if size > MAX_PIXEL_BYTES:
        raise Refused(
            f"Total request size ({size} bytes) must be less than or equal to {MAX_PIXEL_BYTES} bytes."
        )


def _check_grid(grid: Grid) -> None:
    if grid.width < 1 or grid.height < 1:
        raise Refused(f"Pixel grid dimensions ({grid.width}x{grid.height}) must be positive.")
    if max(grid.width, grid.height) > MAX_SIDE:
        raise Refused(
            f"Pixel grid dimensions ({grid.width}x{grid.height}) must be less than or equal to {MAX_SIDE}."
        )


def _pixel_bytes(bands: Sequence[Band]) -> int:
    return sum(band.type.dtype.itemsize + 1 for band in bands)


def check_tile(zoom: int, column: int, row: int) -> None:
    """Refuse a map tile that lies outside the world.

    Raises:
        Refused: The zoom level is not between 0 and 24, or has no such column or row.
    """
    if not 0 <= zoom <= MAX_ZOOM or not (0 <= column < 2**zoom and 0 <= row < 2**zoom):
        raise Refused(f"There is no map tile {zoom}/{column}/{row}.")
