"""The endpoints of the Earth Engine REST API that the sandbox answers, a few lines each.

First what a client asks before it computes, then what evaluates an expression, then what is stored. Forms of requests
and answers: https://developers.google.com/earth-engine/reference/rest and what the official client 1.7.50 sends.
"""

from __future__ import annotations

import secrets
from http import HTTPStatus
from urllib.parse import parse_qs

from ..errors import Refused
from ..resources import assets, exports, pixels, tables, thumbnails
from ..resources.messages import Answer, Request, json_answer, optional
from ..space.geometries import Geometry
from .router import Router
from .service import Service

router = Router()

INIT_MESSAGE = "This is the Cloud Score+ sandbox on your own computer, not Google Earth Engine."

_GRANTS = {
    "urn:ietf:params:oauth:grant-type:jwt-bearer": "assertion",
    "refresh_token": "refresh_token",  # the name of a field # nosec B105
}
"""Ways to sign in, and what each has to bring."""

_HOUR = 3600  # seconds


@router.on("GET", "/$discovery/rest")
def describe(service: Service, _request: Request) -> Answer:
    """Give the description of the API, from which the client builds its methods."""
    return Answer(service.description)


@router.on("GET", "/v1/projects/{project}/algorithms")
def list_algorithms(service: Service, _request: Request, project: str) -> Answer:  # noqa: ARG001
    """Every algorithm that the client knows; a header says what answers here, and the client prints it."""
    return Answer(service.algorithms, headers={"X-Earth-Engine-Init-Message": INIT_MESSAGE})


@router.on("GET", "/v1/projects/{project}/config")
def get_config(service: Service, _request: Request, project: str) -> Answer:
    """Give the project's registration: every project is registered here."""
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
    """Give the token endpoint of OAuth 2.0 (RFC 6749, RFC 7523): whoever asks in the right form is let in.

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


@router.on("POST", "/v1/projects/{project}/value:compute", computes=True)
def compute_value(service: Service, request: Request, project: str) -> Answer:  # noqa: ARG001
    """Give the value of an expression as JSON."""
    expression = request.json().get("expression")
    if not isinstance(expression, dict):
        raise Refused("The request has no expression.")
    value = service.evaluator.evaluate(expression)
    return json_answer({"result": service.evaluator.to_json(value)})


@router.on("POST", "/v1/projects/{project}/image:computePixels", computes=True)
def compute_pixels(service: Service, request: Request, project: str) -> Answer:  # noqa: ARG001
    """Give the pixels of a computed image as a file."""
    body = request.json()
    return _pixels(service, body.get("expression"), body)


@router.on("POST", "/v1/projects/{project}/assets/{+asset}:getPixels", computes=True)
def get_pixels(service: Service, request: Request, project: str, asset: str) -> Answer:
    """Give the pixels of a stored image as a file."""
    body = request.json()
    expression = assets.image_expression(service.library, project, asset)
    return _pixels(service, expression, body, pixels.region_of(body))


def _pixels(
    service: Service, expression: object, body: dict[str, object], region: Geometry | None = None
) -> Answer:
    view = pixels.view(service.evaluator, expression, body)
    content, media_type = view.render(pixels.grid_of(body, view, region))
    return Answer(content, media_type)


@router.on("POST", "/v1/projects/{project}/maps", computes=True)
def create_map(service: Service, request: Request, project: str) -> Answer:
    """Give a name under which the tiles of an image can be fetched."""
    body = request.json()
    view = pixels.view(service.evaluator, body.get("expression"), body)
    return json_answer({"name": service.maps.add(project, body, view)})


@router.on("GET", "/v1/projects/{project}/maps/{identity}/tiles/{zoom}/{column}/{row}", computes=True)
def get_tile(
    service: Service, _request: Request, *, project: str, identity: str, zoom: str, column: str, row: str
) -> Answer:
    """One tile of 256 x 256 pixels."""
    try:
        address = int(zoom), int(column), int(row)
    except ValueError as error:
        raise Refused(f"There is no map tile {zoom}/{column}/{row}.") from error
    body, media_type = service.maps.tile(project, identity, *address)
    return Answer(body, media_type, headers={"Cache-Control": "private, max-age=3600"})


@router.on("POST", "/v1/projects/{project}/thumbnails", computes=True)
def create_thumbnail(service: Service, request: Request, project: str) -> Answer:
    """Give a name under which a picture or a download can be fetched."""
    body = request.json()
    made = thumbnails.thumbnail(service.evaluator, body)
    return json_answer({"name": service.thumbnails.add(project, body, made)})


@router.on("GET", "/v1/projects/{project}/thumbnails/{identity}:getPixels", computes=True)
def get_thumbnail(service: Service, _request: Request, project: str, identity: str) -> Answer:
    """Give the bytes of a picture or a download."""
    return service.thumbnails.get(project, identity).render()


@router.on("POST", "/v1/projects/{project}/tables", computes=True)
def create_table(service: Service, request: Request, project: str) -> Answer:
    """Give a name under which a table can be fetched."""
    body = request.json()
    return json_answer({"name": service.tables.add(project, body, tables.table(service.evaluator, body))})


@router.on("GET", "/v1/projects/{project}/tables/{identity}:getFeatures", computes=True)
def get_table(service: Service, _request: Request, project: str, identity: str) -> Answer:
    """Give the bytes of a table."""
    return service.tables.get(project, identity).render()


@router.on("POST", "/v1/projects/{project}/table:computeFeatures", computes=True)
def compute_features(service: Service, request: Request, project: str) -> Answer:  # noqa: ARG001
    """Give the elements of a collection as GeoJSON, page by page."""
    return json_answer(tables.page(service.evaluator, request.json()))


@router.on("POST", "/v1/projects/{project}/imageCollection:computeImages")
def compute_images(_service: Service, _request: Request, project: str) -> Answer:
    """Refused: a map over the images does the same."""
    raise Refused(
        f"POST /v1/projects/{project}/imageCollection:computeImages is not supported by this sandbox."
    )


@router.on("GET", "/v1/projects/{project}/assets/")
def get_root(_service: Service, _request: Request, project: str) -> Answer:
    """Give what is known about a project's own assets as a whole."""
    return json_answer(assets.root(project))


