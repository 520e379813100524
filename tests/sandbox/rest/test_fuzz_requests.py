"""Whatever is sent, the server answers: JSON for a refusal, no defect, in bounded time.

The examples are the same in every run; what once was a defect stands in `@example` or in a list of its own.
"""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from csplus.csplus_plugin.sandbox.server import Sandbox
from hypothesis import example, given
from hypothesis import strategies as st

from ...support.examples import examples
from ...support.fuzzing import IMAGE, PROJECT, fine
from ...support.servers import GRID, L2A, SCENE, ask
from ...support.turnstile import LONG

POSTS = [
    f"{PROJECT}/{name}"
    for name in (
        "value:compute", "image:computePixels", "maps", "thumbnails", "tables", "table:computeFeatures",
        "image:export", "table:export", "assets?assetId=x", "imageCollection:computeImages",
    )
] + [f"/v1/projects/earthengine-public/assets/{L2A}/{SCENE}:getPixels", "/token"]  # fmt: skip


@examples(60)
@given(st.sampled_from(POSTS), st.binary(max_size=60))
@example(POSTS[0], b"NaN")
@example(POSTS[0], b'{"expression": 1e999}')
@example(POSTS[0], b"[" * 100_000)
@example(POSTS[0], b'{"a":' * 100_000)
@example(POSTS[0], b"9" * 100_000)
@example(POSTS[0], b'"\\ud800"')
@example(POSTS[0], b'{"expression": {"result": "0", "values": {"0": {"constantValue": NaN}}}}')
@example(POSTS[3], b'{"expression": {"result": "0", "values": {"0": {"constantValue": "\\ud800"}}}}')
def test_bytes(shared: Sandbox, path: str, body: bytes) -> None:
    fine(shared, "POST", path, body)


json_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=8),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = [
    "expression", "fileFormat", "bandIds", "grid", "visualizationOptions", "selectors", "filename", "filenamePrefix",
    "pageSize", "pageToken", "fileExportOptions", "assetExportOptions", "maxPixels", "requestId", "priority",
    "description", "type", "properties",
]  # fmt: skip


@examples(150)
@given(st.sampled_from(POSTS), st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=5))
def test_fields_of_any_kind(shared: Sandbox, path: str, body: dict[str, Any]) -> None:
    fine(shared, "POST", path, body)


@examples(150)
@given(
    st.sampled_from(["image:computePixels", "maps", "thumbnails", "image:export"]),
    st.dictionaries(st.sampled_from(FIELDS[1:]), json_values, max_size=4),
    st.dictionaries(
        st.sampled_from(["dimensions", "affineTransform", "crsCode", "crsWkt"]),
        json_values | st.dictionaries(st.sampled_from(["width", "height", "scaleX", "scaleY"]), json_values),
        max_size=3,
    ),
)
def test_pixels_of_any_options(
    shared: Sandbox, name: str, body: dict[str, Any], grid: dict[str, Any]
) -> None:
    expression = {"result": "0", "values": {"0": {"functionInvocationValue": IMAGE}}}
    request = {"grid": {**GRID, **grid}, **body, "expression": expression}
    fine(shared, "POST", f"{PROJECT}/{name}", request)


SEGMENTS = [
    "v1", "projects", "p", "earthengine-public", "assets", L2A, SCENE, "..", ".", "", "maps", "tiles", "0",
    "operations", "x:listAssets", "x:getPixels", "thumbnails", "tables", "x:cancel", "%2e%2e", "a b", "é", "\x00",
    "config", "token", "1e9",
]  # fmt: skip
QUERIES = ["pageSize", "pageToken", "filter", "view", "assetId"]


@examples(80)
@given(
    st.sampled_from(["GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS"]),
    st.lists(st.sampled_from(SEGMENTS), max_size=8),
    st.dictionaries(st.sampled_from(QUERIES), st.text(max_size=8) | st.integers().map(str)),
)
def test_any_path(shared: Sandbox, method: str, parts: list[str], query: dict[str, str]) -> None:
    path = "/" + "/".join(quote(part, safe="/:%") for part in parts)
    text = "&".join(f"{name}={quote(given)}" for name, given in query.items())
    began = time.monotonic()
    status, _, content = ask(
        shared.url, method, f"{path}?{text}" if text else path, {} if method == "POST" else None
    )
    assert time.monotonic() - began < LONG
    assert status != 500, content
    if status >= 400 and method != "HEAD":
        assert "error" in json.loads(content)


@pytest.mark.parametrize("sent", [
    b"\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x00\xff\r\n\r\n",
    b"GET " + b"/" * 70_000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    b"POST /v1/projects/p/maps HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"POST /v1/projects/p/maps HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST /v1/projects/p/maps HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    b"POST /v1/projects/p/maps HTTP/1.1\r\nContent-Length: 50\r\n\r\n{}",
    b"GET / HTTP/1.1\r\nHost: [\r\n\r\n", b"GET http://[/ HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
])  # fmt: skip
def test_what_is_hardly_http(shared: Sandbox, sent: bytes) -> None:
    host = urlsplit(shared.url)
    with socket.create_connection((host.hostname, host.port), timeout=LONG) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    _, _, content = answer.partition(b"\r\n\r\n")
    assert b" 500 " not in answer.splitlines()[0] if answer else True
    if content:
        assert "error" in json.loads(content)
    assert ask(shared.url, "GET", f"{PROJECT}/config")[0] == 200


def test_nothing_was_written_outside(shared: Sandbox) -> None:
    """After all of the above."""
    parent = shared.exports.parent
    assert {path.name for path in parent.iterdir()} <= {"archive", "exports"}
    assert sorted(path.name for path in Path(parent / "archive").iterdir()) == ["COPERNICUS", "GOOGLE"]
