"""Tables of an archive: the features of a GeoJSON file (RFC 7946) or of a GeoPackage (see `geopackages`).

Neither is read by a driver of GDAL, which has no limits and opens what lies beside a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .. import meter
from ..errors import Refused
from ..space.crossings import points_of
from ..space.geometries import Geometry, from_geojson
from ..space.projections import WGS84, is_geographic
from ..values.types import Feature
from . import geopackages
from .own_files import broken, check_regular, read_json

MOST_GEOJSON = 16 << 20  # bytes, which take some 25 times as many once they are read
MOST_GEOPACKAGE = 64 << 20  # bytes
MOST_FEATURES = 50_000
MOST_VERTICES = 1_000_000

_INDEX = "system:index"
_LONLAT = re.compile(r"(urn:ogc:def:crs:)?OGC:[0-9.]*:?CRS84", re.IGNORECASE)
_URN = re.compile(r"urn:ogc:def:crs:EPSG:[0-9.]*:(\d+)", re.IGNORECASE)

Record = tuple[str | None, dict[str, Any], Geometry | None]
"""A feature's id, its properties and its place; without an id it gets its position."""


def find(place: Path) -> Path | None:
    """Give the file of the table of that path without a suffix; None where there is none."""
    paths = (place.with_name(place.name + suffix) for suffix in _READERS)
    return next((path for path in paths if path.exists()), None)


def read(path: Path, root: Path) -> tuple[Feature, ...]:
    """Read the features of a table.

    Args:
        path: The file, by whose suffix it is read.
        root: The archive's folder.

    Raises:
        Refused: It is not a file of the archive, too large, or not what its suffix says.
    """
    name = f"table '{path.name}'"
    features: dict[str, Feature] = {}
    vertices = 0
    for index, properties, place in _READERS[path.suffix](path, root, name):
        meter.check()
        if len(features) == MOST_FEATURES:
            raise broken(f"{name} has more than {MOST_FEATURES} features")
        if place is not None and place.shape is not None:
            vertices += points_of(place.shape)
        if vertices > MOST_VERTICES:
            raise broken(f"{name} has more than {MOST_VERTICES} vertices")
        key = f"{len(features):020x}" if index is None else index
        if key in features:
            raise broken(f"{name} has two features with the id '{key[:100]}'")
        features[key] = Feature(place, {**properties, _INDEX: key})
    return tuple(features.values())


def delete(place: Path) -> None:
    """Delete the files of a table."""
    for suffix in _READERS:
        place.with_name(place.name + suffix).unlink(missing_ok=True)


def names_in(folder: Path) -> list[str]:
    """Give the names of what may be tables in a folder, without suffixes."""
    return [path.stem for path in folder.iterdir() if path.suffix in _READERS]


def _geojson(path: Path, root: Path, name: str) -> Iterator[Record]:
    body = read_json(path, root, name, MOST_GEOJSON)
    features = body.get("features") if isinstance(body, dict) else None
    if not isinstance(features, list) or body.get("type") != "FeatureCollection":
        raise broken(f"{name} is not a FeatureCollection")
    crs = _crs_of(body.get("crs"), name)
    for position, feature in enumerate(features):
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            raise broken(f"{name} has something other than features in it")
        properties = feature.get("properties")
        if properties is None:
            properties = {}
        if not isinstance(properties, dict):
            raise broken(f"{name} has properties that are not an object")
        given = feature.get("id", properties.get(_INDEX))
        if given is not None and (isinstance(given, bool) or not isinstance(given, str | int | float)):
            raise broken(f"{name} has an id that is neither a text nor a number")
        index = None if given is None else str(given)
        with_values = {key: value for key, value in properties.items() if value is not None}
        yield index, with_values, _place(feature.get("geometry"), crs, f"{name}, feature {position},")


def _place(body: object, crs: str, name: str) -> Geometry | None:
    if body is None:
        return None
    try:
        place = from_geojson(body, crs, geodesic=is_geographic(crs))
        is_geographic(place.crs)  # one of the geometry's own may be none at all
    except RecursionError as error:
        raise broken(f"{name} has a geometry that is nested too deeply") from error
    except Refused as error:
        meter.check()
        raise broken(f"{name} has no usable geometry: {error.message.rstrip('.')}") from error
    return place


def _crs_of(body: object, name: str) -> str:
    """Give the CRS that a file names, which is how GeoJSON was before RFC 7946; longitude and latitude without."""
    if body is None:
        return WGS84
    properties = body.get("properties") if isinstance(body, dict) else None
    text = properties.get("name") if isinstance(properties, dict) else None
    if not isinstance(text, str):
        raise broken(f"{name} has a CRS without a name")
    if _LONLAT.fullmatch(text):
        return WGS84
    code = _URN.fullmatch(text)
    crs = f"EPSG:{code[1]}" if code else text
    try:
        is_geographic(crs)
    except Refused as error:
        raise broken(f"{name} has an unknown CRS") from error
    return crs


def _geopackage(path: Path, root: Path, name: str) -> Iterator[Record]:
    check_regular(path, root, name)
    if path.stat().st_size > MOST_GEOPACKAGE:
        raise broken(f"{name} has more than {MOST_GEOPACKAGE} bytes")
    yield from geopackages.read(path, name)


_READERS = {".geojson": _geojson, ".gpkg": _geopackage}
"""By suffix; where an id has several files, the first one counts."""
