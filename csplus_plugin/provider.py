"""The Processing provider: which algorithms there are."""

from __future__ import annotations

import configparser
from functools import cache
from pathlib import Path

from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

ROOT = Path(__file__).resolve().parents[1]
ICON = ROOT / "resources" / "icons" / "csplus.svg"


@cache
def version() -> str:
    """Read the plugin's version from its metadata, where it is kept."""
    metadata = configparser.ConfigParser()
    metadata.read(ROOT / "metadata.txt", encoding="utf-8")
    return metadata["general"]["version"]


class CsPlusProvider(QgsProcessingProvider):
    """Cloud Score+ in the toolbox, the modeler and `qgis_process`."""

    def id(self) -> str:
        """Prefix of every algorithm id, for ever."""
        return "csplus"

    def name(self) -> str:
        """Heading in the toolbox."""
        return "Cloud Score+"

    def longName(self) -> str:
        """Name with the version."""
        return f"Cloud Score+ for Sentinel-2 ({version()})"

    def versionInfo(self) -> str:
        """Version of the plugin."""
        return version()

    def icon(self) -> QIcon:
        """Icon in the toolbox."""
        return QIcon(str(ICON))

    def svgIconPath(self) -> str:
        """Icon in the modeler."""
        return str(ICON)

    def supportedOutputRasterLayerExtensions(self) -> list[str]:
        """Downloads are GeoTIFFs."""
        return ["tif", "tiff"]

    def loadAlgorithms(self) -> None:
        """Add a new instance of each algorithm."""
        from ..algorithms.check_connection import CheckConnection
        from ..algorithms.clear_composite import ClearComposite

        for algorithm in (ClearComposite, CheckConnection):
            self.addAlgorithm(algorithm())
