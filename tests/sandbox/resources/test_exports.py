"""Batch exports through the official client: files, assets, and the operations that write them."""

from __future__ import annotations

import csv
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.server import Sandbox, start
from csplus.csplus_plugin.sandbox.service_model import ServiceModel
from osgeo import gdal

from ...support.servers import (
    B3,
    B4,
    LEFT,
    TOP,
    ask,
    ask_error,
    official_client,
    scene,
    whole,
)
from ...support.turnstile import Turnstile, until

PROJECT = "projects/sandbox-project"


@pytest.fixture
def url(sandbox: Sandbox) -> str:
    """Of a sandbox of the test's own, so that the client's assets and operations are."""
    return sandbox.url


def all_of_it(ee: Any) -> dict[str, Any]:
    return {"region": whole(ee), "scale": 10}


def finished(task: Any) -> dict[str, Any]:
    """The status of a task once it is over."""
    if task.id is None:
        task.start()
    until(lambda: task.status()["state"] in ("COMPLETED", "FAILED", "CANCELLED"))
    return task.status()


def file_of(status: dict[str, Any]) -> Path:
    (address,) = status["destination_uris"]
    return Path(unquote(urlsplit(address).path))


def test_image_to_drive(ee: Any, sandbox: Sandbox) -> None:
    task = ee.batch.Export.image.toDrive(scene(ee, "B4", "B3"), "my task", "fold", "pre", **all_of_it(ee))
    status = finished(task)
    assert (status["state"], status["task_type"], status["description"]) == (
        "COMPLETED",
        "EXPORT_IMAGE",
        "my task",
    )
    assert file_of(status) == sandbox.exports / "drive" / "fold" / "pre.tif"
    file = gdal.Open(str(file_of(status)))
    np.testing.assert_array_equal(file.ReadAsArray(), np.stack([B4, B3]))
    assert file.GetGeoTransform() == (LEFT, 10, 0, TOP, 0, -10)
    assert [file.GetRasterBand(i).GetDescription() for i in (1, 2)] == ["B4", "B3"]
    assert "not Google Earth Engine" in file.GetMetadataItem("TIFFTAG_SOFTWARE")
    assert [path.name for path in file_of(status).parent.iterdir()] == ["pre.tif"]


def test_image_to_cloud_storage(ee: Any, sandbox: Sandbox) -> None:
    task = ee.batch.Export.image.toCloudStorage(scene(ee, "B4"), "c", "bucket", "a/b", **all_of_it(ee))
    assert file_of(finished(task)) == sandbox.exports / "cloud-storage" / "bucket" / "a" / "b.tif"


def test_nodata(ee: Any) -> None:
    masked = scene(ee, "B4").updateMask(scene(ee, "B4").gt(1000)).toInt16()
    options = {"formatOptions": {"noData": -9999}, **all_of_it(ee)}
    file = gdal.Open(str(file_of(finished(ee.batch.Export.image.toDrive(masked, "n", **options)))))
    assert file.GetRasterBand(1).GetNoDataValue() == -9999
    np.testing.assert_array_equal(file.ReadAsArray(), np.where(B4 > 1000, B4.astype(int), -9999))


def test_nodata_that_does_not_fit(ee: Any) -> None:
    options = {"formatOptions": {"noData": -9999}, **all_of_it(ee)}
    status = finished(ee.batch.Export.image.toDrive(scene(ee, "B4"), "n", **options))
    assert status["error_message"] == "The noData value -9999 does not fit into bands of type UInt16."


def test_cloud_optimized(ee: Any) -> None:
    coordinates = ee.Image.pixelCoordinates(ee.Projection("EPSG:32611"))
    large = coordinates.select("x").subtract(LEFT).setDefaultProjection("EPSG:32611")
    corners = [LEFT, TOP - 10000, LEFT + 12000, TOP]
    region = ee.Geometry.Rectangle(corners, "EPSG:32611", geodesic=False)
    options = {"region": region, "scale": 10, "formatOptions": {"cloudOptimized": True}}
    path = file_of(finished(ee.batch.Export.image.toDrive(large, "cog", **options)))
    file = gdal.Open(str(path))
    assert file.GetMetadataItem("LAYOUT", "IMAGE_STRUCTURE") == "COG"
    assert (file.RasterXSize, file.RasterYSize) == (1200, 1000)
    assert file.GetRasterBand(1).GetOverviewCount() > 0
    # Written in pieces: eastings of the pixels' centres, without a jump.
    np.testing.assert_allclose(file.ReadAsArray(), np.broadcast_to(np.arange(1200) * 10 + 5, (1000, 1200)))
    assert [other.name for other in path.parent.iterdir()] == ["cog.tif"]


