"""Arrays: making them, computing with them element by element, and as matrices (guides/arrays_intro)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import Refused
from ..graph.promotion import promote
from ..graph.registry import function
from ..images import pixel_types
from ..images.pixel_types import PixelType
from ..values.arrays import as_array, axis_of, converted, elementwise, expanded, limited, product
from ..values.numbers import BINARY, UNARY
from ..values.types import int_if_whole
from .number import names_of


@function("Array")
def array(values: Any, pixel_type: PixelType | None) -> np.ndarray:
    """Give an array from nested lists, another array, or a number."""
    made = as_array(_plain(values))
    if made is None:
        raise Refused("Array: The values must be numbers, or lists of equal length.")
    if made.size == 0 and pixel_type is None and not isinstance(values, np.ndarray):
        raise Refused("Array: An empty array needs a pixel type.")
    return made if pixel_type is None else converted(made, pixel_type)


def _plain(values: Any) -> Any:
    if isinstance(values, list):
        return [v.tolist() if isinstance(v, np.ndarray) else _plain(v) for v in values]
    return values


def _register_binary(name: str, compute: Callable[[float, float], float]) -> None:
    @function(*names_of("Array", name))
    def binary(left: np.ndarray, right: np.ndarray) -> np.ndarray:
        return elementwise(f"Array.{name}", compute, left, right)


def _register_unary(name: str, compute: Callable[[float], float]) -> None:
    @function(*names_of("Array", name))
    def unary(input_: np.ndarray) -> np.ndarray:
        return elementwise(f"Array.{name}", compute, input_)


def _register_cast(name: str, kind: PixelType) -> None:
    @function(f"Array.{name}", f"Array.to{name[0].upper()}{name[1:]}")
    def cast(input_: np.ndarray) -> np.ndarray:
        return converted(input_, kind)


for _name, _of_two in BINARY.items():
    _register_binary(_name, _of_two)
for _name, _of_one in UNARY.items():
    _register_unary(_name, _of_one)
for _name, _kind in pixel_types.NAMED.items():
    _register_cast(_name, _kind)


@function("Array.identity")
def identity(size: int) -> np.ndarray:
    """Give the identity matrix."""
    limited(size * size if size >= 0 else size)
    return np.eye(size, dtype=np.int64)


@function("Array.bitsToArray")
def bits_to_array(input_: float) -> np.ndarray:
    """Give the bits of a whole number, the lowest first."""
    bits = int(input_) & (2**64 - 1)
    return np.array([bits >> i & 1 for i in range(max(1, bits.bit_length()))], dtype=np.int64)


@function("Array.cat")
def cat(arrays: list[np.ndarray], axis: int) -> np.ndarray:
    """Arrays one after the other along an axis, which may be a new one."""
    if not arrays:
        raise Refused("Array.cat: Need at least one array.")
    dimensions = max([axis + 1, *(a.ndim for a in arrays)])
    axis_of("Array.cat", arrays[0], axis, more=1)
    return np.concatenate([expanded(a, dimensions) for a in arrays], axis)


@function("Array.length")
def length(array: np.ndarray) -> np.ndarray:
    """Its length along each axis."""
    return np.array(array.shape, dtype=np.int64)


@function("Array.get")
def get(array: np.ndarray, position: list[int]) -> float:
    """One element."""
    inside = len(position) == array.ndim and all(
        0 <= i < n for i, n in zip(position, array.shape, strict=True)
    )
    if not inside:
        raise Refused(f"Array.get: There is no element at {position} in an array of shape {array.shape}.")
    return int_if_whole(array[tuple(position)].item())


@function("Array.toList")
def to_list(array: np.ndarray) -> list:
    """Give the elements as nested lists."""
    return promote(array, "List<Object>")


@function("Array.argmax")
def argmax(array: np.ndarray) -> list[int] | None:
    """Where the largest element is first; null where there is none."""
    if not array.size:
        return None
    return [int(i) for i in np.unravel_index(array.argmax(), array.shape)]


@function("Array.cut")
def cut(array: np.ndarray, position: list[int]) -> np.ndarray:
    """One place along some axes, all of them along those given as -1; no axis is lost."""
    if len(position) != array.ndim:
        raise Refused("Array.cut: Need one position for each axis.")
    return array[tuple(slice(None) if i < 0 else slice(i, i + 1) for i in position)]


@function("Array.mask")
def mask(input_: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Without the places where a mask is zero, along the one axis on which the mask is longer than 1."""
    longer = [i for i, n in enumerate(mask.shape) if n > 1]
    if mask.ndim != input_.ndim or len(longer) > 1:
        raise Refused("Array.mask: The mask must vary along one axis only, and have as many axes.")
    along = longer[0] if longer else 0
    if mask.shape[along] != input_.shape[along] and mask.size:
        raise Refused("Array.mask: The mask must be as long as the array.")
    return np.compress(mask.ravel() != 0, input_, axis=along)


