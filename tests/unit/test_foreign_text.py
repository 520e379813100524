"""What a service, a proxy or a file says is made harmless where it enters, before it is logged or raised."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from csplus.csplus_plugin.core import survey
from csplus.csplus_plugin.core.errors import BadRequest, CsPlusError, SignInNeeded
from csplus.csplus_plugin.core.text import clean
from csplus.csplus_plugin.earthengine import check, credentials
from csplus.csplus_plugin.earthengine.client import Client
from csplus.csplus_plugin.earthengine.retry import Backoff
from csplus.csplus_plugin.earthengine.route import Route
from csplus.csplus_plugin.earthengine.session import Connection, Session, close_sessions, session_for
from hypothesis import given
from hypothesis import strategies as st

from ..support.examples import examples
from ..support.fake_service import Answer, FakeService, refusal, value
from ..support.recipes import JANUARY

EXPRESSION = {"result": "0", "values": {"0": {"constantValue": 1}}}
AT_ONCE = Backoff(max_tries=2, first_delay=0.001)
FOREIGN = "half \ud800, clear \x1b[2J,\r\n back \u202etxt, null \x00, rub\x7fout, \x9b31m, mark \u200f"
HARMLESS = "half �, clear �[2J, back �txt, null �, rub�out, �31m, mark �"


@pytest.fixture(autouse=True)
def _no_session_is_left():
    yield
    close_sessions()


def client(service: FakeService, **options) -> Client:
    return Client(
        session_for(Connection(endpoint=service.url, project="p")), **{"backoff": AT_ONCE, **options}
    )


def is_harmless(text: str) -> bool:
    """By Unicode's own classes: no control, format, surrogate or private character, no end of a line."""
    bad = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    return not [character for character in text if unicodedata.category(character) in bad]


def test_what_is_replaced():
    assert clean(FOREIGN) == HARMLESS
    assert clean("  Grüße,\t日本 \n ") == "Grüße, 日本"
    assert clean("x" * 30_000, 10) == "xxxxxxxxx…"


@examples(100)
@given(st.text(st.characters(codec=None), max_size=300), st.integers(1, 50))
def test_whatever_it_says_it_is_one_short_line(text: str, longest: int):
    cleaned = clean(text, longest)
    assert is_harmless(cleaned)
    assert len(cleaned) <= longest
    assert clean(cleaned, longest) == cleaned
    cleaned.encode()  # what Qt and a terminal do with it


def test_an_error_s_text():
    with FakeService(refusal(400, FOREIGN)) as service, pytest.raises(BadRequest) as told:
        client(service).value(EXPRESSION)
    assert told.value.what == f"The sandbox refused the request: {HARMLESS}."


def test_an_error_s_text_is_cut():
    with FakeService(refusal(400, "word " * 6_000)) as service, pytest.raises(BadRequest) as told:
        client(service).value(EXPRESSION)
    assert told.value.what.endswith(" word…")
    assert len(told.value.what) < 700


@pytest.mark.parametrize("status", [400, 403, 429, 500])
def test_a_status_with_a_reason_of_its_own(status: int, monkeypatch: pytest.MonkeyPatch):
    from http.server import BaseHTTPRequestHandler

    send = BaseHTTPRequestHandler.send_response_only
    monkeypatch.setattr(
        BaseHTTPRequestHandler,
        "send_response_only",
        lambda self, code: send(self, code, "No\x1b[2J\x9b" * 500),
    )
    with FakeService(Answer(status)) as service, pytest.raises(CsPlusError) as told:
        client(service).value(EXPRESSION)
    assert is_harmless(str(told.value))
    assert len(str(told.value)) < 900


def test_what_the_service_announces():
    said: list[str] = []
    announcement = {"X-Earth-Engine-Init-Message": "\x1b[2J" + "long " * 6_000}
    with FakeService(value(1, **announcement)) as service:
        client(service, notify=said.append).value(EXPRESSION)
    (line,) = said
    assert line.startswith("�[2Jlong long ")
    assert line.endswith("…")
    assert len(line) == 600


def test_a_service_that_announces_something_else_each_time_does_not_fill_the_log():
    said: list[str] = []
    script = [value(1, **{"X-Earth-Engine-Init-Message": f"Notice {number}."}) for number in range(40)]
    with FakeService(*script) as service:
        asking = client(service, notify=said.append)
        for _ in script:
            asking.value(EXPRESSION)
    assert 0 < len(said) <= 20


@pytest.mark.parametrize(
    ("state", "told"), [("\x1b]0;title\x07REGISTERED", "�]0;title�REGISTERED"), ({"a": 1}, "")]
)
def test_how_a_project_is_registered(state: object, told: str):
    with FakeService(Answer(body=json.dumps({"registrationState": state, "result": 1}).encode())) as service:
        session = session_for(Connection(endpoint=service.url, project="p"))
        said: list[str] = []
        assert check.probe_service(session, said.append).registration == told
    assert is_harmless("".join(said))


@pytest.mark.parametrize(
    "name",
    ["projects/p/maps/\ud800", "projects/p/maps/a&url=http://x", "projects/p/maps/../../x", "projects/"],
)
def test_a_map_s_name_becomes_no_other_address(name: str):
    with FakeService(Answer(body=json.dumps({"name": name}).encode())) as service, pytest.raises(CsPlusError):
        client(service).map(EXPRESSION)


def test_names_in_a_key_file(tmp_path: Path):
    file = tmp_path / "key.json"
    stored = {"type": "authorized_user", "refresh_token": "r", "client_id": "c", "client_secret": "s"}
    file.write_text(json.dumps({**stored, "account": FOREIGN.replace("\ud800", "\x01")}))
    account = credentials.find_account(file)
    assert account.description == f"user {HARMLESS}"


def test_the_name_of_a_key_file(tmp_path: Path):
    file = tmp_path / b"k\xff\x1b[2J.json".decode("utf-8", "surrogateescape")
    with pytest.raises(SignInNeeded) as told:
        credentials.find_account(file)
    assert "k��[2J.json does not exist" in told.value.what
    assert is_harmless(told.value.next_step)


def test_what_a_token_service_says(tmp_path: Path):
    answer = Answer(400, json.dumps({"error": "invalid_grant", "error_description": FOREIGN}).encode())
    with FakeService(answer) as tokens, FakeService(value(1)) as service:
        file = tmp_path / "key.json"
        stored = {"type": "authorized_user", "refresh_token": "r", "client_id": "c", "client_secret": "s"}
        file.write_text(json.dumps(stored))
        account = credentials.find_account(file)
        account.credentials._token_uri = tokens.url
        with pytest.raises(SignInNeeded) as told:
            Client(Session(service.url, "p", Route(), account), backoff=AT_ONCE).value(EXPRESSION)
    assert f"invalid_grant: {HARMLESS}" in told.value.what


@pytest.mark.usefixtures("ee_signatures")
def test_a_scene_s_id():
    moment = 1_673_000_000_000
    found = {
        "left": [2],
        "ids": [FOREIGN, "b" * 500],
        "times": [moment, moment],
        "unscored": [FOREIGN],
        "hidden": [],
    }
    told = survey.answer(JANUARY, found)
    assert told.unscored_ids == (HARMLESS,)
    assert max(len(scene.index) for scene in told.scenes) == 100
    assert f"Without a Cloud Score+ score: {HARMLESS}. They are left out." in survey.warnings(JANUARY, told)
