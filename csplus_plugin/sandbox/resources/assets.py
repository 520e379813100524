"""The archive as assets: what getAsset and listAssets tell about collections, images and folders.

Form: https://developers.google.com/earth-engine/reference/rest/v1/projects.assets#EarthEngineAsset
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from .. import meter
from ..archive.library import FOLDER, IMAGE, IMAGE_COLLECTION, TABLE, Library, missing
from ..errors import Refused
from ..graph.to_json import to_json
from ..images.image import Band, Image
from ..space.geometries import Geometry
from ..values.types import Feature
from . import asset_filter
from .asset_filter import Entry
from .messages import optional, page_of
from .tables import page_of_records

PUBLIC_PROJECT = "earthengine-public"
PAGE_SIZE = 1000  # assets on a page of a list, at most

# Said by fields of their own.
_MOST_MILLIS = 6e13  # from 1970: some 1900 years, all of which have a date
_NOT_AMONG_PROPERTIES = {"system:time_start", "system:time_end", "system:footprint"}


def find(library: Library, project: str, asset: str) -> dict[str, Any]:
    """Give a folder, a collection, an image or a table as an asset.

    Raises:
        Refused: 404 if there is none of that name.
    """
    identity = _identity(project, asset)
    kind = _kind(library, identity)
    if kind is None:
        raise missing(_name(identity))
    if kind == IMAGE:
        return _image(library.image(identity))
    if kind == TABLE:
        count = len(library.table(identity).elements)
        return {**_plain(TABLE, identity), "featureCount": str(count)}
    properties = library.collection(identity).properties if kind == IMAGE_COLLECTION else {}
    return _plain(kind, identity) | ({"properties": to_json(properties)} if properties else {})


def root(project: str) -> dict[str, Any]:
    """Give a project's assets as a folder, with a quota that nothing counts against."""
    quota = {"assetCount": "0", "maxAssets": "1000000", "sizeBytes": "0", "maxSizeBytes": str(250 << 30)}
    return {**_plain(FOLDER, f"projects/{project}/assets"), "quota": quota}


def page(library: Library, project: str, asset: str, query: Mapping[str, str]) -> dict[str, Any]:
    """Give some assets of a collection or a folder, and the token of the next page if there are more.

    Args:
        library: Where assets are.
        project: The project.
        asset: The collection or folder; an empty text for the project itself.
        query: `pageSize`, `pageToken`, `filter` and `view`, each optional.

    Raises:
        Refused: There is no such collection or folder, or the query makes no sense.
    """
    first, size = page_of(query.get("pageToken"), query.get("pageSize"), PAGE_SIZE)
    last = first + min(size, PAGE_SIZE)
    passes = asset_filter.parse(query.get("filter") or "")
    basic = query.get("view") == "BASIC"
    entries = [tell for entry, tell in _entries(library, _identity(project, asset)) if passes(entry)]
    more = {"nextPageToken": str(last)} if last < len(entries) else {}
    return {"assets": [tell(basic) for tell in entries[first:last]], **more}


def features(library: Library, project: str, asset: str, query: Mapping[str, str]) -> dict[str, Any]:
    """Give some features of a table as GeoJSON, and the token of the next page if there are more.

    Args:
        library: Where assets are.
        project: The project.
        asset: The table.
        query: `pageSize`, `pageToken`, `filter` and `region`, each optional.

    Raises:
        Refused: There is no such table, or the query makes no sense.
    """
    identity = _identity(project, asset)
    if _kind(library, identity) != TABLE:
        raise missing(_name(identity))
    table = library.table(identity)
    passes = asset_filter.parse(query.get("filter") or "")
    region = asset_filter.geometry(query["region"]) if query.get("region") else None
    found = [feature for feature in table.elements if _is_asked_for(feature, passes, region)]
    return page_of_records(table.with_(elements=tuple(found)), query.get("pageToken"), query.get("pageSize"))


def _is_asked_for(feature: Feature, passes: asset_filter.Test, region: Geometry | None) -> bool:
    meter.check()
    place = feature.geometry()
    if region is not None and (place is None or not place.intersects(region)):
        return False
    return passes(
        Entry({"id": feature.properties.get("system:index", "")}, feature.properties, lambda: place)
    )


