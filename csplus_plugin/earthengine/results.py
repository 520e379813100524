"""Where a task's result is: the addresses that the service gives, read without trusting them.

Source: REST reference, `OperationMetadata.destinationUris`. An asset's is a page of the Code Editor that names it, of
Drive a folder's page, of Cloud Storage a page of the console; the sandbox names assets and its own files.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from urllib.request import url2pathname

from ..core.targets.stored import ASSET
from .operations import Operation

_CODE_EDITOR = "code.earthengine.google.com"
_GOOGLE = ".google.com"
"""What the names of Google's pages end with."""


class Kind(Enum):
    """What a result is for whoever opens it."""

    ASSET = "asset"
    FILE = "file"
    PAGE = "page"


@dataclass(frozen=True)
class Result:
    """One address.

    Attributes:
        kind: What it is.
        address: Id of an asset, path of a file on this machine, or address of a page.
    """

    kind: Kind
    address: str


def results(task: Operation, *, is_sandbox: bool) -> list[Result]:
    """Give what a task has made, as far as it can be opened.

    Args:
        task: As the service tells of it.
        is_sandbox: Whether the service runs on this machine, so that its files are here.
    """
    found = (_read(link, is_sandbox=is_sandbox) for link in task.links)
    return [result for result in found if result is not None]


def _read(link: str, *, is_sandbox: bool) -> Result | None:
    if ASSET.fullmatch(link):
        return Result(Kind.ASSET, link)
    try:
        parts = urlsplit(link)
        host = parts.hostname or ""
    except ValueError:
        return None
    if parts.scheme == "file":
        # Of a service elsewhere it would be any file of this machine.
        path = Path(url2pathname(parts.path))
        return Result(Kind.FILE, str(path)) if is_sandbox and not host and path.is_file() else None
    if parts.scheme != "https" or not host.endswith(_GOOGLE) or parts.username or parts.password:
        return None
    if host == _CODE_EDITOR:
        named = parse_qs(parts.query).get("asset", [""])[0]
        if ASSET.fullmatch(named):
            return Result(Kind.ASSET, named)
    return Result(Kind.PAGE, link)
