"""More scenes than one answer of the service holds (5,000), through the toolbox, the client and HTTP."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from csplus.csplus_plugin.sandbox import service_model
from csplus.csplus_plugin.sandbox.rest.listener import Handler
from csplus.csplus_plugin.sandbox.server import start
from qgis import processing as toolbox
from qgis.core import QgsProcessingContext, QgsVectorLayer

from ..support.many_scenes import BOX, SIDE, ManyScenes
from .conftest import Recorder

COUNT = 5_120
PAGE = 5_000
EPOCH, DAY = datetime(1970, 1, 1, tzinfo=UTC), timedelta(days=1)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> ManyScenes:
    return ManyScenes(tmp_path_factory.mktemp("many"), COUNT)


@pytest.fixture
def asked(archive: ManyScenes, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A sandbox over the archive, and the calls of POST that it gets."""
    calls: list[str] = []
    answer = Handler.do_POST

    def count(self: Handler) -> None:
        calls.append(self.path)
        answer(self)

    monkeypatch.setattr(Handler, "do_POST", count)
    monkeypatch.setattr(service_model, "PATIENCE", 300.0)  # as long as the service; a busy machine needs it
    with start(archive.folder) as sandbox:
        monkeypatch.setenv("CSPLUS_ENDPOINT", sandbox.url)
        yield calls


def test_every_scene_arrives_once_with_its_own_numbers(
    context: QgsProcessingContext, feedback: Recorder, archive: ManyScenes, asked: list[str], tmp_path: Path
) -> None:
    window = {"START": "2019-01-01", "END": archive.last_day.isoformat(), "EXTENT": BOX}
    made = toolbox.run(
        "csplus:findscenes",
        {**window, "OUTPUT": str(tmp_path / "scenes.gpkg")},
        context=context,
        feedback=feedback,
    )
    layer = QgsVectorLayer(made["OUTPUT"])
    rows = {one["id"]: one for one in layer.getFeatures()}
    assert layer.featureCount() == len(rows) == made["ROW_COUNT"] == made["SCENE_COUNT"] == COUNT
    assert list(rows) == sorted(archive.scores)
    assert len(asked) == -(-COUNT // PAGE)
    assert feedback.said.count(f"{COUNT - PAGE} of {COUNT} scenes are asked for in further requests.") == 1
    for index, row in rows.items():
        known = archive.known(index)
        assert row["scored"] == bool(len(known))
        assert row["date"].toString("yyyyMMdd") == index[:8]
        if len(known):
            assert row["clear_fraction"] == pytest.approx(archive.clear_share(index), abs=1e-6)
            assert row["mean_cs_cdf"] == pytest.approx(known.mean(), abs=1e-6)
            assert row["mean_cs"] == pytest.approx((1 - known).mean(), abs=1e-6)
        else:
            assert not row["clear_fraction"]
    scored = sum(bool(len(archive.known(index))) for index in archive.scores)
    assert (made["SCORED_COUNT"], made["UNSCORED_COUNT"]) == (scored, COUNT - scored)
    coverage = Counter(round(row["coverage"], 6) for row in rows.values())
    ((share, _),) = coverage.items()
    assert share == pytest.approx((SIDE * 10) ** 2 / (221.3 * 222.0), rel=0.01)


def test_a_composite_counts_them_in_one_request(
    context: QgsProcessingContext, feedback: Recorder, archive: ManyScenes, asked: list[str]
) -> None:
    window = {"START": "2019-01-01", "END": archive.last_day.isoformat(), "EXTENT": BOX, "LIVE": False}
    made = toolbox.run("csplus:clearcomposite", window, context=context, feedback=feedback)
    scored = {index for index in archive.scores if len(archive.known(index))}
    assert (made["SCENE_COUNT"], made["SCORED_COUNT"]) == (COUNT, len(scored))
    # At 120 degrees west the sun's day begins at eight in the morning of UTC.
    moments = (datetime.strptime(one[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC) for one in scored)
    days = {int((moment - EPOCH) / DAY - 120 / 360) for moment in moments}
    assert made["DATE_COUNT"] == len(days)
    assert len(asked) == 1