def create(library: Library, project: str, asset: str | None, request: dict[str, Any]) -> dict[str, Any]:
    """Make an empty folder or image collection, and tell about it.

    Raises:
        Refused: The name is taken or no name, or the asset is of another kind.
    """
    kind = optional(request, "type", str)
    if kind not in {FOLDER, IMAGE_COLLECTION}:
        raise Refused(f"Creating an asset of type {kind} is not supported by this sandbox.")
    if not asset:
        raise Refused("The request has no assetId.")
    identity = _identity(project, asset)
    library.make(identity, kind, optional(request, "properties", dict) or {})
    return find(library, project, asset)


def delete(library: Library, project: str, asset: str) -> None:
    """Remove an image, a table, an empty folder or an empty collection.

    Raises:
        Refused: There is none of that name, or it is not empty.
    """
    library.remove(_identity(project, asset))


def image_expression(library: Library, project: str, asset: str) -> dict[str, Any]:
    """Give the expression that loads an image.

    Raises:
        Refused: 404 if there is none of that name.
    """
    identity = _identity(project, asset)
    if _kind(library, identity) != IMAGE:
        raise missing(_name(identity))
    call = {"functionName": "Image.load", "arguments": {"id": {"constantValue": identity}}}
    return {"result": "0", "values": {"0": {"functionInvocationValue": call}}}


Tell = Callable[[bool], dict[str, Any]]
"""Makes the answer about an asset: True for the basics only."""


def _entries(library: Library, identity: str) -> list[tuple[Entry, Tell]]:
    """Give what a collection or a folder holds."""
    kind = _kind(library, identity)
    if kind == IMAGE_COLLECTION:
        return [_image_entry(image) for image in library.collection(identity).elements]
    if kind != FOLDER:
        raise missing(_name(identity))
    entries = []
    own = library.kind(identity)
    for child in library.children(identity) if own else library.held_by(identity):
        kind = _kind(library, child) or FOLDER
        entries.append(_image_entry(library.image(child)) if kind == IMAGE else _plain_entry(kind, child))
    return entries


def _image_entry(image: Image) -> tuple[Entry, Tell]:
    basics = _basics(image)
    entry = Entry(basics, image.properties, image.geometry)
    return entry, lambda basic: basics if basic else _image(image)


def _plain_entry(kind: str, identity: str) -> tuple[Entry, Tell]:
    fields = _plain(kind, identity)
    return Entry(fields, {}, lambda: None), lambda _: fields


def _kind(library: Library, identity: str) -> str | None:
    if kind := library.kind(identity):
        return kind
    if identity.startswith("projects/"):
        return FOLDER if identity.endswith("/assets") and identity.count("/") == 2 else None  # noqa: PLR2004
    if library.has_collection(identity):
        return IMAGE_COLLECTION
    collection, _, index = identity.rpartition("/")
    if library.has_collection(collection) and index in library.collection(collection).by("system:index"):
        return IMAGE
    if library.has_table(identity):
        return TABLE
    return FOLDER if library.has_folder(identity) else None


def _image(image: Image) -> dict[str, Any]:
    properties = {key: value for key, value in image.properties.items() if key not in _NOT_AMONG_PROPERTIES}
    place = image.geometry()
    return {
        **_basics(image),
        "properties": to_json(properties),
        **({"geometry": place.to_json()} if place else {}),
        "bands": [_band(band) for band in image.bands],
    }


def _basics(image: Image) -> dict[str, Any]:
    asset = _plain(IMAGE, image.id or "")
    for field, name in (("startTime", "system:time_start"), ("endTime", "system:time_end")):
        millis = image.properties.get(name)
        if isinstance(millis, int | float) and abs(millis) < _MOST_MILLIS:
            asset[field] = _timestamp(millis)
    return asset


def _plain(kind: str, identity: str) -> dict[str, Any]:
    return {"type": kind, "name": _name(identity), "id": identity}


def _band(band: Band) -> dict[str, Any]:
    low, high = band.type.min, band.type.max
    limits = {name: value for name, value in (("min", low), ("max", high)) if value is not None}
    names = ("scaleX", "shearX", "translateX", "shearY", "scaleY", "translateY")
    grid: dict[str, Any] = {
        "crsCode": band.crs,
        "affineTransform": dict(zip(names, band.transform, strict=True)),
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


def _identity(project: str, asset: str) -> str:
    """Give the id of an asset: its path, with the project in front where that is not the public one."""
    if project == PUBLIC_PROJECT:
        return asset
    return f"projects/{project}/assets/{asset}".removesuffix("/")


def _name(identity: str) -> str:
    return identity if identity.startswith("projects/") else f"projects/{PUBLIC_PROJECT}/assets/{identity}"
