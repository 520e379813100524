"""One look at the ground, as a user asks for it: by its day, by the id of a scene, or the clearest of a window."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from .checks import shown
from .errors import InvalidChoice
from .language import _
from .targets.clear_scene import Pass

_AROUND = 30
"""Days before and after the day asked for in which the nearest ones are looked for."""

_DAY_IN_ID = re.compile(r"(\d{4})(\d{2})(\d{2})T")


@dataclass(frozen=True)
class Asked:
    """What was asked for.

    Attributes:
        day: The day, or None.
        scene: Id of a scene, which wins over the day; empty for none.
    """

    day: date | None = None
    scene: str = ""

    def __bool__(self) -> bool:
        """Tell whether a look was named; else it is the clearest of the window."""
        return bool(self.day or self.scene)

    def __str__(self) -> str:
        return _("the scene {scene}", scene=self.scene) if self.scene else f"{self.day}"

    @property
    def middle(self) -> date:
        """The day around which it is looked for.

        Raises:
            InvalidChoice: The id is none of a scene, or nothing was asked for.
        """
        if self.scene:
            return _day_of(self.scene)
        if self.day is None:
            raise InvalidChoice(
                _("There is neither a day nor the id of a scene."),
                _("Give DATE or SCENE_ID, or START and END for the clearest day between them."),
            )
        return self.day

    def window(self, start: date | None, end: date | None) -> tuple[date, date]:
        """Give the first and last day to search.

        Args:
            start: As the user narrows it.
            end: As the user narrows it.

        Raises:
            InvalidChoice: The id is none of a scene, or nothing was asked for.
        """
        if not self and start and end:
            return start, end
        middle = self.middle
        # The day itself always counts: START and END then only say where to look for the nearest ones.
        first = min(start or _moved(middle, -_AROUND), _moved(middle, -1))
        last = max(end or _moved(middle, _AROUND), _moved(middle, 1))
        return first, last

    def find(self, every: Sequence[Pass]) -> Pass | None:
        """Find the pass of the day, or the scene of the id."""
        for one in every:
            if self.scene:
                scenes = tuple(scene for scene in one.scenes if scene.index == self.scene)
                if scenes:
                    return Pass(one.day, scenes)
            elif self.day == one.day or any(scene.day == self.day for scene in one.scenes):
                return one
        return None


def _day_of(scene: str) -> date:
    match = _DAY_IN_ID.match(scene)
    try:
        return date(*map(int, match.groups()))  # type: ignore[union-attr]
    except (AttributeError, ValueError) as problem:
        raise InvalidChoice(
            _("{scene} is not the id of a scene.", scene=shown(scene)),
            _("Write it like 20230126T184739_20230126T184748_T11SKB."),
        ) from problem


def _moved(day: date, days: int) -> date:
    """Count on, or back, as far as the calendar goes."""
    return date.fromordinal(min(max(day.toordinal() + days, 1), date.max.toordinal()))
