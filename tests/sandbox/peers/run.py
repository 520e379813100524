"""Start a sandbox on its sample scenes and let other people's clients loose on it.

    python run.py PYTHON

PYTHON is the interpreter of an environment with geedim and xee; `make test-peers` makes one and calls this.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def main() -> int:
    """The exit code of the comparison."""
    sys.path.insert(0, str(ROOT))
    from csplus_plugin.sandbox.server import start

    with tempfile.TemporaryDirectory() as folder, start(exports=Path(folder)) as sandbox:
        script = [sys.argv[1], str(Path(__file__).with_name("compare.py")), sandbox.url]
        local = {**os.environ, "NO_PROXY": "127.0.0.1"}
        return subprocess.run(script, env=local, check=False, timeout=600).returncode


if __name__ == "__main__":
    sys.exit(main())
