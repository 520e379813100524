"""Answers whose status is good, read without trusting them: a proxy may have cut them, or made them up."""

from __future__ import annotations

import io
import json
import mmap
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.errors import Cancelled

if TYPE_CHECKING:
    import requests

BODY_TIMEOUT = 60.0
"""Seconds; an answer that has begun to arrive does not pause for longer."""

LARGEST = 64 * 1024 * 1024
"""Bytes; the service sends no more than 48 MiB of pixels at once (REST reference, computePixels)."""

Body = bytes | memoryview
Memory = bytearray | mmap.mmap
"""What a body can be received into: writable, of a fixed length."""

_PIECE = 256 * 1024
_HEADER = 64 * 1024
"""Bytes of a `.npy` file in which its header is looked for: a thousand bands fit."""


class Damaged(ValueError):
    """An answer's body is not what its status promises."""


def received(
    answer: requests.Response, memory: Memory | None = None, is_cancelled: Callable[[], bool] = lambda: False
) -> Body:
    """Receive the body of an answer, into the memory given if it is meant to lie there.

    Raises:
        Damaged: Not all of it arrived (`requests` does not look, before urllib3 2), or more than there can be.
        Cancelled: The user stopped the run.
        requests.RequestException: The connection broke off, or nothing came for a minute.
    """
    sock = getattr(getattr(answer.raw, "connection", None), "sock", None)
    if sock is not None:
        sock.settimeout(BODY_TIMEOUT)  # the service has done its work: what is left is the way here
    body = bytearray() if memory is None else memory
    most = LARGEST if memory is None else len(memory)
    size = 0
    for piece in answer.iter_content(_PIECE):
        if is_cancelled():
            raise Cancelled
        if size + len(piece) > most:
            raise Damaged(f"it is longer than {most} bytes")
        body[size : size + len(piece)] = piece
        size += len(piece)
    promised = answer.headers.get("Content-Length", "")
    if promised.isdigit() and answer.raw.tell() < int(promised):
        raise Damaged(f"{answer.raw.tell()} of {promised} bytes")
    return memoryview(body)[:size]


def record(content: Body) -> dict[str, Any]:
    """Read an answer that is a JSON object."""
    try:
        answer = json.loads(bytes(content))
    except ValueError:
        raise Damaged("it is not JSON") from None
    if not isinstance(answer, dict):
        raise Damaged("it is no JSON object")
    return answer


def value(content: Body) -> Any:
    """Read the answer of `value:compute`."""
    answer = record(content)
    if "result" not in answer:
        raise Damaged("it holds no result")
    return answer["result"]


def name(content: Body) -> str:
    """Read the answer of `maps`: the map's name, `projects/…/maps/…`."""
    found = record(content).get("name")
    if not isinstance(found, str) or not found.startswith("projects/"):
        raise Damaged("it names no map")
    return found


def algorithms(content: Body) -> dict[str, Any]:
    """Read the answer of `algorithms`, a ListAlgorithmsResult."""
    answer = record(content)
    if not answer.get("algorithms"):
        raise Damaged("it lists no functions")
    return answer


def pixels(content: Body, shape: tuple[int, int], bands: tuple[str, ...]) -> np.ndarray:
    """Decode a `.npy` file, without trusting it: no pickle, no more memory than it has bytes."""
    file = io.BytesIO(bytes(content[:_HEADER]))
    try:
        version = np.lib.format.read_magic(file)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        found, is_fortran, dtype = read_header(file)
    except (ValueError, KeyError, SyntaxError, TypeError):
        raise Damaged("it is no NPY file") from None
    if dtype.hasobject or dtype.names != bands or found != shape:
        raise Damaged(f"it holds {dtype.names} {found} and not {bands} {shape}")
    if len(content) - file.tell() != dtype.itemsize * shape[0] * shape[1]:
        raise Damaged(
            f"{len(content)} bytes are not {shape[1]} x {shape[0]} pixels of {dtype.itemsize} bytes"
        )
    found_pixels = np.frombuffer(content, dtype, offset=file.tell())
    found_pixels.flags.writeable = False
    return found_pixels.reshape(shape, order="F" if is_fortran else "C")
