"""The threshold explorer in the toolbox, on the embedded sandbox's sample scenes: table, outputs, log and report."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.core.targets.thresholds import Thresholds
from csplus.csplus_plugin.earthengine.client import Client
from qgis import processing as toolbox
from qgis.core import QgsProcessingContext, QgsVectorLayer

from .conftest import JANUARY, Recorder

ID = "csplus:thresholdexplorer"


def explore(context: QgsProcessingContext, feedback: Recorder, **values: Any) -> tuple[dict, list[dict]]:
    given = {**JANUARY, "TABLE": "memory:", **values}
    results = toolbox.run(ID, given, context=context, feedback=feedback)
    layer = results["TABLE"]
    if isinstance(layer, str):
        layer = QgsVectorLayer(layer)
    return results, [row.attributeMap() for row in layer.getFeatures()] if layer.isValid() else []


def test_the_table_falls_and_the_outputs_are_read_off_it(
    context: QgsProcessingContext, feedback: Recorder
) -> None:
    results, rows = explore(context, feedback)
    assert [round(row["threshold"], 2) for row in rows] == [n / 20 for n in range(21)]
    for name in ("kept_cs_cdf", "kept_cs", "enough_cs_cdf", "enough_cs"):
        shares = [row[name] for row in rows]
        assert shares == sorted(shares, reverse=True)
        assert 0 <= shares[-1] < shares[0] <= 1
    assert all(row["enough_cs"] <= row["kept_cs"] for row in rows)
    for band in ("cs", "cs_cdf"):
        covering = [row["threshold"] for row in rows if row[f"kept_{band}"] >= 0.95]
        assert results[f"THRESHOLD_{band.upper()}"] == max(covering)
        highest = (
            f"{band}: {max(covering):g} is the highest threshold that still keeps 95 percent of the area"
        )
        assert any(line.startswith(highest) for line in feedback.said)
    said = " ".join(feedback.said)
    for reason in ("tidal flats", "snow", "bright sand", "haze", "edges of clouds"):
        assert reason in said
    assert "The threshold that is set, 0.6 of cs_cdf, keeps" in said
    assert "1 request " in said
    assert Recipe.from_json(results["RECIPE"]).target == Thresholds()


def test_what_it_says_is_what_a_composite_keeps(
    context: QgsProcessingContext, feedback: Recorder, target: str
) -> None:
    small = "-119.9200,-119.9100,37.4100,37.4180 [EPSG:4326]"
    given = {"EXTENT": small, "MIN_OBSERVATIONS": 3, "THRESHOLD": 0.8}
    _, rows = explore(context, feedback, **given)
    (row,) = (row for row in rows if row["threshold"] == 0.8)
    for days, name in ((1, "kept_cs_cdf"), (3, "enough_cs_cdf")):
        composite = {**JANUARY, **given, "MIN_OBSERVATIONS": days, "OUTPUT": target, "LIVE": False}
        made = toolbox.run("csplus:clearcomposite", composite, context=context, feedback=feedback)
        assert made["CLEAR_PERCENT"] == pytest.approx(100 * row[name], abs=1)


def test_each_period_has_rows_and_the_lowest_of_their_thresholds_counts(
    context: QgsProcessingContext, feedback: Recorder
) -> None:
    results, rows = explore(context, feedback, PERIOD="dekad", MIN_OBSERVATIONS=1, STEP=0.1)
    periods = sorted({row["start"].toString("yyyy-MM-dd") for row in rows})
    assert periods == ["2023-01-01", "2023-01-11", "2023-01-21"]
    assert all(row["kept_cs"] == row["enough_cs"] for row in rows)
    highest = [
        max(
            (row["threshold"] for row in rows if row["start"].day() == day and row["kept_cs"] >= 0.95),
            default=None,
        )
        for day in (1, 11, 21)
    ]
    lowest = None if None in highest else min(highest)
    assert results["THRESHOLD_CS"] == lowest
    first = "none" if highest[0] is None else f"{highest[0]:g}"
    assert any(
        re.search(rf"2023-01 1 to 10: cs_cdf \S+, cs {re.escape(first)}\.$", line) for line in feedback.said
    )


def test_the_report_holds_it_all(context: QgsProcessingContext, feedback: Recorder, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    results, rows = explore(context, feedback, REPORT=str(page), TABLE=None)
    assert results["REPORT"] == str(page)
    assert (results.get("TABLE") or "", rows) == ("", [])
    text = page.read_text(encoding="utf-8")
    assert len(text.encode()) < 100_000
    assert text.count("<tr><td") == 21
    for piece in (
        "<h1>Threshold explorer 2023-01-01 to 2023-01-31 (sandbox)</h1>",
        "Made by the Cloud Score+ sandbox, not by Google Earth Engine.",
        "is the highest threshold that still keeps 95 percent of the area",
        "tidal flats",
        "one pixel of 10 m is looked at every 20 m",
        "10 scenes on 6 days, 9 of them scored.",
        "Share of the area (percent)",
        "Pasquarella",
        "&quot;algorithm&quot;: &quot;thresholdexplorer&quot;",
    ):
        assert piece in text, piece
    assert len(re.findall(r'<g data-series="\d">', text)) == 2 * 4
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"REPORT": "{folder}/report.pdf"}, "report.pdf is no web page"),
        ({"REPORT": "{folder}/none/report.html"}, "There is no folder"),
        ({"UNSCORED_POLICY": "keep"}, "say nothing of thresholds"),
        ({"STEP": 0.001}, "STEP is 0.001, which is out of range"),
        ({"PERIOD": "days", "PERIOD_DAYS": 1, "END": "2023-12-31"}, "more than the 120"),
        ({"PERIOD": "fortnight"}, "not one of its choices"),
        ({"EXTENT": "10,10.1,50,50.1 [EPSG:4326]"}, "No scenes of L2A over the area"),
        (
            {"START": "2023-01-11", "END": "2023-01-11"},
            "None of the 1 scene found has a score.*longer window",
        ),
    ],
)
def test_a_mistake_is_one_sentence(
    context: QgsProcessingContext, feedback: Recorder, tmp_path: Path, change: dict, said: str
) -> None:
    given = {
        name: value.format(folder=tmp_path) if isinstance(value, str) else value
        for name, value in change.items()
    }
    with pytest.raises(Exception, match=said):
        explore(context, feedback, **given)


@pytest.mark.parametrize(("step", "count"), [(0.07, 16), (0.25, 6), (0.03, 35)])
def test_an_odd_step_goes_as_far_as_it_fits_and_the_threshold_is_there(
    context: QgsProcessingContext, feedback: Recorder, step: float, count: int
) -> None:
    _, rows = explore(context, feedback, STEP=step, THRESHOLD=0.65)
    found = [row["threshold"] for row in rows]
    assert len(found) == count
    assert 0.65 in found
    assert sorted({*found} - {0.65}) == pytest.approx([step * n for n in range(int(1 / step) + 1)])


def test_a_period_without_a_scored_scene_keeps_nothing(
    context: QgsProcessingContext, feedback: Recorder
) -> None:
    """On 11 January there is one scene, without a score; from 12 to 15 there is none."""
    window = {"START": "2023-01-11", "END": "2023-01-22", "PERIOD": "days", "PERIOD_DAYS": 1}
    results, rows = explore(context, feedback, **window, STEP=0.25)
    shares = {}
    for row in rows:
        if row["threshold"] == 0.25:
            shares[row["start"].day()] = row["kept_cs_cdf"]
    assert sorted(shares) == list(range(11, 23))
    assert [day for day, share in shares.items() if share] == [16, 21]
    assert shares[21] > shares[16] > 0
    assert not results["THRESHOLD_CS"]


def test_what_the_buffer_would_take_is_said(context: QgsProcessingContext, feedback: Recorder) -> None:
    explore(context, feedback, DILATE=50)
    assert any("DILATE and ALSO_MASK are left out of account" in line for line in feedback.said)


@pytest.mark.parametrize("damage", [None, [], "text", [{}], [{"kept_cs_cdf": [[0, 1]]}], [None]])
def test_a_damaged_answer_is_one_sentence(
    context: QgsProcessingContext, feedback: Recorder, monkeypatch: pytest.MonkeyPatch, damage: Any
) -> None:
    value = Client.value
    monkeypatch.setattr(Client, "value", lambda self, asked: {**value(self, asked), "answer": damage})
    with pytest.raises(Exception, match="damaged"):
        explore(context, feedback)
