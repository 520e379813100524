"""QGIS's own settings, read and written where QGIS is running; elsewhere nothing is set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qgis.core import QgsSettings


def read(key: str) -> Any:
    """Read a setting; None where it is not set."""
    settings = _open()
    return None if settings is None else settings.value(key)


def read_flag(key: str) -> bool:
    """Read a setting that is on or off: an ini file stores it as text."""
    value = read(key)
    return value.lower() == "true" if isinstance(value, str) else bool(value)


def write(key: str, value: str) -> None:
    """Store a setting; an empty one is removed. Does nothing where QGIS is not running."""
    settings = _open()
    if settings is None:
        return
    if value:
        settings.setValue(key, value)
    else:
        settings.remove(key)


def _open() -> QgsSettings | None:
    try:
        from qgis.core import QgsApplication, QgsSettings
    except ImportError:
        return None
    return QgsSettings() if QgsApplication.instance() else None
