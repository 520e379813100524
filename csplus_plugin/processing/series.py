"""One run of time series: surveys, then chunks of looks into the file beside the table, then rows out of it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

from ..core import passes as passing
from ..core import survey as surveying
from ..core.choices import Scenes
from ..core.errors import FileTrouble, NothingFound
from ..core.language import _, ngettext
from ..core.passes import Found, Pass
from ..core.places import Group, Place, groups
from ..core.sampling import ALL
from ..core.smoothing import whittaker
from ..core.survey import Survey
from ..core.table import Cell
from ..core.targets.series import STACK, Look, Series
from ..download.look_file import ENDING, Entry, LookFile
from ..earthengine.asking import Asker
from ..earthengine.chunks import Chunk, ChunkQueue, WholeQueue
from ..earthengine.workers import Persistence
from .features import Features
from .run import Run

_INTERVAL = 2.0
"""Seconds between two reports."""

_SURVEYED, _ASKED = 5.0, 95.0
"""Percent at which the scenes are known, and at which every look has arrived."""


class SeriesRun:
    """Asks what is not known yet, and makes the rows.

    Args:
        run: The open run.
        scenes: The choices; the region holds every feature.
        target: The choices of the series.
        features: Whose series.
    """

    def __init__(self, run: Run, scenes: Scenes, target: Series, features: Features) -> None:
        self._run, self._scenes, self._target, self._features = run, scenes, target, features
        self._persistence = Persistence()

    def survey(self) -> Survey:
        """Ask which passes there are over each group of features, and report the scenes of all.

        Raises:
            NothingFound: No scene is left.
        """
        found = groups(place for place in self._features.places if place)
        of_group = {number: replace(self._scenes, region=group.region) for number, group in enumerate(found)}
        asker = Asker(
            self._run.client,
            WholeQueue(of_group),
            lambda number: passing.question(of_group[number], found[number].places),
            lambda number, values: passing.answer(of_group[number], values),
            self._persistence,
            self._run.is_cancelled,
        )
        known: dict[int, Found] = {}
        for number, scenes in asker.ask():
            known[number] = scenes
            self._run.show(
                _SURVEYED * len(known) / len(found),
                _("{done} of {count} surveys", done=len(known), count=len(found)),
            )
        # A pass without any score shows nothing where such scenes are left out: it is asked for once it has one.
        is_kept = self._scenes.unscored_policy in ("keep", "scl")
        self._groups = [
            (
                group,
                of_group[number],
                [
                    one
                    for one in passing.passes(known[number].timed)
                    if is_kept or one.unscored_count < one.scene_count
                ],
            )
            for number, group in enumerate(found)
        ]
        survey = passing.together(self._scenes, known.values())
        if not survey.scenes:
            raise NothingFound(
                _("No scenes {what}.", what=survey.left[0][0]),
                _("Choose a longer window or fewer filters, or check where they are."),
            )
        surveying.check_policy(self._scenes, survey, needs_scores=True)
        for line in surveying.report(survey):
            self._run.say(line)
        for line in surveying.warnings(self._scenes, survey):
            self._run.warn(line)
        return survey

    def ask(self, file: LookFile) -> None:
        """Ask for every look that the file does not hold, and store it.

        Raises:
            CsPlusError: Cancelled, refused, or a disk that is full; what has arrived stays.
        """
        work: list[Chunk[Place, Pass]] = []
        known = 0
        for group, scenes, passes in self._groups:
            work += _unknown(file, group, passes, scenes)
            known += len(group.places) * len(passes)
        queue = ChunkQueue(work, STACK)
        left = total = queue.unfinished
        places = sum(len(group.places) for group, _, _ in self._groups)
        self._run.say(
            _(
                "Looks: {looks} (places: {places}); known: {answered}; to be asked for: {left}.",
                looks=known,
                places=places,
                answered=known - left,
                left=left,
            )
        )
        asker = Asker(
            self._run.client, queue, self._question, self._read, self._persistence, self._run.is_cancelled
        )

        shown = 0.0

        def report(in_progress: int) -> None:
            nonlocal shown
            if time.monotonic() - shown < _INTERVAL:
                return
            shown = time.monotonic()
            share = 1 - queue.unfinished / total if total else 1.0
            text = _(
                "{done} of {count} looks, {in_progress} requests in progress",
                done=total - queue.unfinished,
                count=total,
                in_progress=in_progress,
            )
            if asker.retries:
                text += f", {ngettext('{count} retry', '{count} retries', asker.retries)}"
            self._run.show(_SURVEYED + (_ASKED - _SURVEYED) * share, text)

        for chunk, looks in asker.ask(report):
            file.add(_entries(chunk, looks))
        if total:
            self._run.say(
                _(
                    "All looks have arrived. Retries: {retries}; chunks split: {splits}.",
                    retries=asker.retries,
                    splits=asker.splits,
                )
            )

    def rows(self, file: LookFile) -> Iterator[tuple[Cell, ...]]:
        """Make the rows, feature by feature, in order of time.

        Raises:
            FileTrouble: The file is damaged.
        """
        first, last = self._scenes.start, self._scenes.end
        numbers: dict[str, frozenset[int]] = {}
        for group, _scenes, passes in self._groups:
            numbers |= dict.fromkeys(
                (place.key for place in group.places), frozenset(one.number for one in passes)
            )
        for feature, place in zip(self._features.ids, self._features.places, strict=True):
            if place is None:
                yield self._target.empty_row(feature, _("no geometry"))
                continue
            of_window = numbers[place.key]
            looks = [
                (day, _checked(content, len(self._target.pairs)))
                for number, day, content in file.entries(place.key, first, last)
                if number in of_window
            ]
            if len(looks) < len(of_window):  # each was there, or was just stored
                raise _damaged()
            yield from self._rows(feature, [(day, look) for day, look in looks if look.seen_share > 0])

    def _rows(self, feature: Cell, looks: Sequence[tuple[date, Look]]) -> Iterator[tuple[Cell, ...]]:
        target = self._target
        least = min(target.min_clear, ALL)
        kept = [(day, look) for day, look in looks if look.clear_share >= least]
        if not kept:
            clearest = max((look.clear_share for _, look in looks), default=None)
            note = (
                _("no clear look among {count}", count=len(looks)) if looks else _("never seen with a score")
            )
            yield target.empty_row(feature, note, clearest)
        smooth = [self._smooth(number, kept) for number in target.smoothed]
        for place, (day, look) in enumerate(kept):
            yield target.cells(feature, day, look, [column[place] for column in smooth])

    def _smooth(self, number: int, looks: Sequence[tuple[date, Look]]) -> list[float | None]:
        values = [self._target.physical(number, look.values[number]) for _, look in looks]
        known = [
            (day, look, value) for (day, look), value in zip(looks, values, strict=True) if value is not None
        ]
        made = whittaker(
            [day.toordinal() for day, _, _ in known],
            [value for _, _, value in known],
            [look.clear_share for _, look, _ in known],
            self._target.smooth,
        )
        smoothed = iter(made)
        return [None if value is None else next(smoothed) for value in values]

    def _question(self, chunk: Chunk[Place, Pass]) -> Any:
        first, last = chunk.passes[0].first, chunk.passes[-1].last
        narrow = replace(chunk.choices, start=_utc_day(first), end=_utc_day(last))
        return self._target.question(narrow, chunk.places, chunk.passes)

    def _read(self, chunk: Chunk[Place, Pass], values: Any) -> list[list[Look]]:
        return self._target.looks(values, chunk.places, len(chunk.passes))


@contextmanager
def look_file(table: Path | None, recipe: str) -> Iterator[LookFile]:
    """Open the file beside the table; where the table is no file, one that goes with the run.

    Raises:
        FileTrouble: Nothing can be written there, or another run uses it.
    """
    if table is not None:
        with LookFile(table.with_name(table.name + ENDING), recipe) as file:
            yield file
        return
    with (
        tempfile.TemporaryDirectory(prefix="csplus-") as folder,
        LookFile(Path(folder) / ENDING, recipe) as file,
    ):
        yield file


def _unknown(
    file: LookFile, group: Group, passes: Sequence[Pass], scenes: Scenes
) -> list[Chunk[Place, Pass]]:
    """Put the places together that lack the same passes."""
    lacking: dict[tuple[int, ...], list[Place]] = {}
    for place in group.places:
        known = file.known(place.key)
        missing = tuple(
            number
            for number, one in enumerate(passes)
            if file.needs(known.get(one.number), one.day, one.scene_count, one.unscored_count)
        )
        lacking.setdefault(missing, []).append(place)
    return [
        Chunk(places, [passes[number] for number in missing], scenes)
        for missing, places in lacking.items()
        if missing
    ]


def _entries(chunk: Chunk[Place, Pass], looks: Sequence[Sequence[Look]]) -> Iterator[Entry]:
    for one, of_pass in zip(chunk.passes, looks, strict=True):
        for place, look in zip(chunk.places, of_pass, strict=True):
            yield Entry(
                place.key, one.number, one.day, one.scene_count, one.unscored_count, look.to_numbers()
            )


def _checked(numbers: Any, count: int) -> Look:
    look = Look.from_numbers(numbers, count)
    if look is None:
        raise _damaged()
    return look


def _damaged() -> FileTrouble:
    return FileTrouble(
        _("The file beside the table that ends in {ending} is damaged.", ending=ENDING),
        _("Move it away; the next run asks for everything again."),
    )


def _utc_day(milliseconds: int) -> date:
    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc).date()
