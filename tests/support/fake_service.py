"""A scripted HTTP server on 127.0.0.1 that plays Earth Engine, a token service or a proxy."""

from __future__ import annotations

import io
import json
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import numpy as np


@dataclass(frozen=True)
class Answer:
    """What the server does with one request.

    Attributes:
        status: HTTP status.
        body: Bytes that are sent.
        headers: Further headers.
        stall: Seconds before anything is sent.
        promised: Content-Length, where it shall differ from the body's.
        hang_up: Close the connection without an answer.
        times: How often it is sent, one right after the other, on a connection that stays open.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    stall: float = 0.0
    promised: int | None = None
    hang_up: bool = False
    times: int = 1


@dataclass(frozen=True)
class Seen:
    """A request that arrived; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float

    def json(self) -> Any:
        return json.loads(self.body)


class FakeService:
    """Gives the scripted answers in order, the last one for ever; or asks a function for each."""

    def __init__(self, *script: Answer, respond: Callable[[Seen], Answer] | None = None) -> None:
        self.script = list(script)
        self.respond = respond
        self.seen: list[Seen] = []
        self.connections = 0
        self.lock = threading.Lock()
        self._over = threading.Event()
        handler = type("Handler", (_Handler,), {"service": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"http://{self.host}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, seen: Seen) -> Answer:
        with self.lock:
            self.seen.append(seen)
            if self.respond:
                return self.respond(seen)
            return self.script.pop(0) if len(self.script) > 1 else self.script[0]

    def wait(self, seconds: float) -> None:
        self._over.wait(seconds)


class _Server(ThreadingHTTPServer):
    """Threads of its own; a client that went away is no news."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    service: FakeService
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        with self.service.lock:
            self.service.connections += 1

    def _handle(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        if len(body) < length:  # the client was killed while it asked
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.service.answer(Seen(self.command, self.path, headers, body, time.monotonic()))
        self.service.wait(answer.stall)
        if answer.hang_up:
            self.close_connection = True
            return
        promised = len(answer.body) if answer.promised is None else answer.promised
        for _ in range(answer.times):
            self.send_response_only(answer.status)
            for name, value in {"Date": self.date_time_string(), **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(promised))
            self.end_headers()
            self.wfile.write(answer.body)
        self.close_connection = promised != len(answer.body)

    do_GET = do_POST = do_CONNECT = _handle  # noqa: N815 the names that http.server calls

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


def value(result: Any, **headers: str) -> Answer:
    return Answer(body=json.dumps({"result": result}).encode(), headers=headers)


def refusal(status: int, message: str, **headers: str) -> Answer:
    """An error in the form of Google's REST services."""
    body = {"error": {"code": status, "message": message, "status": "ANY"}}
    return Answer(
        status, json.dumps(body).encode(), {name.replace("_", "-"): v for name, v in headers.items()}
    )


def npy(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, pixels)
    return file.getvalue()
