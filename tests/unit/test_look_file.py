"""What has arrived, on disk: found again, asked again where a score came late, and never half of an answer."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from csplus.csplus_plugin.core.errors import FileTrouble
from csplus.csplus_plugin.download.look_file import Entry, LookFile

DAY = date(2023, 1, 5)
SEEN, HIDDEN = [3.0, 0.5, 1.0, 0.7, 0.2], [0.0, 0.0, 0.0, None, None]


def entry(number: int, numbers: list, *, day: date = DAY, scenes: int = 2, unscored: int = 0) -> Entry:
    return Entry("place", number, day, scenes, unscored, numbers)


def needs(file: LookFile, number: int, scenes: int = 2, unscored: int = 0, day: date = DAY) -> bool:
    return file.needs(file.known("place").get(number), day, scenes, unscored)


def test_what_is_stored_is_found_again(tmp_path: Path) -> None:
    path = tmp_path / "a.looks"
    with LookFile(path, "recipe") as file:
        file.add([entry(2, SEEN, day=date(2023, 1, 10)), entry(1, SEEN)])
        file.add([entry(1, HIDDEN)])  # takes the place of the first
    with LookFile(path, "recipe") as file:
        window = file.entries("place", DAY, date(2023, 1, 31))
        assert list(window) == [(1, DAY, HIDDEN), (2, date(2023, 1, 10), SEEN)]
        assert list(file.entries("place", date(2023, 1, 6), date(2023, 1, 9))) == []
        assert file.known("other") == {}
    with LookFile(path, "another recipe") as file:
        assert file.known("place") == {}


def test_what_may_have_changed_is_asked_again(tmp_path: Path) -> None:
    today = date.today()  # noqa: DTZ011 as the file has it
    young = today - timedelta(days=3)
    with LookFile(tmp_path / "a.looks", "recipe") as file:
        assert needs(file, 1)
        file.add([entry(1, SEEN, unscored=1), entry(2, HIDDEN), entry(3, HIDDEN, day=young)])
        assert not needs(file, 1, unscored=1)
        assert needs(file, 1, unscored=0)  # the score came
        assert needs(file, 1, unscored=1, scenes=3)  # a scene came
        assert needs(
            file, 1, unscored=1, day=DAY + timedelta(days=1)
        )  # it begins on another day: its first scene went
        assert not needs(file, 2)  # old: its score hides the place for good
        assert needs(file, 3, day=young)


def test_a_second_run_is_kept_away_until_the_first_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.looks"
    with LookFile(path, "recipe"), pytest.raises(FileTrouble, match="Another run is writing"):
        LookFile(path, "recipe")
    LookFile(path, "recipe").__exit__()


def test_links_and_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "folder").mkdir()
    for name in ("link", "folder"):
        with pytest.raises(FileTrouble, match="no ordinary file"):
            LookFile(tmp_path / name, "recipe")
    with pytest.raises(FileTrouble, match="Cannot write"):
        LookFile(tmp_path / "missing" / "a.looks", "recipe")


def test_half_an_answer_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.looks"
    with LookFile(path, "recipe") as file, pytest.raises(FileTrouble):
        file.add([entry(1, SEEN), Entry("place", 2, DAY, object(), 0, SEEN)])  # type: ignore[arg-type]
    with LookFile(path, "recipe") as file:
        assert file.known("place") == {}


def test_a_file_into_which_nothing_came_is_not_left_behind(tmp_path: Path) -> None:
    path = tmp_path / "series.gpkg.looks"
    with LookFile(path, "recipe"):
        assert path.exists()
    assert list(tmp_path.iterdir()) == []
    with LookFile(path, "recipe") as file:
        file.add([Entry("a", 1, date(2023, 1, 1), 1, 0, [1.0, 1.0, 1.0, 0.9])])
    with LookFile(path, "another recipe"):
        pass
    with LookFile(path, "recipe") as file:
        assert list(file.known("a")) == [1]
