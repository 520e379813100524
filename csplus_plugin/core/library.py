"""The Earth Engine client library that expressions are built with: `from .library import ee`, inside a function.

`earthengine.dependencies` chooses it. Where nobody has chosen, it is the `ee` of the environment, as a script has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

_chosen: ModuleType | None = None


def choose(module: ModuleType) -> None:
    """Build expressions with this library from now on."""
    global _chosen  # noqa: PLW0603 one choice for the process, like the library's own state
    _chosen = module


def forget() -> None:
    """Choose none."""
    global _chosen  # noqa: PLW0603 as above
    _chosen = None


def __getattr__(name: str) -> Any:
    if name != "ee":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if _chosen is not None:
        return _chosen
    import ee

    return ee
