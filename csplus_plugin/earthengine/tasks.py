"""Tasks: started once whatever becomes of the answers, and waited for without pressing the service."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..core.errors import CsPlusError, DailyQuotaUsedUp, InvalidChoice, QuotaExceeded, Unreachable
from ..core.language import _
from .client import Client
from .operations import IDENTITY, Operation
from .retry import Backoff
from .waiting import pause

if TYPE_CHECKING:
    from .session import Session

_FEW = 10
"""Tasks that are looked at one by one; of more, pages of all are asked for."""

CANCELLING = 5.0
"""Seconds that cancelling may take."""

_AT_ONCE = 8
"""Tasks that are cancelled at once."""


@dataclass(frozen=True)
class Patience:
    """How tasks are waited for.

    Attributes:
        first: Seconds before the first look.
        longest: Seconds between two looks, once it takes long.
        growth: How much longer each pause is than the one before.
        lost: Seconds without an answer after which waiting ends; the tasks go on.
    """

    first: float = 1.0
    longest: float = 30.0
    growth: float = 1.5
    lost: float = 3600.0


def start(client: Client, request: Mapping[str, Any]) -> Operation:
    """Start an export, once: however often the request is sent, its id is the same.

    Args:
        client: The service.
        request: ExportImageRequest without an id.

    Raises:
        Cancelled: The user stopped the run.
        ServiceError: One of its classes. After `Unreachable` nobody knows whether the task was started.
    """
    return client.export_image({**request, "requestId": str(uuid.uuid4())})


def wait(
    client: Client,
    tasks: Sequence[Operation],
    is_cancelled: Callable[[], bool],
    tell: Callable[[Sequence[Operation]], None],
    warn: Callable[[str], None],
    patience: Patience = Patience(),
) -> list[Operation]:
    """Wait until every task is over, through a network that is lost for a while.

    Args:
        client: The service.
        tasks: What to wait for.
        is_cancelled: Asked several times a second; a cancel ends the waiting, not the tasks.
        tell: Gets all tasks as they are after each look.
        warn: Gets a sentence when the service is lost, and when it is back.
        patience: How often to look, and how long to do without an answer.

    Returns:
        The tasks as they ended, in the same order.

    Raises:
        Cancelled: The user stopped the run.
        ServiceError: The service refuses to tell, or was out of reach for too long.
    """
    known = {task.identity: task for task in tasks}
    delay, last_answer, is_lost = patience.first, time.monotonic(), False
    while waiting := [identity for identity, task in known.items() if not task.is_over]:
        pause(delay, is_cancelled)
        delay = min(patience.longest, delay * patience.growth)
        try:
            known |= _look(client, waiting)
        except (Unreachable, QuotaExceeded) as problem:
            if isinstance(problem, DailyQuotaUsedUp):
                raise  # the next answer would come tomorrow
            if time.monotonic() - last_answer > patience.lost:
                raise
            if not is_lost:
                warn(
                    _(
                        "{what} The tasks go on without this computer; waiting for the service.",
                        what=problem.what,
                    )
                )
            is_lost = True
            continue
        if is_lost:
            warn(_("The service answers again."))
        last_answer, is_lost = time.monotonic(), False
        tell(list(known.values()))
    return list(known.values())


def cancel(session: Session, identities: Sequence[str], seconds: float = CANCELLING) -> list[str]:
    """Cancel tasks, in the short time that whoever has pressed *Cancel* waits.

    Args:
        session: Where the requests go.
        identities: The tasks.
        seconds: How long it may take in all.

    Returns:
        The tasks of which it is not known whether that was heard.
    """
    end = time.monotonic() + seconds
    client = Client(session, lambda: time.monotonic() > end, backoff=Backoff(max_tries=3))

    def is_heard(identity: str) -> bool:
        try:
            client.cancel_task(identity)
        except CsPlusError:
            return False
        return True

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="csplus cancel") as pool:
        heard = list(pool.map(is_heard, identities))
    return [identity for identity, known in zip(identities, heard, strict=True) if not known]


def read_identities(text: str) -> tuple[str, ...]:
    """Read ids of tasks that are separated by commas.

    Raises:
        InvalidChoice: One of them is none.
    """
    found = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for identity in found:
        if not IDENTITY.fullmatch(identity):
            raise InvalidChoice(
                _("{identity!r} is not the id of a task.", identity=identity[:40]),
                _("Copy it from the table of the action list."),
            )
    return found


def _look(client: Client, identities: Sequence[str]) -> dict[str, Operation]:
    """See how tasks are: one by one, or, where there are many, by pages of all."""
    listed: dict[str, Operation] = {}
    if len(identities) > _FEW:
        listed = {task.identity: task for task in client.tasks()}
    return {identity: listed.get(identity) or client.task(identity) for identity in identities}
