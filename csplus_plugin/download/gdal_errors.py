"""GDAL's failures as errors of ours, whether it reports them by a code, its error handler or an exception."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from osgeo import gdal

from ..core.errors import FileTrouble
from ..core.grid import QuietGdal


class _GdalRefused(Exception):
    """GDAL's return value says that it failed."""


def require(condition: bool) -> None:  # noqa: FBT001 reads as a sentence where it is used
    """Leave the surrounding `as_file_trouble` if what GDAL returned says that it failed."""
    if not condition:
        raise _GdalRefused


@contextmanager
def closing() -> Iterator[None]:
    """Surround the `del` that closes a file, inside `as_file_trouble`: what was only written then is checked, too.

    Python drops an exception that is raised as an object is destroyed, so GDAL's exceptions are off until then.
    """
    has_exceptions = gdal.GetUseExceptions()
    if has_exceptions:
        gdal.DontUseExceptions()
    try:
        yield
    finally:
        if has_exceptions:
            gdal.UseExceptions()
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
        reason = reason or gdal.GetLastErrorMsg() or "no reason given"
        raise FileTrouble(
            f"{what} ({reason}).",
            "Check the free disk space and run again: the download resumes where it stopped.",
        )
