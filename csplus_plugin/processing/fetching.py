"""The files of finished exports, from where they lie to a folder of this computer."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from ..core.errors import FileTrouble
from ..core.export import Destination
from ..core.language import _, ngettext
from ..earthengine import cloud_storage
from ..earthengine.client import Client
from ..earthengine.results import Kind, results
from .exporting import Export
from .run import Run


def make_folder(folder: Path) -> None:
    """Make a folder that need not be there yet.

    Raises:
        FileTrouble: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise FileTrouble(
            _("The folder {folder} cannot be made: {strerror}.", folder=folder, strerror=problem.strerror),
            _("Choose another."),
        ) from problem


def fetch(run: Run, exports: Sequence[Export], destination: Destination, folder: Path) -> list[Path]:
    """Download what exports have put into Cloud Storage; from a sandbox, copy it.

    Args:
        run: The open run.
        exports: The images, whose tasks are done.
        destination: The bucket, and the folder in it.
        folder: Where the files go, by the names that they have.

    Returns:
        The files, in order; an image in several parts has several.

    Raises:
        CsPlusError: They may not be read, or not be written.
    """
    make_folder(folder)
    if run.session.is_sandbox:
        return _copy(exports, folder)
    session = cloud_storage.open_storage(run.connection)
    client = Client(session, run.is_cancelled, run.say)
    client.cost = run.client.cost
    try:
        return _download(run, client, [destination.inside(one.name) for one in exports], destination, folder)
    finally:
        session.close()


def _download(
    run: Run, client: Client, prefixes: Sequence[str], destination: Destination, folder: Path
) -> list[Path]:
    found = [
        file for prefix in prefixes for file in cloud_storage.find_files(client, destination.bucket, prefix)
    ]
    size = sum(file.size for file in found)
    run.say(
        ngettext(
            "Download from Cloud Storage: {count} file, {size:.1f} MB.",
            "Download from Cloud Storage: {count} files, {size:.1f} MB.",
            len(found),
            size=size / 1e6,
        )
    )
    arrived = 0

    def show(count: int) -> None:
        nonlocal arrived
        arrived += count
        text = _("Downloading {done:.0f} of {size:.0f} MB", done=arrived / 1e6, size=size / 1e6)
        run.show(100 * arrived / max(size, 1), text)

    made = []
    for file in found:
        target = folder / file.name.rpartition("/")[2]
        cloud_storage.fetch_file(client, destination.bucket, file, target, show)
        made.append(target)
    return made


def _copy(exports: Sequence[Export], folder: Path) -> list[Path]:
    made = []
    for one in exports:
        for result in results(one.task, is_sandbox=True) if one.task else []:
            if result.kind is Kind.FILE:
                target = folder / Path(result.address).name
                try:
                    shutil.copyfile(result.address, target)
                except OSError as problem:
                    raise FileTrouble(
                        _("{path} cannot be written: {strerror}.", path=target, strerror=problem.strerror),
                        _("Choose another folder, or make room."),
                    ) from problem
                made.append(target)
    return made
