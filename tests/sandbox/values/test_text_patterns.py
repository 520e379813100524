"""Regular expressions and dates by pattern."""

from __future__ import annotations

import re
import time

import ee
import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.errors import Refused
from csplus.csplus_plugin.sandbox.reducers.sorting import MOST_IMAGES, exchanges, sort_images
from csplus.csplus_plugin.sandbox.values.text_patterns import pattern, template
from hypothesis import given
from hypothesis import strategies as st

from ...support.examples import examples
from ...support.scene_folder import Folder
from ...support.turnstile import LONG

USUAL = [
    "B.*",
    "B[0-9]+",
    "(B2|B3)",
    "QA.*|B.*",
    "^S2[AB]_.*$",
    r"(\d{8})T\d+_(\w+)",
    "[[:alpha:]]+",
    "a?b+",
    "(ab)+",
    r"[\]\[]",
]


@pytest.mark.parametrize("regex", USUAL)
def test_usual_patterns_are_taken(regex: str) -> None:
    assert pattern("x", regex, 100)


@pytest.mark.parametrize(
    "regex",
    [
        "(a+)+$",
        "(a|a)*b",
        "(a*)*",
        "((a?){1,9})*",
        ".*.*.*.*.*.*.*b",
        "(?=a)b",
        "(?<!a)b",
        r"(a)\1",
        "(",
        "a" * 1001,
        "(a?a)*b",
    ],
)
def test_tricks_are_refused_at_once(regex: str) -> None:
    start = time.perf_counter()
    with pytest.raises(Refused):
        pattern("x", regex, 300)
    assert time.perf_counter() - start < LONG  # the search of most of them would outlast the sun


def test_short_texts_may_be_tried(folder: Folder) -> None:
    assert folder.info(ee.String("aaab").match("(a+)+b")) == ["aaab", "aaa"]


def test_groups_in_a_replacement(folder: Folder) -> None:
    assert re.sub("(a)(b)", template("$2$1\\"), "ab") == "ba\\"
    assert folder.info(ee.String("T11SKB").replace("T(.*)", "$1-$1")) == "11SKB-11SKB"


@pytest.mark.parametrize(
    ("format_", "text", "expected"),
    [
        # The page ee-date-parse gives these inputs; all mean 30 April 2021.
        ("YYYY MM dd", "2021 4 30", "2021-04-30T00:00:00"),
        ("YYYY-MM-dd", "2021-4-30", "2021-04-30T00:00:00"),
        ("YYYY/MM/dd", "2021/4/30", "2021-04-30T00:00:00"),
        ("MM/dd/YY", "4/30/21", "2021-04-30T00:00:00"),
        ("MMM. dd, YYYY", "Apr. 30, 2021", "2021-04-30T00:00:00"),
        ("YYYY-MM-dd HH:mm:ss", "2021-4-30 00:00:00", "2021-04-30T00:00:00"),
        ("d MMMM yyyy h:mm a", "1 may 1999 12:05 PM", "1999-05-01T12:05:00"),
        ("yyyy-DDD'T'HH", "2024-366T23", "2024-12-31T23:00:00"),
        ("yyyy-MM-dd HH:mm Z", "2023-01-01 02:00 +0200", "2023-01-01T00:00:00"),
    ],
)
def test_dates_by_pattern(folder: Folder, format_: str, text: str, expected: str) -> None:
    assert folder.info(ee.Date.parse(format_, text).format()) == expected


@pytest.mark.parametrize(
    ("format_", "text"), [("yyyy", "x"), ("yyyy-MM-dd", "2023-02-30"), ("QQ", "1"), ("dd", "0")]
)
def test_texts_that_are_no_dates(folder: Folder, format_: str, text: str) -> None:
    with pytest.raises(Refused, match=r"Date\.parse"):
        folder.value(ee.Date.parse(format_, text))


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 16, 31, MOST_IMAGES, MOST_IMAGES + 1])
def test_sorting_whole_images(count: int) -> None:
    values = np.random.default_rng(count).integers(0, 50, (count, 20_000)).astype(np.uint16)
    np.testing.assert_array_equal(sort_images(values.copy()), np.sort(values, axis=0))


@examples()
@given(st.lists(st.booleans(), max_size=MOST_IMAGES))
def test_a_network_sorts_zeros_and_ones(bits: list[bool]) -> None:
    """By the 0-1 principle, what sorts every such list sorts everything."""
    values = list(bits)
    for i, j in exchanges(len(values)):
        values[i], values[j] = min(values[i], values[j]), max(values[i], values[j])
    assert values == sorted(bits)
