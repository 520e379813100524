"""The plugin's life in QGIS: everything in, everything out. No server is asked at start, and no account looked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qgis.core import QgsApplication, QgsProject

from . import settings
from .core import language
from .earthengine.session import close_sessions
from .layers import loading
from .layers.rewriting import Rewriting
from .modules import forget_modules
from .processing import interrupts
from .processing.run import cancel_runs
from .provider import CsPlusProvider

if TYPE_CHECKING:
    from qgis.gui import QgisInterface

    from .gui.desktop import Desktop


class CsPlusPlugin:
    """What QGIS holds while the plugin is enabled.

    Args:
        iface: The desktop, or None in `qgis_process`.
    """

    def __init__(self, iface: QgisInterface | None) -> None:
        self.iface = iface
        self.provider: CsPlusProvider | None = None
        self.desktop: Desktop | None = None
        self.rewriting: Rewriting | None = None

    def initProcessing(self) -> None:
        """Register the algorithms; `qgis_process` calls this alone."""
        self._choose_language()
        if QgsApplication.platform() == "qgis_process":
            interrupts.watch(QgsApplication.arguments())
        self.provider = CsPlusProvider()
        registry = QgsApplication.processingRegistry()
        registry.addProvider(self.provider)
        self.provider.refreshAlgorithms()  # now with the models, which find the algorithms that they chain
        registry.providerAdded.connect(self._refresh_models)
        if self.iface is None and QgsApplication.platform() != "server":
            self.rewriting = Rewriting(QgsProject.instance(), settings.connection)

    def initGui(self) -> None:
        """Start in the desktop, which does not call `initProcessing` by itself."""
        self.initProcessing()
        if self.iface is not None:
            from .gui.desktop import Desktop

            self.desktop = Desktop(self.iface, QgsProject.instance())

    def unload(self) -> None:
        """Leave no trace: no signal, no thread, no open connection, no running sandbox, no module."""
        for part in (self.desktop, self.rewriting):
            if part is not None:
                part.stop()
        self.desktop = self.rewriting = None
        cancel_runs()
        loading.forget()
        close_sessions()
        if self.provider is not None:
            registry = QgsApplication.processingRegistry()
            registry.providerAdded.disconnect(self._refresh_models)
            registry.removeProvider(self.provider)
            self.provider = None
        forget_modules()

    def _choose_language(self) -> None:
        """Speak as QGIS does: the language of its options, else the system's."""
        language.use(QgsApplication.locale())

    def _refresh_models(self, provider: str) -> None:
        """Load the models again where GDAL's algorithms, which some of them chain, come after ours."""
        if provider == "gdal" and self.provider is not None:
            self.provider.refreshAlgorithms()
