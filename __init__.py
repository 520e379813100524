"""Cloud Score+ for QGIS: cloud-free Sentinel-2 composites as Processing algorithms."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qgis.gui import QgisInterface

    from .csplus_plugin.plugin import CsPlusPlugin


def classFactory(iface: QgisInterface | None) -> CsPlusPlugin:
    """Give QGIS the plugin object; `iface` is None in `qgis_process`."""
    from .csplus_plugin.plugin import CsPlusPlugin

    return CsPlusPlugin(iface)
