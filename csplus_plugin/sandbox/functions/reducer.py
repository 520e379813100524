"""Reducers by name, and reducers made of others (guides/reducers_intro)."""

# ruff: noqa: ARG001, FBT001 - arguments are those of the real functions
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

import numpy as np

from ..errors import Refused
from ..graph.registry import function
from ..images.image import Image
from ..images.pixel_types import DOUBLE, PixelType, union
from ..reducers import distributions, histograms
from ..reducers import reducer as reducers
from ..reducers.reducer import MAX_INPUTS, Reducer, Result, plain
from ..values.types import Feature, FeatureCollection

_PLAIN: dict[str, Reducer] = {
    "count": reducers.COUNT,
    "sum": reducers.SUM,
    "mean": reducers.MEAN,
    "product": reducers.PRODUCT,
    "allNonZero": reducers.ALL_NON_ZERO,
    "anyNonZero": reducers.ANY_NON_ZERO,
    "and": reducers.AND,
    "or": reducers.OR,
    "stdDev": reducers.STD_DEV,
    "variance": reducers.VARIANCE,
    "sampleStdDev": reducers.SAMPLE_STD_DEV,
    "sampleVariance": reducers.SAMPLE_VARIANCE,
    "minMax": reducers.combined(reducers.MIN, reducers.MAX, shared=True),
    "first": reducers.FIRST,
    "firstNonNull": reducers.FIRST,
    "last": reducers.LAST,
    "lastNonNull": reducers.LAST,
    "countDistinct": reducers.COUNT_DISTINCT,
    "countDistinctNonNull": reducers.COUNT_DISTINCT,
    "frequencyHistogram": histograms.FREQUENCY_HISTOGRAM,
    "skew": distributions.SKEW,
    "kurtosis": distributions.KURTOSIS,
    "circularMean": distributions.CIRCULAR_MEAN,
    "circularVariance": distributions.CIRCULAR_VARIANCE,
    "circularStddev": distributions.CIRCULAR_STD_DEV,
    "countRuns": distributions.COUNT_RUNS,
    "bitwiseAnd": distributions.BITWISE_AND,
    "bitwiseOr": distributions.BITWISE_OR,
}


def _register(name: str, reducer: Reducer) -> None:
    @function(f"Reducer.{name}")
    def made() -> Reducer:
        return reducer


for _name, _reducer in _PLAIN.items():
    _register(_name, _reducer)


def _extreme(reducer: Reducer, inputs: int, arg: str) -> Reducer:
    """Minimum or maximum of the first input; with more inputs, also what the others were there."""
    if inputs == 1:
        return reducer
    if not 1 <= inputs <= MAX_INPUTS:
        raise Refused(f"Reducer: numInputs must be between 1 and {MAX_INPUTS}.")
    index = np.argmin if arg == "min" else np.argmax
    worst = np.inf if arg == "min" else -np.inf

    def run(stacks: Sequence[np.ndarray], _: np.ndarray, presence: np.ndarray) -> list[Result]:
        if not len(stacks[0]):
            empty = np.zeros(stacks[0].shape[1])
            return [Result(empty, empty > 0) for _ in stacks]
        at = index(np.where(presence, stacks[0].astype(float), worst), axis=0)[np.newaxis]
        valid = presence.any(axis=0)
        return [Result(np.take_along_axis(stack, at, axis=0)[0], valid) for stack in stacks]

    outputs = (arg, *(f"{arg}{i}" for i in range(1, inputs)))
    return Reducer(outputs, run, list, inputs=inputs)


@function("Reducer.min")
def min_(num_inputs: int) -> Reducer:
    """Give the smallest value."""
    return _extreme(reducers.MIN, num_inputs, "min")


@function("Reducer.max")
def max_(num_inputs: int) -> Reducer:
    """Give the largest value."""
    return _extreme(reducers.MAX, num_inputs, "max")


@function("Reducer.median")
def median(max_buckets: int | None, min_bucket_width: float | None, max_raw: int | None) -> Reducer:
    """Give the middle value; always exact here, whatever the number of values."""
    return reducers.MEDIAN


@function("Reducer.mode")
def mode(max_buckets: int | None, min_bucket_width: float | None, max_raw: int | None) -> Reducer:
    """Give the most frequent value; always exact here."""
    return reducers.MODE


@function("Reducer.percentile")
def percentile(
    percentiles: list[float],
    output_names: list[str] | None,
    max_buckets: int | None,
    min_bucket_width: float | None,
    max_raw: int | None,
) -> Reducer:
    """Percentiles; always exact here."""
    return reducers.percentile(percentiles, output_names)


