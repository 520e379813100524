"""A table as a target makes it: columns with a kind and a label, rows, and where each row lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["text", "whole", "number", "day", "flag"]
Cell = str | int | float | bool | None


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: Name of the field.
        kind: What its cells hold; a day is text such as 2023-01-31. Every cell may be None.
        label: What it means, with its unit, for people.
    """

    name: str
    kind: Kind
    label: str


@dataclass(frozen=True)
class Table:
    """Rows.

    Attributes:
        rows: A cell for each column, row by row.
        shapes: A GeoJSON geometry for each row in longitude and latitude, or None where a row lies nowhere; empty for
            a table without geometry.
        has_shapes: Whether it is one of places, where no row may be left to tell.
    """

    rows: tuple[tuple[Cell, ...], ...]
    shapes: tuple[Mapping[str, Any] | None, ...] = ()
    has_shapes: bool = False

    @property
    def is_of_places(self) -> bool:
        """Whether its rows have geometries."""
        return self.has_shapes or bool(self.shapes)
