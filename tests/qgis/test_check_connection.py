from __future__ import annotations

import time
from pathlib import Path

import ee
import pytest
from csplus.csplus_plugin.earthengine import check
from csplus.csplus_plugin.earthengine.session import close_sessions
from qgis import processing
from qgis.core import QgsProcessingContext, QgsProcessingException

from ..support.fake_service import Answer, FakeService, refusal
from .conftest import Recorder

ID = "csplus:checkconnection"


def test_on_the_sandbox(context: QgsProcessingContext, feedback: Recorder) -> None:
    results = processing.run(ID, {}, context=context, feedback=feedback)
    assert results["ENDPOINT"].startswith("http://127.0.0.1:")
    assert results["SANDBOX"] is True
    assert results["RESTRICTED"] is False
    assert results["PROJECT"] == "csplus-sandbox"
    assert results["ACCOUNT"] == "none needed"
    assert results["LIBRARY"] == ee.__version__
    assert results["LIBRARY_PLACE"] == str(Path(ee.__file__).parent)
    assert results["ROUND_TRIP"] > 0
    assert abs(results["CLOCK_OFFSET"]) <= 1
    log = "\n".join(feedback.said)
    for piece in (
        "endpoint sandbox (environment variable CSPLUS_ENDPOINT)",
        "not Google Earth Engine",
        ee.__version__,
    ):
        assert piece in log, piece


def sentence(monkeypatch: pytest.MonkeyPatch, endpoint: str, feedback: Recorder) -> str:
    monkeypatch.setenv("CSPLUS_ENDPOINT", endpoint)
    begin = time.monotonic()
    with pytest.raises(QgsProcessingException) as caught:
        processing.run(ID, {}, feedback=feedback)
    assert time.monotonic() - begin < 30  # half of what the silent host takes
    close_sessions()
    text = str(caught.value)
    assert "Traceback" not in text
    return text


def test_nobody_signed_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, feedback: Recorder) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    assert "earthengine authenticate" in sentence(monkeypatch, "earthengine", feedback)
    assert any(line.startswith("Library: earthengine-api") for line in feedback.said)


def test_a_project_that_is_not_registered(monkeypatch: pytest.MonkeyPatch, feedback: Recorder) -> None:
    with FakeService(refusal(403, "Project mine is not registered to use Earth Engine.")) as service:
        text = sentence(monkeypatch, service.url, feedback)
    assert "Register the project for Earth Engine at https://console.cloud.google.com/" in text
    assert any(service.url in line for line in feedback.said)


def test_a_host_that_swallows_everything(monkeypatch: pytest.MonkeyPatch, feedback: Recorder) -> None:
    monkeypatch.setattr(check, "TIMEOUT", 1.0)
    with FakeService(Answer(stall=60)) as service:
        assert "did not respond within 1 seconds" in sentence(monkeypatch, service.url, feedback)


def test_a_cancel(feedback: Recorder) -> None:
    feedback.cancel()
    with pytest.raises(QgsProcessingException, match=r"Cancelled\."):
        processing.run(ID, {}, feedback=feedback)
