"""Layers with their times, copied so that a worker thread may draw them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from osgeo import gdal
from qgis.core import (
    Qgis,
    QgsDateTimeRange,
    QgsFeatureRequest,
    QgsMapLayer,
    QgsProviderRegistry,
    QgsRasterLayer,
    QgsReadWriteContext,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QDate, QDateTime, Qt, QThread, QTime
from qgis.PyQt.QtXml import QDomDocument

from ..core.catalog import ATTRIBUTION
from ..core.errors import CsPlusError, InvalidChoice
from ..core.frames import ALWAYS, FIRST, LAST, MOST_FRAMES, Span
from ..core.grid import QuietGdal
from ..core.language import _, marked
from ..core.recipe import Recipe
from ..core.targets.target import ImageTarget
from ..core.text import clean
from . import file_recipe, provenance, style

_LONGEST_NOTE = 200
_STEP = marked("Choose a STEP: day, week, month or year.")


@dataclass
class TimedLayer:
    """A copy of a layer, which only this run draws.

    Attributes:
        layer: The copy; of no thread until `adopt` is called.
        name: Of the layer, cleaned.
        fixed: Its one time; None where its features or its provider have times of their own.
        extent: Where it has pixels, in its CRS. A copy of a layer of tiles would say: everywhere.
        notes: What has to stand below a picture of it: attribution, and whether a sandbox made it.
        tiles: Beginning of its tile addresses; empty where it has none.
    """

    layer: QgsMapLayer
    name: str
    fixed: Span | None
    extent: QgsRectangle
    notes: tuple[str, ...]
    tiles: str

    def adopt(self) -> None:
        """Take the copy into the present thread."""
        self.layer.moveToThread(QThread.currentThread())

    def spans(self, *, distinct: bool) -> set[Span]:
        """Find its times.

        Args:
            distinct: Each of its times; else one that holds them all may do.

        Raises:
            InvalidChoice: It has no single times, or too many.
        """
        if self.fixed is not None:
            return {self.fixed}
        if isinstance(self.layer, QgsVectorLayer) and (fields := _time_fields(self.layer)):
            return set(_feature_spans(self.layer, fields, MOST_FRAMES if distinct else 0))
        if distinct and isinstance(self.layer, QgsVectorLayer):
            raise InvalidChoice(
                _("The times of the features of {name} cannot be listed.", name=self.name), _(_STEP)
            )
        ranges = self.layer.temporalProperties().allTemporalRanges(self.layer)
        return {_span(found) for found in ranges} - {ALWAYS}


def timed_layer(layer: QgsMapLayer, *, keep_style: bool) -> TimedLayer | None:
    """Copy a layer that has a time: its own, or that of the recipe which it carries.

    Args:
        layer: Any; it is not changed.
        keep_style: Draw a file of the plugin in the style that the layer has, and not in that of its recipe.

    Returns:
        The copy; None where the layer has no time.
    """
    recipe = _recipe(layer)
    properties = layer.temporalProperties()
    has_time = properties is not None and properties.isActive() and not _only_redrawn(layer)
    if not has_time and recipe is None:
        return None
    made = copy_of(layer)
    styled = keep_style or layer.providerType() != "gdal" or Path(layer.styleURI()).is_file()
    if recipe is not None and not styled:
        with suppress(CsPlusError, LookupError, AttributeError):  # a recipe of a table has no style
            style.apply(made.layer, recipe)
    if not has_time and recipe is not None:
        made.fixed = _days(recipe.scenes.start, recipe.scenes.end)
    else:
        made.fixed = _fixed(layer)
    if made.fixed is None:
        _copy_times(layer, made.layer)
    else:
        # Whoever draws it chooses its frames: QGIS would also draw what only touches a frame's first moment.
        made.layer.temporalProperties().setIsActive(False)
    return made


def copy_of(layer: QgsMapLayer) -> TimedLayer:
    """Copy a layer that is in every frame."""
    copy = layer.clone()
    copy.moveToThread(None)
    return TimedLayer(copy, clean(layer.name(), 60), ALWAYS, layer.extent(), _notes(layer), _tiles(layer))


def _modes(layer: QgsMapLayer) -> Any:
    """Give the modes of its kind of layer: those of another kind have the same numbers."""
    kinds = {QgsRasterLayer: Qgis.RasterTemporalMode, QgsVectorLayer: Qgis.VectorTemporalMode}
    return next((modes for kind, modes in kinds.items() if isinstance(layer, kind)), None)


def _only_redrawn(layer: QgsMapLayer) -> bool:
    modes = _modes(layer)
    without = (getattr(modes, name, None) for name in ("RedrawLayerOnly", "RepresentsTemporalValues"))
    return modes is not None and layer.temporalProperties().mode() in [
        mode for mode in without if mode is not None
    ]


def _fixed(layer: QgsMapLayer) -> Span | None:
    modes, properties = _modes(layer), layer.temporalProperties()
    if modes is not None and properties.mode() == modes.FixedTemporalRange:
        return _span(properties.fixedTemporalRange())
    return None


def _days(first: date, last: date) -> Span:
    return Span(datetime.combine(first, time.min), datetime.combine(last, time(23, 59, 59)))


def _copy_times(layer: QgsMapLayer, copy: QgsMapLayer) -> None:
    """Copy what QGIS leaves out when it clones a raster."""
    document = QDomDocument()
    layer.exportNamedStyle(document, QgsReadWriteContext(), QgsMapLayer.StyleCategory.Temporal)
    copy.importNamedStyle(document, QgsMapLayer.StyleCategory.Temporal)


def _time_fields(layer: QgsVectorLayer) -> tuple[str, str] | None:
    """Name the fields of first and last moment; the same one for moments, None where they are told otherwise."""
    modes, properties = Qgis.VectorTemporalMode, layer.temporalProperties()
    names = {
        modes.FeatureDateTimeInstantFromField: (properties.startField(), properties.startField()),
        modes.FeatureDateTimeStartAndEndFromFields: (properties.startField(), properties.endField()),
    }.get(properties.mode())
    return names if names and all(layer.fields().lookupField(name) >= 0 for name in names) else None


def _feature_spans(layer: QgsVectorLayer, names: tuple[str, str], limit: int) -> set[Span]:
    """Read the times of the features.

    Args:
        layer: Has them.
        names: Of the fields.
        limit: Of distinct times; 0 for one that holds them all.

    Raises:
        InvalidChoice: There are more.
    """
    request = QgsFeatureRequest().setFlags(Qgis.FeatureRequestFlag.NoGeometry)
    request.setSubsetOfAttributes(sorted(set(names)), layer.fields())
    found: set[Span] = set()
    for feature in layer.getFeatures(request):
        begin, end = _moment(feature[names[0]]), _moment(feature[names[1]], is_end=names[0] != names[1])
        if begin is None or end is None or begin > end:
            continue
        found.add(Span(begin, end))
        if not limit:
            found = {Span(min(span.begin for span in found), max(span.end for span in found))}
        elif len(found) > limit:
            raise InvalidChoice(
                _(
                    "The features of {name} have more than {limit:,} distinct times.",
                    name=clean(layer.name()),
                    limit=limit,
                ),
                _(_STEP),
            )
    return found


def _span(found: QgsDateTimeRange) -> Span:
    return Span(_moment(found.begin()) or FIRST, _moment(found.end()) or LAST)


def _moment(value: object, *, is_end: bool = False) -> datetime | None:
    """Give the moment as it is written: QGIS compares fields without a time zone as if all were of one."""
    if isinstance(value, QDate):
        value = QDateTime(value, QTime(23, 59, 59) if is_end else QTime(0, 0))
    if not isinstance(value, QDateTime) or not value.isValid():
        return None
    if value.timeSpec() in (Qt.TimeSpec.OffsetFromUTC, Qt.TimeSpec.TimeZone):
        value = value.toUTC()
    day, clock = value.date(), value.time()
    if not FIRST.year <= day.year() <= LAST.year:
        return None
    return datetime(  # noqa: DTZ001 the clock as it is written
        day.year(), day.month(), day.day(), clock.hour(), clock.minute(), clock.second()
    )


def _recipe(layer: QgsMapLayer) -> Recipe[ImageTarget] | None:
    if not isinstance(layer, QgsRasterLayer):
        return None
    text = layer.customProperty(provenance.RECIPE_PROPERTY)
    with suppress(CsPlusError):
        if isinstance(text, str) and text:
            return Recipe.from_json(text)
        if layer.providerType() == "gdal":
            return file_recipe.read(Path(layer.source()))
    return None


def _notes(layer: QgsMapLayer) -> tuple[str, ...]:
    """Collect what the layer says of its origin; a file of the plugin says it in its tags."""
    notes = [layer.serverProperties().attribution(), *layer.metadata().rights()]
    sandbox = layer.metadata().abstract().startswith(provenance.SANDBOX_NOTICE)
    if isinstance(layer, QgsRasterLayer) and layer.providerType() == "gdal":
        tags = _tags(layer.source())
        sandbox = sandbox or file_recipe.SANDBOX_TAG in tags
        if file_recipe.TAG in tags:
            notes.append(ATTRIBUTION)
    if sandbox:
        notes.append(provenance.SANDBOX_NOTICE)
    return tuple(dict.fromkeys(clean(note, _LONGEST_NOTE) for note in notes if note.strip()))


def _tags(source: str) -> dict[str, str]:
    try:
        with QuietGdal():
            dataset = gdal.Open(source)
    except RuntimeError:  # where another plugin has switched GDAL's exceptions on
        dataset = None
    return dataset.GetMetadata() if dataset is not None else {}


def _tiles(layer: QgsMapLayer) -> str:
    if layer.providerType() != "wms":
        return ""
    parts = QgsProviderRegistry.instance().decodeUri("wms", layer.source())
    return str(parts.get("url", "")).split("{", 1)[0]
