"""Bodies that come too slowly, are too long or coded in a strange way: broken off, and asked for again."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest
from csplus.csplus_plugin.core.errors import Cancelled, CsPlusError, Unreachable
from csplus.csplus_plugin.earthengine import responses, transport, watch
from csplus.csplus_plugin.earthengine.client import Client
from csplus.csplus_plugin.earthengine.retry import Backoff
from csplus.csplus_plugin.earthengine.route import Route
from csplus.csplus_plugin.earthengine.session import Connection, close_sessions, session_for
from csplus.csplus_plugin.earthengine.trust import trusting

from ..support.fake_service import Answer, FakeService, Seen, npy
from ..support.turnstile import until

EXPRESSION = {"result": "0", "values": {"0": {"constantValue": 1}}}
AT_ONCE = Backoff(max_tries=2, first_delay=0.001)
GOOD = b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"result":7}'
MEGABYTE = 1_000_000


@pytest.fixture(autouse=True)
def _no_session_is_left():
    yield
    close_sessions()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a minute in a test."""
    for module in (responses, watch, transport):
        monkeypatch.setattr(module, "BODY_TIMEOUT", 0.5)
    monkeypatch.setattr(watch, "ANSWER_TIMEOUT", 1.5)


class RawService:
    """Sends bytes as they are, one script a connection, the last for ever."""

    def __init__(self, *scripts: Callable[[socket.socket], None]) -> None:
        self.scripts = list(scripts)
        self.asked = 0
        self.sent = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self.asked += 1
            script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
            threading.Thread(target=self._answer, args=(peer, script), daemon=True).start()

    def _answer(self, peer: socket.socket, script: Callable[[socket.socket], None]) -> None:
        with peer:
            try:
                while b"\r\n\r\n" not in peer.recv(65536):
                    pass
                script(peer)
            except OSError:
                pass

    def close(self) -> None:
        self._listener.close()


@contextmanager
def serving(*scripts: Callable[[socket.socket], None]) -> Iterator[RawService]:
    service = RawService(*scripts)
    try:
        yield service
    finally:
        service.close()


def sends(*parts: bytes) -> Callable[[socket.socket], None]:
    return lambda peer: [peer.sendall(part) for part in parts] and None


def drips(head: bytes, byte: bytes = b" ") -> Callable[[socket.socket], None]:
    """After the head, a byte every 50 ms: ten in the time that is given, and no timeout of a socket runs out."""

    def script(peer: socket.socket) -> None:
        peer.sendall(head)
        while True:
            peer.sendall(byte)
            time.sleep(0.05)

    return script


def floods(head: bytes, piece: bytes, sent: list[int]) -> Callable[[socket.socket], None]:
    """After the head, bytes without an end."""

    def script(peer: socket.socket) -> None:
        peer.sendall(head)
        while True:
            peer.sendall(piece)
            sent.append(len(piece))

    return script


def client(url: str, **options) -> Client:
    return Client(session_for(Connection(endpoint=url, project="p")), **{"backoff": AT_ONCE, **options})


def readers(before: set[threading.Thread]) -> list[threading.Thread]:
    return [thread for thread in set(threading.enumerate()) - before if thread.name == "csplus request"]


SLOW = {
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
    "close": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100000\r\n\r\n",
    "no length": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
    "chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n",
    "size of a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;",
    "error": b"HTTP/1.1 400 Bad\r\nContent-Length: 100000\r\n\r\n",
    "redirect": b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 100000\r\n\r\n",
    "gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 100000\r\n\r\n\x1f\x8b\x08\x08\0\0\0\0\0\0",
    "head": b"HTTP/1.1 200 OK\r\nX-Long: ",
    "status": b"HTTP/1.1 200 O",
}


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("head", SLOW.values(), ids=SLOW)
def test_a_byte_now_and_then_is_broken_off_and_asked_for_again(head: bytes):
    begin = time.monotonic()
    said: list[str] = []
    with serving(drips(head, b"a"), sends(GOOD)) as service:
        assert client(service.url, notify=said.append).value(EXPRESSION) == 7
        assert service.asked == 2
    assert time.monotonic() - begin < 6
    assert ["too slowly" in line for line in said] == [True]


@pytest.mark.usefixtures("hasty")
def test_the_thread_that_read_it_ends_too():
    before = set(threading.enumerate())
    with serving(drips(SLOW["length"]), sends(GOOD)) as service:
        client(service.url).value(EXPRESSION)
        assert readers(before) == []


