"""An export task in words: what a list has room for, and all that is known of it."""

from __future__ import annotations

from ..core.export import LABEL
from ..core.language import _, marked
from . import failures
from .operations import FAILED, RUNNING, STATES, Operation

_KINDS = {
    "EXPORT_IMAGE": marked("an image"),
    "EXPORT_FEATURES": marked("a table"),
    "INGEST_IMAGE": marked("an image that was uploaded"),
    "INGEST_TABLE": marked("a table that was uploaded"),
}
"""The service's word for what a task makes -> ours."""


def name_of(task: Operation) -> str:
    """Give what a task is called: one of ours without the label in front."""
    return task.description.removeprefix(LABEL) or task.description or task.identity


def state_of(task: Operation) -> str:
    """Say how a task is, and how far where it runs."""
    state = _(STATES[task.state])
    return f"{state}, {100 * task.progress:.0f} %" if task.state == RUNNING else state


def problem_of(task: Operation) -> str:
    """Say why a task failed and what to do; empty for one that did not."""
    return f"{task.error} {failures.hint(task.error)}".strip() if task.state == FAILED else ""


def details_of(task: Operation) -> str:
    """Write all that is known of a task, a line each."""
    lines = {
        _("Task"): task.description,
        _("Id"): task.identity,
        _("Started by"): _("this plugin") if task.is_ours else _("something else"),
        _("Makes"): _(_KINDS.get(task.kind, task.kind)),
        _("State"): _(STATES[task.state]),
        _("Done"): f"{100 * task.progress:.0f} %",
        _("Error"): task.error,
        _("What to do"): failures.hint(task.error) if task.state == FAILED else "",
        _("Started (UTC)"): task.created.replace("T", " "),
        _("Began to run (UTC)"): task.started.replace("T", " "),
        _("Was over (UTC)"): task.ended.replace("T", " "),
        _("Tries"): str(task.attempt) if task.attempt else "",
        _("EECU-seconds"): "" if task.eecu_seconds is None else f"{task.eecu_seconds:.1f}",
        _("Result"): "\n        ".join(task.links),
    }
    return "\n".join(f"{name}: {text}" for name, text in lines.items() if text)
