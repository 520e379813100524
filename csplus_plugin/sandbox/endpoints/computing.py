"""Everything that evaluates an expression and answers with the result: values, pixels, maps, files, features."""

from __future__ import annotations

from .. import assets, pixels, tables, thumbnails
from ..errors import Refused
from ..router import Answer, Request, json_answer
from ..service import Service
from .routes import router


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
    return _pixels(service, assets.image_expression(service.library, project, asset), request.json())


def _pixels(service: Service, expression: object, body: dict[str, object]) -> Answer:
    view = pixels.view(service.evaluator, expression, body)
    content, media_type = view.render(pixels.grid_of(body, view))
    return Answer(content, media_type)


@router.on("POST", "/v1/projects/{project}/maps", computes=True)
def create_map(service: Service, request: Request, project: str) -> Answer:
    """A name under which the tiles of an image can be fetched."""
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
    """A name under which a picture or a download can be fetched."""
    body = request.json()
    made = thumbnails.thumbnail(service.evaluator, body)
    return json_answer({"name": service.thumbnails.add(project, body, made)})


@router.on("GET", "/v1/projects/{project}/thumbnails/{identity}:getPixels", computes=True)
def get_thumbnail(service: Service, _request: Request, project: str, identity: str) -> Answer:
    """The bytes of a picture or a download."""
    return service.thumbnails.get(project, identity).render()


@router.on("POST", "/v1/projects/{project}/tables", computes=True)
def create_table(service: Service, request: Request, project: str) -> Answer:
    """A name under which a table can be fetched."""
    body = request.json()
    return json_answer({"name": service.tables.add(project, body, tables.table(service.evaluator, body))})


@router.on("GET", "/v1/projects/{project}/tables/{identity}:getFeatures", computes=True)
def get_table(service: Service, _request: Request, project: str, identity: str) -> Answer:
    """The bytes of a table."""
    return service.tables.get(project, identity).render()


@router.on("POST", "/v1/projects/{project}/table:computeFeatures", computes=True)
def compute_features(service: Service, request: Request, project: str) -> Answer:  # noqa: ARG001
    """The elements of a collection as GeoJSON, page by page."""
    return json_answer(tables.page(service.evaluator, request.json()))


@router.on("POST", "/v1/projects/{project}/imageCollection:computeImages")
def compute_images(_service: Service, _request: Request, project: str) -> Answer:
    """Refused: a map over the images does the same."""
    raise Refused(
        f"POST /v1/projects/{project}/imageCollection:computeImages is not supported by this sandbox."
    )