@router.on("GET", "/v1/projects/{project}/assets/{+asset}")
def get_asset(service: Service, _request: Request, project: str, asset: str) -> Answer:
    """Give what is known about a folder, a collection, an image or a table."""
    return json_answer(assets.find(service.library, project, asset))


@router.on("GET", "/v1/projects/{project}/assets/{+asset}:listAssets")
def list_assets(service: Service, request: Request, project: str, asset: str) -> Answer:
    """Give the images of a collection, or what a folder holds, page by page."""
    return json_answer(assets.page(service.library, project, asset, request.query))


@router.on("GET", "/v1/projects/{project}/assets/{+asset}:listFeatures", computes=True)
def list_features(service: Service, request: Request, project: str, asset: str) -> Answer:
    """Give the features of a table as GeoJSON, page by page."""
    return json_answer(assets.features(service.library, project, asset, request.query))


@router.on("GET", "/v1/projects/{project}:listAssets")
def list_project(service: Service, request: Request, project: str) -> Answer:
    """Give the assets of a project: what was exported to it or made in it."""
    return json_answer(assets.page(service.library, project, "", request.query))


@router.on("POST", "/v1/projects/{project}/assets")
def create_asset(service: Service, request: Request, project: str) -> Answer:
    """Give an empty folder or image collection."""
    return json_answer(assets.create(service.library, project, request.query.get("assetId"), request.json()))


@router.on("DELETE", "/v1/projects/{project}/assets/{+asset}")
def delete_asset(service: Service, _request: Request, project: str, asset: str) -> Answer:
    """Remove an image, a table, an empty folder or an empty collection."""
    assets.delete(service.library, project, asset)
    return json_answer({})


@router.on("POST", "/v1/projects/{project}/image:export")
def export_image(service: Service, request: Request, project: str) -> Answer:
    """Start writing an image to the folder of exports."""
    body = request.json()
    if known := service.operations.known(project, body):
        return json_answer(known.to_json())
    task = exports.image_task(service.evaluator, service.library, service.exports, body)
    return json_answer(service.operations.start(project, body, len(request.body), task).to_json())


@router.on("POST", "/v1/projects/{project}/table:export")
def export_table(service: Service, request: Request, project: str) -> Answer:
    """Start writing a table to the folder of exports."""
    body = request.json()
    task = exports.table_task(service.evaluator, service.exports, body)
    return json_answer(service.operations.start(project, body, len(request.body), task).to_json())


@router.on("GET", "/v1/projects/{project}/operations")
def list_operations(service: Service, request: Request, project: str) -> Answer:
    """Give the operations of a project, the latest first."""
    return json_answer(service.operations.page(project, request.query))


@router.on("GET", "/v1/projects/{project}/operations/{identity}")
def get_operation(service: Service, _request: Request, project: str, identity: str) -> Answer:
    """How far an operation is."""
    return json_answer(service.operations.get(project, identity).to_json())


@router.on("POST", "/v1/projects/{project}/operations/{identity}:cancel")
def cancel_operation(service: Service, _request: Request, project: str, identity: str) -> Answer:
    """End an operation as soon as possible; one that is done stays as it is."""
    service.operations.cancel(project, identity)
    return json_answer({})
