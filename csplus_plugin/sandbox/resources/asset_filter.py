"""The filter language of asset lists: `startTime >= "2023-01-01T00:00:00Z" AND properties.CLOUD < 20`.

A subset of https://google.aip.dev/160: comparisons, AND, OR (which binds tighter than AND there), NOT,
parentheses, and `intersects("<GeoJSON or WKT>")`, whose quotes inside are single ones.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from osgeo import ogr

from ..errors import Refused
from ..space.geometries import Geometry, from_geojson
from ..space.projections import quiet_gdal
from ..values.json_text import from_json

MAX_LENGTH = 100_000  # characters
MAX_DEPTH = 50  # of parentheses

_TOKEN = re.compile(
    r"\s*(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'"
    r"|(?P<sign><=|>=|!=|[<>=(),])|(?P<word>[^\s\"'<>=!(),]+))"
)
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}
_TIMES = {"startTime", "endTime", "updateTime"}
_TEXTS = {"id", "name", "type"}


@dataclass(frozen=True)
class Entry:
    """What a filter can ask of an asset.

    Attributes:
        fields: Its fields in an answer, without the properties.
        properties: Its properties.
        place: Where it is; None for everywhere.
    """

    fields: Mapping[str, Any]
    properties: Mapping[str, Any]
    place: Callable[[], Geometry | None]


Test = Callable[[Entry], bool]


def parse(text: str) -> Test:
    """Give the test that a filter stands for; an empty one passes everything.

    Raises:
        Refused: The text is no filter, or asks for what the sandbox cannot answer.
    """
    if len(text) > MAX_LENGTH:
        raise Refused("Invalid filter: it is too long.")
    tokens = _tokens(text)
    return _Parser(tokens).whole() if tokens[0][0] != "end" else lambda _: True


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, position, end = [], 0, len(text.rstrip())
    while position < end:
        found = _TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            raise Refused(f"Invalid filter: unexpected '{text[position : position + 20]}'.")
        kind = "text" if found.lastgroup in {"double", "single"} else found.lastgroup
        tokens.append((kind, found.group(found.lastgroup)))
        position = found.end()
    return [*tokens, ("end", "")]


class _Parser:
    """Recursive descent, one method a rule of the grammar."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def whole(self) -> Test:
        test = self._all_of()
        if self._tokens[self._at][0] != "end":
            raise self._unexpected()
        return test

    def _all_of(self) -> Test:
        tests = [self._any_of()]
        while self._take("word", "AND"):
            tests.append(self._any_of())
        return lambda entry: all(test(entry) for test in tests)

    def _any_of(self) -> Test:
        tests = [self._term()]
        while self._take("word", "OR"):
            tests.append(self._term())
        return lambda entry: any(test(entry) for test in tests)

    def _term(self) -> Test:
        if self._take("word", "NOT"):
            test = self._simple()
            return lambda entry: not test(entry)
        return self._simple()

    def _simple(self) -> Test:
        if self._take("sign", "("):
            self._depth += 1
            if self._depth > MAX_DEPTH:
                raise Refused("Invalid filter: it is nested too deeply.")
            test = self._all_of()
            self._depth -= 1
            self._expect(")")
            return test
        field = self._value()
        if field == "intersects" and self._take("sign", "("):
            place = geometry(self._value())
            self._expect(")")
            return lambda entry: _meet(entry.place(), place)
        return self._comparison(field)

    def _comparison(self, field: str) -> Test:
        kind, sign = self._tokens[self._at]
        if kind != "sign" or sign not in _COMPARISONS:
            raise self._unexpected()
        self._at += 1
        return _comparing(field, _COMPARISONS[sign], self._value())

    def _value(self) -> str:
        kind, text = self._tokens[self._at]
        if kind not in {"text", "word"}:
            raise self._unexpected()
        self._at += 1
        return text

    def _take(self, kind: str, text: str) -> bool:
        found = self._tokens[self._at] == (kind, text)
        self._at += found
        return found

    def _expect(self, sign: str) -> None:
        if not self._take("sign", sign):
            raise self._unexpected()

    def _unexpected(self) -> Refused:
        return Refused(f"Invalid filter: unexpected '{self._tokens[self._at][1] or 'end'}'.")


def _comparing(field: str, compare: Callable[[Any, Any], bool], literal: str) -> Test:
    if field in _TIMES:
        moment = _moment(literal)

        def timely(entry: Entry) -> bool:
            value = entry.fields.get(field)
            return value is not None and compare(_moment(value), moment)

        return timely
    if field in _TEXTS:
        return lambda entry: compare(str(entry.fields.get(field, "")), literal)
    name = field.removeprefix("properties.")
    if name == field:
        raise Refused(f"Invalid filter: '{field}' is not a field that this sandbox can filter by.")
    return lambda entry: _holds(entry.properties.get(name), compare, literal)


def _holds(value: object, compare: Callable[[Any, Any], bool], literal: str) -> bool:
    """Compare a property as what it is; one that is missing, or of another kind, does not pass."""
    if isinstance(value, str):
        return compare(value, literal)
    if not isinstance(value, int | float):
        return False
    try:
        return compare(value, float(literal))
    except ValueError:
        return False


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused(f"Invalid filter: '{text[:40]}' is not a time.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def geometry(text: str) -> Geometry:
    """Give a geometry from GeoJSON, whose quotes may be single ones, or from WKT.

    Raises:
        Refused: It is neither.
    """
    try:
        body = from_json(text.replace("'", '"'))
    except ValueError:
        body = _from_wkt(text)
    return from_geojson(body)


def _from_wkt(text: str) -> object:
    with quiet_gdal():
        try:
            shape = ogr.CreateGeometryFromWkt(text)
        except RuntimeError:  # raised where another part of the process has enabled GDAL's exceptions
            shape = None
    if shape is None:
        raise Refused("Invalid filter: intersects() needs GeoJSON or WKT.")
    return json.loads(shape.ExportToJson())


def _meet(place: Geometry | None, region: Geometry) -> bool:
    return place is None or place.intersects(region)
