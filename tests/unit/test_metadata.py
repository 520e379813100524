"""metadata.txt by the rules of plugins.qgis.org (`qgis-app/plugins/validator.py` in QGIS-Plugins-Website)."""

from __future__ import annotations

import configparser
import os
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from csplus import classFactory

ROOT = Path(__file__).resolve().parents[2]
REQUIRED = (
    "name", "description", "version", "qgisMinimumVersion", "author", "email", "about", "tracker", "repository",
)  # fmt: skip
LINKS = {"tracker": "http://bugs", "repository": "http://repo", "homepage": "http://homepage"}
"""Addresses that are tried, and the value in QGIS's template that is refused."""


@pytest.fixture(scope="module")
def metadata() -> dict[str, str]:
    parser = (
        configparser.ConfigParser()
    )  # with interpolation, as the site has it: a bare percent sign is an error
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string((ROOT / "metadata.txt").read_text(encoding="utf-8"))
    return dict(parser.items("general"))


def test_what_is_required_is_there(metadata: dict[str, str]) -> None:
    assert not [key for key in REQUIRED if not metadata.get(key, "").strip()]


def test_author_and_name(metadata: dict[str, str]) -> None:
    assert "/" not in metadata["author"]
    assert re.fullmatch(r"[^@\s]+@[^@\s]+\.[a-z]+", metadata["email"])
    assert "plugin" not in metadata["name"].lower()  # reviewers ask for it


def test_versions(metadata: dict[str, str]) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", metadata["version"])
    assert metadata["qgisMinimumVersion"] == "3.40"
    assert (
        metadata["qgisMaximumVersion"] == "4.99"
    )  # left out, it would be 3.99 and hide the plugin from QGIS 4
    assert "supportsQt6" not in metadata  # the site warns of it, and QGIS 4 ignores it
    assert f"{metadata['version']} " in metadata["changelog"]


def test_a_python_that_is_too_old_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 5, "final", 0))
    with pytest.raises(RuntimeError, match=r"needs Python 3\.10 or later.* has 3\.9"):
        classFactory(None)


def test_flags(metadata: dict[str, str]) -> None:
    assert metadata["hasProcessingProvider"] == "yes"
    for key in ("experimental", "deprecated", "server"):
        assert metadata[key] in ("True", "False")


def test_the_icon_is_a_picture_in_the_package(metadata: dict[str, str]) -> None:
    icon = ROOT / metadata["icon"]
    assert icon.parts[-3:-1] == ("resources", "icons")
    assert icon.read_text(encoding="utf-8").lstrip().startswith("<svg")


def test_the_description_is_plain_english_text(metadata: dict[str, str]) -> None:
    for key in ("description", "about"):
        assert "<" not in metadata[key]
        assert metadata[key].isascii()
    for said in ("account", "Google Earth Engine plugin", "sandbox"):  # what reviewers look for
        assert said in metadata["about"]


@pytest.mark.parametrize("key", LINKS)
def test_addresses_are_addresses(metadata: dict[str, str], key: str) -> None:
    parts = urlsplit(metadata[key])
    assert parts.scheme in ("http", "https")
    assert parts.netloc
    assert metadata[key] != LINKS[key]


@pytest.mark.parametrize("key", LINKS)
@pytest.mark.skipif(
    os.environ.get("CSPLUS_LINKS") != "1",
    reason="CSPLUS_LINKS=1 asks the network; example.org stands for a public home that is still to be made",
)
def test_addresses_answer(metadata: dict[str, str], key: str) -> None:
    answer = requests.head(metadata[key], timeout=10, allow_redirects=True)
    assert answer.status_code < 400
