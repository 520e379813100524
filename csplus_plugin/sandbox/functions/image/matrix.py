"""Images whose pixels are matrices: linear algebra at every pixel (guides/arrays_array_images)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from ... import meter
from ...errors import Refused
from ...graph.registry import function
from ...images.array_axes import paired
from ...images.array_pixels import Batch, Parts, bounded, computed, each_array
from ...images.constants import constant_array
from ...images.image import Band, Canvas, Image, Raster
from ...images.pixel_types import DOUBLE, PixelType, union
from ...values import arrays, matrices

AT_ONCE = 1e8  # operations between two looks at the clock


def _matrix(kind: PixelType, name: str) -> PixelType:
    if kind.dimensions != 2:  # noqa: PLR2004 - rows and columns
        raise Refused(f"{name}: Pixels must be matrices, but they have {kind.dimensions} dimensions.")
    return kind


def _square(batch: Batch, name: str) -> Batch:
    if batch.shape[1] != batch.shape[2]:
        raise Refused(f"{name}: Matrices must be square, got the shape {batch.shape[1:]}.")
    return batch


def _by_and_by(compute: Callable[[Batch], Batch], batch: Batch) -> Batch:
    """Give a function of matrices, of so many at a time that its end can be waited for."""
    cost = max(1, arrays.product(batch.shape[1:])) * max(batch.shape[1:])
    size = max(1, int(AT_ONCE / max(1, cost)))
    parts = []
    for start in range(0, len(batch), size):
        meter.check()
        parts.append(compute(batch[start : start + size].astype(np.float64)))
    return np.concatenate(parts)


@function("Image.matrixIdentity")
def matrix_identity(size: int) -> Image:
    """Give the identity matrix at every pixel."""
    arrays.limited(size * size if size >= 0 else size)
    return constant_array(np.eye(size, dtype=np.int64))


@function("Image.matrixMultiply", arrays=["image1", "image2"])
def matrix_multiply(image1: Image, image2: Image) -> Image:
    """Give the matrix products of pairs of bands."""
    name = "Image.matrixMultiply"

    def compute(a: Batch, b: Batch) -> Batch:
        if a.shape[2] != b.shape[1]:
            raise Refused(f"{name}: Cannot multiply {a.shape[1:]} by {b.shape[1:]}.")
        bounded(len(a), a.shape[1] * b.shape[2])
        exact = np.float64 if "f" in {a.dtype.kind, b.dtype.kind} else np.int64
        return a.astype(exact) @ b.astype(exact)

    return paired(image1, image2, name, compute, lambda a, b: _product(a, b, name))


def _product(one: PixelType, other: PixelType, name: str) -> PixelType:
    """Floating-point like the wider of both; whole numbers become doubles, as sums of products outgrow their types."""
    joined = union(_matrix(one, name), _matrix(other, name))
    return PixelType("double" if joined.is_int else joined.precision, dimensions=2)


@function("Image.matrixSolve", arrays=["image1", "image2"])
def matrix_solve(image1: Image, image2: Image) -> Image:
    """X such that A X = B, the best one where there is none."""
    name = "Image.matrixSolve"

    def compute(a: Batch, b: Batch) -> Parts:
        if a.shape[1] != b.shape[1]:
            raise Refused(f"{name}: A of shape {a.shape[1:]} and B of shape {b.shape[1:]} do not fit.")
        bounded(len(a), a.shape[2] * b.shape[2])
        for usable in _usable(a):
            yield usable, _by_and_by(np.linalg.pinv, a[usable]) @ b[usable].astype(np.float64)

    return paired(image1, image2, name, compute, lambda a, b: _product(a, b, name))


def _result(_: PixelType, dimensions: int) -> PixelType:
    return DOUBLE.as_arrays(dimensions)


def _usable(batch: Batch) -> Iterator[np.ndarray]:
    """Members of a batch that are matrices of finite numbers, if there are any: others have no decomposition."""
    members = np.flatnonzero(np.isfinite(batch).all(axis=(1, 2)))
    if members.size and batch[0].size:
        yield members


def _each_matrix(
    image: Image, name: str, compute: Callable[[Batch], Batch], dimensions: int, *, square: bool = False
) -> Image:
    """Apply a function of many matrices to every band; masked where a matrix is not of finite numbers."""

    def computed_parts(batch: Batch) -> Parts:
        for usable in _usable(_square(batch, name) if square else batch):
            yield usable, _by_and_by(compute, batch[usable])

    return each_array(image, computed_parts, lambda kind: _result(_matrix(kind, name), dimensions))


@function("Image.matrixInverse", arrays=["value"])
def matrix_inverse(value: Image) -> Image:
    """Give the inverse; masked where a matrix has none."""
    name = "Image.matrixInverse"

    def compute(batch: Batch) -> Parts:
        for usable in _usable(_square(batch, name)):
            ranks = _by_and_by(np.linalg.matrix_rank, batch[usable])
            regular = usable[ranks == batch.shape[1]]
            if regular.size:
                yield regular, _by_and_by(np.linalg.inv, batch[regular])

    return each_array(value, compute, lambda kind: _result(_matrix(kind, name), 2))


@function("Image.matrixPseudoInverse", arrays=["value"])
def matrix_pseudo_inverse(value: Image) -> Image:
    """Give the Moore-Penrose inverse."""
    return _each_matrix(value, "Image.matrixPseudoInverse", np.linalg.pinv, 2)


@function("Image.matrixDeterminant", arrays=["value"])
def matrix_determinant(value: Image) -> Image:
    """Give the determinant."""
    return _each_matrix(value, "Image.matrixDeterminant", np.linalg.det, 0, square=True)


@function("Image.matrixTrace", arrays=["value"])
def matrix_trace(value: Image) -> Image:
    """Give the sum of the diagonal."""
    name = "Image.matrixTrace"
    return _each_matrix(value, name, lambda batch: np.trace(batch, axis1=1, axis2=2), 0, square=True)


@function("Image.matrixFnorm", arrays=["value"])
def matrix_fnorm(value: Image) -> Image:
    """Give the Frobenius norm."""
    return _each_matrix(value, "Image.matrixFnorm", lambda batch: np.linalg.norm(batch, axis=(1, 2)), 0)


@function("Image.matrixDiagonal", arrays=["value"])
def matrix_diagonal(value: Image) -> Image:
    """Give the diagonal as a column."""
    name = "Image.matrixDiagonal"
    return each_array(
        value,
        lambda batch: np.diagonal(batch, axis1=1, axis2=2)[..., np.newaxis],
        lambda kind: _matrix(kind, name),
    )


@function("Image.matrixToDiag", arrays=["value"])
def matrix_to_diag(value: Image) -> Image:
    """Give a square matrix with a column on its diagonal."""
    name = "Image.matrixToDiag"

    def compute(batch: Batch) -> Batch:
        if batch.shape[2] != 1:
            raise Refused(f"{name}: Matrices must be single columns, got the shape {batch.shape[1:]}.")
        size = batch.shape[1]
        bounded(len(batch), size * size)
        made = np.zeros((len(batch), size, size), batch.dtype)
        made[:, np.arange(size), np.arange(size)] = batch[:, :, 0]
        return made

    return each_array(value, compute, lambda kind: _matrix(kind, name))


@function("Image.arrayDotProduct", arrays=["image1", "image2"])
def array_dot_product(image1: Image, image2: Image) -> Image:
    """Give the dot products of two vectors."""
    name = "Image.arrayDotProduct"

    def number(one: PixelType, other: PixelType) -> PixelType:
        if (one.dimensions, other.dimensions) != (1, 1):
            raise Refused(f"{name}: Pixels must be one-dimensional arrays.")
        return DOUBLE

    def compute(a: Batch, b: Batch) -> Batch:
        if a.shape != b.shape:
            raise Refused(f"{name}: Arrays must have the same length, got {a.shape[1]} and {b.shape[1]}.")
        return np.einsum("ij,ij->i", a.astype(np.float64), b.astype(np.float64))

    return paired(image1, image2, name, compute, number)


def _register_decomposition(
    name: str, split: Callable[[np.ndarray], dict[str, np.ndarray]], parts: str
) -> None:
    @function(f"Image.{name}", arrays=["image"])
    def decomposition(image: Image) -> Image:
        if len(image.bands) != 1:
            raise Refused(f"Image.{name}: The image must have one band, got {len(image.bands)}.")
        first: Band = image.bands[0]
        _matrix(first.type, f"Image.{name}")
        bands = [replace(first, name=part, type=DOUBLE.as_arrays(2)) for part in parts]

        def draw(canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
            (raster,) = image.pixels(canvas, [0])
            return [
                computed(
                    canvas,
                    [raster],
                    DOUBLE.as_arrays(2),
                    lambda batch, i=i: _one_part(batch, split, parts[i]),
                )
                for i in wanted
            ]

        return image.recomputed(bands, draw)


def _one_part(batch: Batch, split: Callable[[np.ndarray], dict[str, np.ndarray]], part: str) -> Parts:
    bounded(len(batch), max(batch.shape[1:]) ** 2)
    for usable in _usable(batch):
        made = []
        for matrix in batch[usable]:
            meter.check()
            made.append(split(matrix.astype(np.float64))[part])
        yield usable, np.stack(made)


for _name, (_split, _parts) in matrices.DECOMPOSITIONS.items():
    _register_decomposition(_name, _split, _parts)
