"""The pixels around each pixel."""

from __future__ import annotations

import numpy as np

from ..errors import Refused
from ..meter import MEMORY_EXCEEDED
from .image import Canvas, Image

MOST_NEIGHBOURS = 1 << 27  # that are held at once: those of one row of pixels may be very many


def padded(canvas: Canvas, radius: int) -> Canvas:
    """Give the canvas with a margin."""
    return canvas.on(canvas.grid.padded(radius, radius))


def neighbours(
    image: Image, position: int, kernel: np.ndarray, canvas: Canvas
) -> tuple[np.ndarray, np.ndarray]:
    """Values and masks of the neighbours that count (n, pixels)."""
    radius = kernel.shape[0] // 2
    height, width = canvas.shape
    (raster,) = image.pixels(padded(canvas, radius), [position])
    places = np.argwhere(kernel)
    if len(places) * height * width > MOST_NEIGHBOURS:
        raise Refused(MEMORY_EXCEEDED)

    def gathered(pixels: np.ndarray) -> np.ndarray:
        return np.stack([pixels[r : r + height, c : c + width].ravel() for r, c in places])

    return gathered(raster.values), gathered(raster.mask)
