"""Where the plugin lies, and which version it is."""

from __future__ import annotations

import configparser
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The plugin's folder, with `metadata.txt` and `resources/` in it."""


def version() -> str:
    """Read the version from the plugin's metadata, where it is kept; 0 where that file is missing."""
    return _metadata("version") or "0"


def help_page(section: str) -> str:
    """Give the address of a section of the README on the plugin's home page; empty where that is not known."""
    home = _metadata("homepage")
    return f"{home}#{section}" if home else ""


@cache
def _metadata(key: str) -> str:
    # Without interpolation: an address may hold a percent sign.
    metadata = configparser.ConfigParser(interpolation=None)
    metadata.read(ROOT / "metadata.txt", encoding="utf-8")
    return metadata.get("general", key, fallback="")
