"""Whatever a service, a proxy or a file sends: a reader reads it, or says so in the plugin's own words."""

from __future__ import annotations

import contextlib
import json
import struct
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from csplus.csplus_plugin.core import survey
from csplus.csplus_plugin.core.errors import (
    BadRequest,
    CsPlusError,
    MissingLibrary,
    SignInNeeded,
    Unreachable,
)
from csplus.csplus_plugin.core.scenes import steps
from csplus.csplus_plugin.earthengine import credentials, dependencies, failures, responses
from csplus.csplus_plugin.earthengine.client import Client
from csplus.csplus_plugin.earthengine.retry import Backoff, parse_http_date, parse_retry_after
from csplus.csplus_plugin.earthengine.route import Route
from csplus.csplus_plugin.earthengine.session import Connection, Session, close_sessions, session_for
from hypothesis import example, given
from hypothesis import strategies as st

from ..support.examples import examples
from ..support.fake_service import Answer, FakeService, npy, value
from ..support.recipes import JANUARY

EXPRESSION = {"result": "0", "values": {"0": {"constantValue": 1}}}
AT_ONCE = Backoff(max_tries=2, first_delay=0.001)
PIXELS = np.array([[(1, 0.5), (2, 1.5)]], dtype=[("B4", "<u2"), ("cs", "<f4")])
DEEP = b"[" * 100_000
KEYS = [
    "error",
    "errors",
    "message",
    "reason",
    "result",
    "name",
    "algorithms",
    "left",
    "ids",
    "times",
    "unscored",
]

always = examples(200)

leaves = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=20)
)
trees = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*KEYS, "hidden", "type", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)
bodies = st.binary(max_size=200) | trees.map(lambda tree: json.dumps(tree).encode()) | st.just(DEEP)


@pytest.fixture(autouse=True)
def _no_session_is_left():
    yield
    close_sessions()


def answered(answer: Answer) -> object:
    with FakeService(answer) as service:
        return Client(session_for(Connection(endpoint=service.url, project="p")), backoff=AT_ONCE).value(
            EXPRESSION
        )


@pytest.mark.parametrize(
    "read",
    [
        responses.read_json,
        responses.read_object,
        responses.read_value,
        responses.read_map_name,
        responses.read_algorithms,
    ],
)
@always
@given(body=bodies)
def test_json(read, body: bytes):
    with contextlib.suppress(responses.DamagedResponse):
        read(body)


def test_json_a_hundred_thousand_deep():
    with pytest.raises(Unreachable, match="damaged: it is not JSON"):
        answered(Answer(body=DEEP))
    with pytest.raises(BadRequest, match="400 Bad Request"):
        answered(Answer(400, DEEP))


class FakeResponse:
    """The head of a response, as far as it is read."""

    def __init__(self, status: int, headers: dict[str, str]) -> None:
        self.status_code, self.reason, self.headers = status, "Reason", headers


@pytest.fixture(scope="module")
def session() -> Session:
    return Session("http://127.0.0.1:9", "p", Route())


@always
@given(st.integers(300, 599), bodies, st.text(st.characters(codec=None), max_size=30))
def test_errors(session: Session, status: int, body: bytes, header: str):
    failure = failures.from_response(FakeResponse(status, {"Retry-After": header}), body, session)
    assert isinstance(failure.error, CsPlusError)
    str(failure.error).encode()


@pytest.mark.parametrize(
    "body",
    [{"error": {"errors": 5, "message": "No."}}, {"error": {"errors": [5, {"reason": 5}], "message": "No."}}],
)
def test_errors_that_are_no_list(body: object):
    with pytest.raises(BadRequest, match=r"refused the request: No\."):
        answered(Answer(400, json.dumps(body).encode()))


