"""The server's manners: what it says, what it refuses, how it ends."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from csplus.csplus_plugin.sandbox import meter
from csplus.csplus_plugin.sandbox.errors import CannotStart, Refused
from csplus.csplus_plugin.sandbox.rest.endpoints import router
from csplus.csplus_plugin.sandbox.rest.listener import MAX_CONNECTIONS
from csplus.csplus_plugin.sandbox.server import Sandbox, start
from csplus.csplus_plugin.sandbox.service_model import ServiceModel

from ...support.servers import GRID, L2A, LATER, SCENE, ask, ask_error, official_client
from ...support.turnstile import LONG, Turnstile, until

COMPUTE = "/v1/projects/sandbox-project/value:compute"
PIXELS = "/v1/projects/sandbox-project/image:computePixels"
CONSTANT = {"expression": {"result": "0", "values": {"0": {"constantValue": 7}}}}


def test_client_says_what_it_talks_to(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with official_client(url):
        said = capsys.readouterr().err
    assert "Cloud Score+ sandbox" in said
    assert "not Google Earth Engine" in said


def test_values(ee: Any) -> None:
    assert ee.Number(1).add(2).getInfo() == 3
    assert ee.ImageCollection(L2A).size().getInfo() == 2
    bands = ee.Image(f"{L2A}/{SCENE}").select("B4").getInfo()["bands"]
    assert bands == [
        {
            "id": "B4",
            "data_type": {"type": "PixelType", "precision": "int", "min": 0, "max": 65535},
            "dimensions": [12, 8],
            "crs": "EPSG:32611",
            "crs_transform": [10, 0, 240000, 0, -10, 4150000],
        }
    ]


def test_unsupported_function_is_refused_by_name(ee: Any) -> None:
    segments = ee.Algorithms.Image.Segmentation.SNIC(ee.Image(1))
    with pytest.raises(ee.EEException, match=r"Image\.Segmentation\.SNIC is not supported by this sandbox"):
        segments.getInfo()


def test_too_many_elements(ee: Any) -> None:
    with pytest.raises(ee.EEException) as refusal:
        ee.FeatureCollection(ee.List.sequence(1, 5001).map(lambda n: ee.Feature(None, {"n": n}))).getInfo()
    assert str(refusal.value) == "Collection query aborted after accumulating over 5000 elements."


def test_project_config(ee: Any) -> None:
    assert ee.data.getProjectConfig()["registrationState"] == "REGISTERED_NOT_COMMERCIALLY"


def test_projects_of_a_domain_have_a_colon(url: str) -> None:
    assert ask(url, "POST", "/v1/projects/example.com:mine/value:compute", CONSTANT)[0] == 200
    assert ask(url, "GET", "/v1/projects/example.com:mine:listAssets")[0] == 200


def test_assets(ee: Any) -> None:
    collection = ee.data.getAsset(L2A)
    assert (collection["type"], collection["id"]) == ("IMAGE_COLLECTION", L2A)
    image = ee.data.getAsset(f"{L2A}/{SCENE}")
    assert (image["type"], image["id"]) == ("IMAGE", f"{L2A}/{SCENE}")
    assert image["properties"]["MGRS_TILE"] == "11SKB"
    assert image["startTime"] == "2023-01-05T18:47:51Z"
    assert [band["id"] for band in image["bands"]] == ["B3", "B4", "SCL"]
    with pytest.raises(ee.EEException, match="does not exist or doesn't allow this operation"):
        ee.data.getAsset("COPERNICUS/nope")


def test_list_assets_page_by_page(ee: Any) -> None:
    first = ee.data.listAssets({"parent": L2A, "pageSize": 1})
    second = ee.data.listAssets({"parent": L2A, "pageSize": 1, "pageToken": first["nextPageToken"]})
    ids = [asset["id"] for page in (first, second) for asset in page["assets"]]
    assert ids == [f"{L2A}/{SCENE}", f"{L2A}/{LATER}"]
    assert "nextPageToken" not in second
    assert len(ee.data.listAssets(L2A)["assets"]) == 2
    assert ee.data.listAssets("projects/sandbox-project/assets")["assets"] == []


@pytest.mark.parametrize(("call", "endpoint"), [
    (
        lambda ee: ee.data.computeImages({"expression": ee.ImageCollection([])}),
        "POST /v1/projects/sandbox-project/imageCollection:computeImages",
    ),
    (lambda ee: ee.data.getIamPolicy(L2A), f"POST /v1/projects/earthengine-public/assets/{L2A}:getIamPolicy"),
    (
        lambda ee: ee.data.exportVideo("1", {"expression": ee.ImageCollection([]), "description": "d"}),
        "POST /v1/projects/sandbox-project/video:export",
    ),
])  # fmt: skip
def test_what_is_missing_is_refused_by_name(ee: Any, call: Any, endpoint: str) -> None:
    with pytest.raises(ee.EEException) as refusal:
        call(ee)
    assert str(refusal.value) == f"{endpoint} is not supported by this sandbox."


def test_discovery_never_names_google_as_the_root(url: str) -> None:
    document = json.loads(ask(url, "GET", "/$discovery/rest?version=v1")[2])
    assert document["rootUrl"] == document["baseUrl"] == f"{url}/"
    assert document["version"] == "v1"


@pytest.mark.parametrize(("method", "path", "code", "status"), [
    ("GET", "/", 404, "NOT_FOUND"),
    ("GET", "/etc/passwd", 404, "NOT_FOUND"),
    ("GET", "/v1/projects/p/../../../etc/passwd", 404, "NOT_FOUND"),
    ("POST", "/v1/projects/p/filmstripThumbnails", 404, "NOT_FOUND"),
    ("GET", "/v1/projects/p/thumbnails/nope:getPixels", 404, "NOT_FOUND"),
    ("GET", "/v1/projects/p/tables/nope:getFeatures", 404, "NOT_FOUND"),
    ("GET", "/v1/projects/p/operations/nope", 404, "NOT_FOUND"),
    ("GET", "/v1/projects/p/maps/nope/tiles/0/0/0", 404, "NOT_FOUND"),
    ("GET", "/v1/projects/p/value:compute", 405, "UNIMPLEMENTED"),
    ("DELETE", "/v1/projects/p/assets/f", 404, "NOT_FOUND"),
    ("PUT", "/v1/projects/p/assets/f", 405, "UNIMPLEMENTED"),
    ("OPTIONS", "/v1/projects/p/maps", 405, "UNIMPLEMENTED"),
    ("BREW", "/v1/projects/p/maps", 501, "UNIMPLEMENTED"),
])  # fmt: skip
def test_unknown_requests(url: str, method: str, path: str, code: int, status: str) -> None:
    error = ask_error(url, method, path)
    assert (error["code"], error["status"]) == (code, status)


@pytest.mark.parametrize("body", [
    b"", b"{", b"[1]", b"\xff\xfe", b"[" * 100_000, b"{}", b'{"expression": 3}', b'{"expression": {}}',
    b'{"expression": {"result": "0", "values": {}}}',
])  # fmt: skip
@pytest.mark.parametrize("path", [COMPUTE, PIXELS, "/v1/projects/sandbox-project/maps"])
def test_bodies_that_are_no_request(url: str, path: str, body: bytes) -> None:
    assert ask_error(url, "POST", path, body)["status"] == "INVALID_ARGUMENT"


@pytest.mark.parametrize("change", [
    {"fileFormat": ["PNG"]}, {"bandIds": "B4"}, {"bandIds": [4]}, {"grid": [1]}, {"visualizationOptions": "red"},
    {"visualizationOptions": {"ranges": ["wide"]}}, {"visualizationOptions": {"paletteColors": [None]}},
])  # fmt: skip
def test_fields_of_the_wrong_kind(url: str, change: dict[str, Any]) -> None:
    image = {"functionName": "Image.load", "arguments": {"id": {"constantValue": f"{L2A}/{SCENE}"}}}
    expression = {"result": "0", "values": {"0": {"functionInvocationValue": image}}}
    error = ask_error(url, "POST", PIXELS, {"expression": expression, "grid": GRID, **change})
    assert error["status"] == "INVALID_ARGUMENT"


def test_payload_limit(url: str) -> None:
    error = ask_error(url, "POST", COMPUTE, b" " * (10 * 2**20 + 1))
    assert error["message"] == "Request payload size exceeds the limit: 10485760 bytes."


def test_body_of_unknown_length(url: str) -> None:
    host = urlsplit(url)
    with socket.create_connection((host.hostname, host.port), timeout=LONG) as connection:
        connection.sendall(
            f"POST {COMPUTE} HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        )
        assert connection.recv(4096).startswith(b"HTTP/1.1 411 ")


def test_other_names_of_this_computer_are_refused(url: str) -> None:
    assert ask(url, "POST", COMPUTE, CONSTANT, {"Host": "evil.example"})[0] == 403
    assert ask(url, "POST", COMPUTE, CONSTANT, {"Host": "localhost:1234"})[0] == 200


@pytest.mark.parametrize("headers", [
    {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": ""}, {"Origin": "https://127.0.0.1"},
    {"Origin": "http://127.0.0.1:1"}, {"Origin": "http://127.0.0.1.evil.example"},
    {"Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": ""},
])  # fmt: skip
def test_pages_of_others_are_refused(shared: Sandbox, headers: dict[str, str]) -> None:
    folder = "/v1/projects/sandbox-project/assets?assetId=from_a_page"
    for method, path, body in (
        ("POST", folder, {"type": "FOLDER"}),
        ("POST", COMPUTE, CONSTANT),
        ("OPTIONS", COMPUTE, None),
        ("GET", "/v1/projects/sandbox-project/config", None),
    ):
        status, received, content = ask(
            shared.url, method, path, body, {"Content-Type": "text/plain", **headers}
        )
        assert status == 403
        assert json.loads(content)["error"] == {
            "code": 403,
            "message": "The sandbox answers no other web page than its own.",
            "status": "PERMISSION_DENIED",
        }
        assert not any(name.lower().startswith("access-control") for name in received)
    assert ask(shared.url, "GET", "/v1/projects/sandbox-project/assets/from_a_page")[0] == 404


@pytest.mark.parametrize("site", [None, "none", "same-origin"])
def test_pages_of_its_own_are_answered(url: str, site: str | None) -> None:
    port = urlsplit(url).port
    headers = {} if site is None else {"Sec-Fetch-Site": site}
    assert ask(url, "POST", COMPUTE, CONSTANT, headers)[0] == 200
    assert ask(url, "POST", COMPUTE, CONSTANT, {**headers, "Origin": url})[0] == 200
    names = {"Host": f"localhost:{port}", "Origin": f"http://localhost:{port}"}
    assert ask(url, "POST", COMPUTE, CONSTANT, {**headers, **names})[0] == 200


def test_long_queries_may_come_as_a_body(url: str) -> None:
    path = f"/v1/projects/earthengine-public/assets/{L2A}:listAssets"
    content = ask(url, "POST", path, b"pageSize=1&view=BASIC", {"X-HTTP-Method-Override": "GET"})[2]
    assert len(json.loads(content)["assets"]) == 1


@pytest.mark.parametrize("tile", ["25/0/0", "2/4/0", "2/0/4", "1/-1/0", "a/b/c"])
def test_tiles_outside_the_world(ee: Any, url: str, tile: str) -> None:
    name = ee.Image(1).getMapId()["mapid"]
    assert ask_error(url, "GET", f"/v1/{name}/tiles/{tile}")["code"] == 400


def test_too_many_at_a_time(archive: Path) -> None:
    with start(archive, model=ServiceModel(max_concurrent=1)) as sandbox:
        assert _statuses_of_slow_requests(sandbox, 4) == [200, 429, 429, 429]
        assert ask(sandbox.url, "POST", COMPUTE, CONSTANT)[0] == 200


def _statuses_of_slow_requests(sandbox: Sandbox, count: int) -> list[int]:
    """Statuses, in ascending order, of requests that are sure to overlap."""
    entered, leave = threading.Event(), threading.Event()
    evaluator = sandbox.service.evaluator
    evaluate = evaluator.evaluate

    def wait(expression: dict[str, Any]) -> object:
        entered.set()
        leave.wait(LONG)
        return evaluate(expression)

    evaluator.evaluate = wait
    try:
        with ThreadPoolExecutor() as pool:
            first = pool.submit(ask, sandbox.url, "POST", COMPUTE, CONSTANT)
            entered.wait(LONG)
            others = [ask(sandbox.url, "POST", COMPUTE, CONSTANT) for _ in range(count - 1)]
            assert json.loads(others[0][2])["error"]["message"].startswith(
                "Quota exceeded: Too many concurrent"
            )
            assert ask(sandbox.url, "GET", "/v1/projects/p/config")[0] == 200
            leave.set()
            return sorted([first.result()[0], *(status for status, _, _ in others)])
    finally:
        leave.set()
        evaluator.evaluate = evaluate


@pytest.mark.parametrize(
    "model", [{"latency": 300}, {}, {"max_concurrent": 1}], ids=["late", "computing", "the only one"]
)
def test_what_nobody_waits_for_any_more_is_not_computed(archive: Path, model: dict[str, int]) -> None:
    begun, ended = threading.Event(), threading.Event()

    def evaluate(_: object) -> object:
        begun.set()
        try:
            while True:
                meter.check()
                time.sleep(0.01)
        finally:
            ended.set()

    with start(archive, model=ServiceModel(**model)) as sandbox:
        host = urlsplit(sandbox.url)
        true, sandbox.service.evaluator.evaluate = sandbox.service.evaluator.evaluate, evaluate
        connection = http.client.HTTPConnection(host.hostname, host.port)
        connection.request("POST", COMPUTE, json.dumps(CONSTANT))
        if "latency" in model:
            time.sleep(0.3)
            connection.close()
            until(lambda: not sandbox._listener._connections)
            assert not begun.is_set()
            return
        assert begun.wait(LONG)
        time.sleep(0.3)
        assert not ended.is_set()  # it goes on for as long as somebody waits
        connection.close()
        assert ended.wait(2)  # a second is promised; a busy machine adds some
        sandbox.service.evaluator.evaluate = true
        until(lambda: ask(sandbox.url, "POST", COMPUTE, CONSTANT)[0] == 200)


def test_latency(archive: Path) -> None:
    with start(archive, model=ServiceModel(latency=0.3)) as sandbox:
        began = time.monotonic()
        ask(sandbox.url, "POST", COMPUTE, CONSTANT)
        assert time.monotonic() - began >= 0.3


def test_latency_is_waited_for_once(archive: Path, turnstile: Turnstile) -> None:
    turnstile.open()
    with start(archive, model=ServiceModel(latency=300)) as sandbox:
        ask(sandbox.url, "POST", COMPUTE, CONSTANT)
        ask(sandbox.url, "GET", "/v1/projects/p/config")
        assert turnstile.asked == [300, 300]


def test_defects_are_answered_and_logged(archive: Path) -> None:
    lines: list[str] = []
    with start(archive, log=lines.append) as sandbox:
        sandbox.service.evaluator.evaluate = lambda _: 1 // 0
        error = ask_error(sandbox.url, "POST", COMPUTE, CONSTANT)
    assert (error["code"], error["status"]) == (500, "INTERNAL")
    assert "ZeroDivisionError" in error["message"]
    assert lines == [f"POST {COMPUTE}: ZeroDivisionError: integer division or modulo by zero"]


def test_dropped_connections_are_silent(archive: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with start(archive, model=ServiceModel(latency=0.2)) as sandbox:
        host = urlsplit(sandbox.url)
        whole = b"GET /v1/projects/p/algorithms HTTP/1.1\r\nHost: localhost\r\n\r\n"
        for request in (b"", whole[:20], whole):
            with socket.create_connection((host.hostname, host.port)) as connection:
                connection.sendall(request)
                # Close with a reset instead of a farewell.
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        time.sleep(0.5)
        assert ask(sandbox.url, "POST", COMPUTE, CONSTANT)[0] == 200
    assert capfd.readouterr() == ("", "")


def test_a_kept_connections_answers_come_in_one_piece(url: str) -> None:
    host = urlsplit(url)
    body = json.dumps(CONSTANT).encode()
    request = (
        f"POST {COMPUTE} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    )
    with socket.create_connection((host.hostname, host.port), timeout=LONG) as connection:
        for _ in range(20):
            connection.sendall(request)
            # In two pieces, the second one would wait 40 ms for the first one's acknowledgement.
            assert connection.recv(65536).endswith(b'{"result": 7}')


def test_stop_ends_open_connections_and_frees_the_port(archive: Path) -> None:
    sandbox = start(archive)
    host = urlsplit(sandbox.url)
    connection = socket.create_connection((host.hostname, host.port), timeout=LONG)
    connection.sendall(b"GET /v1/projects/p/config HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
    sandbox.stop()
    sandbox.stop()
    assert connection.recv(1) == b""
    connection.close()
    with pytest.raises(ConnectionError):
        ask(sandbox.url, "GET", "/v1/projects/p/config")
    with start(archive, port=host.port) as again:
        assert again.url == sandbox.url
        with pytest.raises(CannotStart, match=f"Port {host.port} of 127.0.0.1 cannot be used"):
            start(archive, port=host.port)


def _opened(url: str, count: int, sent: bytes) -> list[socket.socket]:
    """Connections that have all sent something."""
    host = urlsplit(url)
    connections = []
    for _ in range(count):
        connections.append(socket.create_connection((host.hostname, host.port), timeout=LONG))
        connections[-1].sendall(sent)
    return connections


@pytest.mark.parametrize("sent", [b"", b"POST /v1/projects/p/maps HTTP/1.1\r\nContent-Length: 50\r\n\r\n{"])
def test_connections_without_a_request_make_room(archive: Path, sent: bytes) -> None:
    before = threading.active_count()
    with start(archive) as sandbox:
        connections = _opened(sandbox.url, 3 * MAX_CONNECTIONS, sent)
        assert ask(sandbox.url, "POST", COMPUTE, CONSTANT)[0] == 200
        assert threading.active_count() - before <= MAX_CONNECTIONS + 10
        assert connections[0].recv(1) == b""  # the longest unused has gone, the latest has not
        connections[-1].settimeout(0.1)
        with pytest.raises(TimeoutError):
            connections[-1].recv(1)
        for connection in connections:
            connection.close()


def test_no_more_connections_than_can_be_answered(archive: Path, turnstile: Turnstile) -> None:
    before = threading.active_count()
    request = b"GET /v1/projects/p/config HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with start(archive, model=ServiceModel(latency=300)) as sandbox:
        connections = _opened(sandbox.url, MAX_CONNECTIONS, request)
        until(lambda: len(turnstile.asked) == MAX_CONNECTIONS)
        status, _, content = ask(sandbox.url, "GET", "/v1/projects/p/config")
        assert status == 503
        assert json.loads(content)["error"] == {
            "code": 503,
            "message": "There are 200 connections to this sandbox already. Please try again later.",
            "status": "UNAVAILABLE",
        }
        assert threading.active_count() - before <= MAX_CONNECTIONS + 10
        turnstile.open()
        assert all(connection.recv(65536).startswith(b"HTTP/1.1 200 ") for connection in connections)
        assert ask(sandbox.url, "POST", COMPUTE, CONSTANT)[0] == 200
        for connection in connections:
            connection.close()


def test_stop_lets_what_computes_come_to_its_end(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, ended = threading.Event(), threading.Event()

    def slow(*_: object) -> None:
        begun.set()
        time.sleep(0.5)
        ended.set()
        raise Refused("late")

    monkeypatch.setattr(router, "find", lambda *_: (SimpleNamespace(computes=False, endpoint=slow), {}))
    sandbox = start(archive)
    host = urlsplit(sandbox.url)
    with socket.create_connection((host.hostname, host.port), timeout=LONG) as connection:
        connection.sendall(b"GET /v1/projects/p/config HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert begun.wait(LONG)
        sandbox.stop()
        assert ended.is_set()


def test_folders_that_are_no_archive(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="There is no folder"):
        start(tmp_path / "absent")
    with pytest.raises(CannotStart, match="holds no scenes"):
        start(tmp_path)
