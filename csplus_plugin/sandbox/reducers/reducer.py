"""Reducers: many values into one, for all pixels of a block at once or for a list of numbers.

A reducer gets its inputs as arrays (n, pixels): n images of a collection at every pixel, or n pixels of a
region as one column. Beside them go weights (n, pixels), where 0 is "no value", and presence (n, pixels) for
reducers that do not weigh (https://developers.google.com/earth-engine/guides/reducers_weighting).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..errors import Refused
from ..images.pixel_types import BOOLEAN, DOUBLE, UINT32, PixelType
from ..made_by import MadeBy
from . import statistics

Stack = np.ndarray
"""Values (n, pixels)."""


@dataclass(frozen=True)
class Result:
    """One output of a reducer.

    Attributes:
        values: One value a pixel (pixels,), or Python objects where the output is a list or a dictionary.
        valid: Where there is a value at all (pixels,).
    """

    values: np.ndarray
    valid: np.ndarray


OutputTypes = Callable[[Sequence[PixelType]], Sequence[PixelType]]
"""Pixel types of the inputs to those of the outputs."""


@dataclass(frozen=True)
class Reducer:
    """A way to reduce, with its inputs and named outputs.

    Attributes:
        outputs: Names of the outputs.
        run: The reduction itself.
        types: Pixel types of the outputs, from those of the inputs.
        inputs: Number of inputs.
        weighted: Whether weights count, beyond being zero or not.
        objects: Whether some outputs are lists, dictionaries or arrays.
        dictionaries: Whether some outputs are nothing that pixels can hold, as numbers and arrays are.
        arrays: Whether inputs are arrays, too.
        made_by: The function and its arguments, to be printed; None where that is not known.
    """

    outputs: tuple[str, ...]
    run: Callable[[Sequence[Stack], Stack, Stack], Sequence[Result]]
    types: OutputTypes
    inputs: int = 1
    weighted: bool = False
    objects: bool = False
    dictionaries: bool = False
    arrays: bool = False
    made_by: MadeBy | None = field(default=None, repr=False, compare=False)

    def reduce(self, stacks: Sequence[Stack], weights: Stack, presence: Stack | None = None) -> list[Result]:
        """Reduce arrays.

        Args:
            stacks: One array (n, pixels) an input.
            weights: How much each value counts (n, pixels), 0 to 1; 0 is no value.
            presence: Whether a value counts for reducers without weights; None for weights above 0.

        Raises:
            Refused: A wrong number of inputs.
        """
        if len(stacks) != self.inputs:
            raise Refused(f"Reducer: Need {self.inputs} inputs for the reducer, got {len(stacks)}.")
        return list(self.run(stacks, weights, weights > 0 if presence is None else presence))

    def values(self, rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
        """Reduce plain numbers.

        Args:
            rows: One tuple of inputs a record; None is no value.

        Returns:
            The outputs by name; None where there is none.
        """
        usable = [row for row in rows if all(v is not None for v in row)]
        columns = [np.array([row[i] for row in usable], dtype=object) for i in range(self.inputs)]
        stacks = [_numeric(column)[:, np.newaxis] for column in columns]
        results = self.reduce(stacks, np.ones((len(usable), 1), np.float32))
        return {name: plain(result) for name, result in zip(self.outputs, results, strict=True)}

    def named(self, outputs: Sequence[str]) -> Reducer:
        """Give the same reducer with other output names.

        Raises:
            Refused: A wrong number of names.
        """
        if len(outputs) != len(self.outputs):
            raise Refused(f"Reducer.setOutputs: Need {len(self.outputs)} output names, got {len(outputs)}.")
        return replace(self, outputs=tuple(outputs))


def plain(result: Result) -> Any:
    """Give the single value of a result as a Python object."""
    if not result.valid.all():
        return None
    value = result.values.ravel()[0]
    return value.item() if isinstance(value, np.generic) else value


def _numeric(column: np.ndarray) -> np.ndarray:
    if all(isinstance(v, bool | int | float) for v in column):
        return column.astype(float if column.size else np.float64)
    return column


def single_output(
    name: str,
    reduce: Callable[[Stack, Stack], np.ndarray],
    output_type: Callable[[Sequence[PixelType]], PixelType] = lambda _: DOUBLE,
    *,
    weighted: bool = False,
    empty: bool = False,
    objects: bool = False,
    dictionaries: bool = False,
    arrays: bool = False,
) -> Reducer:
    """Give a reducer with one input and one output.

    Args:
        name: Name of the output.
        reduce: Values and weights (booleans where not weighted) to one value a pixel.
        output_type: From the input's type.
        weighted: Whether it wants weights.
        empty: Whether no value at all still gives a result.
        objects: Whether the results are Python objects.
        dictionaries: Whether no pixel can hold them.
        arrays: Whether inputs may be arrays.
    """

    def run(stacks: Sequence[Stack], weights: Stack, presence: Stack) -> list[Result]:
        counted = weights if weighted else presence
        with np.errstate(all="ignore"):
            values = reduce(stacks[0], counted)
        valid = np.ones(counted.shape[1], bool) if empty else counted.any(axis=0)
        if values.dtype.kind == "f":
            valid &= ~np.isnan(values)
        return [Result(values, valid)]

    return Reducer(
        (name,),
        run,
        lambda types: [output_type(types)],
        weighted=weighted,
        objects=objects or dictionaries,
        dictionaries=dictionaries,
        arrays=arrays,
    )


def _same(types: Sequence[PixelType]) -> PixelType:
    return types[0]


def _listed(types: Sequence[PixelType]) -> PixelType:
    return types[0].as_arrays(types[0].dimensions + 1)


def _averaged(types: Sequence[PixelType]) -> PixelType:
    return PixelType("double", types[0].min, types[0].max)


def _columns(values: Stack, counted: Stack, make: Callable[[list], Any]) -> np.ndarray:
    """Python objects, one a pixel, from the list of the values present there."""
    made = np.empty(values.shape[1], dtype=object)
    for pixel in range(values.shape[1]):
        made[pixel] = make(
            [v for v, c in zip(values[:, pixel].tolist(), counted[:, pixel], strict=True) if c]
        )
    return made


def as_key(value: object) -> str:
    """Give a value as a dictionary's key: whole numbers without a point."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


