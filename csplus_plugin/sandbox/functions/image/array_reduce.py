"""The arrays of every pixel, reduced along their axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...errors import Refused
from ...graph.registry import function
from ...images.array_axes import checked
from ...images.array_pixels import Batch, Parts, each_array
from ...images.image import Image
from ...images.pixel_types import PixelType, union
from ...reducers import reducer as reducers
from ...reducers.reducer import Reducer


@function("Image.arrayReduce", arrays=["input"])
def array_reduce(input_: Image, reducer: Reducer, axes: list[int], field_axis: int | None) -> Image:
    """Reduce some axes to length 1 each; its inputs and outputs lie along another axis."""
    name = "Image.arrayReduce"
    checked(input_, name, *axes, *([] if field_axis is None else [field_axis]))
    if reducer.objects or reducer.arrays:
        raise Refused(f"{name}: The reducer must have numbers as inputs and outputs.")
    if field_axis is None and max(reducer.inputs, len(reducer.outputs)) > 1:
        raise Refused(f"{name}: A reducer with several inputs or outputs needs a fieldAxis.")
    if field_axis is not None and field_axis in axes:
        raise Refused(f"{name}: The fieldAxis must not be reduced.")
    return each_array(
        input_,
        lambda batch: _reduced(batch, reducer, sorted(set(axes)), field_axis, name),
        lambda kind: _result_type(kind, reducer),
    )


def _result_type(kind: PixelType, reducer: Reducer) -> PixelType:
    kinds = reducer.types([kind.element] * reducer.inputs)
    result = kinds[0]
    for other in kinds[1:]:
        result = union(result, other)
    return result.as_arrays(kind.dimensions)


def _reduced(batch: Batch, reducer: Reducer, axes: Sequence[int], field: int | None, name: str) -> Parts:
    """Give the results of those pixels at which there are any."""
    fields = _fields(batch, reducer, field, name)
    gone = [axis + 1 for axis in axes]
    remaining = [i for i in range(batch.ndim) if i not in gone]
    count = int(np.prod([batch.shape[i] for i in gone]))
    shape = [1 if i in gone or i - 1 == field else n for i, n in enumerate(batch.shape)]
    stacks = [part.transpose([*gone, *remaining]).reshape(count, -1) for part in fields]
    results = reducer.reduce(stacks, np.ones(stacks[0].shape, np.float32))
    drawn = [result.values.reshape(shape) for result in results]
    valid = np.all([result.valid.reshape(len(batch), -1).all(axis=1) for result in results], axis=0)
    whole = drawn[0] if len(drawn) == 1 else np.concatenate(drawn, (field or 0) + 1)
    yield np.flatnonzero(valid), whole[valid]


def _fields(batch: Batch, reducer: Reducer, field: int | None, name: str) -> list[Batch]:
    """Give the inputs of a reducer."""
    if field is None:
        return [batch]
    if batch.shape[field + 1] != reducer.inputs:
        raise Refused(
            f"{name}: The reducer needs {reducer.inputs} inputs along axis {field}, "
            f"got {batch.shape[field + 1]}."
        )
    return [batch.take([i], field + 1) for i in range(reducer.inputs)]


@function("Image.arrayAccum", arrays=["input"])
def array_accum(input_: Image, axis: int, reducer: Reducer | None) -> Image:
    """Give what a reducer makes of all elements up to each one along an axis."""
    name = "Image.arrayAccum"
    checked(input_, name, axis)
    chosen = reducers.SUM if reducer is None else reducer
    if chosen.objects or chosen.arrays or chosen.inputs > 1 or len(chosen.outputs) > 1:
        raise Refused(f"{name}: The reducer must have one number as input, and one as output.")

    def compute(batch: Batch) -> Batch | Parts:
        upto = [batch.take(range(i + 1), axis + 1) for i in range(batch.shape[axis + 1])]
        if not upto:
            return batch
        parts = [_first(_reduced(part, chosen, [axis], None, name), len(batch)) for part in upto]
        return np.concatenate(parts, axis + 1)

    return each_array(input_, compute, lambda kind: _result_type(kind, chosen))


def _first(parts: Parts, count: int) -> Batch:
    """Give the results of all pixels: where there is an element, a reducer has a value."""
    ((members, batch),) = parts
    if len(members) < count:
        raise Refused("Image.arrayAccum: The reducer has no value of some elements.")
    return batch
