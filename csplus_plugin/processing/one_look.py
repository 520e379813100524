"""One look of a survey: the pass that was asked for, or the clearest; where there is none, the nearest are named."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.asked_look import Asked
from ..core.choices import Scenes
from ..core.errors import NothingFound
from ..core.language import _, marked
from ..core.survey import Survey
from ..core.targets.clear_scene import Pass, passes, read_shares, shares
from .run import Run

_NAMED = 5
"""Days that are named where there is none."""

_MOST = 100
"""Passes whose clear share is asked for in one request."""

_LOOSER = marked("Lower the threshold, or choose another window.")


def find_look(run: Run, scenes: Scenes, found: Survey, asked: Asked) -> tuple[Pass, float]:
    """Find the pass, and the share of the area that is clear in it, 0 to 1.

    Args:
        run: The open run.
        scenes: Of the whole window.
        found: Its survey.
        asked: Which look.

    Raises:
        NothingFound: There is nothing on that day, or nothing of it is clear.
    """
    every = passes(found)
    if asked:
        taken = asked.find(every)
        share = _shares(run, scenes, [taken])[0] if taken else 0.0
        if taken is None or not share:
            raise _nothing(run, scenes, every, asked, taken)
    else:
        of_each = _shares(run, scenes, every)
        share = max(of_each)
        taken = every[of_each.index(share)]
        run.say(_("The clearest of {count} days is {day}.", count=len(every), day=taken.day))
        if not share:
            raise NothingFound(_("Nothing of the area is clear on any day of the window."), _(_LOOSER))
    run.say(
        _(
            "{day}: {ids}; {share:.0f} percent of the area are clear.",
            day=taken.day,
            ids=", ".join(taken.ids),
            share=100 * share,
        )
    )
    return taken, share


def _nothing(
    run: Run, scenes: Scenes, every: Sequence[Pass], asked: Asked, taken: Pass | None
) -> NothingFound:
    """Say what is missing, and name the nearest days with what is clear of each."""
    others = sorted(every, key=lambda one: abs((one.day - asked.middle).days))
    near = sorted(
        [one for one in others if taken is None or one.day != taken.day][:_NAMED], key=lambda one: one.day
    )
    of_each = _shares(run, scenes, near) if near else []
    listed = ", ".join(
        _("{day} ({share:.0f} percent clear)", day=one.day, share=100 * share)
        for one, share in zip(near, of_each, strict=True)
    )
    if taken is None:
        what = _("There is nothing to use of {asked} over the area.", asked=asked)
        return NothingFound(what, _("The nearest days: {listed}.", listed=listed))
    return NothingFound(
        _("Nothing of the area is clear in {asked}.", asked=asked),
        f"{_(_LOOSER)} {_('The nearest others: {listed}.', listed=listed)}",
    )


def _shares(run: Run, scenes: Scenes, every: Sequence[Pass]) -> list[float]:
    """Ask for the share of the area that is clear in each pass."""
    found: list[float] = []
    for first in range(0, len(every), _MOST):
        part = every[first : first + _MOST]
        found += read_shares(run.client.value(shares(scenes, part)), len(part))
    return found
