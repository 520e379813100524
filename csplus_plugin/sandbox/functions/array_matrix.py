"""Arrays as matrices (guides/arrays_array_images)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..errors import Refused
from ..graph.registry import function
from ..values import matrices
from ..values.arrays import limited


def _matrix(array: np.ndarray, name: str, *, square: bool = False) -> np.ndarray:
    if array.ndim != 2 or (square and array.shape[0] != array.shape[1]):  # noqa: PLR2004 - rows and columns
        raise Refused(
            f"Array.{name}: Needs a {'square ' if square else ''}matrix, got the shape {array.shape}."
        )
    return array.astype(np.float64)


@function("Array.matrixMultiply")
def matrix_multiply(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Give the matrix product."""
    one, other = _matrix(left, "matrixMultiply"), _matrix(right, "matrixMultiply")
    limited(one.shape[0] * other.shape[1])
    return one @ other


@function("Array.dotProduct")
def dot_product(array1: np.ndarray, array2: np.ndarray) -> float:
    """Give the dot product of two vectors."""
    if array1.ndim != 1 or array1.shape != array2.shape:
        raise Refused("Array.dotProduct: Needs two one-dimensional arrays of the same length.")
    return float(array1 @ array2)


@function("Array.matrixSolve")
def matrix_solve(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """X such that A X = B, the best one where there is none."""
    coefficients, wanted = _matrix(left, "matrixSolve"), _matrix(right, "matrixSolve")
    if not np.isfinite(coefficients).all():  # which some versions of numpy answer with a SystemError
        raise Refused("Array.matrixSolve: Needs finite numbers.")
    return np.linalg.lstsq(coefficients, wanted, rcond=None)[0]


@function("Array.matrixInverse")
def matrix_inverse(input_: np.ndarray) -> np.ndarray:
    """Give the inverse."""
    try:
        return np.linalg.inv(_matrix(input_, "matrixInverse", square=True))
    except np.linalg.LinAlgError as error:
        raise Refused("Array.matrixInverse: The matrix is singular.") from error


@function("Array.matrixPseudoInverse")
def matrix_pseudo_inverse(input_: np.ndarray) -> np.ndarray:
    """Give the Moore-Penrose inverse."""
    return np.linalg.pinv(_matrix(input_, "matrixPseudoInverse"))


@function("Array.matrixDeterminant")
def matrix_determinant(input_: np.ndarray) -> float:
    """Give the determinant."""
    return float(np.linalg.det(_matrix(input_, "matrixDeterminant", square=True)))


@function("Array.matrixTrace")
def matrix_trace(input_: np.ndarray) -> float:
    """Give the sum of the diagonal."""
    return float(np.trace(_matrix(input_, "matrixTrace", square=True)))


@function("Array.matrixFnorm")
def matrix_fnorm(input_: np.ndarray) -> float:
    """Give the Frobenius norm."""
    return float(np.linalg.norm(_matrix(input_, "matrixFnorm")))


@function("Array.matrixDiagonal")
def matrix_diagonal(input_: np.ndarray) -> np.ndarray:
    """Give the diagonal as a column."""
    return np.diagonal(_matrix(input_, "matrixDiagonal")).reshape(-1, 1)


@function("Array.matrixToDiag")
def matrix_to_diag(input_: np.ndarray) -> np.ndarray:
    """Give a square matrix with a column on its diagonal."""
    column = _matrix(input_, "matrixToDiag")
    if column.shape[1] != 1:
        raise Refused("Array.matrixToDiag: Needs a single column.")
    limited(column.size**2)
    return np.diag(column[:, 0])


def _register_decomposition(name: str, split: Callable[[np.ndarray], dict[str, np.ndarray]]) -> None:
    @function(f"Array.{name}")
    def decomposition(array: np.ndarray) -> dict[str, np.ndarray]:
        return split(_matrix(array, name))


for _name, (_split, _) in matrices.DECOMPOSITIONS.items():
    _register_decomposition(_name, _split)


@function("Array.eigen")
def eigen(input_: np.ndarray) -> np.ndarray:
    """Eigenvalues in descending order, each in a row with its eigenvector."""
    return matrices.eigen(_matrix(input_, "eigen"))
