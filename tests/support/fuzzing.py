"""What fuzz tests share: nodes of expressions, and what every answer has to be."""

from __future__ import annotations

import json
import time
from http import HTTPStatus
from typing import Any

from csplus.csplus_plugin.sandbox.server import Sandbox

from .servers import L2A, SCENE, ask
from .turnstile import LONG

PROJECT = "/v1/projects/p"
IMAGE = {"functionName": "Image.load", "arguments": {"id": {"constantValue": f"{L2A}/{SCENE}"}}}


def called(name: str, /, **arguments: Any) -> dict[str, Any]:
    """The node of a function's call."""
    return {"functionInvocationValue": {"functionName": name, "arguments": arguments}}


def constant(value: object) -> dict[str, Any]:
    """The node of a JSON value."""
    return {"constantValue": value}


def fine(sandbox: Sandbox, method: str, path: str, body: object = None) -> int:
    """The status of a request that is answered as it should be."""
    began = time.monotonic()
    status, headers, content = ask(sandbox.url, method, path, body)
    assert time.monotonic() - began < LONG
    assert status != HTTPStatus.INTERNAL_SERVER_ERROR, content
    if status >= HTTPStatus.BAD_REQUEST:
        assert headers["content-type"] == "application/json; charset=UTF-8"
        error = json.loads(content)["error"]
        assert path == "/token" or (error["code"] == status and error["message"])
    return status