COUNT = single_output("count", statistics.number_of, lambda _: UINT32, empty=True)
SUM = single_output("sum", statistics.total, weighted=True, empty=True)
MEAN = single_output("mean", statistics.mean, _averaged, weighted=True)
MEDIAN = single_output("median", statistics.median, _averaged)
MODE = single_output("mode", statistics.mode, _same)
MIN = single_output("min", statistics.smallest, _same)
MAX = single_output("max", statistics.largest, _same)
PRODUCT = single_output("product", statistics.product, empty=True)
ALL_NON_ZERO = single_output("all", lambda v, p: ((v != 0) | ~p).all(axis=0), lambda _: BOOLEAN)
ANY_NON_ZERO = single_output("any", lambda v, p: ((v != 0) & p).any(axis=0), lambda _: BOOLEAN)
AND = ALL_NON_ZERO.named(["and"])
OR = ANY_NON_ZERO.named(["or"])
FIRST = single_output("first", statistics.first_of, _same, arrays=True)
LAST = single_output("last", statistics.last_of, _same, arrays=True)
VARIANCE = single_output("variance", statistics.variance, weighted=True)
STD_DEV = single_output("stdDev", lambda v, w: np.sqrt(statistics.variance(v, w)), weighted=True)
SAMPLE_VARIANCE = single_output("sampleVariance", statistics.sample_variance, weighted=True)
SAMPLE_STD_DEV = single_output(
    "sampleStdDev", lambda v, w: np.sqrt(statistics.sample_variance(v, w)), weighted=True
)
COUNT_DISTINCT = single_output("count", statistics.number_distinct, lambda _: UINT32, empty=True)
TO_LIST = single_output(
    "list", lambda v, p: _columns(v, p, list), _listed, empty=True, objects=True, arrays=True
)


