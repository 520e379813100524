"""The Processing provider: which algorithms there are."""

from __future__ import annotations

from qgis.core import QgsApplication, QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from .core.about import ROOT, version
from .core.language import _

ICON = ROOT / "resources" / "icons" / "csplus.svg"


class CsPlusProvider(QgsProcessingProvider):
    """Cloud Score+ in the toolbox, the modeler and `qgis_process`."""

    def id(self) -> str:
        """Prefix of every algorithm id; must never change."""
        return "csplus"

    def name(self) -> str:
        """Heading in the toolbox."""
        return "Cloud Score+"

    def longName(self) -> str:
        """Name with the version."""
        return _("Cloud Score+ for Sentinel-2 ({version})", version=version())

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
        """Offer GeoTIFFs, which is what downloads are."""
        return ["tif", "tiff"]

    def loadAlgorithms(self) -> None:
        """Add a new instance of each algorithm."""
        from ..algorithms.animation import Animation
        from ..algorithms.change import ChangeBetweenWindows
        from ..algorithms.check_connection import CheckConnection
        from ..algorithms.clear_composite import ClearComposite
        from ..algorithms.clear_observations import ClearObservations
        from ..algorithms.clear_scene import ClearScene
        from ..algorithms.cloud_score import CloudScore
        from ..algorithms.export_composite import ExportComposite
        from ..algorithms.export_tasks import ExportTasks
        from ..algorithms.find_scenes import FindScenes
        from ..algorithms.gap_filled_composite import GapFilledComposite
        from ..algorithms.open_asset import OpenAsset
        from ..algorithms.periodic_composites import PeriodicComposites
        from ..algorithms.refresh_live_layers import RefreshLiveLayers
        from ..algorithms.temporal_metrics import TemporalMetrics
        from ..algorithms.threshold_explorer import ThresholdExplorer
        from ..algorithms.time_series import TimeSeries
        from .processing.shipped_model import MODELS, ShippedModel

        for algorithm in (
            ClearComposite,
            PeriodicComposites,
            GapFilledComposite,
            ExportComposite,
            OpenAsset,
            ClearScene,
            ChangeBetweenWindows,
            TemporalMetrics,
            CloudScore,
            ClearObservations,
            Animation,
            FindScenes,
            ThresholdExplorer,
            TimeSeries,
            ExportTasks,
            RefreshLiveLayers,
            CheckConnection,
        ):
            self.addAlgorithm(algorithm())
        # Models lose their destinations where the algorithms that they chain are not registered yet, as at first.
        if QgsApplication.processingRegistry().providerById(self.id()) is not None:
            for file in sorted(MODELS.glob("*.model3")):
                self.addAlgorithm(ShippedModel(file))
