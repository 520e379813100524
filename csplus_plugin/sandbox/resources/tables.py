"""Feature collections as tables: files to download and pages of GeoJSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import Refused
from ..graph.evaluator import Evaluator
from ..graph.to_json import to_json
from ..space.geometries import Geometry
from ..space.projections import WGS84
from ..values.types import Element, FeatureCollection
from .messages import Answer, optional, page_of, safe_name, saved_as

PAGE_SIZE = 1000  # features, where a request names no other

INDEX, PLACE = "system:index", ".geo"
"""Columns of the elements' ids and of their geometries."""

Record = dict[str, Any]
"""One element as GeoJSON."""


@dataclass(frozen=True)
class Table:
    """A feature collection on its way into a file.

    Attributes:
        collection: The elements.
        columns: Which properties, in which order; None for all.
        file_format: One of `FORMATS`.
        name: File name without its suffix.
    """

    collection: FeatureCollection
    columns: Sequence[str] | None
    file_format: str
    name: str

    @property
    def file_name(self) -> str:
        """Name of the file."""
        return f"{self.name}.{FORMATS[self.file_format].suffix}"

    def content(self) -> bytes:
        """Give the file's bytes.

        Raises:
            Refused: A value cannot be written.
        """
        return FORMATS[self.file_format].write(records(self.collection), self.columns)

    def render(self) -> Answer:
        """Give the file as an answer that a browser saves under its name.

        Raises:
            Refused: A value cannot be written.
        """
        return saved_as(self.file_name, self.content(), FORMATS[self.file_format].media_type)


def table(evaluator: Evaluator, request: dict[str, Any], name: str | None = None) -> Table:
    """Give what a request for a table will be answered with.

    Args:
        evaluator: Evaluates the expression.
        request: `expression`, and optionally `fileFormat`, `selectors` and `filename`.
        name: The file's name without suffix, in place of the request's.

    Raises:
        Refused: The expression is no feature collection, or the sandbox cannot write the format.
    """
    file_format = optional(request, "fileFormat", str) or "CSV"
    if file_format not in FORMATS:
        raise Refused(f"File format {file_format} is not supported by this sandbox.")
    columns = optional(request, "selectors", list)
    if columns and not all(isinstance(column, str) for column in columns):
        raise Refused("Invalid value at 'selectors': names are expected.")
    suffix = f".{FORMATS[file_format].suffix}"
    wanted = name or safe_name((optional(request, "filename", str) or "table").removesuffix(suffix))
    features = evaluator.evaluate_to(FeatureCollection, request.get("expression"))
    return Table(features, columns or None, file_format, wanted)


def page(evaluator: Evaluator, request: dict[str, Any]) -> Record:
    """Give some features of a collection as GeoJSON, and the token of the next page if there are more.

    Raises:
        Refused: The expression is no feature collection, or there is no such page.
    """
    mark, size = request.get("pageToken"), request.get("pageSize")
    page_of(mark, size, PAGE_SIZE)
    return page_of_records(evaluator.evaluate_to(FeatureCollection, request.get("expression")), mark, size)


def page_of_records(features: FeatureCollection, mark: object, size: object) -> Record:
    """Give some elements as GeoJSON, and the token of the next page if there are more.

    Raises:
        Refused: There is no such page, or a value has no JSON.
    """
    first, count = page_of(mark, size, PAGE_SIZE)
    last = first + count
    more = {"nextPageToken": str(last)} if last < len(features.elements) else {}
    return {"type": "FeatureCollection", "features": records(features, first, last), **more}


def records(features: FeatureCollection, first: int = 0, last: int | None = None) -> list[Record]:
    """Elements as GeoJSON features, in longitude and latitude with straight edges.

    Raises:
        Refused: A value has no JSON.
    """
    return [_record(element, first + i) for i, element in enumerate(features.elements[first:last])]


def _record(element: Element, position: int) -> Record:
    index = element.properties.get(INDEX, element.id)
    properties = {name: value for name, value in element.properties.items() if name != INDEX}
    return {
        "type": "Feature",
        "geometry": _place(element.geometry()),
        "id": str(position) if index is None else str(index),
        "properties": to_json(properties),
    }


def _place(geometry: Geometry | None) -> dict[str, Any] | None:
    if geometry is None:
        return None
    if not geometry.is_unbounded:
        geometry = Geometry(geometry.planar(WGS84), WGS84, geodesic=False)
    body = geometry.to_json()
    body.pop("geodesic", None)
    return body


def _csv(rows: Sequence[Record], columns: Sequence[str] | None) -> bytes:
    """Comma-separated values, everything in UTF-8: index, properties in alphabetical order, geometry."""
    if columns is None:
        columns = [INDEX, *sorted({name for row in rows for name in row["properties"]}), PLACE]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row, column) for column in columns] for row in rows)
    return stream.getvalue().encode()


def _cell(row: Record, column: str) -> str:
    value = {INDEX: row["id"], PLACE: row["geometry"]}.get(column, row["properties"].get(column))
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def _geojson(rows: Sequence[Record], columns: Sequence[str] | None) -> bytes:
    if columns is not None:
        rows = [_narrowed(row, columns) for row in rows]
    return json.dumps({"type": "FeatureCollection", "features": rows}, allow_nan=False).encode()


def _narrowed(row: Record, columns: Sequence[str]) -> Record:
    kept = {name: row["properties"][name] for name in columns if name in row["properties"]}
    return {**row, "geometry": row["geometry"] if PLACE in columns else None, "properties": kept}


@dataclass(frozen=True)
class _Format:
    suffix: str
    media_type: str
    write: Callable[[Sequence[Record], Sequence[str] | None], bytes]


FORMATS = {
    "CSV": _Format("csv", "text/csv; charset=UTF-8", _csv),
    "GEO_JSON": _Format("geojson", "application/geo+json", _geojson),
}
"""File formats by their names in requests."""
