"""The directory of a TIFF file: the list that says what the file is and where its blocks are.

GDAL writes a file as a whole. Reading and writing its directory by hand lets blocks that GDAL has encoded one tile
at a time be used where they lie, so that a file grows by appending alone and nothing in it is written twice.
Sources: TIFF 6.0, section 2; the BigTIFF design page of libtiff.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from ..core.language import _

WIDTH, HEIGHT = 256, 257
BLOCK_OFFSETS, BLOCK_SIZES = 324, 325
"""Numbers of tags (TIFF 6.0, section 15: tiled images)."""

SUBFILE_TYPE, REDUCED_RESOLUTION = 254, 1
"""The tag that says what a directory is, and its value for an overview (TIFF 6.0, section 8)."""

FIRST_DIRECTORY_ONLY = frozenset({33550, 33922, 34264, 34735, 34736, 34737, 42112})
"""Tags that stand in a file's first directory alone: georeference (GeoTIFF 1.1), GDAL's metadata."""

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
    """An entry of a directory.

    Attributes:
        kind: TIFF's number of the type.
        count: How many values.
        data: Their bytes.
    """

    kind: int
    count: int
    data: bytes

    @classmethod
    def from_integer(cls, number: int) -> Tag:
        """Make a tag of one number below 2 to the power of 32."""
        return cls(_LONG, 1, struct.pack("<I", number))

    def integers(self) -> tuple[int, ...]:
        """Read the values of a tag of whole numbers."""
        return struct.unpack(f"<{self.count}{_CODES[self.kind]}", self.data)


Directory = Mapping[int, Tag]


@dataclass(frozen=True)
class Flavour:
    """Classic TIFF (offsets of 32 bits, so 4 GB) or BigTIFF (64 bits); both little-endian.

    Attributes:
        version: The number in the file's header.
        header_size: Bytes before anything else.
        offset_code: `struct` code of an offset.
        offset_type: TIFF's number of the type of an offset.
        count_code: `struct` code of the number of entries.
    """

    version: int
    header_size: int
    offset_code: str
    offset_type: int
    count_code: str

    @property
    def offset_size(self) -> int:
        """Bytes of an offset, and of the space for a value inside an entry."""
        return struct.calcsize(self.offset_code)

    def header(self, directory: int = 0) -> bytes:
        """Make the first bytes of a file; with 0 for the directory no program takes it for an image."""
        sizes = struct.pack("<HH", 8, 0) if self is BIG else b""
        return (
            struct.pack("<2sH", b"II", self.version) + sizes + struct.pack(f"<{self.offset_code}", directory)
        )


CLASSIC = Flavour(42, 8, "I", _LONG, "H")
BIG = Flavour(43, 16, "Q", _LONG8, "Q")


def read_directories(file: BinaryIO, start: int = 0) -> list[dict[int, Tag]]:
    """Read the directories of a TIFF that begins at `start` in a file, in the order of their chain.

    Raises:
        ValueError: There is no little-endian TIFF.
    """
    try:
        return list(_read(file, start))
    except (struct.error, KeyError) as problem:
        raise ValueError(_("not a TIFF file")) from problem


def _read(file: BinaryIO, start: int) -> Iterator[dict[int, Tag]]:
    def unpack(code: str, at: int | None = None) -> tuple[Any, ...]:
        if at is not None:
            file.seek(start + at)
        return struct.unpack(f"<{code}", file.read(struct.calcsize(f"<{code}")))

    order, version = unpack("2sH", 0)
    flavour = {42: CLASSIC, 43: BIG}[version]
    if order != b"II":
        raise KeyError(order)
    code = flavour.offset_code
    (at,) = unpack(code, flavour.header_size - flavour.offset_size)
    seen = {0}  # a chain ends with 0, a damaged one perhaps in a circle
    while at not in seen:
        seen.add(at)
        (number,) = unpack(flavour.count_code, at)
        entries = [unpack(f"HH{code}{flavour.offset_size}s") for _ in range(number)]
        (at,) = unpack(code)
        found = {}
        for tag, kind, count, inside in entries:
            size = count * _SIZES[kind]
            if size > flavour.offset_size:
                (place,) = struct.unpack(f"<{code}", inside)
                file.seek(start + place)
                inside = file.read(size)  # noqa: PLW2901 the value lies elsewhere
            found[tag] = Tag(kind, count, inside[:size])
        yield found


def encode_directories(directories: Sequence[Directory], flavour: Flavour, offset: int) -> bytes:
    """Encode a chain of directories, each followed by its longer values, to be written at an offset of a file."""
    parts: list[bytes] = []
    for left, directory in zip(range(len(directories))[::-1], directories, strict=True):
        parts.append(_encode_directory(directory, flavour, offset, is_last=not left))
        offset += len(parts[-1])
    return b"".join(parts)


def _encode_directory(directory: Directory, flavour: Flavour, offset: int, *, is_last: bool) -> bytes:
    code = flavour.offset_code
    entry = struct.calcsize(f"<HH{code}") + flavour.offset_size
    behind = offset + struct.calcsize(f"<{flavour.count_code}") + entry * len(directory) + flavour.offset_size
    entries, values = [struct.pack(f"<{flavour.count_code}", len(directory))], []
    for number, tag in sorted(directory.items()):
        inside = tag.data
        if len(tag.data) > flavour.offset_size:
            inside = struct.pack(f"<{code}", behind)
            values.append(tag.data + b"\0" * (len(tag.data) % 2))  # values begin at even offsets
            behind += len(values[-1])
        entries.append(struct.pack(f"<HH{code}{flavour.offset_size}s", number, tag.kind, tag.count, inside))
    gap = -behind % 8
    following = 0 if is_last else behind + gap
    return b"".join([*entries, struct.pack(f"<{code}", following), *values, b"\0" * gap])
