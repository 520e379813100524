"""The endpoints of the Earth Engine REST API that the sandbox answers, a few lines each.

Forms of requests and answers: https://developers.google.com/earth-engine/reference/rest and what the
official client 1.7.50 sends.
"""

from __future__ import annotations

from pathlib import Path

from . import assets, discovery, pixels
from .archive import Archive
from .errors import Refused
from .evaluator import Evaluator
from .maps import Maps
from .router import Answer, Request, Router, json_answer

INIT_MESSAGE = "This is the Cloud Score+ sandbox on your own computer, not Google Earth Engine."

router = Router()


class Service:
    """What the endpoints share: the scenes, the evaluator over them, and the maps made so far.

    Args:
        scenes: An archive of scenes.
        url: Where the sandbox can be reached.

    Raises:
        CannotStart: The client library's files are missing.
    """

    def __init__(self, scenes: Path, url: str) -> None:
        self.algorithms = discovery.algorithms()
        self.description = discovery.description(url)
        self.archive = Archive(scenes)
        self.evaluator = Evaluator(self.archive)
        self.maps = Maps()


@router.on("GET", "/$discovery/rest")
def describe(service: Service, _request: Request) -> Answer:
    """The description of the API, from which the client builds its methods."""
    return Answer(service.description)


@router.on("GET", "/v1/projects/{project}/algorithms")
def list_algorithms(service: Service, _request: Request, project: str) -> Answer:  # noqa: ARG001
    """Every algorithm that the client knows; a header says what answers here, and the client prints it."""
    return Answer(service.algorithms, headers={"X-Earth-Engine-Init-Message": INIT_MESSAGE})


@router.on("GET", "/v1/projects/{project}/config")
def get_config(_service: Service, _request: Request, project: str) -> Answer:
    """The project's registration: every project is registered here."""
    return json_answer(
        {
            "name": f"projects/{project}/config",
            "registrationState": "REGISTERED_NOT_COMMERCIALLY",
            "maxConcurrentExports": "2",
        }
    )


@router.on("POST", "/v1/projects/{project}/value:compute", computes=True)
def compute_value(service: Service, request: Request, project: str) -> Answer:  # noqa: ARG001
    """The value of an expression as JSON."""
    expression = request.json().get("expression")
    if not isinstance(expression, dict):
        raise Refused("The request has no expression.")
    value = service.evaluator.evaluate(expression)
    return json_answer({"result": service.evaluator.to_json(value)})


@router.on("POST", "/v1/projects/{project}/image:computePixels", computes=True)
def compute_pixels(service: Service, request: Request, project: str) -> Answer:  # noqa: ARG001
    """The pixels of a computed image as a file."""
    body = request.json()
    return _pixels(service, body.get("expression"), body)


@router.on("POST", "/v1/projects/{project}/assets/{+asset}:getPixels", computes=True)
def get_pixels(service: Service, request: Request, project: str, asset: str) -> Answer:
    """The pixels of a stored image as a file."""
    return _pixels(service, assets.image_expression(project, asset), request.json())


@router.on("POST", "/v1/projects/{project}/maps", computes=True)
def create_map(service: Service, request: Request, project: str) -> Answer:
    """A name under which the tiles of an image can be fetched."""
    body = request.json()
    view = pixels.view(service.evaluator, body.get("expression"), body)
    return json_answer({"name": service.maps.add(project, body, view)})


@router.on("GET", "/v1/projects/{project}/maps/{map_id}/tiles/{zoom}/{column}/{row}", computes=True)
def get_tile(
    service: Service, _request: Request, *, project: str, map_id: str, zoom: str, column: str, row: str
) -> Answer:
    """One tile of 256 x 256 pixels."""
    try:
        address = int(zoom), int(column), int(row)
    except ValueError as error:
        raise Refused(f"There is no map tile {zoom}/{column}/{row}.") from error
    body, media_type = service.maps.tile(f"projects/{project}/maps/{map_id}", *address)
    return Answer(body, media_type, headers={"Cache-Control": "private, max-age=3600"})


@router.on("GET", "/v1/projects/{project}/assets/{+asset}")
def get_asset(service: Service, _request: Request, project: str, asset: str) -> Answer:
    """What is known about a collection or an image."""
    return json_answer(assets.find(service.archive, project, asset))


@router.on("GET", "/v1/projects/{project}/assets/{+asset}:listAssets")
def list_assets(service: Service, request: Request, project: str, asset: str) -> Answer:
    """The images of a collection, page by page."""
    return json_answer(assets.page(service.archive, project, asset, request.query))


@router.on("GET", "/v1/projects/{project}:listAssets")
def list_project(_service: Service, _request: Request, project: str) -> Answer:  # noqa: ARG001
    """The assets of a project: the sandbox stores none."""
    return json_answer({"assets": []})


def _pixels(service: Service, expression: object, body: dict[str, object]) -> Answer:
    view = pixels.view(service.evaluator, expression, body)
    content, media_type = view.render(pixels.grid_of(body, view.bands))
    return Answer(content, media_type)
