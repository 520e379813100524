"""What has arrived of time series, on disk beside the table: a place, a recipe and a pass are asked for once.

An SQLite file. Each answer is one transaction, so whatever ends the process, what is in the file is whole; a run that
is started again asks for the rest, and one of next month for the new days.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from ..core.errors import FileTrouble
from ..core.language import _

ENDING = ".looks"
"""Added to the name of the table's file."""

_OURS = 0x43535031
"""Number by which SQLite tells whose a file is (PRAGMA application_id)."""

_TABLE = (
    "CREATE TABLE looks (recipe TEXT, place TEXT, pass INTEGER, day INTEGER, scenes INTEGER, unscored INTEGER, "
    "asked INTEGER, numbers TEXT, PRIMARY KEY (recipe, place, pass)) WITHOUT ROWID"
)

_SEAL = 8
"""Characters of a checksum."""

_YOUNG = 30
"""Days within which a score that hides a whole place may still change."""


@dataclass(frozen=True)
class Entry:
    """What is known of a place in a pass.

    Attributes:
        place: Key of the place.
        number: Number of the pass.
        day: UTC day on which it began.
        scenes: Its scenes, when it was asked for.
        unscored: How many of them had no score then.
        numbers: What was answered.
    """

    place: str
    number: int
    day: date
    scenes: int
    unscored: int
    numbers: list[float | None]


class Known(NamedTuple):
    """What is known of a place in a pass, short of its numbers.

    Attributes:
        day: UTC day on which the pass began, as of then.
        scenes: Its scenes as of then.
        unscored: How many of them had no score then.
        is_seen: Whether the place was seen.
        asked: Day when it was asked for.
    """

    day: date
    scenes: int
    unscored: int
    is_seen: bool
    asked: date


class LookFile:
    """The entries of one recipe. Use as a context manager, from one thread.

    Args:
        path: Where it is; made if there is none.
        recipe: Tells what is asked for.

    Raises:
        FileTrouble: Nothing can be written there, another run uses it, or it is no such file.
    """

    def __init__(self, path: Path, recipe: str) -> None:
        self._path, self._recipe = path, recipe
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise FileTrouble(
                _("{name} is there already and is no ordinary file.", name=path.name), _("Move it away.")
            )
        self._is_new = not path.exists()
        with self._sqlite_errors():
            self._file = sqlite3.connect(path, isolation_level=None, timeout=0)
        try:
            with self._sqlite_errors():
                self._open()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> LookFile:
        return self

    def __exit__(self, *_: object) -> None:
        # A run that was refused before anything arrived leaves nothing behind.
        is_empty = False
        with suppress(sqlite3.Error):
            is_empty = self._file.execute("SELECT 1 FROM looks LIMIT 1").fetchone() is None
        self._file.close()
        if self._is_new and is_empty:
            with suppress(OSError):
                self._path.unlink()

    def known(self, place: str) -> dict[int, Known]:
        """Give what is known of a place, by the number of the pass."""
        chosen = "SELECT * FROM looks WHERE recipe = ? AND place = ?"
        with self._sqlite_errors():
            found = {}
            for *row, numbers in self._file.execute(chosen, (self._recipe, place)).fetchall():
                _, _, number, day, scenes, unscored, asked = row
                found[int(number)] = Known(
                    date.fromordinal(int(day)),
                    int(scenes),
                    int(unscored),
                    _is_seen(_opened(numbers, row)),
                    date.fromordinal(int(asked)),
                )
            return found

    def needs(self, known: Known | None, day: date, scenes: int, unscored: int) -> bool:
        """Tell whether a place in a pass has to be asked for, or again.

        Args:
            known: As `known` gives it; None if it was never asked for.
            day: Of the pass.
            scenes: Its scenes as of now.
            unscored: How many of them have no score as of now.
        """
        if known is None:
            return True
        # A scene came late, or the score of one, or the first one went; or a score hid the place while it was young.
        is_late = scenes > known.scenes or unscored < known.unscored or day != known.day
        return is_late or (not known.is_seen and (known.asked - day).days < _YOUNG)

    def add(self, entries: Iterable[Entry]) -> None:
        """Store the entries of one answer, all of them or none.

        Raises:
            FileTrouble: The disk is full or gone.
        """
        today = date.today().toordinal()  # noqa: DTZ011 the user's own calendar
        rows = []
        for one in entries:
            row = (self._recipe, one.place, one.number, one.day.toordinal(), one.scenes, one.unscored, today)
            rows.append((*row, _sealed(json.dumps(one.numbers, separators=(",", ":")), row)))
        with self._sqlite_errors():
            self._file.execute("BEGIN")
            self._file.executemany("INSERT OR REPLACE INTO looks VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
            self._file.execute("COMMIT")

    def entries(self, place: str, first: date, last: date) -> Iterator[tuple[int, date, Any]]:
        """Yield pass, day and numbers of a place within a window, in order of time; nobody has checked the numbers."""
        chosen = "SELECT * FROM looks WHERE recipe = ? AND place = ? AND day BETWEEN ? AND ? ORDER BY pass"
        with self._sqlite_errors():
            window = (self._recipe, place, first.toordinal(), last.toordinal())
            for *row, numbers in self._file.execute(chosen, window).fetchall():
                _, _, number, day, *_ = row
                yield int(number), date.fromordinal(int(day)), json.loads(_opened(numbers, row))

    def _open(self) -> None:
        run = self._file.execute
        run("PRAGMA trusted_schema = OFF")
        # Held until the file is closed, and given back by the system whatever ends the process.
        run("PRAGMA locking_mode = EXCLUSIVE")
        run("BEGIN EXCLUSIVE")
        (owner,) = run("PRAGMA application_id").fetchone()
        tables = [sql for (sql,) in run("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")]
        if not tables and owner == 0:
            run(f"PRAGMA application_id = {_OURS}")
            run(_TABLE)
        elif owner != _OURS or tables != [_TABLE]:
            raise FileTrouble(
                _(
                    "{name} is there already and does not hold time series of this plugin.",
                    name=self._path.name,
                ),
                _("Move it away, or choose another file for the table."),
            )
        run("COMMIT")
        run("PRAGMA synchronous = NORMAL")

    @contextmanager
    def _sqlite_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as problem:
            if "locked" in str(problem):
                raise FileTrouble(
                    _("Another run is writing {name} right now.", name=self._path.name),
                    _("Wait for it, or choose another file for the table."),
                ) from problem
            raise FileTrouble(
                _("Cannot write {path}: {problem}.", path=self._path, problem=problem),
                _("Check the folder and the room on the disk, and run again: nothing is asked for twice."),
            ) from problem
        except (sqlite3.Error, ValueError, TypeError, OverflowError, RecursionError) as problem:
            raise FileTrouble(
                _("{name} is damaged: {problem}.", name=self._path.name, problem=problem),
                _("Move it away; the next run asks for everything again."),
            ) from problem


def _sealed(numbers: str, row: Sequence[Any]) -> str:
    """Add a checksum of the whole row: a disk that turns a digit into another makes a number that looks sound."""
    return f"{numbers}{zlib.crc32(repr((*row, numbers)).encode()):08x}"


def _opened(sealed: str, row: Sequence[Any]) -> str:
    """Take the checksum off.

    Raises:
        ValueError: It is of another row.
    """
    numbers = sealed[:-_SEAL]
    if sealed != _sealed(numbers, row):
        raise ValueError("a row is not as it was written")
    return numbers


def _is_seen(numbers: str) -> bool:
    """Tell whether any of the place was seen: the third number says how much."""
    found = json.loads(numbers)
    return bool(found[2])
