"""Accuracy of predictions: values from the reference's pages and counted by hand."""

from __future__ import annotations

from typing import Any

import ee
import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.errors import Refused

from ...support.scene_folder import Folder

# The matrix that the reference's pages compute with
COUNTS = np.array(
    [[32, 0, 0, 0, 1, 0], [0, 5, 0, 0, 1, 0], [0, 0, 1, 3, 0, 0],
     [0, 1, 4, 26, 8, 0], [0, 0, 0, 7, 15, 0], [0, 0, 0, 1, 0, 5]]
)  # fmt: skip


def matrix() -> Any:
    return ee.ConfusionMatrix(ee.Array(COUNTS.tolist()))


def test_accuracy(folder: Folder) -> None:
    """Counted prediction by prediction: 84 of 110 are right."""
    assert folder.info(matrix()) == folder.info(matrix().array()) == COUNTS.tolist()
    assert folder.info(matrix().order()) == [0, 1, 2, 3, 4, 5]
    assert folder.info(matrix().accuracy()) == pytest.approx(84 / 110)
    producers = [[32 / 33], [5 / 6], [1 / 4], [26 / 39], [15 / 22], [5 / 6]]
    consumers = [[32 / 32, 5 / 6, 1 / 5, 26 / 37, 15 / 25, 5 / 5]]
    np.testing.assert_allclose(folder.info(matrix().producersAccuracy()), producers)
    np.testing.assert_allclose(folder.info(matrix().consumersAccuracy()), consumers)
    chance = (33 * 32 + 6 * 6 + 4 * 5 + 39 * 37 + 22 * 25 + 6 * 5) / 110**2
    assert folder.info(matrix().kappa()) == pytest.approx((84 / 110 - chance) / (1 - chance))
    for beta in (1, 2):
        expected = [
            (1 + beta**2) * p * r / (beta**2 * p + r) for p, (r,) in zip(consumers[0], producers, strict=True)
        ]
        np.testing.assert_allclose(folder.info(matrix().fscore(beta)), expected)


def test_accuracy_of_features(folder: Folder) -> None:
    pairs = [(0, 0), (0, 1), (1, 1), (2, 1), (2, 2), (2, 2)]
    features = ee.FeatureCollection([ee.Feature(None, {"is": a, "was": b}) for a, b in pairs])
    assert folder.info(features.errorMatrix("is", "was")) == [[1, 1, 0], [0, 1, 0], [0, 1, 2]]
    chosen = features.errorMatrix("is", "was", [2, 0])
    assert folder.info(chosen) == [[2, 0], [0, 1]]
    assert folder.info(chosen.order()) == [2, 0]
    empty = ee.FeatureCollection([]).errorMatrix("is", "was")
    for bad in (
        empty.accuracy(),
        empty.kappa(),
        ee.ConfusionMatrix(ee.Array([[1, 2]])),
        ee.ConfusionMatrix(ee.Array([[1]]), [1, 2]),
        features.map(lambda f: f.set("was", -1)).errorMatrix("is", "was"),
        features.map(lambda f: f.set("was", 10**9)).errorMatrix("is", "was"),
    ):
        with pytest.raises(Refused):
            folder.value(bad)
