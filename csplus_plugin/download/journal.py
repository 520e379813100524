"""What has arrived, on disk: the growing file beside the target, and a journal that says what is in it.

`clear.tif.part` only ever grows: tile after tile is appended. `clear.tif.journal` has a line of JSON for the download
and one for each tile: which, where, how long, its checksum; in front of each line stands the line's own. It is written
after its tile has reached the disk, so whatever ends the process, what the journal names is there, and what it does not
name is cut off and fetched again.
"""

from __future__ import annotations

import errno
import json
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ..core.errors import Cancelled, FileTrouble
from .plan import Tile

_PIECE = 4 * 1024 * 1024


@dataclass(frozen=True)
class Entry:
    """Where a tile lies in the growing file: offset and length in bytes, CRC-32 of what is there."""

    at: int
    size: int
    checksum: int


class Journal:
    """The tiles that have arrived. Use as a context manager: what holds no tile is not left behind.

    Args:
        path: The target.
        job: Tells this download from any other; only the same one is continued.
        head: First bytes of the growing file.
        note: What may differ between two runs of the same download, in words.
        is_cancelled: Asked while the tiles of an earlier run are verified.

    Attributes:
        part: The growing file.
        tiles: What has arrived and is whole.
        note: That of the run which began the download.

    Raises:
        FileTrouble: Nothing can be written there, or it is taken by another download.
        Cancelled: The user stopped the run.
    """

    def __init__(
        self,
        path: Path,
        job: str,
        head: bytes,
        note: str = "",
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self.part = path.with_name(f"{path.name}.part")
        self.note = note
        self.tiles: dict[Tile, Entry] = {}
        self._path = path.with_name(f"{path.name}.journal")
        self._is_cancelled = is_cancelled
        with writing(self._path):
            self._log = _open(self._path)
        try:
            _lock(self._log, path)
            with writing(self.part):
                self._data = _open(self.part)
            self._begin(job, head)
        except BaseException:
            self._log.close()
            raise

    def add(self, tile: Tile, content: bytearray) -> None:
        """Append a tile and remember it.

        Raises:
            FileTrouble: The disk is full or gone.
        """
        with writing(self.part):
            at = self._data.seek(0, os.SEEK_END)
            _append(self._data, content)
        entry = Entry(at, len(content), zlib.crc32(content))
        self._write(_tile_line(tile, entry))
        self.tiles[tile] = entry

    def remove(self) -> None:
        """Forget the download: it is finished, or there was nothing in it."""
        self.close()
        for path in (self._path, self.part):
            path.unlink(missing_ok=True)

    def seal(self) -> None:
        """Close the growing file for others to work on; the target stays ours."""
        self._data.close()

    def close(self) -> None:
        """Close both files; the download can be continued."""
        self._data.close()
        self._log.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.tiles:
            self.close()
        else:
            self.remove()

    def _begin(self, job: str, head: bytes) -> None:
        """Take over what an earlier run has left, or begin anew."""
        lines, end = _read(self._log)
        if len(lines) > 1 and lines[0].get("job") != job:
            self._data.close()
            raise FileTrouble(
                f"{self.part.name} is an unfinished download of other choices.",
                f"Run it with its own choices to finish it, delete {self.part.name} and {self._path.name}, "
                "or choose another file.",
            )
        with writing(self._path):
            self._log.truncate(end if len(lines) > 1 else 0)
            self._log.seek(0, os.SEEK_END)
        if len(lines) <= 1:
            self._write({"csplus": 1, "job": job, "note": self.note})
        else:
            self.note = lines[0].get("note", "")
        for line in lines[1:]:
            tile, entry = _from_line(line)
            if self._is_whole(entry):
                self.tiles[tile] = entry
        # The head is written anew: a run that ended while it finished the file has changed it.
        with writing(self.part):
            self._data.truncate(max([len(head), *(entry.at + entry.size for entry in self.tiles.values())]))
            self._data.seek(0)
            _append(self._data, head)

    def _is_whole(self, entry: Entry) -> bool:
        self._data.seek(entry.at)
        left, checksum = entry.size, 0
        while left > 0:
            if self._is_cancelled():
                raise Cancelled
            piece = self._data.read(min(left, _PIECE))
            if not piece:
                return False
            checksum = zlib.crc32(piece, checksum)
            left -= len(piece)
        return checksum == entry.checksum

    def _write(self, line: dict[str, Any]) -> None:
        with writing(self._path):
            text = json.dumps(line, separators=(",", ":")).encode()
            _append(self._log, b"%08x %s\n" % (zlib.crc32(text), text))


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the disk refuses into a sentence.

    Raises:
        FileTrouble: The file cannot be written.
    """
    try:
        yield
    except OSError as problem:
        if problem.errno in (errno.ENOSPC, errno.EDQUOT):
            raise FileTrouble(
                f"The disk is full ({path.parent}).",
                "Make room and run again: the download goes on where it stopped.",
            ) from problem
        raise FileTrouble(
            f"Nothing can be written in {path.parent}: {problem.strerror}.", "Choose another file."
        ) from problem


def _open(path: Path) -> BinaryIO:
    """Open a file for reading and writing, as it is or empty.

    Without a buffer of Python's: what a full disk has refused would be written again as the file is closed.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
    return os.fdopen(handle, "r+b", buffering=0)


def _append(file: BinaryIO, content: bytes | bytearray) -> None:
    """Write, and wait until it is on the disk."""
    left = memoryview(content)
    while left:
        left = left[file.write(left) :]
    os.fsync(file.fileno())


def _read(file: BinaryIO) -> tuple[list[dict[str, Any]], int]:
    """Read the lines of a journal as far as they are whole, and where those end."""
    lines, end = [], 0
    for line in file.read().splitlines(keepends=True):
        checksum, _, text = line.partition(b" ")
        if not line.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(text[:-1]):
            break
        lines.append(json.loads(text))
        end += len(line)
    return lines, end


def _tile_line(tile: Tile, entry: Entry) -> dict[str, Any]:
    window = [tile.column, tile.row, tile.width, tile.height, tile.bands.start, tile.bands.stop]
    return {"tile": window, "at": entry.at, "size": entry.size, "crc": entry.checksum}


def _from_line(line: dict[str, Any]) -> tuple[Tile, Entry]:
    column, row, width, height, first, stop = line["tile"]
    return Tile(column, row, width, height, range(first, stop)), Entry(line["at"], line["size"], line["crc"])


def _lock(file: BinaryIO, path: Path) -> None:
    """Keep a second run away from the same target; the system lets go of it when the process ends."""
    try:
        try:
            import fcntl
        except ImportError:
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
            return
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as problem:
        raise FileTrouble(
            f"Another run is writing {path.name} at this moment.", "Wait for it, or choose another file."
        ) from problem
