"""Lists searched: what is in them, where, how often; without or with something else instead."""

from __future__ import annotations

from .. import meter
from ..graph.registry import function
from ..values.types import hashable


@function("List.distinct")
def distinct(list_: list) -> list:
    """Each value once."""
    found: dict[object, object] = {}
    for value in list_:
        found.setdefault(hashable(value), value)
    return list(found.values())


def _keys(list_: list) -> list:
    return [hashable(v) for v in list_]


@function("List.contains")
def contains(list_: list, element: object) -> bool:
    """Whether an element is in it."""
    return hashable(element) in _keys(list_)


@function("List.containsAll")
def contains_all(list_: list, other: list) -> bool:
    """Whether all elements of another list are in it."""
    return set(_keys(other)) <= set(_keys(list_))


@function("List.equals")
def equals(list_: list, other: list) -> bool:
    """Whether two lists are equal."""
    return _keys(list_) == _keys(other)


@function("List.frequency")
def frequency(list_: list, element: object) -> int:
    """How often an element is in it."""
    return _keys(list_).count(hashable(element))


@function("List.indexOf")
def index_of(list_: list, element: object) -> int:
    """Where an element is first, or -1."""
    keys = _keys(list_)
    return keys.index(hashable(element)) if hashable(element) in keys else -1


def _sublists(list_: list, target: list) -> list[int]:
    keys, wanted = _keys(list_), _keys(target)
    found = []
    for i in range(len(keys) - len(wanted) + 1):
        meter.check()
        if keys[i : i + len(wanted)] == wanted:
            found.append(i)
    return found


@function("List.indexOfSublist")
def index_of_sublist(list_: list, target: list) -> int:
    """Where another list begins first, or -1."""
    return next(iter(_sublists(list_, target)), -1)


@function("List.lastIndexOfSubList")
def last_index_of_sublist(list_: list, target: list) -> int:
    """Where another list begins last, or -1."""
    return next(reversed(_sublists(list_, target)), -1)


@function("List.remove")
def remove(list_: list, element: object) -> list:
    """Without the first one that is equal."""
    at = index_of(list_, element)
    return list_ if at < 0 else [*list_[:at], *list_[at + 1 :]]


@function("List.removeAll")
def remove_all(list_: list, other: list) -> list:
    """Without all elements of another list."""
    gone = set(_keys(other))
    return [v for v in list_ if hashable(v) not in gone]


@function("List.replaceAll")
def replace_all(list_: list, oldval: object, newval: object) -> list:
    """Every one that is equal replaced."""
    old = hashable(oldval)
    return [newval if hashable(v) == old else v for v in list_]


@function("List.replace")
def replace(list_: list, oldval: object, newval: object) -> list:
    """Replace the first one that is equal."""
    at = index_of(list_, oldval)
    return list_ if at < 0 else [*list_[:at], newval, *list_[at + 1 :]]
