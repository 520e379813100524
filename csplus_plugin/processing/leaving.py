"""A run that ends before its tasks do: which of them go on is said, or they are cancelled, too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from ..core.errors import Cancelled, CsPlusError
from ..core.language import _, ngettext
from ..earthengine import tasks
from ..earthengine.operations import Operation
from .listeners import TASKS_GO_ON
from .run import Run


@contextmanager
def telling_what_goes_on(
    run: Run, started: Callable[[], Sequence[Operation]], *, cancel: bool = False
) -> Iterator[None]:
    """Where the run ends early, say which tasks go on without it; a window then offers to cancel them.

    Args:
        run: The open run.
        started: Gives the tasks, as they were last seen.
        cancel: Whether a cancel of the run cancels them instead.
    """
    try:
        yield
    except CsPlusError as problem:
        left = [task.identity for task in started() if not task.is_over]
        if left and not run.has_passing_service:
            is_cancelled = isinstance(problem, Cancelled)
            if is_cancelled and cancel:
                left = _cancel(run, left)
            if left:
                run.warn(
                    _(
                        "What was started goes on at Earth Engine. To wait for it or cancel it: csplus:exporttasks "
                        "TASK_ID={ids}",
                        ids=",".join(left),
                    )
                )
            if left and is_cancelled:
                TASKS_GO_ON.tell(run.connection, tuple(left))
        raise


def _cancel(run: Run, identities: Sequence[str]) -> list[str]:
    """Cancel tasks, and give those of which it is not known whether that was heard."""
    left = tasks.cancel(run.session, identities)
    heard = len(identities) - len(left)
    if heard:
        run.warn(ngettext("The task was cancelled, too.", "{count} tasks were cancelled, too.", heard))
    return left
