"""Import the repository root under the name that QGIS gives it: `csplus`."""

from __future__ import annotations

import importlib.util
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


if "csplus" not in sys.modules:
    _import_root_as_csplus()
