"""Writes the sample scenes and their cloud-free truth as an archive."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from datetime import date, datetime, time, timezone
from functools import lru_cache
from pathlib import Path

import numpy as np

from ..collection_ids import CLOUD_SCORE, S2_SR, S2_TOA
from .atmosphere import TOA_BANDS, cirrus_band, top_of_atmosphere
from .classes import Classifier
from .geotiff import write_band, write_json
from .grid import LATITUDE, LONGITUDE, SIZE, Tile, tiles
from .landscape import Landscape, build_landscape
from .passes import YEAR, Pass, passes_of_year
from .scenes import (
    NODATA,
    PIXEL_M,
    Scene,
    band_pixels,
    class_pixels,
    image_properties,
    score_properties,
    sun_over,
    toa_properties,
)
from .score import STEPS, History, ScoreNoise, score
from .sky import Sky, sky_of
from .sun import Sun, sun_at
from .surface import BANDS, surface
from .swath import footprint, seen_by

_THREADS = 2
_LOOK = 0.2  # seconds between two reports
_SCORE_NODATA = -1.0
_CLOUDY = 0.25  # share of the signal from which a pixel counts as cloudy
_NOTE = """Sample scenes of the Cloud Score+ sandbox. Synthetic: not Sentinel-2 images, not Google's scores.

