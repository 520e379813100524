"""GDAL's answers, checked: what it refuses becomes a sentence, whichever way it says so."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from osgeo import gdal

from ..core.errors import Cancelled, FileTrouble
from ..core.grid import QuietGdal

_CACHE = 32 * 1024 * 1024
"""Bytes of GDAL's block cache while a file is finished; its own choice is a share of the machine's memory."""

Advance = Callable[[float], None]
"""Told the share that is done, 0 to 1; may raise `Cancelled`."""


class _Refused(Exception):
    """GDAL's return code says no."""


def must(done: bool) -> None:  # noqa: FBT001 reads as a sentence where it is used
    """Leave the surrounding `checked` if GDAL did not do it."""
    if not done:
        raise _Refused


@contextmanager
def checked(what: str) -> Iterator[None]:
    """Turn a failure of GDAL into a sentence, whether it answers with a code, an error, or an exception.

    GDAL's exception mode is one for the whole process, and QGIS owns it.

    Raises:
        FileTrouble: GDAL failed.
    """
    gdal.ErrorReset()
    reason = ""
    try:
        with QuietGdal():
            yield
        failed = gdal.GetLastErrorType() >= gdal.CE_Failure  # what was only found out as the file was closed
    except (_Refused, RuntimeError) as refusal:
        failed, reason = True, str(refusal)
    if failed:
        reason = reason or gdal.GetLastErrorMsg() or "no reason given"
        raise FileTrouble(
            f"{what} ({reason}).",
            "Check the free space and run again: the download goes on where it stopped.",
        )


@contextmanager
def in_memory() -> Iterator[str]:
    """Give the name of a file in GDAL's memory, gone afterwards."""
    name = f"/vsimem/csplus-{uuid.uuid4().hex}.tif"
    try:
        yield name
    finally:
        gdal.Unlink(name)


def bytes_of(name: str) -> bytearray:
    """Read a file in GDAL's memory, once: no further copy."""
    file = gdal.VSIFOpenL(name, "rb")
    try:
        return gdal.VSIFReadL(1, gdal.VSIStatL(name).size, file)
    finally:
        gdal.VSIFCloseL(file)


_finishing = threading.Lock()
_finishers: list[int] = []


@contextmanager
def small_cache() -> Iterator[None]:
    """Hold GDAL's block cache small while any file is finished; it is one for the whole process."""
    with _finishing:
        if not _finishers:
            _finishers.append(gdal.GetCacheMax())
            gdal.SetCacheMax(min(_CACHE, _finishers[0]))
        _finishers.append(0)
    try:
        yield
    finally:
        with _finishing:
            _finishers.pop()
            if len(_finishers) == 1:
                gdal.SetCacheMax(_finishers.pop())


class Callback:
    """What GDAL calls while it works: passes the share on, and stops it when the user cancels."""

    def __init__(self, advance: Advance) -> None:
        self._advance = advance
        self._cancel: Cancelled | None = None

    def __call__(self, done: float, *_: object) -> int:
        """Pass the share on; 0 tells GDAL to stop."""
        try:
            self._advance(done)
        except Cancelled as cancel:
            self._cancel = cancel
            return 0
        return 1

    def raise_cancel(self) -> None:
        """Raise the cancel that stopped GDAL."""
        if self._cancel:
            raise self._cancel
