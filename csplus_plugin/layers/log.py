"""Lines in QGIS's log, for what happens beside any run."""

from __future__ import annotations

from qgis.core import Qgis, QgsMessageLog

PANEL = "Cloud Score+"


def log(sentence: str) -> None:
    """Write a line; QGIS's message bar stays as it is."""
    QgsMessageLog.logMessage(sentence, PANEL, Qgis.MessageLevel.Warning, notifyUser=False)
