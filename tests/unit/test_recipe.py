from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator
from datetime import date

import pytest
from csplus.csplus_plugin.core.choices import Output, Scenes
from csplus.csplus_plugin.core.errors import InvalidChoice
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.core.region import Region
from csplus.csplus_plugin.core.scenes import steps
from csplus.csplus_plugin.core.targets.composite import Composite
from csplus.csplus_plugin.core.targets.score import Score
from hypothesis import given
from hypothesis import strategies as st

from ..support.examples import examples
from ..support.recipes import JANUARY, REGION, SIMPLE, recipes, series


@examples()
@given(recipes() | series())
def test_a_recipe_is_the_same_after_json(recipe: Recipe) -> None:
    assert Recipe.from_json(recipe.to_json()) == recipe


@examples()
@given(recipes() | series())
def test_json_is_stable(recipe: Recipe) -> None:
    assert Recipe.from_json(recipe.to_json()).to_json() == recipe.to_json()


def test_a_recipe_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        SIMPLE.scenes.threshold = 0.5
    assert hash(SIMPLE) == hash(Recipe.from_json(SIMPLE.to_json()))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"threshold": 1.2}, "threshold of 1.2"),
        ({"threshold": math.nan}, "threshold of nan"),
        ({"end": date(2022, 12, 31)}, "before the start"),
        ({"product": "L3"}, "'L3' is not a product"),
        ({"qa_band": "qa60"}, "'qa60' is not a score band"),
        ({"unscored_policy": "guess"}, "'guess' is not a policy"),
        ({"product": "L1C", "unscored_policy": "scl"}, "no scene classification"),
        ({"months": (0,)}, "between 1 and 12"),
        ({"tiles": ("11S",)}, "'11S' is not an MGRS tile"),
        ({"max_scene_cloud": -1}, "scene cloud limit"),
        ({"dilate": -5}, "buffer around rejected pixels"),
        ({"edge_trim": math.inf}, "edge trim"),
    ],
)
def test_a_choice_of_scenes_that_makes_no_sense_is_one_sentence(change: dict, said: str) -> None:
    with pytest.raises(InvalidChoice, match=said):
        dataclasses.replace(JANUARY, **change)


@pytest.mark.parametrize(
    ("product", "end", "alternative"),
    [
        ("L2A", date(2016, 6, 30), "product L1C, which begins on 2015-06-27"),
        ("L2A", date(2015, 1, 31), "ends on or after 2017-03-28"),
        ("L1C", date(2015, 6, 26), "ends on or after 2015-06-27"),
    ],
)
def test_a_window_before_the_product_names_the_alternative(product: str, end: date, alternative: str) -> None:
    with pytest.raises(InvalidChoice, match=alternative):
        Scenes(REGION, date(2015, 1, 1), end, product=product)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Composite(method="mosaic"), "'mosaic' is not a method"),
        (lambda: Composite(percentile=101), "percentile of 101"),
        (lambda: Composite(min_observations=0), "At least one"),
        (lambda: Composite(bands=()), "No band"),
        (lambda: Composite(bands=("B4", "B4")), "twice"),
        (lambda: Composite(indices=("NDWJ",)), "Did you mean NDW"),
        (lambda: Output(style="pretty"), "'pretty' is not a style"),
        (lambda: Output(resolution=0), "pixel size of 0"),
        (lambda: Output(resolution=math.nan), "pixel size of nan"),
        (lambda: Recipe(JANUARY, Composite(bands=("B10",))), "L2A has no band .B10"),
        (lambda: Recipe(JANUARY, Composite(), Output(style="index")), "none was chosen"),
        (lambda: Score(statistic="mode"), "'mode' is not a statistic"),
        (lambda: Score(percentile=-1), "percentile of -1"),
        (lambda: Recipe(JANUARY, Score(), Output(style="count")), "Choose score, or leave STYLE empty"),
        (lambda: Recipe(JANUARY, Score("count"), Output(style="score")), "Choose count, or leave STYLE"),
        (
            lambda: Recipe(dataclasses.replace(JANUARY, unscored_policy="keep"), Score()),
            "policy drop or fail",
        ),
    ],
)
def test_other_choices_that_make_no_sense(make: object, said: str) -> None:
    with pytest.raises(InvalidChoice, match=said):
        make()


