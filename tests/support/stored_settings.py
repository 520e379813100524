"""QGIS's settings without QGIS: a dictionary in their place."""

from __future__ import annotations

from typing import Any

import pytest
from csplus.csplus_plugin import qgis_settings


class StoredSettings(dict):
    """What is asked of QgsSettings."""

    def value(self, key: str) -> Any:
        return self.get(key)


def replace_settings(monkeypatch: pytest.MonkeyPatch) -> StoredSettings:
    """Put empty settings in the place of QGIS's, and take away what the environment says."""
    stored = StoredSettings()
    monkeypatch.setattr(qgis_settings, "_open", lambda: stored)
    for name in (
        "CSPLUS_ENDPOINT",
        "CSPLUS_PROJECT",
        "GOOGLE_CLOUD_PROJECT",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "CSPLUS_SANDBOX_DATA",
        "CSPLUS_TRUSTED_HOST",
    ):
        monkeypatch.delenv(name, raising=False)
    return stored
