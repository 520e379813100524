"""What an expression can evaluate to, besides images, geometries, numbers, strings, lists and dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from functools import cached_property
from typing import Any

from ..errors import Refused
from ..images.image import Image
from ..space.geometries import Geometry

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True, order=True)
class Date:
    """A moment.

    Attributes:
        millis: Milliseconds since 1970, UTC.
    """

    millis: int

    @property
    def utc(self) -> datetime:
        """The moment as a datetime in UTC.

        Raises:
            Refused: Outside the years 1 to 9999.
        """
        try:
            return _EPOCH + timedelta(milliseconds=self.millis)
        except OverflowError as error:
            raise Refused(f"Date: {self.millis} is out of range.") from error

    @classmethod
    def of(cls, moment: datetime) -> Date:
        """From a datetime that knows its time zone."""
        return cls((moment - _EPOCH) // timedelta(milliseconds=1))


@dataclass(frozen=True)
class DateRange:
    """A span of time.

    Attributes:
        start: Milliseconds since 1970, included.
        end: Milliseconds since 1970, not included.
    """

    start: float
    end: float

    def holds(self, millis: float) -> bool:
        """Whether a moment lies in the span."""
        return self.start <= millis < self.end


@dataclass(frozen=True)
class ErrorMargin:
    """How far a result may be off; the sandbox is as exact as it can be whatever it says.

    Attributes:
        value: None where the unit is infinite.
        unit: One of `MARGIN_UNITS`.
    """

    value: float | None
    unit: str = "meters"


MARGIN_UNITS = ("meters", "projected", "infinite")
_INFINITE_MARGIN = 2.0e7  # metres, from which on a margin has no limit (apidocs/ee-errormargin)


def margin_of(value: object, unit: str = "meters") -> ErrorMargin:
    """Give an error margin: a negative one is as large as a positive one, a very large one has no limit.

    Raises:
        Refused: The unit is none, or there is no number to go with it.
    """
    if unit not in MARGIN_UNITS:
        raise Refused(f"ErrorMargin: Unknown unit '{unit}'. Must be one of: {', '.join(MARGIN_UNITS)}.")
    if unit == "infinite":
        return ErrorMargin(None, unit)
    if not isinstance(value, int | float) or value != value:  # noqa: PLR0124 - not a number
        raise Refused(f"ErrorMargin: A value is required for the unit '{unit}'.")
    if unit == "meters" and abs(value) >= _INFINITE_MARGIN:
        return ErrorMargin(None, "infinite")
    return ErrorMargin(abs(value), unit)


@dataclass(frozen=True, eq=False)
class Feature:
    """Properties, and perhaps a place.

    Attributes:
        place: The geometry; None for none.
        properties: Metadata.
        id: The feature's id, if it has one.
    """

    place: Geometry | None
    properties: Mapping[str, Any] = field(default_factory=dict)
    id: str | None = None

    def geometry(self) -> Geometry | None:
        """Give the geometry; None for none."""
        return self.place

    def with_(self, **changes: Any) -> Feature:
        """Give a copy with other fields."""
        return replace(self, **changes)


Element = Feature | Image
"""What collections are made of."""


@dataclass(frozen=True, eq=False)
class FeatureCollection:
    """Elements in order.

    Attributes:
        elements: Features or images.
        properties: Metadata of the collection itself.
        id: Asset id, for collections of the archive.
        version: Asset version, microseconds.
    """

    elements: tuple[Any, ...]
    properties: Mapping[str, Any] = field(default_factory=dict)
    id: str | None = None
    version: int | None = None

    def with_(self, **changes: Any) -> FeatureCollection:
        """Give a copy of the same kind with other fields."""
        return replace(self, **changes)

    def with_elements(self, elements: Sequence[Any]) -> FeatureCollection:
        """Give the same collection with other elements: of images where they all are, else of features."""
        if elements:
            images = all(isinstance(element, Image) for element in elements)
            kind = ImageCollection if images else FeatureCollection
        else:
            kind = type(self)
        return kind(tuple(elements), self.properties, self.id, self.version)

    def by(self, name: str) -> dict[Any, Any]:
        """Give the first element for each value of a property."""
        if name not in self._indexes:
            found: dict[Any, Any] = {}
            for element in self.elements:
                value = element.properties.get(name)
                if value is not None:
                    found.setdefault(hashable(value), element)
            self._indexes[name] = found
        return self._indexes[name]

    @cached_property
    def _indexes(self) -> dict[str, dict[Any, Any]]:
        return {}


@dataclass(frozen=True, eq=False)
class ImageCollection(FeatureCollection):
    """Images in order."""


@dataclass(frozen=True)
class Algorithm:
    """A function as a value.

    Attributes:
        names: Its arguments.
        run: Takes the arguments by name.
    """

    names: tuple[str, ...]
    run: Callable[[Mapping[str, Any]], Any]

    def __call__(self, *values: object) -> Any:
        """Call with arguments by position.

        Raises:
            Refused: A wrong number of them.
        """
        if len(values) != len(self.names):
            raise Refused(
                f"User-defined methods: expected a function of {len(values)} arguments, got {len(self.names)}."
            )
        return self.run(dict(zip(self.names, values, strict=True)))


def hashable(value: object) -> object:  # noqa: PLR0911 - a table by type
    """Something hashable that is equal for equal values."""
    if isinstance(value, bool | int | float):
        return float(value)
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, Date):
        return value
    if isinstance(value, Mapping):
        return tuple(sorted((str(k), hashable(v)) for k, v in value.items()))
    if isinstance(value, Sequence):
        return tuple(hashable(v) for v in value)
    if isinstance(value, Geometry):
        return str(value.to_json())
    return id(value)


def as_number(value: object) -> float | None:
    """Numbers and moments as a number, for comparing and sorting; None for anything else."""
    if isinstance(value, bool | int | float):
        return value
    return value.millis if isinstance(value, Date) else None


def int_if_whole(value: float) -> float:
    """Give a whole number as an int: the service does not tell 2.0 from 2."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value
