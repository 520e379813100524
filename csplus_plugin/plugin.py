"""The plugin's life in QGIS: provider in, provider out. Nothing else happens at start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qgis.core import QgsApplication

from .processing import interrupts
from .provider import CsPlusProvider

if TYPE_CHECKING:
    from qgis.gui import QgisInterface


class CsPlusPlugin:
    """What QGIS holds while the plugin is enabled.

    Args:
        iface: The desktop, or None in `qgis_process`.
    """

    def __init__(self, iface: QgisInterface | None) -> None:
        self.iface = iface
        self.provider: CsPlusProvider | None = None

    def initProcessing(self) -> None:
        """Register the algorithms; `qgis_process` calls this alone."""
        if QgsApplication.platform() == "qgis_process":
            interrupts.watch(QgsApplication.arguments())
        self.provider = CsPlusProvider()
        QgsApplication.processingRegistry().addProvider(self.provider)

    def initGui(self) -> None:
        """Start in the desktop, which does not call `initProcessing` by itself."""
        self.initProcessing()

    def unload(self) -> None:
        """Leave no trace: the provider, what is kept for it, open connections, a running sandbox."""
        from .earthengine.session import close_sessions
        from .layers import loading

        loading.forget()
        close_sessions()
        if self.provider is not None:
            QgsApplication.processingRegistry().removeProvider(self.provider)
            self.provider = None
