"""Tables of the field: collections, bands, scores, styles. Facts only, no logic.

Sources: the Earth Engine data catalogue pages of `COPERNICUS/S2_SR_HARMONIZED`, `COPERNICUS/S2_HARMONIZED` and
`GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

CATALOG = "https://developers.google.com/earth-engine/datasets/catalog"
"""Where a collection has its page, under its id with underscores in the place of slashes."""

SCORES_ID = "GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED"
SCORE_BANDS = {
    "cs_cdf": "tolerates faint haze and terrain shadow, so it keeps more pixels",
    "cs": "reacts more to haze and cloud edges: for only the cleanest pixels",
}
DEFAULT_THRESHOLD = 0.60

REFLECTANCE_SCALE = 0.0001
"""Reflectance = digital number x this, for every spectral band of the HARMONIZED collections."""


@dataclass(frozen=True)
class Product:
    """One Sentinel-2 collection.

    Attributes:
        name: The short name that users choose.
        collection: Earth Engine collection id.
        label: What it holds, for a dialog.
        first_day: First day that the collection covers.
        bands: Spectral bands, in catalogue order.
    """

    name: str
    collection: str
    label: str
    first_day: date
    bands: tuple[str, ...]


PRODUCTS = {
    product.name: product
    for product in (
        Product(
            name="L2A",
            collection="COPERNICUS/S2_SR_HARMONIZED",
            label="surface reflectance",
            first_day=date(2017, 3, 28),
            bands=("B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B9", "B11", "B12"),
        ),
        Product(
            name="L1C",
            collection="COPERNICUS/S2_HARMONIZED",
            label="top-of-atmosphere reflectance",
            first_day=date(2015, 6, 27),
            bands=("B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B9", "B10", "B11", "B12"),
        ),
    )
}

BANDS = {
    "B1": ("coastal aerosol", 60),
    "B2": ("blue", 10),
    "B3": ("green", 10),
    "B4": ("red", 10),
    "B5": ("red edge 1", 20),
    "B6": ("red edge 2", 20),
    "B7": ("red edge 3", 20),
    "B8": ("near infrared", 10),
    "B8A": ("narrow near infrared", 20),
    "B9": ("water vapour", 60),
    "B10": ("cirrus", 60),
    "B11": ("short-wave infrared 1", 20),
    "B12": ("short-wave infrared 2", 20),
}
"""Spectral bands: what each measures, and the size of its pixels in metres (Sentinel-2 user handbook)."""

L2A_GLOBAL_FROM = date(2019, 1, 1)
"""Before this day the L2A archive is known to have holes ("2017-2018 coverage is not yet global")."""

SCL_CLASSES = {
    "saturated": 1,
    "dark": 2,
    "shadow": 3,
    "water": 6,
    "cloud_medium": 8,
    "cloud_high": 9,
    "cirrus": 10,
    "snow": 11,
}
"""Scene classes of L2A that can be masked beside the score: name -> value of the band SCL."""

OCCLUDED_SCL_CLASSES = (1, 3, 8, 9, 10)
"""Scene classes that hide the ground: saturated, cloud shadow, medium and high cloud, cirrus."""

UNSCORED_POLICIES = {
    "drop": "left out",
    "keep": "used unmasked",
    "scl": "masked by their scene classification (L2A only)",
    "fail": "the run stops",
}


@dataclass(frozen=True)
class Way:
    """One way to make a single value of many.

    Attributes:
        label: Name, to begin a sentence.
        use: What it is good for, and at what cost.
    """

    label: str
    use: str


METHODS = {
    "median": Way("Median", "hardly moved by a cloud that the mask missed; each band may take another day"),
    "mean": Way("Mean", "least noise; a single missed cloud or shadow shows"),
    "percentile": Way("Percentile", "low ones (20 to 30) leave haze out, but favour shadow"),
    "medoid": Way(
        "Medoid",
        "the observation nearest to the median: a real spectrum, fit for classification and indices; "
        "grainier, and slower to compute",
    ),
    "best": Way(
        "Best",
        "the observation with the highest score: the clearest look at each pixel, from any part of the season, "
        "so neighbours may differ",
    ),
    "weighted": Way("Score-weighted mean", "as smooth as the mean, and doubtful observations count less"),
    "latest": Way("Latest", "the last clear observation: the present state, with seams between dates"),
    "nearest": Way(
        "Nearest in time",
        "the clear observation nearest to TARGET_DATE: one moment of the season, with seams between dates",
    ),
    "best_index": Way(
        "Best index",
        "the clear observation with the highest first index: greenest with NDVI, wettest with MNDWI; "
        "a missed cloud can win",
    ),
    "min": Way("Minimum", "darkest value of each band: no haze or bright cloud is left, but shadows are"),
    "max": Way("Maximum", "brightest value of each band: dry soil and snow, and any cloud that was missed"),
}

INDEX_SOURCES = {
    "composite": "of the composited bands, in one step",
    "scenes": "of each scene, then reduced by the method: the median of NDVI, not NDVI of medians",
}
"""What spectral indices are computed from."""

PERIODS = {
    "week": "Monday to Sunday",
    "dekad": "1 to 10, 11 to 20, 21 to the month's end",
    "month": "calendar months",
    "quarter": "January to March, and so on",
    "season": "December to February (named by the year of its January), and so on; summer and winter by hemisphere",
    "year": "calendar years",
    "days": "every PERIOD_DAYS days, from the first day on",
}
"""Kinds of period."""

STATISTICS = {
    "mean": Way("Mean", "how clear a place usually is"),
    "min": Way("Minimum", "its worst look; near 0 almost everywhere in a long window"),
    "max": Way("Maximum", "its best look: where it is low, no method finds a clear pixel"),
    "percentile": Way("Percentile", "50 is the score that half of the observations reach"),
    "count": Way("Count", "distinct days on which the score reaches the threshold"),
}

METRICS = {
    "mean": Way("Mean", "the middle where no cloud was missed"),
    "median": Way("Median", "the middle, hardly moved by a cloud that was missed"),
    "std": Way("Standard deviation", "how much a place changes, of the population of its observations"),
    "min": Way("Minimum", "the lowest observation"),
    "max": Way("Maximum", "the highest observation"),
    "range": Way("Range", "maximum less minimum: the amplitude of a season"),
    "p05": Way("5th percentile", "nearly the minimum, without its outliers"),
    "p10": Way("10th percentile", "low values"),
    "p25": Way("25th percentile", "the lower quarter"),
    "p75": Way("75th percentile", "the upper quarter"),
    "p90": Way("90th percentile", "high values"),
    "p95": Way("95th percentile", "nearly the maximum, without its outliers"),
    "count": Way("Count", "distinct days with a clear observation"),
}

COUNT_BAND = "clear_count"

ANY_BAND = "B4"
"""Whose mask tells where a scene has pixels; every band of 10 m has the same."""


@dataclass(frozen=True)
class Style:
    """How bands become colours.

    Attributes:
        label: Name in a dialog.
        bands: Three bands for red, green, blue, or one band with a palette. Empty where the choice of
            index or score decides the band.
        minimum: Value drawn darkest, in the band's own units (digital numbers for reflectance).
        maximum: Value drawn brightest.
        palette: Colours from minimum to maximum, for one band.
        classes: Names of the whole numbers from minimum to maximum, a colour of the palette for each; empty where
            values lie between them.
    """

    label: str
    bands: tuple[str, ...]
    minimum: float
    maximum: float
    palette: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()


STYLES = {
    "true_color": Style("True colour (B4, B3, B2)", ("B4", "B3", "B2"), 0, 2500),
    "false_color": Style("Colour infrared (B8, B4, B3)", ("B8", "B4", "B3"), 0, 5000),
    "swir": Style("Short-wave infrared (B12, B8, B4)", ("B12", "B8", "B4"), 0, 4000),
    "agriculture": Style("Agriculture (B11, B8, B2)", ("B11", "B8", "B2"), 0, 5000),
    "geology": Style("Geology (B12, B11, B2)", ("B12", "B11", "B2"), 0, 4000),
    "urban": Style("Urban (B12, B11, B4)", ("B12", "B11", "B4"), 0, 4000),
    "index": Style(
        "First spectral index",
        (),
        -0.2,
        0.9,
        ("#8c510a", "#d8b365", "#f6e8c3", "#d9f0d3", "#5ab45a", "#00441b"),
    ),
    "count": Style(
        "Clear observations", (COUNT_BAND,), 0, 20, ("#440154", "#3b528b", "#21918c", "#5ec962", "#fde725")
    ),
    "score": Style("Cloud score", (), 0, 1, ("#000000", "#b22222", "#f4a460", "#fffacd", "#2e8b57")),
}
"""Styles of a composite."""

SEVERITY = (
    (-0.25, "Enhanced regrowth, high", "#7a8737"),
    (-0.1, "Enhanced regrowth, low", "#acbe4d"),
    (0.1, "Unburned", "#0ae042"),
    (0.27, "Low severity", "#fff70b"),
    (0.44, "Moderate-low severity", "#ffaf38"),
    (0.66, "Moderate-high severity", "#ff641b"),
    (None, "High severity", "#a41fd6"),
)
"""Classes of dNBR: the value from which the next one begins, name, colour (Key and Benson 2006, FIREMON landscape
assessment, as UN-SPIDER's recommended practice tabulates and colours them)."""

OWN_STYLES = {
    "tier": Style("Which choice filled a pixel", ("fill_tier",), 0, 0),
    "change": Style(
        "Change of the first index, or else band",
        (),
        -1,
        1,
        ("#8c510a", "#d8b365", "#f5f5f5", "#5ab4ac", "#01665e"),
    ),
    "severity": Style(
        "Burn severity (dNBR)",
        ("dNBR_class",),
        1,
        len(SEVERITY),
        tuple(colour for _, _, colour in SEVERITY),
        tuple(label for _, label, _ in SEVERITY),
    ),
}
"""Styles of a single target; it sets the range."""

ALL_STYLES = {**STYLES, **OWN_STYLES}

MEASURES = {
    "difference": "after less before, in reflectance or index values",
    "ratio": "after / before",
    "relative": "difference / the size of before; 0.1 is ten percent more",
}
"""How two windows are compared."""

ATTRIBUTION = (
    "Contains modified Copernicus Sentinel data; Cloud Score+ (c) Google, CC-BY-4.0, Pasquarella et al. 2023"
)
LICENSES = (
    "Sentinel-2: terms and conditions for the use of Copernicus Sentinel data",
    "Cloud Score+: CC-BY-4.0, https://spdx.org/licenses/CC-BY-4.0.html",
)
"""The address last: QGIS takes what it writes between two lines for a part of it."""

CITATION = (
    "Pasquarella, V. J., Brown, C. F., Czerwinski, W., & Rucklidge, W. J. (2023). Comprehensive Quality Assessment "
    "of Optical Satellite Imagery Using Weakly Supervised Video Learning. Proceedings of the IEEE/CVF Conference on "
    "Computer Vision and Pattern Recognition Workshops, 2124-2134."
)
