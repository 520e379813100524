"""The service model: limits, charges and faults, each by itself and through the official client."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from csplus.csplus_plugin.sandbox.errors import Refused
from csplus.csplus_plugin.sandbox.meter import Meter, charge, check, metered
from csplus.csplus_plugin.sandbox.server import Sandbox, start
from csplus.csplus_plugin.sandbox.service_model import PASSING, Fault, Gate, ServiceModel

from ..support.servers import GRID, HEIGHT, L2A, WIDTH, ask, ask_error, official_client
from ..support.turnstile import LONG, Turnstile, until

COMPUTE = "/v1/projects/sandbox-project/value:compute"
CONSTANT = {"expression": {"result": "0", "values": {"0": {"constantValue": 7}}}}


@contextmanager
def sandbox(archive: Path, **options: Any) -> Iterator[Sandbox]:
    with start(archive, model=ServiceModel(**options)) as running:
        yield running


def pixels(client: Any, scenes: int = 1, bands: tuple[str, ...] = ("B4",), side: int = 1000) -> Any:
    """A request for the area of the scenes, in as many pixels: a megapixel of every band of every scene."""
    image = client.ImageCollection(L2A).limit(scenes).select(list(bands)).max()
    pixel = {"scaleX": 10 * WIDTH / side, "scaleY": -10 * HEIGHT / side}
    transform = {**GRID["affineTransform"], **pixel}
    grid = {**GRID, "dimensions": {"width": side, "height": side}, "affineTransform": transform}
    return client.data.computePixels({"expression": image, "fileFormat": "NUMPY_NDARRAY", "grid": grid})


@pytest.mark.parametrize(("request_", "cost"), [
    ({}, 1), ({"scenes": 2}, 2), ({"bands": ("B3", "B4")}, 2), ({"side": 500}, 0.25),
    ({"scenes": 2, "bands": ("B3", "B4"), "side": 500}, 1),
])  # fmt: skip
def test_cost_is_pixels_by_bands_by_scenes(archive: Path, request_: dict[str, Any], cost: float) -> None:
    with sandbox(archive, memory_limit=cost * 0.99) as running, official_client(running.url) as client:
        with pytest.raises(client.EEException) as refusal:
            pixels(client, **request_)
        assert str(refusal.value) == "User memory limit exceeded."
    with sandbox(archive, memory_limit=cost * 1.01) as running, official_client(running.url) as client:
        assert pixels(client, **request_).size


def test_work_takes_time(archive: Path) -> None:
    with sandbox(archive, work=0.5) as running, official_client(running.url) as client:
        began = time.monotonic()
        pixels(client, scenes=2)
        assert time.monotonic() - began >= 1.0


def test_only_drawing_is_work(archive: Path, turnstile: Turnstile) -> None:
    turnstile.open()
    with sandbox(archive, work=1000.0) as running, official_client(running.url) as client:
        client.Number(1).getInfo()
        assert turnstile.asked == []
        pixels(client, scenes=2)
        assert 1900 < sum(turnstile.asked) <= 2000  # what computing took is taken off


def test_work_holds_a_slot(archive: Path, turnstile: Turnstile) -> None:
    with sandbox(archive, work=1000.0, max_concurrent=1) as running, official_client(running.url) as client:
        with ThreadPoolExecutor() as pool:
            first = pool.submit(pixels, client)
            until(lambda: turnstile.asked)  # by now it is computed, but not paid for
            error = ask_error(running.url, "POST", COMPUTE, CONSTANT)
            assert (error["code"], error["status"]) == (429, "RESOURCE_EXHAUSTED")
            assert error["message"] == "Quota exceeded: Too many concurrent aggregations."
            turnstile.open()
            assert first.result().size
        assert ask(running.url, "POST", COMPUTE, CONSTANT)[0] == 200


def test_time_limit(archive: Path) -> None:
    with sandbox(archive, work=0.01, time_limit=0.015) as running, official_client(running.url) as client:
        assert pixels(client, scenes=1).size
        with pytest.raises(client.EEException) as refusal:
            pixels(client, scenes=2)
        assert str(refusal.value) == "Computation timed out."


def test_rate_limit(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic()
    clock = SimpleNamespace(monotonic=lambda: now)
    monkeypatch.setattr("csplus.csplus_plugin.sandbox.service_model.time", clock)
    with sandbox(archive, rate=3, retry_after=7) as running:
        answers = [ask(running.url, "POST", COMPUTE, CONSTANT) for _ in range(5)]
        assert [status for status, _, _ in answers] == [200, 200, 200, 429, 429]
        assert answers[3][1]["retry-after"] == "7"
        assert "retry-after" not in answers[0][1]
        assert json.loads(answers[3][2])["error"]["message"].startswith("Quota exceeded for quota metric")
        assert ask(running.url, "GET", "/v1/projects/p/config")[0] == 200  # does not compute
        now += 1.05
        assert ask(running.url, "POST", COMPUTE, CONSTANT)[0] == 200


def outcome(url: str) -> str:
    """How a small request went."""
    try:
        status, _, body = ask(url, "POST", COMPUTE, CONSTANT)
    except http.client.IncompleteRead:
        return "truncation"
    except (ConnectionError, http.client.RemoteDisconnected):
        return "reset"
    assert status == 200 or "error" in json.loads(body)
    return str(status)


def test_faults_of_every_kind(archive: Path) -> None:
    with sandbox(archive, fault_rate=1.0, seed=3) as running:
        assert {outcome(running.url) for _ in range(40)} == {"503", "429", "reset", "truncation"}
        assert ask(running.url, "GET", "/v1/projects/p/config")[0] == 200
    for fault in PASSING:
        with sandbox(archive, fault_rate=1.0, faults=(fault,)) as running:
            assert [outcome(running.url) for _ in range(3)] == [fault.value] * 3


@pytest.mark.parametrize(("fault", "code", "status", "message"), [
    (Fault.MEMORY, 400, "INVALID_ARGUMENT", "User memory limit exceeded."),
    (Fault.SIZE, 400, "INVALID_ARGUMENT",
     "Total request size (57353670 bytes) must be less than or equal to 50331648 bytes."),
    (Fault.RATE, 429, "RESOURCE_EXHAUSTED",
     "Too Many Requests: Request was rejected because the request rate or concurrency limit was exceeded."),
    (Fault.DAILY_QUOTA, 429, "RESOURCE_EXHAUSTED",
     ("Your usage exceeded the custom quota for 'earthengine.googleapis.com/daily_eecu_usage_time', which is "
      "adjustable by your administrator in the Google Cloud console: https://console.cloud.google.com/quotas/?project=_."
     )),
])  # fmt: skip
def test_bodies_are_the_services_own(
    archive: Path, fault: Fault, code: int, status: str, message: str
) -> None:
    with sandbox(archive, fault_rate=1.0, faults=(fault,), retry_after=9) as running:
        answered, headers, body = ask(running.url, "POST", COMPUTE, CONSTANT)
        assert json.loads(body) == {"error": {"code": code, "message": message, "status": status}}
        assert answered == code
        assert headers.get("retry-after") == ("9" if code == 429 else None)
        with official_client(running.url) as client, pytest.raises(client.EEException) as told:
            client.Number(1).getInfo()
        assert str(told.value) == message


def test_same_seed_same_faults(archive: Path) -> None:
    runs = []
    for seed in (1, 1, 2):
        with sandbox(archive, fault_rate=0.5, seed=seed) as running:
            runs.append([outcome(running.url) for _ in range(30)])
    assert runs[0] == runs[1] != runs[2]
    assert 5 <= runs[0].count("200") <= 25


def test_client_survives_a_service_that_is_sometimes_unavailable(archive: Path) -> None:
    options = {"fault_rate": 0.3, "faults": (Fault.UNAVAILABLE,), "seed": 5}
    with sandbox(archive, **options) as running, official_client(running.url) as client:
        client.data.setMaxRetries(5)
        assert [client.Number(i).getInfo() for i in range(5)] == [0, 1, 2, 3, 4]


def test_meter_counts_in_its_own_context_only() -> None:
    meter = Meter(memory_limit=2.0)
    charge(10**9)  # nobody pays
    with metered(meter):
        charge(1_500_000)
        with metered(Meter()) as inner:
            charge(10**8)
        assert inner.cost == 100
        with pytest.raises(Refused, match="memory"):
            charge(1_000_000)
    assert meter.cost == 2.5


def test_meter_has_a_deadline() -> None:
    with metered(Meter(deadline=time.monotonic() - 1)), pytest.raises(Refused, match="Computation timed out"):
        check()


def test_patience_ends_whatever_the_model(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("csplus.csplus_plugin.sandbox.service_model.PATIENCE", 0.5)
    with sandbox(archive) as running, official_client(running.url) as client:
        numbers = client.List.sequence(1, 30_000)  # hours, if nobody stopped it
        began = time.monotonic()
        with pytest.raises(client.EEException, match="Computation timed out"):
            numbers.map(lambda n: numbers.map(lambda m: client.Number(m).add(n))).size().getInfo()
        assert time.monotonic() - began < LONG


def test_nothing_is_refused_by_default() -> None:
    gate = Gate(ServiceModel())
    for _ in range(1000):
        with gate.request(computes=True) as fault:
            assert fault is None
