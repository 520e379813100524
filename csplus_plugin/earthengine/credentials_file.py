"""Earth Engine's own file of credentials, written: by *Sign in* alone, for its owner's eyes only."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..core.errors import FileTrouble
from ..core.language import _

_OWNER_ONLY, _OWNER_ONLY_FOLDER = 0o600, 0o700


def store(file: Path, content: Mapping[str, Any]) -> None:
    """Write the file at once or not at all; an older one stays beside it, with `.bak` added to its name.

    Args:
        file: Where Earth Engine's library looks (`ee.oauth.get_credentials_path`).
        content: What is stored.

    Raises:
        FileTrouble: It cannot be written; what stood there stays.
    """
    try:
        file.parent.mkdir(mode=_OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
        if file.exists():
            _write(file.with_name(f"{file.name}.bak"), file.read_bytes())
        _write(file, json.dumps(content).encode())
    except OSError as why:
        raise FileTrouble(
            _(
                "The credentials cannot be written to {file}: {strerror}.",
                file=file,
                strerror=why.strerror or why,
            ),
            _("Check that the folder can be written to and that the disk has room, then sign in again."),
        ) from why


def _write(file: Path, content: bytes) -> None:
    """Put a new file in the place of an old one: nobody else can read it at any moment, nor see half of it."""
    new = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    # With O_EXCL it is ours: no link, and no mode of somebody else's.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(new, flags, _OWNER_ONLY)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        new.replace(file)
    except BaseException:
        with contextlib.suppress(OSError):
            new.unlink()
        raise
