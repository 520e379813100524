"""Recipes for tests: one simple, and a strategy for all that are possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from csplus.csplus_plugin.core import catalog, indices
from csplus.csplus_plugin.core.choices import Output, Scenes
from csplus.csplus_plugin.core.methods import SINGLE
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.core.region import Region
from csplus.csplus_plugin.core.targets.change import Change
from csplus.csplus_plugin.core.targets.clear_scene import ClearScene
from csplus.csplus_plugin.core.targets.composite import Composite
from csplus.csplus_plugin.core.targets.gap_filled import GapFilled
from csplus.csplus_plugin.core.targets.metrics import Metrics
from csplus.csplus_plugin.core.targets.observations import Observations
from csplus.csplus_plugin.core.targets.score import Score
from csplus.csplus_plugin.core.targets.series import STATISTICS, Series
from csplus.csplus_plugin.core.targets.stored import stored
from hypothesis import strategies as st

POINT = (-119.9087, 37.4159)
REGION = Region.from_bounds(-119.92, 37.41, -119.90, 37.42)
JANUARY = Scenes(REGION, date(2023, 1, 1), date(2023, 1, 31))
SIMPLE = Recipe(JANUARY, Composite())


_IDS = ["20230105T184751_20230105T184746_T11SKB", "20230120T184739_20230120T184734_T10SGG"]


def finite(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False)


@st.composite
def regions(draw: st.DrawFn) -> Region:
    def rectangle() -> tuple:
        west, south = draw(finite(-90, 60)), draw(finite(-80, 70))
        east, north = west + draw(finite(0.01, 20)), south + draw(finite(0.01, 9))
        return (((west, south), (east, south), (east, north), (west, north), (west, south)),)

    return Region(tuple(rectangle() for _ in range(draw(st.integers(1, 3)))))


@st.composite
def scenes(draw: st.DrawFn) -> Scenes:
    product = draw(st.sampled_from(list(catalog.PRODUCTS)))
    policies = [p for p in catalog.UNSCORED_POLICIES if (p, product) != ("scl", "L1C")]
    start = draw(st.dates(date(2017, 4, 1), date(2026, 12, 31)))
    classes = st.lists(st.sampled_from(list(catalog.SCL_CLASSES)), max_size=2, unique=True)
    return Scenes(
        region=draw(regions()),
        start=start,
        end=start + timedelta(days=draw(st.integers(0, 400))),
        product=product,
        qa_band=draw(st.sampled_from(list(catalog.SCORE_BANDS))),
        threshold=draw(finite(0, 1)),
        unscored_policy=draw(st.sampled_from(policies)),
        months=tuple(draw(st.lists(st.integers(1, 12), unique=True))),
        max_scene_cloud=draw(finite(0, 100)),
        orbit=draw(st.none() | st.integers(1, 143)),
        tiles=tuple(draw(st.lists(st.sampled_from(["11SKB", "10SGG", "33UVR"]), unique=True))),
        edge_trim=draw(st.sampled_from([0, 500.0])),
        also_mask=tuple(draw(classes)) if product == "L2A" else (),
        ids=tuple(draw(st.lists(st.sampled_from(_IDS), max_size=2, unique=True))),
        dilate=draw(st.sampled_from([0, 50.0])),
        clip=draw(st.booleans()),
    )


@st.composite
def outputs(draw: st.DrawFn, styles: Sequence[str | None]) -> Output:
    return Output(
        crs=draw(st.sampled_from([None, "EPSG:3857", "EPSG:4326"])),
        resolution=draw(finite(1e-4, 1000)),
        style=draw(st.sampled_from(styles)),
    )


@st.composite
def composites(draw: st.DrawFn) -> Recipe[Composite]:
    found = draw(scenes())
    names = st.sampled_from(catalog.PRODUCTS[found.product].bands)
    chosen_indices = draw(st.lists(st.sampled_from(list(indices.catalogue())), max_size=3, unique=True))
    styles = [None, *(style for style in catalog.STYLES if style != "index" or chosen_indices)]
    method = draw(
        st.sampled_from([name for name in catalog.METHODS if name != "best_index" or chosen_indices])
    )
    days = st.dates(date(2017, 4, 1), date(2026, 12, 31))
    return Recipe(
        scenes=found,
        target=Composite(
            method=method,
            target_date=draw(days if method == "nearest" else st.none() | days),
            percentile=draw(finite(0, 100)),
            min_observations=draw(st.integers(1, 9)),
            bands=tuple(draw(st.lists(names, min_size=1, max_size=6, unique=True))),
            indices=tuple(chosen_indices),
            indices_from=draw(st.sampled_from(list(catalog.INDEX_SOURCES))),
            count_band=draw(st.booleans()),
            score_band=draw(st.booleans()),
            date_band=method in SINGLE and draw(st.booleans()),
        ),
        output=draw(outputs(styles)),
    )


@st.composite
def score_images(draw: st.DrawFn) -> Recipe[Score]:
    found = draw(scenes())
    kept = found.unscored_policy in ("keep", "scl")
    statistic = "count" if kept else draw(st.sampled_from(list(catalog.STATISTICS)))
    target = Score(statistic=statistic, percentile=draw(finite(0, 100)))
    return Recipe(found, target, draw(outputs([None, "count" if statistic == "count" else "score"])))


@st.composite
def metric_images(draw: st.DrawFn) -> Recipe[Metrics]:
    found = draw(scenes())
    bands = st.sampled_from(catalog.PRODUCTS[found.product].bands)
    target = Metrics(
        bands=tuple(draw(st.lists(bands, min_size=1, max_size=3, unique=True))),
        indices=tuple(draw(st.lists(st.sampled_from(list(indices.catalogue())), max_size=2, unique=True))),
        statistics=tuple(draw(st.lists(st.sampled_from(list(catalog.METRICS)), min_size=1, unique=True))),
    )
    return Recipe(found, target, draw(outputs([None])))


@st.composite
def observation_images(draw: st.DrawFn) -> Recipe[Observations]:
    found = draw(scenes().filter(lambda one: one.unscored_policy not in ("keep", "scl")))
    return Recipe(found, Observations(), draw(outputs([None, "count", "score"])))


@st.composite
def filled_images(draw: st.DrawFn) -> Recipe[GapFilled]:
    plain = draw(composites())
    thresholds = [one for one in (0.5, 0.4, 0.1) if one < plain.scenes.threshold]
    target = GapFilled(
        **vars(plain.target),
        thresholds=tuple(thresholds),
        extend_days=tuple(sorted(draw(st.sets(st.integers(1, 100), max_size=2)))),
        extend_years=draw(st.integers(0, 1)),
    )
    return Recipe(plain.scenes, target, draw(outputs([None, "true_color", "tier"])))


@st.composite
def single_days(draw: st.DrawFn) -> Recipe[ClearScene]:
    plain = draw(composites())
    choices = {"bands": plain.target.bands, "indices": plain.target.indices}
    return Recipe(replace(plain.scenes, ids=tuple(_IDS)), ClearScene(**choices))


@st.composite
def changes(draw: st.DrawFn) -> Recipe[Change]:
    plain = draw(composites())
    start = max(date(2017, 4, 1), plain.scenes.start - timedelta(days=draw(st.integers(0, 800))))
    target = Change(
        **{**vars(plain.target), "count_band": False, "score_band": False, "date_band": False},
        before_start=start,
        before_end=start + timedelta(days=draw(st.integers(0, 100))),
        measure=draw(st.sampled_from(list(catalog.MEASURES))),
    )
    return Recipe(
        plain.scenes, target, draw(outputs([None, "change", *(["severity"] if target.has_severity else [])]))
    )


@st.composite
def stored_images(draw: st.DrawFn) -> Recipe[Composite]:
    plain = draw(composites())
    asset = draw(st.sampled_from(["projects/p/assets/a", "projects/p/assets/a/b-c_2023-01"]))
    return Recipe(plain.scenes, stored(plain.target, asset), plain.output)


@st.composite
def series(draw: st.DrawFn) -> Recipe[Series]:
    """Of places; no image, so not among the others."""
    found = draw(scenes())
    bands = st.sampled_from(catalog.PRODUCTS[found.product].bands)
    target = Series(
        bands=tuple(draw(st.lists(bands, min_size=1, max_size=3, unique=True))),
        indices=tuple(draw(st.lists(st.sampled_from(list(indices.catalogue())), max_size=2, unique=True))),
        statistics=tuple(draw(st.lists(st.sampled_from(STATISTICS), min_size=1, unique=True))),
        buffer=draw(finite(-50, 500)),
        min_clear=draw(finite(0, 1)),
        smooth=draw(st.sampled_from([0, 10.0, 1e5])),
    )
    return Recipe(found, target)


def recipes() -> st.SearchStrategy[Recipe]:
    """Of every target."""
    return (
        composites()
        | score_images()
        | metric_images()
        | observation_images()
        | filled_images()
        | single_days()
        | changes()
        | stored_images()
    )
