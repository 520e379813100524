"""An export task in words: what a list has room for, and all that is known of it."""

from __future__ import annotations

from ..core.export import LABEL
from . import failures
from .operations import FAILED, RUNNING, STATES, Operation

_KINDS = {
    "EXPORT_IMAGE": "an image",
    "EXPORT_FEATURES": "a table",
    "INGEST_IMAGE": "an image that was uploaded",
    "INGEST_TABLE": "a table that was uploaded",
}
"""The service's word for what a task makes -> ours."""


def name_of(task: Operation) -> str:
    """Give what a task is called: one of ours without the label in front."""
    return task.description.removeprefix(LABEL) or task.description or task.identity


def state_of(task: Operation) -> str:
    """Say how a task is, and how far where it runs."""
    state = STATES[task.state]
    return f"{state}, {100 * task.progress:.0f} %" if task.state == RUNNING else state


def problem_of(task: Operation) -> str:
    """Say why a task failed and what to do; empty for one that did not."""
    return f"{task.error} {failures.hint(task.error)}".strip() if task.state == FAILED else ""


def details_of(task: Operation) -> str:
    """Write all that is known of a task, a line each."""
    lines = {
        "Task": task.description,
        "Id": task.identity,
        "Started by": "this plugin" if task.is_ours else "something else",
        "Makes": _KINDS.get(task.kind, task.kind),
        "State": STATES[task.state],
        "Done": f"{100 * task.progress:.0f} %",
        "Error": task.error,
        "What to do": failures.hint(task.error) if task.state == FAILED else "",
        "Started (UTC)": task.created.replace("T", " "),
        "Began to run (UTC)": task.started.replace("T", " "),
        "Was over (UTC)": task.ended.replace("T", " "),
        "Tries": str(task.attempt) if task.attempt else "",
        "EECU-seconds": "" if task.eecu_seconds is None else f"{task.eecu_seconds:.1f}",
        "Result": "\n        ".join(task.links),
    }
    return "\n".join(f"{name}: {text}" for name, text in lines.items() if text)
