"""The scenes themselves: where each lies, when it was taken, and how clear it is within the region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from .. import sampling
from ..catalog import ANY_BAND, SCORE_BANDS
from ..checks import between, check_types
from ..choices import Output, Scenes
from ..errors import InvalidChoice, Unreachable
from ..language import _, ngettext
from ..region import Region
from ..scenes import clear_share, found, geometry, linked, trimmed
from ..survey import Survey
from ..table import Cell, Column, Table
from ..text import clean
from .target import TableTarget

if TYPE_CHECKING:
    import ee

PAGE = 5000
"""Scenes of one answer, which is as many elements as the service gives."""

_SAMPLES = 128
_CLEAR, _COVERAGE = "clear_fraction", "coverage"
_MODEL, _NO_CONTEXT = "MODEL_VERSION", "NO_CONTEXT_FRACTION"
_NOTED = {
    # Not under its own name, which a feature shows as its id and not among its properties.
    "index": "system:index",
    "time": "system:time_start",
    "tile": "MGRS_TILE",
    "orbit": "SENSING_ORBIT_NUMBER",
    "scene_cloud": "CLOUDY_PIXEL_PERCENTAGE",
    "model_version": _MODEL,
    "no_context_fraction": _NO_CONTEXT,
}
"""Name in the answer -> property of the scene."""

_LONGEST_NAME = 100
_MOST_MILLISECONDS = 253_402_300_799_000
"""To the last second of the year 9999."""

_SHARE = (0.0, 1.0 + 1e-6)
"""Of an area; a sum of many weights may end a little above 1."""


@dataclass(frozen=True)
class SceneList(TableTarget):
    """A row for each scene, clear or not, scored or not.

    Attributes:
        min_clear: Leave out scenes of which less than this share is clear, 0 to 1, and above 0 those that nobody has
            graded.
    """

    ALGORITHM = "findscenes"

    min_clear: float = 0

    def __post_init__(self) -> None:
        """Check each choice."""
        check_types(self)
        between("least clear share", self.min_clear, 0, 1)

    def check(self, scenes: Scenes, output: Output) -> None:
        """Refuse to grade scenes that have no score."""
        del output
        if scenes.unscored_policy in ("keep", "scl"):
            raise InvalidChoice(
                _(
                    "Scenes without a score cannot be graded; they are listed with the field scored = false anyway."
                ),
                _("Choose the policy drop or fail for unscored scenes."),
            )

    def sentence(self, scenes: Scenes) -> str:
        """Say what is clear."""
        return _(
            "Scenes, and the share of the area in each that is clear ({qa_band} >= {threshold:g})",
            qa_band=scenes.qa_band,
            threshold=scenes.threshold,
        )

    def columns(self, scenes: Scenes) -> tuple[Column, ...]:
        """List the columns."""
        return (
            Column("id", "text", _("Scene (system:index)")),
            Column("date", "day", _("Day (UTC)")),
            Column("tile", "text", _("MGRS tile")),
            Column("orbit", "whole", _("Relative orbit")),
            Column("scene_cloud", "number", _("Cloud in the whole scene (percent)")),
            Column(
                _CLEAR,
                "number",
                _(
                    "Clear in the area, 0 to 1 ({qa_band} >= {threshold:g})",
                    qa_band=scenes.qa_band,
                    threshold=scenes.threshold,
                ),
            ),
            *(
                Column(f"mean_{band}", "number", _("Mean of {band} in the area, 0 to 1", band=band))
                for band in SCORE_BANDS
            ),
            Column(_COVERAGE, "number", _("Share of the area that the scene shows, 0 to 1")),
            Column("scored", "flag", _("Has a score in the area")),
            Column("model_version", "text", _("Version of the score's model")),
            Column(
                "no_context_fraction", "number", _("Share of the scene scored without its history, 0 to 1")
            ),
        )

    def question(self, scenes: Scenes) -> ee.List:
        """Build the expression of a feature for each scene, at most `PAGE` of them."""
        from ..library import ee

        step, shape = sampling.spacing(scenes.region, _SAMPLES), geometry(scenes.region)
        bands = list(SCORE_BANDS)

        def look(image: ee.Image) -> ee.Feature:
            shown = trimmed(image.select([ANY_BAND], [_COVERAGE]).mask(), image, scenes).unmask(0, False)
            is_clear = clear_share(image, scenes).rename([_CLEAR])
            graded = shown.addBands(is_clear).addBands(trimmed(image.select(bands), image, scenes))
            # The mean weighs pixels at the edge by the share of them that is inside.
            shares = graded.reduceRegion(ee.Reducer.mean(), shape, step)
            noted = {name: image.get(key) for name, key in _NOTED.items()}
            return ee.Feature(image.geometry(), shares).set(noted)

        scored = linked(found(scenes), *bands, properties=(_MODEL, _NO_CONTEXT))
        return ee.FeatureCollection(scored.map(look)).toList(PAGE)

    def table(self, scenes: Scenes, survey: Survey, answer: Any) -> Table:
        """Read the features, in order of time; those that are not clear enough are left out.

        Raises:
            Unreachable: They are no answer to the question.
        """
        if not isinstance(answer, list) or not all(isinstance(one, dict) for one in answer):
            raise _damaged()
        scored = {one.index for one in survey.scenes if one.is_scored}
        by_id = {}
        for feature in answer:
            row = _row(feature, scored, [column.name for column in self.columns(scenes)])
            by_id[row["id"]] = (row, _shape(feature.get("geometry")))
        order = [one.index for one in survey.scenes if one.index in by_id]
        least = min(self.min_clear, sampling.ALL)
        kept = [by_id[index] for index in order if _number_in(by_id[index][0], _CLEAR) >= least]
        return Table(
            tuple(tuple(row.values()) for row, _ in kept), tuple(shape for _, shape in kept), has_shapes=True
        )

    def notes(self, scenes: Scenes) -> tuple[str, ...]:
        """Say how far apart points lie."""
        return (sampling.sentence(scenes.region, _SAMPLES),)

    def findings(self, scenes: Scenes, table: Table) -> tuple[str, ...]:
        """Say how many are clear enough, and which is the clearest."""
        names = [column.name for column in self.columns(scenes)]
        rows = [dict(zip(names, row, strict=True)) for row in table.rows]
        lines = [
            ngettext(
                "{count} scene listed, at least {least:g} percent clear in the area.",
                "{count} scenes listed, at least {least:g} percent clear in the area.",
                len(rows),
                least=100 * self.min_clear,
            )
            if self.min_clear
            else ngettext("{count} scene listed.", "{count} scenes listed.", len(rows))
        ]
        if graded := [row for row in rows if row[_CLEAR] is not None]:
            best = max(graded, key=lambda row: (_number_in(row, _CLEAR), _number_in(row, _COVERAGE)))
            clear, shown = (100 * _number_in(best, name) for name in (_CLEAR, _COVERAGE))
            lines.append(
                _(
                    "The clearest is {scene}: {clear:.1f} percent of what it shows, {shown:.0f} of the area.",
                    scene=best["id"],
                    clear=clear,
                    shown=shown,
                )
            )
        return tuple(lines)


def ids_of(answer: Any) -> set[str]:
    """Name the scenes of an answer; what is no answer has none."""
    features = answer if isinstance(answer, list) else []
    found_properties = (one.get("properties") for one in features if isinstance(one, dict))
    return {
        clean(index, _LONGEST_NAME)
        for one in found_properties
        if isinstance(one, dict) and isinstance(index := one.get("index"), str)
    }


def graded(survey: Survey, answer: Any) -> Survey:
    """Count scenes that show nothing of the area as scenes without a score, as their rows do.

    A scene may touch the area with its footprint, and have no pixel in it.
    """
    features = [one.get("properties") for one in answer if isinstance(one, dict)]
    without = {
        clean(index, _LONGEST_NAME)
        for one in features
        if isinstance(one, dict) and one.get(_CLEAR) is None and isinstance(index := one.get("index"), str)
    }
    return replace(
        survey,
        scenes=tuple(
            replace(one, is_scored=False, is_used=False) if one.is_scored and one.index in without else one
            for one in survey.scenes
        ),
    )


def _number_in(row: Mapping[str, Cell], name: str) -> float:
    """Give a number of a row; 0 where nobody knows it."""
    value = row[name]
    return value if isinstance(value, float) else 0.0


def _row(feature: Mapping[str, Any], scored: set[str], names: list[str]) -> dict[str, Cell]:
    values = feature.get("properties")
    if not isinstance(values, dict):
        raise _damaged()
    index = _text(values, "index")
    time = _number(values, "time", 0, _MOST_MILLISECONDS)
    if index is None or time is None:
        raise _damaged()
    is_known = index in scored and values.get(_CLEAR) is not None
    orbit = _noted(values, "orbit", 1e6)
    cells: tuple[Cell, ...] = (
        index,
        datetime.fromtimestamp(time / 1000, timezone.utc).date().isoformat(),
        _text(values, "tile"),
        None if orbit is None else int(orbit),
        _noted(values, "scene_cloud", 100),
        _number(values, _CLEAR, *_SHARE) if is_known else None,
        *(_number(values, band, *_SHARE) if is_known else None for band in SCORE_BANDS),
        _number(values, _COVERAGE, *_SHARE),
        is_known,
        _text(values, "model_version"),
        _noted(values, "no_context_fraction", 1),
    )
    return dict(zip(names, cells, strict=True))


def _number(values: Mapping[str, Any], key: str, lowest: float, highest: float) -> float | None:
    """Read a number that the service computes; one that cannot be is no answer."""
    value = values.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not lowest <= value <= highest:
        raise _damaged()
    return float(value)


def _noted(values: Mapping[str, Any], key: str, highest: float) -> float | None:
    """Read a number that the archive holds, which may be anybody's; None where it is none."""
    value = values.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if 0 <= value <= highest else None


def _text(values: Mapping[str, Any], key: str) -> str | None:
    value = values.get(key)
    return clean(value, _LONGEST_NAME) if isinstance(value, str) and value else None


def _shape(footprint: Any) -> Mapping[str, Any] | None:
    """Read a footprint; None where there is none that can be drawn."""
    try:
        return Region.from_geojson(footprint).geojson()
    except (InvalidChoice, TypeError, ValueError, LookupError, AttributeError):
        return None


def _damaged() -> Unreachable:
    return Unreachable(
        _("The answer to the question for scenes is damaged."), _("Run again in a few minutes.")
    )
