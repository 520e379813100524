"""How many scenes time series count, and how many with a score, against numpy on the arrays of the scenes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from csplus.csplus_plugin.core import place_scores
from qgis import processing as toolbox
from qgis.core import QgsFeature, QgsGeometry, QgsProcessingContext, QgsVectorLayer

from ..support.archives import L2A, SCORES, write_scene
from .conftest import Recorder

SIDE = 60
CORNERS = {"T11SKB": (240_000.0, 4_146_000.0), "T11SLB": (240_500.0, 4_146_000.0)}
"""Two tiles of one zone that overlap by 100 metres."""

FIELDS = {
    "west": (240_100, 4_145_700, 240_180, 4_145_760),
    "in both tiles": (240_510, 4_145_500, 240_570, 4_145_590),
    "east": (240_800, 4_145_450, 240_900, 4_145_550),
    "in the next half degree": (240_800, 4_145_900, 240_900, 4_145_990),
}
"""West, south, east, north, on the pixel grid. Half degrees meet at 37.4237, between the last two."""


class Archive:
    """Random masks of scores: of scenes on ten days, in both tiles, some without a score, some masked over fields."""

    def __init__(self, folder: Path) -> None:
        random = np.random.default_rng(2)
        self.folder = folder
        self.scores: dict[str, tuple[tuple[float, float], np.ndarray | None]] = {}
        for day in range(1, 11):
            for number, (tile, corner) in enumerate(CORNERS.items()):
                index = f"202301{day:02d}T18474{number}_202301{day:02d}T184746_{tile}"
                score = random.random((SIDE, SIDE)).astype("f4").astype(float)
                for number_of_field, box in enumerate(FIELDS.values()):
                    if (day % 5 != 0 and (day >> number_of_field) & 1) or (day % 5 == 0 and number == 0):
                        part = inside(score, corner, box)
                        part[:] = np.nan
                has_score = (day, number) not in {(3, 0), (3, 1), (7, 1)}
                self.scores[index] = corner, score if has_score else None
                bands = {"B4": np.full((SIDE, SIDE), 700.0), "B8": np.full((SIDE, SIDE), 2100.0)}
                write_scene(folder, L2A, index, bands, origin=corner)
                if has_score:
                    write_scene(folder, SCORES, index, {"cs_cdf": score, "cs": score}, origin=corner)
        # Near enough to be over the same half degree, and over no field.
        write_scene(
            folder, L2A, "20230104T184741_20230104T184746_T11SMB", bands, origin=(243_000.0, 4_146_000.0)
        )

    def over(self, boxes: list[tuple[float, ...]]) -> dict[str, bool]:
        """The scenes of which any pixel lies in one of the boxes -> whether any of those has a score."""
        found = {}
        for index, (corner, score) in self.scores.items():
            parts = [inside(np.ones((SIDE, SIDE)) if score is None else score, corner, box) for box in boxes]
            if any(part.size for part in parts):
                found[index] = score is not None and any(np.isfinite(part).any() for part in parts)
        return found


def inside(values: np.ndarray, corner: tuple[float, float], box: tuple[float, ...]) -> np.ndarray:
    """The part of a scene's array in a box."""
    west, south, east, north = box
    columns = [max(0, round((x - corner[0]) / 10)) for x in (west, east)]
    rows = [max(0, round((corner[1] - y) / 10)) for y in (north, south)]
    return values[slice(*rows), slice(*columns)]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return Archive(tmp_path_factory.mktemp("archive"))


def layer_of(names: list[str]) -> QgsVectorLayer:
    layer = QgsVectorLayer("Polygon?crs=EPSG:32611", "fields", "memory")
    features = []
    for west, south, east, north in (FIELDS[name] for name in names):
        feature = QgsFeature()
        # A metre inside, so that no other pixel is touched.
        text = f"{west + 1} {south + 1},{east - 1} {south + 1},{east - 1} {north - 1},{west + 1} {north - 1}"
        feature.setGeometry(QgsGeometry.fromWkt(f"POLYGON(({text},{west + 1} {south + 1}))"))
        features.append(feature)
    layer.dataProvider().addFeatures(features)
    return layer


def count(
    context: QgsProcessingContext, feedback: Recorder, names: list[str], policy: str = "drop"
) -> dict[str, int]:
    """Run the algorithm for some of the fields."""
    given = {"FEATURES": layer_of(names), "START": "2023-01-01", "END": "2023-01-31", "TABLE": "memory:"}
    given |= {"MIN_CLEAR": 0, "UNSCORED_POLICY": policy}
    return toolbox.run("csplus:timeseries", given, context=context, feedback=feedback)


@pytest.mark.parametrize("levels", [(1, 2, 100), (1, 4, 100), (4,)])
def test_at_however_many_places_scenes_are_looked_at_first(
    context: QgsProcessingContext,
    feedback: Recorder,
    archive: Archive,
    monkeypatch: pytest.MonkeyPatch,
    levels: tuple[int, ...],
) -> None:
    monkeypatch.setenv("CSPLUS_SANDBOX_DATA", str(archive.folder))
    monkeypatch.setattr(place_scores, "LEVELS", levels)
    made = count(context, feedback, [*FIELDS])
    assert made["SCORED_COUNT"] == sum(archive.over([*FIELDS.values()]).values())


@pytest.mark.parametrize("policy", ["drop", "keep"])
@pytest.mark.parametrize(
    "names", [["west"], ["in both tiles"], ["east"], ["in the next half degree"], ["west", "east"], [*FIELDS]]
)
def test_the_counts_are_of_the_area_of_the_features(
    context: QgsProcessingContext,
    feedback: Recorder,
    archive: Archive,
    monkeypatch: pytest.MonkeyPatch,
    names: list[str],
    policy: str,
) -> None:
    monkeypatch.setenv("CSPLUS_SANDBOX_DATA", str(archive.folder))
    made = count(context, feedback, names, policy)
    expected = archive.over([FIELDS[name] for name in names])
    scored = sum(expected.values())
    assert 0 < scored < len(expected)
    found = (made["SCENE_COUNT"], made["SCORED_COUNT"], made["UNSCORED_COUNT"])
    assert found == (len(expected), scored, len(expected) - scored)
    masked = {
        index
        for index, has_score in expected.items()
        if not has_score and archive.scores[index][1] is not None
    }
    told = " ".join(line for line in feedback.warned if "masked over the whole area" in line)
    assert masked
    assert {index for index in archive.scores if index in told} <= masked
    used = {
        index
        for index, has_score in expected.items()
        if has_score or (policy == "keep" and index not in masked)
    }
    assert made["DATE_COUNT"] == len({index[:8] for index in used})
