"""The real client's expression graphs, and tiny archives to evaluate them on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from csplus.csplus_plugin.sandbox.images.image import Grid
from csplus.csplus_plugin.sandbox.server import Sandbox, start
from csplus.csplus_plugin.sandbox.service_model import Gate

from ..support.offline_client import learn_functions
from ..support.scene_folder import Folder
from ..support.servers import official_client, write_archive
from ..support.turnstile import Turnstile


@pytest.fixture(scope="session", autouse=True)
def ee_signatures() -> None:
    """Give the client its own list of signatures, so that it builds graphs without a server."""
    learn_functions()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of two scenes that `servers.py` describes."""
    return write_archive(tmp_path_factory.mktemp("sandbox") / "archive")


@pytest.fixture(scope="module")
def shared(archive: Path) -> Iterator[Sandbox]:
    """A running sandbox over the archive, for all tests of a file; exports land beside the archive."""
    with start(archive, exports=archive.parent / "exports") as running:
        yield running


@pytest.fixture
def sandbox(archive: Path, tmp_path: Path) -> Iterator[Sandbox]:
    """A running sandbox over the archive, for one test."""
    with start(archive, exports=tmp_path / "exports") as running:
        yield running


@pytest.fixture(scope="module")
def url(shared: Sandbox) -> str:
    """Where the official client of a test finds its sandbox."""
    return shared.url


@pytest.fixture(name="ee")
def signed_in_client(url: str) -> Iterator[Any]:
    """The official client, initialized against a sandbox."""
    with official_client(url) as client:
        yield client


@pytest.fixture
def turnstile(monkeypatch: pytest.MonkeyPatch) -> Iterator[Turnstile]:
    """What sandboxes that wait do instead of waiting; open in the end."""
    made = Turnstile()

    def wait(gate: Gate, seconds: float) -> None:
        made.wait(gate, seconds)

    monkeypatch.setattr(Gate, "wait", wait)
    yield made
    made.open()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """An empty archive."""
    return Folder(tmp_path)


@pytest.fixture
def grid() -> Callable[..., Grid]:
    """Grids in UTM zone 11, by default over the corner that scenes have by default."""

    def make(
        width: int,
        height: int,
        *,
        x: float = 500000,
        y: float = 4100000,
        pixel: float = 10,
        crs: str = "EPSG:32611",
    ) -> Grid:
        return Grid(crs, (pixel, 0, x, 0, -pixel, y), width, height)

    return make
