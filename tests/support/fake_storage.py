"""Cloud Storage's side of downloads, on this machine: lists the files it is given, page by page, and sends parts."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from urllib.parse import parse_qs, unquote, urlsplit

from .fake_service import Answer, FakeService, Seen, refusal

BUCKET = "my-bucket"


class FakeStorage:
    """One bucket.

    Args:
        files: Name -> content.

    Attributes:
        instead: Answers that are given first, in the place of the right ones.
        ranges: The first and last bytes that were asked for.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)
        self.instead: list[Answer] = []
        self.ranges: list[tuple[int, int]] = []
        self.service = FakeService(respond=self._respond)

    def _respond(self, seen: Seen) -> Answer:
        if self.instead:
            return self.instead.pop(0)
        parts = urlsplit(seen.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == f"/v1/b/{BUCKET}/o":
            return self._list(query)
        name = unquote(parts.path.removeprefix(f"/v1/b/{BUCKET}/o/"))
        if name not in self.files or query.get("alt") != "media":
            return refusal(404, "No such object.")
        first, last = map(int, re.fullmatch(r"bytes=(\d+)-(\d+)", seen.headers["range"]).groups())
        self.ranges.append((first, last))
        return Answer(206, self.files[name][first : last + 1])

    def _list(self, query: Mapping[str, str]) -> Answer:
        names = sorted(name for name in self.files if name.startswith(query["prefix"]))
        at = int(query.get("pageToken", 0))
        more = {"nextPageToken": str(at + 1)} if at + 1 < len(names) else {}
        items = [self._entry(name) for name in names[at : at + 1]]
        return Answer(body=json.dumps({"items": items, **more}).encode())

    def _entry(self, name: str) -> dict[str, str]:
        digest = hashlib.md5(self.files[name], usedforsecurity=False).digest()
        return {
            "name": name,
            "size": str(len(self.files[name])),
            "md5Hash": base64.b64encode(digest).decode(),
        }
