"""Scores that exist but say nothing about the region."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from osgeo import ogr

from .catalog import ANY_BAND
from .sampling import METRES_PER_DEGREE, spacing
from .scenes import geometry, joined, linked

if TYPE_CHECKING:
    import ee

    from .choices import Scenes
    from .region import Region

_SAMPLES = 64
"""Points along the side of a square as large as the region, when masks are looked at."""


def hidden(scenes: Scenes) -> ee.FeatureCollection:
    """Find the scenes whose score exists but is masked wherever the scene has pixels in the region.

    Looked for on a coarse grid of about 64 x 64 points.

    Returns:
        A feature without geometry for each, with the scene's `system:index` as `id`.
    """
    from .library import ee

    step = spacing(scenes.region, _SAMPLES)
    shape = geometry(_coarse(scenes.region, step / 2))

    def look(image: ee.Image) -> ee.Feature:
        masks = image.select([ANY_BAND, scenes.qa_band], ["scene", "score"]).mask()
        # The mean, not the maximum: it also takes pixels whose centre is outside, and a small region has no others.
        seen = masks.reduceRegion(ee.Reducer.mean(), shape, step)
        return ee.Feature(None, seen).set("id", image.get("system:index"))

    looks = ee.FeatureCollection(linked(joined(ee.Join.simple(), scenes), scenes.qa_band).map(look))
    return looks.filter(ee.Filter.And(ee.Filter.gt("scene", 0), ee.Filter.eq("score", 0)))


def _coarse(region: Region, metres: float) -> Region:
    """Leave out the vertices that move no edge by more than so many metres."""
    shape = ogr.CreateGeometryFromJson(json.dumps(region.geojson()))
    return region.from_geojson(
        json.loads(shape.SimplifyPreserveTopology(metres / METRES_PER_DEGREE).ExportToJson())
    )
