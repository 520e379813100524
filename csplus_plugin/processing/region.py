"""EXTENT or AREA -> the region in longitude and latitude."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsGeometry,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsRectangle,
)

from ..core.errors import InvalidChoice
from ..core.region import Region

_GEOGRAPHIC = "EPSG:4326"
_PARTS = 50
"""An edge longer than this share of the area is followed point by point into longitude and latitude."""

_MAX_VERTICES = 20_000
"""The area travels with every request; more vertices than this are thinned to a tenth of a pixel at first."""

_TENTH_OF_PIXEL = 1e-5
"""Degrees, about 1 m."""


def read_region(
    algorithm: QgsProcessingAlgorithm, parameters: Mapping[str, Any], context: QgsProcessingContext
) -> Region:
    """Read AREA, or else EXTENT.

    Raises:
        InvalidChoice: Neither is given, or it is empty, has no CRS, or crosses the antimeridian.
    """
    if parameters.get("AREA") not in (None, ""):
        geometry, crs = _area(algorithm, parameters, context)
    elif parameters.get("EXTENT") not in (None, ""):
        geometry, crs = _extent(algorithm, parameters, context)
    else:
        raise InvalidChoice("There is neither an EXTENT nor an AREA.", "Choose one of the two.")
    return _region(geometry, crs, context)


def _area(
    algorithm: QgsProcessingAlgorithm, parameters: Mapping[str, Any], context: QgsProcessingContext
) -> tuple[QgsGeometry, QgsCoordinateReferenceSystem]:
    source = algorithm.parameterAsSource(parameters, "AREA", context)
    if source is None:
        raise InvalidChoice("The AREA cannot be read.", "Choose a polygon layer.")
    geometries = [feature.geometry() for feature in source.getFeatures()]
    valid = [
        geometry if geometry.isGeosValid() else geometry.makeValid()
        for geometry in geometries
        if not geometry.isEmpty()
    ]
    if not valid:
        raise InvalidChoice("The AREA has no polygon.", "Choose a layer, or a selection, that holds one.")
    return QgsGeometry.unaryUnion(valid), source.sourceCrs()


def _extent(
    algorithm: QgsProcessingAlgorithm, parameters: Mapping[str, Any], context: QgsProcessingContext
) -> tuple[QgsGeometry, QgsCoordinateReferenceSystem]:
    # Asked without a CRS: given one, QGIS leaves an extent that names none unprojected, without a word.
    rectangle = algorithm.parameterAsExtent(parameters, "EXTENT", context)
    crs = algorithm.parameterAsExtentCrs(parameters, "EXTENT", context)
    if rectangle.isEmpty() or not rectangle.isFinite():
        raise InvalidChoice("The EXTENT is empty.", "Write it as xmin,xmax,ymin,ymax [EPSG:code].")
    if not crs.isValid():
        if not QgsRectangle(-180, -90, 180, 90).contains(rectangle):
            raise InvalidChoice("The EXTENT has no CRS.", "Write it as xmin,xmax,ymin,ymax [EPSG:code].")
        crs = QgsCoordinateReferenceSystem(_GEOGRAPHIC)
    return QgsGeometry.fromRect(rectangle), crs


def _region(
    geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem, context: QgsProcessingContext
) -> Region:
    if not crs.isValid():
        raise InvalidChoice("The AREA has no CRS.", "Set the CRS of the layer.")
    target = QgsCoordinateReferenceSystem(_GEOGRAPHIC)
    if crs != target:
        box = geometry.boundingBox()
        geometry = geometry.densifyByDistance(max(box.width(), box.height()) / _PARTS)
        try:
            geometry.transform(QgsCoordinateTransform(crs, target, context.transformContext()))
        except QgsCsException as problem:
            raise InvalidChoice(
                "The area cannot be turned into longitude and latitude.", "Check its CRS."
            ) from problem
    geometry.convertGeometryCollectionToSubclass(geometry.type())
    tolerance = _TENTH_OF_PIXEL
    while geometry.constGet() is not None and geometry.constGet().nCoordinates() > _MAX_VERTICES:
        geometry = geometry.simplify(tolerance)
        tolerance *= 2
    return Region.from_geojson(json.loads(geometry.asJson(9)))
