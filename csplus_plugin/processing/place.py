"""The name of the place that AREA is of, for the names of layers: of the one feature, or else of its layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qgis.core import (
    Qgis,
    QgsFeature,
    QgsFeatureRequest,
    QgsField,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
)

from .emptied import is_blank


def read_place(
    algorithm: QgsProcessingAlgorithm, parameters: Mapping[str, Any], context: QgsProcessingContext
) -> str:
    """Name the place; empty for an extent, and where nothing has a name. It is foreign text.

    A run for each feature of a layer hands them in one by one, and only their attributes tell them apart.
    """
    if is_blank(parameters.get("AREA")):
        return ""
    source = algorithm.parameterAsSource(parameters, "AREA", context)
    if source is None:
        return ""
    request = QgsFeatureRequest().setFlags(Qgis.FeatureRequestFlag.NoGeometry).setLimit(2)
    unchecked = Qgis.ProcessingFeatureSourceFlag.SkipGeometryValidityChecks
    features = list(source.getFeatures(request, unchecked))
    of_feature = _named(features[0]) if len(features) == 1 else ""
    layer = algorithm.parameterAsVectorLayer(parameters, "AREA", context)
    return of_feature or (layer.name() if layer is not None else "")


def _named(feature: QgsFeature) -> str:
    """Give the attribute that names a feature best: one called a name, the first text, or the first of all."""

    def fitness(field: QgsField) -> tuple[bool, bool, bool]:
        return ("name" not in field.name().casefold(), field.isNumeric(), field.name().casefold() == "fid")

    for field in sorted(feature.fields(), key=fitness):
        value = feature[field.name()]
        if not is_blank(value):
            return str(value)
    return ""
