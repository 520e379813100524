"""Which scores say something of places: looked at pixel by pixel, at one of them, and at more where it is not seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .catalog import ANY_BAND
from .places import PIXEL, Place
from .scenes import joined, linked

if TYPE_CHECKING:
    import ee

    from .choices import Scenes

LEVELS = (1, 8, 100)
"""Places at which a scene is looked at, one number after the other until its score is seen; the last speaks for all."""

_SCENE, _SCORE = "shown_scene", "shown_score"


def seen_and_hidden(
    scenes: Scenes, places: Sequence[Place]
) -> tuple[list[ee.ImageCollection], ee.ImageCollection]:
    """Find the scenes whose score says something of places, and those whose score exists and is masked over them.

    Args:
        scenes: The choices; the region is what the places cover.
        places: Of one UTM zone.

    Returns:
        Collections of the former, and the latter: scenes that have pixels in a place and no score in any. Scenes
        that have neither are in none of them.
    """
    from .library import ee

    # By their keys, which say nothing of where they lie.
    chosen = sorted(places, key=lambda place: place.key)

    def looked_at(collection: ee.ImageCollection, at: Sequence[Place]) -> ee.ImageCollection:
        crs = at[0].crs
        shapes = ee.FeatureCollection([ee.Geometry(dict(place.shape), crs, False) for place in at])

        def look(image: ee.Image) -> ee.Image:
            masks = image.select([ANY_BAND, scenes.qa_band], [_SCENE, _SCORE]).mask()
            # The mean, not the maximum: it also takes pixels whose centre is outside, and a small place has no others.
            found = masks.reduceRegions(
                collection=shapes,
                reducer=ee.Reducer.mean(),
                crs=crs,
                crsTransform=[PIXEL, 0, 0, 0, -PIXEL, 0],
            )
            return image.set({name: found.aggregate_max(name) for name in (_SCENE, _SCORE)})

        return collection.map(look)

    seen, rest = [], linked(joined(ee.Join.simple(), scenes), scenes.qa_band)
    for count in [*(level for level in LEVELS[:-1] if level < len(places)), LEVELS[-1]]:
        looks = looked_at(rest, chosen[:count])
        seen.append(looks.filter(ee.Filter.gt(_SCORE, 0)))
        rest = looks.filter(ee.Filter.eq(_SCORE, 0))
    return seen, rest.filter(ee.Filter.gt(_SCENE, 0))
