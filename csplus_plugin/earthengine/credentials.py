"""Whose account signs the requests: found where Google's own tools keep it. Here it is only read; `sign_in` writes it.

Looked for in this order: a key file that was named, the user's Earth Engine credentials
(`earthengine authenticate`), application default credentials (`gcloud auth application-default login`, or the
identity of a machine at Google, which is asked of that machine's metadata service). Reading files asks no
server; the first request does.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ..core.errors import CsPlusError, SignInNeeded
from ..core.language import _, marked
from ..core.text import clean
from .dependencies import load, load_ee

SCOPES = (
    "https://www.googleapis.com/auth/earthengine",
    "https://www.googleapis.com/auth/cloud-platform",
)
"""What a service account requests access to; a user has granted it when signing in."""

_TEXTS = (
    *("type", "account", "client_email", "client_id", "client_secret", "private_key", "private_key_id"),
    *("project", "project_id", "quota_project_id", "refresh_token", "token_uri", "universe_domain"),
)
"""What a file of credentials may hold that is used, all of it text."""

_OTHER_TYPES = {
    "external_account",
    "external_account_authorized_user",
    "gdch_service_account",
    "impersonated_service_account",
}
"""Rarer types of application default credentials, left to google-auth (its guide, "external accounts")."""

_LONGEST_NAME = 254
"""Characters of an e-mail address (RFC 5321, 4.5.3.1.3); projects have 30."""

_SIGN_IN = marked(
    "Choose Sign in in QGIS under Settings > Options > Cloud Score+, or run `earthengine authenticate` in a terminal, "
    "then try again."
)


@dataclass(frozen=True)
class Account:
    """Who signs the requests.

    Attributes:
        credentials: A google-auth credentials object.
        description: Kind and, where known, e-mail address: fit for a log.
        project: Cloud project stored with the credentials; may be empty.
        sign_in_hint: What the user does if the service no longer accepts them, a whole sentence.
    """

    credentials: Any = field(repr=False)
    description: str
    project: str
    sign_in_hint: str


def find_account(key_file: Path | None) -> Account:
    """Find the account, without a prompt and without asking a server.

    Raises:
        SignInNeeded: There is none, or its file cannot be used; the sentence names the next step.
    """
    load("google.auth")
    if key_file:
        return _from_file(
            key_file,
            _("Check the file that GOOGLE_APPLICATION_CREDENTIALS names: {key_file}.", key_file=key_file),
        )
    account = _read_earth_engine() or _read_application_default()
    if account is None:
        raise SignInNeeded(
            _("No Earth Engine account is signed in on this computer."),
            _(
                "In QGIS, choose Sign in under Settings > Options > Cloud Score+. In a terminal, run `earthengine "
                "authenticate` (`pip install earthengine-api` brings the command), or set "
                "GOOGLE_APPLICATION_CREDENTIALS to a service account's key file, or set CSPLUS_ENDPOINT=sandbox to "
                "try the plugin without an account."
            ),
        )
    return account


def files_state(key_file: Path | None) -> tuple[tuple[str, int, int], ...]:
    """Return path, time and size of the files that `find_account` would read; changes when they do."""
    files = [key_file] if key_file else [_earth_engine_file(), _application_default_file()]
    return tuple(
        (str(file), status.st_mtime_ns, status.st_size)
        for file in files
        if file.is_file() and (status := file.stat())
    )


def _earth_engine_file() -> Path:
    return Path(load_ee().oauth.get_credentials_path())


def _application_default_file() -> Path:
    load("google.auth")
    from google.auth import _cloud_sdk  # the one place that knows it on every system; ee uses it too

    return Path(_cloud_sdk.get_application_default_credentials_path())


def _read_earth_engine() -> Account | None:
    """Read what `earthengine authenticate` stored, as `ee.data.get_persistent_credentials` reads them."""
    file = _earth_engine_file()
    if not file.is_file():
        return None
    stored = _read(file, _(_SIGN_IN))
    if not stored.get("refresh_token"):
        return None
    if not _holds_text(stored):
        raise _unusable(file, _("is broken"), _(_SIGN_IN))
    return user_account(stored)


def user_account(stored: Mapping[str, Any], access: str | None = None, seconds: float = 0.0) -> Account:
    """Make the account that Earth Engine's file of credentials stands for.

    Args:
        stored: What the file holds, checked.
        access: The access token that Google has just given; None: the first request asks for it.
        seconds: How long that is good.
    """
    load("google.auth")
    from google.oauth2.credentials import Credentials

    oauth = load_ee().oauth
    # The library counts in UTC without saying so.
    end = datetime.now(timezone.utc).replace(tzinfo=None) + timedelta(seconds=seconds)
    credentials = Credentials(
        access,
        expiry=end if access else None,
        refresh_token=stored["refresh_token"],
        token_uri=oauth.TOKEN_URI,
        client_id=stored.get("client_id", oauth.CLIENT_ID),
        client_secret=stored.get("client_secret", oauth.CLIENT_SECRET),
    )
    return Account(
        credentials, _("Earth Engine credentials of this computer"), _name(stored, "project"), _(_SIGN_IN)
    )


def _read_application_default() -> Account | None:
    file = _application_default_file()
    hint = _("Run `gcloud auth application-default login` in a terminal, then try again.")
    if file.is_file():
        return _from_file(file, hint)
    return _ask_this_machine() if _is_at_google() else None


def _is_at_google() -> bool:
    """Tell whether this machine is Google's: elsewhere, asking for its own identity hangs for seconds."""
    named = ("GCE_METADATA_HOST", "GCE_METADATA_IP", "GCE_METADATA_ROOT", "K_SERVICE", "GAE_ENV")
    if any(os.environ.get(name) for name in named):
        return True
    try:
        return Path("/sys/class/dmi/id/product_name").read_text(encoding="utf-8").startswith("Google")
    except (OSError, ValueError):
        return False


