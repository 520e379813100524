"""One day as the satellite saw it: the clear pixels of one pass, or of one scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from ..catalog import ANY_BAND
from ..choices import Scenes
from ..errors import InvalidChoice, Unreachable
from ..language import _
from ..naming import named
from ..sampling import spacing
from ..scenes import clear_scenes, geometry
from ..survey import Scene, Survey
from .composite import Composite

if TYPE_CHECKING:
    import ee

_SAMPLES = 256


@dataclass(frozen=True)
class ClearScene(Composite):
    """The scenes that the recipe names, mosaicked: where two tiles show a pixel, the one with the higher score.

    Which scenes they are stands in the recipe's `ids`, so that it makes the same picture at any time.
    """

    ALGORITHM = "clearscene"

    method: str = "best"

    def __post_init__(self) -> None:
        """Check each choice; a day leaves none of the method."""
        super().__post_init__()
        if self.method != "best" or self.min_observations != 1:
            raise InvalidChoice(
                _("A single day cannot be composited otherwise."), _("Make a clear composite.")
            )

    def sentence(self, scenes: Scenes) -> str:
        """Say which day, and what is left of it."""
        day = (
            f"{scenes.start}"
            if scenes.start == scenes.end
            else _("{start} and {end}", start=scenes.start, end=scenes.end)
        )
        return _(
            "The pass of {day} where {qa_band} >= {threshold:g}",
            day=day,
            qa_band=scenes.qa_band,
            threshold=scenes.threshold,
        )


@dataclass(frozen=True)
class Pass:
    """One pass of the satellite over the region.

    Attributes:
        day: UTC day on which it began.
        scenes: Its scenes, those that can be used.
    """

    day: date
    scenes: tuple[Scene, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """`system:index` of its scenes."""
        return tuple(scene.index for scene in self.scenes)


def passes(survey: Survey) -> list[Pass]:
    """List the passes with a scene that can be used, in order of time."""
    by_day: dict[int, list[Scene]] = {}
    for scene in survey.scenes:
        if scene.is_used:
            by_day.setdefault(scene.pass_day, []).append(scene)
    return sorted((Pass(scenes[0].day, tuple(scenes)) for scenes in by_day.values()), key=lambda one: one.day)


def of_pass(scenes: Scenes, one: Pass) -> Scenes:
    """Narrow the choices to one pass."""
    days = [scene.day for scene in one.scenes]
    return replace(scenes, start=min(days), end=max(days), ids=one.ids)


def shares(scenes: Scenes, found: Sequence[Pass]) -> ee.List:
    """Build the expression of the share of the region that is clear in each pass, on about 256 x 256 points."""
    from ..library import ee

    step, shape = spacing(scenes.region, _SAMPLES), geometry(scenes.region)

    def share(one: Pass) -> ee.Number:
        clear = clear_scenes(of_pass(scenes, one), [ANY_BAND]).select([ANY_BAND]).max()
        is_clear = named(clear.mask().gt(0).unmask(0, False).rename(["clear"]), "is_clear")
        return ee.Number(is_clear.reduceRegion(ee.Reducer.mean(), shape, step).get("clear"))

    return ee.List([share(one) for one in found])


def read_shares(answer: Any, count: int) -> list[float]:
    """Read the service's answer: a share of 0 to 1 for each pass.

    Raises:
        Unreachable: It is no such answer.
    """
    is_sound = isinstance(answer, list) and len(answer) == count
    if not is_sound or not all(type(one) in (int, float) and 0 <= one <= 1 for one in answer):
        raise Unreachable(_("The answer to the question for clear days is damaged."), _("Run again."))
    return [float(one) for one in answer]
