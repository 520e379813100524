"""The package as it was built by `make package`."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ZIP = ROOT / "build" / "csplus.zip"


@pytest.fixture(scope="session")
def package() -> Iterator[zipfile.ZipFile]:
    assert ZIP.is_file(), "Run `make package` first."
    with zipfile.ZipFile(ZIP) as archive:
        yield archive