def test_too_many_pixels(ee: Any) -> None:
    task = ee.batch.Export.image.toDrive(scene(ee, "B4"), "big", maxPixels=95, **all_of_it(ee))
    status = finished(task)
    assert status["state"] == "FAILED"
    assert status["error_message"] == (
        "Export too large: specified 96 pixels (max: 95). "
        "Specify higher maxPixels value if you intend to export a large area."
    )


def test_failures_are_told_by_the_task(ee: Any, sandbox: Sandbox) -> None:
    image = ee.Image("NO/SUCH/IMAGE")
    status = finished(ee.batch.Export.image.toDrive(image, "absent", **all_of_it(ee)))
    assert status["error_message"].startswith("Image.load: Image asset 'NO/SUCH/IMAGE' not found")
    mixed = scene(ee, "B4").addBands(scene(ee, "B3").toFloat())
    status = finished(ee.batch.Export.image.toDrive(mixed, "mixed", **all_of_it(ee)))
    assert status["error_message"].startswith("Exported bands must have compatible data types")
    assert list((sandbox.exports / "drive").rglob("*")) == []


def test_table_to_drive(ee: Any, sandbox: Sandbox) -> None:
    table = ee.FeatureCollection([ee.Feature(ee.Geometry.Point([1, 2]), {"n": 3, "m": 4})])
    status = finished(ee.batch.Export.table.toDrive(table, "t", selectors=["n"]))
    assert (status["state"], status["task_type"]) == ("COMPLETED", "EXPORT_FEATURES")
    assert list(csv.reader(file_of(status).read_text().splitlines())) == [["n"], ["3"]]
    status = finished(ee.batch.Export.table.toCloudStorage(table, "t", "bucket", fileFormat="GeoJSON"))
    path = file_of(status)
    assert path == sandbox.exports / "cloud-storage" / "bucket" / "t.geojson"
    assert json.loads(path.read_text())["features"][0]["properties"] == {"n": 3, "m": 4}


def test_asset_can_be_loaded(ee: Any) -> None:
    masked = (
        scene(ee, "B4", "B3").updateMask(scene(ee, "B4").gt(1000)).rename(["red", "green"]).set("mine", 7)
    )
    name = f"{PROJECT}/assets/out"
    status = finished(ee.batch.Export.image.toAsset(masked, "a", name, **all_of_it(ee)))
    assert (status["state"], status["destination_uris"]) == ("COMPLETED", [name])
    stored = ee.Image(name)
    assert stored.bandNames().getInfo() == ["red", "green"]
    assert stored.get("mine").getInfo() == 7
    table = ee.data.computePixels({"expression": stored.unmask(9999), "fileFormat": "NUMPY_NDARRAY"})
    np.testing.assert_array_equal(table["red"], np.where(B4 > 1000, B4, 9999))
    np.testing.assert_array_equal(table["green"], np.where((B4 > 1000) & (B3 > 0), B3, 9999))
    assert ee.data.getAsset(name)["type"] == "IMAGE"
    np.testing.assert_array_equal(
        ee.data.getPixels({"assetId": name, "fileFormat": "NUMPY_NDARRAY"})["red"], np.where(B4 > 1000, B4, 0)
    )


def test_asset_is_overwritten_only_when_asked(ee: Any) -> None:
    name = f"{PROJECT}/assets/out"
    options = {"description": "a", "assetId": name, **all_of_it(ee)}
    finished(ee.batch.Export.image.toAsset(scene(ee, "B4"), **options))
    with pytest.raises(ee.EEException, match=f"Cannot overwrite asset '{name}'"):
        ee.batch.Export.image.toAsset(scene(ee, "B3"), **options).start()
    assert (
        finished(ee.batch.Export.image.toAsset(scene(ee, "B3"), overwrite=True, **options))["state"]
        == "COMPLETED"
    )
    assert ee.Image(name).bandNames().getInfo() == ["B3"]


