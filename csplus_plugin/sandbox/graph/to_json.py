"""Values as the JSON of a `value:compute` answer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import Refused
from ..images.image import Band, Image
from ..images.pixel_types import PixelType
from ..meter import MEMORY_EXCEEDED
from ..reducers.reducer import Reducer
from ..space.crossings import points_of
from ..space.geometries import Geometry, ring_of
from ..space.projections import Projection
from ..values.confusion_matrix import ConfusionMatrix
from ..values.types import (
    Algorithm,
    Date,
    DateRange,
    ErrorMargin,
    Feature,
    FeatureCollection,
    ImageCollection,
    int_if_whole,
)

MAX_ELEMENTS = 5000  # of a collection
MAX_VALUES = 5_000_000  # of an answer, all in all
CHARACTERS = 16  # of a string that count as a value
_POINT = 4  # values that a point counts as


def to_json(value: object) -> Any:
    """Give a value as JSON.

    Raises:
        Refused: A collection with too many elements, a value that has no JSON, or one that is nested too deeply.
    """
    _check_size(value)
    try:
        return _json(value)
    except RecursionError as error:
        raise Refused("The value is nested too deeply for this sandbox engine.") from error


def _check_size(value: object) -> None:
    """Refuse a value that is small only as long as its parts are shared.

    Raises:
        Refused: More elements than an answer may have.
    """
    waiting: list[Any] = [value]
    count = 0
    while waiting:
        found = waiting.pop()
        if isinstance(found, FeatureCollection):
            waiting += found.elements
        if isinstance(found, Feature):
            waiting.append(found.place)
        if isinstance(found, FeatureCollection | Feature | Image):
            found = found.properties
        if isinstance(found, Mapping):
            waiting += found.values()
        elif isinstance(found, Sequence) and not isinstance(found, str):
            waiting += found
        if isinstance(found, ConfusionMatrix):
            found = found.counts
        count += _weight(found)
        if count + len(waiting) > MAX_VALUES:
            raise Refused(MEMORY_EXCEEDED)


def _weight(value: object) -> int:
    if isinstance(value, np.ndarray):
        return value.size
    if isinstance(value, str):
        return 1 + len(value) // CHARACTERS
    if isinstance(value, Geometry) and value.shape is not None:
        return 1 + _POINT * points_of(value.shape)
    return 1


def _json(value: object) -> Any:  # noqa: PLR0911, C901
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, np.generic):
        return _json(value.item())
    if isinstance(value, np.ndarray):
        return _json(value.tolist())
    if isinstance(value, Image):
        return image_json(value)
    if isinstance(value, FeatureCollection):
        return _collection(value)
    if isinstance(value, Feature):
        return _feature(value)
    if isinstance(value, Geometry):
        return value.to_json()
    if isinstance(value, Mapping):
        return {str(name): _json(entry) for name, entry in value.items()}
    if isinstance(value, Sequence):
        return [_json(item) for item in value]
    return _other(value)


def _other(value: object) -> Any:  # noqa: PLR0911 - a table by type
    if isinstance(value, Date):
        return {"type": "Date", "value": value.millis}
    if isinstance(value, DateRange):
        return {"type": "DateRange", "dates": [_number(value.start), _number(value.end)]}
    if isinstance(value, Projection):
        return {
            "type": "Projection",
            "crs": value.crs,
            "transform": [_number(n) for n in value.transform],
        }
    if isinstance(value, PixelType):
        return pixel_type_json(value)
    if isinstance(value, ErrorMargin):
        return {"type": "ErrorMargin", "value": _json(value.value), "unit": value.unit}
    if isinstance(value, ConfusionMatrix):
        return _json(value.counts)
    if isinstance(value, Reducer):
        return {"type": "Reducer", "outputs": list(value.outputs)}
    if isinstance(value, Algorithm):
        return {"type": "Algorithm", "args": [{"name": name} for name in value.names]}
    raise Refused(f"A value of type {type(value).__name__} cannot be sent.")


def _number(value: float) -> float | str:
    """JSON has no words for what is not finite; protocol buffers spell them out."""
    if math.isfinite(value):
        return int_if_whole(value)
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def image_json(image: Image) -> dict[str, Any]:
    """Give an image's metadata."""
    body: dict[str, Any] = {"type": "Image", "bands": [_band(band) for band in image.bands]}
    properties = dict(image.properties)
    place = image.geometry()
    if place is not None and not place.is_unbounded:
        properties["system:footprint"] = ring_of(place)
    return body | _identity(image.id, image.version, properties)


def _identity(asset: str | None, version: int | None, properties: Mapping[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if asset is not None:
        body["id"] = asset
    if version is not None:
        body["version"] = version
    if properties:
        body["properties"] = _json(properties)
    return body


def _band(band: Band) -> dict[str, Any]:
    body: dict[str, Any] = {"id": band.name, "data_type": pixel_type_json(band.type)}
    if band.dimensions is not None:
        body["dimensions"] = list(band.dimensions)
    return body | {"crs": band.crs, "crs_transform": [_number(n) for n in band.transform]}


def pixel_type_json(kind: PixelType) -> dict[str, Any]:
    """Give a pixel type; ends of the range that are not known are left out."""
    body: dict[str, Any] = {"type": "PixelType", "precision": kind.precision}
    ends = {"min": kind.min, "max": kind.max}
    body |= {name: _number(end) for name, end in ends.items() if end is not None}
    return body | ({"dimensions": kind.dimensions} if kind.dimensions else {})


def _feature(feature: Feature) -> dict[str, Any]:
    place = feature.geometry()
    body: dict[str, Any] = {"type": "Feature", "geometry": None if place is None else place.to_json()}
    if feature.id is not None:
        body["id"] = feature.id
    return body | {"properties": _json(feature.properties)}


def _collection(collection: FeatureCollection) -> dict[str, Any]:
    if len(collection.elements) > MAX_ELEMENTS:
        raise Refused(f"Collection query aborted after accumulating over {MAX_ELEMENTS} elements.")
    images = isinstance(collection, ImageCollection)
    body: dict[str, Any] = {"type": "ImageCollection" if images else "FeatureCollection"}
    if images:
        body["bands"] = []
    else:
        body["columns"] = {}
    body |= _identity(collection.id, collection.version, collection.properties)
    return body | {"features": [_json(element) for element in collection.elements]}
