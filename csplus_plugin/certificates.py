"""The certificates that QGIS trusts: the system's, and those that the user or an administrator added in QGIS."""

from __future__ import annotations


def read_trusted() -> str:
    """Read them in the form PEM; empty where QGIS is not running or knows none. Needs no master password."""
    try:
        from qgis.core import QgsApplication
    except ImportError:
        return ""
    if not QgsApplication.instance():
        return ""
    return bytes(QgsApplication.authManager().trustedCaCertsPemText()).decode("ascii", "ignore")