@pytest.mark.parametrize("change", [
    {"folder": "../x"}, {"folder": "a/../../x"}, {"fileNamePrefix": "../../x"}, {"fileNamePrefix": "a//../x"},
    {"fileNamePrefix": "/etc/x"}, {"folder": "."}, {"folder": "a\x00b"}, {"folder": "c:\\x"}, {"folder": ".hidden"},
])  # fmt: skip
def test_no_file_outside_the_folder(ee: Any, sandbox: Sandbox, change: dict[str, str]) -> None:
    task = ee.batch.Export.image.toDrive(scene(ee, "B4"), "d", **change, **all_of_it(ee))
    with pytest.raises(ee.EEException, match="Invalid destination"):
        task.start()
    assert not sandbox.exports.exists()


@pytest.mark.parametrize("name", [
    "projects/sandbox-project/assets/../x", "projects/sandbox-project/assets/a b", "users/me/x",
    "projects/sandbox-project/assets/.writing-1", "projects/sandbox-project/assets/" + "a" * 300,
])  # fmt: skip
def test_names_that_cannot_be_assets(ee: Any, sandbox: Sandbox, name: str) -> None:
    with pytest.raises(ee.EEException):
        ee.batch.Export.image.toAsset(scene(ee, "B4"), "a", name, **all_of_it(ee)).start()
    assert not sandbox.exports.exists()


def test_bands_that_cannot_be_files(ee: Any, sandbox: Sandbox) -> None:
    image = scene(ee, "B4").rename("../../x")
    status = finished(ee.batch.Export.image.toAsset(image, "a", f"{PROJECT}/assets/out", **all_of_it(ee)))
    assert status["error_message"] == "A band named '../../x' cannot be stored by this sandbox."
    assert list((sandbox.exports / "assets").iterdir()) == []


@pytest.fixture
def slow(archive: Path, tmp_path: Path, turnstile: Turnstile) -> Iterator[Sandbox]:
    """A sandbox whose exports of one scene have four pieces, each of which waits at the turnstile."""
    with start(archive, exports=tmp_path / "exports", model=ServiceModel(work=10_000)) as running:
        yield running


def slow_task(client: Any, description: str) -> Any:
    return client.batch.Export.image.toDrive(
        scene(client, "B4"), description, **{**all_of_it(client), "scale": 0.12}
    )


def three_slow_tasks(client: Any) -> list[Any]:
    """Two of them run at a time."""
    tasks = [slow_task(client, f"t{i}") for i in range(3)]
    for task in tasks:
        task.start()
    return tasks


def test_states_and_progress(slow: Sandbox, turnstile: Turnstile) -> None:
    with official_client(slow.url) as client:
        tasks = three_slow_tasks(client)
        until(lambda: len(turnstile.asked) == 2)
        assert [task.status()["state"] for task in tasks] == ["RUNNING", "RUNNING", "READY"]

        def progress() -> list[float]:
            names = (task.operation_name for task in tasks)
            return [client.data.getOperation(name)["metadata"]["progress"] for name in names]

        seen = [progress()]
        for _ in range(12):
            turnstile.let_one_through()
            until(lambda: progress() != seen[-1])
            seen.append(progress())
        for shares in zip(*seen, strict=True):
            assert sorted(set(shares)) == [0, 0.25, 0.5, 0.75, 1]
        assert [finished(task)["state"] for task in tasks] == ["COMPLETED"] * 3


def test_cancel(slow: Sandbox, turnstile: Turnstile) -> None:
    with official_client(slow.url) as client:
        tasks = three_slow_tasks(client)
        until(lambda: len(turnstile.asked) == 2)
        waiting, running = tasks[2], tasks[0]
        waiting.cancel()
        assert waiting.status()["state"] == "CANCELLED"
        running.cancel()
        turnstile.open()
        status = finished(running)
        assert (status["state"], status["error_message"]) == ("CANCELLED", "Cancelled.")
        assert finished(tasks[1])["state"] == "COMPLETED"
        running.cancel()  # once more does nothing
        operation = client.data.getOperation(running.operation_name)
        assert (operation["done"], operation["error"]["code"]) == (True, 1)
        assert [path.name for path in (slow.exports / "drive").iterdir()] == ["t1.tif"]


