"""EXTENT or AREA -> the region in longitude and latitude."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from osgeo import gdal, ogr
from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsFeatureRequest,
    QgsGeometry,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProviderRegistry,
    QgsRectangle,
    QgsVectorLayer,
)

from ..core.errors import InvalidChoice
from ..core.grid import QuietGdal
from ..core.language import _
from ..core.longitudes import HALF, TURN, continued
from ..core.region import Region

_GEOGRAPHIC = "EPSG:4326"
_PARTS = 50
"""An edge longer than this share of the area is followed point by point into longitude and latitude."""

_MANY_VERTICES, _MOST_VERTICES = 20_000, 150_000
"""The area travels with every request, which may have 10 MB: more vertices than the first are thinned, more than the
second are refused."""

_TOLERANCES = (1e-5, 2e-5, 4e-5)
"""Degrees by which thinning may move an edge, one after the other: about 1 m to less than half a pixel."""

_DEGREES = QgsRectangle(-180, -90, 360, 90)

_ACROSS = re.compile(r"\s*(\d[\d.]*)\s*,\s*(-\d[\d.]*)\s*,")
"""The first two numbers of an extent that begins east of Greenwich and ends west of it."""

Note = Callable[[str], None]
"""Gets a sentence about what was repaired, dropped or thinned."""


def read_region(
    algorithm: QgsProcessingAlgorithm,
    parameters: Mapping[str, Any],
    context: QgsProcessingContext,
    note: Note = lambda _: None,
) -> Region:
    """Read AREA, or else EXTENT.

    Raises:
        InvalidChoice: Neither is given, or it is empty, has no CRS, or cannot be read.
    """
    if parameters.get("AREA") not in (None, ""):
        geometry, crs = _area(algorithm, parameters, context, note)
    elif parameters.get("EXTENT") not in (None, ""):
        geometry, crs = read_extent(algorithm, parameters, context)
    else:
        raise InvalidChoice(
            _("There is neither an extent nor an area."), _("Choose one of the two, EXTENT or AREA.")
        )
    return _region(geometry, crs, context, note)


def _area(
    algorithm: QgsProcessingAlgorithm,
    parameters: Mapping[str, Any],
    context: QgsProcessingContext,
    note: Note,
) -> tuple[QgsGeometry, QgsCoordinateReferenceSystem]:
    source = algorithm.parameterAsSource(parameters, "AREA", context)
    if source is None:
        raise InvalidChoice(_("The area cannot be read."), _("Choose a polygon layer."))
    # Unchecked, because QGIS's own check ends the run, or the program, at the first invalid polygon.
    unchecked = Qgis.ProcessingFeatureSourceFlag.SkipGeometryValidityChecks
    geometries = [feature.geometry() for feature in source.getFeatures(QgsFeatureRequest(), unchecked)]
    sound, repaired = [], 0
    for geometry in geometries:
        if geometry.isEmpty():
            continue
        if not geometry.isGeosValid():
            geometry = geometry.makeValid()  # noqa: PLW2901 the same one, repaired
            repaired += 1
        sound.append(geometry)
    if repaired:
        note(
            _(
                "Invalid polygons in the area: {repaired}. They were repaired; check that the result is what you "
                "meant.",
                repaired=repaired,
            )
        )
    union = QgsGeometry.unaryUnion(sound) if sound else QgsGeometry()
    if union.isEmpty():
        raise InvalidChoice(
            _("The area has no polygon."), _("Choose a layer, or a selection, that holds one.")
        )
    if Qgis.GeometryType.Polygon != union.type() or union.wkbType() == Qgis.WkbType.GeometryCollection:
        note(_("Lines and points in the area were dropped."))
        if not union.convertGeometryCollectionToSubclass(Qgis.GeometryType.Polygon):
            raise InvalidChoice(
                _("The area has no polygon."), _("Choose a layer, or a selection, that holds one.")
            )
    crs = source.sourceCrs()
    return union, crs if crs.isValid() else _file_crs(
        algorithm.parameterAsVectorLayer(parameters, "AREA", context)
    )


def _file_crs(layer: QgsVectorLayer | None) -> QgsCoordinateReferenceSystem:
    """Read the CRS that a file itself names: QGIS gives none to a layer of geometries of several kinds."""
    if layer is None or layer.providerType() != "ogr":
        return QgsCoordinateReferenceSystem()
    parts = QgsProviderRegistry.instance().decodeUri("ogr", layer.source())
    with QuietGdal(), suppress(RuntimeError):  # raised where another part of the process has enabled it
        dataset = gdal.OpenEx(str(parts.get("path", "")), gdal.OF_VECTOR)
        name = parts.get("layerName")
        found = dataset and (dataset.GetLayerByName(str(name)) if name else dataset.GetLayer(0))
        reference = found and found.GetSpatialRef()
        if reference:
            return QgsCoordinateReferenceSystem.fromWkt(reference.ExportToWkt())
    return QgsCoordinateReferenceSystem()


def read_extent(
    algorithm: QgsProcessingAlgorithm, parameters: Mapping[str, Any], context: QgsProcessingContext
) -> tuple[QgsGeometry, QgsCoordinateReferenceSystem]:
    """Read EXTENT, which has to be given, and its CRS.

    Raises:
        InvalidChoice: It is empty, or its CRS is not known.
    """
    # Asked without a CRS: given one, QGIS leaves an extent that names none unprojected, without a word.
    value = parameters["EXTENT"]
    rectangle = algorithm.parameterAsExtent(parameters, "EXTENT", context)
    crs = algorithm.parameterAsExtentCrs(parameters, "EXTENT", context)
    if rectangle.isEmpty() or not rectangle.isFinite():
        raise InvalidChoice(_("The extent is empty."), _("Write it as xmin,xmax,ymin,ymax [EPSG:code]."))
    if not crs.isValid():
        # Four numbers alone are degrees; a layer without a CRS, or an unknown code, may be anything.
        is_bare = "[" not in value if isinstance(value, str) and "," in value else type(value) is QgsRectangle
        if not (is_bare and _DEGREES.contains(rectangle)):
            raise InvalidChoice(
                _("The extent has no CRS that is known."), _("Write it as xmin,xmax,ymin,ymax [EPSG:code].")
            )
        crs = QgsCoordinateReferenceSystem(_GEOGRAPHIC)
    across = _ACROSS.match(value) if crs.isGeographic() and isinstance(value, str) else None
    if across and float(across[2]) + TURN - float(across[1]) < HALF:
        # West of the antimeridian to east of it, as RFC 7946 writes it; QGIS turns it round.
        west, east = float(across[1]), float(across[2]) + TURN
        rectangle = QgsRectangle(west, rectangle.yMinimum(), east, rectangle.yMaximum())
    return QgsGeometry.fromRect(rectangle), crs


def _region(
    geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem, context: QgsProcessingContext, note: Note
) -> Region:
    if not crs.isValid():
        raise InvalidChoice(_("The area has no CRS."), _("Set the CRS of the layer."))
    target = QgsCoordinateReferenceSystem(_GEOGRAPHIC)
    if crs != target:
        box = geometry.boundingBox()
        geometry = geometry.densifyByDistance(max(box.width(), box.height()) / _PARTS)
        try:
            geometry.transform(QgsCoordinateTransform(crs, target, context.transformContext()))
        except QgsCsException as problem:
            raise InvalidChoice(
                _("The area cannot be turned into longitude and latitude."), _("Check its CRS.")
            ) from problem
        geometry = _unwrapped(geometry)
    geometry = _thinned(geometry, note)
    return Region.from_geojson(json.loads(geometry.asJson(9)))


def _unwrapped(geometry: QgsGeometry) -> QgsGeometry:
    """Let the longitudes of rings that cross the antimeridian go on beyond 180, where QGIS jumps to -180."""
    if geometry.boundingBox().width() <= HALF:
        return geometry
    body = json.loads(geometry.asJson(17))
    polygons = [body["coordinates"]] if body["type"] == "Polygon" else body["coordinates"]
    coordinates = [[continued(ring) for ring in polygon] for polygon in polygons]
    made = ogr.CreateGeometryFromJson(json.dumps({"type": "MultiPolygon", "coordinates": coordinates}))
    return QgsGeometry.fromWkt(made.ExportToWkt())


def _thinned(geometry: QgsGeometry, note: Note) -> QgsGeometry:
    """Leave out vertices of a very detailed area, where no edge moves by half a pixel.

    Raises:
        InvalidChoice: It is too detailed for a request all the same.
    """
    thinned = geometry
    before = after = geometry.constGet().nCoordinates()
    for tolerance in _TOLERANCES:
        if after <= _MANY_VERTICES:
            break
        thinned = geometry.simplify(tolerance)  # of the whole one: what was thinned before would move twice
        after = thinned.constGet().nCoordinates()
    if after > _MOST_VERTICES:
        raise InvalidChoice(
            _(
                "The area has {after:,} vertices, and a request to Earth Engine carries about {most:,}.",
                after=after,
                most=_MOST_VERTICES,
            ),
            _("Simplify it, or use its extent."),
        )
    if after < before:
        note(
            _(
                "The area's {before:,} vertices were thinned to {after:,}; no edge moved by more than half a pixel.",
                before=before,
                after=after,
            )
        )
    return thinned