@function("Array.pad")
def pad(array: np.ndarray, lengths: list[int], pad: float) -> np.ndarray:
    """Fill up the ends to some lengths."""
    if len(lengths) != array.ndim:
        raise Refused("Array.pad: Need one length for each axis.")
    shape = [max(n, wanted) for n, wanted in zip(array.shape, lengths, strict=True)]
    limited(product(shape))
    padding = [(0, n - m) for n, m in zip(shape, array.shape, strict=True)]
    kind = pixel_types.of_dtype(array.dtype)
    wide = pixel_types.union(kind, pixel_types.of_number(pad)).dtype
    return np.pad(array if kind.holds(pad) else array.astype(wide), padding, constant_values=pad)


@function("Array.project")
def project(array: np.ndarray, axes: list[int]) -> np.ndarray:
    """Only some axes; the others must be of length 1."""
    rest = [i for i in range(array.ndim) if i not in axes]
    if any(array.shape[i] != 1 for i in rest) or any(not 0 <= i < array.ndim for i in axes):
        raise Refused("Array.project: Axes that are left out must be of length 1.")
    return np.transpose(array, [*axes, *rest]).reshape([array.shape[i] for i in axes])


@function("Array.repeat")
def repeat(array: np.ndarray, axis: int, copies: int) -> np.ndarray:
    """Give the whole array several times along an axis, which may be a new one."""
    axis_of("Array.repeat", array, axis, more=1)
    limited(array.size * copies if copies >= 0 else copies)
    wide = expanded(array, axis + 1)
    return np.concatenate([wide] * copies, axis) if copies else np.take(wide, [], axis)


@function("Array.reshape")
def reshape(array: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """Give the same elements in another shape."""
    return array.reshape([int(n) for n in shape.ravel()])


@function("Array.slice")
def slice_(array: np.ndarray, axis: int, start: int, end: int | None, step: int) -> np.ndarray:
    """Part of an axis; negative positions count from its end."""
    if step < 1:
        raise Refused("Array.slice: step must be positive.")
    places = np.arange(array.shape[axis_of("Array.slice", array, axis)])[start:end:step]
    return array.take(places, axis)


@function("Array.sort")
def sort(array: np.ndarray, keys: np.ndarray | None) -> np.ndarray:
    """Ascending along one axis, by the elements of a one-dimensional array or by keys."""
    order = array if keys is None else keys
    longer = [i for i, n in enumerate(order.shape) if n > 1]
    if (keys is None and array.ndim > 1) or len(longer) > 1 or order.ndim != array.ndim:
        raise Refused("Array.sort: Needs keys that vary along one axis only.")
    along = longer[0] if longer else 0
    return array.take(np.argsort(order.ravel(), kind="stable"), along)


@function("Array.transpose", "Array.matrixTranspose")
def transpose(array: np.ndarray, axis1: int, axis2: int) -> np.ndarray:
    """Two axes exchanged; a missing one is added."""
    if min(axis1, axis2) < 0:
        raise Refused("Array.transpose: Axes must not be negative.")
    axis_of("Array.transpose", array, max(axis1, axis2), more=1)
    return np.swapaxes(expanded(array, max(axis1, axis2) + 1), axis1, axis2)
