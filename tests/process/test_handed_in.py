"""What people hand in, at a shell."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..support.handed_in import CASES, ID
from .conftest import Process


@pytest.mark.parametrize("name", CASES)
def test_at_a_shell(process: Process, tmp_path: Path, name: str) -> None:
    given = CASES[name].fill(tmp_path)
    done = process("run", ID, *(f"{key}={value}" for key, value in given.items()))
    CASES[name].check(ok=done.returncode == 0, said=done.stdout + done.stderr, file=tmp_path / "clear.tif")
    assert done.returncode in (0, 1)