def _ask_this_machine() -> Account | None:
    import google.auth
    from google.auth.exceptions import GoogleAuthError

    try:
        credentials, project = google.auth.default(scopes=SCOPES)
    except GoogleAuthError:
        return None
    hint = _("Give the machine's service account access to Earth Engine.")
    return Account(credentials, _("service account of this Google Cloud machine"), project or "", hint)


def _from_file(file: Path, next_step: str) -> Account:
    """Read a file of any type that application default credentials may have."""
    stored = _read(file, next_step)
    import google.auth
    from google.auth.credentials import with_scopes_if_required
    from google.oauth2 import credentials as user
    from google.oauth2 import service_account

    kind = stored.get("type")
    if not _holds_text(stored):
        raise _unusable(file, _("is broken"), next_step)
    if kind not in ("service_account", "authorized_user", *_OTHER_TYPES):
        raise _unusable(file, _("contains no credentials of a known type"), next_step)
    try:
        if kind == "service_account":
            credentials = service_account.Credentials.from_service_account_info(stored)
        elif kind == "authorized_user":
            credentials = user.Credentials.from_authorized_user_info(stored)
        else:
            credentials, _project = google.auth.load_credentials_from_file(str(file))
    except Exception as broken:
        # The library's own text may quote the file, so it is not passed on.
        raise _unusable(file, _("is broken"), next_step) from broken
    email = _name(stored, "client_email") or _name(stored, "account")
    kind_in_words = {"service_account": _("service account"), "authorized_user": _("user")}.get(
        kind, _("account of another identity service")
    )
    project = _name(stored, "project_id") or _name(stored, "quota_project_id")
    return Account(
        with_scopes_if_required(credentials, SCOPES),
        f"{kind_in_words} {email}".strip(),
        project,
        next_step,
    )


def _read(file: Path, next_step: str) -> Mapping[str, Any]:
    try:
        stored = json.loads(file.read_bytes())
    except FileNotFoundError as absent:
        raise _unusable(file, _("does not exist"), next_step) from absent
    except OSError as closed:
        raise _unusable(file, _("cannot be read"), next_step) from closed
    except (ValueError, RecursionError) as broken:
        raise _unusable(file, _("is not JSON"), next_step) from broken
    if not isinstance(stored, dict):
        raise _unusable(file, _("contains no credentials"), next_step)
    return stored


def _unusable(file: Path, why: str, next_step: str) -> CsPlusError:
    return SignInNeeded(_("The credentials file {file} {why}.", file=file, why=why), next_step)


def _holds_text(stored: Mapping[str, Any]) -> bool:
    """Tell whether what Google's library takes for text is text, which it finds out only when it asks a server."""
    given = [stored[key] for key in _TEXTS if stored.get(key) is not None]
    # Half a surrogate cannot be sent.
    return all(isinstance(one, str) and one.encode(errors="replace").decode() == one for one in given)


def _name(stored: Mapping[str, Any], key: str) -> str:
    """Read a name that the file holds, to be shown; empty if there is none."""
    found = stored.get(key)
    return clean(found, _LONGEST_NAME) if isinstance(found, str) else ""
