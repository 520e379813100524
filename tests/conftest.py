"""Import the repository root under the name that QGIS gives it, `csplus`; in English, whatever the machine speaks."""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def _import_root_as_csplus() -> None:
    spec = importlib.util.spec_from_file_location(
        "csplus", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules["csplus"] = module
    spec.loader.exec_module(module)


# Qt reads it when QGIS starts, here and in the programs that tests start.
os.environ["LC_ALL"] = "C.UTF-8"
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what is put in the background deaf to Ctrl-C, and the programs that tests start would be too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
if "csplus" not in sys.modules:
    _import_root_as_csplus()
