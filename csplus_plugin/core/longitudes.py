"""Longitudes across the antimeridian: inside the plugin they go on beyond 180, to the service they are cut there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from osgeo import ogr

Position = tuple[float, float]
Ring = tuple[Position, ...]
Polygon = tuple[Ring, ...]

TURN, HALF = 360.0, 180.0
"""Degrees."""


def span(polygons: Iterable[Polygon]) -> tuple[float, float]:
    """Find the smallest and the largest longitude."""
    longitudes = [x for polygon in polygons for ring in polygon for x, _ in ring]
    return min(longitudes), max(longitudes)


def continued(ring: Iterable[Sequence[float]]) -> Ring:
    """Let the longitudes of a ring go on beyond 180 where they jump to -180: no edge is longer than half a turn."""
    made: list[Position] = []
    for x, y, *_ in ring:
        turns = round((made[-1][0] - x) / TURN) if made else 0
        made.append((x + TURN * turns, y))
    return tuple(made)


def joined(polygons: Sequence[Polygon]) -> tuple[Polygon, ...]:
    """Move polygons by whole turns so that they lie together, and the first begins at -180 to 180.

    Two parts that meet at the antimeridian are one area, and so is what is given in longitudes of 0 to 360.
    """
    west, east = span(polygons)
    if west >= -HALF and east <= HALF and east - west <= HALF:
        return tuple(polygons)
    moved = [_moved(polygon, -TURN * ((span([polygon])[0] + HALF) // TURN)) for polygon in polygons]
    moved.sort(key=lambda polygon: span([polygon])[0])
    wests, easts = zip(*(span([polygon]) for polygon in moved), strict=True)
    reaches = list(accumulate(easts, max))
    # The area begins behind the widest gap on its way round the globe.
    gaps = [
        wests[0] + TURN - reaches[-1],
        *(west - east for west, east in zip(wests[1:], reaches, strict=False)),
    ]
    first = gaps.index(max(gaps))
    return (*moved[first:], *(_moved(polygon, TURN) for polygon in moved[:first]))


def cut(polygons: Iterable[Polygon]) -> Iterator[Polygon]:
    """Cut polygons at the antimeridian, and give them with longitudes of -180 to 180."""
    for polygon in polygons:
        west, east = span([polygon])
        if east <= HALF:
            yield polygon
        elif west >= HALF:
            yield _moved(polygon, -TURN)
        else:
            yield from _part(polygon, 0)
            yield from _part(polygon, TURN)


def _part(polygon: Polygon, turn: float) -> Iterator[Polygon]:
    west, east = turn - HALF, turn + HALF
    half = ogr.CreateGeometryFromWkt(f"POLYGON (({west} -91,{east} -91,{east} 91,{west} 91,{west} -91))")
    whole = ogr.CreateGeometryFromJson(json.dumps({"type": "Polygon", "coordinates": polygon}))
    body = json.loads(whole.Intersection(half).ExportToJson(["COORDINATE_PRECISION=15"]))
    shapes = body["geometries"] if body["type"] == "GeometryCollection" else [body]
    for shape in shapes:
        parts = {"Polygon": [shape.get("coordinates")], "MultiPolygon": shape.get("coordinates")}
        for part in parts.get(shape["type"], []):  # points and lines are where it only touches
            yield tuple(tuple((x - turn, y) for x, y in ring) for ring in part)


def _moved(polygon: Polygon, by: float) -> Polygon:
    return tuple(tuple((x + by, y) for x, y in ring) for ring in polygon) if by else polygon
