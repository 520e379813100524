"""How many examples property tests try: a few, always the same; many, other ones each time, in `make attack`."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, settings

_FACTOR = int(os.environ.get("CSPLUS_EXAMPLES", "1"))
"""Times as many examples as in the suite."""


def examples(count: int, **options: Any) -> settings:
    """Try so many examples, times what the environment asks for."""
    return settings(
        max_examples=count * _FACTOR,
        derandomize=_FACTOR == 1,
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
        **options,
    )
