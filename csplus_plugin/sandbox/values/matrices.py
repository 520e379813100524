"""Decompositions of one matrix."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..errors import Refused


def cholesky(matrix: np.ndarray) -> dict[str, np.ndarray]:
    """L of A = L L'.

    Raises:
        Refused: The matrix is not symmetric and positive-definite.
    """
    try:
        if _is_square(matrix) and np.allclose(matrix, matrix.T):
            return {"L": np.linalg.cholesky(matrix)}
    except np.linalg.LinAlgError:
        pass
    raise Refused("matrixCholeskyDecomposition: The matrix must be symmetric and positive-definite.")


def singular_values(matrix: np.ndarray) -> dict[str, np.ndarray]:
    """U, S and V of A = U S V', S of the same shape as A, U and V square."""
    u, values, transposed = np.linalg.svd(matrix)
    diagonal = np.zeros(matrix.shape)
    np.fill_diagonal(diagonal, values)
    return {"U": u, "S": diagonal, "V": transposed.T}


def lu(matrix: np.ndarray) -> dict[str, np.ndarray]:
    """L, U and P of P A = L U, with the largest element of each column as its pivot.

    Raises:
        Refused: The matrix is not square.
    """
    if not _is_square(matrix):
        raise Refused(f"matrixLUDecomposition: The matrix must be square, got the shape {matrix.shape}.")
    size = len(matrix)
    upper, lower, order = matrix.copy(), np.eye(size), np.arange(size)
    for k in range(size - 1):
        pivot = k + int(np.abs(upper[k:, k]).argmax())
        if upper[pivot, k] == 0:
            continue
        upper[[k, pivot]] = upper[[pivot, k]]
        order[[k, pivot]] = order[[pivot, k]]
        lower[[k, pivot], :k] = lower[[pivot, k], :k]
        lower[k + 1 :, k] = upper[k + 1 :, k] / upper[k, k]
        upper[k + 1 :] -= np.outer(lower[k + 1 :, k], upper[k])
    return {"L": lower, "U": np.triu(upper), "P": np.eye(size)[order]}


def qr(matrix: np.ndarray) -> dict[str, np.ndarray]:
    """Q and R of A = Q R, Q square."""
    q, r = np.linalg.qr(matrix, mode="complete")
    return {"Q": q, "R": r}


def eigen(matrix: np.ndarray) -> np.ndarray:
    """Real eigenvalues, descending, each followed by its eigenvector of length 1.

    Raises:
        Refused: The matrix is not square, or has eigenvalues that are not real.
    """
    if not _is_square(matrix):
        raise Refused(f"Array.eigen: The matrix must be square, got the shape {matrix.shape}.")
    symmetric = np.array_equal(matrix, matrix.T)
    values, vectors = np.linalg.eigh(matrix) if symmetric else np.linalg.eig(matrix)
    if np.iscomplexobj(values):
        raise Refused("Array.eigen: The matrix has eigenvalues that are not real.")
    order = np.argsort(-values, kind="stable")
    return np.column_stack([values[order], vectors.T[order]])


def _is_square(matrix: np.ndarray) -> bool:
    return matrix.shape[0] == matrix.shape[1]


DECOMPOSITIONS: dict[str, tuple[Callable[[np.ndarray], dict[str, np.ndarray]], str]] = {
    "matrixCholeskyDecomposition": (cholesky, "L"),
    "matrixSingularValueDecomposition": (singular_values, "USV"),
    "matrixLUDecomposition": (lu, "LUP"),
    "matrixQRDecomposition": (qr, "QR"),
}
"""Function names to decompositions and the names of their parts."""
