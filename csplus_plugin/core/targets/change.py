"""What changed between two windows: before, after, and their difference, band by band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from ..bands import DECIMALS, BandInfo, index_band, spectral_band
from ..catalog import ANY_BAND, MEASURES, OWN_STYLES, SEVERITY, Style
from ..checks import one_of
from ..choices import Output, Scenes
from ..errors import InvalidChoice, Unreachable
from ..language import _, marked
from ..naming import named
from ..sampling import spacing
from ..scenes import geometry
from .composite import Composite

if TYPE_CHECKING:
    import ee

_DNBR, _CLASS = "dNBR", "dNBR_class"
_SAMPLES = 256
_RANGES = {"difference": 0.5, "ratio": 2.0, "relative": 1.0}
"""What is drawn of a measure of an index, on both sides of no change; of a ratio, the highest."""
_NAMES = {"difference": marked("Difference"), "ratio": marked("Ratio"), "relative": marked("Relative")}
_REFLECTANCE_RANGE = 1500
"""Digital numbers."""


@dataclass(frozen=True)
class Change(Composite):
    """Two composites, one of each window, and a measure of what lies between them.

    The recipe's own window is the later one.

    Attributes:
        before_start: First day of the earlier window.
        before_end: Its last day, included.
        measure: One of `catalog.MEASURES`.
    """

    ALGORITHM = "change"

    before_start: date | None = None
    before_end: date | None = None
    measure: str = "difference"
    bands: tuple[str, ...] = ()
    indices: tuple[str, ...] = ("NBR",)

    def __post_init__(self) -> None:
        """Check each choice."""
        super().__post_init__()
        one_of("measure", self.measure, MEASURES)
        if self.before_start is None or self.before_end is None:
            raise InvalidChoice(
                _("The window before has no first or no last day."), _("Give BEFORE_START and BEFORE_END.")
            )
        if self.before_end < self.before_start:
            raise InvalidChoice(
                _(
                    "The end of the window before ({before_end}) is before its start ({before_start}).",
                    before_end=self.before_end,
                    before_start=self.before_start,
                ),
                _("Swap the two dates."),
            )
        if not (self.bands or self.indices):
            raise InvalidChoice(_("No band was chosen to compare."), _("Choose at least one band or index."))
        if self.count_band or self.score_band or self.date_band:
            raise InvalidChoice(_("Counts, scores and dates are not compared."), _("Switch them off."))

    @classmethod
    def styles(cls) -> tuple[str, ...]:
        """List the styles that can draw it."""
        return tuple(OWN_STYLES)[1:]

    def check(self, scenes: Scenes, output: Output) -> None:
        """Refuse what the composites refuse, windows in the wrong order, and classes without NBR."""
        super().check(scenes, output)
        self.before(scenes)
        if self.before_start is not None and self.before_start > scenes.start:
            raise InvalidChoice(
                _(
                    "The window before starts on {before_start}, after the other one ({start}).",
                    before_start=self.before_start,
                    start=scenes.start,
                ),
                _("Swap the two windows."),
            )
        if output.style == "severity" and not self.has_severity:
            raise InvalidChoice(
                _("Burn severity is drawn of the difference of NBR, which was not chosen."),
                _("Choose the index NBR and the measure difference, or the style change."),
            )

    @property
    def has_severity(self) -> bool:
        """Tell whether there is a dNBR to classify."""
        return "NBR" in self.indices and self.measure == "difference"

    def before(self, scenes: Scenes) -> Scenes:
        """Give the scenes of the earlier window."""
        if self.before_start is None or self.before_end is None:
            raise ValueError("checked when it was made")
        return replace(scenes, start=self.before_start, end=self.before_end)

    def sentence(self, scenes: Scenes) -> str:
        """Say what is compared with what."""
        return _(
            "{measure} of {variables} from {start} to {end} and later: {composite}",
            measure=_(_NAMES[self.measure]),
            variables=", ".join(self._variables),
            start=self.before_start,
            end=self.before_end,
            composite=super().sentence(scenes),
        )

    def file_bands(self, scenes: Scenes) -> tuple[BandInfo, ...]:  # noqa: ARG002
        """List before, after and the measure of each band and index, then dNBR and its classes."""
        found: list[BandInfo] = []
        for variable in (*map(spectral_band, self.bands), *map(index_band, self.indices)):
            scale = variable.scale if self.measure == "difference" else 1
            text = f"{self.measure.capitalize()} of {variable.description} ({MEASURES[self.measure]})"
            found += [
                _named(variable, "before", f"{variable.description}, before"),
                _named(variable, "after", f"{variable.description}, after"),
                replace(_named(variable, self.measure, text), scale=scale),
            ]
        if self.has_severity:
            found.append(BandInfo(_DNBR, "NBR before less NBR after; above 0.1 burned", code=DECIMALS))
            classes = "; ".join(f"{number} {label}" for number, (_, label, _) in enumerate(SEVERITY, 1))
            found.append(BandInfo(_CLASS, f"Burn severity: {classes}", blends=False, code=DECIMALS))
        return tuple(found)

    def shown(self, scenes: Scenes, style: str | None) -> tuple[Style, tuple[str, ...]]:  # noqa: ARG002
        """Draw the classes of burn severity where there are any, else the measure of the first index or band."""
        if (style or ("severity" if self.has_severity else "change")) == "severity":
            return OWN_STYLES["severity"], (_CLASS,)
        variable = (*self.indices, *self.bands)[0]
        reach = _RANGES[self.measure]
        if variable in self.bands and self.measure == "difference":
            reach = _REFLECTANCE_RANGE
        lowest = 0.0 if self.measure == "ratio" else -reach
        drawn = replace(OWN_STYLES["change"], minimum=lowest, maximum=reach)
        return drawn, (f"{variable}_{self.measure}",)

    def image(self, scenes: Scenes, names: Sequence[str]) -> ee.Image:
        """Compare; masked where either window has no value, but before and after are each masked alone."""
        from ..library import ee

        severe = [name for name in (_DNBR, _CLASS) if name in names]
        wanted = [one for one in self._variables if any(name.startswith(f"{one}_") for name in names)]
        variables = list(dict.fromkeys([*wanted, *(("NBR",) if severe else ())]))
        before = named(Composite.image(self, self.before(scenes), variables).select(variables), "before")
        after = named(Composite.image(self, scenes, variables).select(variables), "after")
        difference = named(after.subtract(before), "difference")
        measured = difference
        if self.measure != "difference":
            # Earth Engine divides by 0 to 0, which would be no change.
            over = after if self.measure == "ratio" else difference
            whole = before if self.measure == "ratio" else before.abs()
            measured = named(over.divide(whole).updateMask(before.neq(0)), self.measure)
        parts = [
            before.rename([f"{one}_before" for one in variables]),
            after.rename([f"{one}_after" for one in variables]),
            measured.rename([f"{one}_{self.measure}" for one in variables]),
        ]
        if severe:
            dnbr = named(difference.select(["NBR"]).multiply(-1).rename([_DNBR]), "dnbr")
            ends = [end for end, _, _ in SEVERITY if end is not None]
            reached = ee.Image.constant(ends).lte(dnbr).reduce(ee.Reducer.sum())
            parts += [dnbr, named(reached.add(1).rename([_CLASS]), "severity")]
        return named(parts[0].addBands(parts[1:]) if len(parts) > 1 else parts[0], "compared")

    def summary(self, scenes: Scenes) -> ee.Dictionary:
        """Build the expression of the shares of the region with a value before, after, and in both."""
        from ..library import ee

        telling = (self.bands or (ANY_BAND,))[0]
        looks = [
            Composite.image(self, window, [telling]).select([telling]).mask().gt(0).unmask(0, False)
            for window in (self.before(scenes), scenes)
        ]
        seen = looks[0].rename(["before"]).addBands(looks[1].rename(["after"]))
        seen = seen.addBands(looks[0].multiply(looks[1]).rename(["both"]))
        step = spacing(scenes.region, _SAMPLES)
        return ee.Dictionary(seen.reduceRegion(ee.Reducer.mean(), geometry(scenes.region), step))

    def read_summary(self, answer: Any) -> Mapping[str, float]:
        """Read the service's answer: shares of 0 to 1 with the keys `before`, `after` and `both`.

        Raises:
            Unreachable: It is no such answer.
        """
        try:
            found = {key: float(answer[key]) for key in ("before", "after", "both")}
        except (LookupError, TypeError, ValueError) as problem:
            raise _damaged() from problem
        if not all(0 <= one <= 1 for one in found.values()):
            raise _damaged()
        return found

    @property
    def _variables(self) -> tuple[str, ...]:
        return (*self.bands, *self.indices)


def _named(variable: BandInfo, part: str, text: str) -> BandInfo:
    return replace(variable, name=f"{variable.name}_{part}", description=text, code=DECIMALS)


def _damaged() -> Unreachable:
    return Unreachable(_("The answer to the question for both windows is damaged."), _("Run again."))
