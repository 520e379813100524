"""Sorting the values of every pixel at once.

A few images are many pixels: numpy's own sort would turn to each pixel by itself. A sorting network instead
compares whole images with each other, always the same pairs whatever they hold, so that every step is one
pass over arrays (D. E. Knuth, The Art of Computer Programming, volume 3, 5.2.2, algorithm M: Batcher's merge
exchange).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

MOST_IMAGES = 32  # beyond, the pairs grow faster than what numpy's sort takes
BLOCK = 16384  # pixels compared at once: a block of all images stays in the processor's cache


def sort_images(values: np.ndarray) -> np.ndarray:
    """Sort along the first axis; the array may be changed and need not be the one returned.

    Args:
        values: (n, pixels); without NaN, which no comparison can place.

    Returns:
        The same values (n, pixels), ascending at every pixel.
    """
    if len(values) > MOST_IMAGES:
        return np.sort(values.T.copy(), axis=1).T
    smaller = np.empty(BLOCK, values.dtype)
    for start in range(0, values.shape[1], BLOCK):
        block = values[:, start : start + BLOCK]
        kept = smaller[: block.shape[1]]
        for i, j in exchanges(len(values)):
            np.minimum(block[i], block[j], out=kept)
            np.maximum(block[i], block[j], out=block[j])
            block[i] = kept
    return values


@lru_cache(maxsize=MOST_IMAGES + 1)
def exchanges(count: int) -> tuple[tuple[int, int], ...]:
    """Which pairs to put in order, one after the other, to sort that many values."""
    pairs = []
    top = 1 << max(0, (count - 1).bit_length() - 1)
    p = top if count > 1 else 0
    while p:
        q, r, d = top, 0, p
        while d:
            pairs += [(i, i + d) for i in range(count - d) if i & p == r]
            d, q, r = q - p, q // 2, p
        p //= 2
    return tuple(pairs)
