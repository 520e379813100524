"""Export composite in the toolbox: what the tasks write is what a download brings."""

from __future__ import annotations

import csv
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from csplus.csplus_plugin import settings
from csplus.csplus_plugin.core.recipe import Recipe
from csplus.csplus_plugin.earthengine import cloud_storage
from csplus.csplus_plugin.earthengine.route import Route
from csplus.csplus_plugin.earthengine.session import Connection, Session, session_for
from csplus.csplus_plugin.processing.listeners import TASKS_GO_ON
from csplus.csplus_plugin.sandbox.server import Sandbox, start
from csplus.csplus_plugin.sandbox.service_model import ServiceModel
from osgeo import gdal
from qgis import processing as toolbox
from qgis.core import QgsProcessingContext, QgsProcessingException

from ..support.fake_service import Answer, FakeService, Seen, refusal
from ..support.fake_storage import BUCKET, FakeStorage
from ..support.servers import ask
from .conftest import JANUARY, PLACE, Recorder

ID = "csplus:exportcomposite"
BANDS = {"BANDS": ["B4", "B8"], "COUNT_BAND": True}


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    return tmp_path / "exports"


@pytest.fixture
def service(exports: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox of its own over the sample scenes, whose exports land in the test's folder."""
    with start(exports=exports) as running:
        monkeypatch.setenv("CSPLUS_ENDPOINT", running.url)
        yield running


@pytest.fixture
def run(service: Sandbox, context: QgsProcessingContext, feedback: Recorder) -> Any:
    def with_values(**values: object) -> dict:
        given = {**JANUARY, **BANDS, "WAIT": True, "NAME": "x", **values}
        return toolbox.run(ID, given, context=context, feedback=feedback)

    return with_values


def downloaded(context: QgsProcessingContext, target: str, **values: object) -> gdal.Dataset:
    given = {**JANUARY, **BANDS, "LIVE": False, "OUTPUT": target, **values}
    toolbox.run("csplus:clearcomposite", given, context=context, feedback=Recorder())
    return gdal.Open(target)


def assert_same_file(ours: gdal.Dataset, theirs: gdal.Dataset) -> None:
    assert theirs.RasterCount == ours.RasterCount
    np.testing.assert_allclose(theirs.GetGeoTransform(), ours.GetGeoTransform(), rtol=0, atol=1e-9)
    assert theirs.GetSpatialRef().IsSame(ours.GetSpatialRef())
    for number in range(1, ours.RasterCount + 1):
        own, band = ours.GetRasterBand(number), theirs.GetRasterBand(number)
        assert (band.DataType, band.GetNoDataValue()) == (own.DataType, own.GetNoDataValue())
        assert band.GetDescription() == own.GetDescription()
        np.testing.assert_array_equal(band.ReadAsArray(), own.ReadAsArray())
        np.testing.assert_array_equal(
            band.GetMaskBand().ReadAsArray() > 0, own.GetMaskBand().ReadAsArray() > 0
        )


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"INDICES": ["NDVI"], "METHOD": "medoid"},
        {"CRS": "EPSG:4326", "RESOLUTION": 1e-4, "CLIP": False},
    ],
    ids=["digital numbers", "decimals", "degrees"],
)
def test_a_file_in_drive_is_the_file_of_a_download(
    run: Any, context: QgsProcessingContext, exports: Path, target: str, values: dict
) -> None:
    results = run(FOLDER="composites", **values)
    assert results["STATE"] == "SUCCEEDED"
    theirs = gdal.Open(str(exports / "drive" / "composites" / "x.tif"))
    ours = downloaded(context, target, **values)
    assert_same_file(ours, theirs)
    mask = theirs.GetRasterBand(1).GetMaskBand().ReadAsArray() > 0
    assert 0.05 < mask.mean() < 1  # there are values to compare, and holes


def test_one_in_a_bucket_too(run: Any, context: QgsProcessingContext, exports: Path, target: str) -> None:
    run(DESTINATION="cloud_storage", BUCKET="my-bucket", FOLDER="a/b")
    assert_same_file(
        downloaded(context, target),
        gdal.Open(str(exports / "cloud-storage" / "my-bucket" / "a" / "b" / "x.tif")),
    )


