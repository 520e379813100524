"""Long-running operations: what is waiting, what runs, how far it is, how it ended.

Form: https://developers.google.com/earth-engine/reference/rest/v1/projects.operations#Operation. They live
as long as the sandbox; the files they wrote stay.
"""

from __future__ import annotations

import secrets
import string
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from enum import Enum
from functools import partial
from http import HTTPStatus
from typing import Any

from ..errors import Refused
from ..meter import Meter
from ..service_model import Gate
from .messages import optional, page_of, whole_number

WORKERS = 2  # operations that run at a time, as many as the service runs on average
MAX_WAITING = 3000
MAX_WAITING_BYTES = 256 << 20  # of the requests behind them
MAX_KEPT = 10_000  # operations that are remembered
PAGE_SIZE = 500
PRIORITY = 100
_LONGEST_REQUEST_ID = 60  # characters

_CANCELLED, _INVALID, _INTERNAL = 1, 3, 13
"""Codes of google.rpc.Code, in which operations say what went wrong."""


class State(str, Enum):
    """How far an operation is."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    CANCELLING = "CANCELLING"
    SUCCEEDED = "SUCCEEDED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"


_OVER = {State.SUCCEEDED, State.CANCELLED, State.FAILED}


class Cancelled(Exception):
    """The operation was told to end."""


Step = Callable[[float], AbstractContextManager[None]]
"""Around each piece of work, with the share of the whole that is done after it."""


@dataclass(frozen=True)
class Task:
    """What an operation does.

    Attributes:
        kind: The service's name of it.
        description: The user's name of it.
        destinations: Addresses of what it writes.
        run: Does it.
    """

    kind: str
    description: str
    destinations: tuple[str, ...]
    run: Callable[[Step], None]


@dataclass
class Operation:
    """One operation; changed under the lock of `Operations` only.

    Attributes:
        name: Its resource name.
        task: What it does.
        priority: Those of a higher one start earlier.
        size: Bytes of the request behind it.
    """

    name: str
    task: Task
    priority: int
    size: int
    state: State = State.PENDING
    progress: float = 0.0
    error: dict[str, Any] | None = None
    meter: Meter = field(default_factory=Meter)
    created: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    started: datetime | None = None
    updated: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """Give the operation in the service's form."""
        over = self.state in _OVER
        metadata = {
            "@type": "type.googleapis.com/google.earthengine.v1.OperationMetadata",
            "state": self.state.value,
            "description": self.task.description,
            "priority": self.priority,
            "createTime": _timestamp(self.created),
            "updateTime": _timestamp(self.updated or self.created),
            "type": self.task.kind,
            "attempt": 1 if self.started else 0,
            "progress": self.progress,
            "destinationUris": list(self.task.destinations) if self.state is State.SUCCEEDED else [],
            "batchEecuUsageSeconds": 0.0,
        }
        if self.started:
            metadata["startTime"] = _timestamp(self.started)
        if over:
            metadata["endTime"] = metadata["updateTime"]
        body: dict[str, Any] = {"name": self.name, "done": over, "metadata": metadata}
        if over:
            body |= {"error": self.error} if self.error else {"response": {}}
        return body

    def turn(self, state: State, error: dict[str, Any] | None = None) -> None:
        """Enter a state."""
        self.state, self.error, self.updated = state, error, datetime.now(timezone.utc)
        if state is State.RUNNING:
            self.started = self.updated
        if state in _OVER:
            # What an operation was to do may be large, what it was called is not.
            self.task = Task(self.task.kind, self.task.description, self.task.destinations, lambda _: None)