@function("Reducer.intervalMean")
def interval_mean(
    min_percentile: float,
    max_percentile: float,
    max_buckets: int | None,
    min_bucket_width: float | None,
    max_raw: int | None,
) -> Reducer:
    """Give the mean between two percentiles; always exact here."""
    return distributions.interval_mean(min_percentile, max_percentile)


@function("Reducer.histogram")
def histogram(max_buckets: int | None, min_bucket_width: float | None, max_raw: int | None) -> Reducer:
    """Give a histogram with buckets a power of 2 wide."""
    return histograms.histogram(max_buckets, min_bucket_width)


@function("Reducer.autoHistogram")
def auto_histogram(
    max_buckets: int | None, min_bucket_width: float | None, max_raw: int | None, cumulative: bool
) -> Reducer:
    """Give the lower ends of a histogram's buckets, and the counts."""
    return histograms.auto_histogram(max_buckets, min_bucket_width, cumulative=cumulative)


@function("Reducer.fixed2DHistogram")
def fixed_2d_histogram(
    x_min: float, x_max: float, x_steps: int, y_min: float, y_max: float, y_steps: int
) -> Reducer:
    """Count pairs in equal buckets of both."""
    return histograms.fixed_2d_histogram((x_min, x_max, x_steps), (y_min, y_max, y_steps))


@function("Reducer.fixedHistogram")
def fixed_histogram(min_: float, max_: float, steps: int, cumulative: bool) -> Reducer:
    """Count in equal buckets."""
    return histograms.fixed_histogram(min_, max_, steps, cumulative=cumulative)


@function("Reducer.toList")
def to_list(tuple_size: int | None, num_optional: int) -> Reducer:
    """Give the values as a list, or as a list of tuples."""
    if tuple_size is None:
        return reducers.TO_LIST
    if num_optional:
        raise Refused("Reducer.toList: numOptional is not supported by this sandbox engine.")

    def run(stacks: Sequence[np.ndarray], _: np.ndarray, presence: np.ndarray) -> list[Result]:
        made = np.empty(presence.shape[1], dtype=object)
        for pixel in range(presence.shape[1]):
            columns = [stack[presence[:, pixel], pixel].tolist() for stack in stacks]
            made[pixel] = [list(row) for row in zip(*columns, strict=True)]
        return [Result(made, np.ones(presence.shape[1], bool))]

    if not 1 <= tuple_size <= MAX_INPUTS:
        raise Refused(f"Reducer.toList: tupleSize must be between 1 and {MAX_INPUTS}.")
    return replace(
        reducers.TO_LIST,
        run=run,
        inputs=tuple_size,
        types=lambda types: [reduce(union, types).as_arrays(2)],
        arrays=False,
    )


@function("Reducer.combine")
def combine(reducer1: Reducer, reducer2: Reducer, output_prefix: str, shared_inputs: bool) -> Reducer:
    """Two reducers at once."""
    return reducers.combined(reducer1, reducer2, shared=shared_inputs, prefix=output_prefix)


@function("Reducer.unweighted")
def unweighted(reducer: Reducer) -> Reducer:
    """Every value counts 1."""
    return reducers.unweighted(reducer)


@function("Reducer.splitWeights")
def split_weights(reducer: Reducer) -> Reducer:
    """Give a reducer whose second input is the weight of the first."""
    return reducers.with_split_weights(reducer)


@function("Reducer.setOutputs")
def set_outputs(reducer: Reducer, outputs: list[str]) -> Reducer:
    """Other output names."""
    return reducer.named(outputs)


@function("Reducer.getOutputs")
def get_outputs(reducer: Reducer) -> list[str]:
    """Give the output names."""
    return list(reducer.outputs)


@function("Reducer.repeat")
def repeat(reducer: Reducer, count: int) -> Reducer:
    """One copy an input, outputs as lists."""
    if not 1 <= count <= MAX_INPUTS:
        raise Refused(f"Reducer.repeat: count must be between 1 and {MAX_INPUTS}.")
    size = reducer.inputs

    def run(stacks: Sequence[np.ndarray], weights: np.ndarray, presence: np.ndarray) -> list[Result]:
        copies = [reducer.run(stacks[i * size : (i + 1) * size], weights, presence) for i in range(count)]
        return [_listed(results, presence.shape[1]) for results in zip(*copies, strict=True)]

    nested = reducer.dictionaries or any(kind.dimensions for kind in reducer.types([DOUBLE] * size))
    return Reducer(
        reducer.outputs,
        run,
        lambda types: [kind.as_arrays(1) for kind in reducer.types(types[:size])],
        inputs=size * count,
        weighted=reducer.weighted,
        objects=True,
        dictionaries=nested,
    )


