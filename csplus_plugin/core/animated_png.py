"""PNG pictures of one size -> one animated PNG, which browsers, word processors and QGIS's own pages play.

Source: the APNG chunks `acTL`, `fcTL` and `fdAT` of the PNG specification, third edition.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator

from .errors import CsPlusError
from .language import _

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_FRAME = struct.Struct(">IIIIIHHBB")
"""Number, width, height, left, top, delay as a fraction, what follows it, how it is laid over the one before."""


def animated(pictures: Iterable[bytes], count: int, seconds: float) -> Iterator[bytes]:
    """Yield the parts of the file, one picture after the other, so that only one is kept in memory.

    Args:
        pictures: Whole PNG files of the same size and kind.
        count: How many there are; it stands at the beginning of the file.
        seconds: How long each is shown; to the millisecond, at most 65.

    Raises:
        CsPlusError: A picture differs in size or kind from the first.
    """
    delay = round(1000 * seconds)
    number, header = 0, b""
    for place, picture in enumerate(pictures):
        chunks = list(_chunks(picture))
        described = chunks[0][1]
        if not place:
            header = described
            yield _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"acTL", struct.pack(">II", count, 0))
        elif described != header:
            raise CsPlusError(_("The frames of the animation are not alike in size."), _("Run it again."))
        width, height = struct.unpack(">II", header[:8])
        yield _chunk(b"fcTL", _FRAME.pack(number, width, height, 0, 0, delay, 1000, 0, 0))
        number += 1
        for kind, content in chunks:
            if kind == b"IDAT" and not place:
                yield _chunk(
                    b"IDAT", content
                )  # the first frame is also the picture of readers that show only one
            elif kind == b"IDAT":
                yield _chunk(b"fdAT", struct.pack(">I", number) + content)
                number += 1
    yield _chunk(b"IEND", b"")


def _chunks(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(_SIGNATURE)
    while place < len(picture):
        (length,) = struct.unpack_from(">I", picture, place)
        yield picture[place + 4 : place + 8], picture[place + 8 : place + 8 + length]
        place += 12 + length


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