@pytest.mark.usefixtures("hasty")
def test_pixels_that_come_too_slowly_are_fetched_again():
    pixels = np.array([[(1,), (2,)]], dtype=[("B4", "<u2")])
    good = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(npy(pixels)), npy(pixels))
    grid = {"dimensions": {"width": 2, "height": 1}}
    with serving(drips(SLOW["length"]), sends(good)) as service:
        found = client(service.url).pixels(EXPRESSION, grid, ["B4"])
    assert found["B4"].tolist() == [[1, 2]]


@pytest.mark.usefixtures("hasty")
def test_waiting_for_memory_is_not_the_service_s_fault():
    pixels = np.array([[(1,), (2,)]], dtype=[("B4", "<u2")])

    def allocate() -> bytearray:
        time.sleep(2)
        return bytearray(1000)

    with FakeService(Answer(body=npy(pixels))) as service:
        grid = {"dimensions": {"width": 2, "height": 1}}
        found = client(service.url).try_pixels(EXPRESSION, grid, ["B4"], allocate)
    assert isinstance(found, np.ndarray)


@pytest.mark.usefixtures("hasty")
def test_a_steady_response_may_take_longer():
    body = b'{"result":"' + b"x" * 40_000 + b'"}'

    def script(peer: socket.socket) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
        for start in range(0, len(body), 4_000):
            peer.sendall(body[start : start + 4_000])
            time.sleep(0.1)

    with serving(script) as service:
        assert client(service.url).value(EXPRESSION) == "x" * 40_000
        assert service.asked == 1


def test_a_cancel_ends_the_thread_that_reads():
    before = set(threading.enumerate())
    end = time.monotonic() + 0.4
    with serving(drips(SLOW["length"])) as service:
        with pytest.raises(Cancelled):
            client(service.url, is_cancelled=lambda: time.monotonic() > end).value(EXPRESSION)
        time.sleep(0.5)
        assert readers(before) == []


def test_a_cancel_closes_the_connection_before_there_is_any_response():
    """So that the service learns that nobody waits, and no thread is left that does."""
    before = set(threading.enumerate())
    waiting, closed = threading.Event(), threading.Event()

    def hold(peer: socket.socket) -> None:
        peer.settimeout(30)
        waiting.set()
        while peer.recv(65536):
            pass
        closed.set()

    with serving(hold) as service:
        with pytest.raises(Cancelled):
            client(service.url, is_cancelled=waiting.is_set).value(EXPRESSION)
        assert closed.wait(2)  # a second is promised; a busy machine adds some
        until(lambda: not readers(before))


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 400 Bad\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"HTTP/1.1 503 Later\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
    ],
    ids=["error", "answer", "redirect", "chunk of -1", "error with a chunk of -1"],
)
def test_a_body_without_an_end_is_not_read_to_the_end(head: bytes):
    sent: list[int] = []
    with serving(floods(head, b"x" * 100_000, sent)) as service, pytest.raises(CsPlusError):
        client(service.url, backoff=Backoff(max_tries=1)).value(EXPRESSION)
    assert sum(sent) < 90 * MEGABYTE  # 64 MiB of an answer, and what the system holds of both sides


def test_an_error_s_body_is_read_to_a_megabyte():
    sent: list[int] = []
    with (
        serving(floods(b"HTTP/1.1 400 Bad\r\n\r\n", b"x" * 100_000, sent)) as service,
        pytest.raises(CsPlusError),
    ):
        client(service.url).value(EXPRESSION)
    assert sum(sent) < 20 * MEGABYTE


def coded(body: bytes, coding: str, status: int = 200) -> Answer:
    return Answer(status, body, headers={"Content-Encoding": coding})


def test_the_one_coding_is_decoded():
    body = json.dumps({"result": list(range(5_000))}).encode()
    with FakeService(coded(gzip.compress(body), "gzip")) as service:
        assert client(service.url).value(EXPRESSION) == list(range(5_000))
    assert service.seen[0].headers["accept-encoding"] == "gzip"


def test_an_error_in_that_coding_is_read():
    body = gzip.compress(b'{"error": {"message": "User memory limit exceeded."}}')
    with (
        FakeService(coded(body, "gzip", 400)) as service,
        pytest.raises(CsPlusError, match=r"User memory limit exceeded\."),
    ):
        client(service.url).value(EXPRESSION)


