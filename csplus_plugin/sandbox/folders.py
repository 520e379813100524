"""The folder of scenes that a sandbox serves: the user's own, or sample scenes written on first use."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import CannotStart

# Raise it whenever the sample scenes change: every version has a folder of its own.
SAMPLES_VERSION = 1

_DAY = 86400  # seconds
_LOOK_AGAIN = 0.2  # seconds between two looks at a lock

# The layout of an archive: one to four folders of collection id, the scene, its properties.
_SCENE_PATTERNS = ["*/" * depth + "properties.json" for depth in (3, 5, 2, 4)]
_TABLE_PATTERNS = ["*/" * depth + f"*.{suffix}" for depth in range(4) for suffix in ("geojson", "gpkg")]


Log = Callable[[str], None]
Progress = Callable[[float], None]


def scenes_folder(data: Path | None, log: Log | None = None, progress: Progress | None = None) -> Path:
    """Give the archive to serve: `data`, or the sample scenes.

    Args:
        data: An archive of the user's own, or None.
        log: Is told in one line when the sample scenes have to be written first.
        progress: Is told several times a second what share of them is written; it raises to end that.

    Raises:
        CannotStart: `data` is not an archive, or the sample scenes cannot be written.
    """
    if data is None:
        return sample_scenes(log, progress)
    if not data.is_dir():
        raise CannotStart(f"There is no folder {data}.")
    if not any(next(data.glob(pattern), None) for pattern in (*_SCENE_PATTERNS, *_TABLE_PATTERNS)):
        raise CannotStart(
            f"{data} holds no scenes: expected <collection id>/<scene>/properties.json, or <table id>.geojson, in it."
        )
    return data


def sample_scenes(log: Log | None = None, progress: Progress | None = None) -> Path:
    """Give the sample scenes in the user's cache, written now if this is their first use.

    One process writes them and those that start meanwhile wait for it: side by side, each would take as long as all
    of them one after the other. Where the system has no locks each writes a folder of its own, and the first to
    rename it wins.

    Args:
        log: As for `scenes_folder`.
        progress: As for `scenes_folder`.

    Raises:
        CannotStart: They cannot be written.
    """
    cache = cache_folder()
    folder = cache / f"sample-scenes-v{SAMPLES_VERSION}"
    if folder.is_dir():
        return folder
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _only_writer(cache / "writing.lock", log, progress):
            if not folder.is_dir():
                _write_samples(cache, folder, log, progress)
    except OSError as error:
        raise CannotStart(
            f"The sample scenes cannot be written to {cache}: {error.strerror or error}."
        ) from error
    _clear(cache, folder)
    return folder


def _write_samples(cache: Path, folder: Path, log: Log | None, progress: Progress | None) -> None:
    if log:
        log(f"Writing the sample scenes to {folder}; this happens once.")
    with tempfile.TemporaryDirectory(prefix="writing-", dir=cache, ignore_cleanup_errors=True) as work:
        unfinished = Path(work) / folder.name
        write_to(unfinished, progress)
        _publish(unfinished, folder)


@contextmanager
def _only_writer(path: Path, log: Log | None, progress: Progress | None) -> Iterator[None]:
    """Hold a lock that goes with the process, however it ends; wait for it, and say so, while another one holds it."""
    with path.open("ab") as file:
        said = False
        while not _is_locked_by_us(file.fileno()):
            if log and not said:
                log("Another program is writing the sample scenes; waiting for it.")
            said = True
            if progress:
                progress(0.0)
            time.sleep(_LOOK_AGAIN)
        yield


def _is_locked_by_us(descriptor: int) -> bool:
    """Try to lock a file; true also where there are no locks."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in {errno.EACCES, errno.EAGAIN, errno.EDEADLK}
    return True


def write_to(folder: Path, progress: Progress | None = None) -> None:
    """Write the sample scenes to a folder that is absent or empty.

    Args:
        folder: Where.
        progress: As for `scenes_folder`.

    Raises:
        CannotStart: The folder holds something already.
        OSError: It cannot be written.
    """
    from .samples import write_samples

    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise CannotStart(f"{folder} is not empty.")
    write_samples(folder, progress)


def exports_folder(chosen: Path | None) -> Path:
    """Where exports land: the folder chosen, else one in the user's cache; it need not exist yet."""
    return (chosen or cache_folder() / "exports").absolute()


def cache_folder() -> Path:
    """Where this user's programs keep what can be made again, by the platform's convention."""
    if configured := os.environ.get("XDG_CACHE_HOME"):
        base = Path(configured)
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path.home() / ".cache"
    return base / "cloud-score-plus-sandbox"


def _clear(cache: Path, folder: Path) -> None:
    """Remove other versions of the sample scenes, and what killed processes left unfinished."""
    unused = [path for path in cache.glob("sample-scenes-v*") if path != folder]
    yesterday = time.time() - _DAY
    unused += [path for path in cache.glob("writing-*") if path.stat().st_mtime < yesterday]
    for path in unused:
        shutil.rmtree(path, ignore_errors=True)


def _publish(unfinished: Path, folder: Path) -> None:
    """Rename a finished folder to its final name, unless another process was first."""
    try:
        unfinished.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
