"""The calls to the service: what is sent, what comes back, what is tried again, how fast a cancel is obeyed."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import ModuleType

import numpy as np
import pytest
from csplus.csplus_plugin.core.errors import (
    BadRequest,
    Cancelled,
    ComputationTooHeavy,
    PermissionDenied,
    QuotaExceeded,
    RequestTooLarge,
    ServiceError,
    SignInNeeded,
    Unreachable,
)
from csplus.csplus_plugin.earthengine import client as client_module
from csplus.csplus_plugin.earthengine.client import Client
from csplus.csplus_plugin.earthengine.retry import Backoff, parse_retry_after
from csplus.csplus_plugin.earthengine.route import Route
from csplus.csplus_plugin.earthengine.session import Connection, Session, close_sessions, session_for

from ..support.fake_service import Answer, FakeService, Seen, npy, refusal, value

EXPRESSION = {"result": "0", "values": {"0": {"constantValue": 1}}}
GRID = {
    "dimensions": {"width": 3, "height": 2},
    "affineTransform": {
        "scaleX": 10,
        "shearX": 0,
        "translateX": 0,
        "shearY": 0,
        "scaleY": -10,
        "translateY": 0,
    },
    "crsCode": "EPSG:32611",
}
PIXELS = np.array(
    [[(1, 0.5), (2, 1.5), (3, 2.5)], [(4, 3.5), (5, 4.5), (6, 5.5)]], dtype=[("B4", "<u2"), ("cs", "<f4")]
)
AT_ONCE = Backoff(max_tries=4, first_delay=0.001)


@pytest.fixture(autouse=True)
def _no_session_is_left():
    yield
    close_sessions()


def client(service: FakeService, **options) -> Client:
    session = session_for(Connection(endpoint=service.url, project="my-project"))
    return Client(session, **{"backoff": AT_ONCE, **options})


def test_a_value_is_asked_for_and_read():
    with FakeService(value({"scenes": [1, 2]})) as service:
        assert client(service).value(EXPRESSION) == {"scenes": [1, 2]}
    (seen,) = service.seen
    assert (seen.method, seen.path) == ("POST", "/v1/projects/my-project/value:compute")
    assert seen.json() == {"expression": EXPRESSION, "workloadTag": "csplus-values"}
    assert seen.headers["content-type"] == "application/json"


def test_null_is_an_answer():
    with FakeService(value(None)) as service:
        assert client(service).value(EXPRESSION) is None
    assert len(service.seen) == 1


def test_an_ee_object_is_encoded_for_the_cloud_api(ee_signatures: ModuleType):
    ee = ee_signatures
    with FakeService(value(3)) as service:
        assert client(service).value(ee.Number(1).add(2)) == 3
    assert service.seen[0].json()["expression"] == {
        "result": "0",
        "values": {
            "0": {
                "functionInvocationValue": {
                    "functionName": "Number.add",
                    "arguments": {"left": {"constantValue": 1}, "right": {"constantValue": 2}},
                }
            }
        },
    }


def test_the_plugin_names_itself_and_the_project():
    with FakeService(value(1)) as service:
        client(service).value(EXPRESSION)
    headers = service.seen[0].headers
    assert headers["user-agent"].startswith("csplus-qgis/")
    assert headers["x-goog-api-client"].startswith("csplus-qgis/")
    assert headers["x-goog-user-project"] == "my-project"


def test_a_map_gives_the_address_of_its_tiles():
    with FakeService(Answer(body=b'{"name": "projects/my-project/maps/abc-123"}')) as service:
        url = client(service).map(EXPRESSION)
    assert url == f"{service.url}/v1/projects/my-project/maps/abc-123/tiles/{{z}}/{{x}}/{{y}}"
    (seen,) = service.seen
    assert (seen.method, seen.path) == ("POST", "/v1/projects/my-project/maps?fields=name")
    assert seen.json() == {
        "expression": EXPRESSION,
        "fileFormat": "AUTO_JPEG_PNG",
        "workloadTag": "csplus-live",
    }


def test_pixels_are_asked_for_and_read():
    with FakeService(Answer(body=npy(PIXELS))) as service:
        pixels = client(service).pixels(EXPRESSION, GRID, ["B4", "cs"])
    assert pixels.dtype.names == ("B4", "cs")
    np.testing.assert_array_equal(pixels["B4"], [[1, 2, 3], [4, 5, 6]])
    np.testing.assert_array_equal(pixels["cs"], [[0.5, 1.5, 2.5], [3.5, 4.5, 5.5]])
    (seen,) = service.seen
    assert (seen.method, seen.path) == ("POST", "/v1/projects/my-project/image:computePixels")
    assert seen.json() == {
        "expression": EXPRESSION,
        "fileFormat": "NPY",
        "grid": GRID,
        "bandIds": ["B4", "cs"],
        "workloadTag": "csplus-download",
    }


@pytest.mark.parametrize("tag", client_module.WORKLOADS.values())
def test_a_workload_tag_is_one_that_the_official_client_takes(ee_signatures: ModuleType, tag: str):
    with ee_signatures.data.workloadTagContext(tag):
        assert ee_signatures.data.getWorkloadTag() == tag


def test_pixels_in_columns_first_order_are_not_transposed():
    with FakeService(Answer(body=npy(np.asfortranarray(PIXELS)))) as service:
        pixels = client(service).pixels(EXPRESSION, GRID, ["B4", "cs"])
    np.testing.assert_array_equal(pixels["B4"], [[1, 2, 3], [4, 5, 6]])


@pytest.mark.parametrize(
    "broken",
    [
        Answer(body=npy(PIXELS)[:-5]),
        Answer(body=npy(PIXELS)[:-5], promised=len(npy(PIXELS))),
        Answer(body=npy(PIXELS) + b"more"),
        Answer(body=npy(PIXELS)[:40]),
        Answer(body=npy(PIXELS[:, :2])),
        Answer(body=npy(PIXELS[["B4"]].astype([("B4", "<u2")]))),
        Answer(body=npy(np.array([[None] * 3] * 2))),
        Answer(body=b"<html>not pixels</html>"),
        Answer(body=b""),
        Answer(hang_up=True),
    ],
)
def test_damaged_pixels_are_fetched_again(broken: Answer):
    with FakeService(broken, broken, Answer(body=npy(PIXELS))) as service:
        pixels = client(service).pixels(EXPRESSION, GRID, ["B4", "cs"])
    np.testing.assert_array_equal(pixels["B4"], [[1, 2, 3], [4, 5, 6]])
    assert len(service.seen) == 3


@pytest.mark.parametrize(
    "broken",
    [
        Answer(body=b'{"result": [1, 2'),
        Answer(body=b'{"result": 12}', promised=500),
        Answer(body=b"<html>"),
        Answer(body=b"{}"),
        Answer(body=b"[]"),
    ],
)
def test_a_damaged_value_is_never_taken_for_an_answer(broken: Answer):
    with FakeService(broken) as service, pytest.raises(Unreachable, match="damaged|was lost"):
        client(service).value(EXPRESSION)
    assert len(service.seen) == AT_ONCE.max_tries


def test_a_pickle_is_not_opened():
    trap = npy(np.array([[print] * 3] * 2, dtype=object))
    with FakeService(Answer(body=trap)) as service, pytest.raises(Unreachable):
        client(service).pixels(EXPRESSION, GRID, ["B4", "cs"])


@pytest.mark.parametrize(
    ("status", "text", "error"),
    [
        (401, "Request had invalid authentication credentials.", SignInNeeded),
        (403, "Caller does not have required permission to use project p.", PermissionDenied),
        (
            403,
            "Earth Engine API has not been used in project 1 before or it is disabled.",
            PermissionDenied,
        ),
        (403, "Project p is not registered to use Earth Engine.", PermissionDenied),
        (
            400,
            "Total request size (57353670 bytes) must be less than or equal to 50331648 bytes.",
            RequestTooLarge,
        ),
        (
            400,
            "Pixel grid dimensions (103439x55072) must be less than or equal to 32768.",
            RequestTooLarge,
        ),
        (413, "Whatever.", RequestTooLarge),
        (400, "User memory limit exceeded.", ComputationTooHeavy),
        (400, "Computation timed out.", ComputationTooHeavy),
        (400, "Computed value is too large.", ComputationTooHeavy),
        (
            400,
            "Image.reduceRegion: Too many pixels in the region. Found 12657628, but maxPixels allows only 10000000.",
            ComputationTooHeavy,
        ),
        (400, "Collection query aborted after accumulating over 5000 elements.", ComputationTooHeavy),
        (
            400,
            "Image.select: Band pattern 'VV' did not match any bands. Available bands: [HH]",
            BadRequest,
        ),
        (404, "Asset 'projects/x' does not exist or doesn't allow this operation.", BadRequest),
    ],
)
def test_what_will_not_pass_is_told_at_once_with_the_service_s_words(
    status: int, text: str, error: type[ServiceError]
):
    with FakeService(refusal(status, text)) as service, pytest.raises(error) as told:
        client(service).value(EXPRESSION)
    assert type(told.value) is error
    assert text in told.value.what
    assert told.value.status == status
    assert len(service.seen) == 1


@pytest.mark.parametrize(
    ("text", "next_step"),
    [
        (
            "Earth Engine API has not been used in project 1 before or it is disabled.",
            "apis/library/earthengine",
        ),
        ("Project p is not registered to use Earth Engine.", "earth-engine/configuration"),
        ("Caller does not have required permission to use project p.", "CSPLUS_PROJECT"),
    ],
)
def test_each_kind_of_refused_permission_has_its_own_next_step(text: str, next_step: str):
    with FakeService(refusal(403, text)) as service, pytest.raises(PermissionDenied) as told:
        client(service).value(EXPRESSION)
    assert next_step in told.value.next_step


@pytest.mark.parametrize(
    "passing",
    [
        refusal(429, "Quota exceeded: Too many concurrent aggregations."),
        refusal(400, "Quota exceeded: Too many concurrent aggregations."),
        Answer(
            403, b'{"error": {"message": "Rate Limit Exceeded", "errors": [{"reason": "rateLimitExceeded"}]}}'
        ),
        refusal(500, "Internal error."),
        refusal(503, "The service is currently unavailable."),
        Answer(502, b"<html>Bad gateway</html>"),
        Answer(hang_up=True),
    ],
)
def test_what_may_pass_is_tried_again(passing: Answer):
    with FakeService(passing, passing, value(7)) as service:
        talker = client(service)
        assert talker.value(EXPRESSION) == 7
    assert len(service.seen) == talker.requests_made == 3


@pytest.mark.parametrize(
    ("failing", "error"),
    [
        (refusal(429, "Slow down."), QuotaExceeded),
        (refusal(503, "Unavailable."), Unreachable),
        (Answer(hang_up=True), Unreachable),
    ],
)
def test_tries_are_bounded(failing: Answer, error: type[ServiceError]):
    with FakeService(failing) as service, pytest.raises(error) as told:
        client(service).value(EXPRESSION)
    assert len(service.seen) == AT_ONCE.max_tries
    assert told.value.next_step


def test_an_error_page_is_not_shown_to_the_user():
    page = b"<html><body>Sorry, 502 from squid</body></html>"
    with FakeService(Answer(502, page)) as service, pytest.raises(Unreachable) as told:
        client(service).value(EXPRESSION)
    assert "html" not in str(told.value)
    assert "502" in told.value.what


def test_the_words_of_an_error_in_a_list_are_found():
    body = json.dumps([{"error": {"code": 400, "message": "No such band."}}]).encode()
    with FakeService(Answer(400, body)) as service, pytest.raises(BadRequest, match=r"No such band\."):
        client(service).value(EXPRESSION)


def test_a_sign_in_page_in_the_way_is_recognised():
    portal = Answer(302, headers={"Location": "http://portal.example/login"})
    with FakeService(portal) as service, pytest.raises(Unreachable, match="captive portal"):
        client(service).value(EXPRESSION)
    assert len(service.seen) == 1


def test_retry_after_in_seconds_is_waited_for():
    with FakeService(refusal(429, "Slow down.", Retry_After="1"), value(7)) as service:
        assert client(service).value(EXPRESSION) == 7
    first, second = service.seen
    assert 1.0 <= second.at - first.at < 2.0


def test_retry_after_as_a_date_is_waited_for():
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    with FakeService(refusal(503, "Later.", Retry_After=moment), value(7)) as service:
        assert client(service).value(EXPRESSION) == 7
    first, second = service.seen
    assert 0.8 <= second.at - first.at < 3.0


def test_a_service_that_wants_an_hour_is_not_waited_for():
    with FakeService(refusal(429, "Slow down.", Retry_After="3600")) as service, pytest.raises(QuotaExceeded):
        client(service).value(EXPRESSION)
    assert len(service.seen) == 1


@pytest.mark.parametrize("header", [None, "", "soon", "-5", "Wed, 99 Foo 2026 00:00:00 GMT"])
def test_a_retry_after_that_says_nothing(header: str | None):
    assert parse_retry_after(header) is None


def test_a_retry_after_of_the_past_means_now():
    now = datetime(2026, 5, 1, 12, tzinfo=UTC)
    assert parse_retry_after("Fri, 01 May 2026 11:59:00 GMT", now) == 0
    assert parse_retry_after("Fri, 01 May 2026 12:00:30 GMT", now) == 30


def test_waits_grow_with_full_jitter_up_to_the_cap():
    backoff = Backoff(max_tries=20, first_delay=1.0, max_delay=8.0)
    for failures, bound in ((1, 1), (2, 2), (3, 4), (4, 8), (9, 8)):
        waits = [backoff.choose_delay(failures) for _ in range(400)]
        assert 0 <= min(waits) < 0.2 * bound
        assert 0.8 * bound < max(waits) <= bound
    assert backoff.choose_delay(20) is None


def cancelled_after(seconds: float):
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


@pytest.mark.parametrize(
    "answer",
    [
        Answer(stall=30),
        refusal(429, "Slow down.", Retry_After="30"),
        Answer(503, headers={"Retry-After": "30"}),
    ],
    ids=["in flight", "429", "503"],
)
def test_a_cancel_does_not_wait_for_the_service(answer: Answer):
    with FakeService(answer) as service:
        start = time.monotonic()
        talker = client(service, is_cancelled=cancelled_after(0.3))
        with pytest.raises(Cancelled):
            talker.value(EXPRESSION)
        assert 0.3 <= time.monotonic() - start < 3  # a second is promised; a busy machine adds some
    assert len(service.seen) == 1


def test_nothing_is_sent_after_a_cancel():
    with FakeService(value(1)) as service, pytest.raises(Cancelled):
        client(service, is_cancelled=lambda: True).value(EXPRESSION)
    assert service.seen == []


def test_a_cancel_during_a_call_does_not_spoil_the_session():
    with FakeService(Answer(stall=30), value(2)) as service:
        with pytest.raises(Cancelled):
            client(service, is_cancelled=cancelled_after(0.2)).value(EXPRESSION)
        assert client(service).value(EXPRESSION) == 2


def test_a_request_over_ten_megabytes_is_not_sent():
    outline = {"result": "0", "values": {"0": {"constantValue": [[1.25, 2.5]] * 1_100_000}}}
    with FakeService(value(1)) as service, pytest.raises(RequestTooLarge, match="Simplify"):
        client(service).value(outline)
    assert service.seen == []


def test_restricted_mode_is_said_once():
    restricted = {"x-earth-engine-quota-status": "parallelism_restricted=true"}
    said: list[str] = []
    with FakeService(value(1, **restricted)) as service:
        talker = client(service, notify=said.append)
        assert not talker.is_restricted
        talker.value(EXPRESSION)
        talker.value(EXPRESSION)
    assert talker.is_restricted
    assert len([line for line in said if "restricted mode" in line]) == 1


def test_what_the_service_announces_reaches_the_log():
    said: list[str] = []
    listing = Answer(
        body=b'{"algorithms": [{"name": "algorithms/X"}]}',
        headers={"X-Earth-Engine-Init-Message": "This is a sandbox."},
    )
    with FakeService(listing) as service:
        assert client(service, notify=said.append).algorithms() == {"algorithms": [{"name": "algorithms/X"}]}
    assert said == ["This is a sandbox."]
    assert (service.seen[0].method, service.seen[0].path) == ("GET", "/v1/projects/my-project/algorithms")


def test_many_workers_share_one_pool_of_connections():
    together = threading.Barrier(40, timeout=20)

    def respond(seen: Seen) -> Answer:
        return value(seen.json()["expression"]["values"]["0"]["constantValue"])

    def ask(number: int) -> list[int]:
        together.wait()
        expression = {"result": "0", "values": {"0": {"constantValue": number}}}
        return [talker.value(expression) for _ in range(3)]

    with FakeService(respond=respond) as service, ThreadPoolExecutor(40) as workers:
        talker = client(service)
        answers = list(workers.map(ask, range(40)))
    assert answers == [[number] * 3 for number in range(40)]
    assert talker.requests_made == 120
    assert service.connections <= 48


def test_a_service_that_is_not_there_is_reported_at_once_with_its_host(monkeypatch: pytest.MonkeyPatch):
    waits: list[float] = []
    monkeypatch.setattr(client_module, "pause", lambda seconds, _: waits.append(seconds))
    with FakeService(value(1)) as service:
        pass
    with pytest.raises(Unreachable) as told:
        client(service, backoff=Backoff()).value(EXPRESSION)
    assert service.host in told.value.what
    assert "refused" in told.value.what
    assert "object at 0x" not in told.value.what
    assert waits == []


def test_a_defect_of_our_own_is_not_dressed_up_as_a_network_failure():
    with FakeService(value(1)) as service:
        talker = client(service)
        talker.session.request = lambda *_, **__: 1 / 0  # type: ignore[method-assign]
        with pytest.raises(ZeroDivisionError):
            talker.value(EXPRESSION)


class TestProxy:
    """A host that is not on this machine, behind a proxy that is."""

    def session(self, proxy: FakeService, base_url: str, **options) -> Session:
        account = "http://user:hidden-word@"
        address = proxy.url.replace("http://", account)
        return Session(base_url, "my-project", Route({"http": address, "https": address}, **options))

    def test_requests_go_through_it(self):
        with FakeService(value(5)) as proxy:
            session = self.session(proxy, "http://earthengine.example")
            assert Client(session).value(EXPRESSION) == 5
        (seen,) = proxy.seen
        assert seen.path == "http://earthengine.example/v1/projects/my-project/value:compute"
        assert seen.headers["proxy-authorization"].startswith("Basic ")

    def test_encrypted_requests_go_through_it(self):
        with FakeService(Answer(407)) as proxy:
            session = self.session(proxy, "https://earthengine.example")
            with pytest.raises(Unreachable) as told:
                Client(session, backoff=AT_ONCE).value(EXPRESSION)
        assert [(seen.method, seen.path) for seen in proxy.seen] == [("CONNECT", "earthengine.example:443")]
        assert proxy.host in told.value.what
        assert "earthengine.example" in told.value.what
        assert "407" in told.value.what
        assert "hidden-word" not in str(told.value)

    def test_a_proxy_that_is_not_there_is_named(self):
        with FakeService(value(5)) as proxy:
            session = self.session(proxy, "https://earthengine.example")
        with pytest.raises(Unreachable) as told:
            Client(session, backoff=AT_ONCE).value(EXPRESSION)
        assert proxy.host in told.value.what
        assert "hidden-word" not in str(told.value)

    def test_it_wins_over_that_of_the_environment(self, monkeypatch: pytest.MonkeyPatch):
        with FakeService(value(5)) as proxy, FakeService(value(6)) as other:
            monkeypatch.setenv("http_proxy", other.url)
            session = self.session(proxy, "http://earthengine.example")
            assert Client(session).value(EXPRESSION) == 5
            assert other.seen == []

    def test_the_environment_s_is_used_where_qgis_has_none(self, monkeypatch: pytest.MonkeyPatch):
        with FakeService(value(6)) as other:
            monkeypatch.setenv("http_proxy", other.url)
            monkeypatch.delenv("no_proxy", raising=False)
            monkeypatch.delenv("NO_PROXY", raising=False)
            session = Session("http://earthengine.example", "my-project", Route())
            assert Client(session).value(EXPRESSION) == 6
            assert len(other.seen) == 1
            assert session.proxy == other.host

    def test_this_machine_is_reached_without_it(self, monkeypatch: pytest.MonkeyPatch):
        with FakeService(value(5)) as proxy, FakeService(value(8)) as service:
            monkeypatch.setenv("http_proxy", proxy.url)
            connection = Connection(endpoint=service.url, proxies={"http": proxy.url})
            assert Client(session_for(connection)).value(EXPRESSION) == 8
            assert proxy.seen == []

    def test_excluded_urls(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("https_proxy", "http://environment.example:1")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        route = Route({"https": "http://qgis.example:2"}, ("https://direct.",), ("https://by-env.",))
        assert route.proxy_name("https://direct.example/x") == ""
        assert route.proxy_name("https://by-env.example/x") == "environment.example:1"
        assert route.proxy_name("https://any.example/x") == "qgis.example:2"


def test_an_encrypted_connection_that_cannot_be_trusted_is_not_tried_again():
    with FakeService(value(1)) as service:
        session = Session(service.url.replace("http", "https"), "my-project", Route())
        with pytest.raises(Unreachable, match="cannot be established") as told:
            Client(session, backoff=AT_ONCE).value(EXPRESSION)
    assert "REQUESTS_CA_BUNDLE" in told.value.next_step
