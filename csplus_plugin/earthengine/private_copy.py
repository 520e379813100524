"""The vendored client library under a name of its own, for when the environment's `ee` cannot be used.

Another plugin may have imported an old `ee`, or needs it later: replacing it in `sys.modules` or on the path would
break that plugin. So the vendored copy is imported as `csplus_ee`, and the imports among its files are read with
that name in the place of `ee`. Both live side by side, each with its own state.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType

NAME = "csplus_ee"

_IMPORT = re.compile(rb"^(\s*(?:from|import)\s+)ee\b", re.MULTILINE)


def load(package: Path) -> ModuleType:
    """Import the library in a folder as `csplus_ee`.

    Args:
        package: The folder of the package `ee`.

    Raises:
        ImportError: It does not start.
    """
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder(package))  # before Python finds the files itself
    return importlib.import_module(NAME)


def remove_finder() -> None:
    """Let Python find modules as if there had been no private copy."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _Finder)]


class _Finder(MetaPathFinder):
    """Finds the modules of the private name, and no others."""

    def __init__(self, package: Path) -> None:
        self._package = package

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        top, *below = fullname.split(".")
        if top != NAME:
            return None
        place = self._package.joinpath(*below)
        file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
        return spec_from_file_location(fullname, file, loader=_Loader(fullname, str(file)))


class _Loader(SourceFileLoader):
    """Reads a module with the private name in its imports, and leaves the files' compiled copies alone."""

    def get_code(self, fullname: str) -> CodeType:
        file = self.get_filename(fullname)
        source = _IMPORT.sub(rb"\g<1>" + NAME.encode(), self.get_data(file))
        return self.source_to_code(source, file)
