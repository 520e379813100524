"""Options in words, for dialogs; models, shells and history keep the options themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from . import indices
from .catalog import ALL_STYLES, BANDS, METHODS, METRICS, PERIODS, PRODUCTS, STATISTICS, Way
from .language import _

WORDS: Mapping[str, Mapping[str, str]] = {
    "PRODUCT": {"L2A": "Surface reflectance (L2A)", "L1C": "Top-of-atmosphere reflectance (L1C)"},
    "QA_BAND": {
        "cs_cdf": "Tolerates haze and terrain shadow (cs_cdf)",
        "cs": "Strict with haze and cloud edges (cs)",
    },
    "UNSCORED_POLICY": {
        "drop": "Leave out",
        "keep": "Use unmasked",
        "scl": "Mask by their scene classes (L2A only)",
        "fail": "Stop the run",
    },
    "ALSO_MASK": {
        "saturated": "Saturated or defective",
        "dark": "Dark area",
        "shadow": "Cloud shadow",
        "water": "Water",
        "cloud_medium": "Cloud, medium probability",
        "cloud_high": "Cloud, high probability",
        "cirrus": "Thin cirrus",
        "snow": "Snow or ice",
    },
    "MONTHS": dict(
        zip(
            map(str, range(1, 13)),
            (
                *("January", "February", "March", "April", "May", "June"),
                *("July", "August", "September", "October", "November", "December"),
            ),
            strict=True,
        )
    ),
    "INDICES_FROM": {"composite": "The composited bands", "scenes": "Each scene, then reduced by the method"},
    "PERIOD": {
        "none": "None: the whole window",
        "week": "Weeks",
        "dekad": "Dekads",
        "month": "Months",
        "quarter": "Quarters",
        "season": "Seasons",
        "year": "Years",
        "days": "A number of days",
    },
    "STEP": {
        "ranges": "Each time of the layers",
        "day": "Each day",
        "week": "Every seven days",
        "month": "Each month",
        "year": "Each year",
    },
    "FORMAT": {"GTiff": "GeoTIFF", "COG": "Cloud Optimized GeoTIFF"},
    "DESTINATION": {"drive": "Google Drive", "asset": "Earth Engine asset", "cloud_storage": "Cloud Storage"},
    "ACTION": {"list": "List them", "wait": "Wait until they are over", "cancel": "Cancel them"},
    "MEASURE": {"difference": "Difference", "ratio": "Ratio", "relative": "Relative change"},
}
"""Parameter -> option -> its label, where the catalogue has no shorter way to say it."""

_WAYS: Mapping[str, Mapping[str, Way]] = {"METHOD": METHODS, "STATISTIC": STATISTICS, "STATISTICS": METRICS}

_HINTS: Mapping[str, Mapping[str, str]] = {
    "PERIOD": PERIODS,
}


@dataclass(frozen=True)
class Option:
    """One option of a parameter, in words.

    Attributes:
        value: The option itself.
        label: How a list names it.
        short: How a line of several names it.
        group: Heading that it stands under; empty for none.
        hint: What it is good for; empty where the label says it.
    """

    value: str
    label: str
    short: str
    group: str = ""
    hint: str = ""


def options(parameter: str, values: Iterable[str]) -> list[Option]:
    """Give the options of a parameter in words; one without words is its own label."""
    describe = {"BANDS": _band, "INDICES": _index}.get(parameter)
    if describe is not None:
        return [describe(value) for value in values]
    return [_option(parameter, value) for value in values]


def empty_text(parameter: str) -> str:
    """Say what no option at all means."""
    return _("All months") if parameter == "MONTHS" else _("None")


def _option(parameter: str, value: str) -> Option:
    way = _WAYS.get(parameter, {}).get(value)
    if way is not None:
        return Option(value, _(way.label), _(way.label), hint=_(way.use))
    if parameter == "STYLE" and value in ALL_STYLES:
        return Option(value, _(ALL_STYLES[value].label), value)
    label = _(WORDS.get(parameter, {}).get(value, value))
    return Option(value, label, label, hint=_hint(parameter, value))


def _hint(parameter: str, value: str) -> str:
    if parameter == "PRODUCT" and value in PRODUCTS:
        return _("From {first_day}", first_day=PRODUCTS[value].first_day)
    return _(_HINTS.get(parameter, {}).get(value, ""))


def _band(name: str) -> Option:
    role, size = BANDS.get(name, ("", 0))
    return Option(name, f"{name} \N{EM DASH} {_(role)}, {size} m" if role else name, name)


def _index(name: str) -> Option:
    found = indices.catalogue().get(name)
    if found is None:
        return Option(name, name, name)
    label = f"{name} \N{EM DASH} {found.long_name}"
    return Option(
        name,
        label,
        name,
        _(found.domain.capitalize()),
        _("{formula}, of {bands}", formula=found.formula, bands=", ".join(found.bands)),
    )
