"""A report in a real browser: nothing in its console, nothing asked of the network, tooltip and legend at work."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.core.reports.chart import Chart, Mark, Series
from csplus.csplus_plugin.core.reports.report import Report, page
from csplus.csplus_plugin.core.series_report import Gatherer
from csplus.csplus_plugin.core.table import Column, Table
from csplus.csplus_plugin.core.targets.series import Series as TimeSeries

from ..support.browser import Page, browser, find_browser
from ..support.recipes import JANUARY

WITHOUT_BROWSER = "CSPLUS_TESTS_WITHOUT_BROWSER"
EVIL = "</script><script>console.log('run')</script><img src=http://127.0.0.1:9/ onerror=console.log(1)>"
PLACES = ((0.2, 90.0, 80.0), (0.4, 70.0, 50.0), (0.6, 60.0, None), (0.8, 20.0, 10.0))


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    if os.environ.get(WITHOUT_BROWSER):
        pytest.skip(f"{WITHOUT_BROWSER} is set: this machine has no browser")
    assert find_browser(), f"No Chromium: run make setup, or set {WITHOUT_BROWSER}=1."
    with browser(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    kept = Chart(
        "Share kept",
        "Threshold",
        "Share (percent)",
        (
            Series("cs_cdf", tuple((x, a) for x, a, _ in PLACES)),
            Series("cs", tuple((x, b) for x, _, b in PLACES), notes=("", "", "hazy", "")),
        ),
        (Mark("y", 95, "95 %"),),
    )
    first = date(2023, 1, 5)
    days = tuple((first + timedelta(days=5 * n), n / 10) for n in range(8))
    over_time = Chart("NDVI", "Day", "NDVI", (Series(EVIL, days, "points"),))
    report = Report(
        EVIL,
        (EVIL,),
        (kept, over_time),
        (
            Column("name", "text", "Name of the field"),
            *(Column(f"c{n}", "number", f"Column {n}") for n in range(9)),
        ),
        Table(tuple((EVIL, *range(9)) for _ in range(30))),
        EVIL,
    )
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(page(report), encoding="utf-8")
    return path.as_uri()


DAYS, FIELDS = 30, ('north, "old"', "Süd", EVIL)


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report of time series of three fields, each with a look every 12 days and a smooth line."""
    gatherer = made_of(FIELDS, DAYS)
    path = tmp_path_factory.mktemp("series") / "series.html"
    path.write_text(page(gatherer.report(("115 scenes on 75 days, 109 of them scored.",))), encoding="utf-8")
    return path.as_uri()


def made_of(fields: tuple[str, ...], days: int) -> Gatherer:
    recipe = Recipe(JANUARY, TimeSeries(bands=("B8",), smooth=1000))
    columns = recipe.target.columns(JANUARY, Column("feature", "text", "Feature, by name"))
    gatherer = Gatherer(recipe, columns, ("Made by the sandbox.",))
    rows = (
        (
            *(name, (date(2023, 1, 1) + timedelta(days=12 * at)).isoformat(), 61.5, 0.75, 0.9),
            *(
                ndvi(number, at) / 2,
                ndvi(number, at),
                ndvi(number, at) / 2 + 0.01,
                ndvi(number, at) + 0.01,
                "",
            ),
        )
        for number, name in enumerate(fields)
        for at in range(days)
    )
    assert len(list(gatherer.through(rows))) == len(fields) * days
    return gatherer


def ndvi(field: int, look: int) -> float:
    return 0.2 + 0.1 * field + 0.01 * (look % 15)


def box(page: Page, selector: str, number: int = 0) -> tuple[float, float, float, float]:
    """Where an element lies in the window: x, y, width, height."""
    found = f"document.querySelectorAll({selector!r})[{number}].getBoundingClientRect()"
    return tuple(page.run(f"(({{x, y, width, height}}) => [x, y, width, height])({found})"))


def place(page: Page, x: float, low: float, high: float) -> tuple[float, float]:
    """Where a value of the first chart's x axis is in the window."""
    left, top, width, height = box(page, "svg.wide")
    begin, _, end, *_ = map(float, page.run("document.querySelector('svg.wide').dataset.axes").split())
    across = begin + (x - low) / (high - low) * (end - begin)
    return left + across * width / 760, top + height / 2