def test_an_asset_holds_the_values_with_masks_and_its_recipe(
    run: Any, context: QgsProcessingContext, service: Sandbox, exports: Path, target: str
) -> None:
    results = run(DESTINATION="asset")
    (folder,) = (exports / "assets" / "projects" / "csplus-sandbox" / "assets").iterdir()
    told = json.loads((folder / "properties.json").read_text())
    properties = told["properties"]
    assert told["bands"] == ["B4", "B8", "clear_count"]
    assert properties["CSPLUS_RECIPE"] == results["RECIPE"]
    assert "CC-BY-4.0" in properties["ATTRIBUTION"]
    assert properties["CSPLUS_SCENE_COUNT"] == str(results["SCENE_COUNT"])
    assert properties["system:time_start"] == 1672531200000  # 2023-01-01 00:00 UTC
    assert properties["system:time_end"] == 1675209600000  # 2023-02-01 00:00 UTC
    ours = downloaded(context, target)
    for number, name in enumerate(told["bands"], 1):
        kept = gdal.Open(str(folder / f"{name}.tif"))
        own = ours.GetRasterBand(number)
        has_value = own.ReadAsArray() != own.GetNoDataValue()
        np.testing.assert_array_equal(kept.GetRasterBand(1).GetMaskBand().ReadAsArray() > 0, has_value)
        np.testing.assert_array_equal(kept.ReadAsArray()[has_value], own.ReadAsArray()[has_value])


def test_a_period_is_a_task_and_a_row(run: Any, exports: Path, feedback: Recorder) -> None:
    values = {
        "EXTENT": PLACE,
        "START": "2023-01-10",
        "END": "2023-03-31",
        "PERIOD": "month",
        "TABLE": "memory:",
    }
    results = run(NAME="year", **values)
    names = ["year_2023-01", "year_2023-02", "year_2023-03"]
    assert sorted(path.stem for path in (exports / "drive").iterdir()) == names
    ids = results["TASK_IDS"].split(",")
    rows = list(results["TABLE"].getFeatures())
    assert [row["task_id"] for row in rows] == ids
    assert [row["name"] for row in rows] == names
    assert {row["state"] for row in rows} == {"SUCCEEDED"}
    assert all(row["progress"] == 100 and row["links"].endswith(".tif") for row in rows)
    assert rows[0]["start"].toPyDate().isoformat() == "2023-01-10"
    # The sandbox runs two exports at a time, as the service does on average.
    assert "The project runs 2 exports at a time: the others wait for their turn." in feedback.warned
    assert "2023-01: the window holds 22 of its 31 days." in feedback.warned
    assert Recipe.from_json(results["RECIPE"]).target.ALGORITHM == "periodiccomposites"
    of_february = Recipe.from_json(rows[1]["recipe"])
    assert of_february.target.ALGORITHM == "clearcomposite"
    assert (of_february.scenes.start.isoformat(), of_february.scenes.end.isoformat()) == (
        "2023-02-01",
        "2023-02-28",
    )


def test_the_size_and_the_place_are_said_before(run: Any, feedback: Recorder, exports: Path) -> None:
    run(WAIT=False)
    (line,) = [line for line in feedback.said if line.startswith("Export: ")]
    started = next(place for place, said in enumerate(feedback.said) if said.startswith("Task "))
    assert feedback.said.index(line) < started
    columns, rows = (int(part) for part in line.split(", ")[1].split(" pixels")[0].split(" x "))
    assert f"{columns * rows * 3 * 2 / 1e6:.1f} MB" in line
    assert "csplus_x goes to Google Drive, top folder, file x.tif." in feedback.said


def test_without_wait_it_ends_while_the_task_goes_on(run: Any, exports: Path) -> None:
    results = run(WAIT=False)
    assert results["STATE"] in ("PENDING", "RUNNING")
    end = time.monotonic() + 60
    while not (exports / "drive" / "x.tif").exists():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_an_asset_that_is_there_is_not_replaced(run: Any) -> None:
    run(DESTINATION="asset")
    with pytest.raises(QgsProcessingException, match="Choose another NAME if the asset is there already"):
        run(DESTINATION="asset")


