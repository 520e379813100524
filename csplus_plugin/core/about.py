"""Where the plugin lies, and which version it is."""

from __future__ import annotations

import configparser
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The plugin's folder, with `metadata.txt` and `resources/` in it."""


@cache
def version() -> str:
    """Read the version from the plugin's metadata, where it is kept; 0 where that file is missing."""
    metadata = configparser.ConfigParser()
    metadata.read(ROOT / "metadata.txt", encoding="utf-8")
    return metadata.get("general", "version", fallback="0")
