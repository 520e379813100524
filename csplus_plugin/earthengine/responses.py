"""Responses whose status is good, read without trusting them: a proxy may have cut them, or made them up."""

from __future__ import annotations

import json
import mmap
import re
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.errors import Cancelled
from ..core.language import _
from .watch import BODY_TIMEOUT, PIECE, Late, Watch, socket_of

if TYPE_CHECKING:
    import requests

MAX_SIZE = 64 * 1024 * 1024
"""Bytes; the service sends no more than 48 MiB of pixels at once (REST reference, computePixels)."""

MAX_ERROR_SIZE = 1024 * 1024
"""Bytes of an error; the service's have less than a thousand."""

Body = bytes | memoryview
Memory = bytearray | mmap.mmap
"""What a body can be received into: writable, of a fixed length."""

_MAP = re.compile(r"projects/[A-Za-z0-9._:-]{1,100}/maps/[A-Za-z0-9_-]{1,200}")
"""Name of a map: it becomes part of an address (REST reference, projects.maps)."""

_GZIP = 16
"""What makes zlib expect the head of a gzip file (zlib manual, inflateInit2)."""

_DIGITS = 18

_NUMBERS = "biuf"
"""Kinds of a band's values in numpy's letters. A list of numbers for each pixel is of kind V."""

_FIELD = re.compile(r"\(\s*'([^']{1,200})'\s*,\s*'([<>|=]?[a-z?]\d{0,2})'\s*\)")
"""A band and its type in the head of a `.npy` file."""

_DESCR = re.compile(r"'descr'\s*:\s*\[([^\]]*)\]")
_ORDER = re.compile(r"'fortran_order'\s*:\s*(True|False)")
_SHAPE = re.compile(r"'shape'\s*:\s*\(\s*(\d{1,9})\s*,\s*(\d{1,9})\s*,?\s*\)")

_HEADER = 64 * 1024
"""Bytes of a `.npy` file in which its header is looked for: a thousand bands fit."""


class DamagedResponse(ValueError):
    """A response's body is not what its status promises."""


def receive(
    response: requests.Response,
    memory: Memory | None = None,
    is_cancelled: Callable[[], bool] = lambda: False,
    watch: Watch | None = None,
    limit: int = MAX_SIZE,
) -> Body:
    """Receive the body of a response, into the memory given if there is some. Every body comes through here.

    Args:
        response: Its head has arrived, its body is still to be read.
        memory: Where the body goes; what does not fit is damaged.
        is_cancelled: Asked between two pieces.
        watch: Told of every piece, by whoever waits for this thread.
        limit: Bytes of a body without memory of its own.

    Raises:
        DamagedResponse: Not all of it arrived (`requests` does not look, before urllib3 2), or more than fits, or it
            is coded in another way than asked for.
        Late: Whoever watches broke it off.
        Cancelled: The user stopped the run.
        requests.RequestException: The connection was lost, or nothing came for a while.
    """
    watch = watch or Watch()
    sock = socket_of(response.raw)
    if sock is not None:
        sock.settimeout(BODY_TIMEOUT)  # the service has computed: only the transfer is left
    body = bytearray() if memory is None else memory
    limit = limit if memory is None else len(memory)
    size = 0
    decode = _decoder(response.headers.get("Content-Encoding", ""))
    _refuse_negative_chunks(response)
    watch.expect(BODY_TIMEOUT, sock)
    while coded := _read_piece(response, watch):
        if is_cancelled():
            raise Cancelled
        watch.expect(BODY_TIMEOUT)
        piece = decode(coded, limit - size + 1)
        # Compressed bytes may stand for nothing at all, for ever.
        if max(size + len(piece), response.raw.tell()) > limit:
            raise DamagedResponse(_("it is longer than {limit} bytes", limit=limit))
        body[size : size + len(piece)] = piece
        size += len(piece)
    promised = read_length(response.headers.get("Content-Length"))
    if promised is not None and response.raw.tell() < promised:
        raise DamagedResponse(
            _("only {count} of {promised} bytes arrived", count=response.raw.tell(), promised=promised)
        )
    if size or response.raw.tell():
        decode(b"", 0)
    return memoryview(body)[:size]


def receive_error(response: requests.Response, watch: Watch | None = None) -> Body:
    """Receive the body of a response whose status is an error: empty where it is too long or damaged.

    Raises:
        Late: Whoever watches broke it off.
        requests.RequestException: The connection was lost, or nothing came for a while.
    """
    try:
        return receive(response, watch=watch, limit=MAX_ERROR_SIZE)
    except DamagedResponse:
        return b""


def read_length(header: str | None) -> int | None:
    """Read a number that a header holds; None where it holds none, or one of more digits than any length has."""
    header = (header or "").strip()
    return int(header) if header.isascii() and header.isdigit() and len(header) <= _DIGITS else None


def _read_piece(response: requests.Response, watch: Watch) -> bytes:
    """Read the next bytes as they were sent; none at the end.

    Not by `iter_content`: urllib3 before 2.6 decodes a piece of any coding, nested too, to whatever size it has.
    """
    import requests
    from urllib3.exceptions import HTTPError, ReadTimeoutError

    try:
        piece = response.raw.read(PIECE, decode_content=False)
    except (HTTPError, OSError, ValueError, AttributeError) as error:
        # A socket that was shut down under the library raises in many ways.
        if watch.is_broken_off:
            raise Late from None
        if isinstance(error, ReadTimeoutError):
            raise requests.exceptions.ReadTimeout(error) from error
        if isinstance(error, (HTTPError, OSError)):
            raise requests.exceptions.ChunkedEncodingError(error) from error
        raise DamagedResponse(_("its parts cannot be told apart")) from error
    if watch.is_broken_off:
        raise Late
    return piece or b""


