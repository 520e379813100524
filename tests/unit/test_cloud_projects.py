"""The list of an account's Cloud projects, and what is said to be wrong with each."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import ee
import pytest
from csplus.csplus_plugin.core.errors import (
    Cancelled,
    CsPlusError,
    PermissionDenied,
    SignInNeeded,
    Unreachable,
)
from csplus.csplus_plugin.earthengine import cloud_projects, credentials
from csplus.csplus_plugin.earthengine.cloud_projects import CloudProject, list_projects
from csplus.csplus_plugin.earthengine.session import Connection

from ..support.fake_google import ACCESS, REFRESH, FakeGoogle, answer_json
from ..support.fake_service import Answer, FakeService, refusal

API_OFF = (
    "Google Earth Engine API has not been used in project no-api-123 before or it is disabled. Enable it by visiting "
    "https://console.developers.google.com/apis/api/earthengine.googleapis.com/overview?project=no-api-123 then retry."
)


@pytest.fixture(autouse=True)
def _nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))


def account() -> credentials.Account:
    return credentials.user_account({"refresh_token": REFRESH}, ACCESS, 3600)


def listed(google: FakeGoogle, **more) -> dict[str, CloudProject]:
    found = list_projects(Connection(), account=account(), google=google.addresses, **more)
    return {project.id: project for project in found}


def test_each_project_says_what_it_lacks_and_what_works_comes_first() -> None:
    configs = {
        "no-api-123": refusal(403, API_OFF),
        "not-registered-1": "NOT_REGISTERED",
        "not-registered-2": refusal(403, "Project not-registered-2 is not registered to use Earth Engine."),
        "not-mine-12": refusal(403, "Caller does not have required permission to use project not-mine-12."),
        "paid-1234": "REGISTERED_COMMERCIALLY",
        "free-1234": "REGISTERED_NOT_COMMERCIALLY",
        "odd-1234": "SOMETHING_NEW",
        "broken-123": Answer(200, b"<html>"),
    }
    with FakeGoogle(configs) as google:
        found = listed(google)
    assert {name: project.state for name, project in found.items()} == {
        "free-1234": "Registered, noncommercial",
        "paid-1234": "Registered, commercial",
        "odd-1234": "Registration unknown",
        "no-api-123": "Earth Engine API off",
        "not-registered-1": "Not registered",
        "not-registered-2": "Not registered",
        "not-mine-12": "Not allowed",
        "broken-123": "No answer",
    }
    assert set(list(found)[:3]) == {"free-1234", "paid-1234", "odd-1234"}
    assert not any(project.problem for project in list(found.values())[:3])
    assert found["free-1234"].name == "Name of free-1234"
    console = "https://console.cloud.google.com"
    api = f"{console}/apis/library/earthengine.googleapis.com?project=no-api-123"
    assert api in found["no-api-123"].problem
    for name in ("not-registered-1", "not-registered-2"):
        assert f"{console}/earth-engine/configuration?project={name}" in found[name].problem
    assert "ask its owner" in found["not-mine-12"].problem


def test_what_is_asked() -> None:
    with FakeGoogle({"mine-1234": "REGISTERED_COMMERCIALLY"}) as google:
        listed(google)
        first, second = google.seen("/projects")
        (config,) = google.seen("/config")
    assert parse_qs(urlsplit(first.path).query) == {"filter": ["lifecycleState:ACTIVE"], "pageSize": ["200"]}
    assert parse_qs(urlsplit(second.path).query)["pageToken"] == ["more"]
    assert "x-goog-user-project" not in first.headers  # nothing is charged to a project that nobody chose
    assert config.headers["x-goog-user-project"] == "mine-1234"
    assert {one.headers["authorization"] for one in google.service.seen} == {f"Bearer {ACCESS}"}
    assert google.seen("/token") == []  # the access just given is used by all


def test_entries_of_any_kind_do_no_harm() -> None:
    entries = [
        None,
        "text",
        {},
        {"projectId": 7},
        {"projectId": "../../evil"},
        {"projectId": "UPPER-CASE"},
        {"projectId": "a" * 200},
        {"projectId": "sys-12345678901234567890123456"},
        {"projectId": "deleted-1234", "lifecycleState": "DELETE_REQUESTED"},
        {"projectId": "mine-1234", "name": "twice"},
        {"projectId": "example.com:old-project", "name": {"a": 1}},
        {"projectId": "odd-name-1", "name": "\u202eevil\n\x1b[31m" + "x" * 100},
    ]
    with FakeGoogle(entries=entries) as google:
        found = listed(google)
    assert set(found) == {"mine-1234", "example.com:old-project", "odd-name-1"}
    assert found["mine-1234"].name == "Name of mine-1234"
    assert found["odd-name-1"].name.isprintable()
    assert len(found["odd-name-1"].name) == 60


def test_a_list_without_end_and_one_that_is_none() -> None:
    endless = answer_json({"projects": [], "nextPageToken": "again"})
    for answer, requests in (
        (endless, 5),
        (answer_json({"projects": "x", "nextPageToken": 5}), 1),
        (answer_json({}), 1),
    ):
        with FakeGoogle() as google, FakeService(answer) as service:
            addresses = dataclasses.replace(google.addresses, resource_manager=service.url)
            assert list_projects(Connection(), account=account(), google=addresses) == []
            assert len(service.seen) == requests


def test_of_very_many_only_some_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloud_projects, "_MOST_ASKED", 3)
    with FakeGoogle({f"mine-{number:04}": "NOT_REGISTERED" for number in range(10)}) as google:
        found = listed(google)
        assert len(google.seen("/config")) == 3
    assert [project.state for project in found.values()].count("Not looked at") == 7
    assert next(iter(found.values())).state == "Not looked at"


@pytest.mark.parametrize(
    ("answer", "kind", "next_step"),
    [
        (
            refusal(403, "Cloud Resource Manager API has not been used in project 517222506229."),
            PermissionDenied,
            "id",
        ),
        (refusal(400, "Bad filter."), PermissionDenied, "Enter the project's id"),
        (refusal(401, "Invalid credentials."), SignInNeeded, "choose sign in"),
        (Answer(302, headers={"Location": "/"}), Unreachable, "sandbox"),
    ],
)
def test_a_list_that_google_refuses_names_the_way_round(
    answer: Answer, kind: type[CsPlusError], next_step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = answer_json({"error": "invalid_grant", "error_description": "Token has been revoked."}, 400)
    with FakeGoogle(exchange=gone) as google, FakeService(answer) as service:
        monkeypatch.setattr(ee.oauth, "TOKEN_URI", google.addresses.exchange)
        addresses = dataclasses.replace(google.addresses, resource_manager=service.url)
        with pytest.raises(kind) as told:
            list_projects(Connection(), account=account(), google=addresses)
    assert next_step.lower() in told.value.next_step.lower()
    assert "Earth Engine API" not in str(told.value)


def test_projects_that_do_not_answer_hold_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloud_projects, "_TIMEOUT", 1.0)
    with FakeGoogle({"slow-1234": Answer(stall=30), "fine-1234": "REGISTERED_COMMERCIALLY"}) as google:
        begin = time.monotonic()
        found = listed(google)
        assert time.monotonic() - begin < 3
    assert found["fine-1234"].state == "Registered, commercial"
    assert found["slow-1234"].state == "No answer"
    assert "did not respond within" in found["slow-1234"].problem


def test_a_cancel_is_obeyed_within_a_second() -> None:
    configs = {f"slow-{number:04}": Answer(stall=30) for number in range(20)}
    with FakeGoogle(configs) as google:
        begin = time.monotonic()
        with pytest.raises(Cancelled):
            listed(google, is_cancelled=lambda: time.monotonic() - begin > 0.7)
        assert 0.6 < time.monotonic() - begin < 1.7


def test_nobody_is_signed_in() -> None:
    with FakeGoogle() as google, pytest.raises(SignInNeeded, match="No Earth Engine account"):
        list_projects(Connection(), google=google.addresses)
    assert google.service.seen == []
