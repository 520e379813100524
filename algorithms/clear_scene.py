"""Clear scene: region and day, or the id of a scene -> the clear pixels of that one look."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from qgis.core import (
    Qgis,
    QgsProcessingContext,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterDateTime,
    QgsProcessingParameterString,
)

from ..csplus_plugin.core.checks import shown
from ..csplus_plugin.core.choices import Scenes
from ..csplus_plugin.core.errors import InvalidChoice, NothingFound
from ..csplus_plugin.core.language import _, marked
from ..csplus_plugin.core.recipe import Recipe
from ..csplus_plugin.core.survey import Survey
from ..csplus_plugin.core.targets.clear_scene import ClearScene as Target
from ..csplus_plugin.core.targets.clear_scene import Pass, of_pass, passes, read_shares, shares
from ..csplus_plugin.core.targets.composite import DEFAULT_STYLE
from ..csplus_plugin.processing.blocks import add_bands, add_scenes, read_scenes
from ..csplus_plugin.processing.image_algorithm import ImageAlgorithm
from ..csplus_plugin.processing.parameters import add, chosen, optional_day
from ..csplus_plugin.processing.region import Note
from ..csplus_plugin.processing.run import Run

_AROUND = 30
"""Days before and after the day asked for in which the nearest ones are looked for."""

_NAMED = 5
"""Days that are named where there is none."""

_MOST = 100
"""Passes whose clear share is asked for in one request."""

_DAY_IN_ID = re.compile(r"(\d{4})(\d{2})(\d{2})T")


class ClearScene(ImageAlgorithm):
    """One pass or one scene, masked."""

    ID = Target.ALGORITHM
    NAME = "Clear scene"
    GROUP = "composites"
    SUMMARY = "The clear pixels of one day, its tiles put together, or of one scene by its id."
    HELP = (
        "Gives one look as it was, without compositing: the tiles of a day put together, masked where the score is "
        "below the threshold. A day is one pass of the satellite, wherever midnight falls.\n\n"
        "Give DATE; or SCENE_ID, as Find scenes lists it; or only START and END for the clearest day between them. If "
        "there is nothing on that day, the nearest ones are named, each with the share of the area that is clear.\n\n"
        "For example DATE=2023-01-26, or START=2023-01-01 END=2023-03-31 for the clearest day of the winter."
    )
    TAGS = ("single date", "scene", "image", "day", "clearest", "mosaic")
    STYLE = DEFAULT_STYLE
    STYLES = Target.styles()

    recipe: Recipe[Target]

    def declare_scenes(self) -> None:
        """Add the block *scenes*; a day or an id stands for the window."""
        add_scenes(self, window_is_optional=True)

    def declare_target(self) -> None:
        """Add the day, the id, the bands, and what is told of the look."""
        day = QgsProcessingParameterDateTime(
            "DATE", "Day", Qgis.ProcessingDateTimeParameterDataType.Date, optional=True
        )
        add(self, day, "Day, as 2023-01-26; empty for the clearest one from the first day to the last.")
        scene = QgsProcessingParameterString("SCENE_ID", "Id of a scene", optional=True)
        add(
            self, scene, "One scene alone, such as 20230126T184739_20230126T184748_T11SKB; wins over the day."
        )
        default = Target()
        add_bands(
            self,
            default.bands,
            default.indices,
            "Spectral indices, such as NDVI; they make the file Float32.",
        )
        self.addOutput(QgsProcessingOutputString("DATE_FOUND", "Day of the look"))
        self.addOutput(QgsProcessingOutputString("SCENE_IDS", "Ids of its scenes"))
        self.addOutput(
            QgsProcessingOutputNumber(
                "CLEAR_SHARE_PERCENT", "Share of the area that is clear (percent), estimated"
            )
        )

    def read_target(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> Target:
        """Read them."""
        self._day = optional_day(self, parameters, "DATE", context)
        self._scene = self.parameterAsString(parameters, "SCENE_ID", context).strip()
        return Target(
            bands=chosen(self, parameters, "BANDS", context),
            indices=chosen(self, parameters, "INDICES", context),
        )

    def read_scenes(
        self, parameters: Mapping[str, Any], context: QgsProcessingContext, note: Note = lambda _: None
    ) -> Scenes:
        """Read the block *scenes*, with a window around the day or the scene."""
        start, end, day = (optional_day(self, parameters, name, context) for name in ("START", "END", "DATE"))
        if scene := self.parameterAsString(parameters, "SCENE_ID", context).strip():
            middle = _day_of(scene)
        elif day:
            middle = day
        elif start and end:
            return read_scenes(self, parameters, context, note, (start, end))
        else:
            raise InvalidChoice(
                _("There is neither a day nor the id of a scene."),
                _("Give DATE or SCENE_ID, or START and END for the clearest day between them."),
            )
        # The day itself always counts: START and END then only say where to look for the nearest ones.
        first = min(start or _moved(middle, -_AROUND), _moved(middle, -1))
        last = max(end or _moved(middle, _AROUND), _moved(middle, 1))
        return read_scenes(self, parameters, context, note, (first, last))

    def survey(self, run: Run) -> Survey:
        """Find the pass, and narrow the recipe to it.

        Raises:
            NothingFound: There is nothing on that day, or nothing of it is clear.
        """
        scenes = self.recipe.scenes
        found = run.survey(scenes)
        every = passes(found)
        if self._scene or self._day:
            taken = self._asked_for(every)
            share = self._shares(run, [taken])[0] if taken else 0.0
            if taken is None or not share:
                raise self._nothing(run, every, taken)
        else:
            of_each = self._shares(run, every)
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
        self._taken, self._share = taken, share
        self.recipe = replace(self.recipe, scenes=of_pass(scenes, taken))
        return found.of(taken.ids)

    def summarise(self, run: Run) -> dict[str, Any]:  # noqa: ARG002
        """Tell which look it is."""
        return {
            "DATE_FOUND": self._taken.day.isoformat(),
            "SCENE_IDS": ",".join(self._taken.ids),
            "CLEAR_SHARE_PERCENT": 100 * self._share,
        }

    def _asked_for(self, every: Sequence[Pass]) -> Pass | None:
        """Find the pass of the day, or the scene of the id."""
        for one in every:
            if self._scene:
                scenes = tuple(scene for scene in one.scenes if scene.index == self._scene)
                if scenes:
                    return Pass(one.day, scenes)
            elif self._day == one.day or any(scene.day == self._day for scene in one.scenes):
                return one
        return None

    def _nothing(self, run: Run, every: Sequence[Pass], taken: Pass | None) -> NothingFound:
        """Say what is missing, and name the nearest days with what is clear of each."""
        middle = self._day or _day_of(self._scene)
        asked = _("the scene {scene}", scene=self._scene) if self._scene else f"{self._day}"
        others = sorted(every, key=lambda one: abs((one.day - middle).days))
        near = sorted(
            [one for one in others if taken is None or one.day != taken.day][:_NAMED], key=lambda one: one.day
        )
        of_each = self._shares(run, near) if near else []
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

    def _shares(self, run: Run, every: Sequence[Pass]) -> list[float]:
        """Ask for the share of the area that is clear in each pass."""
        found: list[float] = []
        for first in range(0, len(every), _MOST):
            part = every[first : first + _MOST]
            found += read_shares(run.client.value(shares(self.recipe.scenes, part)), len(part))
        return found


_LOOSER = marked("Lower the threshold, or choose another window.")


def _day_of(scene: str) -> date:
    """Read the day from the id of a scene.

    Raises:
        InvalidChoice: It is no such id.
    """
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
