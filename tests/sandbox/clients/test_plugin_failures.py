"""What the plugin's own client makes of the faults that a sandbox is told to have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from csplus.csplus_plugin.core.errors import (
    ComputationTooHeavy,
    DailyQuotaUsedUp,
    QuotaExceeded,
    RequestTooLarge,
    ServiceError,
    Unreachable,
)
from csplus.csplus_plugin.earthengine.client import Client
from csplus.csplus_plugin.earthengine.failures import Failure
from csplus.csplus_plugin.earthengine.retry import Backoff
from csplus.csplus_plugin.earthengine.session import Connection, close_sessions, session_for
from csplus.csplus_plugin.sandbox.server import start
from csplus.csplus_plugin.sandbox.service_model import Fault, ServiceModel

SEVEN = {"result": "0", "values": {"0": {"constantValue": 7}}}
TRIES = 3
GRID = {
    "dimensions": {"width": 2, "height": 2},
    "affineTransform": {"scaleX": 1, "translateX": 0, "scaleY": -1, "translateY": 0},
    "crsCode": "EPSG:32611",
}


@contextmanager
def client(archive: Path, exports: Path, said: list[str], **options: Any) -> Iterator[Client]:
    with start(archive, exports=exports, model=ServiceModel(**options)) as sandbox:
        session = session_for(Connection(endpoint=sandbox.url, project="sandbox-project"))
        backoff = Backoff(max_tries=TRIES, first_delay=0.001)
        try:
            yield Client(session, notify=said.append, backoff=backoff)
        finally:
            close_sessions()


@pytest.mark.parametrize(("fault", "error", "tries", "what", "next_step"), [
    (Fault.UNAVAILABLE, Unreachable, TRIES, "reported an internal error: The service is currently unavailable.",
     "in a few minutes"),
    (Fault.TOO_MANY, QuotaExceeded, TRIES, "is rate-limiting this project: Quota exceeded", "Wait a few minutes"),
    (Fault.RATE, QuotaExceeded, TRIES, "is rate-limiting this project: Too Many Requests", "Wait a few minutes"),
    (Fault.DAILY_QUOTA, DailyQuotaUsedUp, 1, "The project sandbox-project has used up the daily quota", "tomorrow"),
    (Fault.MEMORY, ComputationTooHeavy, 1, "too much memory or time for one request: User memory limit exceeded.",
     "smaller area"),
    (Fault.SIZE, RequestTooLarge, 1, "One request is too large: Total request size (57353670 bytes)", "smaller area"),
    (Fault.RESET, Unreachable, TRIES, "", ""),
    (Fault.TRUNCATION, Unreachable, TRIES, "", ""),
])  # fmt: skip
def test_each_fault_is_told_apart(
    archive: Path,
    tmp_path: Path,
    fault: Fault,
    error: type[ServiceError],
    tries: int,
    what: str,
    next_step: str,
) -> None:
    with client(archive, tmp_path, [], fault_rate=1.0, faults=(fault,)) as talker:
        with pytest.raises(ServiceError) as told:
            talker.value(SEVEN)
        assert type(told.value) is error
        assert what in told.value.what
        assert next_step in told.value.next_step
        assert talker.requests_made == tries
        assert not talker.is_restricted


def test_a_download_is_not_retried_where_the_daily_quota_is_used_up(archive: Path, tmp_path: Path) -> None:
    for fault, retryable in ((Fault.DAILY_QUOTA, False), (Fault.RATE, True), (Fault.MEMORY, False)):
        with client(archive, tmp_path, [], fault_rate=1.0, faults=(fault,), retry_after=9) as talker:
            outcome = talker.try_pixels(SEVEN, GRID, ["constant"])
            assert isinstance(outcome, Failure)
            assert outcome.retryable is retryable
            assert outcome.retry_after == (9 if fault is Fault.RATE else None)


@pytest.mark.parametrize("status", [400, 403, 429])
def test_a_used_up_daily_quota_is_fatal_whatever_its_status(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    from csplus.csplus_plugin.sandbox import service_model

    answer = (service_model.DAILY_QUOTA, status)
    monkeypatch.setitem(service_model._ANSWERS, Fault.DAILY_QUOTA, answer)
    with client(archive, tmp_path, [], fault_rate=1.0, faults=(Fault.DAILY_QUOTA,)) as talker:
        with pytest.raises(QuotaExceeded, match="daily quota") as told:
            talker.value(SEVEN)
        assert (told.value.status, talker.requests_made) == (status, 1)


def test_restricted_mode_is_noticed_with_a_result_and_with_a_failure(archive: Path, tmp_path: Path) -> None:
    said: list[str] = []
    with client(archive, tmp_path, said, restricted=True) as talker:
        assert not talker.is_restricted
        assert talker.value(SEVEN) == talker.value(SEVEN) == 7
        assert talker.is_restricted
    assert len([sentence for sentence in said if "restricted mode" in sentence]) == 1
    with client(archive, tmp_path, said, restricted=True, fault_rate=1.0, faults=(Fault.MEMORY,)) as talker:
        with pytest.raises(ComputationTooHeavy):
            talker.value(SEVEN)
        assert talker.is_restricted
