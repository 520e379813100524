"""Deep nesting: a chain of hundreds of steps, each of which calls the next from within itself.

Python ends a thread's calls at some thousand, and its limit belongs to the whole process, which may not be ours. But
it counts for each thread alone, so every few levels the work goes on in another thread while this one waits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from typing import TypeVar

from .errors import Refused

T = TypeVar("T")

MOST_LEVELS = 2000
"""Of one request: images of images, or calls of calls."""

TOO_DEEP = "The expression is nested too deeply for this sandbox engine."

_A_THREAD = 32  # levels, each of some ten of Python's calls

_level: ContextVar[int] = ContextVar("level", default=0)


def deeper(run: Callable[[], T]) -> T:
    """Give what a function gives, one level further down.

    Raises:
        Refused: Too many levels.
    """
    level = _level.get() + 1
    if level > MOST_LEVELS:
        raise Refused(TOO_DEEP)
    token = _level.set(level)
    try:
        return run() if level % _A_THREAD else _in_another_thread(run)
    finally:
        _level.reset(token)


def _in_another_thread(run: Callable[[], T]) -> T:
    results: list[T] = []
    errors: list[BaseException] = []

    def attempt() -> None:
        try:
            results.append(run())
        except BaseException as error:  # noqa: BLE001 - raised again below, where it belongs
            errors.append(error)

    thread = threading.Thread(target=copy_context().run, args=(attempt,), name="csplus-deeper", daemon=True)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]
