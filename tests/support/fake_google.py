"""Google's side of signing in, on this machine: consent in a "browser", the token endpoint, and Resource Manager."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from csplus.csplus_plugin.earthengine.sign_in import Google

from .fake_service import Answer, FakeService, Seen, refusal

CODE, ACCESS, REFRESH = "4/code-word-1", "access-word-2", "refresh-word-3"

_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def answer_json(content: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(content).encode())


def get(url: str, **headers: str) -> tuple[int, str]:
    """What a browser does with an address."""
    request = urllib.request.Request(url, headers=headers)
    try:
        with _NO_PROXY.open(request, timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


class FakeGoogle:
    """Consents, and exchanges the code if the proof fits the question; lists the projects it is given.

    Args:
        configs: Project id -> its registration state, or the answer instead of it.
        exchange: The answer of the token endpoint, instead of a right one.
        names: Further entries of the list.
    """

    def __init__(
        self,
        configs: Mapping[str, str | Answer] | None = None,
        exchange: Answer | None = None,
        entries: list[Any] | None = None,
        scope: str | None = None,
    ) -> None:
        self.configs = dict({"mine-1234": "REGISTERED_NOT_COMMERCIALLY"} if configs is None else configs)
        self.exchange, self.entries, self.scope = exchange, entries or [], scope
        self.asked: dict[str, str] = {}
        self.pages: list[tuple[int, str]] = []
        self.service = FakeService(respond=self._respond)
        url = self.service.url
        self.addresses = Google(f"{url}/token", url, url)

    def __enter__(self) -> FakeGoogle:
        return self

    def __exit__(self, *_: object) -> None:
        self.service.__exit__()

    def seen(self, path: str) -> list[Seen]:
        return [one for one in self.service.seen if one.path.partition("?")[0].endswith(path)]

    def note(self, address: str) -> str:
        """Read the question; give the address to come back to."""
        self.asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        self.asked[""] = address.partition("?")[0]
        return self.asked["redirect_uri"]

    def visit(self, **fields: str) -> Callable[[str], None]:
        """Make the browser of a user who comes back with these fields, the state of the question if none is given."""

        def browse(address: str) -> None:
            back = self.note(address)
            query = urlencode({"state": self.asked["state"], **fields})
            threading.Thread(target=lambda: self.pages.append(get(f"{back}/?{query}")), daemon=True).start()

        return browse

    def renewed(self) -> Answer:
        """The answer of the token endpoint to a refresh token."""
        return answer_json({"access_token": ACCESS, "expires_in": 3599, "token_type": "Bearer"})

    def consent(self) -> Callable[[str], None]:
        return self.visit(code=CODE)

    def _respond(self, seen: Seen) -> Answer:
        path = seen.path.partition("?")[0]
        if path == "/token":
            return self.exchange or self._exchange(seen)
        if seen.headers.get("authorization") != f"Bearer {ACCESS}":
            return refusal(401, "Invalid credentials.")
        if path == "/v1/projects":
            return self._list(parse_qs(urlsplit(seen.path).query))
        project = path.removeprefix("/v1/projects/").removesuffix("/config")
        if seen.headers.get("x-goog-user-project") != project:
            return refusal(403, f"Charged to {seen.headers.get('x-goog-user-project')}.")
        found = self.configs.get(project, "NOT_REGISTERED")
        return answer_json({"registrationState": found}) if isinstance(found, str) else found

    def _exchange(self, seen: Seen) -> Answer:
        given = {name: values[0] for name, values in parse_qs(seen.body.decode()).items()}
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        proof = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        is_right = (
            given.get("code") == CODE
            and given.get("grant_type") == "authorization_code"
            and proof == self.asked["code_challenge"]
            and all(given.get(name) == self.asked[name] for name in ("client_id", "redirect_uri"))
        )
        if not is_right:
            return answer_json({"error": "invalid_grant", "error_description": "Bad Request"}, 400)
        scope = self.asked["scope"] if self.scope is None else self.scope
        tokens = {"access_token": ACCESS, "refresh_token": REFRESH, "token_type": "Bearer"}
        return answer_json({**tokens, "expires_in": 3599, "scope": f"openid {scope}"})

    def _list(self, query: Mapping[str, list[str]]) -> Answer:
        """Two pages: Google's own list of many projects has more than one."""
        known = [
            {"projectId": one, "name": f"Name of {one}", "lifecycleState": "ACTIVE"} for one in self.configs
        ]
        if "pageToken" in query:
            return answer_json({"projects": self.entries})
        return answer_json({"projects": known, "nextPageToken": "more"})
