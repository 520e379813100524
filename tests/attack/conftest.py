"""Random trials, other ones in each run: the seed is printed, and CSPLUS_SEED repeats them."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest
from csplus.csplus_plugin.earthengine.session import close_sessions

from ..support.small_downloads import make_blocks_small

SEED = int(os.environ.get("CSPLUS_SEED", random.SystemRandom().randrange(10**9)))
TRIALS = int(os.environ.get("CSPLUS_TRIALS", "500"))


def pytest_report_header() -> str:
    return f"CSPLUS_SEED={SEED} CSPLUS_TRIALS={TRIALS}"


@pytest.fixture
def seeds() -> range:
    """One seed a trial."""
    return range(SEED, SEED + TRIALS)


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    make_blocks_small(monkeypatch)
    yield
    close_sessions()
