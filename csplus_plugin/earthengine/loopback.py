"""Where the browser brings Google's answer: one address on this computer, for one visit (RFC 8252, 7.3)."""

from __future__ import annotations

import contextlib
import html
import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from secrets import compare_digest
from urllib.parse import parse_qs, urlsplit

from ..core.errors import Cancelled, SignInNeeded
from ..core.language import _, current
from ..core.text import clean
from .waiting import POLL

_HOST = "127.0.0.1"

_LONGEST_HEAD = 16 * 1024
"""Bytes of a request; Google's answer takes about one thousand."""

_PATIENCE = 5.0
"""Seconds in which a visitor says what it wants. Browsers open connections in advance and say nothing on them."""

_MAX_VISITORS = 32
"""Connections at once; the oldest makes room."""

_MAX_FIELDS = 20

_LONGEST_CODE = 2048

_PAGE = """<!DOCTYPE html>
<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title><style>
:root {{ color-scheme: light dark; }}
body {{ font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 18vh auto 0; padding: 0 1.5rem; }}
h1 {{ font-size: 1.5rem; margin: 0 0 .5rem; }}
</style></head><body><h1>{title}</h1><p>{text}</p></body></html>
"""


@dataclass(frozen=True)
class Redirect:
    """What Google sends through the browser.

    Attributes:
        code: To be exchanged for a token; empty where access was not given.
        error: Why it was not given, in Google's word; empty where it was.
    """

    code: str = field(repr=False)
    error: str = ""


@dataclass
class _Visitor:
    since: float
    head: bytes = b""


class Listener:
    """Listens on a free port of 127.0.0.1 until Google's answer has come, or the block is left.

    Args:
        state: The random word that the answer repeats. Whoever comes without it is turned away, and waited on.

    Attributes:
        address: Where the browser is sent, without a slash at the end.

    Raises:
        SignInNeeded: No port can be listened on.
    """

    def __init__(self, state: str) -> None:
        self._state = state.encode()
        self._server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # on Windows another program could share the port
                self._server.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            self._server.bind((_HOST, 0))
            self._server.listen(_MAX_VISITORS)
        except OSError as why:
            self._server.close()
            raise SignInNeeded(
                _(
                    "The browser's answer cannot be received on this computer: {cause}.",
                    cause=clean(why.strerror or str(why)),
                ),
                _(
                    "Check that a firewall lets QGIS listen on 127.0.0.1, or run `earthengine authenticate` in a "
                    "terminal."
                ),
            ) from why
        self._server.setblocking(False)
        self._authority = f"{_HOST}:{self._server.getsockname()[1]}"
        self.address = f"http://{self._authority}"
        self._visitors: dict[socket.socket, _Visitor] = {}

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Listen no more."""
        for visitor in tuple(self._visitors):
            self._dismiss(visitor)
        self._server.close()

    def wait(self, seconds: float, is_cancelled: Callable[[], bool]) -> Redirect:
        """Wait for the one answer that carries the state; then the port is closed.

        Args:
            seconds: How long.
            is_cancelled: Asked several times a second.

        Raises:
            Cancelled: The user stopped it.
            SignInNeeded: Nothing came in time.
        """
        end = time.monotonic() + seconds
        try:
            while time.monotonic() < end:
                if is_cancelled():
                    raise Cancelled
                for connection in self._ready():
                    if connection is self._server:
                        self._welcome()
                    elif found := self._hear(connection):
                        return found
                self._dismiss_silent()
        finally:
            self.close()
        raise SignInNeeded(
            _("Nobody signed in within {seconds:.0f} seconds.", seconds=seconds),
            _("Sign in again, and finish it in the browser."),
        )

    def _ready(self) -> list[socket.socket]:
        # A new selector each time: there are a few sockets, and the time of a person.
        with selectors.DefaultSelector() as selector:
            for connection in (self._server, *self._visitors):
                selector.register(connection, selectors.EVENT_READ)
            return [key.fileobj for key, _event in selector.select(POLL)]  # type: ignore[misc]

    def _welcome(self) -> None:
        with contextlib.suppress(OSError):
            connection, _address = self._server.accept()
            connection.setblocking(False)
            self._visitors[connection] = _Visitor(time.monotonic())
        if len(self._visitors) > _MAX_VISITORS:
            self._dismiss(next(iter(self._visitors)))

    def _hear(self, connection: socket.socket) -> Redirect | None:
        """Read what has come; answer it when it is whole."""
        visitor = self._visitors.get(connection)
        if visitor is None:
            return None
        try:
            piece = connection.recv(_LONGEST_HEAD)
        except BlockingIOError:
            return None
        except OSError:
            piece = b""
        visitor.head += piece
        if not piece or len(visitor.head) > _LONGEST_HEAD:
            self._dismiss(connection)
            return None
        if b"\r\n\r\n" not in visitor.head:
            return None
        found = self._read(visitor.head)
        self._answer(connection, found)
        self._dismiss(connection)
        return found

    def _read(self, head: bytes) -> Redirect | None:
        """Read a request; None where it is not Google's answer to our question."""
        request, *lines = head.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        words = request.split(" ")
        hosts = [line.partition(":")[2].strip() for line in lines if line.lower().startswith("host:")]
        # Another host: a web page whose name was made to lead here.
        if len(words) != 3 or words[0] != "GET" or hosts != [self._authority]:  # noqa: PLR2004 method, target, version
            return None
        try:
            target = urlsplit(words[1])
            fields = parse_qs(target.query, max_num_fields=_MAX_FIELDS)
        except ValueError:
            return None
        state, code, error = (fields.get(name, [""]) for name in ("state", "code", "error"))
        if target.path != "/" or len(state) != 1 or not compare_digest(state[0].encode(), self._state):
            return None
        if error != [""]:
            return Redirect("", clean(error[0], 100))
        is_code = len(code) == 1 and 0 < len(code[0]) <= _LONGEST_CODE and code[0].isascii()
        return Redirect(code[0]) if is_code and code[0].isprintable() else Redirect("", _("no code"))

    def _answer(self, connection: socket.socket, found: Redirect | None) -> None:
        if found is None:
            status, title, text = (
                HTTPStatus.NOT_FOUND,
                _("Nothing here"),
                _("QGIS waits for Google's answer only."),
            )
        elif found.error:
            status, title = HTTPStatus.OK, _("QGIS was not given access")
            text = _("Nothing was changed. You can close this page.")
        else:
            status, title = HTTPStatus.OK, _("Back to QGIS")
            text = _("Google has answered, and QGIS finishes signing in. You can close this page.")
        page = _PAGE.format(language=current(), title=html.escape(title), text=html.escape(text)).encode()
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: text/html; charset=utf-8\r\n"
            f"Content-Length: {len(page)}\r\nConnection: close\r\nCache-Control: no-store\r\n"
            "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n"
            "Referrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n\r\n"
        )
        with contextlib.suppress(OSError):
            connection.settimeout(1)
            connection.sendall(head.encode() + page)
            connection.shutdown(socket.SHUT_WR)

    def _dismiss_silent(self) -> None:
        late = time.monotonic() - _PATIENCE
        for connection in [one for one, visitor in self._visitors.items() if visitor.since < late]:
            self._dismiss(connection)

    def _dismiss(self, connection: socket.socket) -> None:
        self._visitors.pop(connection, None)
        connection.close()
