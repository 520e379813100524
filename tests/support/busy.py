"""Whether the machine is too busy for a test that measures the time of one thread."""

from __future__ import annotations

import os

import pytest


def skip_if_too_busy() -> None:
    """Skip where more than twice as many processes want to run as there are cores: any window freezes then."""
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if load > 2 * cores:
        pytest.skip(f"the machine is too busy to tell: load {load:.0f} on {cores} cores")
