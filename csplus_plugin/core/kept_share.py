"""The share of a recipe's area that has a value: what a choice of threshold, score or days keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import Unreachable
from .language import _
from .naming import named
from .sampling import spacing
from .scenes import geometry

if TYPE_CHECKING:
    import ee

    from .recipe import Recipe
    from .targets.target import ImageTarget

_SAMPLES = 256


def kept_share(recipe: Recipe[ImageTarget]) -> ee.Number:
    """Build the expression of the share, on about 256 x 256 points of the area.

    The first band of the file tells, one that is no count if there is one: a count of 0 is no value here.
    """
    from .library import ee

    scenes = recipe.scenes
    bands = recipe.target.file_bands(scenes)
    telling = next((band for band in bands if not band.counts), bands[0])
    band = recipe.target.image(scenes, [telling.name]).select([telling.name])
    known = band.mask().gt(0)
    if telling.counts:
        known = band.unmask(0, False).gt(0)
    kept = named(known.unmask(0, False).rename(["kept"]), "kept")
    step = spacing(scenes.region, _SAMPLES)
    return ee.Number(kept.reduceRegion(ee.Reducer.mean(), geometry(scenes.region), step).get("kept"))


def read_share(answer: Any) -> float:
    """Read the service's answer: a share of 0 to 1.

    Raises:
        Unreachable: It is no such answer.
    """
    if type(answer) not in (int, float) or not 0 <= answer <= 1:
        raise Unreachable(
            _("The answer to the question for the share that is kept is damaged."), _("Try again.")
        )
    return float(answer)
