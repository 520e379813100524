"""A report -> one HTML file: opens offline anywhere, prints, and reads on a phone; below a megabyte.

Charts are drawn here, so they are seen without scripts too; a small script adds the tooltip and the legend's
switches. Nothing is loaded from anywhere, which the page's own content security policy enforces.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape

from ..about import ROOT, version
from ..catalog import ATTRIBUTION, CITATION, LICENSES
from ..language import _, current, ngettext
from ..table import Cell, Column, Table
from ..text import clean
from .chart import Chart, known, place
from .drawing import MOST_SERIES, NARROW, WIDE, colour, draw, swatch
from .thinning import thinned

LARGEST = 950_000
"""Bytes of a page; rows of the table are left out, and said to be, where it would be larger."""

_ROOM_FOR_CHARTS = 600_000
"""Bytes, of which the charts share; the table has the rest."""

_COLUMNS = (WIDE.width, 380, 190, 95, 48, 24)
"""Columns of pixels that long lines are thinned for, until a chart has room."""

_LONGEST_RECIPE = 60_000
"""Characters; only an area of very many vertices has more."""

_LONGEST_CELL, _LONGEST_NOTE = 200, 60

_SMALLEST, _LARGEST_PLAIN = 0.001, 1e9
"""Between them a number is written with four decimals."""


@dataclass(frozen=True)
class Report:
    """What the page says, from top to bottom.

    Attributes:
        title: Its heading, and the title of its window.
        lead: Sentences below the heading; the first is the answer.
        charts: Charts.
        columns: Columns of the table.
        table: Rows; where each lies is not shown.
        recipe: JSON from which all of it can be made again.
        notices: What has to be seen first, such as that a sandbox made it.
    """

    title: str
    lead: tuple[str, ...]
    charts: tuple[Chart, ...]
    columns: tuple[Column, ...]
    table: Table
    recipe: str
    notices: tuple[str, ...] = ()


def page(report: Report) -> str:
    """Write the page; whatever was not written by the plugin is escaped, cleaned and shortened.

    Returns:
        HTML of at most `LARGEST` bytes in UTF-8.
    """
    style, script = _resource("report.css"), _resource("report.js")
    policy = f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; img-src data:"
    before = "\n".join(
        (
            f'<!DOCTYPE html>\n<html lang="{current()}">\n<head>\n<meta charset="utf-8">',
            f"<title>{_said(report.title)}</title>",
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta name="generator" content="Cloud Score+ for QGIS {_said(version())}">',
            f"<style>{style}</style>\n</head>\n<body>\n<main>\n<h1>{_said(report.title)}</h1>",
            *(f'<p class="notice">{_said(notice)}</p>' for notice in report.notices),
            *(f"<p>{_said(sentence)}</p>" for sentence in report.lead),
            *_figures(report.charts),
        )
    )
    after = "\n".join(
        (
            *_recipe(report.recipe),
            f"<footer>\n<p>{_said(ATTRIBUTION)}.</p>\n<p>{_said(CITATION)}</p>\n<p>{_said('; '.join(LICENSES))}</p>",
            f"<p>{_said(_('Made by Cloud Score+ for QGIS {version}.', version=version()))}</p>\n</footer>\n</main>",
            f"<script>{script}</script>\n</body>\n</html>\n",
        )
    )
    room = LARGEST - len(before.encode()) - len(after.encode())
    return "\n".join((before, *_table(report.columns, report.table.rows, room), after))


def _figures(charts: Sequence[Chart]) -> Iterator[str]:
    """Draw the charts, each with its share of the room; where they are many and long, some are left out."""
    room, left_out = _ROOM_FOR_CHARTS, 0
    for number, chart in enumerate(charts):
        share = room // (len(charts) - number)
        found = next(
            (one for columns in _COLUMNS if len((one := _figure(chart, columns)).encode()) <= share), None
        )
        if found is None:
            left_out += 1
            continue
        room -= len(found.encode())
        yield found
    if left_out:
        told = _(
            "{left_out} of {count} charts have no room on this page; their numbers are in the table.",
            left_out=left_out,
            count=len(charts),
        )
        yield f"<p>{_said(told)}</p>"


def _figure(chart: Chart, columns: int) -> str:
    """Draw a chart twice, with its legend, and with the numbers that the tooltip tells."""
    names = [
        (number, _said(one.name, _LONGEST_CELL)) for number, one in enumerate(chart.series[:MOST_SERIES])
    ]
    legend = "".join(
        f'<button type="button" aria-pressed="true">{swatch(chart.series[number], number)}{name}</button>'
        for number, name in names
    )
    if chart.legend:
        legend = f"<span>{_said(chart.legend, _LONGEST_CELL)}:</span>{legend}"
    left_out = len(chart.series) - MOST_SERIES
    note = ""
    if left_out > 0:
        told = _(
            "Only the first {drawn} are drawn; {left_out} more are in the table.",
            drawn=MOST_SERIES,
            left_out=left_out,
        )
        note = f"<p>{_said(told)}</p>"
    content = json.dumps(_numbers(chart, columns), ensure_ascii=True, separators=(",", ":")).replace(
        "<", "\\u003c"
    )
    return (
        f'<figure>\n<figcaption>{_said(chart.title)}</figcaption>\n<div class="legend">{legend}</div>{note}\n'
        f'<div class="drawing">{draw(chart, WIDE, columns)}\n{draw(chart, NARROW, columns)}'
        f'<div class="tip" hidden></div></div>\n<script type="application/json">{content}</script>\n</figure>'
    )


def _numbers(chart: Chart, columns: int) -> dict[str, object]:
    """Give what the script needs: names, colours, and the points that are drawn."""
    drawn = []
    for number, series in enumerate(chart.series[:MOST_SERIES]):
        points = [(place(x), known(y)) for x, y in series.points]
        kept = thinned(points, columns)
        one: dict[str, object] = {
            "name": clean(series.name, _LONGEST_CELL),
            "colour": colour(series, number),
            "x": [_short(points[at][0]) for at in kept],
            "y": [_short(points[at][1]) for at in kept],
        }
        if series.notes:
            one["notes"] = [clean(series.notes[at], _LONGEST_NOTE) for at in kept]
        drawn.append(one)
    words = {"nothing": _("no value"), "more": _("and {count} more")}
    return {
        "time": chart.is_of_time,
        "x": clean(chart.x_label, _LONGEST_CELL),
        "words": words,
        "series": drawn,
    }


def _short(value: float | None) -> float | int | None:
    """Round to what a tooltip can show."""
    if value is None:
        return None
    rounded = float(f"{value:.7g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < LARGEST else rounded


def _table(columns: Sequence[Column], rows: Sequence[tuple[Cell, ...]], room: int) -> Iterator[str]:
    """Write as many rows as there is room for, and say how many there are."""
    if not columns:
        return
    head = "".join(f'<th scope="col"{_kind(column)}>{_said(_(column.label))}</th>' for column in columns)
    written: list[str] = []
    room -= len(head.encode()) + 400
    for row in rows:
        cells = zip(row, columns, strict=True)
        line = f"<tr>{''.join(f'<td{_kind(column)}>{_cell(cell)}</td>' for cell, column in cells)}</tr>"
        room -= len(line.encode()) + 1
        if room < 0:
            break
        written.append(line)
    count = ngettext("{count} row.", "{count} rows.", len(rows))
    if len(written) < len(rows):
        count = _(
            "The first {written} of {count} rows; all of them are in the table that was written.",
            written=len(written),
            count=len(rows),
        )
    yield (
        f'<div class="table"><table>\n<caption>{_said(count)}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>'
    )
    yield from written
    yield "</tbody>\n</table></div>"


def _kind(column: Column) -> str:
    name = {"whole": "number", "number": "number", "day": "day"}.get(column.kind)
    return f' class="{name}"' if name else ""


def _cell(cell: Cell) -> str:
    if cell is None or (isinstance(cell, float) and known(cell) is None):
        return "\N{EN DASH}"
    if isinstance(cell, bool):
        return escape(_("yes") if cell else _("no"))
    return _number(cell) if isinstance(cell, float) else escape(clean(str(cell), _LONGEST_CELL))


def _number(value: float) -> str:
    """Write four decimals, or of what is very small or large as many digits; the table that is written has all."""
    if value and not _SMALLEST <= abs(value) < _LARGEST_PLAIN:
        return f"{value:.4g}"
    return f"{value:.4f}".rstrip("0").rstrip(".")


def _recipe(recipe: str) -> Iterator[str]:
    yield f"<details>\n<summary>{_said(_('Recipe, from which this can be made again'))}</summary>"
    if len(recipe) <= _LONGEST_RECIPE:
        yield f"<pre>{_said(recipe, _LONGEST_RECIPE)}</pre>"
    else:
        told = _(
            "The recipe has {count:,} characters, most of them of the area's outline. It is the output RECIPE of the "
            "run.",
            count=len(recipe),
        )
        yield f"<p>{_said(told)}</p>"
    yield "</details>"


def _said(text: str, longest: int = 2000) -> str:
    return escape(clean(text, longest))


@cache
def _resource(name: str) -> str:
    return (ROOT / "resources" / "report" / name).read_text(encoding="utf-8")


def _hash(content: str) -> str:
    """Name a style or a script in the page's policy: only what has this hash is run."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
