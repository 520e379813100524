"""Sign in as Earth Engine's own library does, with its client id: through the browser, and back to this computer.

OAuth 2.0 for native apps (RFC 8252) with PKCE (RFC 7636). Unlike the library's own, it can be cancelled, ends by
itself, checks the state, and asks Google through QGIS's proxy with the certificates that QGIS trusts.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from ..core.errors import ServiceError, SignInNeeded, Unreachable
from ..core.language import _, marked
from ..core.text import clean
from . import credentials, credentials_file, failures, responses
from .dependencies import load, load_ee
from .loopback import Listener, Redirect
from .route import Route
from .session import Connection, Session, require_socks_support
from .waiting import in_background
from .watch import Late

TIMEOUT = 180.0
"""Seconds that a person has to sign in in the browser."""

_EARTH_ENGINE = "https://www.googleapis.com/auth/earthengine"
_CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"

_LONGEST_TOKEN = 4096

_AGAIN = marked("Sign in again.")


@dataclass(frozen=True)
class Google:
    """Google's addresses; only tests have others.

    Attributes:
        exchange: Where a code is exchanged for a token.
        resource_manager: What lists Cloud projects.
        earth_engine: What says how a project is registered.
    """

    exchange: str = "https://oauth2.googleapis.com/token"
    resource_manager: str = "https://cloudresourcemanager.googleapis.com"
    earth_engine: str = "https://earthengine.googleapis.com"


GOOGLE = Google()


def sign_in(
    connection: Connection,
    browse: Callable[[str], None],
    is_cancelled: Callable[[], bool] = lambda: False,
    google: Google = GOOGLE,
    seconds: float = TIMEOUT,
) -> credentials.Account:
    """Let the user sign in in the browser, and store what Google gives where Earth Engine's library looks for it.

    Args:
        connection: The proxy and the certificates to use.
        browse: Opens an address in the user's browser.
        is_cancelled: Asked several times a second.
        google: Google's addresses.
        seconds: How long the user has.

    Raises:
        Cancelled: The user stopped it; nothing is stored.
        SignInNeeded: Access was not given, or not in time, or Google refused; nothing is stored.
        Unreachable: Google cannot be reached.
        FileTrouble: The credentials cannot be written.
    """
    load("requests")
    require_socks_support(connection.proxies)
    oauth = load_ee().oauth
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    with Listener(state) as listener:
        address = oauth.get_authorization_url(challenge, oauth.SCOPES, listener.address)
        more = {"state": state, "access_type": "offline", "prompt": "select_account consent"}
        browse(f"{address}&{urlencode(more)}")
        redirect = listener.wait(seconds, is_cancelled)
    _require_consent(redirect)
    fields = {
        "grant_type": "authorization_code",
        "code": redirect.code,
        "code_verifier": verifier,
        "client_id": oauth.CLIENT_ID,
        "client_secret": oauth.CLIENT_SECRET,
        "redirect_uri": listener.address,
    }
    token = _exchange(connection, google.exchange, fields, is_cancelled)
    stored = {"refresh_token": token["refresh_token"], "scopes": _granted(token, oauth.SCOPES)}
    credentials_file.store(Path(oauth.get_credentials_path()), stored)
    return credentials.user_account(stored, token["access_token"], _lifetime(token))


def _require_consent(redirect: Redirect) -> None:
    if redirect.error == "access_denied":
        raise SignInNeeded(_("Access was denied in the browser."), _("Sign in again, and choose Allow."))
    if redirect.error:
        raise SignInNeeded(_("Google refused to sign in: {error}.", error=redirect.error), _(_AGAIN))


def _exchange(
    connection: Connection, address: str, fields: Mapping[str, str], is_cancelled: Callable[[], bool]
) -> dict[str, Any]:
    """Exchange the code for tokens."""
    parts = urlsplit(address)
    route = Route(connection.proxies, connection.no_proxy, connection.environment_proxy)
    base = f"{parts.scheme}://{parts.netloc}"
    session = Session(base, "", route, certificates=connection.certificates)
    try:
        status, content = in_background(lambda: session.post_form(parts.path, fields), is_cancelled)
    except Late:
        raise failures.too_slow(session).error from None
    except Exception as error:
        failure = failures.from_exception(error, session)
        if failure is None:
            raise
        raise failure.error from None  # what caused it would show the request
    finally:
        session.close()
    try:
        answer = responses.read_object(content)
    except responses.DamagedResponse:
        answer = {}
    if status != HTTPStatus.OK:
        raise _refusal(status, answer, session)
    for name in ("refresh_token", "access_token"):
        if not _is_token(answer.get(name)):
            raise failures.damaged_response(
                _("it holds no {name}", name=name.replace("_", " ")), session
            ).error
    return answer


def _is_token(given: Any) -> bool:
    return (
        isinstance(given, str)
        and 0 < len(given) <= _LONGEST_TOKEN
        and given.isascii()
        and given.isprintable()
    )


def _refusal(status: int, answer: Mapping[str, Any], session: Session) -> ServiceError:
    words = [answer.get(name) for name in ("error", "error_description")]
    text = clean(": ".join(word for word in words if isinstance(word, str))).rstrip(".")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        what = _(
            "Google's sign-in service ({host}) reported an internal error: {text}.",
            host=session.host,
            text=text or status,
        )
        return Unreachable(what, _("Sign in again in a few minutes."), status=status)
    if not text:
        what = _(
            "A proxy or captive portal answered instead of {host} ({status}).",
            host=session.host,
            status=status,
        )
        return Unreachable(
            what, _("Check the network, and the proxy in QGIS under Settings > Options > Network.")
        )
    return SignInNeeded(_("Google did not finish signing in: {text}.", text=text), _(_AGAIN), status=status)


def _granted(token: Mapping[str, Any], asked: list[str]) -> list[str]:
    """Find what the user has granted: each can be unticked in the browser.

    What was not granted must not be stored: Google refuses to renew access to it.
    """
    said = token.get("scope")
    granted = [scope for scope in asked if scope in said.split()] if isinstance(said, str) else list(asked)
    if not {_EARTH_ENGINE, _CLOUD_PLATFORM} & set(granted):
        raise SignInNeeded(
            _("Access to Earth Engine was not granted in the browser."),
            _("Sign in again, and leave the boxes for Earth Engine and Google Cloud ticked."),
        )
    return granted


def _lifetime(token: Mapping[str, Any]) -> float:
    """Give the seconds for which the access token is good."""
    said = token.get("expires_in")
    return float(said) if isinstance(said, int) and 0 < said <= 24 * 3600 else 0.0
