"""A chart -> SVG, drawn twice by the page: wide for a screen and for paper, narrow for a phone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from unicodedata import east_asian_width

from ..text import clean
from .axis import Axis, day_ticks, number_ticks, widened
from .chart import Chart, Mark, Series, known, place
from .thinning import Place, thinned

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c510a", "#666666")
"""Okabe and Ito 2008, told apart by colour-blind people too; their yellow is too light for thin lines."""

DASHES = ("", "7 3", "2 3", "9 3 2 3")
"""So that lines differ without colour, too."""

MOST_SERIES = 40
"""Series that one chart draws; nobody tells more apart."""

_SHAPES = ("M-3,0a3,3 0 1,0 6,0a3,3 0 1,0 -6,0", "M-3,-3h6v6h-6z", "M0,-4l4,7h-8z", "M0,-4l4,4l-4,4l-4,-4z")
"""Circle, square, triangle, diamond, around 0."""

_APART = 6
"""Pixels that a dot needs."""

_LETTER = 0.58
"""Width of a letter, in sizes of the letters."""

_LONGEST_LABEL = 120
"""Letters of a label; an axis may have room for fewer."""


@dataclass(frozen=True)
class Sheet:
    """What is drawn on, in units of the drawing, which are pixels where it is shown in its own size.

    Attributes:
        name: Class in the page's style, by which it is shown or not.
        width: Of the whole drawing.
        height: Of the whole drawing.
        letters: Size of the letters.
    """

    name: str
    width: int
    height: int
    letters: int


WIDE = Sheet("wide", 760, 380, 13)
NARROW = Sheet("narrow", 360, 330, 13)


def draw(chart: Chart, sheet: Sheet, columns: int = WIDE.width) -> str:
    """Draw a chart as one SVG element; text from outside is escaped.

    The element says where its axes lie (`data-axes`: left, top, right, bottom, lowest and highest x, y), for the
    page's script.

    Args:
        chart: What is drawn.
        sheet: On what.
        columns: Columns of pixels that long lines are thinned for.
    """
    x, y = _axes(chart, sheet)
    parts = [*_frame(chart, x, y, sheet)]
    parts += [_mark_line(mark, x, y) for mark in chart.marks]
    for number, series in enumerate(chart.series[:MOST_SERIES]):
        points = [(place(at), known(value)) for at, value in series.points]
        kept = [points[one] for one in thinned(points, min(columns, sheet.width))]
        parts.append(f'<g data-series="{number}">{_series(series, kept, paint(series, number), x, y)}</g>')
    # Names of marks lie on the lines, with an edge of the paper's colour.
    parts += [_mark_label(mark, x, y, sheet) for mark in chart.marks]
    axes = (x.begin, y.end, x.end, y.begin, x.low, x.high, y.low, y.high)
    title = escape(clean(chart.title))
    return (
        f'<svg class="{sheet.name}" viewBox="0 0 {sheet.width} {sheet.height}" font-size="{sheet.letters}" '
        f'role="img" aria-label="{title}" tabindex="0" data-axes="{" ".join(f"{one:g}" for one in axes[:4])} '
        f'{" ".join(repr(one) for one in axes[4:])}">{"".join(parts)}<g class="cursor"></g></svg>'
    )


def paint(series: Series, number: int) -> int:
    """Give the number of a series' colour: its place in the chart, unless it belongs to another's."""
    return number if series.paint is None else series.paint


def colour(series: Series, number: int) -> str:
    """Give the colour of a series."""
    return COLOURS[paint(series, number) % len(COLOURS)]


def swatch(series: Series, number: int) -> str:
    """Draw the sample of a series for the legend."""
    ends = (3, 21) if series.kind == "looks" else (0, 24)  # a dot needs room
    sample: Sequence[Place] = [(12, 6)] if series.kind == "points" else [(at, 6) for at in ends]
    line = _series(series, sample, paint(series, number), Axis(0, 24, 0, 24), Axis(0, 12, 0, 12))
    return f'<svg class="swatch" viewBox="0 0 24 12" width="24" height="12" aria-hidden="true">{line}</svg>'


def _axes(chart: Chart, sheet: Sheet) -> tuple[Axis, Axis]:
    xs = [place(x) for series in chart.series for x, _ in series.points] or [0.0]
    xs += [place(mark.at) for mark in chart.marks if mark.axis == "x"]
    values = [value for series in chart.series for _, y in series.points if (value := known(y)) is not None]
    values += [place(mark.at) for mark in chart.marks if mark.axis == "y"]
    values += chart.y_range or ()
    low_x, high_x = min(xs), max(xs)
    if low_x == high_x:
        low_x, high_x = low_x - 1, high_x + 1
    rows = _rows(sheet)
    low_y, high_y = widened(min(values, default=0.0), max(values, default=1.0), rows)
    longest = max(_breadth(label) for _, label in number_ticks(low_y, high_y, rows))
    left = 12 + 1.6 * sheet.letters + longest * sheet.letters
    return (
        Axis(low_x, high_x, round(left, 1), sheet.width - 16.0),
        Axis(low_y, high_y, sheet.height - 3.6 * sheet.letters, 10.0),
    )


def _rows(sheet: Sheet) -> int:
    return sheet.height // 60


def _frame(chart: Chart, x: Axis, y: Axis, sheet: Sheet) -> Iterator[str]:
    """Draw grid, ticks and labels of the axes."""
    for value, label in number_ticks(y.low, y.high, _rows(sheet)):
        at = y.at(value)
        yield f'<path class="grid" d="M{x.begin:.1f},{at:.1f}H{x.end:.1f}"/>'
        yield _text(x.begin - 6, at + 0.35 * sheet.letters, label, "end")
    most = int((x.end - x.begin) // (6 * sheet.letters))
    for value, label in (day_ticks if chart.is_of_time else number_ticks)(x.low, x.high, most):
        at = x.at(value)
        yield f'<path class="grid" d="M{at:.1f},{y.begin:.1f}v5"/>'
        yield _text(at, y.begin + 1.5 * sheet.letters, label, _anchor(at, label, sheet))
    yield f'<path class="axis" d="M{x.begin:.1f},{y.end:.1f}V{y.begin:.1f}H{x.end:.1f}"/>'
    along, up = (chart.x_label, x.end - x.begin), (chart.y_label, sheet.height)
    yield _text((x.begin + x.end) / 2, y.begin + 3.1 * sheet.letters, _fitted(*along, sheet), "middle")
    middle = sheet.height / 2
    turn = f' transform="rotate(-90 {sheet.letters:.1f} {middle:.1f})"'
    yield _text(sheet.letters, middle, _fitted(*up, sheet), "middle", turn)


def _anchor(at: float, label: str, sheet: Sheet) -> str:
    """Keep a label that is centred elsewhere within the drawing."""
    return "end" if at + _breadth(label) * sheet.letters / 2 > sheet.width else "middle"


def _mark_line(mark: Mark, x: Axis, y: Axis) -> str:
    if mark.axis == "y":
        return f'<path class="mark" d="M{x.begin:.1f},{y.at(place(mark.at)):.1f}H{x.end:.1f}"/>'
    return f'<path class="mark" d="M{x.at(place(mark.at)):.1f},{y.end:.1f}V{y.begin:.1f}"/>'


def _mark_label(mark: Mark, x: Axis, y: Axis, sheet: Sheet) -> str:
    """Name a mark: a level one below its line, an upright one beside its foot."""
    if mark.axis == "y":
        return _text(x.begin + 4, y.at(place(mark.at)) + 1.1 * sheet.letters, mark.label, "start")
    at = x.at(place(mark.at))
    fits_right = at + 4 + _breadth(mark.label) * sheet.letters < x.end
    return _text(at + (4 if fits_right else -4), y.begin - 6, mark.label, "start" if fits_right else "end")


def _series(series: Series, points: Sequence[Place], number: int, x: Axis, y: Axis) -> str:
    ink = COLOURS[number % len(COLOURS)]
    if series.kind == "points":
        shape = _SHAPES[number % len(_SHAPES)]
        return "".join(f'<path fill="{ink}" transform="translate({x.at(at):.1f} {y.at(value):.1f})" d="{shape}"/>'
                       for at, value in points if value is not None)  # fmt: skip
    dash = DASHES[number % len(DASHES)]
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    path = "".join(_steps(points, x, y, is_step=series.kind == "step"))
    drawn = f'<path fill="none" stroke="{ink}" stroke-width="2"{dashed} d="{path}"/>'
    if series.kind == "looks" and len(points) * _APART <= x.end - x.begin:
        drawn += f'<path fill="{ink}" d="{"".join(_dots(points, x, y))}"/>'
    return drawn


def _dots(points: Sequence[Place], x: Axis, y: Axis) -> Iterator[str]:
    """Give the commands of a path of dots."""
    for at, value in points:
        if value is not None:
            yield f"M{x.at(at) - 3:.1f},{y.at(value):.1f}a3,3 0 1,0 6,0a3,3 0 1,0 -6,0"


def _steps(points: Sequence[Place], x: Axis, y: Axis, *, is_step: bool) -> Iterator[str]:
    """Give the commands of a path; a point with no neighbour becomes a dot, for it would not be seen as a line."""
    is_open = False
    for number, (at, value) in enumerate(points):
        if value is None:
            is_open = False
            continue
        across, up = f"{x.at(at):.1f}", f"{y.at(value):.1f}"
        if is_open:
            yield f"H{across}V{up}" if is_step else f"L{across},{up}"
            continue
        yield f"M{across},{up}"
        is_open = True
        if number + 1 == len(points) or points[number + 1][1] is None:
            yield "m-2,0a2,2 0 1,0 4,0a2,2 0 1,0 -4,0m2,0"


def _fitted(label: str, room: float, sheet: Sheet) -> str:
    label = clean(label, _LONGEST_LABEL)
    fits = [end for end in range(len(label) + 1) if _breadth(label[:end]) * sheet.letters <= room]
    return clean(label, max(fits[-1], 1))


def _breadth(text: str) -> float:
    """Give the width of a text, in sizes of its letters: Chinese and Japanese ones are as wide as high."""
    return sum(1 if east_asian_width(letter) in "WF" else _LETTER for letter in text)


def _text(x: float, y: float, text: str, anchor: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(clean(text, _LONGEST_LABEL))}</text>'
