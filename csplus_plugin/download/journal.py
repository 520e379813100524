"""What has arrived, on disk: the growing file next to the target, and a journal that says what is in it.

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
    """Where a tile lies in the growing file.

    Attributes:
        offset: Bytes before it.
        size: Bytes.
        checksum: CRC-32 of these bytes.
    """

    offset: int
    size: int
    checksum: int


class Journal:
    """The tiles that have arrived. Use as a context manager: files without a tile are not left behind.

    Args:
        path: The target.
        fingerprint: Tells this download from any other; only the same one is resumed.
        header: First bytes of the growing file.
        note: What may differ between two runs of the same download, in words.
        is_cancelled: Asked while the tiles of an earlier run are verified.

    Attributes:
        part: The growing file.
        tiles: What has arrived and is whole.
        note: That of the run which began the download.

    Raises:
        FileTrouble: Nothing can be written there, or it belongs to another download.
        Cancelled: The user stopped the run.
    """

    def __init__(
        self,
        path: Path,
        fingerprint: str,
        header: bytes,
        note: str = "",
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self.part = path.with_name(f"{path.name}.part")
        self.note = note
        self.tiles: dict[Tile, Entry] = {}
        self._path = path.with_name(f"{path.name}.journal")
        self._is_cancelled = is_cancelled
        with os_errors_as_file_trouble(self._path):
            self._log = _open(self._path)
        try:
            _lock(self._log, path)
            with os_errors_as_file_trouble(self.part):
                self._data = _open(self.part)
            self._begin(fingerprint, header)
        except BaseException:
            self._log.close()
            raise

    def add(self, tile: Tile, content: bytearray) -> None:
        """Append a tile, and record it in the journal.

        Raises:
            FileTrouble: The disk is full or gone.
        """
        with os_errors_as_file_trouble(self.part):
            offset = self._data.seek(0, os.SEEK_END)
            _append(self._data, content)
        entry = Entry(offset, len(content), zlib.crc32(content))
        self._write_line(_to_line(tile, entry))
        self.tiles[tile] = entry

    def remove(self) -> None:
        """Delete both files: the download is finished, or nothing has arrived."""
        self.close()
        for path in (self._path, self.part):
            path.unlink(missing_ok=True)

    def close_part(self) -> None:
        """Close the growing file for others to work on; the target stays locked."""
        self._data.close()

    def close(self) -> None:
        """Close both files; the download can be resumed."""
        self._data.close()
        self._log.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.tiles:
            self.close()
        else:
            self.remove()

    def _begin(self, fingerprint: str, header: bytes) -> None:
        """Take over what an earlier run has left, or start a new journal."""
        lines, end = _read_lines(self._log)
        if len(lines) > 1 and lines[0].get("fingerprint") != fingerprint:
            self._data.close()
            raise FileTrouble(
                f"{self.part.name} belongs to an unfinished download with different settings.",
                f"Run that download again to finish it, delete {self.part.name} and {self._path.name}, "
                "or choose another file.",
            )
        with os_errors_as_file_trouble(self._path):
            self._log.truncate(end if len(lines) > 1 else 0)
            self._log.seek(0, os.SEEK_END)
        if len(lines) <= 1:
            self._write_line({"csplus": 2, "fingerprint": fingerprint, "note": self.note})
        else:
            self.note = lines[0].get("note", "")
        for line in lines[1:]:
            tile, entry = _from_line(line)
            if self._is_whole(entry):
                self.tiles[tile] = entry
        # The header is written again: a run that ended while it finished the file has changed it.
        with os_errors_as_file_trouble(self.part):
            self._data.truncate(
                max([len(header), *(entry.offset + entry.size for entry in self.tiles.values())])
            )
            self._data.seek(0)
            _append(self._data, header)

    def _is_whole(self, entry: Entry) -> bool:
        self._data.seek(entry.offset)
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

    def _write_line(self, line: dict[str, Any]) -> None:
        with os_errors_as_file_trouble(self._path):
            text = json.dumps(line, separators=(",", ":")).encode()
            _append(self._log, b"%08x %s\n" % (zlib.crc32(text), text))


@contextmanager
def os_errors_as_file_trouble(path: Path) -> Iterator[None]:
    """Turn an `OSError` while a file is written into a `FileTrouble`.

    Raises:
        FileTrouble: The file cannot be written.
    """
    try:
        yield
    except OSError as problem:
        if problem.errno in (errno.ENOSPC, errno.EDQUOT):
            raise FileTrouble(
                f"The disk is full ({path.parent}).",
                "Free some space and run again: the download resumes where it stopped.",
            ) from problem
        raise FileTrouble(
            f"Cannot write to {path.parent}: {problem.strerror}.", "Choose another file."
        ) from problem


def _open(path: Path) -> BinaryIO:
    """Open a file for reading and writing; create it if there is none.

    Without a buffer of Python's: what a full disk has refused would be written again as the file is closed.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
    return os.fdopen(handle, "r+b", buffering=0)


def _append(file: BinaryIO, content: bytes | bytearray) -> None:
    """Write at the current position, and wait until it is on the disk."""
    left = memoryview(content)
    while left:
        left = left[file.write(left) :]
    os.fsync(file.fileno())


def _read_lines(file: BinaryIO) -> tuple[list[dict[str, Any]], int]:
    """Read the lines of a journal as far as they are whole, and the offset at which those end."""
    lines, end = [], 0
    for line in file.read().splitlines(keepends=True):
        checksum, _, text = line.partition(b" ")
        if not line.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(text[:-1]):
            break
        lines.append(json.loads(text))
        end += len(line)
    return lines, end


def _to_line(tile: Tile, entry: Entry) -> dict[str, Any]:
    window = [tile.column, tile.row, tile.width, tile.height, tile.bands.start, tile.bands.stop]
    return {"tile": window, "offset": entry.offset, "size": entry.size, "crc": entry.checksum}


def _from_line(line: dict[str, Any]) -> tuple[Tile, Entry]:
    column, row, width, height, first, stop = line["tile"]
    return Tile(column, row, width, height, range(first, stop)), Entry(
        line["offset"], line["size"], line["crc"]
    )


def _lock(file: BinaryIO, path: Path) -> None:
    """Keep a second run away from the same target; the system releases the lock when the process ends."""
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
            f"Another run is writing {path.name} right now.", "Wait for it, or choose another file."
        ) from problem
