"""The sample scenes: their layout, and the promises that the package's docstring makes."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.samples import (
    MONTH_WITHOUT_CLEAR_LOOKS,
    passes_of_year,
    truth,
    write_samples,
)
from csplus.csplus_plugin.sandbox.samples.landscape import build_landscape
from csplus.csplus_plugin.sandbox.samples.sky import sky_of
from csplus.csplus_plugin.sandbox.samples.sun import Sun, sun_at
from osgeo import gdal, ogr, osr

from ...support.places import moved

L2A = "COPERNICUS/S2_SR_HARMONIZED"
L1C = "COPERNICUS/S2_HARMONIZED"
SCORES = "GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED"
SPECTRAL = ["B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B9", "B11", "B12"]
FINE = {"B2", "B3", "B4", "B8", "cs", "cs_cdf"}
COARSE = {"B1", "B9", "B10"}
SIZE = 96
THRESHOLD = 0.60


@dataclass(frozen=True)
class Band:
    """What the file of a band holds."""

    values: np.ma.MaskedArray
    transform: tuple[float, ...]
    epsg: str

    @classmethod
    def read(cls, path: Path) -> Band:
        dataset = gdal.Open(str(path))
        assert dataset is not None, path
        assert dataset.RasterCount == 1
        values, nodata = dataset.ReadAsArray(), dataset.GetRasterBand(1).GetNoDataValue()
        code = dataset.GetSpatialRef().GetAuthorityCode(None)
        return cls(np.ma.masked_equal(values, nodata), dataset.GetGeoTransform(), code)


def properties(scene: Path) -> dict:
    return json.loads((scene / "properties.json").read_text())["properties"]


def scenes(archive: Path, collection: str, pattern: str = "*") -> list[Path]:
    return sorted((archive / collection).glob(pattern))


def month_stack(archive: Path, month: int) -> tuple[np.ndarray, np.ndarray]:
    """B4 and cs_cdf of every scored scene of 11SKB in a month, NaN where masked."""
    found = scenes(archive, SCORES, f"2023{month:02d}*T11SKB")
    red = [Band.read(archive / L2A / scene.name / "B4.tif").values for scene in found]
    rank = [Band.read(scene / "cs_cdf.tif").values for scene in found]
    return tuple(np.stack([v.astype(float).filled(np.nan) for v in stack]) for stack in (red, rank))


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    write_samples(folder, size=SIZE)
    return folder


def test_every_scene_has_its_bands_at_their_pixel_size(archive):
    expected = {
        L2A: {*SPECTRAL, "SCL"},
        L1C: {*SPECTRAL, "B10"},
        SCORES: {"cs", "cs_cdf"},
    }
    for collection, bands in expected.items():
        found = scenes(archive, collection)
        assert found
        for scene in found:
            assert {path.stem for path in scene.glob("*.tif")} == bands
    for scene in [*scenes(archive, L2A, "20230106*"), *scenes(archive, L1C, "20230106*")]:
        extents = set()
        for path in scene.glob("*.tif"):
            band = Band.read(path)
            pixel = 10 if path.stem in FINE else 60 if path.stem in COARSE else 20
            west, width, _, north, _, height = band.transform
            assert (width, height) == (pixel, -pixel)
            extents.add((west, north, band.values.shape[1] * pixel, band.values.shape[0] * pixel))
        assert len(extents) == 1


def test_grids_lie_on_those_of_the_full_tiles(archive):
    corners = {"T11SKB": ("32611", 199980, 4200000), "T10SGG": ("32610", 699960, 4200000)}
    for tile, (epsg, west, north) in corners.items():
        band = Band.read(scenes(archive, L2A, f"*_{tile}")[1] / "B1.tif")
        assert band.epsg == epsg
        assert (band.transform[0] - west) % 60 == 0
        assert (band.transform[3] - north) % 60 == 0


def test_the_example_point_is_in_the_middle(archive):
    band = Band.read(scenes(archive, L2A, "*_T11SKB")[0] / "B4.tif")
    x, y = moved("EPSG:4326", "EPSG:32611", -119.9087, 37.4159)
    west, _, _, north, _, _ = band.transform
    assert abs((x - west) / 10 - SIZE / 2) < 4
    assert abs((north - y) / 10 - SIZE / 2) < 4


def test_the_calendar(archive):
    main = [properties(scene) for scene in scenes(archive, L2A, "*T11SKB")]
    main = [one for one in main if one["SENSING_ORBIT_NUMBER"] == 113]
    days = [datetime.fromtimestamp(one["system:time_start"] / 1000, UTC).date() for one in main]
    assert days[0] == date(2023, 1, 1)
    assert days[-1] == date(2023, 12, 27)
    assert {(later - day).days for day, later in pairwise(days)} == {5}
    crafts = [one["SPACECRAFT_NAME"] for one in main]
    assert all(one != other for one, other in pairwise(crafts))


def test_some_days_appear_in_two_tiles(archive):
    tiles = Counter(scene.name[:8] for scene in scenes(archive, L2A))
    assert Counter(tiles.values())[2] == 36
    assert max(tiles.values()) == 2


def test_properties_name_the_scene_and_say_that_it_is_synthetic(archive):
    for collection in (L2A, L1C, SCORES):
        for scene in scenes(archive, collection):
            found = properties(scene)
            assert found["system:index"] == scene.name
            assert scene.name.endswith("_T" + found["MGRS_TILE"])
            moment = datetime.fromtimestamp(found["system:time_start"] / 1000, UTC)
            assert f"{moment:%Y%m%d}" == scene.name[:8]
            assert "sandbox" in found["SYNTHETIC"]


def test_both_products_have_the_same_scenes_and_six_lack_a_score(archive):
    names = {scene.name for scene in scenes(archive, L2A)}
    assert {scene.name for scene in scenes(archive, L1C)} == names
    unscored = names - {scene.name for scene in scenes(archive, SCORES)}
    assert {(name[:8], name[-5:]) for name in unscored} == {
        ("20230111", "11SKB"),
        ("20230416", "11SKB"),
        ("20230416", "10SGG"),
        ("20230720", "11SKB"),
        ("20231008", "11SKB"),
        ("20231202", "10SGG"),
    }


@pytest.mark.parametrize(
    ("collection", "band"), [(L2A, "B4"), (L1C, "B2"), (SCORES, "cs"), (SCORES, "cs_cdf")]
)
@pytest.mark.parametrize("day", ["20230106", "20230317", "20230605"])
def test_both_tiles_of_a_day_agree_on_the_ground(archive, collection, band, day):
    askew = Band.read(scenes(archive, collection, f"{day}*T10SGG")[0] / f"{band}.tif")
    whole = Band.read(scenes(archive, collection, f"{day}*T11SKB")[0] / f"{band}.tif")
    rng = np.random.default_rng(1)
    for _ in range(60):
        row, column = (int(rng.integers(0, n)) for n in askew.values.shape)
        x = askew.transform[0] + (column + 0.5) * 10
        y = askew.transform[3] - (row + 0.5) * 10
        x, y = moved("EPSG:32610", "EPSG:32611", x, y)
        there = int((whole.transform[3] - y) // 10), int((x - whole.transform[0]) // 10)
        assert min(there) >= 0
        assert askew.values[row, column] is np.ma.masked or whole.values[there] == askew.values[row, column]
        assert (askew.values[row, column] is np.ma.masked) == (whole.values[there] is np.ma.masked)


def test_a_swath_edge_masks_pixels_and_cuts_the_footprint(archive):
    cut = 0
    for scene in [*scenes(archive, L2A, "202303*"), *scenes(archive, L2A, "202306*")]:
        band = Band.read(scene / "B2.tif")
        polygon = ogr.CreateGeometryFromJson(
            json.dumps(json.loads((scene / "properties.json").read_text())["footprint"])
        )
        masked = np.ma.getmaskarray(band.values)
        cut += 0.02 < masked.mean() < 0.98
        west, _, _, north, _, _ = band.transform
        for row in range(3, masked.shape[0], 13):
            for column in range(3, masked.shape[1], 13):
                around = masked[row - 2 : row + 3, column - 2 : column + 3]
                if around.all() == around.any():  # away from the edge
                    lon, lat = moved(f"EPSG:{band.epsg}", "EPSG:4326", west + column * 10, north - row * 10)
                    point = ogr.CreateGeometryFromWkt(f"POINT ({lon} {lat})")
                    assert polygon.Contains(point) == (not around.all())
    assert cut


def test_coarse_pixels_are_means_of_what_lies_under_them():
    day = date(2023, 5, 20)
    from csplus.csplus_plugin.sandbox.samples.grid import tiles
    from csplus.csplus_plugin.sandbox.samples.scenes import band_pixels

    ground = np.random.default_rng(3).uniform(0.01, 0.9, (SIZE, SIZE)).astype(np.float32)
    pixels = band_pixels(ground, "B9", tiles(SIZE)["11SKB"])
    assert pixels.shape == (SIZE // 6, SIZE // 6)
    assert abs(int(pixels[2, 5]) - 10000 * ground[12:18, 30:36].mean()) <= 6
    assert truth(day, "B9", size=SIZE).shape == pixels.shape


def test_the_pixel_model_mixes_the_surface_with_what_hides_it():
    land = build_landscape().window(SIZE)
    for one in passes_of_year()[3:40:6]:
        sky = sky_of(one, land, Sun(45, 150))
        dark = sky.observe(np.full((12, SIZE, SIZE), 0.1, np.float32))
        bright = sky.observe(np.full((12, SIZE, SIZE), 0.5, np.float32))
        # p = t q + c (1 - q): only t differs, so the difference is q times that of the surfaces.
        for band in (bright - dark) / 0.4:
            np.testing.assert_allclose(band, sky.clear, atol=1e-5)
        hidden = sky.clear < 0.5
        contamination = (dark - 0.1 * sky.clear)[:, hidden] / (1 - sky.clear[hidden])
        assert contamination.min(initial=0.5) > 0
        assert contamination.max(initial=0.5) < 1.1


def test_shadows_lie_away_from_the_sun():
    land = build_landscape().window(384)
    one = next(p for p in passes_of_year() if p.day == date(2023, 1, 21))
    sky = sky_of(
        one, land, Sun(60, 90)
    )  # in the east: 750 m high clouds darken the ground 1300 m west of them
    cloud, shadow = sky.cloud > 0.5, sky.shadow / (1 - sky.cloud + 1e-6) > 0.5
    assert (shadow[:, :254] & cloud[:, 130:]).sum() > 0.7 * shadow[:, :254].sum()
    assert (shadow[:, 130:] & cloud[:, :254]).sum() < 0.4 * shadow[:, 130:].sum()


def test_clear_pixels_show_the_truth_and_cloudy_ones_do_not(archive):
    scene = scenes(archive, L2A, "20230401*T11SKB")[0]
    clear = Band.read(archive / SCORES / scene.name / "cs.tif").values
    for product, collection in (("L2A", L2A), ("L1C", L1C)):
        seen = Band.read(archive / collection / scene.name / "B3.tif").values
        error = np.abs(seen.astype(float) - truth(date(2023, 4, 1), "B3", product=product, size=SIZE))
        # A haze of a few hundredths is left on the clearest day.
        assert np.median(error.filled(np.nan)[clear > 0.93]) < 120
    hidden = Band.read(scenes(archive, L2A, "20230106*T11SKB")[0] / "B3.tif").values
    error = np.abs(hidden.astype(float) - truth(date(2023, 1, 6), "B3", size=SIZE))
    assert np.median(error.compressed()) > 1500


def test_the_air_adds_blue_and_the_cirrus_band_shows_cirrus(archive):
    scene = scenes(archive, L2A, "20230401*T11SKB")[0].name
    blue, red = (
        np.median(Band.read(archive / L1C / scene / f"{b}.tif").values.compressed().astype(float))
        - np.median(Band.read(archive / L2A / scene / f"{b}.tif").values.compressed().astype(float))
        for b in ("B2", "B4")
    )
    assert blue > red + 100
    veiled = scenes(archive, L1C, "20230126*T11SKB")[0]
    assert (
        Band.read(veiled / "B10.tif").values.mean()
        > 10 * Band.read(archive / L1C / scene / "B10.tif").values.mean()
    )


def test_cs_cdf_ranks_cs_in_the_history_of_its_place(archive):
    found = scenes(archive, SCORES, "*T11SKB")
    cs, rank = (
        np.stack([Band.read(s / f"{b}.tif").values.filled(np.nan) for s in found]) for b in ("cs", "cs_cdf")
    )
    assert np.nanmin(cs) >= 0
    assert np.nanmax(cs) <= 1
    for row, column in ((5, 5), (40, 70), (90, 20)):
        scores, ranks = cs[:, row, column], rank[:, row, column]
        order = np.argsort(scores[~np.isnan(scores)])
        assert (np.diff(ranks[~np.isnan(ranks)][order]) >= 0).all()
        for score, here in zip(scores, ranks, strict=True):
            if not np.isnan(score):
                # Unscored passes are part of the history and absent here: hence the margin.
                assert here >= np.nanmean(np.where(np.isnan(scores), np.nan, scores <= score)) - 0.07
                assert here <= np.nanmean(np.where(np.isnan(scores), np.nan, scores <= score + 0.25)) + 0.07
    assert (rank[cs > 0.95] >= THRESHOLD).mean() > 0.99
    assert (rank[cs < 0.5] < THRESHOLD).mean() > 0.95


def test_january_is_cloudy_yet_nearly_every_place_has_a_clear_look(archive):
    red, rank = month_stack(archive, 1)
    clear = rank >= THRESHOLD
    assert len(red) == 6
    assert (clear.mean((1, 2)) < 0.95).all()
    assert clear.any(0).mean() > 0.97
    true = truth(date(2023, 1, 15), "B4", size=SIZE).astype(float)
    plain = np.median(red, 0)
    masked = np.nanmedian(np.where(clear, red, np.nan)[:, clear.any(0)], 0)
    rmse = np.sqrt(np.mean((plain - true) ** 2)), np.sqrt(np.mean((masked - true[clear.any(0)]) ** 2))
    assert rmse[1] < rmse[0] / 5


def test_one_month_has_places_without_a_clear_look(archive):
    _, rank = month_stack(archive, MONTH_WITHOUT_CLEAR_LOOKS)
    assert 0.05 < (~(rank >= THRESHOLD).any(0)).mean() < 0.95


def test_the_year_turns_smoothly_and_visibly():
    red, infrared = (
        np.stack([truth(date(2023, month, 15), b, size=SIZE) for month in range(1, 13)]).astype(float)
        for b in ("B4", "B8")
    )
    greenness = ((infrared - red) / (infrared + red)).mean((1, 2))
    assert greenness[2] > greenness[8] + 0.15  # grass is green in March and dry in September
    today, tomorrow = (truth(date(2023, 4, day), "B8", size=SIZE).astype(float) for day in (20, 21))
    assert np.abs(tomorrow - today).max() < 200
    last, first = (
        truth(day, "B4", size=SIZE).astype(float) for day in (date(2023, 12, 31), date(2023, 1, 1))
    )
    assert np.median(np.abs(last - first)) <= 20


def test_truth_files_hold_the_middle_of_the_month(archive):
    for product, collection in (("L2A", L2A), ("L1C", L1C)):
        months = sorted((archive / "truth" / collection / "11SKB").iterdir())
        assert [month.name for month in months] == [f"2023-{n:02d}" for n in range(1, 13)]
        stored = Band.read(months[6] / "B8A.tif")
        np.testing.assert_array_equal(
            stored.values, truth(date(2023, 7, 15), "B8A", product=product, size=SIZE)
        )
        scene = Band.read(scenes(archive, collection, "*T11SKB")[0] / "B8A.tif")
        assert (stored.transform, stored.epsg) == (scene.transform, scene.epsg)


def test_classification_knows_its_classes_and_errs_at_times(archive):
    overcast = Band.read(scenes(archive, L2A, "20230106*T11SKB")[0] / "SCL.tif").values
    assert np.isin(overcast, (8, 9)).mean() > 0.6
    seen = set()
    for scene in scenes(archive, L2A, "*T11SKB"):
        seen |= set(np.unique(Band.read(scene / "SCL.tif").values.compressed()).tolist())
    assert seen <= set(range(1, 12))
    assert {3, 4, 5, 6, 7, 8, 9, 10} <= seen


def test_cloudy_pixel_percentage_follows_the_clouds(archive):
    percentage = {
        s.name[:8]: properties(s)["CLOUDY_PIXEL_PERCENTAGE"] for s in scenes(archive, L2A, "*T11SKB")
    }
    assert percentage["20230106"] > 80
    assert percentage["20231018"] < 5


def test_a_smaller_size_shows_the_same_land():
    part, whole = (truth(date(2023, 6, 1), "B4", size=size) for size in (96, 120))
    np.testing.assert_array_equal(part, whole[12:-12, 12:-12])


def test_two_runs_are_equal(tmp_path):
    chosen = passes_of_year()[1:4]
    for name in ("one", "other"):
        write_samples(tmp_path / name, size=SIZE, passes=chosen)
    files = sorted(p.relative_to(tmp_path / "one") for p in (tmp_path / "one").rglob("*") if p.is_file())
    assert len(files) > 100
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "other" / file).read_bytes()


def test_progress_rises_to_one(tmp_path):
    told = []
    write_samples(tmp_path, told.append, size=SIZE, passes=passes_of_year()[:2])
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_a_run_that_is_stopped_leaves_nothing(tmp_path):
    def stop(_share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_samples(tmp_path, stop, size=SIZE, passes=passes_of_year()[:2])
    assert list(tmp_path.iterdir()) == []


def test_an_archive_is_never_written_over(tmp_path):
    (tmp_path / "truth").mkdir()
    with pytest.raises(FileExistsError, match="truth"):
        write_samples(tmp_path, size=SIZE)


@pytest.mark.parametrize("size", [0, 95, 100, 90, 396])
def test_a_size_off_the_grid_is_refused(tmp_path, size):
    with pytest.raises(ValueError, match="multiple of 12"):
        write_samples(tmp_path / "new", size=size)


def test_a_file_that_cannot_be_written_is_an_error(tmp_path):
    from csplus.csplus_plugin.sandbox.samples.geotiff import write_band
    from csplus.csplus_plugin.sandbox.samples.grid import tiles

    with pytest.raises(OSError, match="could not be written"):
        write_band(tmp_path / "absent" / "B4.tif", np.ones((4, 4), np.uint16), tiles(SIZE)["11SKB"], 10, 0)


def test_gdal_keeps_its_exception_mode(tmp_path):
    before = gdal.GetUseExceptions(), osr.GetUseExceptions()
    write_samples(tmp_path, size=SIZE, passes=passes_of_year()[:1])
    assert (gdal.GetUseExceptions(), osr.GetUseExceptions()) == before


@pytest.mark.parametrize(
    ("moment", "zenith"),
    [
        (datetime(2023, 3, 20, 20, 7, tzinfo=UTC), 37.4),  # equinox: the latitude
        (datetime(2023, 6, 21, 20, 2, tzinfo=UTC), 37.4 - 23.4),
        (datetime(2023, 12, 21, 19, 58, tzinfo=UTC), 37.4 + 23.4),
    ],
)
def test_the_sun_at_noon(moment, zenith):
    sun = sun_at(moment, -119.9087, 37.4159)
    assert abs(sun.zenith - zenith) < 0.6
    assert abs(sun.azimuth - 180) < 2.5
    morning = sun_at(moment.replace(hour=17), -119.9087, 37.4159)
    assert morning.azimuth < 170
