"""Settings as QGIS itself stores them."""

from __future__ import annotations

import pytest
from csplus.csplus_plugin import settings
from qgis.core import QgsApplication, QgsSettings


def test_a_setting_of_the_plugin(qgis_app: QgsApplication, monkeypatch: pytest.MonkeyPatch):
    for name in ("CSPLUS_ENDPOINT", "CSPLUS_PROJECT", "GOOGLE_CLOUD_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    store = QgsSettings()
    store.setValue("csplus/project", "stored-project")
    store.setValue("csplus/endpoint", "high-volume")
    connection = settings.connection()
    store.remove("csplus")
    assert (connection.project, connection.endpoint) == ("stored-project", "high-volume")
