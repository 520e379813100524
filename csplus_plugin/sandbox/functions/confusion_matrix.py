"""Accuracy of predictions (guides/classification)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import Refused
from ..graph.promotion import promote
from ..graph.registry import function
from ..values.arrays import limited
from ..values.confusion_matrix import ConfusionMatrix, confusion_matrix
from ..values.types import FeatureCollection


@function("ConfusionMatrix")
def made(array: Any, order: list[int] | None) -> ConfusionMatrix:
    """From a square array: rows are reference classes, columns predicted ones."""
    return confusion_matrix(promote(array, "Array"), order)


@function("Collection.errorMatrix")
def error_matrix(
    collection: FeatureCollection, actual: str, predicted: str, order: list[int] | None
) -> ConfusionMatrix:
    """From two properties of features; classes that are not in the order are left out."""
    name = "Collection.errorMatrix"
    pairs = [[element.properties.get(key) for key in (actual, predicted)] for element in collection.elements]
    numbers = [[promote(v, "Integer") for v in pair] for pair in pairs if None not in pair]
    if order is None and any(min(pair) < 0 for pair in numbers):
        raise Refused(f"{name}: Values must not be negative where no order is given.")
    classes = order if order is not None else range(1 + max((max(pair) for pair in numbers), default=0))
    limited(len(classes) ** 2)
    at = {value: i for i, value in enumerate(classes)}
    counts = np.zeros((len(classes), len(classes)), np.int64)
    for one, other in numbers:
        if one in at and other in at:
            counts[at[one], at[other]] += 1
    return confusion_matrix(counts, order)


@function("ConfusionMatrix.array")
def array(confusion_matrix: ConfusionMatrix) -> np.ndarray:
    """Give the counts."""
    return confusion_matrix.counts


@function("ConfusionMatrix.order")
def order(confusion_matrix: ConfusionMatrix) -> list[int]:
    """Give the class of each row and column."""
    return list(confusion_matrix.order)


@function("ConfusionMatrix.accuracy")
def accuracy(confusion_matrix: ConfusionMatrix) -> float:
    """Give the share of right predictions."""
    if not confusion_matrix.total:
        raise Refused("ConfusionMatrix.accuracy: The matrix is empty.")
    return float(confusion_matrix.correct.sum() / confusion_matrix.total)


@function("ConfusionMatrix.producersAccuracy")
def producers_accuracy(confusion_matrix: ConfusionMatrix) -> np.ndarray:
    """Give the share of each class that was found, as a column."""
    return confusion_matrix.producers[:, np.newaxis]


@function("ConfusionMatrix.consumersAccuracy")
def consumers_accuracy(confusion_matrix: ConfusionMatrix) -> np.ndarray:
    """Give the share of right ones among the predictions of each class, as a row."""
    return confusion_matrix.consumers[np.newaxis]


@function("ConfusionMatrix.kappa")
def kappa(confusion_matrix: ConfusionMatrix) -> float:
    """Agreement beyond chance."""
    return confusion_matrix.kappa()


@function("ConfusionMatrix.fscore")
def fscore(confusion_matrix: ConfusionMatrix, beta: float) -> np.ndarray:
    """Give the weighted harmonic mean of both accuracies of each class; 0 where both are."""
    precision, recall = confusion_matrix.consumers, confusion_matrix.producers
    below = beta**2 * precision + recall
    return np.divide((1 + beta**2) * precision * recall, below, out=np.zeros(len(below)), where=below != 0)