def _refuse_negative_chunks(response: requests.Response) -> None:
    """Keep the standard library from a chunk of -1 bytes, for which it reads on until memory ends."""
    source = getattr(response.raw, "_fp", None)
    read_size = getattr(type(source), "_read_next_chunk_size", None)
    if source is None or read_size is None:
        return

    def read_next_chunk_size() -> int:
        size = read_size(source)
        if size < 0:
            raise ValueError
        return size

    source._read_next_chunk_size = read_next_chunk_size  # noqa: SLF001 no public way to say it


def _decoder(coding: str) -> Callable[[bytes, int], bytes]:
    """Make what decodes the pieces of a body to so many bytes at most; called without a piece at the end."""
    coding = coding.strip().lower()
    if coding in ("", "identity"):
        return lambda piece, _: piece
    if coding not in ("gzip", "x-gzip"):
        raise DamagedResponse(_("it is coded as {coding}, which was not asked for", coding=coding))
    inflater = zlib.decompressobj(zlib.MAX_WBITS | _GZIP)

    def inflate(piece: bytes, longest: int) -> bytes:
        if not piece and not inflater.eof:
            raise DamagedResponse(_("its compressed bytes are cut off"))
        try:
            inflated = inflater.decompress(piece, longest) if piece else b""
        except zlib.error:
            raise DamagedResponse(_("its compressed bytes are wrong")) from None
        if inflater.unused_data:
            raise DamagedResponse(_("more follows its compressed bytes"))
        return inflated

    return inflate


def read_json(content: Body) -> Any:
    """Read JSON of any kind."""
    try:
        return json.loads(bytes(content))
    except (ValueError, RecursionError):  # the second for a hundred thousand brackets
        raise DamagedResponse(_("it is not JSON")) from None


def read_object(content: Body) -> dict[str, Any]:
    """Read a JSON object."""
    found = read_json(content)
    if not isinstance(found, dict):
        raise DamagedResponse(_("it is not a JSON object"))
    return found


def read_value(content: Body) -> Any:
    """Read the response of `value:compute`."""
    found = read_object(content)
    if "result" not in found:
        raise DamagedResponse(_("it holds no result"))
    return found["result"]


def read_map_name(content: Body) -> str:
    """Read the response of `maps`: the map's name, `projects/…/maps/…`."""
    found = read_object(content).get("name")
    if not isinstance(found, str) or not _MAP.fullmatch(found):
        raise DamagedResponse(_("it names no map"))
    return found


def read_algorithms(content: Body) -> dict[str, Any]:
    """Read the response of `algorithms`, a ListAlgorithmsResult."""
    found = read_object(content)
    if not isinstance(found.get("algorithms"), list) or not found["algorithms"]:
        raise DamagedResponse(_("it lists no functions"))
    return found


def _read_npy_header(begin: bytes) -> tuple[np.dtype, tuple[int, int], bool, int]:
    """Read what a `.npy` file says of its values: type, shape, whether columns come first, bytes before the values.

    numpy has Python's own parser read it, which deep nesting brings down, and the whole program with it.
    """
    digits = {b"\x93NUMPY\x01\x00": 2, b"\x93NUMPY\x02\x00": 4}.get(begin[:8], 0)
    end = 8 + digits + int.from_bytes(begin[8 : 8 + digits], "little")
    header = begin[8 + digits : end].decode("latin-1").replace('"', "'").strip()
    descr, order, shape = _DESCR.search(header), _ORDER.search(header), _SHAPE.search(header)
    is_whole = digits and end <= len(begin) and header[:1] == "{" and header[-1:] == "}"
    if not (is_whole and descr and order and shape):
        raise DamagedResponse(_("it is not an NPY file"))
    if _FIELD.sub("", descr[1]).strip(" ,"):
        raise DamagedResponse(_("it holds something else than bands of numbers"))
    try:
        dtype = np.dtype(_FIELD.findall(descr[1]))
    except (TypeError, ValueError):
        raise DamagedResponse(_("its types are none of numpy's")) from None
    return dtype, (int(shape[1]), int(shape[2])), order[1] == "True", end


def read_pixels(
    content: Body, shape: tuple[int, int], bands: tuple[str, ...], wanted: str | None = None
) -> np.ndarray:
    """Decode a `.npy` file, without trusting it: no pickle, no more memory than it has bytes."""
    dtype, found, is_fortran, begin = _read_npy_header(bytes(content[:_HEADER]))
    if dtype.names != bands or found != shape:
        raise DamagedResponse(
            _(
                "it holds {names} {found} and not {bands} {shape}",
                names=dtype.names,
                found=found,
                bands=bands,
                shape=shape,
            )
        )
    if any(dtype[name].kind not in _NUMBERS for name in bands):
        raise DamagedResponse(_("it holds something else than numbers"))
    if wanted is not None and any(dtype[band] != np.dtype(wanted).newbyteorder("<") for band in bands):
        # A cast here would be silent: half floats and swapped bytes make pixels that look sound.
        raise DamagedResponse(_("it holds {dtype} and not {wanted}", dtype=dtype, wanted=wanted))
    if len(content) - begin != dtype.itemsize * shape[0] * shape[1]:
        raise DamagedResponse(
            _(
                "{size} bytes are not {width} x {height} pixels of {itemsize} bytes",
                size=len(content),
                width=shape[1],
                height=shape[0],
                itemsize=dtype.itemsize,
            )
        )
    found_pixels = np.frombuffer(content, dtype, offset=begin)
    found_pixels.flags.writeable = False
    return found_pixels.reshape(shape, order="F" if is_fortran else "C")
