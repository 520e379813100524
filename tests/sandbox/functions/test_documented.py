"""Every printed result of the function reference that needs no data: what the service answered, by its own pages.

`documented.jsonl` holds one fact a line: the page (https://developers.google.com/earth-engine/apidocs/<page>), a call,
and the value printed there. Left out are results that contradict their own label, as `ee-number-hypot` of (0, 0) = 3.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ...support.scene_folder import Folder

FACTS = [json.loads(line) for line in Path(__file__).with_name("documented.jsonl").open(encoding="utf-8")]


def node(value: Any) -> dict[str, Any]:
    """A value of the table as part of an expression: `{"call": name, argument: value, …}` is a call."""
    if isinstance(value, dict) and "call" in value:
        arguments = {name: node(v) for name, v in value.items() if name != "call"}
        return {"functionInvocationValue": {"functionName": value["call"], "arguments": arguments}}
    if isinstance(value, list):
        return {"arrayValue": {"values": [node(v) for v in value]}}
    return {"constantValue": value}


def same(got: Any, printed: Any) -> bool:
    """Whether a value is the printed one, as far as its digits go."""
    if isinstance(printed, list):
        return isinstance(got, list) and len(got) == len(printed) and all(map(same, got, printed))
    if isinstance(printed, float) and not isinstance(got, str):
        _, _, decimals = repr(printed).partition(".")
        digits = 10.0 ** -len(decimals) if decimals.isdigit() else 0
        return got == pytest.approx(printed, rel=1e-7, abs=max(digits, 1e-8 * abs(printed)))
    if isinstance(printed, dict):
        return got.keys() == printed.keys() and all(same(got[k], printed[k]) for k in printed)
    return got == printed


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return Folder(tmp_path_factory.mktemp("empty"))


def test_the_table_is_whole() -> None:
    assert len(FACTS) > 500
    families = Counter(fact["page"].split("-")[1] for fact in FACTS)
    assert {"array", "date", "number", "string", "list"} <= set(families)


@pytest.mark.parametrize("page", sorted({fact["page"] for fact in FACTS}))
def test_what_a_page_prints(empty: Folder, page: str) -> None:
    for fact in FACTS:
        if fact["page"] != page:
            continue
        graph = {"result": "0", "values": {"0": node(fact["call"])}}
        got = json.loads(
            json.dumps(empty.evaluator.to_json(empty.evaluator.evaluate(graph)), allow_nan=False)
        )
        assert same(got, fact["value"]), f"{fact['call']}: {got}, but printed is {fact['value']}"
