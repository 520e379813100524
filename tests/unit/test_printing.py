"""Expressions printed and run: the graph must be the same, and the names those that were given."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from csplus.csplus_plugin.core.naming import named, named_function
from csplus.csplus_plugin.core.printing.languages import JAVASCRIPT, PYTHON

from ..support.expressions import EXPRESSIONS, printed, scenes
from ..support.graphs import graph


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_what_is_printed_is_what_was_built(name: str, ee_signatures: ModuleType) -> None:
    expression = EXPRESSIONS[name](ee_signatures)
    text = printed(ee_signatures, expression, PYTHON)
    names: dict[str, Any] = {"ee": ee_signatures}
    exec(text, names)
    assert graph(names["result"]) == graph(expression), text


def test_names_survive_casts_and_mapped_functions(ee_signatures: ModuleType) -> None:
    ee = ee_signatures

    @named_function("Dark pixels are no good.")
    def keep_bright(image: Any) -> Any:
        bright = named(image.select("B4").gt(1000), "is_bright")
        return image.updateMask(bright.And(bright.focalMin(10)))

    kept = named(ee.ImageCollection(scenes(ee).map(keep_bright)), "bright_scenes")
    text = printed(ee, kept.median().addBands(kept.count()), JAVASCRIPT)
    assert "// Dark pixels are no good.\nfunction keepBright(image) {\n  var isBright = " in text
    assert "var brightScenes = " in text
    assert text.count("COPERNICUS") == 1


def test_two_steps_of_one_name_are_told_apart(ee_signatures: ModuleType) -> None:
    ee = ee_signatures
    pair = [named(ee.Image(number).sqrt(), "root") for number in (2, 3)]
    text = printed(ee, pair[0].add(pair[1]), PYTHON)
    assert text == (
        "root = ee.Image.constant(2).sqrt()\nroot_2 = ee.Image.constant(3).sqrt()\nresult = root.add(root_2)"
    )


def test_words_of_a_language_are_no_names(ee_signatures: ModuleType) -> None:
    ee = ee_signatures
    text = printed(ee, named(ee.Image(2).sqrt(), "in").add(named(ee.Image(3).sqrt(), "2018")), PYTHON)
    assert "in_2 = " in text
    assert "_2018 = " in text


def test_naming_changes_nothing_that_is_sent(ee_signatures: ModuleType) -> None:
    ee = ee_signatures
    plain, with_name = ee.Image(2).sqrt(), named(ee.Image(2).sqrt(), "root", "Why.")
    assert with_name.serialize() == plain.serialize()
