"""A pytest plugin for other people's suites: signs them in at a sandbox, and sorts what became of each test.

Reads `PEERS_URL`, the sandbox's address, and writes `PEERS_REPORT`, a JSON list of `[test, outcome, reason]`.
Runs in the environment of the suites, which has nothing of this project.
"""

from __future__ import annotations

import json
import os
import re
import socket
import sys
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ee
import ee.deprecation
import ee.serializer
import pytest
import pytest_gee
import requests
from google.auth.credentials import AnonymousCredentials

LIMIT = re.compile(r"([\w.]+) is not supported by this sandbox|(\w+\.load\w*: .*?) not found")
STATED = re.compile(r"The default WGS84 projection is invalid for aggregations")
"""What the service documents as an error, though a suite has recorded an answer of it."""
OWN = {
    '"Image.load"': "pixels",
    '"ImageCollection.load"': "pixels",
    '"Collection.loadTable"': "tables",
    '"Image.random"': "random numbers",
    '"Geometry.buffer"': "points of a buffer",
}
"""Functions whose values are the service's own: data that the sandbox has not, and what no page describes."""
OFFLINE = (urllib.error.URLError, requests.ConnectionError, socket.gaierror)

_outcomes: list[tuple[str, str, str]] = []
_asked: set[str] = set()
_initialize, _encode = ee.Initialize, ee.serializer.encode


def _sign_in(*_: Any, **__: Any) -> None:
    """Whatever a suite would sign in with, it gets the sandbox."""
    ee.data.setMaxRetries(0)
    _initialize(
        AnonymousCredentials(), url=os.environ["PEERS_URL"], project=os.environ["EARTHENGINE_PROJECT"]
    )


def _encode_and_look(*args: Any, **kwargs: Any) -> Any:
    """Encode an expression, and remember what of the service's own it asks for."""
    encoded = _encode(*args, **kwargs)
    text = json.dumps(encoded)
    _asked.update(kind for name, kind in OWN.items() if name in text)
    return encoded


def _stand_in() -> None:
    """Stand in for the ways of signing in, when this is imported: a suite's conftest.py signs in early."""
    ee.deprecation._FetchDataCatalogStac = dict
    ee.Initialize = _sign_in
    ee.serializer.encode = _encode_and_look
    pytest_gee.init_ee_from_service_account = pytest_gee.init_ee_from_token = _sign_in


_stand_in()


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _sorted(error: BaseException) -> tuple[str, str]:
    """What kind of failure it is, and its cause in a few words."""
    chain = list(_chain(error))
    text = " ".join(str(e).partition("\n")[0] for e in chain)
    if limit := LIMIT.search(text):
        return "limit", limit[1] or limit[2]
    if any(isinstance(e, OFFLINE) or "Geocoder" in type(e).__name__ for e in chain):
        return "network", type(error).__name__
    if stated := STATED.search(text):
        return "limit", stated[0]
    if any(isinstance(e, ee.EEException) for e in chain):
        return "failed", text[:200]
    if isinstance(error, AssertionError) and _asked:
        return "data", next(kind for kind in OWN.values() if kind in _asked)
    if not isinstance(error, AssertionError):
        return "library", f"{type(error).__name__}: {text[:100]}"
    return "failed", text[:200]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Note a test's outcome: that of its call, or of a setup that did not come to it."""
    result = yield
    report = result.get_result()
    if call.when == "teardown":
        _asked.clear()
    if call.when == "teardown" or (call.when == "setup" and report.passed):
        return
    if report.passed:
        _outcomes.append((item.nodeid, "passed", ""))
    elif report.skipped:
        _outcomes.append(
            (item.nodeid, "skipped", "expected to fail" if hasattr(report, "wasxfail") else "skipped")
        )
    else:
        kind, reason = _sorted(call.excinfo.value)
        _outcomes.append((item.nodeid, kind, reason))


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Note a file that could not be read as one test."""
    if report.failed:
        text = str(report.longrepr)
        limit = LIMIT.search(text)
        outcome = (
            ("limit", limit[1] or limit[2]) if limit else ("failed", text.strip().splitlines()[-1][:200])
        )
        _outcomes.append((report.nodeid, *outcome))


def pytest_sessionfinish() -> None:
    """Write what became of all tests."""
    Path(os.environ["PEERS_REPORT"]).write_text(json.dumps(_outcomes), encoding="utf-8")
    print(f"{len(_outcomes)} outcomes", file=sys.stderr)
