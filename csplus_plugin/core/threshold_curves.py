"""What the shares by threshold say: in words, and as charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .catalog import SCORE_BANDS
from .language import _, marked
from .reports.chart import Chart, Mark, Series
from .table import Table

COVERED = 0.95
"""Share of the region that the named threshold still keeps."""

REASONS = (
    marked(
        "Go lower on tidal flats, bright sand, snow and flooded fields, clear yet of low scores: to 0.40 or 0.50."
    ),
    marked(
        "Go higher where haze or the edges of clouds are left; where only the cleanest pixels will do, take cs for "
        "cs_cdf."
    ),
)

_NAMED = 24
"""Periods whose threshold is named in words; of more, the table and the chart tell."""


@dataclass(frozen=True)
class Curves:
    """The shares of one period, by threshold.

    Attributes:
        period: Its label.
        thresholds: In rising order.
        kept: Score band -> share of the region with a clear look, or None where no pixel was counted.
        enough: Score band -> share with enough clear days, likewise.
    """

    period: str
    thresholds: tuple[float, ...]
    kept: dict[str, tuple[float | None, ...]]
    enough: dict[str, tuple[float | None, ...]]


def curves(table: Table) -> list[Curves]:
    """Take a table of thresholds apart into its periods.

    Args:
        table: With the cells period, first and last day, threshold, and the shares `kept` and `enough` of each score.
    """
    by_period: dict[str, list[tuple]] = {}
    for row in table.rows:
        by_period.setdefault(str(row[0]), []).append(row[3:])
    found = []
    for period, rows in by_period.items():
        thresholds, *shares = zip(*rows, strict=True)
        bands, half = list(SCORE_BANDS), len(SCORE_BANDS)
        kept, enough = (
            dict(zip(bands, shares[:half], strict=True)),
            dict(zip(bands, shares[half:], strict=True)),
        )
        found.append(Curves(period, thresholds, kept, enough))
    return found


def highest(thresholds: Sequence[float], shares: Sequence[float | None]) -> tuple[float, float] | None:
    """Find the highest threshold that covers the region, and its share; None where none does."""
    pairs = [(t, share) for t, share in zip(thresholds, shares, strict=True) if share is not None]
    return max((pair for pair in pairs if pair[1] >= COVERED), default=None)


def highest_of_all(table: Table, band: str) -> float | None:
    """Find the highest threshold that covers the region in every period; None where one of them has none."""
    found = [highest(one.thresholds, one.kept[band]) for one in curves(table)]
    known = [pair[0] for pair in found if pair is not None]
    return min(known) if known and len(known) == len(found) else None


def sentences(table: Table, days: int, band: str, threshold: float) -> list[str]:
    """Name the highest thresholds that cover the region, what the one that is set keeps, and why to leave them.

    Args:
        table: As for `curves`.
        days: How many clear days are enough.
        band: The score that is set.
        threshold: The threshold that is set.
    """
    every = curves(table)
    if len(every) > 1:
        return [*_by_period(every, days), *map(_, REASONS)]
    (one,) = every
    lines = [line for name in SCORE_BANDS for line in _told(one, name, days)]
    if (share := one.kept[band][one.thresholds.index(threshold)]) is not None:
        lines.append(
            _(
                "The threshold that is set, {threshold:g} of {band}, keeps {share} of the area.",
                threshold=threshold,
                band=band,
                share=_percent(share),
            )
        )
    return [*lines, *map(_, REASONS)]


def charts(table: Table, days: int, threshold: float) -> tuple[Chart, ...]:
    """Draw both scores in one chart, or with several periods each score in its own."""
    every = curves(table)
    marks = (
        Mark("y", 100 * COVERED, _("{share:g} percent of the area", share=100 * COVERED)),
        Mark("x", threshold, _("THRESHOLD {threshold:g}", threshold=threshold)),
    )

    def draw(title: str, series: list[Series]) -> Chart:
        return Chart(title, _("Threshold"), _("Share of the area (percent)"), tuple(series), marks, (0, 100))

    kinds = [("", lambda one: one.kept)]
    if days > 1:
        kinds.append((_(", at least {days} clear days", days=days), lambda one: one.enough))
    if len(every) == 1:
        (one,) = every
        lines = [_line(f"{band}{what}", one, of(one)[band]) for what, of in kinds for band in SCORE_BANDS]
        return (draw(_("Share of the area kept, by threshold"), lines),)
    return tuple(
        draw(_("Share of the area kept with {band}, by threshold{what}", band=band, what=what),
             [_line(one.period, one, of(one)[band]) for one in every])
        for what, of in kinds for band in SCORE_BANDS
    )  # fmt: skip


def _by_period(every: Sequence[Curves], days: int) -> list[str]:
    """Name the thresholds of each period on a line of its own."""
    lines = [
        _(
            "The highest threshold that still keeps {share:g} percent of the area, by period:",
            share=100 * COVERED,
        )
    ]
    for one in every[:_NAMED]:
        names = [f"{band} {_short(highest(one.thresholds, one.kept[band]))}" for band in SCORE_BANDS]
        more = [f"{band} {_short(highest(one.thresholds, one.enough[band]))}" for band in SCORE_BANDS]
        lines.append(
            _(
                "{period}: {names}; with at least {days} clear days there: {more}.",
                period=one.period,
                names=", ".join(names),
                days=days,
                more=", ".join(more),
            )
            if days > 1
            else f"{one.period}: {', '.join(names)}."
        )
    if len(every) > _NAMED:
        lines.append(_("{count} more periods are in the table.", count=len(every) - _NAMED))
    return lines


def _short(best: tuple[float, float] | None) -> str:
    return _("none") if best is None else f"{best[0]:g}"


def _told(one: Curves, band: str, days: int) -> list[str]:
    shares = one.kept[band]
    if shares[0] is None:
        return [_("{band}: the area is too small for any pixel to count.", band=band)]
    best = highest(one.thresholds, shares)
    covered = _("{share:g} percent of the area", share=100 * COVERED)
    if best is None:
        seen = _(
            "{band}: no threshold keeps {covered}, of which only {share} has a score at all. Choose a longer window.",
            band=band,
            covered=covered,
            share=_percent(shares[0]),
        )
        return [seen]
    lines = [
        _(
            "{band}: {best:g} is the highest threshold that still keeps {covered} (it keeps {share}).",
            band=band,
            best=best[0],
            covered=covered,
            share=_percent(best[1]),
        )
    ]
    if days > 1:
        best = highest(one.thresholds, one.enough[band])
        most = _percent(one.enough[band][0] or 0)
        lines.append(
            _(
                "{band}: for at least {days} clear days on {covered} it is {best:g} ({share}).",
                band=band,
                days=days,
                covered=covered,
                best=best[0],
                share=_percent(best[1]),
            )
            if best is not None
            else _(
                "{band}: no threshold gives {covered} {days} clear days; {most} has so many with a score.",
                band=band,
                covered=covered,
                days=days,
                most=most,
            )
        )
    return lines


def _line(name: str, one: Curves, shares: Sequence[float | None]) -> Series:
    percents = [None if share is None else 100 * share for share in shares]
    return Series(name, tuple(zip(one.thresholds, percents, strict=True)))


def _percent(share: float) -> str:
    return _("{share:.1f} percent", share=100 * share)
