"""The table of a periodic run: a row for each period, with or without a composite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core.language import marked
from ..core.periods import Period
from ..core.survey import Survey
from ..core.table import Column, Table
from .deliver import Delivered
from .periods import Part

COLUMNS = (
    Column("period", "text", "Period"),
    Column("start", "day", marked("First day in the window")),
    Column("end", "day", marked("Last day in the window (included)")),
    Column("whole", "flag", marked("The window holds the whole period")),
    Column("scenes", "whole", marked("Scenes found")),
    Column("scored", "whole", marked("Scenes with a score")),
    Column("unscored", "whole", marked("Scenes without a score")),
    Column("days", "whole", marked("Distinct days")),
    Column("first_date", "day", marked("Day of the first scene")),
    Column("last_date", "day", marked("Day of the last scene")),
    Column("clear_percent", "number", marked("Share of the area that has a value in the file (percent)")),
    Column("file", "text", "GeoTIFF"),
)


def table(parts: Sequence[Part], delivered: Sequence[Delivered]) -> Table:
    """Tell of each period what was found, and what was made of it."""
    by_start = {one.piece.recipe.scenes.start: one for one in delivered}
    return Table(tuple(_row(part.period, part.survey, by_start.get(part.period.start)) for part in parts))


def _row(period: Period, survey: Survey, delivered: Delivered | None) -> tuple[Any, ...]:
    days = survey.days
    return (
        period.name,
        period.start.isoformat(),
        period.end.isoformat(),
        period.is_whole,
        survey.scene_count,
        survey.scored_count,
        len(survey.unscored_ids),
        len(days),
        days[0].isoformat() if days else None,
        days[-1].isoformat() if days else None,
        delivered.clear_percent if delivered else None,
        str(delivered.piece.file) if delivered and delivered.piece.file else None,
    )
