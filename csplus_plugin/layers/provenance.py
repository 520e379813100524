"""What a layer and a file say of themselves: recipe, dates, attribution, licence, and whether Google made them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from qgis.core import (
    Qgis,
    QgsBox3D,
    QgsCoordinateReferenceSystem,
    QgsDateTimeRange,
    QgsLayerMetadata,
    QgsMapLayer,
    QgsRasterLayer,
)
from qgis.PyQt.QtCore import QDateTime, Qt

from ..core.catalog import ATTRIBUTION, CATALOG, CITATION, LICENSES, PRODUCTS, SCORES_ID
from ..core.language import _, in_english, marked
from ..core.longitudes import HALF, TURN
from ..core.recipe import Recipe
from ..core.survey import Survey
from ..core.targets.target import ImageTarget, Target
from . import colour_key, file_recipe

RECIPE_PROPERTY = "csplus/recipe"
MINTED_PROPERTY = "csplus/minted"
"""When the tile address of a live layer was made: seconds since 1970."""
MAP_PROPERTY = "csplus/map"
"""The map of which the recipe speaks, `projects/…/maps/…`."""
_TOPIC = "gmd:topicCategory"
"""The vocabulary of ISO 19115 that QGIS's metadata page offers."""
SANDBOX_SENTENCE = marked("Made by the Cloud Score+ sandbox, not by Google Earth Engine.")
SANDBOX_NOTICE = SANDBOX_SENTENCE.removesuffix(".")
"""In files and in metadata, which are in English."""


def describe(layer: QgsMapLayer, recipe: Recipe[Target], survey: Survey | None, *, sandbox: bool) -> None:
    """Put recipe and metadata on a layer, and on one of pixels its time; the rows of a table have their own.

    Without a survey, nothing is said of the number of scenes.
    """
    layer.setCustomProperty(RECIPE_PROPERTY, recipe.to_json())
    if isinstance(layer, QgsRasterLayer):
        set_period(layer, recipe.scenes.start, recipe.scenes.end)
        _show_colours(layer, recipe)
    metadata = QgsLayerMetadata()
    metadata.setTitle(layer.name())
    metadata.setType("dataset")
    metadata.setLanguage("ENG")
    metadata.setAbstract("\n".join(_summary(recipe, survey, sandbox=sandbox)))
    metadata.setRights([ATTRIBUTION])
    metadata.setLicenses(list(LICENSES))
    metadata.setCrs(layer.crs())
    metadata.setExtent(_extent(recipe))
    metadata.setKeywords(
        {_TOPIC: ["imageryBaseMapsEarthCover"], "Cloud Score+ for QGIS": _keywords(recipe, sandbox=sandbox)}
    )
    metadata.setLinks([QgsLayerMetadata.Link(name, "WWW:LINK", url) for name, url in _links(recipe)])
    layer.setMetadata(metadata)
    layer.serverProperties().setAttribution(ATTRIBUTION)


def describe_again(layer: QgsRasterLayer, recipe: Recipe[Target]) -> None:
    """Put another recipe on a layer that is drawn anew, without a search for its scenes: their counts go."""
    before = layer.metadata()
    is_sandbox = before.abstract().startswith(SANDBOX_NOTICE)
    layer.setCustomProperty(RECIPE_PROPERTY, recipe.to_json())
    set_period(layer, recipe.scenes.start, recipe.scenes.end)
    _show_colours(layer, recipe)
    before.setTitle(layer.name())
    before.setAbstract("\n".join(_summary(recipe, None, sandbox=is_sandbox)))
    before.setExtent(_extent(recipe))
    keywords = before.keywords()
    keywords["Cloud Score+ for QGIS"] = _keywords(recipe, sandbox=is_sandbox)
    before.setKeywords(keywords)
    layer.setMetadata(before)


def _show_colours(layer: QgsRasterLayer, recipe: Recipe[Target]) -> None:
    if layer.providerType() == "wms" and isinstance(recipe.target, ImageTarget):
        colour_key.show(layer, recipe)


