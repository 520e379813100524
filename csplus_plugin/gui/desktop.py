"""The plugin's part in the desktop: renewal of live layers, lines in the message bar, the page of options."""

from __future__ import annotations

from qgis.core import QgsProject
from qgis.gui import QgisInterface

from .. import settings
from ..layers.renewal import Renewal
from .messages import Messages
from .options import OptionsFactory


class Desktop:
    """What the window has of us, from its construction to `stop`.

    Args:
        iface: The desktop.
        project: The open project.
    """

    def __init__(self, iface: QgisInterface, project: QgsProject) -> None:
        self._iface = iface
        self._messages = Messages(iface)
        self.renewal = Renewal(project, settings.connection)
        self.renewal.failed.connect(self._messages.warn)
        self._options = OptionsFactory(self.renewal.renew_all)
        iface.registerOptionsWidgetFactory(self._options)

    def stop(self) -> None:
        """Take everything out of the window."""
        self._iface.unregisterOptionsWidgetFactory(self._options)
        self.renewal.stop()
        self.renewal.failed.disconnect(self._messages.warn)
