"""What the plugin has loaded into Python, and how it is all let go of when the plugin is disabled or upgraded.

QGIS forgets the modules that it saw being imported. It does not see those that `importlib` loads, and those of the
`vendor` folder have other names. What stays in `sys.modules` meets the new version's modules, and the two do not match.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from .earthengine import dependencies, private_copy

_PACKAGE = __name__.partition(".")[0]


def forget_modules() -> None:
    """Take our modules, those of our libraries, their finder and their folder out of Python."""
    dependencies.forget()
    for name, module in list(sys.modules.items()):
        # The package itself stays: QGIS takes it out, after it has called the end of us.
        ours = name.startswith((f"{_PACKAGE}.", f"{private_copy.NAME}.")) or name == private_copy.NAME
        if ours or _is_vendored(module):
            _remove(name, module)
    private_copy.remove_finder()
    vendor = str(dependencies.VENDOR)
    sys.path[:] = [place for place in sys.path if place != vendor]
    for place in [place for place in sys.path_importer_cache if Path(place).is_relative_to(vendor)]:
        del sys.path_importer_cache[place]


def _remove(name: str, module: ModuleType) -> None:
    del sys.modules[name]
    above, _, last = name.rpartition(".")
    # A namespace such as `google` stays where others have a part of it, and would hand out the old part.
    if getattr(sys.modules.get(above), last, None) is module:
        delattr(sys.modules[above], last)


def _is_vendored(module: ModuleType) -> bool:
    file = getattr(module, "__file__", None)
    if isinstance(file, str):
        return Path(file).is_relative_to(dependencies.VENDOR)
    places: Iterable[str] = getattr(module, "__path__", None) or ()
    found = [str(place) for place in places]
    return bool(found) and all(Path(place).is_relative_to(dependencies.VENDOR) for place in found)