@pytest.mark.parametrize(
    ("west", "south", "east", "north", "said"),
    [
        (-179.9, 0, 179.9, 1, "wider than half the globe"),
        (0, 0, 700, 1, "wider than half the globe"),
        (800, 0, 810, 1, "longitude 800"),
        (37, -121, 38, -120, "changed places"),
        (10, 50, 10, 51, "empty"),
        (10, 50, 11, 50, "empty"),
        (10, 85, 11, 91, "latitude 91, beyond a pole"),
        (10, 50, math.nan, 51, "no place"),
    ],
)
def test_a_region_that_cannot_be_used(
    west: float, south: float, east: float, north: float, said: str
) -> None:
    with pytest.raises(InvalidChoice, match=said):
        Region.from_bounds(west, south, east, north)


@pytest.mark.parametrize(
    "geometry",
    [{"type": "Point", "coordinates": [1, 2]}, {"type": "Polygon", "coordinates": []}, {}],
)
def test_what_is_no_area_is_refused(geometry: dict) -> None:
    with pytest.raises(InvalidChoice):
        Region.from_geojson(geometry)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        '{"schema": 99}',
        '{"schema": 1, "scenes": 3}',
        '{"schema": 1, "algorithm": "mosaic"}',
        '{"schema": 1, "algorithm": []}',
    ],
)
def test_what_is_no_recipe_is_refused(text: str) -> None:
    with pytest.raises(InvalidChoice, match="recipe"):
        Recipe.from_json(text)


def test_an_unknown_choice_in_a_recipe_is_refused() -> None:
    content = json.loads(SIMPLE.to_json())
    content["scenes"]["snow"] = True
    with pytest.raises(InvalidChoice, match="unknown choices: .snow"):
        Recipe.from_json(json.dumps(content))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(content: object, above: tuple = ()) -> Iterator[tuple]:
    """The path of every value inside a JSON document."""
    items = (
        content.items()
        if isinstance(content, dict)
        else enumerate(content)
        if isinstance(content, list)
        else ()
    )
    for key, value in items:
        yield (*above, key)
        yield from places(value, (*above, key))


@given(data=st.data(), recipe=recipes() | series(), value=JSON)
@examples(400)
def test_a_recipe_in_which_anything_was_changed_is_refused_or_sound(
    data: st.DataObject, recipe: Recipe, value: object
) -> None:
    content = json.loads(recipe.to_json())
    *above, key = data.draw(st.sampled_from(list(places(content))))
    inside = content
    for step in above:
        inside = inside[step]
    inside[key] = value
    found = refused = None
    try:
        found = Recipe.from_json(json.dumps(content))
    except InvalidChoice as problem:
        refused = str(problem)
    if found is None:
        assert len(refused) < 600
        assert refused.isprintable()
        return
    # What passes is what it seems to be: written again it is the same, so nothing hides in it.
    assert Recipe.from_json(found.to_json()) == found
    for block in (found.scenes, found.target, found.output):
        for field in dataclasses.fields(block):
            assert isinstance(getattr(block, field.name), str | int | float | date | tuple | Region | None)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"schema": 1, "a": ' * 20_000, " " * 20_000_001])
def test_text_that_is_made_to_break_a_reader_is_refused(text: str) -> None:
    with pytest.raises(InvalidChoice, match="This is not a recipe"):
        Recipe.from_json(text)


@pytest.mark.parametrize("orbit", ["1)); import os", True, 1.5, [1]])
def test_an_orbit_that_is_no_number_never_reaches_a_script(orbit: object) -> None:
    content = json.loads(SIMPLE.to_json())
    content["scenes"]["orbit"] = orbit
    with pytest.raises(InvalidChoice, match="The choice orbit is .* of the wrong kind"):
        Recipe.from_json(json.dumps(content))


def test_the_last_day_of_the_calendar_can_be_asked_for(ee_signatures: object) -> None:
    endless = dataclasses.replace(JANUARY, end=date.max)
    assert "9999-12-31" in steps(endless)[0].collection.serialize()
