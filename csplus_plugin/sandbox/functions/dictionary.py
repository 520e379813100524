"""Dictionaries; keys are kept in order."""

# ruff: noqa: FBT001 - arguments are those of the real functions
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import meter
from ..errors import Refused
from ..graph.promotion import promote
from ..graph.registry import call, function
from ..images.constants import constant_image
from ..images.image import Image
from ..space.geometries import Geometry
from ..values.text_patterns import pattern
from ..values.types import Algorithm


def _missing(name: str, key: str, dictionary: Mapping[str, Any]) -> Refused:
    return Refused(
        f"{name}: Dictionary does not contain key: '{key}'. Available keys: [{', '.join(dictionary)}]."
    )


@function("Dictionary")
def dictionary(input_: Any) -> dict[str, Any]:
    """Give a dictionary from another one, or from a list of keys and values in turn."""
    if input_ is None:
        return {}
    if isinstance(input_, list):
        if len(input_) % 2 or not all(isinstance(key, str) for key in input_[::2]):
            raise Refused("Dictionary: Need a list of alternating keys and values; keys must be strings.")
        return dict(zip(input_[::2], input_[1::2], strict=True))
    return promote(input_, "Dictionary<Object>")


@function("Dictionary.fromLists")
def from_lists(keys: list[str], values: list) -> dict[str, Any]:
    """Give a dictionary from keys and values."""
    if len(keys) != len(values):
        raise Refused("Dictionary.fromLists: keys and values must have the same length.")
    return dict(zip(keys, values, strict=True))


@function("Dictionary.get")
def get(dictionary: dict[str, Any], key: str, default_value: object) -> Any:
    """Give a value by its key."""
    if key in dictionary:
        return dictionary[key]
    if default_value is None:
        raise _missing("Dictionary.get", key, dictionary)
    return default_value


@function("Dictionary.getNumber")
def get_number(dictionary: dict[str, Any], key: str) -> float | None:
    """Give a value that is a number."""
    value = get(dictionary, key, None)
    return None if value is None else promote(value, "Number")


@function("Dictionary.getString")
def get_string(dictionary: dict[str, Any], key: str) -> str | None:
    """Give a value that is a string."""
    value = get(dictionary, key, None)
    return None if value is None else promote(value, "String")


@function("Dictionary.getArray")
def get_array(dictionary: dict[str, Any], key: str) -> np.ndarray | None:
    """Give a value that is an array."""
    value = get(dictionary, key, None)
    return None if value is None else promote(value, "Array")


@function("Dictionary.getGeometry")
def get_geometry(dictionary: dict[str, Any], key: str) -> Geometry | None:
    """Give a value that is a geometry."""
    value = get(dictionary, key, None)
    return None if value is None else promote(value, "Geometry")


@function("Dictionary.toArray")
def to_array(dictionary: dict[str, Any], keys: list[str] | None, axis: int) -> np.ndarray:
    """Give the values of some keys, or of all in the keys' order, one after the other along an axis."""
    return call("Array.cat", [[np.atleast_1d(promote(v, "Array")) for v in values(dictionary, keys)], axis])


@function("Dictionary.set")
def set_(dictionary: dict[str, Any], key: str, value: object) -> dict[str, Any]:
    """With one more entry."""
    return {**dictionary, key: value}


@function("Dictionary.keys")
def keys(dictionary: dict[str, Any]) -> list[str]:
    """Give the keys, in alphabetical order as the service gives them."""
    return sorted(dictionary)


@function("Dictionary.values")
def values(dictionary: dict[str, Any], keys: list[str] | None) -> list:
    """Give the values of some keys, or of all in the keys' order."""
    return [get(dictionary, key, None) for key in (sorted(dictionary) if keys is None else keys)]


@function("Dictionary.size")
def size(dictionary: dict[str, Any]) -> int:
    """How many entries."""
    return len(dictionary)


@function("Dictionary.contains")
def contains(dictionary: dict[str, Any], key: str) -> bool:
    """Whether there is such a key."""
    return key in dictionary


@function("Dictionary.combine")
def combine(first: dict[str, Any], second: dict[str, Any], overwrite: bool) -> dict[str, Any]:
    """Give the entries of both, without those that are null."""
    one, other = ({k: v for k, v in d.items() if v is not None} for d in (first, second))
    return {**one, **other} if overwrite else {**other, **one}


def _matching(
    dictionary: dict[str, Any], selectors: list[str], name: str, *, ignore_missing: bool
) -> list[str]:
    found: list[str] = []
    for selector in selectors:
        meter.check()
        keys = [selector] if selector in dictionary else _like(selector, dictionary, name)
        if not keys and not ignore_missing:
            raise _missing(name, selector, dictionary)
        found += keys
    return found


def _like(selector: str, dictionary: dict[str, Any], name: str) -> list[str]:
    expression = pattern(name, selector, max(map(len, dictionary), default=0))
    return [key for key in dictionary if expression.fullmatch(key)]


@function("Dictionary.select")
def select(dictionary: dict[str, Any], selectors: list[str], ignore_missing: bool) -> dict[str, Any]:
    """Entries by key or regular expression."""
    keys = _matching(dictionary, selectors, "Dictionary.select", ignore_missing=ignore_missing)
    return {key: dictionary[key] for key in keys}


@function("Dictionary.remove")
def remove(dictionary: dict[str, Any], selectors: list[str], ignore_missing: bool) -> dict[str, Any]:
    """Without some entries, by key or regular expression."""
    gone = set(_matching(dictionary, selectors, "Dictionary.remove", ignore_missing=ignore_missing))
    return {key: value for key, value in dictionary.items() if key not in gone}


@function("Dictionary.rename")
def rename(dictionary: dict[str, Any], from_: list[str], to: list[str], overwrite: bool) -> dict[str, Any]:
    """Give some entries under other keys."""
    if len(from_) != len(to):
        raise Refused("Dictionary.rename: 'from' and 'to' must have the same length.")
    names = dict(zip(from_, to, strict=True))
    for key in from_:
        if key not in dictionary:
            raise _missing("Dictionary.rename", key, dictionary)
    kept = {key: value for key, value in dictionary.items() if key not in names}
    if not overwrite and kept.keys() & names.values():
        raise Refused("Dictionary.rename: A new key is already in the dictionary.")
    return {**kept, **{new: dictionary[old] for old, new in names.items()}}


@function("Dictionary.map")
def map_(dictionary: dict[str, Any], base_algorithm: Algorithm) -> dict[str, Any]:
    """Give a function of every key and value."""
    return {key: base_algorithm(key, value) for key, value in dictionary.items()}


@function("Dictionary.toImage")
def to_image(dictionary: dict[str, Any], names: list[str] | None) -> Image:
    """Give a constant image with one band an entry."""
    chosen = sorted(dictionary) if names is None else names
    return constant_image([promote(get(dictionary, name, None), "Number") for name in chosen], chosen)
