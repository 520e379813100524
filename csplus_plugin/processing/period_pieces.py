"""A periodic recipe and the survey of its window -> a composite for each period: for the series, and for its film."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import NothingFound
from ..core.periods import Period
from ..core.recipe import Recipe
from ..core.survey import Survey
from ..core.targets.periodic import Periodic, of_period
from .deliver import Piece
from .run import Run


@dataclass(frozen=True)
class Part:
    """A period of the window, with a composite or without.

    Attributes:
        period: Its name and its days.
        survey: The scenes of these days.
    """

    period: Period
    survey: Survey


def parts(recipe: Recipe[Periodic], survey: Survey) -> list[Part]:
    """Cut a survey of the whole window into its periods, without a further request.

    Raises:
        InvalidChoice: There are too many.
    """
    return [Part(one, survey.within(one.start, one.end)) for one in recipe.target.periods(recipe.scenes)]


def pieces(
    run: Run, recipe: Recipe[Periodic], periods: Sequence[Part], folder: Path | None = None, group: str = ""
) -> list[Piece]:
    """Make a piece of every period that has enough scenes, and say which are cut off or empty.

    Args:
        run: Hears of them.
        recipe: Of the whole window.
        periods: As `parts` gives them.
        folder: For their files; None for none.
        group: Of the layer tree, for their layers.

    Raises:
        NothingFound: No period has enough.
    """
    target, made = recipe.target, list[Piece]()
    for part in periods:
        one, found = part.period, part.survey
        if len(found.days) < target.fewest_days:
            run.warn(f"{one.label}: {_why_empty(found, target.fewest_days)}")
            continue
        if not one.is_whole:
            length = (one.end - one.start).days + 1
            run.warn(f"{one.label}: the window holds {length} of its {one.day_count} days.")
        file = folder / f"{target.composite.ALGORITHM}_{one.name}.tif" if folder else None
        own = Recipe(of_period(recipe.scenes, one), target.composite, recipe.output)
        made.append(Piece(own, one.label, found, file, group, len(made), is_part=True))
    if not made:
        raise NothingFound(
            f"None of the {len(periods)} periods has enough usable scenes.",
            "Choose longer periods, a longer window, or fewer clear days.",
        )
    run.say(f"{len(made)} of {len(periods)} periods have a composite.")
    return made


def _why_empty(survey: Survey, needed: int) -> str:
    if not survey.scene_count:
        return "no scenes, so no composite."
    if not survey.days:
        return f"none of its {survey.scene_count} scenes can be used, so no composite."
    return f"its scenes are of {len(survey.days)} days, fewer than {needed}, so no composite."
