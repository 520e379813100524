"""A run of many periods: which of them have enough scenes, and what is said of the others."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.errors import NothingFound
from ..core.language import _
from ..core.periods import Period
from ..core.recipe import Recipe
from ..core.survey import Survey
from ..core.targets.composite import Composite
from ..core.targets.periodic import Periodic, of_period
from .run import Run


@dataclass(frozen=True)
class Part:
    """One period of a run.

    Attributes:
        period: The period.
        survey: Its scenes.
        recipe: Of its composite; None where it has too few scenes for one.
    """

    period: Period
    survey: Survey
    recipe: Recipe[Composite] | None


def cut_into_periods(run: Run, recipe: Recipe[Periodic], survey: Survey) -> list[Part]:
    """Cut a recipe into its periods, and say which are cut off or empty.

    Args:
        run: Told what is found.
        recipe: Of the whole.
        survey: Of the whole window.

    Raises:
        NothingFound: No period has enough scenes.
        InvalidChoice: There are too many periods.
    """
    scenes, target = recipe.scenes, recipe.target
    parts = []
    for one in target.periods(scenes):
        found = survey.within(one.start, one.end)
        if len(found.days) < target.fewest_days:
            run.warn(f"{one.label}: {_why_empty(found, target.fewest_days)}")
            parts.append(Part(one, found, None))
            continue
        if not one.is_whole:
            length = (one.end - one.start).days + 1
            run.warn(
                _(
                    "{label}: the window holds {days} of its {count} days.",
                    label=one.label,
                    days=length,
                    count=one.day_count,
                )
            )
        of_one = Recipe(of_period(scenes, one), target.composite, recipe.output)
        parts.append(Part(one, found, of_one))
    count = sum(part.recipe is not None for part in parts)
    if not count:
        raise NothingFound(
            _("None of the {count} periods has enough usable scenes.", count=len(parts)),
            _("Choose longer periods, a longer window, or fewer clear days."),
        )
    run.say(_("{made} of {count} periods have a composite.", made=count, count=len(parts)))
    return parts


def _why_empty(survey: Survey, needed: int) -> str:
    if not survey.scene_count:
        return _("no scenes, so no composite.")
    if not survey.days:
        return _("none of its {count} scenes can be used, so no composite.", count=survey.scene_count)
    return _(
        "its scenes are of {days} days, fewer than {needed}, so no composite.",
        days=len(survey.days),
        needed=needed,
    )
