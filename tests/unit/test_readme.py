"""What the README says of the choices is what the catalogue says: one wording everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from csplus.csplus_plugin.core import catalog

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("method", catalog.METHODS)
def test_every_method_is_explained_in_the_catalogues_words(method: str) -> None:
    assert f"| `{method}` | {catalog.METHODS[method].use} |" in README


@pytest.mark.parametrize("choices", [catalog.SCORE_BANDS, catalog.UNSCORED_POLICIES])
def test_score_bands_and_policies_too(choices: dict[str, str]) -> None:
    for name, meaning in choices.items():
        assert f"`{name}`" in README
        assert meaning in README
