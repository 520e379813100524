"""The archive as assets: what getAsset and listAssets tell about collections and images.

Form: https://developers.google.com/earth-engine/reference/rest/v1/projects.assets#EarthEngineAsset
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from http import HTTPStatus
from typing import Any

from .answers import to_json
from .archive import Archive
from .errors import Refused
from .images import Band, Image

PUBLIC_PROJECT = "earthengine-public"
PAGE_SIZE = 1000  # images on a page of a list, at most

# Said by fields of their own.
_NOT_AMONG_PROPERTIES = {"system:time_start", "system:time_end", "system:footprint"}


def find(archive: Archive, project: str, asset: str) -> dict[str, Any]:
    """A collection or an image as an asset.

    Raises:
        Refused: 404 if there is none of that name.
    """
    if project == PUBLIC_PROJECT:
        if archive.has_collection(asset):
            return {"type": "IMAGE_COLLECTION", "name": _name(asset), "id": asset}
        if archive.has_collection(asset.rpartition("/")[0]):
            return _image_asset(archive.image(asset))
    raise _missing(project, asset)


def page(archive: Archive, project: str, asset: str, query: Mapping[str, str]) -> dict[str, Any]:
    """Some images of a collection as assets, and the token of the next page if there are more.

    Raises:
        Refused: There is no such collection, or the query asks for what the sandbox lacks.
    """
    if project != PUBLIC_PROJECT or not archive.has_collection(asset):
        raise _missing(project, asset)
    if query.get("filter"):
        raise Refused(
            "Listing assets by a filter is not supported by this sandbox: filter a collection instead."
        )
    try:
        first = int(query.get("pageToken") or 0)
        size = int(query.get("pageSize") or PAGE_SIZE)
    except ValueError as error:
        raise Refused("Invalid page token or page size.") from error
    if first < 0 or size < 1:
        raise Refused("Invalid page token or page size.")
    images = archive.collection(asset).elements
    last = first + min(size, PAGE_SIZE)
    describe = _basics if query.get("view") == "BASIC" else _image_asset
    more = {"nextPageToken": str(last)} if last < len(images) else {}
    return {"assets": [describe(image) for image in images[first:last]], **more}


def image_expression(project: str, asset: str) -> dict[str, Any]:
    """The expression that loads an image.

    Raises:
        Refused: 404 for a project without public assets.
    """
    if project != PUBLIC_PROJECT:
        raise _missing(project, asset)
    call = {"functionName": "Image.load", "arguments": {"id": {"constantValue": asset}}}
    return {"result": "0", "values": {"0": {"functionInvocationValue": call}}}


def _image_asset(image: Image) -> dict[str, Any]:
    properties = {key: value for key, value in image.properties.items() if key not in _NOT_AMONG_PROPERTIES}
    place = image.geometry()
    return {
        **_basics(image),
        "properties": to_json(properties),
        **({"geometry": place.to_json()} if place else {}),
        "bands": [_band(band) for band in image.bands],
    }


def _basics(image: Image) -> dict[str, Any]:
    asset = {"type": "IMAGE", "name": _name(image.id or ""), "id": image.id}
    for field, name in (("startTime", "system:time_start"), ("endTime", "system:time_end")):
        millis = image.properties.get(name)
        if isinstance(millis, int | float):
            asset[field] = _timestamp(millis)
    return asset


def _band(band: Band) -> dict[str, Any]:
    low, high = band.type.min, band.type.max
    limits = {name: value for name, value in (("min", low), ("max", high)) if value is not None}
    scale_x, shear_x, left, shear_y, scale_y, top = band.transform
    grid: dict[str, Any] = {
        "crsCode": band.crs,
        "affineTransform": {
            "scaleX": scale_x,
            "shearX": shear_x,
            "translateX": left,
            "shearY": shear_y,
            "scaleY": scale_y,
            "translateY": top,
        },
    }
    if band.dimensions:
        grid["dimensions"] = dict(zip(("width", "height"), band.dimensions, strict=True))
    return {
        "id": band.name,
        "dataType": {"precision": band.type.precision.upper(), "range": limits},
        "grid": grid,
    }


def _timestamp(millis: float) -> str:
    """Milliseconds since 1970 as text in UTC, to the microsecond where that is not zero."""
    moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=millis)
    return moment.replace(tzinfo=None).isoformat() + "Z"


def _name(asset: str) -> str:
    return f"projects/{PUBLIC_PROJECT}/assets/{asset}"


def _missing(project: str, asset: str) -> Refused:
    return Refused(
        f"Asset 'projects/{project}/assets/{asset}' does not exist or doesn't allow this operation.",
        HTTPStatus.NOT_FOUND,
    )