class Operations:
    """The operations of one sandbox, in threads that end with it.

    Args:
        gate: Makes work take the time that the service model says.
    """

    def __init__(self, gate: Gate) -> None:
        self.workers = WORKERS
        self._gate = gate
        self._all: dict[str, Operation] = {}
        self._requests: dict[tuple[str, str], Operation] = {}
        self._working = 0
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()

    def start(self, project: str, request: Mapping[str, Any], size: int, task: Task) -> Operation:
        """Let an operation wait for its turn; a request that came before is not carried out twice.

        Args:
            project: Whose it is.
            request: Its `requestId` and `priority`, both optional.
            size: Bytes of the request.
            task: What to do.

        Raises:
            Refused: Too much is waiting, or the request is invalid.
        """
        identity = optional(request, "requestId", str) or ""
        if len(identity) > _LONGEST_REQUEST_ID:
            raise Refused(f"Invalid requestId: longer than {_LONGEST_REQUEST_ID} characters.")
        priority = whole_number(request.get("priority"), "priority", PRIORITY)
        with self._lock:
            if identity and (project, identity) in self._requests:
                return self._requests[project, identity]
            self._make_room(size)
            name = "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(24))
            meter = Meter(stopping=self._gate.closed)
            operation = Operation(f"projects/{project}/operations/{name}", task, priority, size, meter=meter)
            self._all[operation.name] = operation
            if identity:
                self._requests[project, identity] = operation
            if self._working < self.workers:
                self._working += 1
                self._threads = [thread for thread in self._threads if thread.is_alive()]
                self._threads.append(threading.Thread(target=self._work, name="csplus-export", daemon=True))
                self._threads[-1].start()
        return operation

    def known(self, project: str, request: Mapping[str, Any]) -> Operation | None:
        """Give the operation of a request that came before, whose asset may be there by now."""
        with self._lock:
            return self._requests.get((project, optional(request, "requestId", str) or ""))

    def get(self, project: str, identity: str) -> Operation:
        """Give an operation.

        Raises:
            Refused: 404 if there is none of that name.
        """
        name = f"projects/{project}/operations/{identity}"
        with self._lock:
            operation = self._all.get(name)
        if operation is None:
            raise Refused(f'Operation "{name}" not found.', HTTPStatus.NOT_FOUND)
        return operation

    def page(self, project: str, query: Mapping[str, str]) -> dict[str, Any]:
        """Give some operations of a project, the latest first.

        Raises:
            Refused: The page makes no sense, or a filter is asked for.
        """
        if query.get("filter"):
            raise Refused("Listing operations by a filter is not supported by this sandbox.")
        first, size = page_of(query.get("pageToken"), query.get("pageSize"), PAGE_SIZE)
        with self._lock:
            own = [o for name, o in self._all.items() if name.startswith(f"projects/{project}/operations/")]
        own.reverse()
        last = first + size
        more = {"nextPageToken": str(last)} if last < len(own) else {}
        return {"operations": [operation.to_json() for operation in own[first:last]], **more}

    def cancel(self, project: str, identity: str) -> None:
        """End an operation as soon as possible; one that is over stays as it is.

        Raises:
            Refused: 404 if there is none of that name.
        """
        operation = self.get(project, identity)
        with self._lock:
            if operation.state is State.PENDING:
                operation.turn(State.CANCELLED, _problem(_CANCELLED, "Cancelled."))
            elif operation.state is State.RUNNING:
                operation.turn(State.CANCELLING)

    def drain(self, seconds: float) -> None:
        """Wait until what runs has come to its end, which the closed gate asks for; but no longer than so long."""
        end = time.monotonic() + seconds
        with self._lock:
            threads = tuple(self._threads)
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))

    def _make_room(self, size: int) -> None:
        waiting = [o for o in self._all.values() if o.state is State.PENDING]
        if len(waiting) >= MAX_WAITING or sum(o.size for o in waiting) + size > MAX_WAITING_BYTES:
            raise Refused(
                f"Too many tasks already in the queue ({len(waiting)}). Please wait for some of them to complete."
            )
        if len(self._all) >= MAX_KEPT:
            over = next(name for name, o in self._all.items() if o.state in _OVER)
            forgotten = self._all.pop(over)
            self._requests = {key: o for key, o in self._requests.items() if o is not forgotten}

    def _work(self) -> None:
        """Carry out what is waiting, until nothing is."""
        while operation := self._next():
            try:
                operation.task.run(partial(self._step, operation))
                self._finish(operation, State.SUCCEEDED)
            except Cancelled:
                self._finish(operation, State.CANCELLED, _problem(_CANCELLED, "Cancelled."))
            except Refused as refusal:
                self._finish(operation, State.FAILED, _problem(_INVALID, refusal.message))
            except OSError as error:
                reason = f"The file cannot be written: {error.strerror or error}."
                self._finish(operation, State.FAILED, _problem(_INTERNAL, reason))
            except Exception as error:  # noqa: BLE001 (a defect must not leave the operation running)
                reason = f"The sandbox failed: {type(error).__name__}: {error}"
                self._finish(operation, State.FAILED, _problem(_INTERNAL, reason))

    def _next(self) -> Operation | None:
        with self._lock:
            waiting = [o for o in self._all.values() if o.state is State.PENDING]
            if not waiting or self._gate.closed.is_set():
                self._working -= 1
                return None
            operation = max(waiting, key=lambda o: o.priority)  # the first of the highest
            operation.turn(State.RUNNING)
            return operation

    @contextmanager
    def _step(self, operation: Operation, share: float) -> Iterator[None]:
        """Give a piece of work: charged, timed, and not begun once the operation is cancelled."""
        self._check(operation)
        with self._gate.work(operation.meter):
            yield
        with self._lock:
            operation.progress, operation.updated = share, datetime.now(timezone.utc)
        self._check(operation)

    def _check(self, operation: Operation) -> None:
        if operation.state is State.CANCELLING or self._gate.closed.is_set():
            raise Cancelled

    def _finish(self, operation: Operation, state: State, error: dict[str, Any] | None = None) -> None:
        with self._lock:
            if state is State.SUCCEEDED:
                operation.progress = 1.0
            operation.turn(state, error)


def _problem(code: int, message: str) -> dict[str, Any]:
    return {"code": code, "message": message}


def _timestamp(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
