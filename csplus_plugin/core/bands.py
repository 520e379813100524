"""Bands of a file: what each is called and means, and how their numbers are written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from . import indices
from .catalog import COUNT_BAND, REFLECTANCE_SCALE


@dataclass(frozen=True)
class Encoding:
    """How numbers are written to a file; one for all bands of it.

    Attributes:
        dtype: numpy's name of the type.
        nodata: The value of masked pixels, outside the range of valid ones.
        highest: The largest valid value, or None where the type sets no bound.
    """

    dtype: str
    nodata: float
    highest: float | None = None

    @property
    def item_size(self) -> int:
        """Bytes of a value."""
        return np.dtype(self.dtype).itemsize


DIGITAL_NUMBERS = Encoding("uint16", 65535, 65534)
"""Reflectance and counts: zero is a legal dark pixel, so nodata is at the other end."""

DECIMALS = Encoding("float32", -9999)
"""Indices and scores, and whatever stands beside them."""


@dataclass(frozen=True)
class BandInfo:
    """One band of a file.

    Attributes:
        name: Its name.
        description: A sentence for people.
        scale: Value x scale = physical value.
        blends: Whether a mean of neighbours says something; of classes, counts and days it does not.
        code: The encoding that holds its values without loss.
        counts: Whether it counts, so that 0 says that there is nothing.
    """

    name: str
    description: str
    scale: float = 1
    blends: bool = True
    code: Encoding = DIGITAL_NUMBERS
    counts: bool = False


SCORE = BandInfo("score", "Cloud score of what the pixel holds, 0 (occluded) to 1 (clear)", code=DECIMALS)
DATE = BandInfo("date", "Day of the observation (UTC), counted from 1970-01-01", blends=False)
COUNT = BandInfo(COUNT_BAND, "Distinct days with a clear observation", blends=False, counts=True)


def spectral_band(name: str) -> BandInfo:
    """Describe a band of Sentinel-2."""
    return BandInfo(name, f"{name} reflectance", REFLECTANCE_SCALE)


def index_band(name: str) -> BandInfo:
    """Describe the band of a spectral index."""
    return BandInfo(name, indices.find(name).long_name, code=DECIMALS)


def encoding(bands: Iterable[BandInfo]) -> Encoding:
    """Choose the one type that holds every band: whole numbers unless one of them has decimals."""
    return DECIMALS if any(band.code is DECIMALS for band in bands) else DIGITAL_NUMBERS