@pytest.mark.parametrize("body", [{"error": {"message": {"a": 1}}}, {"error": 5}, [[5]], 5, [], None])
def test_errors_without_a_text(body: object):
    with pytest.raises(BadRequest, match=r"refused the request: 400 Bad Request\."):
        answered(Answer(400, json.dumps(body).encode()))


def npy_of(header: str, version: tuple[int, int] = (1, 0), pixels: bytes = b"\0" * 12) -> bytes:
    text = header.encode("latin-1", "replace")
    length = struct.pack("<H" if version == (1, 0) else "<I", len(text))
    return b"\x93NUMPY" + bytes(version) + length + text + pixels


HEADER = "{'descr': [('B4', '<u2'), ('cs', '<f4')], 'fortran_order': False, 'shape': (1, 2), }"


@always
@given(
    st.binary(max_size=100)
    | st.builds(npy_of, st.text(st.sampled_from(HEADER + "#\\\n\x00é0123456789-"), max_size=60))
    | st.builds(
        lambda at, more, version: npy_of(HEADER[:at] + more + HEADER[at + len(more) :], version),
        st.integers(0, len(HEADER)),
        st.text(max_size=5),
        st.sampled_from([(1, 0), (2, 0), (3, 0), (9, 9)]),
    )
    | st.builds(
        lambda at, more: npy(PIXELS)[:at] + more + npy(PIXELS)[at + len(more) :],
        st.integers(0, len(npy(PIXELS))),
        st.binary(max_size=8),
    )
)
def test_pixels(body: bytes):
    with contextlib.suppress(responses.DamagedResponse):
        found = responses.read_pixels(body, (1, 2), ("B4", "cs"))
        assert found.shape == (1, 2)
        assert found["B4"].shape == (1, 2)
        float(found["cs"][0, 1])


@pytest.mark.parametrize(
    "header",
    [
        HEADER.replace("}", ""),
        "(" * 5_000,
        "{'descr': '''",
        "-" * 9_000 + "1",
        "{" + "-" * 60_000 + "1}",
        HEADER.replace("}", "|" + "1|" * 9_000 + "1}").replace("{'descr': ", "{'descr': ["),
        HEADER.replace("'<f4'", "'<f4', (3,)"),
        HEADER.replace("'<f4'", "'O'"),
        HEADER.replace("'<f4'", "'S0'"),
        HEADER.replace("'<f4'", "[('x', '<f4')]"),
        HEADER.replace("(1, 2)", f"(1, {'9' * 5_000})"),
    ],
)
def test_headers_of_pixels(header: str):
    for pixels in (b"", b"\0" * 12, b"\0" * 28):
        with pytest.raises(responses.DamagedResponse):
            responses.read_pixels(npy_of(header, pixels=pixels), (1, 2), ("B4", "cs"))
    assert responses.read_pixels(npy_of(HEADER), (1, 2), ("B4", "cs"))["B4"].tolist() == [[0, 0]]


@always
@given(
    st.text(st.characters(codec=None), max_size=40)
    | st.text(st.sampled_from("0123456789²٣-+: GMTJanMon,"), max_size=60)
)
@example("0\x1f")
def test_headers(header: str):
    now = datetime(2026, 5, 1, tzinfo=UTC)
    assert (parse_retry_after(header, now) or 0) >= 0
    assert (responses.read_length(header) or 0) >= 0
    moment = parse_http_date(header)
    assert moment is None or abs((now - moment).days) < 4_000_000


@pytest.mark.parametrize(
    "header",
    [
        "²",
        "٣",
        "Fri, 01 May 99999999999999999999 12:00:00 GMT",
        "Fri, 99999999999999999999 May 2026 12:00:00 GMT",
        "Fri, 01 May 2026 12:00:00 +99999999999999999999",
    ],
)
def test_dates_and_delays_that_are_none(header: str):
    assert parse_retry_after(header) is None


