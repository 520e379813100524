"""Tasks that Earth Engine runs by itself, as it tells of them: read without trusting what it says.

Source: REST reference, `projects.operations` (Operation, OperationMetadata).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..core.export import LABEL
from ..core.language import _, marked
from ..core.text import clean
from . import responses

PENDING, RUNNING, CANCELLING = "PENDING", "RUNNING", "CANCELLING"
SUCCEEDED, CANCELLED, FAILED = "SUCCEEDED", "CANCELLED", "FAILED"
STATES = {
    PENDING: marked("waiting"),
    RUNNING: marked("running"),
    CANCELLING: marked("being cancelled"),
    SUCCEEDED: marked("done"),
    CANCELLED: marked("cancelled"),
    FAILED: marked("failed"),
}
"""The service's word -> ours."""

IDENTITY = re.compile(r"[A-Za-z0-9_-]{1,100}")
"""An id becomes part of an address."""

_NAME = re.compile(r"projects/[A-Za-z0-9._:-]{1,100}/operations/([A-Za-z0-9_-]{1,100})")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}")
_LONGEST = 200
_MOST_LINKS = 20
"""Addresses of results that are passed on: an image in many files has one folder."""


@dataclass(frozen=True)
class Operation:
    """One task.

    Attributes:
        identity: Its id, the last part of its name.
        state: A key of `STATES`; PENDING where the service says something else.
        description: What it was called when it was started.
        kind: What it makes, the service's word: EXPORT_IMAGE.
        progress: Share that is done, 0 to 1.
        created: When it was started, as 2026-01-02T03:04:05 (UTC); empty where it is not told.
        started: When it began to run, likewise.
        ended: When it was over, likewise.
        eecu_seconds: Computation that it has cost; None where it is not told.
        attempt: How often it was tried.
        error: Why it failed, the service's words.
        links: Addresses of what it made.
    """

    identity: str
    state: str
    description: str = ""
    kind: str = ""
    progress: float = 0.0
    created: str = ""
    started: str = ""
    ended: str = ""
    eecu_seconds: float | None = None
    attempt: int = 0
    error: str = ""
    links: tuple[str, ...] = ()

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more comes of it."""
        return self.state in (SUCCEEDED, CANCELLED, FAILED)

    @property
    def is_ours(self) -> bool:
        """Tell whether this plugin started it."""
        return self.description.startswith(LABEL)


def read(content: responses.Body) -> Operation:
    """Read a response that is one operation."""
    return _operation(responses.read_object(content))


def read_page(content: responses.Body) -> tuple[list[Operation], str]:
    """Read a page of operations, and the token of the next one; empty for none."""
    found = responses.read_object(content)
    listed = found.get("operations", [])
    if not isinstance(listed, list):
        raise responses.DamagedResponse(_("it lists no operations"))
    token = found.get("nextPageToken")
    # Operations of other kinds (an ingestion) are not ours to judge: what cannot be read is left out.
    return [_operation(one) for one in listed if _has_name(one)], token if isinstance(token, str) else ""


def _has_name(found: Any) -> bool:
    return isinstance(found, Mapping) and bool(_NAME.fullmatch(str(found.get("name"))))


def _operation(found: Any) -> Operation:
    name = _NAME.fullmatch(str(found.get("name")))
    if name is None:
        raise responses.DamagedResponse(_("it names no operation"))
    metadata = found.get("metadata")
    told: Mapping[str, Any] = metadata if isinstance(metadata, Mapping) else {}
    error = found.get("error")
    links = told.get("destinationUris")
    return Operation(
        identity=name[1],
        state=_state(told.get("state"), is_over=found.get("done") is True, failed=bool(error)),
        description=_text(told.get("description")),
        kind=_text(told.get("type")),
        progress=min(1.0, max(0.0, _number(told.get("progress")) or 0.0)),
        created=_time(told.get("createTime")),
        started=_time(told.get("startTime")),
        ended=_time(told.get("endTime")),
        eecu_seconds=_number(told.get("batchEecuUsageSeconds")),
        attempt=int(_number(told.get("attempt")) or 0),
        error=clean(str(error.get("message") or "")) if isinstance(error, Mapping) else "",
        links=tuple(_text(link) for link in links[:_MOST_LINKS] if isinstance(link, str))
        if isinstance(links, list)
        else (),
    )


def _state(found: Any, *, is_over: bool, failed: bool) -> str:
    if isinstance(found, str) and found in STATES:
        return found
    if is_over:
        return FAILED if failed else SUCCEEDED
    return PENDING


def _text(found: Any) -> str:
    return clean(found, _LONGEST) if isinstance(found, str) else ""


def _time(found: Any) -> str:
    match = _TIME.match(found) if isinstance(found, str) else None
    return match[0] if match else ""


def _number(found: Any) -> float | None:
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        return None
    try:
        number = float(found)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