def tip(page: Page, figure: int = 0) -> str | None:
    """What the tooltip says; None where it is not seen."""
    element = f"document.querySelectorAll('figure')[{figure}].querySelector('.tip')"
    return page.run(f"{element}.hidden ? null : {element}.innerText")


def test_it_opens_offline_without_a_complaint(chromium: Page, address: str) -> None:
    chromium.requests.clear()
    chromium.open(address)
    assert chromium.requests == [address]
    assert chromium.complaints == []
    assert chromium.run("document.querySelectorAll('img, iframe, link').length") == 0
    assert chromium.run("document.title").startswith("</script>")


def test_the_tooltip_tells_the_values_that_are_pointed_at(chromium: Page, address: str) -> None:
    chromium.open(address)
    assert tip(chromium) is None
    chromium.point_at(*place(chromium, 0.43, 0.2, 0.8))
    assert tip(chromium) == "Threshold: 0.4\ncs_cdf: 70\ncs: 50"
    chromium.point_at(*place(chromium, 0.61, 0.2, 0.8))
    assert tip(chromium) == "Threshold: 0.6\ncs_cdf: 60\ncs: no value (hazy)"
    assert chromium.run("document.querySelectorAll('.cursor circle').length") == 1
    chromium.point_at(5, 5)
    assert tip(chromium) is None
    chromium.run("document.querySelectorAll('svg.wide')[1].focus()")
    for _ in range(2):
        chromium.press("ArrowRight")
    assert tip(chromium, 1) == f"2023-01-10\n{EVIL}: 0.1"
    assert chromium.complaints == []


def test_the_legend_hides_a_series_and_shows_it_again(chromium: Page, address: str) -> None:
    chromium.open(address)
    seen = "getComputedStyle(document.querySelector('svg.wide [data-series=\"1\"]')).display"
    left, top, width, height = box(chromium, ".legend button", 1)
    chromium.click(left + width / 2, top + height / 2)
    assert chromium.run(seen) == "none"
    chromium.point_at(*place(chromium, 0.4, 0.2, 0.8))
    assert tip(chromium) == "Threshold: 0.4\ncs_cdf: 70"
    chromium.click(left + width / 2, top + height / 2)
    assert chromium.run(seen) == "inline"
    assert chromium.complaints == []


def test_the_series_of_fields_tell_their_looks_and_their_smooth_lines(chromium: Page, series: str) -> None:
    chromium.requests.clear()
    chromium.open(series)
    assert chromium.requests == [series]
    titles = "[...document.querySelectorAll('figcaption')].map(one => one.innerText)"
    assert chromium.run(titles) == ["Mean of B8 reflectance (0 to 1)", "Mean of NDVI"]
    legend = "document.querySelectorAll('.legend')[1].innerText"
    names = [f"{name}{ending}" for name in FIELDS for ending in ("", ", smoothed")]
    assert chromium.run(legend).split("\n") == ["Feature, by name:", *names]
    chromium.run("document.querySelectorAll('svg.wide')[1].scrollIntoView()")
    chromium.run("document.querySelectorAll('svg.wide')[1].focus()")
    for _ in range(4):
        chromium.press("ArrowRight")
    told = tip(chromium, 1).split("\n")
    assert told[0] == "2023-02-06"
    values = [f"{round(ndvi(number, 3) + more, 4):g}" for number in range(3) for more in (0, 0.01)]
    notes = [" (75 % clear)", ""] * 3
    assert told[1:] == [
        f"{name}: {value}{note}" for name, value, note in zip(names, values, notes, strict=True)
    ]
    circles = "[...document.querySelectorAll('figure')[1].querySelectorAll('.cursor circle')]"
    painted = chromium.run(f"{circles}.map(one => one.getAttribute('fill'))")
    assert len(painted) == 6
    assert painted[::2] == painted[1::2]  # a field's looks and its smooth line have one colour
    assert len(set(painted)) == 3
    assert chromium.complaints == []


def test_the_looks_of_a_field_are_hidden_and_its_smooth_line_stays(chromium: Page, series: str) -> None:
    chromium.open(series)
    left, top, width, height = box(chromium, ".legend button", 2)
    chromium.click(left + width / 2, top + height / 2)
    styles = (
        '[2, 3].map(n => getComputedStyle(document.querySelector(`svg.wide [data-series="${n}"]`)).display)'
    )
    assert chromium.run(styles) == ["none", "inline"]
    assert chromium.complaints == []


