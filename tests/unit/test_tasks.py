"""Tasks of the service: started once, whatever becomes of the answers; waited for politely, through a lost network."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from csplus.csplus_plugin.core.errors import (
    BadRequest,
    Cancelled,
    DailyQuotaUsedUp,
    InvalidChoice,
    PermissionDenied,
    QuotaExceeded,
    ServiceError,
    SignInNeeded,
    Unreachable,
)
from csplus.csplus_plugin.core.export import Destination, check_name, request
from csplus.csplus_plugin.earthengine import failures, operations, tasks
from csplus.csplus_plugin.earthengine.client import Client
from csplus.csplus_plugin.earthengine.operations import Operation
from csplus.csplus_plugin.earthengine.responses import DamagedResponse
from csplus.csplus_plugin.earthengine.retry import Backoff
from csplus.csplus_plugin.earthengine.session import Connection, close_sessions, session_for
from hypothesis import given
from hypothesis import strategies as st

from ..support.examples import examples
from ..support.fake_service import Answer, FakeService, Seen, refusal
from ..support.recipes import SIMPLE

EXPORT = {"expression": {"result": "0", "values": {"0": {"constantValue": 1}}}, "description": "csplus_x"}
QUICK = tasks.Patience(first=0.01, longest=0.05, growth=1.5, lost=30)
AT_ONCE = Backoff(max_tries=3, first_delay=0.001)
HUNG_UP = Answer(hang_up=True)


@pytest.fixture(autouse=True)
def _no_session_is_left() -> Iterator[None]:
    yield
    close_sessions()


def client(service: FakeService, **options: Any) -> Client:
    session = session_for(Connection(endpoint=service.url, project="my-project"))
    session.has_responded = True  # a service that never did is given up at once
    return Client(session, **{"backoff": AT_ONCE, **options})


def told(identity: str, state: str, **metadata: Any) -> dict[str, Any]:
    is_over = state in ("SUCCEEDED", "FAILED", "CANCELLED")
    return {
        "name": f"projects/my-project/operations/{identity}",
        "done": is_over,
        "metadata": {"state": state, "description": "csplus_x", **metadata},
        **({"error": {"code": 1, "message": "Cancelled."}} if state in ("FAILED", "CANCELLED") else {}),
    }


def answer(content: Any) -> Answer:
    return Answer(body=json.dumps(content).encode())


class Starter:
    """A service that starts a task for each request id that it has not seen, and whose answers are lost at first."""

    def __init__(self, *lost: Answer) -> None:
        self.lost, self.started = list(lost), {}

    def __call__(self, seen: Seen) -> Answer:
        identity = self.started.setdefault(seen.json()["requestId"], f"T{len(self.started)}")
        return self.lost.pop(0) if self.lost else answer(told(identity, "PENDING"))


@pytest.mark.parametrize(
    "lost",
    [
        HUNG_UP,
        Answer(body=b"{", promised=9),
        refusal(503, "Away."),
        refusal(429, "Quota exceeded."),
        answer([]),
    ],
    ids=["no answer", "cut off", "503", "429", "damaged"],
)
def test_a_lost_answer_never_starts_a_task_twice(lost: Answer) -> None:
    starter = Starter(lost, lost)
    with FakeService(respond=starter) as service:
        started = tasks.start(client(service), EXPORT)
    assert started.identity == "T0"
    assert len(service.seen) == 3
    assert len(starter.started) == 1


def test_two_starts_are_two_tasks() -> None:
    starter = Starter()
    with FakeService(respond=starter) as service:
        first, second = (tasks.start(client(service), EXPORT) for _ in range(2))
    assert first.identity != second.identity
    assert all(len(identity) <= 60 for identity in starter.started)  # the service's limit
    assert {seen.json()["workloadTag"] for seen in service.seen} == {"csplus-export"}


def test_a_request_without_an_id_is_never_sent() -> None:
    with FakeService(answer({})) as service, pytest.raises(ValueError, match="requestId"):
        client(service).export_image(EXPORT)
    assert not service.seen


@pytest.mark.parametrize(
    ("refused", "error", "said"),
    [
        (
            refusal(400, "Too many tasks already in the queue (3000)."),
            BadRequest,
            "Too many tasks already in the",
        ),
        (
            refusal(429, "You have exceeded the custom quota of EECU-time."),
            QuotaExceeded,
            "Run again tomorrow",
        ),
        (refusal(401, "Invalid authentication credentials."), SignInNeeded, "account"),
        (refusal(403, "Permission denied."), PermissionDenied, "is not allowed"),
    ],
    ids=["queue", "daily quota", "account", "permission"],
)
def test_a_refused_start_is_not_sent_again(refused: Answer, error: type[ServiceError], said: str) -> None:
    with FakeService(refused) as service:
        with pytest.raises(error, match=said):
            tasks.start(client(service), EXPORT)
        assert len(service.seen) == 1


def waiting(
    service: FakeService, *identities: str, is_cancelled: Callable[[], bool] = lambda: False, **options: Any
) -> tuple[list[Operation], list[str]]:
    said: list[str] = []
    found = tasks.wait(
        client(service, is_cancelled=is_cancelled),
        [Operation(identity, operations.PENDING) for identity in identities or ("A",)],
        is_cancelled,
        lambda _: None,
        said.append,
        options.get("patience", QUICK),
    )
    return found, said


def test_it_ends_when_the_task_does_however_it_does() -> None:
    for end in ("SUCCEEDED", "FAILED", "CANCELLED"):
        script = [answer(told("A", state)) for state in ("PENDING", "RUNNING", "CANCELLING", end)]
        with FakeService(*script) as service:
            ((task,), said) = waiting(service)
        assert (task.state, len(service.seen), said) == (end, 4, [])


def test_pauses_grow_up_to_the_longest() -> None:
    script = [*[answer(told("A", "RUNNING"))] * 6, answer(told("A", "SUCCEEDED"))]
    patience = tasks.Patience(first=0.05, longest=0.4, growth=2)
    with FakeService(*script) as service:
        waiting(service, patience=patience)
    gaps = [later.at - one.at for one, later in zip(service.seen, service.seen[1:], strict=False)]
    for gap, expected in zip(gaps, (0.1, 0.2, 0.4, 0.4, 0.4, 0.4), strict=True):
        assert expected <= gap < expected + 0.3


@pytest.mark.parametrize(
    "lost", [HUNG_UP, refusal(503, "Away."), refusal(429, "Quota exceeded.")], ids=["no answer", "503", "429"]
)
def test_a_lost_network_is_waited_out_and_said_once(lost: Answer) -> None:
    # Three tries of each look, so that four looks find nothing.
    script = [answer(told("A", "RUNNING")), *[lost] * 12, answer(told("A", "SUCCEEDED"))]
    with FakeService(*script) as service:
        ((task,), said) = waiting(service)
    assert task.state == "SUCCEEDED"
    assert len(said) == 2
    assert "The tasks go on without this computer" in said[0]
    assert said[1] == "The service answers again."


def test_a_network_that_stays_lost_ends_the_waiting() -> None:
    patience = tasks.Patience(first=0.01, longest=0.01, lost=0.3)
    with FakeService(HUNG_UP) as service, pytest.raises(Unreachable):
        waiting(service, patience=patience)


@pytest.mark.parametrize(
    ("refused", "error"),
    [
        (refusal(403, "Permission denied."), PermissionDenied),
        (refusal(401, "Invalid authentication credentials."), SignInNeeded),
        (refusal(404, 'Operation "A" not found.'), BadRequest),
        (refusal(429, "You have exceeded the custom quota of EECU-time."), DailyQuotaUsedUp),
    ],
)
def test_a_look_that_is_refused_ends_the_waiting(refused: Answer, error: type[ServiceError]) -> None:
    with FakeService(answer(told("A", "RUNNING")), refused) as service:
        with pytest.raises(error):
            waiting(service)
        assert len(service.seen) == 2


@pytest.mark.parametrize("stall", [0, 20], ids=["between two looks", "in a look"])
def test_a_cancel_is_obeyed_within_a_second(stall: float) -> None:
    cancelled = threading.Event()
    moment: list[float] = []

    def cancel() -> None:
        moment.append(time.monotonic())
        cancelled.set()

    running = Answer(body=json.dumps(told("A", "RUNNING")).encode(), stall=stall)
    with FakeService(running) as service:
        threading.Timer(0.4, cancel).start()
        patience = tasks.Patience(first=0.01 if stall else 20)
        with pytest.raises(Cancelled):
            waiting(service, is_cancelled=cancelled.is_set, patience=patience)
        assert time.monotonic() - moment[0] < 1


def test_many_tasks_are_one_request_a_look() -> None:
    identities = [f"T{number}" for number in range(12)]

    def respond(seen: Seen) -> Answer:
        if seen.path.endswith("/operations/T11"):
            return answer(told("T11", "SUCCEEDED"))
        # All but one, which an older page may hold.
        return answer({"operations": [told(identity, "SUCCEEDED") for identity in identities[:11]]})

    with FakeService(respond=respond) as service:
        found, _ = waiting(service, *identities)
    assert [task.identity for task in found] == identities
    assert {task.state for task in found} == {"SUCCEEDED"}
    assert [seen.path.partition("?")[0].rpartition("/")[2] for seen in service.seen] == ["operations", "T11"]


def test_tasks_are_listed_page_by_page() -> None:
    def respond(seen: Seen) -> Answer:
        if "pageToken=2" in seen.path:
            return answer({"operations": [told("B", "FAILED"), {"name": "projects/x/other/C"}, 3]})
        return answer({"operations": [told("A", "RUNNING")], "nextPageToken": "2"})

    with FakeService(respond=respond) as service:
        assert [task.identity for task in client(service).tasks()] == ["A", "B"]


def test_a_cancel_of_a_task_is_sent_to_it() -> None:
    with FakeService(answer({})) as service:
        client(service).cancel_task("A")
    (seen,) = service.seen
    assert (seen.method, seen.path) == ("POST", "/v1/projects/my-project/operations/A:cancel")


def test_an_operation_is_read_without_trusting_it() -> None:
    foreign = told(
        "A",
        "LAUNCHED",
        description="csplus_\x1b[31mx",
        progress=7,
        createTime="2026-01-02T03:04:05.678901Z",
        batchEecuUsageSeconds=True,
        attempt=10**400,
        destinationUris=["gs://a", 3, "\u202eb"],
    )
    task = operations.read(json.dumps(foreign).encode())
    assert (task.state, task.progress, task.created) == ("PENDING", 1.0, "2026-01-02T03:04:05")
    assert (task.eecu_seconds, task.attempt) == (None, 0)
    assert "\x1b" not in task.description
    assert len(task.links) == 2
    assert "\u202e" not in task.links[1]


@pytest.mark.parametrize(
    "name", ["projects/p/operations/../x", "operations/A", "projects/p/operations/A B", None]
)
def test_an_operation_that_names_none_is_damaged(name: str | None) -> None:
    with pytest.raises(DamagedResponse):
        operations.read(json.dumps({"name": name}).encode())


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3),
)


@examples()
@given(
    metadata=VALUES
    | st.dictionaries(
        st.sampled_from(
            [
                "state",
                "description",
                "progress",
                "createTime",
                "attempt",
                "destinationUris",
                "batchEecuUsageSeconds",
            ]
        ),
        VALUES,
    ),
    error=VALUES | st.dictionaries(st.just("message"), VALUES),
    done=VALUES,
)
def test_whatever_an_operation_holds_it_is_read(metadata: Any, error: Any, done: Any) -> None:
    found = {"name": "projects/p/operations/A", "metadata": metadata, "error": error, "done": done}
    task = operations.read(json.dumps(found).encode())
    assert task.state in operations.STATES
    assert 0 <= task.progress <= 1
    assert task.description.isprintable()
    assert task.error.isprintable()


@examples()
@given(VALUES)
def test_whatever_a_page_holds_it_is_read_or_damaged(content: Any) -> None:
    for page in (content, {"operations": content, "nextPageToken": content}):
        try:
            found, token = operations.read_page(json.dumps(page).encode())
        except DamagedResponse:
            continue
        assert not found
        assert isinstance(token, str)


@pytest.mark.parametrize(("text", "identities"), [("", ()), (" A ,B,, A", ("A", "B")), ("A_-9", ("A_-9",))])
def test_ids_are_read_from_a_list(text: str, identities: tuple[str, ...]) -> None:
    assert tasks.read_identities(text) == identities


@pytest.mark.parametrize("text", ["A/B", "A B", "Ä", "A:cancel", "x" * 101])
def test_what_is_no_id_becomes_no_address(text: str) -> None:
    with pytest.raises(InvalidChoice):
        tasks.read_identities(text)


def test_a_request_is_that_of_the_official_client(ee_signatures: ModuleType) -> None:
    ours = request(SIMPLE, Destination("drive", "f"), "x", "p", {})
    grid = {key: ours.pop(key) for key in ("expression", "maxPixels")}
    assert ours == {
        "description": "csplus_x",
        "fileExportOptions": {
            "fileFormat": "GEO_TIFF",
            "driveDestination": {"folder": "f", "filenamePrefix": "x"},
            "geoTiffOptions": {"noData": {"floatValue": 65535}},
        },
    }
    from csplus.csplus_plugin.core.export import edge
    from csplus.csplus_plugin.core.grid import grid_for
    from csplus.csplus_plugin.core.picture import pixels

    laid = grid_for(SIMPLE.scenes.region, SIMPLE.output)
    theirs = ee_signatures.batch.Export.image.toDrive(
        image=pixels(SIMPLE),
        description="csplus_x",
        folder="f",
        fileNamePrefix="x",
        region=edge(laid),
        crs=laid.crs,
        crsTransform=[laid.resolution, 0, laid.left, 0, -laid.resolution, laid.top],
        maxPixels=1e13,
        fileFormat="GeoTIFF",
        formatOptions={"noData": 65535},
    ).config
    assert grid["expression"].serialize() == theirs["expression"].serialize()
    assert grid["maxPixels"] == theirs["maxPixels"]
    assert ours["fileExportOptions"] == theirs["fileExportOptions"]


def test_the_pyramid_of_an_asset_blends_no_days_and_no_counts(ee_signatures: ModuleType) -> None:
    from dataclasses import replace

    recipe = replace(SIMPLE, target=replace(SIMPLE.target, method="latest", count_band=True, date_band=True))
    options = request(recipe, Destination("asset", "a/b"), "x", "p", {"CSPLUS_RECIPE": "{}"})[
        "assetExportOptions"
    ]
    assert options == {
        "earthEngineDestination": {"name": "projects/p/assets/a/b/x"},
        "pyramidingPolicy": "MEAN",
        "pyramidingPolicyOverrides": {"clear_count": "SAMPLE", "date": "SAMPLE"},
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("User memory limit exceeded.", "Choose a shorter period"),
        ("Computation timed out.", "Choose a shorter period"),
        ("Asset storage quota exceeded.", "Delete what is not needed any more"),
        ("Internal error.", ""),
    ],
)
def test_what_a_failed_task_needs_is_known_by_the_services_text(text: str, said: str) -> None:
    assert failures.hint(text).startswith(said)
    assert bool(failures.hint(text)) == bool(said)


def test_a_whole_asset_folder_may_be_of_another_project() -> None:
    assert Destination("asset", "projects/q/assets/a").asset("x", "p") == "projects/q/assets/a/x"


@pytest.mark.parametrize("name", ["", "a b", "a/b", "ä", "x" * 81, "a\n"])
def test_a_name_that_not_all_can_have_is_refused(name: str) -> None:
    with pytest.raises(InvalidChoice):
        check_name(name)
