"""Points and polygons on the pixel grids of their zones, and what lies near each other."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from csplus.csplus_plugin.core import passes as passing
from csplus.csplus_plugin.core.choices import Scenes
from csplus.csplus_plugin.core.errors import InvalidChoice, Unreachable
from csplus.csplus_plugin.core.places import groups, place, region_of
from csplus.csplus_plugin.core.region import Region

from ..support.places import moved


def point(x: float, y: float) -> dict:
    return {"type": "Point", "coordinates": [x, y]}


def square(west: float, south: float, side: float) -> dict:
    ring = [[west + x * side, south + y * side] for x, y in ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))]
    return {"type": "Polygon", "coordinates": [ring]}


def test_a_point_is_the_pixel_in_which_it_lies() -> None:
    found = place(point(-119.9, 37.4))
    x, y = moved("EPSG:4326", "EPSG:32611", -119.9, 37.4)
    xs, ys = zip(*found.shape["coordinates"][0], strict=True)
    assert (found.crs, found.area) == ("EPSG:32611", 100)
    assert (min(xs), max(xs)) == (10 * math.floor(x / 10), 10 * math.floor(x / 10) + 10)
    assert (min(ys), max(ys)) == (10 * math.floor(y / 10), 10 * math.floor(y / 10) + 10)
    west, south, east, north = found.box
    assert west < -119.9 < east
    assert south < 37.4 < north


def test_points_close_by_are_one_shape() -> None:
    both = {"type": "MultiPoint", "coordinates": [[-119.9, 37.4], [-119.9, 37.4003]]}
    assert place(both).area == 200


@pytest.mark.parametrize(("buffer", "radius"), [(50, 50), (5, 5)])
def test_a_buffer_around_a_point_is_a_circle(buffer: float, radius: float) -> None:
    assert place(point(10, 50), buffer).area == pytest.approx(math.pi * radius**2, rel=0.01)


def test_polygons_may_shrink_and_vanish() -> None:
    field = square(10, 50, 0.001)
    whole, small = place(field), place(field, -10)
    assert 0 < small.area < whole.area
    assert place(field, -100) is None
    assert small.key != whole.key == place(field).key


def test_the_same_place_counts_once_and_zones_stay_apart() -> None:
    near = [
        place(point(5.9, 50.1)),
        place(point(5.9, 50.1)),
        place(point(6.1, 50.1)),
        place(point(5.9, 51.6)),
    ]
    found = groups(near)
    assert [(group.crs, len(group.places)) for group in found] == [
        ("EPSG:32631", 1),
        ("EPSG:32631", 1),
        ("EPSG:32632", 1),
    ]
    assert found[0].region.bounds == (5.5, 50.0, 6.0, 50.5)


def test_a_group_s_region_holds_places_that_reach_out_of_the_cell() -> None:
    (group,) = groups([place(square(10.4, 50.4, 0.3))])
    west, south, east, north = group.region.bounds
    assert west <= 10.4
    assert south <= 50.4
    assert east >= 10.7
    assert north >= 50.7


def test_across_the_antimeridian() -> None:
    both = {
        "type": "MultiPolygon",
        "coordinates": [square(179.999, -16, 0.001)["coordinates"], square(-180, -16, 0.001)["coordinates"]],
    }
    found = place(both)
    west, _, east, _ = found.box
    assert found.crs == "EPSG:32760"
    assert (west, east) == (pytest.approx(179.999, abs=1e-4), pytest.approx(180.001, abs=1e-4))
    assert groups([found])[0].region.bounds[2] >= 180.001
    assert region_of([found]).bounds[2] == pytest.approx(180.001, abs=1e-4)
    west, _, east, _ = region_of([place(point(-179.99, -16)), place(point(179.99, -16))]).bounds
    assert (west, east) == (pytest.approx(179.99, abs=1e-3), pytest.approx(180.01, abs=1e-3))


def test_what_has_no_zone_and_what_lies_everywhere_is_refused() -> None:
    with pytest.raises(InvalidChoice, match="UTM zone"):
        place(point(0, 88))
    with pytest.raises(InvalidChoice, match="more than half the globe"):
        region_of([place(point(-120, 0)), place(point(0, 0)), place(point(120, 0))])
    assert place({"type": "Point", "coordinates": []}) is None


CELL = Scenes(Region.from_bounds(-120, 37, -119.5, 37.5), date(2023, 1, 1), date(2023, 1, 31))


def moment(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000


def surveyed(times: dict[str, str], **ids: list[str]) -> dict[str, list]:
    """The service's answer for scenes with their times, each over the places."""
    moments = [moment(text) for text in times.values()]
    lists = {"over": list(times), **{key: [] for key in ("unscored", "seen", "hidden")}, **ids}
    return {"ids": list(times), "times": moments, **lists}


def test_a_pass_over_midnight_is_of_the_day_on_which_it_began() -> None:
    times = {
        "before": "2022-12-31T23:59:00",  # with the next one a pass of the day before the window
        "of it": "2023-01-01T00:01:00",
        "first": "2023-01-01T18:00:00",
        "last": "2023-01-31T23:58:00",
        "last too": "2023-02-01T00:02:00",
        "after": "2023-02-01T18:00:00",
    }
    found = passing.passes(passing.answer(CELL, surveyed(times, unscored=["last"])).timed)
    assert [(one.day, one.scene_count, one.unscored_count) for one in found] == [
        (date(2023, 1, 1), 1, 0),
        (date(2023, 1, 31), 2, 1),
    ]
    assert (found[1].first, found[1].last) == (moment(times["last"]), moment(times["last too"]))


TIMES = {name: f"2023-01-{day:02d}T18:00:00" for day, name in enumerate("abcdef", 1)}


def test_scenes_are_counted_over_the_places_and_by_what_their_scores_say_of_them() -> None:
    """Two groups of places: a score counts where it says something of any place."""
    founds = [
        passing.answer(CELL, surveyed(TIMES, unscored=["e"], over=[*"abce"], seen=["a"], hidden=["b", "c"])),
        passing.answer(CELL, surveyed(TIMES, unscored=["e"], over=[*"bcd"], seen=["b"], hidden=["d"])),
    ]
    told = passing.together(CELL, founds)
    assert [one.index for one in told.scenes] == [*"abcde"]  # f is over no place
    assert (told.scored_count, told.unscored_ids, told.hidden_ids) == (2, ("c", "d", "e"), ("c", "d"))
    assert (told.used_count, told.days) == (2, (date(2023, 1, 1), date(2023, 1, 2)))
    kept = replace(CELL, unscored_policy="keep")
    founds = [passing.answer(kept, surveyed(TIMES, unscored=["e"], hidden=["b"]))]
    told = passing.together(kept, founds)
    assert (told.scored_count, told.used_count) == (4, 5)  # a masked score is never made up for


@pytest.mark.parametrize(
    "values",
    [
        None,
        [],
        {"times": []},
        {"ids": [1]},
        {"times": [-1]},
        {"times": [float("nan")]},
        {"over": None},
        {"hidden": [0]},
        {"seen": "a"},
    ],
)
def test_damaged_answers_are_refused(values: object) -> None:
    if isinstance(values, dict):
        values = surveyed({"a": "2023-01-05T18:00:00"}) | values
    with pytest.raises(Unreachable, match="damaged"):
        passing.answer(CELL, values)
