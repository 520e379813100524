"""The dock of export tasks: asked for politely while it is seen; cancelled, opened and told from there."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from csplus.csplus_plugin import settings
from csplus.csplus_plugin.core.ages import age
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.earthengine import session
from csplus.csplus_plugin.earthengine.operations import Operation
from csplus.csplus_plugin.earthengine.results import Kind, Result, results
from csplus.csplus_plugin.gui import task_watch, tasks_dock
from csplus.csplus_plugin.gui.tasks_dock import TasksDock
from csplus.csplus_plugin.layers.provenance import RECIPE_PROPERTY
from csplus.csplus_plugin.sandbox.server import Sandbox, start
from csplus.csplus_plugin.sandbox.service_model import ServiceModel
from qgis import processing as toolbox
from qgis.core import QgsProcessingContext, QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QMessageBox, QPushButton

from ..support.fake_service import Answer, FakeService, Seen, refusal
from .conftest import JANUARY
from .test_renewal import pump
from .test_tuning import Window

LIST = "/v1/projects/csplus-sandbox/operations"


def told(identity: str, state: str = "RUNNING", **metadata: Any) -> dict[str, Any]:
    error = metadata.pop("error", None)
    return {
        "name": f"projects/csplus-sandbox/operations/{identity}",
        "done": state in ("SUCCEEDED", "FAILED", "CANCELLED"),
        "metadata": {"state": state, "description": f"csplus_{identity}", **metadata},
        **({"error": {"code": 3, "message": error}} if error else {}),
    }


class Tasks:
    """A service that has some tasks, or something in their place."""

    def __init__(self) -> None:
        self.tasks: list[dict[str, Any]] = []
        self.instead: Answer | None = None
        self.service = FakeService(respond=self.respond)

    def respond(self, seen: Seen) -> Answer:
        if self.instead is not None:
            return self.instead
        if seen.method == "POST":
            return Answer(body=b"{}")
        return Answer(body=json.dumps({"operations": self.tasks}).encode())

    @property
    def looks(self) -> int:
        return sum(seen.method == "GET" for seen in self.service.seen)


@pytest.fixture
def tasks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Tasks]:
    made = Tasks()
    with made.service:
        monkeypatch.setenv("CSPLUS_ENDPOINT", made.service.url)
        yield made
        session.close_sessions()


@pytest.fixture
def dock(qgis_new_project: None) -> Iterator[TasksDock]:
    made = TasksDock(Window(), QgsProject.instance(), settings.connection)
    made.hide()
    yield made
    made.stop()
    made.deleteLater()


def settle(dock: TasksDock) -> None:
    pump(lambda: not dock.watch.is_busy)


def rows(dock: TasksDock) -> list[list[str]]:
    items = [dock.list.topLevelItem(place) for place in range(dock.list.topLevelItemCount())]
    return [[item.text(column) for column in range(4)] for item in items]


def choose(dock: TasksDock, *places: int) -> None:
    dock.list.clearSelection()
    for place in places:
        dock.list.topLevelItem(place).setSelected(True)


def press(box: QMessageBox, text: str) -> None:
    next(button for button in box.findChildren(QPushButton) if button.text() == text).click()


def test_ours_come_first_each_with_what_is_known(dock: TasksDock, tasks: Tasks) -> None:
    begun = datetime.fromtimestamp(time.time() - 7300, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.123Z")
    tasks.tasks = [
        told("A", description="somebody's", state="SUCCEEDED", batchEecuUsageSeconds=12.6),
        told("B", progress=0.456, createTime=begun, batchEecuUsageSeconds=3),
        told("C", state="FAILED", error="User memory limit exceeded.\x1b[2J"),
    ]
    dock.open()
    assert dock.state.text() == "Looking at the tasks…"
    settle(dock)
    assert rows(dock) == [
        ["B", "running, 46 %", "2 h", "3"],
        ["C", "failed", "", ""],
        ["somebody's", "done", "", "13"],
    ]
    assert dock.state.text().startswith("csplus-sandbox: 3 tasks, 1 active. Updated ")
    assert dock.list.topLevelItem(2).font(0).italic()
    assert not dock.list.topLevelItem(0).font(0).italic()
    assert not dock.details_button.isEnabled()
    choose(dock, 1)
    assert dock.about.text() == (
        "User memory limit exceeded.\N{REPLACEMENT CHARACTER}[2J "
        "Choose a shorter period, fewer bands, a simpler method or a smaller area."
    )
    assert (dock.cancel_button.isEnabled(), dock.open_button.isEnabled()) == (False, False)
    choose(dock, 0)
    assert dock.cancel_button.isEnabled()
    assert dock.about.text() == ""


def test_requests_are_sent_off_the_main_thread(
    dock: TasksDock, tasks: Tasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = []
    send = session.Session.request

    def note(self: session.Session, *given: object, **named: object) -> object:
        threads.append(threading.current_thread())
        return send(self, *given, **named)

    monkeypatch.setattr(session.Session, "request", note)
    dock.open()
    settle(dock)
    assert threads
    assert threading.main_thread() not in threads


def test_it_looks_again_while_something_runs_and_ever_less_often(dock: TasksDock, tasks: Tasks) -> None:
    tasks.tasks = [told("A")]
    dock.open()
    settle(dock)
    delays = [dock.watch.delay]
    for _ in range(5):
        assert dock.watch.is_waiting
        dock.watch._look_again()
        settle(dock)
        delays.append(dock.watch.delay)
    assert delays == [15, 22.5, 33.75, 50.625, 60, 60]
    tasks.tasks = [told("A", progress=0.5)]
    dock.watch._look_again()
    settle(dock)
    assert dock.watch.delay == 15  # something has changed
    tasks.tasks = [told("A", state="CANCELLING")]
    dock.watch._look_again()
    settle(dock)
    assert dock.watch.delay == 3  # somebody waits for that
    tasks.tasks = [told("A", state="CANCELLED")]
    dock.watch._look_again()
    settle(dock)
    assert not dock.watch.is_waiting  # nothing runs any more


def test_the_timer_looks_by_itself(dock: TasksDock, tasks: Tasks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_watch, "FIRST", 0.05)
    tasks.tasks = [told("A")]
    dock.open()
    pump(lambda: tasks.looks >= 3)


def test_hidden_or_idle_it_asks_for_nothing(
    dock: TasksDock, tasks: Tasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_watch, "FIRST", 0.05)
    QTest.qWait(200)
    assert tasks.looks == 0  # never seen
    tasks.tasks = [told("A")]
    dock.open()
    settle(dock)
    dock.close()
    assert not dock.watch.is_waiting
    seen = tasks.looks
    QTest.qWait(300)
    assert tasks.looks == seen
    tasks.tasks = [told("A", state="SUCCEEDED")]
    dock.show()
    pump(lambda: tasks.looks == seen + 1)
    settle(dock)
    QTest.qWait(300)
    assert tasks.looks == seen + 1  # nothing runs


def test_as_an_icon_it_asks_for_nothing(
    dock: TasksDock, tasks: Tasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_watch, "FIRST", 0.05)
    tasks.tasks = [told("A")]
    dock.open()
    pump(lambda: tasks.looks >= 2)
    away = [True]
    monkeypatch.setattr(dock.watch, "_is_away", lambda: away[0])
    settle(dock)
    seen = tasks.looks
    QTest.qWait(400)
    assert tasks.looks == seen
    assert dock.watch.is_waiting
    away[0] = False
    pump(lambda: tasks.looks > seen)


def test_numbers_stand_on_the_right(dock: TasksDock, tasks: Tasks) -> None:
    tasks.tasks = [told("A", batchEecuUsageSeconds=3)]
    dock.open()
    settle(dock)
    side = dock.list.topLevelItem(0).textAlignment(3)
    assert side & int(getattr(Qt.AlignmentFlag.AlignRight, "value", Qt.AlignmentFlag.AlignRight))


def test_hidden_in_the_middle_of_a_look_it_lets_go_at_once(dock: TasksDock, tasks: Tasks) -> None:
    tasks.instead = Answer(body=b"{}", stall=20)
    dock.open()
    pump(lambda: tasks.looks == 1)
    begin = time.monotonic()
    dock.close()
    assert time.monotonic() - begin < 0.1
    assert not dock.watch.is_busy
    begin = time.monotonic()
    dock.watch.stop()
    assert time.monotonic() - begin < 1
    assert not [one for one in dock.watch._ending if not one.is_over]


def test_a_refused_look_is_said_and_tried_ever_less_often(dock: TasksDock, tasks: Tasks) -> None:
    tasks.tasks = [told("A")]
    dock.open()
    settle(dock)
    tasks.instead = refusal(403, "Permission 'earthengine.operations.list' denied.")
    delays = []
    for _ in range(6):
        dock.watch._look_again()
        settle(dock)
        delays.append(dock.watch.delay)
        assert "is not allowed to do this in the project" in dock.state.text()
        assert dock.watch.is_waiting
    assert delays == [30, 60, 120, 240, 300, 300]
    assert rows(dock)[0][0] == "A"  # what was known stays
    tasks.instead = None
    dock.refresh_button.click()
    settle(dock)
    assert dock.state.text().startswith("csplus-sandbox: 1 task, 1 active. ")
    assert dock.watch.delay == 22.5  # from the first again, and the tasks are as they were


def test_without_an_account_there_is_one_sentence_and_a_button(
    dock: TasksDock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CSPLUS_ENDPOINT", "earthengine")
    for name in ("HOME", "CLOUDSDK_CONFIG"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    dock.open()
    settle(dock)
    assert "Earth Engine" in dock.state.text()
    assert not dock.sign_in_button.isHidden()
    assert not dock.watch.is_waiting
    wanted = []
    dock.sign_in_wanted.connect(lambda: wanted.append(True))
    dock.sign_in_button.click()
    assert wanted == [True]


def test_a_sandbox_that_does_not_run_is_not_started(dock: TasksDock) -> None:
    session.close_sessions()
    dock.open()
    settle(dock)
    assert dock.state.text() == "The sandbox is not running, so it has no tasks."
    assert session.running_sandbox(settings.connection()) == ""


def test_no_tasks_are_said_with_what_starts_some(dock: TasksDock, tasks: Tasks) -> None:
    dock.open()
    settle(dock)
    assert dock.state.text() == "There are no export tasks. csplus:exportcomposite starts some."
    assert dock.sign_in_button.isHidden()


def test_of_very_many_the_latest_are_listed(dock: TasksDock, tasks: Tasks) -> None:
    tasks.tasks = [told(f"T{number}", state="SUCCEEDED") for number in range(900)]
    dock.open()
    settle(dock)
    assert dock.list.topLevelItemCount() == 200
    assert dock.state.text().startswith("csplus-sandbox: the latest 200 tasks, 0 active. ")
    assert "pageSize=200" in tasks.service.seen[-1].path


def test_what_is_chosen_stays_chosen(dock: TasksDock, tasks: Tasks) -> None:
    tasks.tasks = [told("A"), told("B")]
    dock.open()
    settle(dock)
    dock.list.setCurrentItem(dock.list.topLevelItem(1))
    tasks.tasks = [told("C"), told("A"), told("B", progress=0.3)]
    dock.refresh_button.click()
    settle(dock)
    assert [task.identity for task in dock.chosen()] == ["B"]
    assert dock.list.currentItem().text(0) == "B"


def test_cancel_asks_first(dock: TasksDock, tasks: Tasks) -> None:
    tasks.tasks = [told("A"), told("B"), told("C", state="SUCCEEDED")]
    dock.open()
    settle(dock)
    choose(dock, 0)
    dock.cancel_button.click()
    assert dock.window_.text() == "Cancel the task A? What it has computed is lost."
    press(dock.window_, "Let it go on")
    assert dock.window_ is None
    assert not [seen for seen in tasks.service.seen if seen.method == "POST"]
    choose(dock, 0, 1, 2)
    dock.cancel_button.click()
    assert dock.window_.text() == "Cancel 2 tasks? What they have computed is lost."
    looks = tasks.looks
    press(dock.window_, "Cancel them")
    pump(lambda: tasks.looks > looks)
    sent = sorted(seen.path for seen in tasks.service.seen if seen.method == "POST")
    assert sent == [f"{LIST}/A:cancel", f"{LIST}/B:cancel"]
    assert dock.outcome.text() == "2 tasks are being cancelled."


def test_a_cancel_that_is_refused_is_said(dock: TasksDock, tasks: Tasks) -> None:
    tasks.tasks = [told("A")]
    dock.open()
    settle(dock)
    choose(dock, 0)
    tasks.instead = refusal(403, "Permission denied.")
    dock.cancel()
    press(dock.window_, "Cancel the task")
    pump(lambda: "is not known" in dock.outcome.text())
    assert "Whether A is cancelled is not known" in dock.outcome.text()


def test_details_are_all_that_is_known(dock: TasksDock, tasks: Tasks) -> None:
    tasks.tasks = [
        told(
            "A",
            state="FAILED",
            error="Asset storage quota exceeded.",
            type="EXPORT_IMAGE",
            attempt=3,
            createTime="2026-01-02T03:04:05Z",
        )
    ]
    dock.open()
    settle(dock)
    choose(dock, 0)
    dock.details_button.click()
    from qgis.PyQt.QtWidgets import QPlainTextEdit

    text = dock.window_.findChild(QPlainTextEdit).toPlainText().split("\n")
    assert "State: failed" in text
    assert "Error: Asset storage quota exceeded." in text
    assert "What to do: Delete what is not needed any more, or choose another destination." in text
    assert "Makes: an image" in text
    assert "Started (UTC): 2026-01-02 03:04:05" in text
    assert "Tries: 3" in text
    dock.window_.reject()
    assert dock.window_ is None


def test_the_keyboard_alone_will_do(dock: TasksDock, tasks: Tasks) -> None:
    tasks.tasks = [told("A", state="FAILED", error="Internal error.")]
    dock.open()
    settle(dock)
    controls = (dock.list, dock.open_button, dock.details_button, dock.cancel_button, dock.refresh_button)
    for control in controls:
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert dock.list.accessibleName()
    dock.list.setCurrentItem(dock.list.topLevelItem(0))
    QTest.keyClick(dock.list, Qt.Key.Key_Return)
    assert dock.window_ is not None  # it has no result: Enter tells about it


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with start(exports=tmp_path / "exports") as running:
        monkeypatch.setenv("CSPLUS_ENDPOINT", running.url)
        yield running
        QgsProject.instance().clear()
        session.close_sessions()


def export(context: QgsProcessingContext, **values: object) -> dict:
    given = {**JANUARY, "BANDS": ["B4", "B3", "B2"], "NAME": "x", "WAIT": True, "LIVE": False, **values}
    return toolbox.run("csplus:exportcomposite", given, context=context)


def test_an_asset_is_opened_as_a_live_layer_that_carries_its_recipe(
    dock: TasksDock, service: Sandbox, context: QgsProcessingContext
) -> None:
    export(context, DESTINATION="asset")
    dock.open()
    settle(dock)
    choose(dock, 0)
    assert dock.open_button.isEnabled()
    dock.open_button.click()
    pump(lambda: QgsProject.instance().count() == 1)
    (layer,) = QgsProject.instance().mapLayers().values()
    assert layer.isValid()
    assert layer.name() == "x (sandbox)"
    recipe = Recipe.from_json(layer.customProperty(RECIPE_PROPERTY))
    assert recipe.target.asset == "projects/csplus-sandbox/assets/x"
    assert "2023-01-01 to 2023-01-31" in layer.metadata().abstract()
    assert dock.outcome.text() == "x was loaded as a live layer."


def test_a_file_of_the_sandbox_is_opened_as_a_file(
    dock: TasksDock, service: Sandbox, context: QgsProcessingContext
) -> None:
    results = export(context)
    assert Path(results["RESULTS"]).is_file()
    dock.open()
    settle(dock)
    choose(dock, 0)
    QTest.keyClick(dock.list, Qt.Key.Key_Down)
    choose(dock, 0)
    dock.open_result()
    (layer,) = QgsProject.instance().mapLayers().values()
    assert isinstance(layer, QgsRasterLayer)
    assert layer.bandCount() == 3
    assert layer.source() == results["RESULTS"]


def test_an_asset_that_is_gone_is_said(
    dock: TasksDock, service: Sandbox, context: QgsProcessingContext
) -> None:
    export(context, DESTINATION="asset")
    service.service.library.remove("projects/csplus-sandbox/assets/x")
    dock.open()
    settle(dock)
    choose(dock, 0)
    dock.open_result()
    pump(lambda: "does not exist" in dock.outcome.text())
    assert QgsProject.instance().count() == 0


def test_a_page_of_googles_is_opened_in_the_browser(
    dock: TasksDock, tasks: Tasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    monkeypatch.setattr(
        tasks_dock.QDesktopServices, "openUrl", lambda url: opened.append(url.toString()) or True
    )
    page = "https://drive.google.com/#folders/1AbC"
    tasks.tasks = [told("A", state="SUCCEEDED", destinationUris=["javascript:alert(1)", page])]
    dock.open()
    settle(dock)
    choose(dock, 0)
    dock.open_button.click()
    assert opened == [page]


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ("projects/p/assets/a", Result(Kind.ASSET, "projects/p/assets/a")),
        (
            "https://code.earthengine.google.com/?asset=projects/p/assets/a/b",
            Result(Kind.ASSET, "projects/p/assets/a/b"),
        ),
        ("https://code.earthengine.google.com/?asset=../x", Result(Kind.PAGE, ...)),
        ("https://drive.google.com/#folders/x", Result(Kind.PAGE, ...)),
        ("https://console.developers.google.com/storage/browser/b/f/", Result(Kind.PAGE, ...)),
        ("https://drive.google.com.evil.example/x", None),
        ("https://me@drive.google.com/x", None),
        ("http://drive.google.com/x", None),
        ("javascript:alert(1)", None),
        ("https://[", None),
        ("file:///etc/passwd", None),
        ("", None),
    ],
)
def test_an_address_is_read_without_trusting_it(link: str, found: Result | None) -> None:
    expected = [] if found is None else [Result(found.kind, link if found.address is ... else found.address)]
    task = Operation("A", "SUCCEEDED", links=(link,))
    assert results(task, is_sandbox=False) == expected


def test_a_file_is_one_on_this_machine_of_the_sandbox_alone(tmp_path: Path) -> None:
    file = tmp_path / "a b.tif"
    file.write_text("x")
    task = Operation(
        "A", "SUCCEEDED", links=(file.as_uri(), (tmp_path / "gone.tif").as_uri(), "file://host/x")
    )
    assert results(task, is_sandbox=True) == [Result(Kind.FILE, str(file))]
    assert results(task, is_sandbox=False) == []


@pytest.mark.parametrize(
    ("created", "said"),
    [
        ("2026-01-02T03:04:05", "55 s"),
        ("2026-01-02T02:05:00", "1 h"),
        ("2026-01-02T03:00:00", "5 min"),
        ("2025-12-30T03:04:59", "3 d"),
        ("2026-01-02T04:00:00", "0 s"),
        ("", ""),
        ("soon", ""),
    ],
)
def test_an_age_is_its_largest_unit(created: str, said: str) -> None:
    assert age(created, datetime(2026, 1, 2, 3, 5, tzinfo=timezone.utc)) == said


def test_a_slow_task_is_seen_to_run_and_to_end(
    dock: TasksDock, context: QgsProcessingContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_watch, "FIRST", 0.2)
    with start(exports=tmp_path, model=ServiceModel(work=1.0)) as running:
        monkeypatch.setenv("CSPLUS_ENDPOINT", running.url)
        export(context, WAIT=False)
        dock.open()
        settle(dock)
        assert rows(dock)[0][1].split(",")[0] in ("waiting", "running")
        pump(lambda: rows(dock)[0][1] == "done")
        assert not dock.watch.is_waiting
        session.close_sessions()