def percentile(percentiles: Sequence[float], names: Sequence[str] | None = None) -> Reducer:
    """Percentiles by linear interpolation.

    Args:
        percentiles: 0 to 100.
        names: Names of the outputs; None for p0, p50, p100 …

    Raises:
        Refused: A percentile outside 0 to 100, or a wrong number of names.
    """
    if not percentiles or not all(0 <= p <= 100 for p in percentiles):  # noqa: PLR2004 - per cent
        raise Refused("Reducer.percentile: Percentiles must be numbers between 0 and 100.")

    def run(stacks: Sequence[Stack], _: Stack, presence: Stack) -> list[Result]:
        found = statistics.quantiles(stacks[0], presence, [p / 100 for p in percentiles])
        return [Result(values, presence.any(axis=0)) for values in found]

    outputs = tuple(f"p{as_key(float(p))}" for p in percentiles)
    reducer = Reducer(outputs, run, lambda types: [_averaged(types)] * len(outputs))
    return reducer.named(names) if names else reducer


def unweighted(reducer: Reducer) -> Reducer:
    """Give the same reducer with every present value counting 1."""

    def run(stacks: Sequence[Stack], _: Stack, presence: Stack) -> Sequence[Result]:
        return reducer.run(stacks, presence.astype(np.float32), presence)

    return replace(reducer, run=run, weighted=False)


def with_split_weights(reducer: Reducer) -> Reducer:
    """Give the same reducer with a second input, which is the weight of the first; one that does not weigh stays.

    Raises:
        Refused: It has several inputs.
    """
    if not reducer.weighted:
        return reducer
    if reducer.inputs > 1:
        raise Refused(
            "Reducer.splitWeights: Reducers with several inputs are not supported by this sandbox engine."
        )

    def run(stacks: Sequence[Stack], _: Stack, presence: Stack) -> Sequence[Result]:
        weights = np.where(presence, stacks[1], 0).astype(np.float64)
        return reducer.run(stacks[:1], weights, weights != 0)

    return replace(
        reducer,
        run=run,
        types=lambda types: reducer.types(types[:1]),
        inputs=2,
        weighted=False,
        arrays=False,
    )


def combined(one: Reducer, other: Reducer, *, shared: bool, prefix: str = "") -> Reducer:
    """Two reducers side by side, on the same inputs or each on its own.

    Raises:
        Refused: They share inputs but need different numbers of them, or have outputs of one name.
    """
    if shared and one.inputs != other.inputs:
        raise Refused("Reducer.combine: Reducers that share inputs must have the same number of inputs.")
    if len(one.outputs) + len(other.outputs) > MAX_INPUTS:
        raise Refused(f"Reducer.combine: More than {MAX_INPUTS} outputs.")
    outputs = (*one.outputs, *(prefix + name for name in other.outputs))
    if len(set(outputs)) < len(outputs):
        raise Refused(f"Reducer.combine: Output names are not unique: [{', '.join(outputs)}].")

    def run(stacks: Sequence[Stack], weights: Stack, presence: Stack) -> list[Result]:
        first = stacks if shared else stacks[: one.inputs]
        second = stacks if shared else stacks[one.inputs :]
        return [*one.run(first, weights, presence), *other.run(second, weights, presence)]

    def types(inputs: Sequence[PixelType]) -> list[PixelType]:
        second = inputs if shared else inputs[one.inputs :]
        return [*one.types(inputs[: one.inputs]), *other.types(second)]

    return Reducer(
        outputs,
        run,
        types,
        inputs=one.inputs if shared else one.inputs + other.inputs,
        weighted=one.weighted or other.weighted,
        objects=one.objects or other.objects,
        dictionaries=one.dictionaries or other.dictionaries,
        arrays=one.arrays and other.arrays,
    )


MAX_INPUTS = 5000  # as many as an image may have bands
