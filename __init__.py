"""Cloud Score+ for QGIS: cloud-free Sentinel-2 composites as Processing algorithms."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qgis.gui import QgisInterface

    from .csplus_plugin.plugin import CsPlusPlugin


def classFactory(iface: QgisInterface | None) -> CsPlusPlugin:
    """Give QGIS the plugin object; `iface` is None in `qgis_process`."""
    import sys

    if sys.version_info < (3, 10):  # noqa: UP036 some QGIS 3.40 for macOS bring 3.9
        version = ".".join(map(str, sys.version_info[:2]))
        raise RuntimeError(
            f"Cloud Score+ needs Python 3.10 or later, as Earth Engine's library does, and this QGIS has {version}. "
            "Install a newer QGIS."
        )
    from .csplus_plugin.plugin import CsPlusPlugin

    return CsPlusPlugin(iface)
