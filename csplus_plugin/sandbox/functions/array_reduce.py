"""Arrays reduced along their axes."""

from __future__ import annotations

import numpy as np

from ..errors import Refused
from ..graph.registry import function
from ..reducers import reducer as reducers
from ..reducers.reducer import Reducer
from ..values.arrays import axis_of, tight


@function("Array.reduce")
def reduce(array: np.ndarray, reducer: Reducer, axes: list[int], field_axis: int | None) -> np.ndarray:
    """Reduce some axes to length 1 each; several outputs lie along an axis of length 1 before."""
    name = "Array.reduce"
    if reducer.inputs != 1 or reducer.objects:
        raise Refused(f"{name}: The reducer must have a single input, and numbers as outputs.")
    gone = sorted({axis_of(name, array, axis) for axis in axes})
    kept = [i for i in range(array.ndim) if i not in gone]
    several = len(reducer.outputs) > 1
    if several and (field_axis is None or field_axis in gone or not 0 <= field_axis < array.ndim):
        raise Refused(f"{name}: A reducer with several outputs needs a fieldAxis that is not reduced.")
    stack = array.transpose([*gone, *kept]).reshape(
        int(np.prod([array.shape[i] for i in gone])), int(np.prod([array.shape[i] for i in kept]))
    )
    results = reducer.reduce([stack], np.ones(stack.shape, np.float32))
    shape = [1 if i in gone else n for i, n in enumerate(array.shape)]
    drawn = [_shaped(result.values, array).reshape(shape) for result in results]
    return np.concatenate(drawn, field_axis) if several else drawn[0]


@function("Array.accum")
def accum(array: np.ndarray, axis: int, reducer: Reducer | None) -> np.ndarray:
    """Give what a reducer makes of all elements up to each one along an axis."""
    chosen = reducers.SUM if reducer is None else reducer
    along = axis_of("Array.accum", array, axis)
    upto = [array.take(range(i + 1), along) for i in range(array.shape[along])]
    return np.concatenate([reduce(part, chosen, [along], None) for part in upto], along) if upto else array


def _shaped(values: np.ndarray, array: np.ndarray) -> np.ndarray:
    """Results in the array's kind of numbers, where nothing is lost."""
    if array.dtype.kind != "f" and values.dtype.kind == "f" and (values == np.trunc(values)).all():
        return values.astype(np.int64)
    return tight(values) if values.dtype == object else values
