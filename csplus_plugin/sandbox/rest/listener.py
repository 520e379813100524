"""HTTP: connections, requests read from them, answers and refusals written to them."""

from __future__ import annotations

import os
import selectors
import socket
import socketserver
import struct
import sys
import threading
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from ..errors import Refused
from ..folders import Log
from ..meter import MEMORY_EXCEEDED
from ..resources import limits
from ..resources.messages import JSON_TYPE, Answer, Request, problem
from ..service_model import Fault, Gate
from .endpoints import router
from .service import Service

HOST = "127.0.0.1"
IDLE_SECONDS = 300  # after which an unused connection is closed
MAX_CONNECTIONS = 200  # at a time; each is a thread, and the service computes 40 requests at a time

TOO_MANY_CONNECTIONS = (
    f"There are {MAX_CONNECTIONS} connections to this sandbox already. Please try again later."
)

DISCONNECTED = (ConnectionError, TimeoutError)
"""How a connection shows that the client has gone."""

_LOOPBACK_NAMES = {HOST, "localhost", "::1"}

_OWN_SITES = {"none", "same-origin"}
"""What browsers say of a request that the user made, or a page of the sandbox's own."""

SHUTDOWN_GRACE = 10.0
"""How long `stop` waits for answers that are being computed; nobody reads them any more."""

_MOST_READ = 8 * limits.MAX_PAYLOAD  # bytes of a body that is refused anyway
_CHUNK = 2**16
_LINGER = "hh" if os.name == "nt" else "ii"


class Listener(ThreadingHTTPServer):
    """One thread a connection, and no more than `MAX_CONNECTIONS` of them.

    Args:
        port: TCP port of 127.0.0.1; 0 takes a free one.
        gate: Applies the service model.
        log: Is told, in one line, about every defect that made a request fail.

    Raises:
        OSError, OverflowError: The port cannot be used.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    # On Windows the option would let two servers share a port.
    allow_reuse_address = os.name == "posix"

    def __init__(self, port: int, gate: Gate, log: Log | None) -> None:
        self.service: Service  # set once the port is known
        self.gate = gate
        self._log = log
        self._connections: set[socket.socket] = set()
        self._unused: dict[
            socket.socket, None
        ] = {}  # those that have sent no whole request, the longest first
        self._lock = threading.Condition()
        super().__init__((HOST, port), Handler)

    def server_bind(self) -> None:
        """Bind without the look-up of the host's name, which may take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    @property
    def url(self) -> str:
        """The server's address, without a slash at the end."""
        return f"http://{HOST}:{self.server_port}"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give the connection a thread, and remember it, so that `stop` can end it."""
        if not self._make_room():
            self._turn_away(request)
            return
        with self._lock:
            self._connections.add(request)
            self._unused[request] = None
        super().process_request(request, client_address)

    def _make_room(self) -> bool:
        """See to it that there may be one connection more, and be it by closing the one unused for the longest time."""
        with self._lock:
            if len(self._connections) < MAX_CONNECTIONS:
                return True
            unused = next(iter(self._unused), None)
            if unused is None:
                return False
            self._forget(unused)
        with suppress(OSError):  # it has gone already
            unused.shutdown(socket.SHUT_RDWR)
        return True

    def _turn_away(self, request: Any) -> None:
        """Say no without a thread; who does not take a few bytes at once does not get them."""
        body = problem(HTTPStatus.SERVICE_UNAVAILABLE, TOO_MANY_CONNECTIONS).body
        head = f"HTTP/1.1 503 Service Unavailable\r\nContent-Type: {JSON_TYPE}\r\nContent-Length: {len(body)}"
        with suppress(OSError):
            request.settimeout(0)
            request.sendall(f"{head}\r\nConnection: close\r\n\r\n".encode() + body)
        super().shutdown_request(request)

    def mark_used(self, connection: Any, *, used: bool) -> None:
        """Say whether a request of the connection is being answered; one without may be closed for another."""
        with self._lock:
            self._unused.pop(connection, None)
            if not used and connection in self._connections:
                self._unused[connection] = None

    def _forget(self, connection: Any) -> None:
        self._connections.discard(connection)
        self._unused.pop(connection, None)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection and close it."""
        with self._lock:
            self._forget(request)
            self._lock.notify_all()
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002
        """Say nothing about a connection that the client has dropped."""
        error = sys.exc_info()[1]
        if not isinstance(error, DISCONNECTED):
            self.report(f"{type(error).__name__}: {error}")

    def report(self, defect: str) -> None:
        """Tell the log, if there is one, in one line."""
        if self._log:
            self._log(defect.replace("\n", " "))

    def stop(self) -> None:
        """Accept nothing more, wake what sleeps, close every connection, let what computes come to its end.

        A program that goes on to take GDAL down, as QGIS does at its exit, would crash what still computes.
        """
        if self.gate.closed.is_set():
            return
        self.gate.closed.set()
        self.shutdown()
        self.server_close()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # already gone
        with self._lock:
            self._lock.wait_for(lambda: not self._connections, SHUTDOWN_GRACE)
        self.service.operations.drain(SHUTDOWN_GRACE)