def _listed(results: Sequence[Result], pixels: int) -> Result:
    made = np.empty(pixels, dtype=object)
    for pixel in range(pixels):
        made[pixel] = [plain(_one(result, pixel)) for result in results]
    return Result(made, np.ones(pixels, bool))


@function("Reducer.group")
def group(reducer: Reducer, group_field: int, group_name: str) -> Reducer:
    """Give a list of results, one for each value of one input."""
    if not 0 <= group_field <= reducer.inputs:
        raise Refused("Reducer.group: groupField must be one of the inputs.")

    def run(stacks: Sequence[np.ndarray], weights: np.ndarray, presence: np.ndarray) -> list[Result]:
        keys = stacks[group_field]
        rest = [stack for i, stack in enumerate(stacks) if i != group_field]
        made = np.empty(presence.shape[1], dtype=object)
        for pixel in range(presence.shape[1]):
            column = slice(pixel, pixel + 1)
            made[pixel] = []
            for key in np.unique(keys[presence[:, pixel], pixel]):
                same = keys[:, pixel] == key
                parts = [stack[same, column] for stack in rest]
                results = reducer.run(parts, weights[same, column], presence[same, column])
                named = {name: plain(r) for name, r in zip(reducer.outputs, results, strict=True)}
                made[pixel].append({group_name: key.item(), **named})
        return [Result(made, np.ones(presence.shape[1], bool))]

    return Reducer(
        ("groups",),
        run,
        reducer.types,
        inputs=reducer.inputs + 1,
        weighted=reducer.weighted,
        objects=True,
        dictionaries=True,
    )


@function("Reducer.forEach")
def for_each(reducer: Reducer, output_names: list[str]) -> Reducer:
    """Give a copy of a reducer for each of some inputs, which give the outputs their names."""
    size, count = reducer.inputs, len(output_names)
    if not 1 <= count * size <= MAX_INPUTS:
        raise Refused(f"Reducer.forEach: The number of inputs must be between 1 and {MAX_INPUTS}.")
    several = len(reducer.outputs) > 1
    outputs = [f"{name}_{o}" if several else name for name in output_names for o in reducer.outputs]
    if len(set(outputs)) < len(outputs):
        raise Refused(f"Reducer.forEach: Output names are not unique: [{', '.join(outputs)}].")

    def run(stacks: Sequence[np.ndarray], weights: np.ndarray, presence: np.ndarray) -> list[Result]:
        parts = [stacks[i * size : (i + 1) * size] for i in range(count)]
        return [result for part in parts for result in reducer.run(part, weights, presence)]

    def types(inputs: Sequence[PixelType]) -> list[PixelType]:
        parts = [inputs[i * size : (i + 1) * size] for i in range(count)]
        return [kind for part in parts for kind in reducer.types(part)]

    return replace(reducer, outputs=tuple(outputs), run=run, types=types, inputs=size * count)


@function("Reducer.forEachBand", arrays=None)
def for_each_band(reducer: Reducer, image: Image) -> Reducer:
    """Give a copy of a reducer for each band of an image."""
    return for_each(reducer, image.names)


@function("Reducer.toCollection")
def to_collection(property_names: list[str], num_optional: int) -> Reducer:
    """Give the inputs as features without a place."""
    if num_optional:
        raise Refused("Reducer.toCollection: numOptional is not supported by this sandbox engine.")
    if not 1 <= len(property_names) <= MAX_INPUTS:
        raise Refused(f"Reducer.toCollection: The number of properties must be between 1 and {MAX_INPUTS}.")

    def run(stacks: Sequence[np.ndarray], _: np.ndarray, presence: np.ndarray) -> list[Result]:
        made = np.empty(presence.shape[1], dtype=object)
        for pixel in range(presence.shape[1]):
            table = [stack[presence[:, pixel], pixel].tolist() for stack in stacks]
            records = [dict(zip(property_names, row, strict=True)) for row in zip(*table, strict=True)]
            made[pixel] = FeatureCollection(tuple(Feature(None, record) for record in records))
        return [Result(made, np.ones(presence.shape[1], bool))]

    return Reducer(
        ("features",), run, list, inputs=len(property_names), objects=True, dictionaries=True, arrays=True
    )


def _one(result: Result, pixel: int) -> Result:
    return Result(result.values[pixel : pixel + 1], result.valid[pixel : pixel + 1])