@pytest.mark.parametrize("dark", [False, True])
def test_lines_and_letters_stand_out_from_the_paper(
    chromium: Page, series: str, tmp_path: Path, dark: bool
) -> None:
    """WCAG 2.2 asks for a contrast of 3 for what is drawn, and of 4.5 for what is written."""
    chromium.open(series, dark=dark)
    chromium.run("document.querySelector('svg.wide').scrollIntoView()")
    seen = chromium.pixels(tmp_path)
    left, top, *_ = box(chromium, "svg.wide")
    paper = seen[round(top) + 3, round(left) + 3]
    assert luminance(paper) < 0.02 if dark else luminance(paper) > 0.95
    for number in (0, 2, 4):
        x, y, width, height = box(chromium, f'svg.wide [data-series="{number}"] path')
        assert contrast(seen[round(y + height / 2), round(x + width / 2)], paper) >= 3
    written = chromium.run("getComputedStyle(document.querySelector('svg.wide text')).fill")
    ink = np.array([int(one) for one in re.findall(r"\d+", written)[:3]])
    assert contrast(ink, paper) >= 4.5


def luminance(colour: np.ndarray) -> float:
    """Relative luminance of an sRGB colour (WCAG 2.2)."""
    shares = colour / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def contrast(colour: np.ndarray, paper: np.ndarray) -> float:
    dark, light = sorted((luminance(colour), luminance(paper)))
    return (light + 0.05) / (dark + 0.05)


def test_the_series_of_many_fields_are_three_lines(chromium: Page, tmp_path: Path) -> None:
    path = tmp_path / "many.html"
    path.write_text(page(made_of(tuple(f"field {n}" for n in range(200)), 30).report()), encoding="utf-8")
    assert path.stat().st_size < 1_000_000
    chromium.open(path.as_uri(), 360, 700)
    assert chromium.run("document.documentElement.scrollWidth <= innerWidth")
    titles = chromium.run("[...document.querySelectorAll('figcaption')].map(one => one.innerText)")
    assert [title.partition(":")[0] for title in titles][2:] == ["Mean of NDVI", "Mean of NDVI, smoothed"]
    assert (
        chromium.run("document.querySelectorAll('figure')[2].querySelectorAll('.legend button').length") == 3
    )
    assert chromium.complaints == []


@pytest.mark.parametrize("which", ["address", "series"])
@pytest.mark.parametrize(("width", "sheet"), [(1000, "wide"), (360, "narrow")])
def test_it_fits_the_window_and_its_letters_can_be_read(
    chromium: Page, request: pytest.FixtureRequest, which: str, width: int, sheet: str
) -> None:
    chromium.open(request.getfixturevalue(which), width, 700)
    assert chromium.run("document.documentElement.scrollWidth <= innerWidth")
    shown = chromium.run(
        "[...document.querySelectorAll('svg[data-axes]')].filter(s => s.clientWidth).map(s => s.classList[0])"
    )
    assert shown == [sheet, sheet]
    drawing = f"document.querySelector('svg.{sheet}')"
    assert chromium.run(f"13 * {drawing}.clientWidth / {drawing}.viewBox.baseVal.width") >= 11
    chromium.run(f"{drawing}.scrollIntoView()")
    left, top, wide, high = box(chromium, f"svg.{sheet}")
    chromium.point_at(left + wide - 17, top + high / 2)
    last = {"address": "Threshold: 0.8\ncs_cdf: 20\ncs: 10", "series": "2023-12-15\n"}[which]
    assert tip(chromium).startswith(last)
    tip_left, _, tip_width, _ = box(chromium, ".tip")
    assert tip_left >= 0
    assert tip_left + tip_width <= width


@pytest.mark.parametrize("which", ["address", "series"])
def test_it_prints_with_its_recipe(
    chromium: Page, request: pytest.FixtureRequest, which: str, tmp_path: Path
) -> None:
    chromium.open(request.getfixturevalue(which))
    chromium.paper(tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    chromium.send("Emulation.setEmulatedMedia", media="print")
    assert chromium.run("document.querySelector('pre').getBoundingClientRect().height") > 10
    assert chromium.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    chromium.send("Emulation.setEmulatedMedia", media="")
