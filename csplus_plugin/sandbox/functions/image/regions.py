"""Images over regions: statistics, samples, tables (guides/reducers_reduce_region, guides/sampling)."""

# ruff: noqa: ARG001, FBT001 - arguments are those of the real functions
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from ...graph.registry import function
from ...images.image import Canvas, Image
from ...reducers.reducer import Reducer
from ...reducers.regions import reduced_region, region_grid, region_of, sampled, working_projection
from ...reducers.stacking import homogeneous_bands
from ...space.geometries import Geometry, shape_of
from ...space.grid import covering
from ...space.projections import WGS84, Projection, transform_points
from ...values.types import Feature, FeatureCollection, ImageCollection, int_if_whole
from ..element import to_dictionary

MAX_VALUES = 1_048_576  # of getRegion
MAX_RECTANGLE = 262_144  # pixels of sampleRectangle
MAX_SAMPLES = 262_144  # features


@function("Image.reduceRegion", arrays=None)
def reduce_region(
    image: Image,
    reducer: Reducer,
    geometry: Geometry | None,
    scale: float | None,
    crs: Projection | None,
    crs_transform: list[float] | None,
    best_effort: bool,
    max_pixels: int,
    tile_scale: float,
) -> dict[str, Any]:
    """Give a reducer over the pixels of a region; null where there is no valid one."""
    name = "Image.reduceRegion"
    projection = working_projection(image, crs, crs_transform, scale, name)
    region = region_of(image, geometry, name)
    grid = region_grid(region, projection, max_pixels, name, best_effort=best_effort)
    outcomes = reduced_region(image, reducer, region, grid, name)
    if len(outcomes) == 1 and reducer.inputs > 1:
        return outcomes[0]
    return dict(_by_band(image, reducer, outcomes))


def _by_band(
    image: Image, reducer: Reducer, outcomes: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, Any]]:
    """Name outputs by band, with the output's name as a suffix where there are several."""
    for band, outcome in zip(image.names, outcomes, strict=True):
        for output, value in outcome.items():
            yield (band if len(reducer.outputs) == 1 else f"{band}_{output}"), value


@function("Image.reduceRegions", arrays=None)
def reduce_regions(
    image: Image,
    collection: FeatureCollection,
    reducer: Reducer,
    scale: float | None,
    crs: Projection | None,
    crs_transform: list[float] | None,
    tile_scale: float,
    max_pixels_per_region: int | None,
) -> FeatureCollection:
    """Give a reducer over every feature, its outputs as properties."""
    name = "Image.reduceRegions"
    projection = working_projection(image, crs, crs_transform, scale, name)
    features = []
    for element in collection.elements:
        place = element.geometry()
        if place is None:
            features.append(element)
            continue
        region = region_of(image, place, name)
        grid = region_grid(region, projection, max_pixels_per_region, name)
        outcomes = reduced_region(image, reducer, region, grid, name)
        together = len(outcomes) == 1
        added = outcomes[0] if together else dict(_by_band(image, reducer, outcomes))
        features.append(Feature(place, {**element.properties, **added}, element.id))
    return FeatureCollection(tuple(features), collection.properties)


@function("Image.sample", arrays=None)
def sample(
    image: Image,
    region: Geometry | None,
    scale: float | None,
    projection: Projection | None,
    factor: float | None,
    num_pixels: int | None,
    seed: int,
    drop_nulls: bool,
    tile_scale: float,
    geometries: bool,
) -> FeatureCollection:
    """Give a feature for every pixel whose centre is in a region, or for some of them at random."""
    name = "Image.sample"
    if factor is not None and num_pixels is not None:
        raise Refused(f"{name}: May specify at most one of factor and numPixels.")
    lattice = working_projection(image, projection, None, scale, name)
    area = region_of(image, region, name)
    rows = _rows(image, area, lattice, geometries=geometries, name=name)
    if factor is not None or num_pixels is not None:
        share = factor if factor is not None else (num_pixels or 0) / max(1, len(rows))
        drawn = np.random.default_rng(abs(seed)).random(len(rows))
        rows = [row for row, number in zip(rows, drawn, strict=True) if number < share]
    return _table(rows, drop_nulls=drop_nulls)


@function("Image.sampleRegions", arrays=None)
def sample_regions(
    image: Image,
    collection: FeatureCollection,
    properties: list[str] | None,
    scale: float | None,
    projection: Projection | None,
    tile_scale: float,
    geometries: bool,
) -> FeatureCollection:
    """Give a feature for every pixel of every region, with the region's properties."""
    name = "Image.sampleRegions"
    lattice = working_projection(image, projection, None, scale, name)
    rows = []
    for element in collection.elements:
        region = region_of(image, element.geometry(), name)
        copied = to_dictionary(element, properties)
        sampled_rows = _rows(image, region, lattice, geometries=geometries, name=name)
        rows += [Feature(row.place, {**copied, **row.properties}) for row in sampled_rows]
    return _table(rows, drop_nulls=True)


