"""A day is one pass of the satellite, wherever midnight falls: the same rule for the server and for the client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .catalog import COUNT_BAND
from .naming import named, named_function

if TYPE_CHECKING:
    import ee

    from .region import Region

_DAY = 86_400_000
"""Milliseconds."""

_TURN = 360


def pass_day(milliseconds: float, region: Region) -> int:
    """Give the number of the day of a moment on the sun's clock at the region's centre, as `clear_days` does.

    Args:
        milliseconds: Since 1970-01-01 UTC.
        region: Where the scenes are.
    """
    return int((milliseconds + _offset(region)) // _DAY)


def clear_days(scenes: ee.ImageCollection, band: str, region: Region) -> ee.Image:
    """Count the distinct days on which `band` is not masked.

    A day is one pass of the satellite, wherever midnight falls; seen in two overlapping tiles it is one observation.

    Returns:
        One band, `clear_count`; 0 where there is no day.
    """
    from .library import ee

    offset = _offset(region)

    @named_function("A day is one pass of the satellite, by the sun's time at the middle of the region.")
    def find_day(image: ee.Image) -> ee.Image:
        number = ee.Number(image.get("system:time_start")).add(offset).divide(_DAY).floor()
        return ee.Image.constant(named(number, "day")).updateMask(image.select(band).mask())

    days = scenes.map(find_day).reduce(ee.Reducer.countDistinct())
    return named(days.rename([COUNT_BAND]).unmask(0, False), "clear_days")


def _offset(region: Region) -> int:
    """Give the milliseconds by which the sun's time at the region's centre is ahead of UTC.

    Sentinel-2 passes at about half past ten of the sun's time, so a pass never meets midnight on that clock, which it
    does on the clock of UTC near longitude 160.
    """
    west, _, east, _ = region.bounds
    return round((west + east) / 2 / _TURN * _DAY)