@pytest.mark.parametrize("header", ["²", "Fri, 01 May 99999999999999999999 12:00:00 GMT"])
def test_they_are_no_reason_to_give_up(header: str):
    with FakeService(Answer(503, headers={"Retry-After": header, "Date": header}), value(7)) as service:
        session = session_for(Connection(endpoint=service.url, project="p"))
        assert Client(session, backoff=AT_ONCE).value(EXPRESSION) == 7


def sound() -> dict:
    moment = 1_673_000_000_000
    return {"left": [1] * len(steps(JANUARY)), "ids": ["a"], "times": [moment], "unscored": [], "hidden": []}


@pytest.mark.usefixtures("ee_signatures")
@always
@given(
    trees
    | st.builds(lambda key, part: {**sound(), key: part}, st.sampled_from([*KEYS[-4:], "hidden"]), trees)
)
def test_surveys(found: object):
    with contextlib.suppress(CsPlusError):
        told = survey.answer(JANUARY, found)
        survey.report(told)
        survey.warnings(JANUARY, told)


@pytest.mark.usefixtures("ee_signatures")
@pytest.mark.parametrize(
    "part",
    [
        {"left": None},
        {"left": []},
        {"left": [1.5e300] * 9},
        {"times": "text"},
        {"times": [1, 2]},
        {"times": [1e300]},
        {"times": [float("nan")]},
        {"times": [True]},
        {"times": [10**20]},
        {"ids": [None]},
        {"ids": [["a"]]},
        {"unscored": [{}]},
        {"hidden": 5},
    ],
)
def test_a_survey_of_another_shape(part: dict):
    assert survey.answer(JANUARY, sound()).scene_count == 1
    with pytest.raises(Unreachable, match="damaged"):
        survey.answer(JANUARY, {**sound(), **part})
    for found in (None, "text", [], 5):
        with pytest.raises(Unreachable, match="damaged"):
            survey.answer(JANUARY, found)


KEY = {
    "type": "authorized_user",
    "refresh_token": "r",
    "client_id": "c",
    "client_secret": "s",
    "quota_project_id": "p",
}


@always
@given(
    bodies
    | st.builds(
        lambda kind, key, part: json.dumps({**KEY, "type": kind, key: part}).encode(),
        st.sampled_from(["authorized_user", "service_account", *sorted(credentials._OTHER_TYPES)]),
        st.sampled_from([*KEY, "client_email", "private_key", "token_uri", "universe_domain", "account"]),
        trees,
    )
)
def test_credentials(tmp_path: Path, body: bytes):
    file = tmp_path / "key.json"
    file.write_bytes(body)
    with contextlib.suppress(SignInNeeded):
        assert isinstance(credentials.find_account(file).project, str)


@pytest.mark.parametrize(
    "body",
    [
        DEEP,
        b'{"access_token": "a", "expires_in": "\xc2\xb2"}',
        b'{"access_token": "a", "expires_in": 1e300}',
        b'{"access_token": 5, "expires_in": 3600}',
        b'{"access_token": "hidden-word\\nX: y", "expires_in": 3600}',
        b"[]",
        b"null",
        b"\xff",
    ],
)
@pytest.mark.parametrize("status", [200, 400])
def test_what_a_token_service_sends(tmp_path: Path, body: bytes, status: int):
    file = tmp_path / "key.json"
    file.write_text(json.dumps(KEY))
    account = credentials.find_account(file)
    with FakeService(Answer(status, body)) as tokens, FakeService(value(1)) as service:
        account.credentials._token_uri = tokens.url
        with pytest.raises(CsPlusError) as told:
            Client(Session(service.url, "p", Route(), account), backoff=AT_ONCE).value(EXPRESSION)
    assert "hidden-word" not in str(told.value)


@pytest.mark.usefixtures("ee_signatures")
@examples(50)
@given(trees)
def test_lists_of_functions(found: object):
    import ee

    with contextlib.suppress(MissingLibrary):
        dependencies._read_signatures(ee, lambda: found)  # type: ignore[arg-type,return-value]
