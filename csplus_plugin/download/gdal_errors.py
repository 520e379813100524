"""GDAL's failures as errors of ours, whether it reports them by a code, its error handler or an exception."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from osgeo import gdal

from ..core.errors import FileTrouble
from ..core.grid import QuietGdal
from ..core.language import _


class _GdalRefused(Exception):
    """GDAL's return value says that it failed."""


def require(condition: bool) -> None:  # noqa: FBT001 reads as a sentence where it is used
    """Leave the surrounding `as_file_trouble` if what GDAL returned says that it failed."""
    if not condition:
        raise _GdalRefused


@contextmanager
def closing() -> Iterator[None]:
    """Surround the `del` that closes a file, inside `as_file_trouble`: what was only written then is checked, too.

    Python does not raise what GDAL's exceptions raise as an object is destroyed, but hands it to a hook.
    """
    dropped: list[Any] = []
    hook = sys.unraisablehook

    def keep(unraisable: Any) -> None:
        if unraisable.exc_type is RuntimeError:
            dropped.append(unraisable.exc_value)
        else:
            hook(unraisable)

    sys.unraisablehook = keep
    try:
        yield
    finally:
        sys.unraisablehook = hook
    if dropped:
        raise _GdalRefused(str(dropped[0]))
    require(gdal.GetLastErrorType() < gdal.CE_Failure)


@contextmanager
def as_file_trouble(what: str) -> Iterator[None]:
    """Turn a failure of GDAL into a `FileTrouble`.

    GDAL's exception mode is one for the whole process, and QGIS owns it.

    Args:
        what: What could not be done, a sentence without its full stop; GDAL's reason is added.

    Raises:
        FileTrouble: GDAL failed.
    """
    gdal.ErrorReset()
    reason = ""
    try:
        with QuietGdal():
            yield
        failed = gdal.GetLastErrorType() >= gdal.CE_Failure  # what was only found out as the file was closed
    except (_GdalRefused, RuntimeError) as refusal:
        failed, reason = True, str(refusal)
    if failed:
        reason = reason or gdal.GetLastErrorMsg() or _("no reason given")
        raise FileTrouble(
            _("{what} ({reason}).", what=what, reason=reason),
            _("Check the free disk space and run again: the download resumes where it stopped."),
        )
