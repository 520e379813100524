"""What a client asks before it computes: the API's description, the algorithms, the project, a sign-in."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from urllib.parse import parse_qs

from ..errors import Refused
from ..router import Answer, Request, json_answer, optional
from ..service import Service
from .routes import router

INIT_MESSAGE = "This is the Cloud Score+ sandbox on your own computer, not Google Earth Engine."

_GRANTS = {
    "urn:ietf:params:oauth:grant-type:jwt-bearer": "assertion",
    "refresh_token": "refresh_token",  # the name of a field # nosec B105
}
"""Ways to sign in, and what each has to bring."""

_HOUR = 3600  # seconds


@router.on("GET", "/$discovery/rest")
def describe(service: Service, _request: Request) -> Answer:
    """The description of the API, from which the client builds its methods."""
    return Answer(service.description)


@router.on("GET", "/v1/projects/{project}/algorithms")
def list_algorithms(service: Service, _request: Request, project: str) -> Answer:  # noqa: ARG001
    """Every algorithm that the client knows; a header says what answers here, and the client prints it."""
    return Answer(service.algorithms, headers={"X-Earth-Engine-Init-Message": INIT_MESSAGE})


@router.on("GET", "/v1/projects/{project}/config")
def get_config(service: Service, _request: Request, project: str) -> Answer:
    """The project's registration: every project is registered here."""
    return json_answer(
        {
            "name": f"projects/{project}/config",
            "registrationState": "REGISTERED_NOT_COMMERCIALLY",
            "maxConcurrentExports": str(service.operations.workers),
        }
    )


@router.on("PATCH", "/v1/projects/{project}/config")
def update_config(service: Service, request: Request, project: str) -> Answer:
    """Set how many exports run at a time."""
    text = optional(request.json(), "maxConcurrentExports", str, int)
    if text is not None:
        try:
            service.operations.workers = int(text)
        except ValueError as error:
            raise Refused("Invalid value at 'maxConcurrentExports'.") from error
    return get_config(service, request, project)


@router.on("POST", "/token")
def sign_in(_service: Service, request: Request) -> Answer:
    """The token endpoint of OAuth 2.0 (RFC 6749, RFC 7523): whoever asks in the right form is let in.

    A key file whose `token_uri` is this address lets a service account be tried without Google.
    """
    form = parse_qs(request.body.decode("utf-8", "replace"))
    grant = form.get("grant_type", [""])[0]
    if not form.get(_GRANTS.get(grant, "")):
        known = grant in _GRANTS
        problem = {"error": "invalid_request" if known else "unsupported_grant_type"}
        return json_answer(problem, HTTPStatus.BAD_REQUEST)
    access = {
        "access_token": secrets.token_urlsafe(),
        "expires_in": _HOUR,
        "token_type": "Bearer",  # a kind of access # nosec B105
    }
    return json_answer(access)
