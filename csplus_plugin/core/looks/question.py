"""The question for every look at a pixel, in one request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from .. import indices, methods
from ..bands import DATE
from ..catalog import ANY_BAND, SCORE_BANDS
from ..choices import Scenes
from ..picture import masked_pixels
from ..recipe import Recipe
from ..scenes import clear_scenes, found, geometry, linked, scores
from ..targets.composite import Composite
from ..targets.metrics import Metrics
from ..targets.target import ImageTarget
from ..thin_areas import clip_area
from .parts import Part, parts_of, variables_of, windows_of
from .spot import Spot

if TYPE_CHECKING:
    import ee

MOST = 5000
"""Looks of a window; the service gives no longer list."""


def look_names(scenes: Scenes, target: ImageTarget) -> list[str]:
    """Name the numbers of a look, masked or not: both scores, bands, indices, the scene class where one is masked."""
    bands, chosen = variables_of(target)
    classes = ["SCL"] if scenes.also_mask or scenes.unscored_policy == "scl" else []
    return [*SCORE_BANDS, *bands, *chosen, *classes]


def observed_names(part: Part) -> list[str]:
    """Name the numbers of a clear look that a part reduces."""
    if isinstance(part.target, Composite):
        own = part.target
        names = [band.name for band in own.file_bands(part.scenes)]
        reduced = [name for name in own.indices if own.indices_from == "scenes" and name in names]
        compared = [own.indices[0]] if own.method == "best_index" else []
        return list(dict.fromkeys([*(own.bands or (ANY_BAND,)), *reduced, *compared, part.scenes.qa_band]))
    if isinstance(part.target, Metrics):
        return [*(part.target.bands or (ANY_BAND,)), part.scenes.qa_band]
    return [ANY_BAND, part.scenes.qa_band]


def pixel_names(part: Part) -> list[str]:
    """Name the numbers of the pixel that a part makes, not yet rounded for a file; none where it is no composite."""
    if not isinstance(part.target, Composite):
        return []
    own = part.target
    spectral = [*(own.bands or (ANY_BAND,))]
    reduced = [name for name in own.indices if own.indices_from == "scenes"]
    dated = [DATE.name] if own.method in methods.SINGLE else []
    return [*spectral, *reduced, part.scenes.qa_band, *dated]


def question(recipe: Recipe[ImageTarget], spot: Spot) -> ee.Dictionary:
    """Build the expression whose answer `answer.read` reads.

    Args:
        recipe: Whose pixel it is.
        spot: The pixel, of the result's own grid.
    """
    from ..library import ee

    grid = spot.pixel
    point = ee.Geometry.Point(list(spot.centre))
    transform = [grid.resolution, 0, grid.left, 0, -grid.resolution, grid.top]

    def at(image: ee.Image) -> ee.Dictionary:
        return image.reduceRegion(ee.Reducer.first(), point, crs=grid.crs, crsTransform=transform)

    def values(image: ee.Image, names: Sequence[str], windows: Sequence[Scenes]) -> ee.List:
        """List the values of an image; nothing where no scene reaches the pixel, for then it may have no bands."""
        found_values = at(image.select(list(names)))
        listed_values = ee.List([found_values.get(name) for name in names])
        sizes = ee.List([found(near(scenes)).size() for scenes in windows])
        return ee.List(ee.Algorithms.If(ee.Number(sizes.reduce(ee.Reducer.sum())), listed_values, []))

    def listed(images: ee.ImageCollection, names: Sequence[str]) -> ee.List:
        """List id, time and values of every image."""

        def look(image: ee.Image) -> ee.Feature:
            return ee.Feature(None, at(image.select(list(names)))).set(
                {"id": image.get("system:index"), "time": image.get("system:time_start")}
            )

        def read(feature: ee.ComputedObject) -> ee.List:
            return ee.List([ee.Feature(feature).get(name) for name in ("id", "time", *names)])

        return ee.FeatureCollection(images.map(look)).toList(MOST).map(read)

    def near(scenes: Scenes) -> Scenes:
        return replace(scenes, region=spot.box)

    parts = parts_of(recipe)
    windows = windows_of(parts)
    bands = [band.name for band in recipe.target.file_bands(recipe.scenes)]
    area = geometry(clip_area(recipe.scenes.region, recipe.output))
    names = look_names(recipe.scenes, recipe.target)
    answers = []
    for part in parts:
        clear, pixel = _observed(part, near(part.scenes)), pixel_names(part)
        # The pixel is of the recipe's own scenes; the looks, of those that reach it.
        made = part.target.image(part.scenes, _file_names(part)) if pixel else None
        scored = isinstance(part.target, Composite | Metrics)
        answers.append(
            {
                "clear": listed(clear, observed_names(part)),
                "scored": ee.List([]) if scored else listed(scores(near(part.scenes)), [part.scenes.qa_band]),
                "pixel": values(made, pixel, [part.scenes]) if made is not None else ee.List([]),
            }
        )
    return ee.Dictionary(
        {
            "value": values(masked_pixels(recipe), bands, windows),
            "inside": [at(ee.Image.constant(1).rename(["inside"]).clip(area)).get("inside")],
            "looks": [listed(_with_indices(near(scenes), recipe.target), names) for scenes in windows],
            "parts": answers,
        }
    )


def _file_names(part: Part) -> list[str]:
    """Name the bands for which the composite is asked: those of its file, and the day of what is taken."""
    names = [band.name for band in part.target.file_bands(part.scenes)]
    is_single = isinstance(part.target, Composite) and part.target.method in methods.SINGLE
    return list(dict.fromkeys([*names, *((DATE.name,) if is_single else ())]))


def _observed(part: Part, near: Scenes) -> ee.ImageCollection:
    if isinstance(part.target, Composite):
        return part.target.observations(near, _file_names(part)).scenes
    bands = [name for name in observed_names(part) if name != near.qa_band]
    return clear_scenes(near, bands)


def _with_indices(near: Scenes, target: ImageTarget) -> ee.ImageCollection:
    """Give every scene as it is, with its scores and its spectral indices."""
    every = linked(found(near), *SCORE_BANDS)
    _, chosen = variables_of(target)
    if not chosen:
        return every

    def add_indices(image: ee.Image) -> ee.Image:
        return image.addBands(indices.images(image, chosen), None, True)

    return every.map(add_indices)
