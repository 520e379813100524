"""FEATURES -> places on their pixel grids, each with what tells its rows from others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsFeatureRequest,
    QgsGeometry,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
)
from qgis.PyQt.QtCore import QDate, QDateTime, QMetaType, Qt, QTime, QVariant

from ..core.errors import InvalidChoice
from ..core.language import _
from ..core.places import Place, place
from ..core.region import Region
from ..core.table import Cell, Column
from ..core.text import clean
from .region import Note
from .tables import Key

_GEOGRAPHIC = "EPSG:4326"
_WIDE = 0.2
"""Degrees, or metres times a hundred thousand; edges of larger features are followed point by point."""

_PARTS = 50
_METRES = 100_000
_LONGEST_ID = 1_000

_WHOLE = (QMetaType.Type.Int, QMetaType.Type.UInt, QMetaType.Type.LongLong, QMetaType.Type.ULongLong)
_JOINED = (
    *_WHOLE,
    *(QMetaType.Type.QString, QMetaType.Type.Double, QMetaType.Type.Bool),
    *(QMetaType.Type.QDate, QMetaType.Type.QDateTime, QMetaType.Type.QTime),
)
"""Types of fields by which rows can be joined: a sink has them, too."""


@dataclass(frozen=True)
class Features:
    """The features of a run.

    Attributes:
        column: Column that tells them apart.
        ids: What tells each apart, in their order.
        places: Where each lies; None where nothing of it can be asked for.
        key: The column as a field of their own type, to join by; None where they have no such field.
    """

    column: Column
    ids: tuple[Cell, ...]
    places: tuple[Place | None, ...]
    key: Key | None = None


def read_features(
    algorithm: QgsProcessingAlgorithm,
    parameters: Mapping[str, Any],
    context: QgsProcessingContext,
    buffer: float,
    within: Region | None = None,
    note: Note = lambda _: None,
) -> Features:
    """Read the points or polygons of FEATURES.

    Args:
        algorithm: Whose parameters they are.
        parameters: Its values.
        context: Of the run.
        buffer: Metres by which they grow.
        within: Only features that touch it; None for all.
        note: Told what was repaired.

    Raises:
        InvalidChoice: There are none, or they have no CRS.
    """
    source = algorithm.parameterAsSource(parameters, "FEATURES", context)
    if source is None:
        raise InvalidChoice(_("FEATURES cannot be read."), _("Choose a layer of points or polygons."))
    if not source.sourceCrs().isValid():
        raise InvalidChoice(_("FEATURES has no CRS."), _("Set the CRS of the layer."))
    field = algorithm.parameterAsString(parameters, "ID_FIELD", context)
    position = source.fields().lookupField(field) if field else -1
    if field and position < 0:
        names = ", ".join(source.fields().names())
        raise InvalidChoice(
            _("FEATURES has no field {field}.", field=field),
            _("It has {names}.", names=names) if names else _("Leave ID_FIELD empty."),
        )
    is_whole = position < 0 or source.fields().at(position).type() in _WHOLE
    mover = _Mover(source.sourceCrs(), context)
    # Unchecked, because QGIS's own check ends the run, or the program, at the first invalid polygon.
    unchecked = Qgis.ProcessingFeatureSourceFlag.SkipGeometryValidityChecks
    area = None if within is None else QgsGeometry.fromWkt(_wkt(within))
    ids: list[Cell] = []
    places: list[Place | None] = []
    attributes: dict[Cell, Any] = {}
    for feature in source.getFeatures(QgsFeatureRequest(), unchecked):
        geometry = mover.move(feature.geometry())
        if area is not None and (geometry is None or not area.intersects(geometry)):
            continue
        value = feature.attribute(position) if position >= 0 else feature.id()
        ids.append(_id(value, field, is_whole=is_whole))
        attributes[ids[-1]] = value
        places.append(None if geometry is None else _placed(geometry, buffer, ids[-1]))
    _check_found(ids, places, field)
    if mover.repaired:
        note(
            _(
                "Invalid polygons among the features: {repaired}. They were repaired; check the result.",
                repaired=mover.repaired,
            )
        )
    if empty := sum(one is None for one in places):
        note(_("Features of which no area is left: {empty}. Each is a row that says so.", empty=empty))
    label = _("Feature, by {field}", field=clean(field, 60)) if field else _("Feature, by its id ($id)")
    column = Column("feature", "whole" if is_whole else "text", label)
    own = source.fields().at(position) if position >= 0 else None
    key = Key(own, attributes) if own is not None and own.type() in _JOINED else None
    return Features(column, tuple(ids), tuple(places), key)


def _placed(geometry: QgsGeometry, buffer: float, feature: Cell) -> Place | None:
    try:
        return place(json.loads(geometry.asJson(9)), buffer)
    except InvalidChoice as problem:
        raise InvalidChoice(
            _("Feature {feature}: {problem}", feature=clean(str(feature), 60), problem=problem.what),
            problem.next_step,
        ) from problem


def _check_found(ids: list[Cell], places: list[Place | None], field: str) -> None:
    if not any(places):
        raise InvalidChoice(
            _("There is no feature with an area or a point."),
            _("Choose a layer, or a selection, that holds some."),
        )
    if len(set(ids)) < len(ids):
        raise InvalidChoice(
            _("The field {field} does not tell the features apart.", field=field),
            _("Choose one whose values differ."),
        )


class _Mover:
    """Brings geometries to longitude and latitude, valid and flat."""

    def __init__(self, crs: QgsCoordinateReferenceSystem, context: QgsProcessingContext) -> None:
        target = QgsCoordinateReferenceSystem(_GEOGRAPHIC)
        self._transform = QgsCoordinateTransform(crs, target, context.transformContext())
        self._wide = _WIDE if crs.isGeographic() else _WIDE * _METRES
        self.repaired = 0

    def move(self, geometry: QgsGeometry) -> QgsGeometry | None:
        """Move a geometry; None where there is none."""
        if geometry.isEmpty():
            return None
        if geometry.type() == Qgis.GeometryType.Polygon and not geometry.isGeosValid():
            geometry = geometry.makeValid()
            geometry.convertGeometryCollectionToSubclass(Qgis.GeometryType.Polygon)
            self.repaired += 1
        shape = geometry.constGet().segmentize()
        shape.dropZValue()
        shape.dropMValue()
        geometry = QgsGeometry(shape)
        box = geometry.boundingBox()
        if max(box.width(), box.height()) > self._wide:
            geometry = geometry.densifyByDistance(max(box.width(), box.height()) / _PARTS)
        try:
            geometry.transform(self._transform)
        except QgsCsException as problem:
            raise InvalidChoice(
                _("A feature cannot be turned into longitude and latitude."), _("Check the CRS of the layer.")
            ) from problem
        return None if geometry.isEmpty() else geometry


def _wkt(region: Region) -> str:
    polygons = (
        f"({','.join('(' + ','.join(f'{x} {y}' for x, y in ring) + ')' for ring in polygon)})"
        for polygon in region.polygons
    )
    return f"MULTIPOLYGON({','.join(polygons)})"


def _id(value: Any, field: str, *, is_whole: bool) -> Cell:
    if value is None or (isinstance(value, QVariant) and value.isNull()):
        return None
    if is_whole:
        return int(value)
    text = value if isinstance(value, str) else _printed(value)
    if len(text) > _LONGEST_ID:
        raise InvalidChoice(
            _(
                "The field {field} has values of more than {most:,} characters.",
                field=clean(field, 60),
                most=_LONGEST_ID,
            ),
            _("Choose one whose values are shorter."),
        )
    # As it is, because rows are joined by it; half a surrogate alone would end QGIS.
    return text if _is_sound(text) else clean(text, _LONGEST_ID)


def _printed(value: Any) -> str:
    if isinstance(value, (QDate, QDateTime, QTime)):
        return str(value.toString(Qt.DateFormat.ISODateWithMs))
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _is_sound(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
