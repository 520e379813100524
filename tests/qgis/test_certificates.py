"""The certificates that QGIS trusts, as QGIS itself lists them."""

from __future__ import annotations

import pytest
from csplus.csplus_plugin import settings
from csplus.csplus_plugin.earthengine import trust
from qgis.core import QgsApplication


def test_what_qgis_trusts_is_trusted(qgis_app: QgsApplication, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CSPLUS_ENDPOINT", "earthengine")
    given = settings.connection().certificates
    listed = QgsApplication.authManager().trustedCaCerts()
    assert given.count("BEGIN CERTIFICATE") == len(listed) > 0
    known = {int(one["serialNumber"], 16) for one in trust.trusting(given).get_ca_certs()}
    serials = {int(bytes(one.serialNumber()).replace(b":", b""), 16) for one in listed}
    assert serials <= known


def test_a_run_on_this_machine_asks_for_none(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CSPLUS_ENDPOINT", "sandbox")
    assert settings.connection().certificates == ""
