"""Confusion matrices: predicted classes against reference classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import Refused


@dataclass(frozen=True, eq=False)
class ConfusionMatrix:
    """Counts of reference classes, in rows, against predicted classes, in columns.

    Attributes:
        counts: A square matrix.
        order: The class of each row and column.
    """

    counts: np.ndarray
    order: tuple[int, ...]

    @property
    def correct(self) -> np.ndarray:
        """Right predictions of each class."""
        return np.diagonal(self.counts).astype(np.float64)

    @property
    def total(self) -> float:
        """All predictions."""
        return float(self.counts.sum())

    @property
    def producers(self) -> np.ndarray:
        """The share of each class that was found; 0 of a class that does not occur."""
        return _shares(self.correct, self.counts.sum(axis=1))

    @property
    def consumers(self) -> np.ndarray:
        """The share of right ones among the predictions of each class; 0 of a class that is never predicted."""
        return _shares(self.correct, self.counts.sum(axis=0))

    def kappa(self) -> float:
        """Cohen's coefficient: agreement beyond what chance would give.

        Raises:
            Refused: There are no predictions, or chance alone explains them.
        """
        if not self.total:
            raise Refused("ConfusionMatrix.kappa: The matrix is empty.")
        agreed = self.correct.sum() / self.total
        by_chance = float(self.counts.sum(axis=0) @ self.counts.sum(axis=1)) / self.total**2
        if by_chance == 1:
            raise Refused("ConfusionMatrix.kappa: With a single class there is none.")
        return float((agreed - by_chance) / (1 - by_chance))


def _shares(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole != 0)


def confusion_matrix(counts: np.ndarray, order: Sequence[int] | None = None) -> ConfusionMatrix:
    """Give a confusion matrix; without an order the classes count from 0.

    Raises:
        Refused: The matrix is not square, or the order does not have its size.
    """
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:  # noqa: PLR2004 - rows and columns
        raise Refused(f"ConfusionMatrix: The array must be square, got the shape {counts.shape}.")
    classes = tuple(range(len(counts)) if order is None else order)
    if len(classes) != len(counts) or len(set(classes)) < len(classes):
        raise Refused("ConfusionMatrix: The order must have a different number for each row.")
    return ConfusionMatrix(counts, classes)
