"""An archive of more scenes than one answer holds, each of 4 x 4 random pixels that a test also has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from .archives import L2A, SCORES, write_scene

SIDE = 4
CORNER = (240_400.0, 4_146_000.0)
BOX = "-119.9345,-119.9320,37.4235,37.4255 [EPSG:4326]"
"""An extent of 220 x 220 metres around all of them: small enough for every pixel to be looked at."""

FIRST, STEP = datetime(2019, 1, 1, 10, 30, tzinfo=UTC), timedelta(minutes=397)


class ManyScenes:
    """The folder, and for each scene in order of time its score; None where it has none, NaN where it is masked."""

    def __init__(self, folder: Path, count: int) -> None:
        random = np.random.default_rng(5)
        self.folder, self.last_day = folder, (FIRST + STEP * (count - 1)).date()
        self.scores: dict[str, np.ndarray | None] = {}
        for number in range(count):
            index = f"{FIRST + STEP * number:%Y%m%dT%H%M%S_%Y%m%dT%H%M%S}_T11SKB"
            score = random.random((SIDE, SIDE)).astype("f4").astype(float)
            score[random.random((SIDE, SIDE)) < 0.2] = np.nan
            if number % 100 == 3:
                score[:] = np.nan
            self.scores[index] = None if number % 3 == 1 else score
            properties = {"MGRS_TILE": "11SKB", "SENSING_ORBIT_NUMBER": 113, "CLOUDY_PIXEL_PERCENTAGE": 50}
            write_scene(
                folder, L2A, index, {"B4": np.ones((SIDE, SIDE))}, origin=CORNER, properties=properties
            )
            if number % 3 != 1:
                write_scene(folder, SCORES, index, {"cs_cdf": score, "cs": 1 - score}, origin=CORNER)

    def clear_share(self, index: str, threshold: float = 0.6) -> float | None:
        """The share of the pixels with a score that is clear; None where none has one."""
        known = self.known(index)
        return float(np.mean(known >= threshold)) if len(known) else None

    def known(self, index: str) -> np.ndarray:
        """The scores that are not masked."""
        score = self.scores[index]
        return np.array([]) if score is None else score[~np.isnan(score)]
