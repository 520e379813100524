"""GeoPackages (OGC 12-128r18, https://www.geopackage.org/spec/) that may come from anybody.

A GeoPackage is an SQLite database. It is opened as one that never changes, so that no journal beside it is looked
for or written, and only columns of an ordinary table are read: a view, a virtual table or a generated column may be
any computation.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from osgeo import ogr

from .. import meter
from ..errors import Refused
from ..space.geometries import Geometry, mended
from ..space.projections import quiet_gdal, spatial_reference
from .own_files import broken

_STEPS = 100_000  # of SQLite between two looks at the clock
_HEADER = 8  # bytes of a geometry before its envelope
_ENVELOPES = (0, 32, 48, 48, 64)  # bytes, by their kind
_EXTENDED, _EMPTY = 0x20, 0x10  # flags
_SHAPES = frozenset(
    ["POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION"]
)

Record = tuple[str | None, dict[str, Any], Geometry | None]


@dataclass(frozen=True)
class _Layer:
    """The table with the features.

    Attributes:
        name: Of the table.
        key: The column of the ids; None for none.
        place: The column of the geometries; None for none.
        crs: Of the geometries.
        columns: All other columns.
    """

    name: str
    key: str | None
    place: str | None
    crs: str
    columns: tuple[str, ...]


def read(path: Path, name: str) -> Iterator[Record]:
    """Read ids, properties and places of the features of the only layer, or of the one that is called as the file.

    Args:
        path: The file.
        name: What a refusal calls it.

    Raises:
        Refused: It is not a GeoPackage, or holds what a table cannot.
    """
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            database.set_progress_handler(_is_over, _STEPS)
            database.execute("PRAGMA trusted_schema = OFF")
            layer = _layer(database, path.stem, name)
            wanted = [column for column in (layer.key, layer.place, *layer.columns) if column is not None]
            named = ", ".join(map(_quoted, wanted))
            for row in database.execute(f"SELECT {named} FROM {_quoted(layer.name)}"):  # noqa: S608 - quoted # nosec B608
                yield _record(dict(zip(wanted, row, strict=True)), layer, name)
    except (sqlite3.Error, OverflowError, UnicodeError) as error:
        meter.check()  # SQLite says no more than that it was interrupted
        raise broken(f"{name} cannot be read as a GeoPackage") from error


def _is_over() -> bool:
    """Whether the time of the request is up."""
    try:
        meter.check()
    except Refused:
        return True
    return False


def _quoted(name: str) -> str:
    """Give a name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def _layer(database: sqlite3.Connection, stem: str, name: str) -> _Layer:
    """Find out which table holds the features.

    Raises:
        Refused: There are several or none, or it is no ordinary table.
    """
    query = "SELECT table_name FROM gpkg_contents WHERE data_type IN ('features', 'attributes')"
    tables = [row[0] for row in database.execute(query)]
    table = stem if stem in tables else tables[0] if len(tables) == 1 else None
    if table is None:
        raise broken(f"{name} has {len(tables)} layers, none of which is called '{stem}'")
    kinds = database.execute("SELECT type, sql FROM sqlite_master WHERE name = ?", (table,)).fetchall()
    if len(kinds) != 1 or kinds[0][0] != "table" or str(kinds[0][1]).upper().startswith("CREATE VIRTUAL"):
        raise broken(f"{name} has a layer that is not an ordinary table")
    columns = database.execute(
        "SELECT name, type, pk, hidden FROM pragma_table_xinfo(?)", (table,)
    ).fetchall()
    if any(hidden for *_, hidden in columns):
        raise broken(f"{name} has a layer with computed columns")
    keys = [column for column, _, key, _ in columns if key]
    query = "SELECT column_name, srs_id FROM gpkg_geometry_columns WHERE table_name = ?"
    places = database.execute(query, (table,)).fetchall()
    place, srs = places[0] if places else (None, None)
    rest = tuple(column for column, *_ in columns if column not in {place, *keys[:1]})
    crs = "" if place is None else _crs(database, srs, name)
    return _Layer(table, keys[0] if keys else None, place, crs, rest)


def _crs(database: sqlite3.Connection, srs: object, name: str) -> str:
    query = (
        "SELECT organization, organization_coordsys_id, definition FROM gpkg_spatial_ref_sys WHERE srs_id = ?"
    )
    found = database.execute(query, (srs,)).fetchone()
    if found is None:
        raise broken(f"{name} has a layer of an unknown CRS")
    organization, code, definition = found
    crs = f"EPSG:{code}" if str(organization).upper() == "EPSG" else str(definition)
    try:
        spatial_reference(crs)
    except Refused as error:
        raise broken(f"{name} has a layer of an unknown CRS") from error
    return crs


def _record(row: dict[str, Any], layer: _Layer, name: str) -> Record:
    properties = {}
    for column in layer.columns:
        value = row[column]
        if isinstance(value, bytes) or (isinstance(value, float) and not math.isfinite(value)):
            raise broken(
                f"{name} has values in its column '{column}' that are neither texts nor finite numbers"
            )
        if value is not None:
            properties[column] = value
    key = None if layer.key is None else row[layer.key]
    place = None if layer.place is None else row[layer.place]
    index = None if key is None else str(key)
    return index, properties, None if place is None else _place(place, layer.crs, f"{name}, feature {index},")


def _place(binary: object, crs: str, name: str) -> Geometry | None:
    """Give a geometry from the GeoPackage's binary form; its edges are straight in its CRS."""
    if not isinstance(binary, bytes) or binary[:3] != b"GP\0" or len(binary) <= _HEADER:
        raise broken(f"{name} has no usable geometry")
    flags = binary[3]
    kind = flags >> 1 & 7
    if flags & _EXTENDED or kind >= len(_ENVELOPES):
        raise broken(f"{name} has a geometry of a kind that is not supported")
    if flags & _EMPTY:
        return None
    with quiet_gdal():
        try:
            shape = ogr.CreateGeometryFromWkb(binary[_HEADER + _ENVELOPES[kind] :])
        except RuntimeError:  # raised where another part of the process has enabled GDAL's exceptions
            shape = None
    if shape is None or not _is_plain(shape) or not all(map(math.isfinite, shape.GetEnvelope())):
        raise broken(f"{name} has no usable geometry")
    if shape.IsEmpty():
        return None
    try:
        return Geometry(mended(shape), crs, geodesic=False)
    except Refused as error:
        meter.check()
        raise broken(f"{name} has no usable geometry: {error.message.rstrip('.')}") from error


def _is_plain(shape: ogr.Geometry) -> bool:
    """Whether a shape is made of points, straight edges and areas: no arcs, no surfaces."""
    if shape.GetGeometryName() == "LINEARRING":
        return True
    parts = (shape.GetGeometryRef(i) for i in range(shape.GetGeometryCount()))
    return shape.GetGeometryName() in _SHAPES and all(map(_is_plain, parts))
