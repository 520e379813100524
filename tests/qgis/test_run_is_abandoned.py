"""The plugin is disabled while an algorithm runs: the run ends, and so does every thread of it."""

from __future__ import annotations

import threading
import time

import pytest
from csplus.csplus_plugin.earthengine.session import close_sessions
from csplus.csplus_plugin.processing.run import cancel_runs
from qgis.core import (
    QgsApplication,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingFeedback,
)

from ..support.fake_service import Answer, FakeService
from .conftest import JANUARY
from .test_renewal import pump


def test_two_runs_in_threads_of_their_own(
    context: QgsProcessingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = []
    with FakeService(Answer(stall=60)) as service:
        monkeypatch.setenv("CSPLUS_ENDPOINT", service.url)
        kept = []
        for _ in range(2):
            algorithm = QgsApplication.processingRegistry().createAlgorithmById("csplus:clearcomposite")
            feedback = QgsProcessingFeedback()
            task = QgsProcessingAlgRunnerTask(algorithm, JANUARY, context, feedback)
            task.executed.connect(lambda works, _: ended.append(works))
            kept += [algorithm, feedback, task]
            QgsApplication.taskManager().addTask(task)
        pump(lambda: len(service.seen) == 2)
        begin = time.monotonic()
        cancel_runs()
        assert time.monotonic() - begin < 1
        pump(lambda: len(ended) == 2, 3)
    assert ended == [False, False]
    close_sessions()
    pump(lambda: not [one for one in threading.enumerate() if "csplus" in one.name], 5)


def test_without_runs_nothing_is_waited_for() -> None:
    begin = time.monotonic()
    cancel_runs()
    assert time.monotonic() - begin < 0.1
