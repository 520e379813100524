"""Responses whose status is good, read without trusting them: a proxy may have cut them, or made them up."""

from __future__ import annotations

import io
import json
import mmap
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.errors import Cancelled

if TYPE_CHECKING:
    import requests

BODY_TIMEOUT = 60.0
"""Seconds; a response that has begun to arrive does not pause for longer."""

MAX_SIZE = 64 * 1024 * 1024
"""Bytes; the service sends no more than 48 MiB of pixels at once (REST reference, computePixels)."""

Body = bytes | memoryview
Memory = bytearray | mmap.mmap
"""What a body can be received into: writable, of a fixed length."""

_MAP = re.compile(r"projects/[A-Za-z0-9._:-]{1,100}/maps/[A-Za-z0-9_-]{1,200}")
"""Name of a map: it becomes part of an address (REST reference, projects.maps)."""

_PIECE = 256 * 1024
_HEADER = 64 * 1024
"""Bytes of a `.npy` file in which its header is looked for: a thousand bands fit."""


class DamagedResponse(ValueError):
    """A response's body is not what its status promises."""


def receive(
    response: requests.Response,
    memory: Memory | None = None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Body:
    """Receive the body of a response, into the memory given if there is some.

    Raises:
        Damaged: Not all of it arrived (`requests` does not look, before urllib3 2), or more than fits.
        Cancelled: The user stopped the run.
        requests.RequestException: The connection was lost, or nothing came for a minute.
    """
    sock = getattr(getattr(response.raw, "connection", None), "sock", None)
    if sock is not None:
        sock.settimeout(BODY_TIMEOUT)  # the service has computed: only the transfer is left
    body = bytearray() if memory is None else memory
    limit = MAX_SIZE if memory is None else len(memory)
    size = 0
    for piece in response.iter_content(_PIECE):
        if is_cancelled():
            raise Cancelled
        if size + len(piece) > limit:
            raise DamagedResponse(f"it is longer than {limit} bytes")
        body[size : size + len(piece)] = piece
        size += len(piece)
    promised = response.headers.get("Content-Length", "")
    if promised.isdigit() and response.raw.tell() < int(promised):
        raise DamagedResponse(f"only {response.raw.tell()} of {promised} bytes arrived")
    return memoryview(body)[:size]


def read_object(content: Body) -> dict[str, Any]:
    """Read a JSON object."""
    try:
        found = json.loads(bytes(content))
    except ValueError:
        raise DamagedResponse("it is not JSON") from None
    if not isinstance(found, dict):
        raise DamagedResponse("it is not a JSON object")
    return found


def read_value(content: Body) -> Any:
    """Read the response of `value:compute`."""
    found = read_object(content)
    if "result" not in found:
        raise DamagedResponse("it holds no result")
    return found["result"]


def read_map_name(content: Body) -> str:
    """Read the response of `maps`: the map's name, `projects/…/maps/…`."""
    found = read_object(content).get("name")
    if not isinstance(found, str) or not _MAP.fullmatch(found):
        raise DamagedResponse("it names no map")
    return found


def read_algorithms(content: Body) -> dict[str, Any]:
    """Read the response of `algorithms`, a ListAlgorithmsResult."""
    found = read_object(content)
    if not found.get("algorithms"):
        raise DamagedResponse("it lists no functions")
    return found


def read_pixels(content: Body, shape: tuple[int, int], bands: tuple[str, ...]) -> np.ndarray:
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
        raise DamagedResponse("it is not an NPY file") from None
    if dtype.hasobject or dtype.names != bands or found != shape:
        raise DamagedResponse(f"it holds {dtype.names} {found} and not {bands} {shape}")
    if len(content) - file.tell() != dtype.itemsize * shape[0] * shape[1]:
        raise DamagedResponse(
            f"{len(content)} bytes are not {shape[1]} x {shape[0]} pixels of {dtype.itemsize} bytes"
        )
    found_pixels = np.frombuffer(content, dtype, offset=file.tell())
    found_pixels.flags.writeable = False
    return found_pixels.reshape(shape, order="F" if is_fortran else "C")
