"""Random places as features."""

# ruff: noqa: ARG001 - arguments are those of the real functions
from __future__ import annotations

import zlib

import numpy as np

from .. import meter
from ..errors import Refused
from ..graph.registry import function
from ..space.geometries import Geometry, shape_of
from ..space.random_points import places_in
from ..values.types import ErrorMargin, Feature, FeatureCollection

_FEATURE = 2000  # bytes


@function("FeatureCollection.randomPoints")
def random_points(region: Geometry, points: int, seed: int, max_error: ErrorMargin) -> FeatureCollection:
    """Give points that are uniformly distributed in a region, which depend on the seed."""
    if points < 0:
        raise Refused("FeatureCollection.randomPoints: points must not be negative.")
    meter.reserve(points * _FEATURE)
    places = places_in(region, points, np.random.default_rng(zlib.crc32(repr(seed).encode())))
    return FeatureCollection(
        tuple(
            Feature(Geometry(shape_of("Point", place)), {"system:index": str(n)})
            for n, place in enumerate(places.tolist())
        )
    )
