"""Assets: what is told about scenes, the filter language of lists, folders of one's own, signing in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from csplus.csplus_plugin.sandbox.errors import Refused
from csplus.csplus_plugin.sandbox.resources import asset_filter
from csplus.csplus_plugin.sandbox.resources.asset_filter import Entry
from csplus.csplus_plugin.sandbox.server import Sandbox, start
from csplus.csplus_plugin.sandbox.service_model import ServiceModel

from ...support.servers import L2A, LATER, SCENE, ask, ask_error, official_client

OWN = "projects/sandbox-project/assets"
INSIDE = {"type": "Point", "coordinates": [-119.939, 37.46]}  # of both scenes
OUTSIDE = {"type": "Point", "coordinates": [-100, 37.46]}


@pytest.fixture
def url(sandbox: Sandbox) -> str:
    """Of a sandbox of the test's own, so that the client's assets and operations are."""
    return sandbox.url


@pytest.mark.parametrize(("query", "found"), [
    ({}, [SCENE, LATER]),
    ({"startTime": "2023-01-06T00:00:00Z"}, [LATER]),
    ({"endTime": "2023-01-06T00:00:00Z"}, [SCENE]),
    ({"startTime": "2023-01-01T00:00:00Z", "endTime": "2023-02-01T00:00:00.000Z"}, [SCENE, LATER]),
    ({"region": INSIDE}, [SCENE, LATER]),
    ({"region": OUTSIDE}, []),
    ({"region": "POINT (-119.939 37.46)"}, [SCENE, LATER]),
    ({"properties": ["CLOUDY_PIXEL_PERCENTAGE<20"]}, [SCENE, LATER]),
    ({"properties": ["CLOUDY_PIXEL_PERCENTAGE<12.5"]}, []),
    ({"properties": ["MGRS_TILE=11SKB", "CLOUDY_PIXEL_PERCENTAGE>=12.5"]}, [SCENE, LATER]),
    ({"properties": ["absent=1"]}, []),
    ({"filter": f'properties.system:index = "{LATER}"'}, [LATER]),
    ({"filter": f'id = "{L2A}/{SCENE}"'}, [SCENE]),
    ({"filter": 'startTime < "2023-01-06T00:00:00Z" OR startTime > "2023-01-09T00:00:00Z"'}, [SCENE, LATER]),
    ({"filter": 'NOT startTime < "2023-01-06T00:00:00Z"'}, [LATER]),
    ({"filter": 'properties.MGRS_TILE != "11SKB"'}, []),
])  # fmt: skip
def test_list_images(ee: Any, query: dict[str, Any], found: list[str]) -> None:
    listed = ee.data.listImages({"parent": L2A, **query})
    assert [image["id"] for image in listed["images"]] == [f"{L2A}/{index}" for index in found]


def test_list_by_page_and_filter(ee: Any) -> None:
    query = {"parent": L2A, "properties": ["MGRS_TILE=11SKB"], "pageSize": 1}
    first = ee.data.listImages(query)
    second = ee.data.listImages({**query, "pageToken": first["nextPageToken"]})
    assert [image["id"] for image in (*first["images"], *second["images"])] == [
        f"{L2A}/{SCENE}",
        f"{L2A}/{LATER}",
    ]
    assert "nextPageToken" not in second


def test_basic_view_leaves_the_properties_out(ee: Any) -> None:
    (basic, _) = ee.data.listImages({"parent": L2A, "view": "BASIC"})["images"]
    assert set(basic) == {"type", "name", "id", "startTime", "endTime"}
    (full, _) = ee.data.listImages(L2A)["images"]
    assert full["properties"]["MGRS_TILE"] == "11SKB"


def passes(text: str, **properties: Any) -> bool:
    return asset_filter.parse(text)(Entry({"type": "IMAGE"}, properties, lambda: None))


@pytest.mark.parametrize(("text", "expected"), [
    ("", True),
    # In AIP-160, OR binds tighter than AND: a AND (b OR c).
    ("properties.a=0 AND properties.b=2 OR properties.c=3", False),
    ("(properties.a=0 AND properties.b=2) OR properties.c=3", True),
    ("properties.a=1 AND properties.b=2 OR properties.c=0", True),
    ("type=IMAGE", True),
    ("properties.t='x y'", True),
    ("properties.a=1.0", True),
    ("properties.a=one", False),
    ("properties.a != 1", False),
    ("NOT (properties.a=1)", False),
    ("intersects(\"{'type':'Point','coordinates':[0,0]}\")", True),
])  # fmt: skip
def test_filter_language(text: str, expected: bool) -> None:
    assert passes(text, a=1, b=2, c=3, t="x y") is expected


@pytest.mark.parametrize("text", [
    "properties.a", "a=1", "properties.a=", "= 1", "properties.a=1 properties.b=2", "(properties.a=1", "AND",
    'startTime > "yesterday"', 'intersects("nowhere")', "intersects(", "properties.a=1)", "properties.a : 1 !",
    "(" * 1000 + "properties.a=1", '"', "properties.a=1 AND " * 10_000, "x" * 200_000,
    "intersects(\"{'type':'Point','coordinates':'x'}\")", "intersects(\"[[[[\")",
])  # fmt: skip
def test_filters_that_are_none(text: str) -> None:
    with pytest.raises(Refused):
        passes(text)


def test_filter_in_a_request_is_refused_in_json(sandbox: Sandbox) -> None:
    path = f"/v1/projects/earthengine-public/assets/{L2A}:listAssets?filter={quote('a b c')}"
    assert ask_error(sandbox.url, "GET", path)["message"].startswith("Invalid filter: ")


def test_folders_and_collections_of_ones_own(ee: Any) -> None:
    assert ee.data.createFolder(f"{OWN}/mine")["type"] == "FOLDER"
    made = ee.data.createAsset({"type": "IMAGE_COLLECTION"}, f"{OWN}/mine/series", {"about": "x"})
    assert (made["id"], made["properties"]) == (f"{OWN}/mine/series", {"about": "x"})
    assert [asset["id"] for asset in ee.data.listAssets(OWN)["assets"]] == [f"{OWN}/mine"]
    assert ee.data.listBuckets()["assets"][0]["type"] == "FOLDER"
    assert [asset["id"] for asset in ee.data.listAssets(f"{OWN}/mine")["assets"]] == [f"{OWN}/mine/series"]
    assert ee.ImageCollection(f"{OWN}/mine/series").size().getInfo() == 0
    with pytest.raises(ee.EEException, match="it is not empty"):
        ee.data.deleteAsset(f"{OWN}/mine")
    ee.data.deleteAsset(f"{OWN}/mine/series")
    ee.data.deleteAsset(f"{OWN}/mine")
    assert ee.data.listAssets(OWN)["assets"] == []
    with pytest.raises(ee.EEException, match="does not exist"):
        ee.data.deleteAsset(f"{OWN}/mine")


@pytest.mark.parametrize(("call", "message"), [
    (lambda ee: ee.data.createFolder(f"{OWN}/absent/x"), "does not exist"),
    (lambda ee: ee.data.createFolder(f"{OWN}/../x"), "does not exist|Invalid asset name"),
    (lambda ee: ee.data.createFolder(f"{OWN}/a/../../x"), "does not exist|Invalid asset name"),
    (lambda ee: ee.data.createAsset({"type": "TABLE"}, f"{OWN}/t"), "type TABLE is not supported by this sandbox"),
    (lambda ee: ee.data.deleteAsset(f"{L2A}/{SCENE}"), "does not exist"),
    (lambda ee: ee.data.createFolder("users/me/x"), "Invalid asset name|does not exist"),
])  # fmt: skip
def test_what_cannot_be_made_or_deleted(ee: Any, sandbox: Sandbox, call: Any, message: str) -> None:
    with pytest.raises(ee.EEException, match=message):
        call(ee)
    assert not sandbox.exports.exists()


def test_scenes_are_not_deleted(ee: Any, archive: Path) -> None:
    with pytest.raises(ee.EEException):
        ee.data.deleteAsset(L2A)
    assert len(list((archive / L2A).iterdir())) == 2


@pytest.mark.parametrize("asset", [
    "../secret", f"{L2A}/../../secret", f"{L2A}/{SCENE}/../../../secret", "..", ".", "%2e%2e/secret", "/etc/passwd",
    f"{L2A}//{SCENE}", "COPERNICUS\\..\\secret", "secret\x00",
])  # fmt: skip
@pytest.mark.parametrize("form", ["/v1/projects/earthengine-public/assets/{}", "/v1/projects/p/assets/{}"])
def test_no_way_out_of_the_archive(sandbox: Sandbox, archive: Path, asset: str, form: str) -> None:
    secret = archive.parent / "secret"
    secret.mkdir(exist_ok=True)
    (secret / "properties.json").write_text('{"properties": {"mine": 1}}')
    for suffix in ("", ":listAssets"):
        assert ask(sandbox.url, "GET", form.format(quote(asset)) + suffix)[0] == 404
    load = {"functionName": "Image.load", "arguments": {"id": {"constantValue": asset}}}
    body = {"expression": {"result": "0", "values": {"0": {"functionInvocationValue": load}}}}
    error = ask_error(sandbox.url, "POST", "/v1/projects/p/value:compute", body)
    assert "not found" in error["message"]


def test_quota_of_a_root(ee: Any) -> None:
    assert ee.data.getAssetRootQuota(OWN)["asset_count"]["usage"] == 0


def test_number_of_exports_at_a_time(ee: Any) -> None:
    assert ee.data.getProjectConfig()["maxConcurrentExports"] == "2"
    assert ee.data.updateProjectConfig({"maxConcurrentExports": 3}, ["max_concurrent_exports"])[
        "maxConcurrentExports"
    ] == "3"  # fmt: skip


def test_restricted_mode_is_announced(archive: Path) -> None:
    with start(archive, model=ServiceModel(restricted=True)) as sandbox:
        headers = ask(sandbox.url, "GET", "/v1/projects/p/config")[1]
    assert headers["x-earth-engine-quota-status"] == "parallelism_restricted=true"


def test_service_account(sandbox: Sandbox) -> None:
    """The real credentials sign a request for a token with a key made for this test only."""
    import ee
    import google.auth.transport.requests
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    account = {
        "type": "service_account",
        "client_email": "robot@sandbox-project.iam.gserviceaccount.com",
        "private_key": pem.decode(),
        "private_key_id": "1",
        "token_uri": f"{sandbox.url}/token",
    }
    credentials = ee.ServiceAccountCredentials(None, key_data=json.dumps(account))
    credentials.refresh(google.auth.transport.requests.Request())
    assert credentials.valid
    assert len(credentials.token) > 20
    with official_client(sandbox.url, credentials) as client:
        assert client.Number(1).add(1).getInfo() == 2


@pytest.mark.parametrize(("body", "error"), [
    (b"", "unsupported_grant_type"),
    (b"grant_type=password&username=a&password=b", "unsupported_grant_type"),
    (b"grant_type=refresh_token", "invalid_request"),
])  # fmt: skip
def test_other_ways_to_sign_in(sandbox: Sandbox, body: bytes, error: str) -> None:
    status, _, content = ask(sandbox.url, "POST", "/token", body)
    assert (status, json.loads(content)) == (400, {"error": error})
