"""Everything that is stored: assets, exports and the operations that write them."""

from __future__ import annotations

from .. import assets, exports
from ..router import Answer, Request, json_answer
from ..service import Service
from .routes import router


@router.on("GET", "/v1/projects/{project}/assets/")
def get_root(_service: Service, _request: Request, project: str) -> Answer:
    """What is known about a project's own assets as a whole."""
    return json_answer(assets.root(project))


@router.on("GET", "/v1/projects/{project}/assets/{+asset}")
def get_asset(service: Service, _request: Request, project: str, asset: str) -> Answer:
    """What is known about a collection or an image."""
    return json_answer(assets.find(service.library, project, asset))


@router.on("GET", "/v1/projects/{project}/assets/{+asset}:listAssets")
def list_assets(service: Service, request: Request, project: str, asset: str) -> Answer:
    """The images of a collection, or what a folder holds, page by page."""
    return json_answer(assets.page(service.library, project, asset, request.query))


@router.on("GET", "/v1/projects/{project}:listAssets")
def list_project(service: Service, request: Request, project: str) -> Answer:
    """The assets of a project: what was exported to it or made in it."""
    return json_answer(assets.page(service.library, project, "", request.query))


@router.on("POST", "/v1/projects/{project}/assets")
def create_asset(service: Service, request: Request, project: str) -> Answer:
    """An empty folder or image collection."""
    return json_answer(assets.create(service.library, project, request.query.get("assetId"), request.json()))


@router.on("DELETE", "/v1/projects/{project}/assets/{+asset}")
def delete_asset(service: Service, _request: Request, project: str, asset: str) -> Answer:
    """Remove an image, an empty folder or an empty collection."""
    assets.delete(service.library, project, asset)
    return json_answer({})


@router.on("POST", "/v1/projects/{project}/image:export")
def export_image(service: Service, request: Request, project: str) -> Answer:
    """Start writing an image to the folder of exports."""
    body = request.json()
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
    """The operations of a project, the latest first."""
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