class Handler(BaseHTTPRequestHandler):
    """Reads a request, lets its endpoint answer, writes the answer."""

    protocol_version = "HTTP/1.1"
    server_version = "CloudScorePlusSandbox"
    sys_version = ""
    timeout = IDLE_SECONDS
    # One packet an answer: without these, every answer would wait 40 ms for an acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True

    server: Listener

    def do_GET(self) -> None:
        """Answer, unless the service model has the answer lost."""
        try:
            answer, fault = self._answer()
            if fault is Fault.RESET:
                self._reset()
            else:
                self._write(answer, cut=fault is Fault.TRUNCATION)
        finally:
            self.server.mark_used(self.connection, used=False)

    # The base class looks for these names.
    do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = do_GET  # noqa: N815

    def _answer(self) -> tuple[Answer, Fault | None]:
        """Give what the endpoint says, or why there is no answer; and what happens to it on its way."""
        try:
            request = self._read()
            self.server.mark_used(self.connection, used=True)
            route, variables = router.find(request.method, request.path)
            with self.server.gate.request(computes=route.computes, is_abandoned=self._is_abandoned) as fault:
                return route.endpoint(self.server.service, request, **variables), fault
        except Refused as refusal:
            return problem(refusal.status, refusal.message), None
        except MemoryError:
            return problem(HTTPStatus.BAD_REQUEST, MEMORY_EXCEEDED), None
        except RecursionError:
            return problem(HTTPStatus.BAD_REQUEST, "The request is nested too deeply for this sandbox."), None
        except DISCONNECTED:
            raise
        except Exception as error:  # noqa: BLE001 (a defect must not end the server)
            reason = f"{type(error).__name__}: {error}"
            self.server.report(f"{self.command} {self.path}: {reason}")
            return problem(HTTPStatus.INTERNAL_SERVER_ERROR, f"The sandbox failed: {reason}"), None

    def _is_abandoned(self) -> bool:
        """Tell whether the client has closed its end of the connection, so that nobody waits for the answer."""
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self.connection, selectors.EVENT_READ)
                return bool(selector.select(0)) and not self.connection.recv(1, socket.MSG_PEEK)
        except (OSError, ValueError):
            return True

    def _read(self) -> Request:
        """Give the request, its body included.

        Raises:
            Refused: It comes from elsewhere than a program of this computer, or its body is too large or of
                unknown length.
        """
        body = self._read_body()
        try:
            address = urlsplit(self.path)
        except ValueError as error:
            raise Refused(f"Invalid address: {error}.") from error
        self._check_sender()
        method, query = self.command, address.query
        if self.headers.get("X-HTTP-Method-Override") == "GET":
            # How the client sends a query that is too long for an address.
            method, query, body = "GET", body.decode("utf-8", "replace"), b""
        return Request(method, unquote(address.path), dict(parse_qsl(query)), body)

    def _check_sender(self) -> None:
        """Let nothing in that a web page of somebody else sends.

        Every page that the user looks at can send requests to 127.0.0.1, and a post of plain text needs no
        leave for it. Browsers say in `Origin` and `Sec-Fetch-Site` where a request comes from, and pages cannot
        change either; clients that are no browser send neither.

        Raises:
            Refused: It came to another name than this computer's, or from another page than the sandbox's own.
        """
        hosts = self.headers.get_all("Host", [HOST])
        try:
            names = {urlsplit(f"//{host}").hostname for host in hosts}
        except ValueError as error:
            raise Refused(f"Invalid address: {error}.") from error
        if not names <= _LOOPBACK_NAMES:
            # A web page that made its own name point here must not reach the user's scenes.
            raise Refused("The sandbox answers to this computer only.", HTTPStatus.FORBIDDEN)
        own = {f"http://{host}".lower() for host in hosts}
        origins = {origin.strip().lower() for origin in self.headers.get_all("Origin", [])}
        sites = {site.strip().lower() for site in self.headers.get_all("Sec-Fetch-Site", [])}
        if not (origins <= own and sites <= _OWN_SITES):
            raise Refused("The sandbox answers no other web page than its own.", HTTPStatus.FORBIDDEN)

    def _read_body(self) -> bytes:
        """Give the whole body; one that is refused is read too, so that the client listens to the answer."""
        try:
            size = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            size = -1
        if size < 0 or self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            raise Refused("The request needs a Content-Length.", HTTPStatus.LENGTH_REQUIRED)
        if size > limits.MAX_PAYLOAD:
            self.close_connection = True
            left = min(size, _MOST_READ)
            while left and (chunk := self.rfile.read(min(left, _CHUNK))):
                left -= len(chunk)
        limits.check_payload(size)
        return self.rfile.read(size)

    def _write(self, answer: Answer, *, cut: bool = False) -> None:
        """Send an answer, or the first half of one."""
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in (answer.headers | self.server.gate.model.headers(answer.status)).items():
            self.send_header(name, value)
        self.close_connection |= cut
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body[: len(answer.body) // 2] if cut else answer.body)

    def _reset(self) -> None:
        """Break the connection off without a word."""
        self.close_connection = True
        # Closing with a reset instead of a farewell: linger, for no time.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(_LINGER, 1, 0))
        self.connection.close()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Refuse what is not even HTTP, in JSON like everything else."""
        self.close_connection = True
        self._write(problem(code, message or HTTPStatus(code).phrase))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing about ordinary requests."""
