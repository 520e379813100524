"""A survey that is too heavy for one request: asked for in halves of the window, and the same in the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from csplus.csplus_plugin.core import window_halves
from csplus.csplus_plugin.core.errors import ComputationTooHeavy
from csplus.csplus_plugin.earthengine.client import Client
from qgis import processing as toolbox
from qgis.core import QgsProcessingContext

from ..support import recipes
from .conftest import JANUARY, Recorder

COUNTS = ("SCENE_COUNT", "SCORED_COUNT", "UNSCORED_COUNT", "DATE_COUNT", "FIRST_DATE", "LAST_DATE")
GAP_FILLED = {"THRESHOLDS": "0.5,0.4", "EXTEND_DAYS": "10", "EXTEND_YEARS": "0"}


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let the service answer for at most so many scenes; what it is asked for is noted."""
    value, asked = Client.value, []

    def limited(self: Client, expression: Any) -> Any:
        answer = value(self, expression)
        surveys = [one for one in (answer if isinstance(answer, list) else [answer]) if "ids" in one]
        asked.append(sum(len(one["ids"]) for one in surveys))
        if surveys and asked[-1] > asked[0]:
            raise ComputationTooHeavy("User memory limit exceeded.")
        return answer

    monkeypatch.setattr(Client, "value", limited)
    asked.append(1_000)
    return asked


@pytest.mark.parametrize(
    ("algorithm", "values"),
    [("clearcomposite", {}), ("periodiccomposites", {}), ("gapfilledcomposite", GAP_FILLED)],
)
def test_it_says_the_same(
    context: QgsProcessingContext, feedback: Recorder, limit: list[int], algorithm: str, values: dict
) -> None:
    given = {**JANUARY, "LIVE": False, **values}
    whole = toolbox.run(f"csplus:{algorithm}", given, context=context, feedback=feedback)
    del limit[1:]
    limit[0] = 3
    told = Recorder()
    parts = toolbox.run(f"csplus:{algorithm}", given, context=context, feedback=told)
    assert {name: parts[name] for name in COUNTS} == {name: whole[name] for name in COUNTS}
    assert whole["SCENE_COUNT"] >= 10
    assert sum(one <= 3 for one in limit[1:]) >= 4
    assert any("too many for one request" in line for line in told.said)


def test_a_single_day_that_is_too_heavy_is_said(
    context: QgsProcessingContext, feedback: Recorder, limit: list[int]
) -> None:
    limit[0] = 1
    with pytest.raises(Exception, match="memory limit exceeded"):
        toolbox.run("csplus:clearcomposite", {**JANUARY, "LIVE": False}, context=context, feedback=feedback)


@pytest.mark.parametrize(
    ("start", "end", "middle"),
    [
        (date(2023, 1, 1), date(2023, 1, 2), date(2023, 1, 1)),
        (date(2023, 1, 1), date(2023, 1, 31), date(2023, 1, 16)),
        (date(2015, 1, 1), date(2017, 3, 29), date(2017, 3, 28)),  # L2A begins on 2017-03-28
    ],
)
def test_halves_meet_and_each_has_a_day_of_the_archive(start: date, end: date, middle: date) -> None:
    first, second = window_halves.halves(replace(recipes.JANUARY, start=start, end=end))
    assert (first.start, first.end, (second.start - middle).days, second.end) == (start, middle, 1, end)


@pytest.mark.parametrize("start", [date(2023, 1, 5), date(2017, 3, 28), date(2015, 1, 1)])
def test_one_day_has_no_halves(start: date) -> None:
    end = max(start, date(2017, 3, 28))
    assert window_halves.halves(replace(recipes.JANUARY, start=start, end=end)) is None
