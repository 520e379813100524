"""The plugin's expressions are tried on random scenes, whose arrays numpy reads too."""

from __future__ import annotations

from ....support.random_archive import archive, client

__all__ = ["archive", "client"]
