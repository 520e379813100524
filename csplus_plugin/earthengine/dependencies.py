"""Where the Earth Engine client library comes from, and how it learns the service's functions.

The library of the environment is used if there is one that can do what we need, else the copy in the plugin's
`vendor` folder. That folder goes to the end of the import path, so it never shadows anything; and where an unfit `ee`
stands in front, the vendored one is imported under a name of its own, so that the other stays what it is for others.

Building an expression needs the signatures of the service's functions. The official `ee.Initialize` fetches
them, but it also binds the library to one account and one address for the whole process, which belongs to
whoever called it. So the signatures are read from the library's own files here, and `ee.Initialize` of another
plugin finds and leaves everything as if we were not there.
"""

from __future__ import annotations

import importlib
import json
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core import library
from ..core.errors import CsPlusError, MissingLibrary
from ..core.language import _
from ..core.text import clean
from . import private_copy

if TYPE_CHECKING:
    from types import ModuleType

VENDOR = Path(__file__).resolve().parents[1] / "vendor"
"""The folder of libraries that come with the plugin, or that the user installs for it; need not exist."""

REQUIREMENT = "earthengine-api>=1.7.4"

_lock = threading.RLock()
_ee: ModuleType | None = None


def load(name: str) -> ModuleType:
    """Import a library from the environment, else from the vendored folder.

    Raises:
        MissingLibrary: Neither has it, or it does not start there.
    """
    with _lock:
        try:
            return importlib.import_module(name)
        except Exception as broken:  # an old library fails on a new Python in any way
            if not VENDOR.is_dir():
                raise _missing(broken) from broken
        _append_vendor()
        try:
            return importlib.import_module(name)
        except Exception as broken:
            raise _missing(broken) from broken


def _append_vendor() -> None:
    if str(VENDOR) not in sys.path:
        sys.path.append(str(VENDOR))
    importlib.invalidate_caches()


def load_ee() -> ModuleType:
    """Import the official client library `ee`; it can build no expression yet.

    Raises:
        MissingLibrary: There is none, or it is too old for Cloud Score+, or `ee` is something else, and the
            vendored folder has no better one.
    """
    global _ee  # noqa: PLW0603 one library for the process, whatever other plugins do to the import path later
    with _lock:
        if _ee is None:
            _ee = _find_ee()
            library.choose(_ee)
        return _ee


def forget() -> None:
    """Leave the library as we found it: the plugin is being unloaded."""
    global _ee  # noqa: PLW0603 as above
    with _lock:
        # A table that is still ours shows that nobody else has initialized the library, so nobody loses anything.
        if _ee is not None and isinstance(_ee.ApiFunction._api, _Signatures):  # noqa: SLF001 as above
            _ee.Reset()
        _ee = None
        library.forget()


def _find_ee() -> ModuleType:
    try:
        ee = load("ee")
        _require_usable(ee)
    except MissingLibrary:
        if not (VENDOR / "ee").is_dir():
            raise
    else:
        return ee
    _append_vendor()  # for what `ee` itself imports
    try:
        return private_copy.load(VENDOR / "ee")
    except Exception as broken:
        raise _missing(broken) from broken


def _require_usable(ee: ModuleType) -> None:
    if not hasattr(ee, "ApiFunction"):
        raise MissingLibrary(
            _("The module ee in {place} is not the Earth Engine client library.", place=_place(ee)),
            _(
                "Remove it, then install the library in a terminal: {install_command}",
                install_command=install_command(),
            ),
        )
    if not hasattr(ee.ImageCollection, "linkCollection"):
        raise MissingLibrary(
            _(
                "The Earth Engine client library {version} in {place} is too old for Cloud Score+.",
                version=_version(ee),
                place=_place(ee),
            ),
            _(
                'Update it in a terminal, then restart QGIS: {python} -m pip install --upgrade "{requirement}"',
                python=_python(),
                requirement=REQUIREMENT,
            ),
        )


def prepare_expressions(algorithms: Callable[[], Mapping[str, Any]] | None = None) -> ModuleType:
    """Make `ee` ready to build and serialise expressions, and give it; needs no account.

    Cheap when nothing is to be done, so call it before every run: another plugin may have called `ee.Reset`.

    Args:
        algorithms: Requests the service's list of functions (`Client.algorithms`). Used only if the library
            was installed without its own copy of the list, which some packagers strip.

    Raises:
        MissingLibrary: No library, or one without the list and nobody to ask.
    """
    with _lock:
        ee = load_ee()
        if not ee.ApiFunction._api:  # noqa: SLF001 the library has no public question for it
            ee.ApiFunction._api = _read_signatures(ee, algorithms)  # noqa: SLF001
        # Each of these does only what is not done yet, also after a run of ours that broke off half-way.
        for dynamic_class in ee._DYNAMIC_CLASSES:  # noqa: SLF001 the steps of ee.Initialize
            dynamic_class.initialize()
        ee._InitializeGeneratedClasses()  # noqa: SLF001
        ee._InitializeUnboundMethods()  # noqa: SLF001
        return ee


