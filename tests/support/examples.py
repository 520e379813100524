"""How many examples property tests try: a few, always the same; many, other ones each time, in `make fuzz`.

Every property test has `@examples(count)`: whatever calls it, its examples are the same in each run, unless the
environment asks for more of them. Then they come from the seed of `--hypothesis-seed`, which `make fuzz` prints.
What it finds stays in the test as an `@example`.
"""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, settings

_FACTOR = int(os.environ.get("CSPLUS_EXAMPLES", "1"))
"""Times as many examples as in the suite."""


def examples(count: int = 100, **options: Any) -> settings:
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
