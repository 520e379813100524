"""Signing in: what is asked, what comes back, what is stored, and everything that can go wrong on the way."""

from __future__ import annotations

import json
import logging
import os
import re
import socket
import stat
import threading
import time
from pathlib import Path

import ee
import pytest
from csplus.csplus_plugin.core.errors import Cancelled, CsPlusError, FileTrouble, SignInNeeded, Unreachable
from csplus.csplus_plugin.earthengine import credentials, credentials_file
from csplus.csplus_plugin.earthengine import sign_in as module
from csplus.csplus_plugin.earthengine.session import Connection, close_sessions, session_for
from csplus.csplus_plugin.earthengine.sign_in import GOOGLE, sign_in

from ..support.fake_google import ACCESS, CODE, REFRESH, FakeGoogle, answer_json, get
from ..support.fake_service import Answer, FakeService

HERE = Connection()


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Earth Engine's file of credentials in an empty home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "GOOGLE_APPLICATION_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    yield tmp_path / ".config" / "earthengine" / "credentials"
    close_sessions()


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def test_a_user_signs_in(file: Path) -> None:
    with FakeGoogle() as google:
        account = sign_in(HERE, google.consent(), google=google.addresses)
        (exchange,) = google.seen("/token")
    asked = google.asked
    assert asked[""] == "https://accounts.google.com/o/oauth2/auth"
    assert asked["client_id"] == ee.oauth.CLIENT_ID
    assert asked["scope"].split() == ee.oauth.SCOPES
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", asked["redirect_uri"])
    assert len(asked["state"]) >= 43  # 256 bits
    assert exchange.method == "POST"
    assert exchange.headers["content-type"] == "application/x-www-form-urlencoded"
    assert json.loads(file.read_text()) == {"refresh_token": REFRESH, "scopes": ee.oauth.SCOPES}
    assert mode(file) == 0o600
    assert mode(file.parent) == 0o700
    assert not file.with_name("credentials.bak").exists()
    assert account.credentials.token == ACCESS
    assert account.credentials.valid
    ((status, page),) = google.pages
    assert status == 200
    assert "Back to QGIS" in page


def test_earth_engine_s_own_library_reads_what_was_stored() -> None:
    with FakeGoogle() as google:
        sign_in(HERE, google.consent(), google=google.addresses)
    found = ee.oauth.get_credentials_arguments()
    assert (found["refresh_token"], found["scopes"]) == (REFRESH, ee.oauth.SCOPES)
    assert found["client_id"] == ee.oauth.CLIENT_ID
    assert session_for(Connection(project="mine-1234")).account == "Earth Engine credentials of this computer"


def test_google_s_addresses_are_those_of_its_library() -> None:
    assert module.TIMEOUT == 180
    assert GOOGLE.exchange == ee.oauth.TOKEN_URI
    assert ee.oauth.AUTH_URI == "https://accounts.google.com/o/oauth2/auth"
    source = Path(module.__file__).read_text()
    assert "os.environ" not in source  # nobody's environment leads the code elsewhere
    assert "getenv" not in source


def test_each_sign_in_has_secrets_of_its_own() -> None:
    asked = []
    with FakeGoogle() as google:
        for _ in range(2):
            sign_in(HERE, google.consent(), google=google.addresses)
            asked.append(google.asked)
    for name in ("state", "code_challenge"):
        assert asked[0][name] != asked[1][name]