ZEROS = b"\0" * (200 * MEGABYTE)
EMPTY_BLOCKS = b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + b"\0\0\0\xff\xff" * 20_000
STRANGE = {
    "bomb": (lambda: gzip.compress(ZEROS, 1), "gzip"),
    "bomb in a bomb": (lambda: gzip.compress(gzip.compress(ZEROS, 1)), "gzip, gzip"),
    "deflate": (lambda: zlib.compress(b'{"result":1}'), "deflate"),
    "no gzip": (lambda: b'{"result":1}', "gzip"),
    "cut": (lambda: gzip.compress(b'{"result":1}')[:-9], "gzip"),
    "more": (lambda: gzip.compress(b'{"result":1}') + b"more", "gzip"),
    "nothing for ever": (lambda: EMPTY_BLOCKS, "gzip"),
    "unknown": (lambda: b'{"result":1}', "\x1b[2J"),
}


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("kind", STRANGE)
def test_other_codings_are_damage(kind: str, status: int):
    make, coding = STRANGE[kind]
    with FakeService(coded(make(), coding, status)) as service:
        tracemalloc.start()
        try:
            with pytest.raises(CsPlusError, match="damaged" if status == 200 else "refused"):
                client(service.url).value(EXPRESSION)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert len(service.seen) == (AT_ONCE.max_tries if status == 200 else 1)
    assert peak < 180 * MEGABYTE


def test_a_token_service_s_answer_is_bounded_too():
    refresher = transport.token_refresher(Route(), trusting())
    sent: list[int] = []
    with serving(floods(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 100_000, sent)) as service:
        assert refresher(service.url, method="POST", body=b"x").data == b""
    assert sum(sent) < 20 * MEGABYTE


@pytest.mark.usefixtures("hasty")
def test_a_token_service_that_drips_is_broken_off():
    refresher = transport.token_refresher(Route(), trusting())
    begin = time.monotonic()
    with serving(drips(SLOW["length"])) as service, pytest.raises(watch.Late):
        refresher(service.url, method="POST", body=b"x")
    assert time.monotonic() - begin < 5


@pytest.mark.parametrize("length", ["²", "9" * 5_000, "-5", "1e3", "", "0x10"])
def test_a_length_that_is_none(length: str):
    assert responses.read_length(length) is None


def test_a_redirect_to_nonsense_is_one_sentence():
    with (
        serving(
            sends(b"HTTP/1.1 302 Found\r\nLocation: http://[\xff\r\nContent-Length: 0\r\n\r\n")
        ) as service,
        pytest.raises(Unreachable, match="captive portal"),
    ):
        client(service.url).value(EXPRESSION)


@pytest.mark.parametrize("side", [1, 30, 200])
def test_an_answer_sent_twice_is_not_the_next_one(side: int):
    """Each size leaves other bytes behind: in the reader's memory, in the socket, still on their way."""

    def respond(seen: Seen) -> Answer:
        number = seen.json()["grid"]["number"]
        return Answer(body=npy(np.full((side, side), number, "<u2").view([("B4", "<u2")])), times=2)

    with FakeService(respond=respond) as service:
        asker = client(service.url)

        def is_its_own(number: int) -> bool:
            grid = {"dimensions": {"width": side, "height": side}, "number": number}
            return bool((asker.pixels(EXPRESSION, grid, ["B4"])["B4"] == number).all())

        with ThreadPoolExecutor(16) as pool:
            assert all(pool.map(is_its_own, range(400)))


def test_a_kept_connection_is_used_again():
    with FakeService(Answer(body=b'{"result": 7}')) as service:
        asker = client(service.url)
        assert [asker.value(EXPRESSION) for _ in range(20)] == [7] * 20
        assert service.connections == 1


def test_a_proxy_is_asked_again_and_again_on_one_connection():
    with FakeService(Answer(body=b"through")) as service:
        session = transport.plain_session(Route({"http": service.url}), trusting(""))
        for _ in range(5):
            response = session.get("http://earthengine.example/v1/x", timeout=10)
            assert (response.status_code, response.content) == (200, b"through")
        assert service.connections == 1
    assert {seen.path for seen in service.seen} == {"http://earthengine.example/v1/x"}
