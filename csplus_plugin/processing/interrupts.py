"""Ctrl-C and SIGTERM in `qgis_process`, which itself knows neither: the run is cancelled like by the button."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def interrupts(stop: threading.Event) -> Iterator[None]:
    """Set `stop` when the process is asked to end, until the block is left.

    Does nothing outside the main thread, where Python passes on no signals: there, a window has a button.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {
        number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            # None: the handler was not set from Python, and cannot be given back by it.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
