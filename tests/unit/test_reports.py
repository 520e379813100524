"""Reports as text: sizes, escaping, ticks, and lines that stay the same when they are thinned."""

from __future__ import annotations

import json
import math
import random
import re
from datetime import date, timedelta
from html.parser import HTMLParser

import pytest
from csplus.csplus_plugin.core.catalog import ATTRIBUTION, CITATION
from csplus.csplus_plugin.core.reports.axis import Axis, day_ticks, number_ticks, widened
from csplus.csplus_plugin.core.reports.chart import Chart, Mark, Series
from csplus.csplus_plugin.core.reports.drawing import COLOURS, NARROW, WIDE, draw
from csplus.csplus_plugin.core.reports.report import LARGEST, Report, page
from csplus.csplus_plugin.core.reports.thinning import thinned
from csplus.csplus_plugin.core.table import Column, Table
from hypothesis import given
from hypothesis import strategies as st

from ..support.examples import examples

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)> \u202e\ud800 \"'&"
COLUMNS = (Column("name", "text", "Name"), Column("value", "number", "Value (percent)"))


class Reader(HTMLParser):
    """Every element, and all text outside scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.texts: list[str] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag

    def handle_data(self, data: str) -> None:
        if self._inside not in ("script", "style"):
            self.texts.append(data)


def report(*charts: Chart, rows: tuple = (), **changes: object) -> Report:
    made = {"title": "Title", "lead": (), "columns": COLUMNS, "table": Table(rows), "recipe": "{}"}
    return Report(charts=charts, **{**made, **changes})


def line(count: int, name: str = "one", kind: str = "line", notes: tuple = ()) -> Series:
    first = date(2017, 4, 1)
    points = tuple((first + timedelta(days=n), random.Random(n).random()) for n in range(count))
    return Series(name, points, kind, notes)


def test_what_is_foreign_is_text_and_nothing_else() -> None:
    evil = Series(EVIL, ((1.0, 2.0), (2.0, 1.0)), notes=(EVIL, EVIL))
    chart = Chart(EVIL, EVIL, EVIL, (evil,), (Mark("x", 1.5, EVIL), Mark("y", 1.5, EVIL)))
    columns = (Column("a", "text", EVIL),)
    text = page(report(chart, columns=columns, rows=((EVIL,),), title=EVIL, lead=(EVIL,), recipe=EVIL,
                       notices=(EVIL,)))  # fmt: skip
    text.encode("utf-8")
    found = Reader(text)
    names = [name for name, _ in found.elements]
    assert names.count("script") == 2  # the numbers and the page's own
    assert "img" not in names
    assert not [one for _, one in found.elements if any(key.startswith("on") for key in one)]
    assert "\u202e" not in text
    (content,) = re.findall(r'<script type="application/json">(.*?)</script>', text)
    assert json.loads(content)["series"][0]["name"].startswith("</script>")
    assert "alert(1)" in "".join(found.texts)


def test_it_says_title_units_recipe_attribution_and_table_below_the_chart() -> None:
    chart = Chart("Kept", "Threshold", "Share (percent)", (Series("cs", ((0.0, 1.0), (1.0, 0.0))),))
    recipe = json.dumps({"schema": 1})
    text = page(report(chart, rows=(("field", 12.5), ("other", None), ("third", math.nan)), recipe=recipe))
    said = " ".join(Reader(text).texts)
    for piece in ("Title", "Share (percent)", "Threshold", ATTRIBUTION, CITATION, recipe, "12.5", "3 rows."):
        assert piece in said, piece
    assert said.count("\N{EN DASH}") == 2
    assert text.index("<figure>") < text.index("<table>") < text.index("<details>") < text.index("<footer>")
    assert not re.findall(r'(?:src|href)="', text)


@pytest.mark.parametrize(
    ("charts", "series", "points", "rows"),
    [(1, 1, 3000, 0), (1, 40, 3000, 5000), (200, 3, 100, 50_000), (3, 60, 800, 100)],
)
def test_it_stays_below_a_megabyte_and_says_what_it_left_out(
    charts: int, series: int, points: int, rows: int
) -> None:
    one = Chart(
        "é" * 300,
        "Day",
        "NDVI",
        tuple(line(points, "é" * 300, notes=("é" * 90,) * points) for _ in range(series)),
    )
    table = tuple((f"field {n}", n / 7) for n in range(rows))
    text = page(report(*(one,) * charts, rows=table))
    assert len(text.encode()) <= LARGEST < 1_000_000
    shown = len(re.findall(r"<tr><td", text))
    assert (f"The first {shown} of {rows} rows" if shown < rows else f"{rows} rows.") in text
    drawn = text.count("<figure>")
    assert (f"{charts - drawn} of {charts} charts have no room" in text) == (drawn < charts)
    if drawn and series > 40:
        assert "Only the first 40 are drawn; 20 more are in the table." in text


def test_a_recipe_of_a_very_detailed_area_is_named_and_not_repeated() -> None:
    text = page(report(recipe="x" * 2_000_000))
    assert "2,000,000 characters" in text
    assert len(text) < 100_000


@examples(60)
@given(st.lists(st.none() | st.floats(-9, 9), min_size=1, max_size=3000), st.integers(1, 50))
def test_a_thinned_line_keeps_ends_extremes_and_breaks_of_each_column(values: list, columns: int) -> None:
    points = [(float(n), value) for n, value in enumerate(values)]
    kept = thinned(points, columns)
    assert kept == sorted(set(kept))
    assert len(kept) <= max(4 * columns, 5 * (columns + 1))
    left = [values[n] for n in kept]
    present = [value for value in values if value is not None]
    assert (kept[0], kept[-1]) == (0, len(values) - 1)
    if present:
        assert (min(present), max(present)) == (
            min(v for v in left if v is not None),
            max(v for v in left if v is not None),
        )
    assert (None in values) == (None in left)


@examples(200)
@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 12))
def test_numbers_at_ticks_are_round_in_range_and_told_apart(low: float, span: float, most: int) -> None:
    low, high = widened(low, low + span, most)
    ticks = number_ticks(low, high, most)
    labels = [label for _, label in ticks]
    assert 1 <= len(ticks) <= most + 3
    assert len(set(labels)) == len(labels)
    for value, label in ticks:
        assert float(label) == pytest.approx(value, rel=1e-9, abs=span * 1e-6)


@examples(200)
@given(st.dates(date(1, 1, 1), date(9990, 1, 1)), st.integers(0, 3000), st.integers(2, 12))
def test_days_at_ticks_are_in_range_and_few(first: date, days: int, most: int) -> None:
    low = first.toordinal()
    ticks = day_ticks(low, low + days, most)
    assert len(ticks) <= most
    assert all(low <= value <= low + days for value, _ in ticks)
    assert len({label for _, label in ticks}) == len(ticks) or days > 366
    if ticks:
        day = date.fromordinal(int(ticks[0][0]))
        assert ticks[0][1].endswith(str(day.year))


@pytest.mark.parametrize(
    ("first", "last", "labels"),
    [
        (date(2023, 1, 1), date(2023, 12, 31), ["Jan 2023", "Mar", "May", "Jul", "Sep", "Nov"]),
        (date(2022, 11, 3), date(2023, 2, 10), ["Dec 2022", "Jan 2023", "Feb"]),
        (date(2023, 5, 3), date(2023, 5, 6), ["3 May 2023", "4 May", "5 May", "6 May"]),
        (date(2016, 5, 3), date(2025, 5, 6), ["2018", "2020", "2022", "2024"]),
    ],
)
def test_days_at_ticks_read_as_people_write_them(first: date, last: date, labels: list[str]) -> None:
    assert [label for _, label in day_ticks(first.toordinal(), last.toordinal(), 6)] == labels


def test_the_drawing_shows_each_value_where_the_axes_say() -> None:
    chart = Chart("Kept", "Threshold", "Share", (Series("a", ((0.0, 3.0), (0.25, 8.0), (1.0, 5.0))),))
    for sheet in (WIDE, NARROW):
        text = draw(chart, sheet)
        numbers = re.search(r'data-axes="([^"]*)"', text).group(1)
        left, top, right, bottom, low_x, high_x, low_y, high_y = map(float, numbers.split())
        (path,) = re.findall(rf'stroke="{COLOURS[0]}"[^>]* d="([^"]*)"', text)
        places = [tuple(map(float, one)) for one in re.findall(r"([\d.]+),([\d.]+)", path)]
        for (x, y), (across, up) in zip(chart.series[0].points, places, strict=True):
            assert across == pytest.approx(left + (x - low_x) / (high_x - low_x) * (right - left), abs=0.06)
            assert up == pytest.approx(bottom + (y - low_y) / (high_y - low_y) * (top - bottom), abs=0.06)


def test_a_line_is_broken_where_a_value_is_missing_and_a_lone_one_is_a_dot() -> None:
    points = ((0.0, 1.0), (1.0, 2.0), (2.0, None), (3.0, 1.5), (4.0, math.inf), (5.0, 1.0))
    text = draw(Chart("", "", "", (Series("a", points),)), WIDE)
    (path,) = re.findall(rf'stroke="{COLOURS[0]}"[^>]* d="([^"]*)"', text)
    assert path.count("M") == 3
    assert path.count("a2,2") == 4  # two dots of two arcs each
    stepped = draw(Chart("", "", "", (Series("a", points, "step"),)), WIDE)
    assert (
        len(re.findall(r"H[\d.]+V[\d.]+", re.findall(rf'"{COLOURS[0]}"[^>]* d="([^"]*)"', stepped)[0])) == 1
    )


def test_an_empty_chart_and_one_of_a_single_point_are_drawn() -> None:
    for points in ((), ((date(2023, 1, 5), None),), ((date(2023, 1, 5), 0.0),), ((0.0, 5.0),)):
        assert "<svg" in draw(Chart("", "", "", (Series("a", points),)), WIDE)


def test_an_axis_turns_values_into_places() -> None:
    assert Axis(0, 10, 100, 300).at(2.5) == 150
    assert Axis(0, 10, 300, 100).at(2.5) == 250
