"""The directory of a TIFF file: the list that says what the file is and where its blocks are.

GDAL writes a file as a whole. Reading and writing its directory by hand lets blocks that GDAL has encoded one tile
at a time be adopted where they lie, so that a file grows by appending alone and nothing in it is written twice.
Sources: TIFF 6.0, section 2; the BigTIFF design page of libtiff.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

WIDTH, HEIGHT = 256, 257
BLOCK_OFFSETS, BLOCK_SIZES = 324, 325
"""Numbers of tags (TIFF 6.0, section 15: tiled images)."""

_SHORT, _LONG, _LONG8 = 3, 4, 16
_SIZES = {
    1: 1,
    2: 1,
    _SHORT: 2,
    _LONG: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    _LONG8: 8,
    17: 8,
    18: 8,
}
_CODES = {_SHORT: "H", _LONG: "I", _LONG8: "Q"}


@dataclass(frozen=True)
class Tag:
    """An entry of a directory: its type, how many values, and their bytes."""

    kind: int
    count: int
    data: bytes

    @classmethod
    def of(cls, number: int) -> Tag:
        """Make a tag of one number below 2 to the power of 32."""
        return cls(_LONG, 1, struct.pack("<I", number))

    def values(self) -> tuple[int, ...]:
        """Read whole numbers."""
        return struct.unpack(f"<{self.count}{_CODES[self.kind]}", self.data)


Directory = Mapping[int, Tag]


@dataclass(frozen=True)
class Flavour:
    """Classic TIFF (offsets of 32 bits, so 4 GB) or BigTIFF (64 bits); both little-endian.

    Attributes:
        version: The number in the file's head.
        head_size: Bytes before anything else.
        offset: struct code and TIFF type of an offset.
        number: struct code of the number of entries.
    """

    version: int
    head_size: int
    offset: tuple[str, int]
    number: str

    @property
    def field(self) -> int:
        """Bytes of an offset, and of the room for a value inside an entry."""
        return struct.calcsize(self.offset[0])

    def head(self, directory: int = 0) -> bytes:
        """Make the first bytes of a file; with 0 for the directory no program takes it for a picture."""
        sizes = struct.pack("<HH", 8, 0) if self is BIG else b""
        return struct.pack("<2sH", b"II", self.version) + sizes + struct.pack(f"<{self.offset[0]}", directory)


CLASSIC = Flavour(42, 8, ("I", _LONG), "H")
BIG = Flavour(43, 16, ("Q", _LONG8), "Q")


def read_directory(file: BinaryIO, start: int = 0) -> dict[int, Tag]:
    """Read the first directory of a TIFF that begins at `start` in a file.

    Raises:
        ValueError: There is no little-endian TIFF.
    """
    try:
        return _read(file, start)
    except (struct.error, KeyError) as problem:
        raise ValueError("not a TIFF file") from problem


def _read(file: BinaryIO, start: int) -> dict[int, Tag]:
    def take(code: str, at: int | None = None) -> tuple[Any, ...]:
        if at is not None:
            file.seek(start + at)
        return struct.unpack(f"<{code}", file.read(struct.calcsize(f"<{code}")))

    order, version = take("2sH", 0)
    flavour = {42: CLASSIC, 43: BIG}[version]
    if order != b"II":
        raise KeyError(order)
    code = flavour.offset[0]
    (at,) = take(code, flavour.head_size - flavour.field)
    (number,) = take(flavour.number, at)
    entries = [take(f"HH{code}{flavour.field}s") for _ in range(number)]
    found = {}
    for tag, kind, count, inside in entries:
        size = count * _SIZES[kind]
        if size > flavour.field:
            (at,) = struct.unpack(f"<{code}", inside)
            file.seek(start + at)
            inside = file.read(size)  # noqa: PLW2901 the value lies elsewhere
        found[tag] = Tag(kind, count, inside[:size])
    return found


def directory_bytes(directory: Directory, flavour: Flavour, at: int) -> bytes:
    """Write a directory, its longer values behind it, for a place `at` in a file."""
    code = flavour.offset[0]
    entry = struct.calcsize(f"<HH{code}") + flavour.field
    behind = at + struct.calcsize(f"<{flavour.number}") + entry * len(directory) + flavour.field
    entries, values = [struct.pack(f"<{flavour.number}", len(directory))], []
    for number, tag in sorted(directory.items()):
        inside = tag.data
        if len(tag.data) > flavour.field:
            inside = struct.pack(f"<{code}", behind)
            values.append(tag.data + b"\0" * (len(tag.data) % 2))  # values begin at even places
            behind += len(values[-1])
        entries.append(struct.pack(f"<HH{code}{flavour.field}s", number, tag.kind, tag.count, inside))
    return b"".join([*entries, struct.pack(f"<{code}", 0), *values])
