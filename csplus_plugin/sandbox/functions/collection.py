"""Collections of features or images: filtering, mapping, sorting, listing."""

# ruff: noqa: ARG001, FBT001 - arguments are those of the real functions
from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from .. import meter
from ..archive.archive import Archive
from ..errors import Refused
from ..graph.promotion import promote, type_name
from ..graph.registry import function
from ..reducers.reducer import Reducer
from ..space.geometries import Geometry, box
from ..space.projections import Projection
from ..values.filters import Filter
from ..values.properties import in_order, indexed, prefixed, property_of
from ..values.types import Algorithm, Element, ErrorMargin, Feature, FeatureCollection, as_number, hashable


@function("Collection")
def collection(features: list[Element]) -> FeatureCollection:
    """Give a collection of these elements."""
    return FeatureCollection(()).with_elements(indexed(features))


@function("Collection.loadTable", needs_archive=True)
def load_table(
    archive: Archive, table_id: str, geometry_column: str | None, version: int
) -> FeatureCollection:
    """Give a table of the archive, which has one column of geometries and one version."""
    return archive.table(table_id)


@function("Collection.filter")
def filter_(collection: FeatureCollection, filter_: Any) -> FeatureCollection:
    """Give the elements that pass."""
    condition: Filter = promote(filter_, "Filter")
    return collection.with_elements(
        [element for element in collection.elements if _passes(condition, element)]
    )


def _passes(condition: Filter, element: Element) -> bool:
    meter.check()
    return condition.test(element, None)


@function("Collection.map")
def map_(collection: FeatureCollection, base_algorithm: Algorithm, drop_nulls: bool) -> FeatureCollection:
    """Give a function of every element; the results keep the elements' indices."""
    results = []
    for element in collection.elements:
        result = base_algorithm(element)
        if result is None and drop_nulls:
            continue
        if isinstance(result, Geometry):
            result = Feature(result)
        if not isinstance(result, Element | FeatureCollection):
            raise Refused("Collection.map: A mapped algorithm must return a Feature or Image.")
        results.append(_same_index(result, element))
    return collection.with_elements(results)


def _same_index(result: Any, element: Element) -> Any:
    index = element.properties.get("system:index")
    if index is None or result.properties.get("system:index") is not None:
        return result
    return result.with_(properties={**result.properties, "system:index": index})


@function("Collection.iterate")
def iterate(collection: FeatureCollection, function_: Algorithm, first: object) -> object:
    """Give a function of every element and the result so far."""
    result = first
    for element in collection.elements:
        result = function_(element, result)
    return result


@function("Collection.size")
def size(collection: FeatureCollection) -> int:
    """How many elements."""
    return len(collection.elements)


@function("Collection.first")
def first(collection: FeatureCollection) -> Element | None:
    """Give the first element; null where there is none."""
    return collection.elements[0] if collection.elements else None


@function("Collection.toList")
def to_list(collection: FeatureCollection, count: int, offset: int) -> list:
    """Give some elements as a list."""
    if count < 0 or offset < 0:
        raise Refused("Collection.toList: count and offset must not be negative.")
    return list(collection.elements[offset : offset + count])


@function("Collection.limit")
def limit(
    collection: FeatureCollection, limit: int | None, key: str | None, ascending: bool
) -> FeatureCollection:
    """Give the first elements, perhaps after sorting."""
    elements = list(collection.elements)
    if key is not None:
        elements = in_order(elements, key, ascending=ascending)
    if limit is not None and limit < 0:
        raise Refused("Collection.limit: The limit must not be negative.")
    return collection.with_elements(elements[:limit])


@function("Collection.merge")
def merge(collection1: FeatureCollection, collection2: FeatureCollection) -> FeatureCollection:
    """Give the elements of both; indices get the prefixes 1_ and 2_."""
    return collection1.with_elements([*prefixed(collection1, "1_"), *prefixed(collection2, "2_")])