@function("Image.stratifiedSample")
def stratified_sample(
    image: Image,
    num_points: int,
    class_band: str | None,
    region: Geometry | None,
    scale: float | None,
    projection: Projection | None,
    seed: int,
    class_values: list[int] | None,
    class_points: list[int] | None,
    drop_nulls: bool,
    tile_scale: float,
    geometries: bool,
) -> FeatureCollection:
    """Give some pixels of each class at random, all of them where there are fewer."""
    name = "Image.stratifiedSample"
    values, points = class_values or [], class_points or []
    if len(values) != len(points):
        raise Refused(f"{name}: classValues and classPoints must have the same length.")
    lattice = working_projection(image, projection, None, scale, name)
    band = image.names[0] if class_band is None else image.names[image.position(class_band)]
    rows = _rows(image, region_of(image, region, name), lattice, geometries=geometries, name=name)
    wanted, classes = dict(zip(values, points, strict=True)), dict[int, list[Feature]]()
    order = np.random.default_rng(abs(seed)).permutation(len(rows))
    for row in (rows[n] for n in order):
        number = row.properties[band]
        if number is None or (drop_nulls and None in row.properties.values()):
            continue
        if number != int(number):
            raise Refused(f"{name}: The class band must hold whole numbers, but there is {number}.")
        members = classes.setdefault(int(number), [])
        if len(members) < wanted.get(int(number), num_points):
            members.append(row)
    kept = [row for number in sorted(classes) for row in classes[number]]
    return _table(kept, drop_nulls=drop_nulls)


def _rows(
    image: Image, region: Geometry, lattice: Projection, *, geometries: bool, name: str
) -> list[Feature]:
    grid = region_grid(region, lattice, MAX_SAMPLES, name)
    rows = []
    for part in sampled(image, range(len(image.bands)), region, grid):
        longitude, latitude = transform_points(grid.crs, WGS84, part.x, part.y)
        for n in np.flatnonzero(part.inside):
            values = {
                band: _plain(value[n]) if mask[n] > 0 else None
                for band, value, mask in zip(image.names, part.values, part.masks, strict=True)
            }
            place = Geometry(shape_of("Point", [longitude[n], latitude[n]])) if geometries else None
            rows.append(Feature(place, values))
    return rows


def _plain(value: Any) -> Any:
    """Give a pixel as a property: an array, or a number."""
    return value if isinstance(value, np.ndarray) else int_if_whole(value.item())


def _table(rows: Sequence[Feature], *, drop_nulls: bool) -> FeatureCollection:
    kept = [r for r in rows if not drop_nulls or all(v is not None for v in r.properties.values())]
    return FeatureCollection(
        tuple(Feature(r.place, {**r.properties, "system:index": str(n)}) for n, r in enumerate(kept))
    )


@function("Image.sampleRectangle")
def sample_rectangle(
    image: Image,
    region: Geometry | None,
    properties: list[str] | None,
    default_value: float | None,
    default_array_value: object,
) -> Feature:
    """Give the pixels of each band in the box around a region, as arrays."""
    name = "Image.sampleRectangle"
    area = region_of(image, region, name)
    arrays: dict[str, Any] = {}
    for i, band in enumerate(image.bands):
        grid = covering(band.projection, area.bounds(band.crs))
        if grid.size > MAX_RECTANGLE:
            raise Refused(f"{name}: Too many pixels in sample; must be <= {MAX_RECTANGLE}. Got {grid.size}.")
        (raster,) = image.pixels(Canvas(grid), [i])
        if default_value is None and not raster.valid.all():
            raise Refused(
                f"{name}: Fully masked pixels / pixels outside of the image footprint when sampling band "
                f"'{band.name}' with no default value set. Note that calling sampleRectangle() on an image after "
                "ee.Image.clip() may result in a sampling bounding box outside the geometry passed to clip()."
            )
        arrays[band.name] = np.where(raster.valid, raster.values, default_value or 0)
    return Feature(area, {**to_dictionary(image, properties), **arrays})


@function("ImageCollection.getRegion")
def get_region(
    collection: ImageCollection,
    geometry: Geometry,
    scale: float | None,
    crs: Projection,
    crs_transform: list[float] | None,
) -> list[list[Any]]:
    """Give a table of every pixel of a region in every image, with a header row."""
    name = "ImageCollection.getRegion"
    bands = [band.name for band in homogeneous_bands(collection)]
    table: list[list[Any]] = [["id", "longitude", "latitude", "time", *bands]]
    if not collection.elements:
        return table
    first = collection.elements[0]
    lattice = working_projection(first, crs, crs_transform, scale, name)
    grid = covering(lattice, region_of(first, geometry, name).bounds(lattice.crs))
    count = grid.size * len(collection.elements) * len(bands)
    if count > MAX_VALUES:
        raise Refused(
            f"{name}: Too many values: {grid.size} points x {len(bands)} bands x "
            f"{len(collection.elements)} images > {MAX_VALUES}."
        )
    columns = [_columns(image, bands, geometry, grid) for image in collection.elements]
    for pixel in range(max((len(c) for c in columns), default=0)):
        table += [column[pixel] for column in columns if column]
    return table


def _columns(image: Image, bands: Sequence[str], region: Geometry, grid: Any) -> list[list[Any]]:
    """Give the rows of one image, none where the image has no pixel near the region."""
    if Canvas(grid).misses(image.drawn_extent()):
        return []
    positions = [image.position(band) for band in bands]
    rows = []
    for part in sampled(image, positions, region, grid):
        longitude, latitude = transform_points(grid.crs, WGS84, part.x, part.y)
        for n in range(part.x.size):
            values = [
                int_if_whole(v[n].item()) if m[n] > 0 else None
                for v, m in zip(part.values, part.masks, strict=True)
            ]
            rows.append(
                [
                    image.properties.get("system:index"),
                    longitude[n].item(),
                    latitude[n].item(),
                    image.properties.get("system:time_start"),
                    *values,
                ]
            )
    return rows
