"""Foreign text: nothing that a terminal obeys, that deceives a reader, or that ends QGIS."""

from __future__ import annotations

import pytest
from csplus.csplus_plugin.core.errors import CsPlusError
from csplus.csplus_plugin.core.text import LONGEST, clean
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("as it is", "as it is"),
        ("Überlingen, 水, 3 > 2", "Überlingen, 水, 3 > 2"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("\x1b[2Jgone", "[2Jgone"),
        ("half \ud800 a pair", "half a pair"),
        ("left \u202eot thgir", "left ot thgir"),
        ("a" * 30_000, "a" * (LONGEST - 1) + "…"),
    ],
)
def test_what_is_left(text: str, shown: str) -> None:
    assert clean(text) == shown
    assert str(CsPlusError(text)) == shown


@given(st.text(st.characters(), max_size=200))
@settings(derandomize=True)
def test_it_can_always_be_encoded_and_printed(text: str) -> None:
    shown = clean(text)
    shown.encode()
    assert shown.isprintable()
    assert clean(shown) == shown
