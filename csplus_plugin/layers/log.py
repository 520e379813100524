"""Lines in QGIS's log, for what happens beside any run."""

from __future__ import annotations

import html

from qgis.core import Qgis, QgsApplication, QgsMessageLog

PANEL = "Cloud Score+"


def log(sentence: str) -> None:
    """Write a line; QGIS's message bar stays as it is."""
    if QgsApplication.platform() == "desktop":
        sentence = html.escape(sentence, quote=False)  # the panel reads HTML, and names may be anybody's
    QgsMessageLog.logMessage(sentence, PANEL, Qgis.MessageLevel.Warning, notifyUser=False)