def tags(
    recipe: Recipe[Target], survey: Survey, *, endpoint: str, version: str, sandbox: bool
) -> Mapping[str, str]:
    """Give the metadata items of a file."""
    items = {
        file_recipe.TAG: file_recipe.tag(recipe),
        "CSPLUS_VERSION": version,
        "CSPLUS_ENDPOINT": endpoint,
        **counts(survey),
        "CSPLUS_FIRST_DATE": survey.days[0].isoformat(),
        "CSPLUS_LAST_DATE": survey.days[-1].isoformat(),
        "ATTRIBUTION": ATTRIBUTION,
        "LICENSE": "; ".join(LICENSES),
        "TIFFTAG_COPYRIGHT": ATTRIBUTION,
        "TIFFTAG_SOFTWARE": f"Cloud Score+ for QGIS {version}",
    }
    if sandbox:
        items[file_recipe.SANDBOX_TAG] = SANDBOX_NOTICE
        items["TIFFTAG_IMAGEDESCRIPTION"] = SANDBOX_NOTICE
    return items


def counts(survey: Survey) -> dict[str, str]:
    """Give the metadata items that tell how many scenes there were."""
    return {
        "CSPLUS_SCENE_COUNT": str(survey.scene_count),
        "CSPLUS_SCORED_COUNT": str(survey.scored_count),
        "CSPLUS_UNSCORED_COUNT": str(len(survey.unscored_ids)),
        "CSPLUS_DATE_COUNT": str(len(survey.days)),
    }


def set_period(layer: QgsRasterLayer, first: date, last: date) -> None:
    """Give the layer its place in time, both days included, for the temporal controller (UTC)."""
    properties = layer.temporalProperties()
    properties.setMode(Qgis.RasterTemporalMode.FixedTemporalRange)
    properties.setFixedTemporalRange(_period(first, last))
    properties.setIsActive(True)


def _period(first: date, last: date) -> QgsDateTimeRange:
    """Whole seconds, both ends in: QGIS keeps neither milliseconds nor open ends when it saves a project."""

    def utc(day: date, clock: str) -> QDateTime:
        return QDateTime.fromString(f"{day}T{clock}Z", Qt.DateFormat.ISODate)

    return QgsDateTimeRange(utc(first, "00:00:00"), utc(last, "23:59:59"))


def _extent(recipe: Recipe[Target]) -> QgsLayerMetadata.Extent:
    """Give the area, in two boxes where it crosses the antimeridian, and the days."""
    west, south, east, north = recipe.scenes.region.bounds
    spans = [(west, east)] if east <= HALF else [(west, HALF), (-HALF, east - TURN)]
    boxes = []
    for left, right in spans:
        box = QgsLayerMetadata.SpatialExtent()
        box.bounds = QgsBox3D(left, south, 0, right, north, 0)
        box.extentCrs = QgsCoordinateReferenceSystem("EPSG:4326")
        boxes.append(box)
    extent = QgsLayerMetadata.Extent()
    extent.setSpatialExtents(boxes)
    extent.setTemporalExtents([_period(recipe.scenes.start, recipe.scenes.end)])
    return extent


def _keywords(recipe: Recipe[Target], *, sandbox: bool) -> list[str]:
    made_by = "sandbox" if sandbox else "Google Earth Engine"
    return ["Sentinel-2", recipe.scenes.product, "Cloud Score+", recipe.scenes.qa_band, made_by]


def _links(recipe: Recipe[Target]) -> list[tuple[str, str]]:
    collections = (PRODUCTS[recipe.scenes.product].collection, SCORES_ID)
    pages = [(name, f"{CATALOG}/{name.replace('/', '_')}") for name in collections]
    return [*pages, ("Licence of Cloud Score+", "https://creativecommons.org/licenses/by/4.0/")]


def origin(recipe: Recipe[Target], survey: Survey | None) -> tuple[str, ...]:
    """Say what was made, and of which scenes where that is known, a sentence each."""
    scenes = recipe.scenes
    made = _(
        "{what}. Sentinel-2 {product}, {start} to {end}.",
        what=recipe.target.sentence(scenes),
        product=scenes.product,
        start=scenes.start,
        end=scenes.end,
    )
    if survey is None:
        return (made,)
    found = _(
        "{scenes} scenes on {days} days, {scored} of them scored.",
        scenes=survey.scene_count,
        days=len(survey.days),
        scored=survey.scored_count,
    )
    return made, found


def _summary(recipe: Recipe[Target], survey: Survey | None, *, sandbox: bool) -> list[str]:
    lines = [SANDBOX_SENTENCE] if sandbox else []
    with in_english():
        return [*lines, *origin(recipe, survey), CITATION]
