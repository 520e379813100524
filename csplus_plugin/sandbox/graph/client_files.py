"""Files of the official client that the sandbox reads; the client itself is never imported."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from ..errors import CannotStart

VENDOR = Path(__file__).resolve().parents[2] / "vendor"


def client_file(name: str) -> Path:
    """Give a file that the client's wheel ships for its tests.

    Raises:
        CannotStart: Neither the environment nor the vendored folder has it.
    """
    for package in _client_folders():
        path = package / "tests" / name
        if path.is_file():
            return path
    raise CannotStart(
        "The sandbox needs files of the Earth Engine client library: "
        f'python3 -m pip install --target "{VENDOR}" earthengine-api'
    )


def _client_folders() -> list[Path]:
    """Where the package `ee` may be: the environment first, then the vendored copy."""
    try:
        spec = importlib.util.find_spec("ee")
    except ValueError:  # a module without a spec stands in for `ee`
        spec = None
    installed = spec.submodule_search_locations if spec else None
    return [*map(Path, installed or ()), VENDOR / "ee"]