@function("Collection.flatten")
def flatten(collection: FeatureCollection) -> FeatureCollection:
    """Give the elements of collections of collections; indices get that of their collection as a prefix."""
    elements: list[Any] = []
    for n, inner in enumerate(collection.elements):
        if not isinstance(inner, FeatureCollection):
            raise Refused(f"Collection.flatten: Expected collections, found {type_name(inner)}.")
        elements += prefixed(inner, f"{inner.properties.get('system:index', n)}_")
    return FeatureCollection(()).with_elements(elements)


@function("Collection.distinct")
def distinct(collection: FeatureCollection, properties: Any) -> FeatureCollection:
    """Give the first element of each combination of properties."""
    names = [properties] if isinstance(properties, str) else promote(properties, "List")
    kept: dict[object, Any] = {}
    for element in collection.elements:
        values = tuple(
            hashable(element.geometry() if name == ".geo" else element.properties.get(name)) for name in names
        )
        kept.setdefault(values, element)
    return collection.with_elements(list(kept.values()))


@function("Collection.remap")
def remap(
    collection: FeatureCollection, lookup_in: list, lookup_out: list, column_name: str
) -> FeatureCollection:
    """Give a property by a table; elements whose value is not in it are dropped."""
    if len(lookup_in) != len(lookup_out):
        raise Refused("Collection.remap: lookupIn and lookupOut must have the same length.")
    table = {hashable(old): new for old, new in zip(lookup_in, lookup_out, strict=True)}
    return collection.with_elements(
        [
            element.with_(properties={**element.properties, column_name: table[key]})
            for element in collection.elements
            if (key := hashable(element.properties.get(column_name))) in table
        ]
    )


@function("Collection.geometry")
def geometry(collection: FeatureCollection, max_error: ErrorMargin) -> Geometry:
    """All geometries together; areas are dissolved."""
    return promote(collection, "Geometry")


@function("Collection.bounds")
def bounds(collection: FeatureCollection, max_error: ErrorMargin, proj: Projection) -> Geometry:
    """Give the box around all geometries."""
    whole: Geometry = promote(collection, "Geometry")
    return whole if whole.is_unbounded else box(*whole.bounds(proj.crs), crs=proj.crs)


@function("Collection.union")
def union(collection: FeatureCollection, max_error: ErrorMargin | None) -> FeatureCollection:
    """One feature with all geometries dissolved."""
    return FeatureCollection((Feature(promote(collection, "Geometry"), {"system:index": "0"}),))


@function("Collection.reduceColumns")
def reduce_columns(
    collection: FeatureCollection, reducer: Reducer, selectors: list[str], weight_selectors: list[str] | None
) -> dict[str, Any]:
    """Properties by a reducer."""
    if weight_selectors:
        raise Refused("Collection.reduceColumns: weightSelectors is not supported by this sandbox engine.")
    rows = [[_comparable(property_of(e, name)) for name in selectors] for e in collection.elements]
    width = len(selectors)
    if width != reducer.inputs:
        raise Refused(
            f"Collection.reduceColumns: Need {reducer.inputs} selectors for the reducer, got {width}."
        )
    return reducer.values(rows)


def _comparable(value: object) -> object:
    number = as_number(value)
    return value if number is None else number


@function("Collection.randomColumn")
def random_column(
    collection: FeatureCollection, column_name: str, seed: int, distribution: str, row_keys: list[str]
) -> FeatureCollection:
    """Give a property with random numbers that depend on the seed and the row's keys only."""
    elements = []
    for element in collection.elements:
        text = repr([seed, *(element.properties.get(key) for key in row_keys)])
        generator = np.random.default_rng(zlib.crc32(text.encode()))
        value = generator.random() if distribution == "uniform" else generator.standard_normal()
        elements.append(element.with_(properties={**element.properties, column_name: float(value)}))
    return collection.with_elements(elements)
