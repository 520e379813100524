"""How a value was made, for values that are printed as the call that made them: filters, joins, kernels, reducers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class MadeBy:
    """A call.

    Attributes:
        name: The function's name in expressions.
        arguments: Those that are not the default, by name.
    """

    name: str
    arguments: Mapping[str, Any]