def test_an_asset_that_the_projects_quota_has_no_room_for_is_warned_of(
    service: Sandbox, context: QgsProcessingContext, feedback: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def respond(seen: Seen) -> Answer:
        """Pass the request on to the sandbox, but for what the project's assets may take."""
        if seen.path.endswith("/assets/"):
            quota = {"sizeBytes": "249999999999", "maxSizeBytes": "250000000000"}
            return Answer(body=json.dumps({"quota": quota}).encode())
        status, headers, content = ask(service.url, seen.method, seen.path, seen.body or None)
        return Answer(status, content, {"Content-Type": headers["content-type"]})

    with FakeService(respond=respond) as relay:
        monkeypatch.setenv("CSPLUS_ENDPOINT", relay.url)
        given = {**JANUARY, "DESTINATION": "asset", "NAME": "x"}
        toolbox.run(ID, given, context=context, feedback=feedback)
    (said,) = [line for line in feedback.said if line.startswith("Export: ")]
    size = said.split(", ")[-1].split(" without")[0]
    assert f"The project's assets have 0.0 MB left, and this may take up to {size}." in feedback.warned
    assert size != "0.0 MB"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"DESTINATION": "cloud_storage"}, "There is no BUCKET"),
        ({"DESTINATION": "cloud_storage", "BUCKET": "gs://x"}, "is not the name of a bucket"),
        ({"BUCKET": "my-bucket"}, "BUCKET is given, and the destination is drive"),
        ({"NAME": "a b"}, "cannot be the name of a task"),
        ({"NAME": "a/b"}, "cannot be the name of a task"),
        ({"FOLDER": "../a"}, "is not the name of a folder in Drive"),
        ({"DESTINATION": "asset", "FOLDER": "a//b"}, "is not a folder"),
        ({"DESTINATION": "disk"}, "is not one of its choices"),
        ({"TABLE": "/no/such/folder/tasks.csv"}, "There is no folder /no/such/folder"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_asked(
    run: Any, feedback: Recorder, values: dict, said: str
) -> None:
    with pytest.raises(QgsProcessingException, match=said):
        run(**values)
    assert not feedback.said


def test_a_task_that_fails_fails_the_run_and_the_table_says_why(
    run: Any, exports: Path, tmp_path: Path
) -> None:
    exports.mkdir(exist_ok=True)
    (exports / "drive").write_text("in the way of the folder")
    table = tmp_path / "tasks.csv"
    with pytest.raises(QgsProcessingException, match="csplus_x has failed: The file cannot be written"):
        run(TABLE=str(table))
    (row,) = list(csv.DictReader(table.open(encoding="utf-8")))
    assert row["state"] == "FAILED"
    assert "cannot be written" in row["error"]


def test_a_task_that_somebody_else_cancels_fails_the_run(
    context: QgsProcessingContext, exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feedback = Recorder()
    with start(exports=exports, model=ServiceModel(work=3.0)) as running:
        monkeypatch.setenv("CSPLUS_ENDPOINT", running.url)

        def push(info: str) -> None:
            feedback.said.append(info)
            if info.startswith("Task "):
                identity = info.split()[1].rstrip(":")
                path = f"/v1/projects/csplus-sandbox/operations/{identity}:cancel"
                assert ask(running.url, "POST", path, {})[0] == 200

        feedback.pushInfo = push
        with pytest.raises(QgsProcessingException, match="csplus_x was cancelled"):
            toolbox.run(ID, {**JANUARY, "NAME": "x", "WAIT": True}, context=context, feedback=feedback)
    assert not (exports / "drive").exists()


def test_where_every_other_answer_is_lost_each_task_is_started_once(
    service: Sandbox, context: QgsProcessingContext, exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 0

    def respond(seen: Seen) -> Answer:
        """Pass the request on to the sandbox, and lose every other answer of what tasks are asked by."""
        nonlocal count
        status, headers, content = ask(service.url, seen.method, seen.path, seen.body or None)
        if "export" in seen.path or "operations" in seen.path:
            count += 1
            if count % 2:
                return Answer(hang_up=True)
        return Answer(status, content, {"Content-Type": headers["content-type"]})

    with FakeService(respond=respond) as relay:
        monkeypatch.setenv("CSPLUS_ENDPOINT", relay.url)
        values = {**JANUARY, "PERIOD": "days", "PERIOD_DAYS": 10, "NAME": "x", "WAIT": True}
        results = toolbox.run(ID, values, context=context, feedback=Recorder())
    ids = results["TASK_IDS"].split(",")
    sent = [seen for seen in relay.seen if seen.path.endswith("image:export")]
    assert len(sent) == 2 * len(ids)
    assert len(set(ids)) == len(ids) == len(list((exports / "drive").iterdir())) > 2
    _, _, content = ask(service.url, "GET", "/v1/projects/csplus-sandbox/operations")
    assert sorted(one["name"].rpartition("/")[2] for one in json.loads(content)["operations"]) == sorted(ids)


def test_a_cancel_ends_the_waiting_within_a_second_and_not_the_task(
    context: QgsProcessingContext, exports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feedback, cancelled = Recorder(), []

    def cancel() -> None:
        cancelled.append(time.monotonic())
        feedback.cancel()

    with start(exports=exports, model=ServiceModel(work=3.0)) as running:
        monkeypatch.setenv("CSPLUS_ENDPOINT", running.url)

        def push(info: str) -> None:
            feedback.said.append(info)
            if info.startswith("Task "):
                threading.Timer(1.5, cancel).start()

        feedback.pushInfo = push
        with pytest.raises(QgsProcessingException, match="Cancelled"):
            toolbox.run(ID, {**JANUARY, "NAME": "x", "WAIT": True}, context=context, feedback=feedback)
        assert time.monotonic() - cancelled[0] < 1
        assert any("csplus:exporttasks TASK_ID=" in line for line in feedback.warned)


def relayed(service: Sandbox, refuse: Callable[[Seen], Answer | None]) -> FakeService:
    """The sandbox, but for the requests that are refused."""

    def respond(seen: Seen) -> Answer:
        refused = refuse(seen)
        if refused is not None:
            return refused
        status, headers, content = ask(service.url, seen.method, seen.path, seen.body or None)
        return Answer(status, content, {"Content-Type": headers["content-type"]})

    return FakeService(respond=respond)


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        (refusal(401, "Request had invalid authentication credentials."), "did not accept the account"),
        (refusal(403, "Permission 'earthengine.operations.get' denied."), "is not allowed to do this"),
        (refusal(404, "Operation not found."), "not found"),
    ],
    ids=["token expired", "poll refused", "forgotten"],
)
def test_a_look_that_is_refused_ends_the_waiting_and_names_what_goes_on(
    service: Sandbox,
    context: QgsProcessingContext,
    feedback: Recorder,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    refused: Answer,
    said: str,
) -> None:
    table = tmp_path / "tasks.csv"
    with relayed(service, lambda seen: refused if "/operations/" in seen.path else None) as relay:
        monkeypatch.setenv("CSPLUS_ENDPOINT", relay.url)
        given = {**JANUARY, "NAME": "x", "WAIT": True, "TABLE": str(table)}
        with pytest.raises(QgsProcessingException, match=said):
            toolbox.run(ID, given, context=context, feedback=feedback)
    (identity,) = [line.split()[1].rstrip(":") for line in feedback.said if line.startswith("Task ")]
    assert feedback.warned[-1].endswith(f"csplus:exporttasks TASK_ID={identity}")
    with table.open() as rows:
        assert [row["task_id"] for row in csv.DictReader(rows)] == [identity]
    _, _, content = ask(service.url, "GET", f"/v1/projects/csplus-sandbox/operations/{identity}")
    assert json.loads(content)["metadata"]["state"] in ("PENDING", "RUNNING", "SUCCEEDED")


def test_a_queue_that_is_full_after_some_tasks_names_those_that_go_on(
    service: Sandbox,
    context: QgsProcessingContext,
    feedback: Recorder,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    count = 0

    def refuse(seen: Seen) -> Answer | None:
        nonlocal count
        count += seen.path.endswith("image:export")
        full = refusal(
            400, "Too many tasks already in the queue (3000). Please wait for some of them to complete."
        )
        return full if count > 1 and seen.path.endswith("image:export") else None

    with relayed(service, refuse) as relay:
        monkeypatch.setenv("CSPLUS_ENDPOINT", relay.url)
        values = {**JANUARY, "END": "2023-03-31", "PERIOD": "month", "NAME": "x"}
        values["TABLE"] = str(tmp_path / "tasks.csv")
        said = "Too many tasks already in the queue.*Wait until some of the project's tasks are over"
        with pytest.raises(QgsProcessingException, match=said):
            toolbox.run(ID, values, context=context, feedback=feedback)
    started = [line.split()[1].rstrip(":") for line in feedback.said if line.startswith("Task ")]
    assert len(started) == 1
    assert feedback.warned[-1].endswith(f"TASK_ID={started[0]}")
    with (tmp_path / "tasks.csv").open() as table:
        (row,) = csv.DictReader(table)
    assert (row["task_id"], row["end"]) == (started[0], "2023/01/31")
    assert Recipe.from_json(row["recipe"]).scenes.end.isoformat() == "2023-01-31"


def cancelled_run(
    url: str, context: QgsProcessingContext, monkeypatch: pytest.MonkeyPatch, **values: object
) -> tuple[Recorder, str, float]:
    """Run an export that is cancelled while it waits; give its log, its task, and the seconds to its end."""
    feedback, moments = Recorder(), []
    monkeypatch.setenv("CSPLUS_ENDPOINT", url)

    def cancel() -> None:
        moments.append(time.monotonic())
        feedback.cancel()

    def push(info: str) -> None:
        feedback.said.append(info)
        if info.startswith("Task "):
            threading.Timer(1.5, cancel).start()

    feedback.pushInfo = push
    with pytest.raises(QgsProcessingException, match="Cancelled"):
        toolbox.run(ID, {**JANUARY, "NAME": "x", "WAIT": True, **values}, context=context, feedback=feedback)
    (identity,) = [line.split()[1].rstrip(":") for line in feedback.said if line.startswith("Task ")]
    return feedback, identity, time.monotonic() - moments[0]


@pytest.fixture
def left() -> Iterator[list[tuple[str, ...]]]:
    """Tasks of which the window is told that they go on."""
    found: list[tuple[str, ...]] = []

    def note(connection: Connection, identities: tuple[str, ...]) -> None:
        assert connection.endpoint
        found.append(identities)

    TASKS_GO_ON.add(note)
    yield found
    TASKS_GO_ON.remove(note)


def test_a_cancel_cancels_the_task_too_where_that_was_said(
    context: QgsProcessingContext, exports: Path, monkeypatch: pytest.MonkeyPatch, left: list
) -> None:
    with start(exports=exports, model=ServiceModel(work=3.0)) as running:
        feedback, identity, seconds = cancelled_run(running.url, context, monkeypatch, CANCEL_TASKS=True)
        assert seconds < 2
        assert "The task was cancelled, too." in feedback.warned
        assert not any("TASK_ID" in line for line in feedback.warned)
        assert left == []
        _, _, content = ask(running.url, "GET", f"/v1/projects/csplus-sandbox/operations/{identity}")
        assert json.loads(content)["metadata"]["state"] in ("CANCELLING", "CANCELLED")


def test_without_that_it_goes_on_and_the_window_is_told(
    context: QgsProcessingContext, exports: Path, monkeypatch: pytest.MonkeyPatch, left: list
) -> None:
    with start(exports=exports, model=ServiceModel(work=3.0)) as running:
        feedback, identity, _ = cancelled_run(running.url, context, monkeypatch)
        assert feedback.warned[-1].endswith(f"TASK_ID={identity}")
        assert left == [(identity,)]
        _, _, content = ask(running.url, "GET", f"/v1/projects/csplus-sandbox/operations/{identity}")
        assert json.loads(content)["metadata"]["state"] == "RUNNING"


def test_a_cancel_that_the_service_does_not_hear_is_said(
    context: QgsProcessingContext, exports: Path, monkeypatch: pytest.MonkeyPatch, left: list
) -> None:
    with (
        start(exports=exports, model=ServiceModel(work=3.0)) as running,
        relayed(
            running, lambda seen: refusal(403, "No.") if seen.path.endswith(":cancel") else None
        ) as relay,
    ):
        feedback, identity, _ = cancelled_run(relay.url, context, monkeypatch, CANCEL_TASKS=True)
        assert feedback.warned[-1].endswith(f"TASK_ID={identity}")
        assert left == [(identity,)]


def test_what_a_run_took_is_among_its_results(run: Any, feedback: Recorder) -> None:
    results = run()
    assert f"{results['REQUEST_COUNT']} requests to the service." in feedback.said
    assert f"{results['RECEIVED_BYTES'] / 1e6:.1f} MB received." in feedback.said
    assert 0 < results["SECONDS"] < 60
    assert results["EECU_SECONDS"] == 0  # the sandbox computes for nothing


def test_a_model_learns_what_it_can_use(run: Any, feedback: Recorder, exports: Path) -> None:
    results = run()
    assert results["RESULTS"] == str(exports / "drive" / "x.tif")
    assert "RESULTS are files of the sandbox, which a later step can use." in feedback.said
    assert run(WAIT=False, NAME="y")["RESULTS"] == ""


def test_files_in_a_bucket_come_to_a_folder(run: Any, exports: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    results = run(
        DESTINATION="cloud_storage",
        BUCKET=BUCKET,
        END="2023-02-28",
        PERIOD="month",
        OUTPUT_FOLDER=str(folder),
    )
    assert results["FILES"] == [str(folder / f"x_2023-0{month}.tif") for month in (1, 2)]
    for file in map(Path, results["FILES"]):
        assert file.read_bytes() == (exports / "cloud-storage" / BUCKET / file.name).read_bytes()


def test_from_cloud_storage_they_are_downloaded(
    run: Any, feedback: Recorder, exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = session_for(settings.connection())
    monkeypatch.setattr(session, "is_sandbox", False)  # its files are taken to lie elsewhere
    storage = FakeStorage({})

    def opened(connection: Connection) -> Session:
        assert connection == settings.connection()
        inside = exports / "cloud-storage" / BUCKET
        whole = (inside / "a" / "x.tif").read_bytes()
        storage.files = {"a/x.tif": whole, "a/xy.tif": b"another's"}
        return Session(storage.service.url, "", Route(), None)

    monkeypatch.setattr(cloud_storage, "open_storage", opened)
    with storage.service:
        results = run(
            DESTINATION="cloud_storage", BUCKET=BUCKET, FOLDER="a", OUTPUT_FOLDER=str(tmp_path / "f")
        )
    assert results["RESULTS"] == f"/vsigs/{BUCKET}/a/x.tif"
    assert [path.name for path in (tmp_path / "f").iterdir()] == ["x.tif"]
    assert results["FILES"] == [str(tmp_path / "f" / "x.tif")]
    assert gdal.Open(results["FILES"][0]).RasterCount == 3
    assert any(line.startswith("Download from Cloud Storage: 1 file, ") for line in feedback.said)
    assert any("reads Cloud Storage with credentials of its own" in line for line in feedback.said)
    assert results["RECEIVED_BYTES"] > Path(results["FILES"][0]).stat().st_size


def test_assets_come_to_a_folder_as_downloads(
    run: Any, context: QgsProcessingContext, target: str, tmp_path: Path, feedback: Recorder
) -> None:
    folder = tmp_path / "f"
    results = run(DESTINATION="asset", OUTPUT_FOLDER=str(folder), LIVE=False)
    assert results["FILES"] == [str(folder / "x.tif")]
    file = gdal.Open(results["FILES"][0])
    assert_same_file(downloaded(context, target), file)
    kept = Recipe.from_json(file.GetMetadataItem("CSPLUS_RECIPE"))
    assert kept.target.asset == "projects/csplus-sandbox/assets/x"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"WAIT": False, "DESTINATION": "asset"}, "WAIT is off"),
        ({}, "Files in Drive are not downloaded"),
        ({"DESTINATION": "asset", "OUTPUT_FOLDER": "/dev/null"}, "is a file"),
    ],
)
def test_a_folder_that_nothing_can_come_to_is_refused_before_anything_is_asked(
    run: Any, feedback: Recorder, tmp_path: Path, values: dict, said: str
) -> None:
    with pytest.raises(QgsProcessingException, match=said):
        run(**{"OUTPUT_FOLDER": str(tmp_path / "f"), **values})
    assert not feedback.said
    assert not (tmp_path / "f").exists()
