"""Every look at one pixel: its scores and values, which of them the composite took, and why not the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Any

from .. import methods
from ..catalog import ANY_BAND, METHODS, REFLECTANCE_SCALE, SCORE_BANDS
from ..checks import between, check_types
from ..choices import Output, Scenes
from ..errors import InvalidChoice, Unreachable
from ..language import _
from ..naming import named
from ..places import PIXEL, Place, place, region_of
from ..scenes import clear_scenes, found, linked
from ..table import Cell, Column, Table
from ..text import clean
from .composite import Composite
from .target import TableTarget

if TYPE_CHECKING:
    import ee

    from ..survey import Survey

_MOST = 5000
"""Looks; the service gives no longer list."""

_LAST_MOMENT = 253_402_300_799_000
_LONGEST_ID = 100
_SAME = 1e-6
_LARGEST = 1e30


@dataclass(frozen=True)
class PointLooks(TableTarget):
    """One row a scene over a point, in order of time.

    Attributes:
        longitude: Degrees.
        latitude: Degrees.
        composite: Whose pixel it is.
    """

    ALGORITHM = "pointlooks"

    longitude: float
    latitude: float
    composite: Composite

    def __post_init__(self) -> None:
        """Check each choice."""
        check_types(self)
        between("longitude", self.longitude, -180, 360)
        between("latitude", self.latitude, -90, 90)

    def check(self, scenes: Scenes, output: Output) -> None:
        """Refuse what the composite refuses."""
        self.composite.check(scenes, output)

    def sentence(self, scenes: Scenes) -> str:
        """Say whose looks they are."""
        return _(
            "Looks at {longitude:.5f}, {latitude:.5f} for: {sentence}",
            longitude=self.longitude,
            latitude=self.latitude,
            sentence=self.composite.sentence(scenes),
        )

    @property
    def bands(self) -> tuple[str, ...]:
        """Spectral bands of the rows."""
        return self.composite.bands or (ANY_BAND,)

    def columns(self, scenes: Scenes) -> tuple[Column, ...]:  # noqa: ARG002
        """List the columns, in order."""
        return (
            Column("id", "text", _("Scene")),
            Column("day", "day", _("Day (UTC)")),
            *(Column(name, "number", _("Score {name} (0 to 1)", name=name)) for name in SCORE_BANDS),
            *(Column(band, "number", _("{band} reflectance (0 to 1)", band=band)) for band in self.bands),
            Column("clear", "flag", _("Clear, with every mask of the composite")),
            Column("taken", "flag", _("In the composite")),
            Column("why", "text", _("Why it is, or is not, in the composite")),
        )

    def question(self, scenes: Scenes) -> ee.Dictionary:
        """Build the expression of every look at the pixel, of the clear ones, and of the composite's own pixel."""
        from ..library import ee

        pixel = self._pixel()
        near = replace(scenes, region=region_of([pixel]))
        shape = ee.Geometry(dict(pixel.shape), pixel.crs, False)

        def at(image: ee.Image) -> ee.Dictionary:
            return image.reduceRegion(
                ee.Reducer.first(), shape, crs=pixel.crs, crsTransform=[PIXEL, 0, 0, 0, -PIXEL, 0]
            )

        def listed(images: ee.ImageCollection, names: Sequence[str]) -> ee.List:
            """List id, time and values of every image."""

            def look(image: ee.Image) -> ee.Feature:
                values = at(image.select(list(names)))
                return ee.Feature(None, values).set(
                    {"id": image.get("system:index"), "time": image.get("system:time_start")}
                )

            def read(feature: ee.ComputedObject) -> ee.List:
                return ee.List([ee.Feature(feature).get(name) for name in ("id", "time", *names)])

            return ee.FeatureCollection(images.map(look)).toList(_MOST).map(read)

        every = found(near)
        for name in SCORE_BANDS:
            every = linked(every, name)
        clear = clear_scenes(near, self.bands, whole=self.composite.method in methods.WHOLE)
        wanted = [*self.bands, *(("date",) if self._is_single else ())]
        composite = replace(self.composite, date_band=self._is_single).image(near, wanted)
        return ee.Dictionary(
            {
                "looks": listed(every, [*SCORE_BANDS, *self.bands]),
                "clear": listed(clear, self.bands[:1]),
                "composite": [
                    at(named(composite.select(wanted), "pixel_taken")).get(name) for name in wanted
                ],
            }
        )

    def table(self, scenes: Scenes, survey: Survey, answer: Any) -> Table:  # noqa: ARG002
        """Read the service's answer.

        Raises:
            Unreachable: It is no answer to the question.
        """
        looks = _read(answer, "looks", len(SCORE_BANDS) + len(self.bands))
        # Where the policy keeps scenes without a score, two collections are merged, which puts a number before ids.
        clear_ids = {
            index[2:] if index[:2] in ("1_", "2_") else index
            for index, _, values in _read(answer, "clear", 1)
            if values[0] is not None
        }
        pixel = answer.get("composite")
        if not (
            isinstance(pixel, list)
            and len(pixel) == len(self.bands) + self._is_single
            and all(map(_is_number, pixel))
        ):
            raise _damaged()
        has_pixel = any(value is not None for value in pixel)
        rows: list[tuple[Cell, ...]] = []
        has_taken = False
        for index, time, values in sorted(looks, key=lambda one: (one[1], one[0])):
            day = datetime.fromtimestamp(time / 1000, timezone.utc).date()
            scores, bands = values[: len(SCORE_BANDS)], values[len(SCORE_BANDS) :]
            is_clear = index in clear_ids
            is_taken = is_clear and has_pixel
            if self._is_single:
                is_taken = is_taken and not has_taken and self._is_pixel(pixel, day, bands)
            has_taken = has_taken or is_taken
            if is_taken:
                why = (
                    _("taken by {method}", method=self.composite.method)
                    if self._is_single
                    else self._one_of_many
                )
            elif is_clear:
                why = _("clear, but {reason}", reason=self._other if has_pixel else self._too_few)
            else:
                why = _why_not(scenes, dict(zip(SCORE_BANDS, scores, strict=True))[scenes.qa_band], bands)
            reflectance = [None if value is None else value * REFLECTANCE_SCALE for value in bands]
            rows.append((index, day.isoformat(), *scores, *reflectance, is_clear, is_taken, why))
        return Table(tuple(rows))

    @property
    def _is_single(self) -> bool:
        return self.composite.method in methods.SINGLE

    def _pixel(self) -> Place:
        found_place = place({"type": "Point", "coordinates": [self.longitude, self.latitude]})
        if found_place is None:
            raise InvalidChoice(_("The point lies nowhere."), _("Choose another."))
        return found_place

    def _is_pixel(self, pixel: Sequence[float | None], day: date, bands: Sequence[float | None]) -> bool:
        """Tell whether the composite's pixel is this look: the same day, and the same values."""
        *values, number = pixel
        alike = all(
            (a is None and b is None)
            or (a is not None and b is not None and abs(a - b) <= _SAME * max(1, abs(b)))
            for a, b in zip(values, bands, strict=True)
        )
        return alike and number is not None and int(number) == (day - date(1970, 1, 1)).days

    @property
    def _one_of_many(self) -> str:
        return _("one of those in the {method}", method=_(METHODS[self.composite.method].label).lower())

    @property
    def _other(self) -> str:
        return _("{method} took another", method=self.composite.method)

    @property
    def _too_few(self) -> str:
        return _(
            "the pixel has fewer than {count} clear days",
            count=self.composite.min_observations,
        )


