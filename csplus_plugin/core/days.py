"""A day is one pass of the satellite, wherever midnight falls: the same rule for the server and for the client."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from .catalog import COUNT_BAND
from .naming import named, named_function

if TYPE_CHECKING:
    import ee

    from .choices import Scenes
    from .region import Region

_DAY = 86_400_000
"""Milliseconds."""

_TURN = 360

_EPOCH = date(1970, 1, 1)


def pass_day(milliseconds: float, region: Region) -> int:
    """Give the number of the day of a moment on the sun's clock at the region's centre, as `clear_days` does.

    Args:
        milliseconds: Since 1970-01-01 UTC.
        region: Where the scenes are.
    """
    return int((milliseconds + _offset(region)) // _DAY)


def pass_number(image: ee.Image, region: Region) -> ee.Number:
    """Give the number of a scene's day, as `pass_day` does, on the server."""
    from .library import ee

    return ee.Number(image.get("system:time_start")).add(_offset(region)).divide(_DAY).floor()


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


def add_date(image: ee.Image, band: str) -> ee.Image:
    """Add the day of a scene (UTC, counted from 1970-01-01) as the band `date`, masked where `band` is."""
    from .library import ee

    number = ee.Number(image.get("system:time_start")).divide(_DAY).floor()
    day = ee.Image.constant(named(number, "day")).rename(["date"]).updateMask(image.select([band]).mask())
    return image.addBands(named(day, "date"))


def add_nearness(image: ee.Image, band: str, day: date) -> ee.Image:
    """Add the negative distance in days to the middle of a day (UTC) as the band `nearness`, masked where `band` is."""
    from .library import ee

    middle = (day - _EPOCH).days + 0.5
    distance = ee.Number(image.get("system:time_start")).divide(_DAY).subtract(middle).abs()
    nearness = ee.Image.constant(named(distance.multiply(-1), "days")).rename(["nearness"])
    return image.addBands(named(nearness.updateMask(image.select([band]).mask()), "nearness"))


def longest_gap(clear: ee.ImageCollection, band: str, scenes: Scenes) -> ee.Image:
    """Find the longest time without a clear observation, in days, from the window's first day to its last.

    Between the first day and the first clear one, between two clear ones that follow each other, and between the last
    one and the last day; where none is clear, the whole window.

    Args:
        clear: Scenes masked to their clear pixels.
        band: Whose mask tells.
        scenes: The choices, of which the window and the region count.
    """
    from .library import ee

    offset = _offset(scenes.region)
    first, last = ((day - _EPOCH).days for day in (scenes.start, scenes.end))

    @named_function("The gap up to this scene, where it is clear; else what was known before.")
    def look(image: ee.Image, state: ee.Image) -> ee.Image:
        image, state = ee.Image(image), ee.Image(state)
        number = ee.Number(image.get("system:time_start")).add(offset).divide(_DAY).floor()
        day = named(ee.Image.constant(number).rename(["last"]), "day")
        gap = state.select(["gap"]).max(day.subtract(state.select(["last"])).rename(["gap"]))
        return state.where(image.select([band]).mask().gt(0), named(day.addBands(gap), "seen"))

    begin = named(ee.Image.constant([first, 0]).rename(["last", "gap"]).toDouble(), "begin")
    state = ee.Image(clear.sort("system:time_start").iterate(look, begin))
    named(state, "looked_through")
    to_end = ee.Image.constant(last).subtract(state.select(["last"]))
    return named(state.select(["gap"]).max(to_end.rename(["gap"])), "longest_gap")


def _offset(region: Region) -> int:
    """Give the milliseconds by which the sun's time at the region's centre is ahead of UTC.

    Sentinel-2 passes at about half past ten of the sun's time, so a pass never meets midnight on that clock, which it
    does on the clock of UTC near longitude 160.
    """
    west, _, east, _ = region.bounds
    return round((west + east) / 2 / _TURN * _DAY)
