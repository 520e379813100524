"""Breaking off what never ends: a response of one byte a second keeps every timeout of a socket from running out.

The thread that reads is blocked meanwhile, so it is watched by the thread that waits for it.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

ANSWER_TIMEOUT = 390.0
"""Seconds from a request to its response's first lines: five minutes of computing (usage guide), and the way there."""

BODY_TIMEOUT = 20.0
"""Seconds in which the next `PIECE` of a response arrives, once it has begun to."""

PIECE = 8 * 1024
"""Bytes that are read at once; with `BODY_TIMEOUT`, 40 responses at once need 17 kB/s, a slow mobile phone's."""


_of_thread = threading.local()


class Late(Exception):
    """A response was broken off because it came too slowly."""


class Watch:
    """One response on its way. The thread that reads says what it expects; the one that waits breaks it off."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._due: float | None = time.monotonic() + ANSWER_TIMEOUT
        self._sock: Any = None
        self._is_broken_off = False

    @property
    def is_late(self) -> bool:
        """Whether something is due that has not come."""
        due = self._due
        return due is not None and time.monotonic() > due

    @property
    def is_broken_off(self) -> bool:
        """Whether nobody waits for the response any more."""
        return self._is_broken_off

    def expect(self, seconds: float | None, sock: Any = None) -> None:
        """Say that something came, and when the next is due.

        Args:
            seconds: From now; None: it is not the other side that is waited for.
            sock: The socket that it comes on, from the first call that knows it.

        Raises:
            Late: The response has been broken off.
        """
        with self._lock:
            if self._is_broken_off:
                raise Late
            self._due = None if seconds is None else time.monotonic() + seconds
            self._sock = sock or self._sock

    def waits_on(self, sock: Any) -> None:
        """Say on which socket the response will come: closing it tells the service that nobody waits any more.

        Raises:
            Late: The response has been broken off.
        """
        with self._lock:
            if self._is_broken_off:
                raise Late
            self._sock = sock

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Let the connection on which this thread sends its request find the watch."""
        _of_thread.watch = self
        try:
            yield
        finally:
            _of_thread.watch = None
            with self._lock:
                self._sock = None  # which may be another request's by now

    def break_off(self) -> bool:
        """End what is on its way.

        Returns:
            Whether the request has been sent, so that the thread that reads ends by itself, and soon.
        """
        with self._lock:
            self._is_broken_off = True
            self._due = None
            if self._sock is None:
                return False
            # Only a shutdown wakes a thread that is blocked in reading; TLS inside TLS hides the socket in another.
            with contextlib.suppress(OSError, AttributeError):
                getattr(self._sock, "socket", self._sock).shutdown(socket.SHUT_RDWR)
            return True


def watch_of_thread() -> Watch | None:
    """Find the watch of the request that this thread sends."""
    return getattr(_of_thread, "watch", None)


def socket_of(raw: Any) -> Any:
    """Find the socket that a response of urllib3 comes on; None if it cannot be found.

    With `Connection: close` the connection has already let go of it, and only the response's file holds it.
    """
    file = getattr(getattr(raw, "_fp", None), "fp", None)
    found = getattr(getattr(file, "raw", None), "_sock", None)
    return found or getattr(getattr(raw, "connection", None), "sock", None)