def _why_not(scenes: Scenes, score: float | None, bands: Sequence[float | None]) -> str:
    """Say why a look is not clear."""
    if all(value is None for value in bands):
        return _("not seen: the scene does not reach here")
    if score is None:
        return _("no score")
    if score < scenes.threshold:
        return _(
            "{qa_band} {score:.2f} is below {threshold:g}",
            qa_band=scenes.qa_band,
            score=score,
            threshold=scenes.threshold,
        )
    return _("masked beside the score: by a buffer, a trimmed edge, a class, or a band that is missing")


def _read(answer: Any, key: str, width: int) -> list[tuple[str, float, list[float | None]]]:
    rows = answer.get(key) if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        raise _damaged()
    made = []
    for row in rows:
        if not isinstance(row, list) or len(row) != width + 2:
            raise _damaged()
        index, time, *values = row
        if not (
            isinstance(index, str) and _is_number(time) and time is not None and 0 <= time <= _LAST_MOMENT
        ):
            raise _damaged()
        if not all(map(_is_number, values)):
            raise _damaged()
        made.append((clean(index, _LONGEST_ID), float(time), values))
    return made


def _is_number(value: Any) -> bool:
    return value is None or (type(value) in (int, float) and -_LARGEST < value < _LARGEST)


def _damaged() -> Unreachable:
    return Unreachable(_("The answer to the question for looks is damaged."), _("Ask again."))
