"""What an export has made, for the next step: ids of assets, files, paths for GDAL, pages."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.errors import InvalidChoice
from ..core.export import Destination
from ..core.language import _
from ..earthengine.operations import SUCCEEDED
from ..earthengine.results import Kind, results
from .exporting import Export
from .run import Run

_FOR_GDAL = "/vsigs/"
"""Begins the paths by which GDAL reads Cloud Storage (GDAL documentation, virtual file systems)."""


def check_folder(destination: Destination, *, waits: bool) -> None:
    """Refuse to download what nobody waits for, or what lies in Drive.

    Raises:
        InvalidChoice: With what to choose.
    """
    if not waits:
        raise InvalidChoice(
            _("Files are downloaded once the tasks are over, and WAIT is off."),
            _("Switch WAIT on, or leave OUTPUT_FOLDER empty."),
        )
    if destination.kind == "drive":
        raise InvalidChoice(
            _("Files in Drive are not downloaded."),
            _("Choose the destination asset or cloud_storage, or leave OUTPUT_FOLDER empty."),
        )


def addresses(run: Run, exports: Sequence[Export], destination: Destination) -> list[str]:
    """Give where the result of each task is that is done; empty where nothing can be opened by an address."""
    return [
        _address(run, one, destination)
        for one in exports
        if one.task is not None and one.task.state == SUCCEEDED
    ]


def say_what_reads_them(run: Run, destination: Destination) -> None:
    """Say what a later step of a model can do with the results, and what it cannot."""
    if run.session.is_sandbox and destination.kind != "asset":
        run.say(_("RESULTS are files of the sandbox, which a later step can use."))
        return
    run.say(
        {
            "asset": _("RESULTS are ids of assets. A later step reads them: csplus:openasset, as its ASSET."),
            "cloud_storage": (
                _(
                    "RESULTS are paths for GDAL, which reads Cloud Storage with credentials of its own: a later step "
                    "can use them where it has some. A large image may lie there in several files."
                )
            ),
            "drive": (
                _(
                    "RESULTS are pages of Drive, which no later step can read: for that, choose the destination "
                    "asset."
                )
            ),
        }[destination.kind]
    )


def _address(run: Run, one: Export, destination: Destination) -> str:
    if destination.kind == "asset":
        return destination.asset(one.name, run.session.project)
    found = results(one.task, is_sandbox=run.session.is_sandbox) if one.task else []
    for result in found:
        if result.kind is Kind.FILE:
            return result.address
    if destination.kind == "cloud_storage":
        return _FOR_GDAL + destination.place(one.name, run.session.project).removeprefix("gs://")
    return found[0].address if found else ""
