"""What our calls of GDAL share: files in its memory, a bound on its block cache, progress and cancel."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from osgeo import gdal

from ..core.errors import Cancelled

_CACHE = 32 * 1024 * 1024
"""Bytes of GDAL's block cache while a file is finished; its own choice is a share of the machine's memory."""

Advance = Callable[[float], None]
"""Gets the share that is done, 0 to 1; may raise `Cancelled`."""


@contextmanager
def memory_file() -> Iterator[str]:
    """Make the name of a file in GDAL's memory, and delete the file afterwards."""
    name = f"/vsimem/csplus-{uuid.uuid4().hex}.tif"
    try:
        yield name
    finally:
        gdal.Unlink(name)


def read_memory_file(name: str) -> bytearray:
    """Read a file in GDAL's memory, copying it only once."""
    file = gdal.VSIFOpenL(name, "rb")
    try:
        return gdal.VSIFReadL(1, gdal.VSIStatL(name).size, file)
    finally:
        gdal.VSIFCloseL(file)


_cache_lock = threading.Lock()
_cache_users = 0
_cache_before = 0


@contextmanager
def limited_cache() -> Iterator[None]:
    """Bound GDAL's block cache while any file is finished; the cache is one for the whole process."""
    global _cache_users, _cache_before  # noqa: PLW0603 like the cache itself
    with _cache_lock:
        if not _cache_users:
            _cache_before = gdal.GetCacheMax()
            gdal.SetCacheMax(min(_CACHE, _cache_before))
        _cache_users += 1
    try:
        yield
    finally:
        with _cache_lock:
            _cache_users -= 1
            if not _cache_users:
                gdal.SetCacheMax(_cache_before)


class ProgressCallback:
    """What GDAL calls while it works: passes progress on, and stops GDAL when the user cancels."""

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
        """Raise the cancel that stopped GDAL, if one did."""
        if self._cancel:
            raise self._cancel