def test_an_older_file_is_kept_beside_it(file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_text('{"refresh_token": "older"}')
    file.chmod(0o644)
    with FakeGoogle() as google:
        sign_in(HERE, google.consent(), google=google.addresses)
    older = file.with_name("credentials.bak")
    assert older.read_text() == '{"refresh_token": "older"}'
    assert (mode(file), mode(older)) == (0o600, 0o600)
    assert sorted(one.name for one in file.parent.iterdir()) == ["credentials", "credentials.bak"]


def test_nobody_can_read_it_at_any_moment(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modes = []
    real = os.fsync

    def look(descriptor: int) -> None:
        modes.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        real(descriptor)

    monkeypatch.setattr(credentials_file.os, "fsync", look)
    before = os.umask(0)
    try:
        credentials_file.store(file, {"refresh_token": "a"})
        credentials_file.store(file, {"refresh_token": "b"})
    finally:
        os.umask(before)
    assert modes == [0o600] * 3
    assert mode(file) == 0o600


def test_a_link_is_replaced_and_not_followed(file: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("{}")
    file.parent.mkdir(parents=True)
    file.symlink_to(elsewhere)
    credentials_file.store(file, {"refresh_token": "a"})
    assert elsewhere.read_text() == "{}"
    assert not file.is_symlink()


def test_a_disk_that_fails_leaves_the_older_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    credentials_file.store(file, {"refresh_token": "older"})

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(credentials_file.os, "fsync", fail)
    with FakeGoogle() as google, pytest.raises(FileTrouble, match="No space left on device"):
        sign_in(HERE, google.consent(), google=google.addresses)
    assert json.loads(file.read_text()) == {"refresh_token": "older"}
    assert [one.name for one in file.parent.iterdir()] == ["credentials"]


def test_a_folder_in_its_place_is_one_sentence(file: Path) -> None:
    file.mkdir(parents=True)
    with FakeGoogle() as google, pytest.raises(FileTrouble, match="cannot be written"):
        sign_in(HERE, google.consent(), google=google.addresses)


def test_an_answer_with_another_state_is_turned_away(file: Path) -> None:
    with FakeGoogle() as google, pytest.raises(SignInNeeded, match="Nobody signed in within 1 seconds"):
        sign_in(HERE, google.visit(state="guessed", code=CODE), google=google.addresses, seconds=1)
    assert google.pages[0][0] == 404
    assert google.service.seen == []
    assert not file.exists()


def test_consent_is_denied(file: Path) -> None:
    with FakeGoogle() as google, pytest.raises(SignInNeeded, match="Access was denied in the browser"):
        sign_in(HERE, google.visit(error="access_denied"), google=google.addresses)
    assert google.service.seen == []
    assert not file.exists()
    end = time.monotonic() + 5
    while not google.pages and time.monotonic() < end:
        time.sleep(0.01)
    assert "QGIS was not given access" in google.pages[0][1]


def test_another_refusal_is_repeated_harmlessly() -> None:
    browse = "org_internal\u202e<b>"
    with FakeGoogle() as google, pytest.raises(SignInNeeded) as told:
        sign_in(HERE, google.visit(error=browse), google=google.addresses)
    assert "org_internal\ufffd<b>" in told.value.what


def test_nobody_comes(file: Path) -> None:
    begin = time.monotonic()
    with FakeGoogle() as google, pytest.raises(SignInNeeded, match="Nobody signed in within 1 seconds"):
        sign_in(HERE, google.note, google=google.addresses, seconds=1)
    assert 0.9 < time.monotonic() - begin < 3
    assert not file.exists()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address_of(google.asked["redirect_uri"]), timeout=2)


def address_of(url: str) -> tuple[str, int]:
    host, _, port = url.removeprefix("http://").partition(":")
    return host, int(port)


def test_a_cancel_is_obeyed_within_a_second_while_waiting_and_while_exchanging(file: Path) -> None:
    for exchange in (None, Answer(stall=30)):
        cancelled = threading.Event()
        with FakeGoogle(exchange=exchange) as google:
            browse = google.note if exchange is None else google.consent()
            timer = threading.Timer(0.7, cancelled.set)
            timer.start()
            begin = time.monotonic()
            with pytest.raises(Cancelled):
                sign_in(HERE, browse, cancelled.is_set, google.addresses)
            assert 0.6 < time.monotonic() - begin < 1.7
            assert len(google.seen("/token")) == (exchange is not None)
    assert not file.exists()


def test_the_port_is_closed_after_the_one_answer() -> None:
    with FakeGoogle() as google:
        sign_in(HERE, google.consent(), google=google.addresses)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address_of(google.asked["redirect_uri"]), timeout=2)


def test_strangers_at_the_port_are_turned_away_and_google_s_answer_still_comes(file: Path) -> None:
    answers: dict[str, int] = {}
    dismissed: list[bytes] = []

    def come(google: FakeGoogle, back: str) -> None:
        state = google.asked["state"]
        silent = [socket.create_connection(address_of(back)) for _ in range(40)]  # opened in advance
        right = f"/?state={state}&code={CODE}"
        silent[0].settimeout(2)
        dismissed.append(silent[0].recv(1))  # the oldest made room
        answers["favicon"] = get(f"{back}/favicon.ico")[0]
        answers["no state"] = get(f"{back}/?code={CODE}")[0]
        answers["two states"] = get(f"{back}/?state=a&state={state}&code=b")[0]
        answers["another path"] = get(f"{back}/x{right}")[0]
        answers["another host"] = get(f"{back}{right}", Host="evil.example")[0]
        answers["no ascii"] = get(f"{back}/?state=%C3%A9&code=a")[0]
        for raw in (
            b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
            b"POST " + right.encode() + b" HTTP/1.1\r\nHost: " + back[7:].encode() + b"\r\n\r\n",
            b"GET " + b"a" * 40_000,
            b"GET //[ HTTP/1.1\r\nHost: " + back[7:].encode() + b"\r\n\r\n",
        ):
            with socket.create_connection(address_of(back), timeout=5) as connection:
                try:
                    connection.sendall(raw)
                    answers[repr(raw[:8])] = 0 if b"404" in connection.recv(1000)[:20] else 1
                except ConnectionError:
                    answers[repr(raw[:8])] = 0
        google.pages.append(get(f"{back}{right}"))
        for connection in silent:
            connection.close()

    with FakeGoogle() as google:

        def browse(address: str) -> None:
            back = google.note(address)
            threading.Thread(target=come, args=(google, back), daemon=True).start()

        sign_in(HERE, browse, google=google.addresses, seconds=30)
    assert dismissed == [b""]
    assert [answers[name] for name in list(answers)[:6]] == [404] * 6
    assert list(answers.values())[6:] == [0] * 4
    assert json.loads(file.read_text())["refresh_token"] == REFRESH
    assert len(google.seen("/token")) == 1


def test_the_page_holds_nothing_of_the_answer() -> None:
    with FakeGoogle() as google, pytest.raises(SignInNeeded):
        sign_in(HERE, google.visit(error="<script>alert(1)</script>"), google=google.addresses)
    end = time.monotonic() + 5
    while not google.pages and time.monotonic() < end:
        time.sleep(0.01)
    assert "script" not in google.pages[0][1]


GOOD = {"access_token": "a", "refresh_token": "b", "expires_in": 3599}


@pytest.mark.parametrize(
    ("answer", "kind", "sentence"),
    [
        (answer_json({"error": "invalid_grant"}, 400), SignInNeeded, "invalid_grant"),
        (answer_json({"error": ["x"]}, 400), Unreachable, "A proxy or captive portal answered"),
        (Answer(503, b"<html>"), Unreachable, "reported an internal error: 503"),
        (Answer(302, headers={"Location": "http://127.0.0.1:1/"}), Unreachable, "captive portal"),
        (Answer(200, b"<html>Welcome to the hotel</html>"), Unreachable, "holds no refresh token"),
        (answer_json({"access_token": "a"}), Unreachable, "holds no refresh token"),
        (answer_json({**GOOD, "refresh_token": {"a": 1}}), Unreachable, "holds no refresh token"),
        (answer_json({**GOOD, "access_token": "a\nb"}), Unreachable, "holds no access token"),
        (answer_json({**GOOD, "access_token": "a" * 5000}), Unreachable, "holds no access token"),
        (Answer(200, b"{" * 2_000_000), Unreachable, "holds no refresh token"),
        (Answer(hang_up=True), Unreachable, "was lost"),
    ],
)
def test_a_token_endpoint_that_fails_is_one_sentence(
    file: Path, answer: Answer, kind: type[CsPlusError], sentence: str
) -> None:
    with FakeGoogle(exchange=answer) as google, pytest.raises(kind) as told:
        sign_in(HERE, google.consent(), google=google.addresses)
    assert sentence in str(told.value)
    assert told.value.next_step
    assert not file.exists()


def test_odd_lifetimes_and_scopes_do_no_harm(file: Path) -> None:
    for odd in (None, ["x"], -1, 1e300, 10**30):
        with FakeGoogle(exchange=answer_json({**GOOD, "expires_in": odd, "scope": odd})) as google:
            account = sign_in(HERE, google.consent(), google=google.addresses)
        assert not account.credentials.valid
    assert json.loads(file.read_text())["scopes"] == ee.oauth.SCOPES


def test_only_what_was_granted_is_stored(file: Path) -> None:
    with FakeGoogle(scope=" ".join(ee.oauth.SCOPES[:2])) as google:
        sign_in(HERE, google.consent(), google=google.addresses)
    assert json.loads(file.read_text())["scopes"] == ee.oauth.SCOPES[:2]
    with FakeGoogle(scope=ee.oauth.SCOPES[2]) as google, pytest.raises(SignInNeeded, match="not granted"):
        sign_in(HERE, google.consent(), google=google.addresses)
    assert json.loads(file.read_text())["scopes"] == ee.oauth.SCOPES[:2]


def test_the_exchange_takes_the_proxy_of_qgis() -> None:
    with FakeService(Answer(403, b"no")) as proxy, FakeGoogle() as google:
        connection = Connection(proxies={"http": proxy.url, "https": proxy.url})
        with pytest.raises(Unreachable, match="through the proxy"):
            sign_in(connection, google.consent(), google=GOOGLE)
    assert [(one.method, one.path) for one in proxy.seen] == [("CONNECT", "oauth2.googleapis.com:443")]


def test_no_secret_is_logged_or_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with FakeGoogle() as google:
        account = sign_in(HERE, google.consent(), google=google.addresses)
    refused = answer_json({"error": "invalid_grant"}, 400)
    with FakeGoogle(exchange=refused) as google, pytest.raises(SignInNeeded) as told:
        sign_in(HERE, google.consent(), google=google.addresses)
    shown = f"{caplog.text}{account!r}{told.value!r}{told.value.__cause__!r}"
    assert "/token" in caplog.text  # the request itself was logged
    for secret in (CODE, ACCESS, REFRESH, "code_verifier"):
        assert secret not in shown


def test_who_is_not_signed_in_is_told_of_the_button() -> None:
    with pytest.raises(SignInNeeded, match="choose Sign in under Settings"):
        credentials.find_account(None)
