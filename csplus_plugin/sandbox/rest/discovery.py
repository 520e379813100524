"""What the official client asks for when it starts: the API's description and the list of algorithms.

Both come from the client's own wheel, which ships them for its tests, so the sandbox knows exactly the
functions that the client knows. Which ones it can evaluate shows at evaluation.
"""

from __future__ import annotations

import json
from typing import Any

from ..graph.client_files import client_file

_PROJECT = "^projects/[^/]+$"
_CONFIG = "^projects/[^/]+/config$"
_ASSET = "^projects/[^/]+/assets/.*$"
_TABLE = "^projects/[^/]+/tables/[^/]+$"

# The wheel's document describes v1alpha of 2020; the client calls these methods too.
# (resource below `projects`, method, HTTP method, path, pattern of its variable, query parameters)
_LATER_METHODS = (
    ("", "getConfig", "GET", "v1/{+name}", _CONFIG, ()),
    ("", "updateConfig", "PATCH", "v1/{+name}", _CONFIG, ("updateMask",)),
    (
        "assets",
        "listFeatures",
        "GET",
        "v1/{+asset}:listFeatures",
        "^projects/[^/]+/assets/.+$",
        ("pageSize", "pageToken", "region", "filter"),
    ),
    ("tables", "create", "POST", "v1/{+parent}/tables", _PROJECT, ()),
    ("tables", "getFeatures", "GET", "v1/{+name}:getFeatures", _TABLE, ()),
    ("image", "importExternal", "POST", "v1/{+project}/image:importExternal", _PROJECT, ()),
    ("classifier", "export", "POST", "v1/{+project}/classifier:export", _PROJECT, ()),
    ("featureView", "create", "POST", "v1/{+parent}/featureView", _PROJECT, ()),
)


def algorithms() -> bytes:
    """Give the answer to the list of algorithms: the wheel's file as it is.

    Raises:
        CannotStart: The client library is not installed.
    """
    return client_file("algorithms.json").read_bytes()


def description(url: str) -> bytes:
    """Give the discovery document of the sandbox at `url`: the wheel's, brought up to date.

    Raises:
        CannotStart: The client library is not installed.
    """
    text = client_file("cloud_api_discovery_document.json").read_text(encoding="utf-8")
    document = json.loads(text.replace("v1alpha", "v1"))
    # No client that trusts the document may end up at Google.
    document["rootUrl"] = document["baseUrl"] = f"{url}/"
    document["schemas"]["Empty"] = {"id": "Empty", "type": "object", "properties": {}}
    projects = document["resources"]["projects"]
    for resource, name, http, path, pattern, query in _LATER_METHODS:
        owner = projects["resources"].setdefault(resource, {}) if resource else projects
        identity = ".".join(part for part in ("earthengine.projects", resource, name) if part)
        owner.setdefault("methods", {})[name] = {"id": identity, **_method(http, path, pattern, query)}
    for owner in (projects, projects["resources"]["assets"]):
        owner["methods"]["listAssets"]["parameters"] |= _query_parameters(("filter", "view"))
    # The root of a project's assets has a name that ends in a slash.
    projects["resources"]["assets"]["methods"]["get"]["parameters"]["name"]["pattern"] = _ASSET
    return json.dumps(document).encode()


def _method(http: str, path: str, pattern: str, query: tuple[str, ...]) -> dict[str, Any]:
    """One method of a discovery document, with a body where the HTTP method has one."""
    variable = path.partition("{+")[2].partition("}")[0]
    method: dict[str, Any] = {
        "httpMethod": http,
        "path": path,
        "flatPath": path,
        "parameterOrder": [variable],
        "parameters": {
            variable: {"location": "path", "pattern": pattern, "required": True, "type": "string"},
            **_query_parameters(query),
        },
        "response": {"$ref": "Empty"},
    }
    if http in {"POST", "PATCH"}:
        method["request"] = {"$ref": "Empty"}
    return method


def _query_parameters(names: tuple[str, ...]) -> dict[str, Any]:
    return {name: {"location": "query", "type": "string"} for name in names}
