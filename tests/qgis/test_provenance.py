"""What a live layer says of itself, also after its project was saved and opened again."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from csplus.csplus_plugin.core.choices import Scenes
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.core.region import Region
from csplus.csplus_plugin.core.survey import Scene, Survey
from csplus.csplus_plugin.core.targets.composite import Composite
from csplus.csplus_plugin.layers import provenance
from qgis.core import QgsLayerMetadata, QgsProject

from .test_renewal import live


def described(bounds: tuple[float, float, float, float], tmp_path: Path, survey: Survey) -> QgsLayerMetadata:
    layer = live("https://earthengine.googleapis.com")
    scenes = Scenes(region=Region.from_bounds(*bounds), start=date(2023, 1, 1), end=date(2023, 1, 31))
    provenance.describe(layer, Recipe(scenes, Composite()), survey, sandbox=False)
    project = QgsProject()
    project.addMapLayer(layer)
    assert project.write(str(tmp_path / "p.qgz"))
    again = QgsProject()
    assert again.read(str(tmp_path / "p.qgz"))
    return next(iter(again.mapLayers().values())).metadata()


@pytest.fixture
def survey() -> Survey:
    return Survey((("all", 1),), (Scene("a", date(2023, 1, 5), 19362, True, True),))


def boxes(metadata: QgsLayerMetadata) -> list[tuple[float, ...]]:
    found = [box.bounds for box in metadata.extent().spatialExtents()]
    return [(box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()) for box in found]


def test_where_when_what_and_from_whom(qgis_new_project: None, tmp_path: Path, survey: Survey) -> None:
    metadata = described((10, 50, 10.5, 50.25), tmp_path, survey)
    assert boxes(metadata) == [(10, 50, 10.5, 50.25)]
    assert metadata.extent().spatialExtents()[0].extentCrs.authid() == "EPSG:4326"
    (days,) = metadata.extent().temporalExtents()
    assert days.begin().toString("yyyy-MM-dd") == "2023-01-01"
    assert days.end().toString("yyyy-MM-dd") == "2023-01-31"
    words = metadata.keywords()["Cloud Score+ for QGIS"]
    assert {"Sentinel-2", "L2A", "cs_cdf", "Google Earth Engine"} <= set(words)
    assert [link.url for link in metadata.links()] == [
        "https://developers.google.com/earth-engine/datasets/catalog/COPERNICUS_S2_SR_HARMONIZED",
        "https://developers.google.com/earth-engine/datasets/catalog/GOOGLE_CLOUD_SCORE_PLUS_V1_S2_HARMONIZED",
        "https://creativecommons.org/licenses/by/4.0/",
    ]
    assert "{" not in metadata.abstract()


def test_across_the_antimeridian(qgis_new_project: None, tmp_path: Path, survey: Survey) -> None:
    metadata = described((179.5, -17, 180.25, -16), tmp_path, survey)
    assert boxes(metadata) == [(179.5, -17, 180, -16), (-180, -17, -179.75, -16)]
