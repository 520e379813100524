"""Ctrl-C and SIGTERM in `qgis_process`, which itself knows neither: the run is cancelled like by the button."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

_early = threading.Event()
"""Whether the process was asked to end before the run had begun."""


def watch(arguments: Iterable[str]) -> None:
    """Remember signals from the plugin's start on, where the process was started for one of its algorithms.

    Otherwise Python would raise KeyboardInterrupt somewhere inside QGIS, which swallows it, and the run would go on.
    """
    ours = any(argument.startswith("csplus:") for argument in arguments)
    if ours and threading.current_thread() is threading.main_thread():
        for number in _SIGNALS:
            signal.signal(number, lambda *_: _early.set())


@contextmanager
def interrupts(stop: threading.Event) -> Iterator[None]:
    """Set `stop` when the process is asked to end, until the block is left.

    Does nothing outside the main thread, where Python passes on no signals: there, a window has a button.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in _SIGNALS}
    if _early.is_set():
        stop.set()
    try:
        yield
    finally:
        for number, handler in before.items():
            # None: the handler was not set from Python, and cannot be given back by it.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
