"""Fixtures of the tests that need neither QGIS nor a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ..support.offline_client import learn_functions

if TYPE_CHECKING:
    from types import ModuleType


@pytest.fixture(scope="session")
def ee_signatures() -> ModuleType:
    """The official client with the algorithm list of its own wheel: it builds expressions, offline.

    Gives the module `ee`. Only building and serialising work; whatever asks the service fails.
    """
    import ee

    learn_functions()
    return ee
