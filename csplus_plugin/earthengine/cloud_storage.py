"""Files that exports have put into Cloud Storage: found and downloaded with the account that is signed in.

Source: Cloud Storage JSON API v1, `objects.list`, and `objects.get` with `alt=media` and a `Range`.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..core.errors import BadRequest, FileTrouble, PermissionDenied, Unreachable
from ..core.language import _
from . import credentials
from .client import Client
from .route import Route
from .session import Connection, Session, require_socks_support

STORAGE = "https://storage.googleapis.com/storage"

_PART = 16 << 20
"""Bytes of one request: little enough to be asked for again where the network is lost."""

_PAGES = 50
"""Of a list, at a thousand files each: more than an image has parts."""


@dataclass(frozen=True)
class StoredFile:
    """One file in a bucket.

    Attributes:
        name: Its name in the bucket, folders included.
        size: Bytes.
        md5: Its checksum, base64; empty where the service tells none.
    """

    name: str
    size: int
    md5: str = ""


def open_storage(connection: Connection, url: str = STORAGE) -> Session:
    """Open a session with the account of a connection; close it afterwards.

    Raises:
        SignInNeeded: There is no account, or it cannot be used.
    """
    require_socks_support(connection.proxies)
    account = credentials.find_account(connection.key_file)
    route = Route(connection.proxies, connection.no_proxy, connection.environment_proxy)
    return Session(url, "", route, account, connection.certificates)


def find_files(client: Client, bucket: str, prefix: str) -> list[StoredFile]:
    """Find the files of one exported image: one, or several whose names end in the place that they have in it.

    Args:
        client: Of a session of `open_storage`.
        bucket: The bucket.
        prefix: Name of the image in the bucket, without its ending.

    Raises:
        Cancelled: The user stopped it.
        ServiceError: There are none, or they may not be read.
    """
    ours = re.compile(re.escape(prefix) + r"(?:-?\d{10}-\d{10})?\.tif")
    found: list[StoredFile] = []
    page = ""
    with _in_words_of_storage(bucket, prefix):
        for _page in range(_PAGES):
            params = {"prefix": prefix, "fields": "items(name,size,md5Hash),nextPageToken"}
            params |= {"pageToken": page} if page else {}
            told = client.resource(f"b/{quote(bucket, safe='')}/o", params)
            listed = told.get("items", [])
            read = (_read(entry) for entry in (listed if isinstance(listed, list) else []))
            found += [one for one in read if one is not None and ours.fullmatch(one.name)]
            page = told.get("nextPageToken", "")
            if not isinstance(page, str) or not page:
                break
    if not found:
        raise BadRequest(
            _("There is no file {file}.", file=f"gs://{bucket}/{prefix}.tif"),
            _("Look into the bucket: it may have been moved."),
        )
    return found


def fetch_file(
    client: Client, bucket: str, file: StoredFile, target: Path, show: Callable[[int], None]
) -> None:
    """Download a file: it is there whole, or not at all.

    Args:
        client: Of a session of `open_storage`.
        bucket: The bucket.
        file: The file.
        target: Where it goes.
        show: Gets the number of bytes of each part that has arrived.

    Raises:
        Cancelled: The user stopped it.
        ServiceError: It may not be read, or did not arrive whole.
        FileTrouble: It cannot be written.
    """
    path = f"b/{quote(bucket, safe='')}/o/{quote(file.name, safe='')}"
    unfinished = target.with_name(f".{target.name}.part")
    digest = hashlib.md5(usedforsecurity=False)
    try:
        with unfinished.open("wb") as out, _in_words_of_storage(bucket, file.name.removesuffix(".tif")):
            for first in range(0, file.size, _PART):
                part = client.part(path, first, min(_PART, file.size - first))
                out.write(part)
                digest.update(part)
                show(len(part))
        if file.md5 and base64.b64encode(digest.digest()).decode() != file.md5:
            raise Unreachable(
                _("{file} was changed while it arrived.", file=f"gs://{bucket}/{file.name}"), _("Run again.")
            )
        unfinished.replace(target)
    except OSError as problem:
        raise FileTrouble(
            _("{path} cannot be written: {strerror}.", path=target, strerror=problem.strerror),
            _("Choose another folder, or make room."),
        ) from problem
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def _read(entry: Any) -> StoredFile | None:
    if not isinstance(entry, dict):
        return None
    name, size, md5 = entry.get("name"), str(entry.get("size")), entry.get("md5Hash", "")
    if not isinstance(name, str) or not re.fullmatch(r"[0-9]{1,18}", size):
        return None
    return StoredFile(name, int(size), md5 if isinstance(md5, str) else "")


@contextmanager
def _in_words_of_storage(bucket: str, prefix: str) -> Iterator[None]:
    """Say of what is refused which bucket it is: the client's own words are of Earth Engine and its projects."""
    try:
        yield
    except (PermissionDenied, BadRequest) as refused:
        what = _(
            "Cloud Storage does not give {file} (status {status}).",
            file=f"gs://{bucket}/{prefix}.tif",
            status=refused.status,
        )
        next_step = _(
            "Ask the bucket's owner for the role Storage Object Viewer; if you have it, sign in again under "
            "Settings > Options > Cloud Score+."
        )
        raise type(refused)(what, next_step, status=refused.status) from refused
