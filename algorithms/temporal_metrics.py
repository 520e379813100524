"""Temporal metrics: region and date window -> every statistic of every band and index in one file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qgis.core import QgsProcessingContext

from ..csplus_plugin.core.catalog import METRICS
from ..csplus_plugin.core.targets.metrics import Metrics
from ..csplus_plugin.processing.blocks import add_bands
from ..csplus_plugin.processing.image_algorithm import ImageAlgorithm
from ..csplus_plugin.processing.parameters import add, choices, chosen, explained


class TemporalMetrics(ImageAlgorithm):
    """Statistics of the clear observations."""

    ID = Metrics.ALGORITHM
    NAME = "Temporal metrics"
    GROUP = "composites"
    SUMMARY = (
        "Statistics of bands and spectral indices over the clear observations of a date window, in one file."
    )
    HELP = (
        "Masks the scenes with Cloud Score+ and reduces what is left: one band of the file for each pair of a band or "
        "index and a statistic, such as NDVI_p90. Indices are computed of each observation, then reduced.\n\n"
        "Use it as input of a classification, or for the amplitude of a season: the range of NDVI from sowing to "
        "harvest tells crops from meadows.\n\n"
        "At a shell: BANDS=B4,B8 INDICES=NDVI STATISTICS=median,std,count. An index alone: BANDS= INDICES=NDVI."
    )
    TAGS = ("statistics", "phenology", "percentiles", "amplitude", "time series", "features")
    STYLES = ()

    def declare_target(self) -> None:
        """Add bands, indices and statistics."""
        default = Metrics()
        add_bands(
            self, default.bands, default.indices, "Spectral indices of each observation, such as NDVI,EVI."
        )
        add(
            self,
            choices("STATISTICS", "Statistics", METRICS, list(default.statistics)),
            explained(METRICS),
        )

    def read_target(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> Metrics:
        """Read them."""
        return Metrics(
            bands=chosen(self, parameters, "BANDS", context),
            indices=chosen(self, parameters, "INDICES", context),
            statistics=chosen(self, parameters, "STATISTICS", context),
        )
