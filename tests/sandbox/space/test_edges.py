"""Points that edges get before they are bent: none where they are short."""

from __future__ import annotations

import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.space.edges import SEGMENT, densified

DEGREE = np.pi / 180 * 6378137.0  # metres along the equator


@pytest.mark.parametrize("geodesic", [True, False])
def test_short_edges_stay_as_they_are(geodesic: bool) -> None:
    short = np.array([[10.0, 50.0], [10.01, 50.0], [10.01, 50.02], [10.0, 50.0]])
    assert (densified(short, "EPSG:4326", geodesic=geodesic) == short).all()
    mixed = np.vstack([short, [[11.0, 50.0]]])
    found = densified(mixed, "EPSG:4326", geodesic=geodesic)
    assert found[: len(short)] == pytest.approx(short, abs=1e-12)
    assert len(found) == len(short) + np.ceil(DEGREE / SEGMENT)
    assert found[-1].tolist() == [11.0, 50.0]


def test_a_single_point_stays() -> None:
    assert densified(np.array([[1.0, 2.0]]), "EPSG:4326", geodesic=True).tolist() == [[1, 2]]
