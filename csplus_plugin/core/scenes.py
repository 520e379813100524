"""Scenes, linked to their scores and masked: the heart of the plugin, as an Earth Engine expression.

Nothing is computed here. Scores are joined by `system:index` on the server, in one `linkCollection`; a scene that
has no score comes back from it fully masked, without an error, so the policy for such scenes is explicit.
Source: Earth Engine guide, `ImageCollection.linkCollection` and `ee.Join`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from .catalog import OCCLUDED_SCL_CLASSES, PRODUCTS, SCL_CLASSES, SCORES_ID
from .language import _
from .naming import named, named_function, named_if_shared

if TYPE_CHECKING:
    import ee

    from .choices import Scenes
    from .region import Region

_EVERY_SCENE_CLOUD = 100
_BUFFER_ERROR = 1
"""Metres by which the server may simplify a trimmed footprint."""


@dataclass(frozen=True)
class Step:
    """A filter and what it leaves.

    Attributes:
        what: The filter in the user's words, to stand after "scenes".
        remedy: What to change if nothing is left.
        collection: The scenes that passed.
    """

    what: str
    remedy: str
    collection: ee.ImageCollection


def geometry(region: Region) -> ee.Geometry:
    """Give the region to Earth Engine, with straight edges in longitude and latitude."""
    from .library import ee

    return named(ee.Geometry(region.geojson(), None, False), "region")


def steps(scenes: Scenes) -> list[Step]:
    """Filter the archive choice by choice; a filter that is off is left out."""
    from .library import ee

    archive = named_if_shared(ee.ImageCollection(PRODUCTS[scenes.product].collection), "archive")
    over_area = named_if_shared(archive.filterBounds(geometry(scenes.region)), "over_area")
    collection = named_if_shared(over_area.filterDate(*_window(scenes)), "of_window")
    done = [
        Step(
            _(
                "of {product} over the area from {start} to {end}",
                product=scenes.product,
                start=scenes.start,
                end=scenes.end,
            ),
            _("Choose a longer window, or check where the area is."),
            collection,
        )
    ]

    def narrow(condition: ee.Filter, what: str, remedy: str) -> None:
        named_if_shared(condition, "wanted")
        narrowed = named_if_shared(done[-1].collection.filter(condition), "narrowed")
        done.append(Step(what, remedy, narrowed))

    if scenes.months and len(set(scenes.months)) < 12:  # noqa: PLR2004 months of a year
        months = sorted(set(scenes.months))
        narrow(
            ee.Filter.Or(*(ee.Filter.calendarRange(month, month, "month") for month in months)),
            _("in the months {months}", months=", ".join(map(str, months))),
            _("Choose more months."),
        )
    if scenes.max_scene_cloud < _EVERY_SCENE_CLOUD:
        narrow(
            ee.Filter.lte("CLOUDY_PIXEL_PERCENTAGE", scenes.max_scene_cloud),
            _("with at most {max_scene_cloud:g} percent cloud", max_scene_cloud=scenes.max_scene_cloud),
            _("Raise the scene cloud limit: the score masks clouds pixel by pixel anyway."),
        )
    if scenes.orbit is not None:
        narrow(
            ee.Filter.eq("SENSING_ORBIT_NUMBER", scenes.orbit),
            _("of relative orbit {orbit}", orbit=scenes.orbit),
            _("Leave the orbit empty, or choose another."),
        )
    if scenes.tiles:
        narrow(
            ee.Filter.inList("MGRS_TILE", list(scenes.tiles)),
            _("of the tiles {tiles}", tiles=", ".join(scenes.tiles)),
            _("Leave the tiles empty, or choose others."),
        )
    if scenes.ids:
        narrow(
            ee.Filter.inList("system:index", list(scenes.ids)),
            _("named {scene}", scene=scenes.ids[0])
            if len(scenes.ids) == 1
            else _("among the {count} that were named", count=len(scenes.ids)),
            _("Check the ids, and that product and area are theirs."),
        )
    return done


def found(scenes: Scenes) -> ee.ImageCollection:
    """Give the scenes that pass every filter, untouched."""
    return named(steps(scenes)[-1].collection, "scenes")


def unscored(scenes: Scenes) -> ee.ImageCollection:
    """Give the scenes that have no score."""
    from .library import ee

    return named(joined(ee.Join.inverted(), scenes), "unscored")


def clear_scenes(scenes: Scenes, bands: Sequence[str], *, whole: bool = False) -> ee.ImageCollection:
    """Give the scenes with `bands` and the score band, masked to their clear observations.

    Args:
        scenes: The choices.
        bands: Spectral bands to keep.
        whole: Also mask pixels where any of the bands is masked, for methods that take whole observations.
    """
    from .library import ee

    score = scenes.qa_band
    kept = [*bands, score]

    def finish(image: ee.Image, clear: ee.Image) -> ee.Image:
        masked = trimmed(image.select(kept).updateMask(_wanted(image, clear, scenes)), image, scenes)
        if whole:
            # Bands of one observation belong together: none of them where one is missing.
            named(masked, "masked")
            masked = masked.updateMask(masked.mask().reduce(ee.Reducer.min()))
        return masked

    @named_function()
    def keep_clear(image: ee.Image) -> ee.Image:
        return finish(image, named(image.select(score).gte(scenes.threshold), "is_clear"))

    @named_function()
    def keep_unscored(image: ee.Image) -> ee.Image:
        # `best` takes it only where nothing better is known.
        stand_in = ee.Image.constant(scenes.threshold).toFloat().rename(score)
        named(stand_in, "just_clear", "An observation without a score counts as just clear.")
        image = named(image.addBands(stand_in.updateMask(image.select(bands[0]).mask())), "with_score")
        if scenes.unscored_policy == "scl":
            is_clear = _is_none_of(image, OCCLUDED_SCL_CLASSES)
        else:
            is_clear = image.select(bands[0]).mask().gt(0)
        return finish(image, named(is_clear, "is_clear"))

    if scenes.unscored_policy in ("drop", "fail"):
        return named(linked(found(scenes), score).map(keep_clear), "clear")
    scored = named(joined(ee.Join.simple(), scenes), "scored")
    clear = linked(scored, score).map(keep_clear).merge(unscored(scenes).map(keep_unscored))
    return named(clear, "clear")


def clear_share(image: ee.Image, scenes: Scenes) -> ee.Image:
    """Grade the pixels of a linked scene: 1 where it is clear, 0 where it is not, masked where it has no score."""
    return trimmed(
        _wanted(image, image.select([scenes.qa_band]).gte(scenes.threshold), scenes), image, scenes
    )


def scores(scenes: Scenes, bands: Sequence[str] = ()) -> ee.ImageCollection:
    """Give the score of every scene, clear or not; masked where a scene has no score.

    Args:
        scenes: The choices.
        bands: Score bands; empty for the one that is chosen.
    """
    wanted = list(bands) or [scenes.qa_band]

    @named_function()
    def take_score(image: ee.Image) -> ee.Image:
        return trimmed(image.select(wanted if bands else scenes.qa_band), image, scenes)

    return named(linked(found(scenes), *wanted).map(take_score), "scores")


def with_scores(scenes: Scenes, bands: Sequence[str]) -> ee.ImageCollection:
    """Give every scene with `bands` and its score, clear or not; the score is masked where a scene has none."""
    score = scenes.qa_band

    @named_function()
    def take_bands(image: ee.Image) -> ee.Image:
        return trimmed(image.select([*bands, score]), image, scenes)

    return named(linked(found(scenes), score).map(take_bands), "with_scores")


def _window(scenes: Scenes) -> tuple[str, str]:
    # Earth Engine's end is exclusive, the user's is not; the calendar's last day has no day after it.
    last = min(scenes.end, date.max - timedelta(days=1))
    return scenes.start.isoformat(), (last + timedelta(days=1)).isoformat()


def linked(collection: ee.ImageCollection, *bands: str, properties: Sequence[str] = ()) -> ee.ImageCollection:
    """Link scenes to bands of their scores, and to properties of them."""
    # The score collection stays unfiltered: linking an empty one is an error, and the index is the filter.
    more = {"linkedProperties": list(properties)} if properties else {}
    return named(collection.linkCollection(_every_score(), list(bands), **more), "linked")


def _every_score() -> ee.ImageCollection:
    from .library import ee

    return named(ee.ImageCollection(SCORES_ID), "cs_plus")


def joined(join: ee.Join, scenes: Scenes) -> ee.ImageCollection:
    """Give the scenes that have a score, or with an inverted join those that have none."""
    from .library import ee

    of_window = _every_score().filterBounds(geometry(scenes.region)).filterDate(*_window(scenes))
    same_index = ee.Filter.equals(leftField="system:index", rightField="system:index")
    named(of_window, "scores_of_window")
    named(same_index, "same_index")
    return ee.ImageCollection(join.apply(found(scenes), of_window, same_index))


def trimmed(kept: ee.Image, image: ee.Image, scenes: Scenes) -> ee.Image:
    """Mask what is left of an image outside its footprint, made smaller by the trim."""
    if not scenes.edge_trim:
        return kept
    return kept.clip(image.geometry().buffer(-scenes.edge_trim, _BUFFER_ERROR))


def _wanted(image: ee.Image, clear: ee.Image, scenes: Scenes) -> ee.Image:
    """Reject the chosen scene classes too, and what is near to anything that is rejected."""
    if scenes.also_mask:
        classes = sorted(SCL_CLASSES[name] for name in scenes.also_mask)
        clear = named(clear.And(_is_none_of(image, classes)), "is_wanted")
    return _shrunk(clear, scenes.dilate)


def _is_none_of(image: ee.Image, classes: Sequence[int]) -> ee.Image:
    """Tell where the scene classification is none of the classes; masked where there is none."""
    return image.select("SCL").remap(list(classes), [0] * len(classes), 1)


def _shrunk(clear: ee.Image, metres: float) -> ee.Image:
    if not metres:
        return clear
    # Where a neighbour is masked it has no say, so the edge of a scene does not count as rejected.
    return clear.And(clear.focalMin(radius=metres, kernelType="circle", units="meters"))
