"""A report in a real browser: nothing in its console, nothing asked of the network, tooltip and legend at work."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from csplus.csplus_plugin.core.reports.chart import Chart, Mark, Series
from csplus.csplus_plugin.core.reports.report import Report, page
from csplus.csplus_plugin.core.table import Column, Table

from ..support.browser import Page, browser, find_browser

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


@pytest.mark.parametrize(("width", "sheet"), [(1000, "wide"), (360, "narrow")])
def test_it_fits_the_window_and_its_letters_can_be_read(
    chromium: Page, address: str, width: int, sheet: str
) -> None:
    chromium.open(address, width, 700)
    assert chromium.run("document.documentElement.scrollWidth <= innerWidth")
    shown = chromium.run(
        "[...document.querySelectorAll('svg[data-axes]')].filter(s => s.clientWidth).map(s => s.classList[0])"
    )
    assert shown == [sheet, sheet]
    drawing = f"document.querySelector('svg.{sheet}')"
    assert chromium.run(f"13 * {drawing}.clientWidth / {drawing}.viewBox.baseVal.width") >= 11
    left, top, wide, high = box(chromium, f"svg.{sheet}")
    chromium.point_at(left + wide - 20, top + high / 2)
    assert tip(chromium) == "Threshold: 0.8\ncs_cdf: 20\ncs: 10"
    tip_left, _, tip_width, _ = box(chromium, ".tip")
    assert tip_left >= 0
    assert tip_left + tip_width <= width


def test_it_prints_with_its_recipe(chromium: Page, address: str, tmp_path: Path) -> None:
    chromium.open(address)
    chromium.paper(tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    chromium.send("Emulation.setEmulatedMedia", media="print")
    assert chromium.run("document.querySelector('pre').getBoundingClientRect().height") > 10
    assert chromium.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    chromium.send("Emulation.setEmulatedMedia", media="")
