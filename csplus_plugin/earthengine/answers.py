"""Answers whose status is good, read without trusting them: a proxy may have cut them, or made them up."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import requests


class Damaged(ValueError):
    """An answer's body is not what its status promises."""


def whole(answer: requests.Response) -> bytes:
    """The body, if all of it arrived; `requests` does not look (before urllib3 2)."""
    promised = answer.headers.get("Content-Length", "")
    if promised.isdigit() and answer.raw.tell() < int(promised):
        raise Damaged(f"{answer.raw.tell()} of {promised} bytes")
    return answer.content


def record(content: bytes) -> dict[str, Any]:
    """Read an answer that is a JSON object."""
    try:
        answer = json.loads(content)
    except ValueError:
        raise Damaged("it is not JSON") from None
    if not isinstance(answer, dict):
        raise Damaged("it is no JSON object")
    return answer


def value(content: bytes) -> Any:
    """Read the answer of `value:compute`."""
    answer = record(content)
    if "result" not in answer:
        raise Damaged("it holds no result")
    return answer["result"]


def name(content: bytes) -> str:
    """Read the answer of `maps`: the map's name, `projects/…/maps/…`."""
    found = record(content).get("name")
    if not isinstance(found, str) or not found.startswith("projects/"):
        raise Damaged("it names no map")
    return found


def algorithms(content: bytes) -> dict[str, Any]:
    """Read the answer of `algorithms`, a ListAlgorithmsResult."""
    answer = record(content)
    if not answer.get("algorithms"):
        raise Damaged("it lists no functions")
    return answer


def pixels(content: bytes, shape: tuple[int, int], bands: tuple[str, ...]) -> np.ndarray:
    """Decode a `.npy` file, without trusting it: no pickle, no more memory than it has bytes."""
    file = io.BytesIO(content)
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
    return np.frombuffer(content, dtype, offset=file.tell()).reshape(shape, order="F" if is_fortran else "C")