COPERNICUS/S2_SR_HARMONIZED/<scene>/<band>.tif                 surface reflectance x 10000, and SCL
COPERNICUS/S2_HARMONIZED/<scene>/<band>.tif                    top of atmosphere reflectance x 10000
GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED/<scene>/<band>.tif    cs, cs_cdf
truth/<collection id>/<MGRS tile>/<year-month>/<band>.tif      the same land on the 15th, without any cloud
"""


def write_samples(
    folder: Path,
    progress: Callable[[float], None] | None = None,
    *,
    size: int = SIZE,
    passes: Iterable[Pass] | None = None,
) -> None:
    """Write the sample scenes into a folder; see the package for what they are.

    Everything appears in the folder at the end, or nothing does.

    Args:
        folder: Made if missing. May hold other things.
        progress: Told the share that is done, 0..1, from this thread, several times a second; raises to end it.
        size: Ground cells along each side, a multiple of 12 from 96 to 384: fewer cut the middle out of the
            same land.
        passes: A choice of `passes_of_year()`, in order of time; all if omitted. The ranks of `cs_cdf` are among
            these.

    Raises:
        ValueError: The size does not fit.
        FileExistsError: The folder already holds an archive.
        OSError: A file could not be written.
    """
    parts = ("COPERNICUS", "GOOGLE", "truth", "README.txt")
    taken = [part for part in parts if (folder / part).exists()]
    if taken:
        raise FileExistsError(f"{folder} already holds {', '.join(taken)}. Choose another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".samples-") as name:
        unfinished = Path(name)
        chosen = passes_of_year() if passes is None else list(passes)
        progress = progress or (lambda _share: None)
        _prepare_land(size, progress)
        _Writer(unfinished, size, chosen, progress).write()
        (unfinished / "README.txt").write_text(_NOTE, encoding="utf-8")
        for part in parts:
            if (unfinished / part).exists():
                (unfinished / part).replace(folder / part)


def truth(day: date, band: str, tile: str = "11SKB", product: str = "L2A", *, size: int = SIZE) -> np.ndarray:
    """Give what a band would show on a day without any cloud, haze or shadow: digital numbers (uint16).

    Args:
        day: Of 2023.
        band: Spectral band, as in Earth Engine.
        tile: MGRS tile, "11SKB" or "10SGG".
        product: "L2A" or "L1C".
        size: As given to `write_samples`.
    """
    grid = tiles(size)[tile]
    return band_pixels(_truth_bands(_land(size), day, product)[band], band, grid)


def _prepare_land(size: int, progress: Callable[[float], None]) -> None:
    """Build the land in a thread of its own, which is left alone where nobody wants to wait for it any more."""
    pool = ThreadPoolExecutor(1)
    try:
        land = pool.submit(_land, size)
        while wait([land], _LOOK).not_done:
            progress(0.0)
        land.result()
    finally:
        pool.shutdown(wait=False)


@lru_cache(maxsize=1)
def _land(size: int) -> Landscape:
    return build_landscape().window(size)


def _truth_bands(land: Landscape, day: date, product: str) -> dict[str, np.ndarray]:
    sun = sun_at(datetime.combine(day, time(18, 47), timezone.utc), LONGITUDE, LATITUDE)
    return _product_bands(surface(land, day, sun), sun, None)[S2_SR if product == "L2A" else S2_TOA]


def _product_bands(reflectance: np.ndarray, sun: Sun, sky: Sky | None) -> dict[str, dict[str, np.ndarray]]:
    """Give maps of reflectance, by collection and band."""
    toa = dict(zip(BANDS, top_of_atmosphere(reflectance, sun), strict=True))
    toa["B10"] = cirrus_band(sky, (reflectance.shape[1], reflectance.shape[2]))
    return {
        S2_SR: dict(zip(BANDS, reflectance, strict=True)),
        S2_TOA: {band: toa[band] for band in TOA_BANDS},
    }


class _Writer:
    """One run of `write_samples`."""

    def __init__(
        self, folder: Path, size: int, passes: list[Pass], progress: Callable[[float], None]
    ) -> None:
        self._folder = folder
        self._passes = passes
        self._progress = progress
        self._tiles = tiles(size)
        self._land = _land(size)
        self._classifier = Classifier()
        self._noise = ScoreNoise()
        self._scores = np.zeros((len(passes), size, size), np.uint8)
        self._seen = np.stack([seen_by(one, size) for one in passes])

    def write(self) -> None:
        """Write everything: images and truth first, then the scores, which need the whole year's."""
        months = sorted({one.day.month for one in self._passes})
        with ThreadPoolExecutor(_THREADS) as pool:
            jobs = [pool.submit(self._write_images, n) for n in range(len(self._passes))]
            jobs += [pool.submit(self._write_truth, month) for month in months]
            self._follow(jobs, 0.0, 0.9)
            history = History(self._scores, self._seen)
            self._progress(0.92)
            jobs = [pool.submit(self._write_scores, n, history) for n in range(len(self._passes))]
            self._follow(jobs, 0.92, 1.0)

    def _follow(self, jobs: list[Future[None]], first: float, last: float) -> None:
        try:
            waiting = set(jobs)
            while waiting:
                done, waiting = wait(waiting, _LOOK, FIRST_EXCEPTION)
                for job in done:
                    job.result()
                self._progress(last - (last - first) * len(waiting) / len(jobs))
        except BaseException:
            for job in jobs:
                job.cancel()
            raise

    def _write_images(self, number: int) -> None:
        one, seen = self._passes[number], self._seen[number]
        sun = sun_over(one)
        sky = sky_of(one, self._land, sun)
        true = surface(self._land, one.day, sun)
        observed = sky.observe(true)
        scl = self._classifier.classify(true, observed, sky, one.seed)
        cloudy = sky.cloud + sky.cirrus > _CLOUDY
        size = seen.shape[0]
        self._scores[number] = score(sky.clear, self._noise.of_pass(one.seed, size))
        products = _product_bands(observed, sun, sky)
        for name in one.tiles:
            tile = self._tiles[name]
            scene = Scene(one, tile)
            classes = class_pixels(scl, tile, seen)
            here = tile.sample(seen)
            share = float(tile.sample(cloudy)[here].mean()) if here.any() else 0.0
            properties = image_properties(scene, sun, classes, share)
            outline = footprint(one, tile)
            of_product = {S2_SR: properties, S2_TOA: toa_properties(properties)}
            for collection, bands in products.items():
                home = self._new(collection, scene.index)
                for band, ground in bands.items():
                    self._write_band(home, band, band_pixels(ground, band, tile, seen), tile)
                write_json(
                    home / "properties.json", {"properties": of_product[collection], "footprint": outline}
                )
            self._write_band(self._folder / S2_SR / scene.index, "SCL", classes, tile)

    def _write_truth(self, month: int) -> None:
        tile = self._tiles["11SKB"]
        for product, collection in (("L2A", S2_SR), ("L1C", S2_TOA)):
            home = self._new(f"truth/{collection}/{tile.name}", f"{YEAR}-{month:02d}")
            for band, ground in _truth_bands(self._land, date(YEAR, month, 15), product).items():
                self._write_band(home, band, band_pixels(ground, band, tile), tile)

    def _write_scores(self, number: int, history: History) -> None:
        one = self._passes[number]
        bands = {"cs": self._scores[number], "cs_cdf": history.rank(self._scores[number])}
        for name in one.tiles:
            if not one.is_scored(name):
                continue
            tile = self._tiles[name]
            scene = Scene(one, tile)
            home = self._new(CLOUD_SCORE, scene.index)
            here = tile.sample(self._seen[number])
            for band, steps in bands.items():
                values = np.where(here, tile.sample(steps) / np.float32(STEPS), np.float32(_SCORE_NODATA))
                write_band(home / f"{band}.tif", values, tile, 10, _SCORE_NODATA, predictor=3)
            content = {"properties": score_properties(scene), "footprint": footprint(one, tile)}
            write_json(home / "properties.json", content)

    def _new(self, collection: str, name: str) -> Path:
        home = self._folder / collection / name
        home.mkdir(parents=True)
        return home

    @staticmethod
    def _write_band(home: Path, band: str, pixels: np.ndarray, tile: Tile) -> None:
        write_band(home / f"{band}.tif", pixels, tile, PIXEL_M[band], NODATA, predictor=2)
