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
import stat
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ..core.errors import Cancelled, FileTrouble
from ..core.language import _
from .plan import Tile

_PIECE = 4 * 1024 * 1024

_MARK = "csplus"
"""Key of a journal's first line."""

_BEGIN = 64
"""Bytes in which a file of ours shows what it is."""


@dataclass(frozen=True)
class Entry:
    """Where a tile lies in the growing file.

    Attributes:
        offset: Bytes before it.
        size: Bytes.
        checksum: CRC-32 of these bytes.
        known: Pixels of the tile whose first band has a value; 0 where the tile does not begin with the first band.
    """

    offset: int
    size: int
    checksum: int
    known: int


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
        self._log = _open_locked(self._path, path)
        try:
            with os_errors_as_file_trouble(self.part):
                self._data = _open(self.part)
            try:
                self._begin(fingerprint, header)
            except BaseException:
                self._data.close()
                raise
        except BaseException:
            self._log.close()
            raise

    def add(self, tile: Tile, content: bytearray, known: int = 0) -> None:
        """Append a tile, and record it in the journal.

        Args:
            tile: Window and bands.
            content: What is stored of it.
            known: See `Entry`.

        Raises:
            FileTrouble: The disk is full or gone.
        """
        with os_errors_as_file_trouble(self.part):
            offset = self._data.seek(0, os.SEEK_END)
            _append(self._data, content)
        entry = Entry(offset, len(content), zlib.crc32(content), known)
        self._write_line(_to_line(tile, entry))
        self.tiles[tile] = entry

    def remove(self) -> None:
        """Delete both files: the download is finished, or nothing has arrived."""
        self._data.close()
        # The growing file first: without its journal nobody could tell whose it is.
        self.part.unlink(missing_ok=True)
        if os.name == "nt":  # where an open file cannot be deleted; another run may have opened it in between
            self._log.close()
            with suppress(PermissionError):
                self._path.unlink(missing_ok=True)
        else:  # while it is locked: unlocked, it could be another run's by now
            self._path.unlink(missing_ok=True)
            self._log.close()

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
        if len(lines) <= 1:
            self._refuse_files_of_others(header)
        if len(lines) > 1 and lines[0].get("fingerprint") != fingerprint:
            raise FileTrouble(
                _("{name} belongs to an unfinished download with different settings.", name=self.part.name),
                _(
                    "Run that download again to finish it, delete {name} and {path_name}, "
                    "or choose another file.",
                    name=self.part.name,
                    path_name=self._path.name,
                ),
            )
        with os_errors_as_file_trouble(self._path):
            self._log.truncate(end if len(lines) > 1 else 0)
            self._log.seek(0, os.SEEK_END)
        if len(lines) <= 1:
            self._write_line({_MARK: 3, "fingerprint": fingerprint, "note": self.note})
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

    def _refuse_files_of_others(self, header: bytes) -> None:
        """Refuse to write over files that happen to have our names; ours may be damaged, and still begin like ours."""
        for file, path, sign in ((self._log, self._path, _MARK.encode()), (self._data, self.part, header)):
            file.seek(0)
            begin = file.read(_BEGIN)
            if begin and sign not in begin:
                raise FileTrouble(
                    _("{name} is there already and belongs to no unfinished download.", name=path.name),
                    _("Move it away, or choose another file."),
                )

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
                _("The disk is full ({parent}).", parent=path.parent),
                _("Free some space and run again: the download resumes where it stopped."),
            ) from problem
        raise FileTrouble(
            _("Cannot write to {parent}: {strerror}.", parent=path.parent, strerror=problem.strerror),
            _("Choose another file."),
        ) from problem


def _open(path: Path) -> BinaryIO:
    """Open a file for reading and writing; create it if there is none.

    Without a buffer of Python's: what a full disk has refused would be written again as the file is closed.
    """
    if path.is_symlink():  # O_NOFOLLOW is missing on Windows
        raise _not_ours(path)
    flags = os.O_RDWR | os.O_CREAT
    for name in ("O_BINARY", "O_NOFOLLOW", "O_NONBLOCK"):  # the last: a FIFO would be waited for
        flags |= getattr(os, name, 0)
    try:
        handle = os.open(path, flags, 0o666)
    except OSError as problem:
        if problem.errno in (errno.ELOOP, errno.ENXIO):
            raise _not_ours(path) from problem
        raise
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise _not_ours(path)
    return os.fdopen(handle, "r+b", buffering=0)


def _not_ours(path: Path) -> FileTrouble:
    return FileTrouble(
        _("{name} is there already and is not an ordinary file.", name=path.name),
        _("Move it away, or choose another file."),
    )


def _open_locked(path: Path, target: Path) -> BinaryIO:
    """Open the journal and lock it; what another run deleted in between is made anew."""
    while True:
        with os_errors_as_file_trouble(path):
            file = _open(path)
        try:
            _lock(file, target)
            if _is_at(file, path):
                return file
        except BaseException:
            file.close()
            raise
        file.close()


def _is_at(file: BinaryIO, path: Path) -> bool:
    """Tell whether an open file is still the one of that name."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


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
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            break
        if not isinstance(found, dict):
            break
        lines.append(found)
        end += len(line)
    return lines, end


def _to_line(tile: Tile, entry: Entry) -> dict[str, Any]:
    window = [tile.column, tile.row, tile.width, tile.height, tile.bands.start, tile.bands.stop]
    return {
        "tile": window,
        "offset": entry.offset,
        "size": entry.size,
        "crc": entry.checksum,
        "known": entry.known,
    }


def _from_line(line: dict[str, Any]) -> tuple[Tile, Entry]:
    column, row, width, height, first, stop = line["tile"]
    return Tile(column, row, width, height, range(first, stop)), Entry(
        line["offset"], line["size"], line["crc"], line["known"]
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
            _("Another run is writing {name} right now.", name=path.name),
            _("Wait for it, or choose another file."),
        ) from problem