def ee_version() -> str:
    """Return the version of the client library in use, for the log."""
    return _version(load_ee())


def ee_place() -> Path:
    """Return the folder that the client library in use was loaded from, for the log."""
    return _place(load_ee())


def _version(ee: ModuleType) -> str:
    return str(getattr(ee, "__version__", _("of unknown version")))


def _place(module: ModuleType) -> Path:
    return Path(module.__file__ or next(iter(module.__path__))).resolve().parent


def install_command(requirement: str = REQUIREMENT) -> str:
    """Make the command that installs a library into the vendored folder."""
    return f'{_python()} -m pip install --target "{VENDOR}" "{requirement}"'


class _Signatures(dict):
    """Our table of signatures: full for everybody, empty for `ee.Initialize`.

    `ee.Initialize` skips asking its server where a table is there already; another plugin that relies on it to
    check account and project would then notice a wrong one only later.
    """

    def __bool__(self) -> bool:
        asking = sys._getframe(2)  # noqa: SLF001 whoever called ApiFunction.initialize, which asks us
        is_initialize = asking.f_code.co_name == "Initialize" and asking.f_globals.get("__name__") == "ee"
        return len(self) > 0 and not is_initialize


def _read_signatures(ee: ModuleType, ask_service: Callable[[], Mapping[str, Any]] | None) -> _Signatures:
    try:
        return _signatures(ee, _read_algorithms(ask_service))
    except CsPlusError:
        raise
    except Exception as broken:
        # Whoever sent the list, the library's own reader of it trusts every part.
        raise MissingLibrary(
            _("The list of Earth Engine's functions cannot be read."),
            _(
                "Install the complete library in a terminal: {install_command}",
                install_command=install_command(),
            ),
        ) from broken


def _signatures(ee: ModuleType, algorithms: Mapping[str, Any]) -> _Signatures:
    """Turn a list of functions into the library's table, as `ee.ApiFunction.initialize` does."""
    table = _Signatures()
    for name, signature in ee._cloud_api_utils.convert_algorithms(algorithms).items():  # noqa: SLF001
        signature["returns"] = _without_type_parameters(signature["returns"])
        for argument in signature["args"]:
            argument["type"] = _without_type_parameters(argument["type"])
        table[name] = ee.ApiFunction(name, signature)
    return table


def _without_type_parameters(type_name: str) -> str:
    """`List<Object>` -> `List`."""
    return type_name.partition("<")[0]


def _read_algorithms(ask_service: Callable[[], Mapping[str, Any]] | None) -> Mapping[str, Any]:
    """Read the list of functions: from the library's own copy, else from the service."""
    file = ee_place() / "tests" / "algorithms.json"
    if file.is_file():
        return json.loads(file.read_text(encoding="utf-8"))
    if ask_service is None:
        raise MissingLibrary(
            _(
                "The Earth Engine client library in {ee_place} lacks its list of functions.",
                ee_place=ee_place(),
            ),
            _(
                "Install the complete library in a terminal: {install_command}",
                install_command=install_command(),
            ),
        )
    return ask_service()


def _missing(broken: Exception) -> MissingLibrary:
    return MissingLibrary(
        _("The Earth Engine client library cannot be imported: {broken}.", broken=clean(str(broken))),
        _("Install it in a terminal, then run again: {install_command}", install_command=install_command()),
    )


def _python() -> str:
    """Find a Python to call in a terminal. Inside QGIS on Windows and macOS, `sys.executable` is QGIS itself."""
    running = Path(sys.executable or "python3")
    if running.name.lower().startswith("python"):
        return _quoted(running)
    places = (running.parent, running.parent / "bin", Path(sys.exec_prefix), Path(sys.exec_prefix) / "bin")
    names = ("python.exe", "python3.exe") if sys.platform == "win32" else ("python3",)
    found = (place / name for place in places for name in names)
    return next((_quoted(file) for file in found if file.is_file()), "python3")


def _quoted(file: Path) -> str:
    return f'"{file}"' if " " in str(file) else str(file)
