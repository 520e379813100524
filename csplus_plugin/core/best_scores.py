"""How far the best scores of each pixel reach: histograms over the region, made on the server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .catalog import SCORE_BANDS
from .days import pass_number
from .errors import InvalidChoice
from .grid import home_crs
from .sampling import spacing
from .scenes import geometry, scores

if TYPE_CHECKING:
    import ee

    from .choices import Scenes

SAMPLES = 128
"""Points along the side of a square as large as the region."""

_DAY = "pass_day"
_UNSEEN = -1
"""Stands for a day without a score at a pixel: below every threshold."""


def names(min_observations: int) -> list[str]:
    """Name the histograms: `kept_cs_cdf` of the best day, `enough_cs_cdf` of the n-th best, where n is above 1."""
    kinds = ("kept", "enough") if min_observations > 1 else ("kept",)
    return [f"{kind}_{band}" for kind in kinds for band in SCORE_BANDS]


def histograms(scenes: Scenes, thresholds: Sequence[float], min_observations: int) -> ee.Dictionary:
    """Count the pixels of the region by how many of the thresholds the score of their best day reaches.

    And, where more than one observation is wanted, the score of their n-th best day: where it reaches a threshold, n
    days do. A day is one pass of the satellite: what two tiles show of it is one observation.

    Args:
        scenes: The choices.
        thresholds: In rising order.
        min_observations: n.

    Returns:
        For each of `names`, a list of buckets: the lower end, and the pixels in it, those at the edge by the share of
        them that is inside. The bucket that begins with n holds the pixels that reach n thresholds.
    """
    from .library import ee

    bands = list(SCORE_BANDS)
    blank = ee.Image.constant([_UNSEEN] * len(bands)).toFloat().rename(bands)

    def note_day(image: ee.Image) -> ee.Image:
        return image.toFloat().set(_DAY, pass_number(image, scenes.region))

    seen = scores(scenes, bands).map(note_day)
    # A window without a scene has no bands to reduce, so an image of nothing is always among them.
    reached = [seen.merge(ee.ImageCollection([blank])).max().unmask(_UNSEEN, False)]
    if min_observations > 1:

        def take_best(day: ee.ComputedObject) -> ee.Image:
            return ee.Image(seen.filter(ee.Filter.eq(_DAY, day)).max()).unmask(_UNSEEN, False)

        days = ee.List(seen.aggregate_array(_DAY)).distinct().map(take_best)
        # As many days of nothing, so that there always is an n-th one.
        every = ee.ImageCollection(days.cat(ee.List([blank] * min_observations)))
        reached.append(ee.Image.cat(*(_next_best(every, band, min_observations) for band in bands)))
    together = ee.Image.cat(*reached).rename(names(min_observations))
    levels = [_level(together.select([name]), thresholds) for name in names(min_observations)]
    count = len(thresholds) + 1
    return ee.Image.cat(*levels).reduceRegion(
        ee.Reducer.fixedHistogram(0, count, count),
        geometry(scenes.region),
        spacing(scenes.region, SAMPLES),
        _crs(scenes),
    )


def read_shares(answer: Any, name: str, count: int) -> list[float] | None:
    """Sum a histogram up from its top: what reaches a threshold lies in the buckets above it.

    Args:
        answer: The value of `histograms`, decoded JSON.
        name: One of `names`.
        count: How many thresholds there were.

    Returns:
        The share of the region that reaches each threshold; empty where no pixel was counted; None where it is no
        such answer.
    """
    if not isinstance(answer, dict) or name not in answer:
        return None
    buckets = answer[name]
    if buckets is None:
        return []
    if not isinstance(buckets, list) or len(buckets) != count + 1 or not all(map(_is_bucket, buckets)):
        return None
    weights = [weight for _, weight in buckets]
    total = sum(weights)
    return [min(1.0, sum(weights[number + 1 :]) / total) for number in range(count)] if total else []


def _next_best(days: ee.ImageCollection, band: str, place: int) -> ee.Image:
    """Take the score of the n-th best day at each pixel."""
    ordered = days.select([band]).toArray().arrayProject([0]).arraySort()
    return ordered.arraySlice(0, -place, 1 - place).arrayFlatten([[band]])


def _level(score: ee.Image, thresholds: Sequence[float]) -> ee.Image:
    """Count the thresholds that a score reaches, compared as the mask compares them."""
    from .library import ee

    reached = ee.Image.constant(list(thresholds)).lte(score).reduce(ee.Reducer.sum())
    # In the middle of its bucket: at its edge, rounding decides.
    return reached.add(0.5).rename(score.bandNames())


def _crs(scenes: Scenes) -> str | None:
    """Give the grid that points lie on; None near a pole, where a composite's own has to do."""
    try:
        return home_crs(scenes.region)
    except InvalidChoice:
        return None


def _is_bucket(bucket: Any) -> bool:
    return (
        isinstance(bucket, list)
        and len(bucket) == 2  # noqa: PLR2004 its lower end, and what lies in it
        and all(type(number) in (int, float) for number in bucket)
        and 0 <= bucket[1] < float("inf")
    )
