from __future__ import annotations

import numpy as np
import pytest
from csplus.csplus_plugin.core.smoothing import whittaker


@pytest.mark.parametrize("strength", [0.01, 1, 100, 1e5])
def test_it_solves_the_equations(strength: float) -> None:
    """Against numpy's solver of the whole matrix."""
    random = np.random.default_rng(3)
    days = np.sort(random.choice(np.arange(19_000, 19_180), 40, replace=False))
    values, weights = random.random(40), random.uniform(0.1, 1, 40)
    count = days[-1] - days[0] + 1
    weigh, right = np.zeros(count), np.zeros(count)
    weigh[days - days[0]] = weights
    right[days - days[0]] = weights * values
    second = np.diff(np.eye(count), 2, axis=0)
    line = np.linalg.solve(np.diag(weigh) + strength * second.T @ second, right)
    made = whittaker(days.tolist(), values.tolist(), weights.tolist(), strength)
    np.testing.assert_allclose(made, line[days - days[0]], rtol=1e-6)


def test_few_looks_stay_as_they_are() -> None:
    assert whittaker([], [], [], 10) == []
    assert whittaker([5], [0.3], [1], 10) == [0.3]
    assert whittaker([5, 90], [0.3, 0.7], [1, 0.5], 10) == [0.3, 0.7]


def test_a_straight_line_stays_one_whatever_the_strength() -> None:
    days = [100, 103, 120, 121, 160]
    values = [0.01 * day for day in days]
    assert whittaker(days, values, [1, 0.2, 0.5, 1, 1], 1e4) == pytest.approx(values, rel=1e-6)
