"""Whatever stands between a user and Earth Engine is named, with the next step, within seconds."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path

import pytest
from csplus.csplus_plugin.core.errors import (
    BadRequest,
    Cancelled,
    CsPlusError,
    InvalidChoice,
    PermissionDenied,
    QuotaExceeded,
    SignInNeeded,
    Unreachable,
)
from csplus.csplus_plugin.earthengine import check
from csplus.csplus_plugin.earthengine.credentials import Account
from csplus.csplus_plugin.earthengine.route import Route
from csplus.csplus_plugin.earthengine.session import Connection, Session, close_sessions

from ..support.fake_service import Answer, FakeService, Seen, refusal, value

RENEWAL = "Sign in again."
CONFIG = Answer(body=json.dumps({"registrationState": "REGISTERED_NOT_COMMERCIALLY"}).encode())


@pytest.fixture(autouse=True)
def nobody_is_signed_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    yield
    close_sessions()


def session_of_a_user(
    token_service: FakeService, service: FakeService, route: Route | None = None
) -> Session:
    from google.oauth2.credentials import Credentials

    credentials = Credentials(
        None, refresh_token="r", token_uri=f"{token_service.url}/token", client_id="i", client_secret="s"
    )
    account = Account(credentials, "user me@example.org", "", RENEWAL)
    return Session(service.url, "my-project", route or Route(), account)


def access(_: Seen) -> Answer:
    body = {"access_token": "a", "expires_in": 3600, "token_type": "Bearer"}
    return Answer(body=json.dumps(body).encode(), headers={"Content-Type": "application/json"})


def found(session: Session) -> tuple[check.ConnectionReport, list[str]]:
    said: list[str] = []
    return check.probe_service(session, said.append), said


def problem(session: Session) -> CsPlusError:
    begin = time.monotonic()
    with pytest.raises(CsPlusError) as caught:
        check.probe_service(session, lambda _: None)
    assert time.monotonic() - begin < 30  # half of what the silent host takes
    assert caught.value.next_step
    return caught.value


def test_a_connection_that_works() -> None:
    with FakeService(respond=access) as tokens, FakeService(CONFIG, value(1)) as service:
        connected, said = found(session_of_a_user(tokens, service))
    assert connected.round_trip > 0
    assert connected.registration == "REGISTERED_NOT_COMMERCIALLY"
    assert not connected.is_restricted
    assert abs(connected.clock_offset) < 60
    assert [seen.path for seen in service.seen] == [
        "/v1/projects/my-project/config",
        "/v1/projects/my-project/value:compute",
    ]
    assert service.seen[1].json()["expression"] == check.SMALLEST_EXPRESSION
    assert "not restricted" in said[-1]


def test_the_round_trip_is_that_of_the_question_alone() -> None:
    def slow_access(seen: Seen) -> Answer:
        time.sleep(3.0)
        return access(seen)

    with FakeService(respond=slow_access) as tokens, FakeService(CONFIG, value(1)) as service:
        connected, _ = found(session_of_a_user(tokens, service))
    assert connected.round_trip < 2.5


def test_a_used_up_quota_is_told() -> None:
    restricted = value(1, **{"x-earth-engine-quota-status": "parallelism_restricted=true"})
    with FakeService(CONFIG, restricted) as service:
        connected, said = found(Session(service.url, "p", Route()))
    assert connected.is_restricted
    assert any("used up (restricted mode)" in line for line in said)


def test_who_may_not_read_the_project_s_setup_may_still_compute() -> None:
    with FakeService(refusal(403, "Permission denied."), value(1)) as service:
        connected, _ = found(Session(service.url, "p", Route()))
    assert connected.registration == ""


NOT_REGISTERED = "Project p is not registered to use Earth Engine."
NOT_ENABLED = "Earth Engine API has not been used in project 1 before or it is disabled."
NOT_PERMITTED = "Caller does not have required permission to use project p."


@pytest.mark.parametrize(
    ("answer", "kind", "next_step"),
    [
        (refusal(403, NOT_REGISTERED), PermissionDenied, "Register the project"),
        (refusal(403, NOT_ENABLED), PermissionDenied, "Enable the Earth Engine API"),
        (refusal(403, NOT_PERMITTED), PermissionDenied, "Service Usage Consumer"),
        (
            refusal(429, "Quota exceeded: Too many concurrent aggregations."),
            QuotaExceeded,
            "Wait a few minutes",
        ),
        (refusal(503, "Backend unavailable."), Unreachable, "Run again in a few minutes"),
        (Answer(302, headers={"Location": "http://hotel.example/"}), Unreachable, "Sign in to the network"),
        (Answer(407), Unreachable, "the proxy in QGIS"),
    ],
)
def test_what_the_service_refuses(answer: Answer, kind: type, next_step: str) -> None:
    with FakeService(respond=access) as tokens, FakeService(answer) as service:
        session = session_of_a_user(tokens, service)
        session.is_sandbox = False
        error = problem(session)
    assert isinstance(error, kind)
    assert next_step in error.next_step


def test_an_account_that_expired_or_was_revoked() -> None:
    body = {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
    denied = Answer(400, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with FakeService(denied) as tokens, FakeService(value(1)) as service:
        error = problem(session_of_a_user(tokens, service))
    assert isinstance(error, SignInNeeded)
    assert "Token has been expired or revoked." in error.what
    assert "me@example.org" in error.what
    assert error.next_step == RENEWAL
    assert service.seen == []


def test_a_clock_that_is_off_by_what_the_sign_in_service_says() -> None:
    description = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
    body = {"error": "invalid_grant", "error_description": description}
    denied = Answer(400, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with FakeService(denied) as tokens, FakeService(value(1)) as service:
        assert (
            "Check this computer's date, time and time zone"
            in problem(session_of_a_user(tokens, service)).next_step
        )


def test_a_clock_that_is_off_by_the_date_of_a_refusal() -> None:
    an_hour_ago = formatdate(time.time() - 3600, usegmt=True)
    with (
        FakeService(respond=access) as tokens,
        FakeService(refusal(401, "Denied.", Date=an_hour_ago)) as service,
    ):
        assert (
            "Check this computer's date, time and time zone"
            in problem(session_of_a_user(tokens, service)).next_step
        )


def test_a_clock_that_is_off_is_told_even_if_all_works() -> None:
    in_an_hour = formatdate(time.time() + 3600, usegmt=True)
    with FakeService(CONFIG, value(1, Date=in_an_hour)) as service:
        connected, said = found(Session(service.url, "p", Route()))
    assert connected.clock_offset == pytest.approx(-3600, abs=10)
    assert "60 minutes behind" in said[-1]


def test_an_expression_that_is_refused_is_told_as_it_is() -> None:
    with (
        FakeService(CONFIG, refusal(400, "Something new.")) as service,
        pytest.raises(BadRequest, match="Something new"),
    ):
        found(Session(service.url, "p", Route()))


def test_no_network() -> None:
    error = problem(Session("https://no-such-host.invalid", "p", Route()))
    assert isinstance(error, Unreachable)
    assert "no-such-host.invalid" in error.what
    assert "Check the network" in error.next_step


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
    assert "Check that the sandbox is running" in problem(Session(address, "p", Route())).next_step


def test_a_proxy_that_is_not_there() -> None:
    session = Session("https://earthengine.example", "p", Route({"https": "http://127.0.0.1:9"}))
    error = problem(session)
    assert "the proxy 127.0.0.1:9" in error.what
    assert "the proxy in QGIS" in error.next_step


@pytest.mark.parametrize("place", ["service", "token service"])
def test_a_host_that_swallows_everything(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "TIMEOUT", 1.0)
    silent = Answer(stall=60)
    with (
        FakeService(silent) if place == "token service" else FakeService(respond=access) as tokens,
        FakeService(silent) as service,
    ):
        error = problem(session_of_a_user(tokens, service))
    assert isinstance(error, Unreachable)
    assert "did not respond within 1 seconds" in error.what
    assert "firewall" in error.next_step


def test_a_cancel_is_a_cancel() -> None:
    with FakeService(CONFIG) as service, pytest.raises(Cancelled):
        check.probe_service(Session(service.url, "p", Route()), lambda _: None, lambda: True)


def test_before_any_request_settings_and_account_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    with pytest.raises(SignInNeeded, match="earthengine authenticate"):
        check.open_session(Connection(), lambda _: None)
    with pytest.raises(InvalidChoice, match="neither a known name nor a URL"):
        check.open_session(Connection("earth-engine"), lambda _: None)


def test_without_a_project_the_setting_is_named(tmp_path: Path) -> None:
    stored = tmp_path / ".config" / "earthengine" / "credentials"
    stored.parent.mkdir(parents=True)
    stored.write_text(json.dumps({"refresh_token": "r"}))
    with pytest.raises(InvalidChoice, match="CSPLUS_PROJECT"):
        check.open_session(Connection(), lambda _: None)


def test_the_log_names_library_endpoint_project_and_account() -> None:
    said: list[str] = []
    library = check.find_library(said.append)
    check.open_session(Connection("http://127.0.0.1:9", project="mine"), said.append)
    assert library.version in said[0]
    assert str(library.folder) in said[0]
    assert "from the Python environment" in said[0]
    assert "sandbox, not Google Earth Engine, at http://127.0.0.1:9" in said[1]
    assert said[2] == "Project: mine. Account: none needed."