def test_list_newest_first_by_page(ee: Any, sandbox: Sandbox) -> None:
    for i in range(3):
        finished(ee.batch.Export.image.toDrive(scene(ee, "B4"), f"t{i}", **all_of_it(ee)))
    listed = ee.data.listOperations()
    assert [o["metadata"]["description"] for o in listed] == ["t2", "t1", "t0"]
    page = json.loads(ask(sandbox.url, "GET", f"/v1/{PROJECT}/operations?pageSize=2")[2])
    assert len(page["operations"]) == 2
    rest = f"/v1/{PROJECT}/operations?pageSize=2&pageToken={page['nextPageToken']}"
    assert [
        o["metadata"]["description"] for o in json.loads(ask(sandbox.url, "GET", rest)[2])["operations"]
    ] == ["t0"]
    assert [task.config["description"] if task.config else task.id for task in ee.batch.Task.list()] != []
    assert json.loads(ask(sandbox.url, "GET", "/v1/projects/other/operations")[2]) == {"operations": []}


def test_a_request_that_is_sent_again_when_its_asset_is_there_is_not_refused(ee: Any, url: str) -> None:
    expression = ee.serializer.encode(scene(ee, "B4").clip(whole(ee)), for_cloud_api=True)
    options = {"earthEngineDestination": {"name": f"{PROJECT}/assets/once"}}
    body = {"expression": expression, "assetExportOptions": options, "requestId": "one"}

    def export(**changes: str) -> tuple[int, dict]:
        status, _, content = ask(url, "POST", f"/v1/{PROJECT}/image:export", {**body, **changes})
        return status, json.loads(content)

    _, first = export()
    until(lambda: json.loads(ask(url, "GET", f"/v1/{first['name']}")[2])["done"])
    status, again = export()
    assert (status, again["name"]) == (200, first["name"])
    assert again["metadata"]["state"] == "SUCCEEDED"
    assert export(requestId="two")[0] == 400  # the asset is there


def test_same_request_id_is_one_operation(ee: Any) -> None:
    request = {
        "expression": scene(ee, "B4"),
        "description": "once",
        "fileExportOptions": {"fileFormat": "GEO_TIFF", "driveDestination": {"filenamePrefix": "x"}},
    }
    first, second, other = (ee.data.exportImage(identity, request)["name"] for identity in ("a", "a", "b"))
    assert first == second != other
    assert len(ee.data.listOperations()) == 2
    with pytest.raises(ee.EEException, match="longer than 60 characters"):
        ee.data.exportImage("x" * 61, request)


def test_unknown_operation(ee: Any) -> None:
    with pytest.raises(ee.EEException) as refusal:
        ee.data.getOperation(f"{PROJECT}/operations/NOPE")
    assert str(refusal.value) == f'Operation "{PROJECT}/operations/NOPE" not found.'


@pytest.mark.parametrize(("options", "message"), [
    ({}, "Exports with no options are not supported by this sandbox."),
    ({"featureViewExportOptions": {}}, "Exports with featureViewExportOptions are not supported by this sandbox."),
    ({"fileExportOptions": {"fileFormat": "TF_RECORD_IMAGE", "driveDestination": {"folder": "x"}}},
     "Exports to TF_RECORD_IMAGE are not supported by this sandbox."),
    ({"fileExportOptions": {}}, "The export has no destination that this sandbox supports."),
    ({"fileExportOptions": 3}, "Invalid value at 'fileExportOptions': 3"),
    ({"fileExportOptions": {"driveDestination": {"folder": "x"}}, "maxPixels": {"value": "many"}},
     "Invalid value at 'maxPixels'."),
])  # fmt: skip
def test_requests_that_make_no_sense(sandbox: Sandbox, options: dict[str, Any], message: str) -> None:
    expression = {"result": "0", "values": {"0": {"constantValue": 1}}}
    error = ask_error(
        sandbox.url, "POST", f"/v1/{PROJECT}/image:export", {"expression": expression, **options}
    )
    assert error["message"] == message


def test_stopping_ends_what_runs(slow: Sandbox, turnstile: Turnstile) -> None:
    with official_client(slow.url) as client:
        slow_task(client, "t").start()
        until(lambda: turnstile.asked)
    slow.stop()
    until(lambda: all(thread.name != "csplus-export" for thread in threading.enumerate()))
    assert [path for path in slow.exports.rglob("*") if path.is_file()] == []
