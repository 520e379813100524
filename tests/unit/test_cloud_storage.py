"""Files in Cloud Storage: found by their image's name, downloaded in parts, whole or not at all."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from csplus.csplus_plugin.core.errors import (
    BadRequest,
    Cancelled,
    FileTrouble,
    PermissionDenied,
    ServiceError,
    Unreachable,
)
from csplus.csplus_plugin.earthengine import cloud_storage
from csplus.csplus_plugin.earthengine.client import Client
from csplus.csplus_plugin.earthengine.cloud_storage import StoredFile, fetch_file, find_files
from csplus.csplus_plugin.earthengine.retry import Backoff
from csplus.csplus_plugin.earthengine.route import Route
from csplus.csplus_plugin.earthengine.session import Session

from ..support.fake_service import Answer, refusal
from ..support.fake_storage import BUCKET, FakeStorage

WHOLE = random.Random(7).randbytes(10_000)


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeStorage]:
    monkeypatch.setattr(cloud_storage, "_PART", 4_096)
    made = FakeStorage({"a/x.tif": WHOLE})
    with made.service:
        yield made


def client(storage: FakeStorage, **options: object) -> Client:
    session = Session(storage.service.url, "", Route(), None)
    session.has_responded = True
    return Client(session, **{"backoff": Backoff(max_tries=3, first_delay=0.001), **options})


def file_of(storage: FakeStorage) -> StoredFile:
    (found,) = find_files(client(storage), BUCKET, "a/x")
    return found


def test_an_image_is_one_file_or_several_and_nothing_else(storage: FakeStorage) -> None:
    storage.files = dict.fromkeys(
        (
            "a/x.tif",
            "a/x0000000000-0000000000.tif",
            "a/x-0000000000-0000012544.tif",
            "a/x2.tif",
            "a/x/../../y.tif",
            "a/x.tif.aux.xml",
            "a/x0000000000-0000000000/y.tif",
        ),
        b"1",
    )
    names = [file.name for file in find_files(client(storage), BUCKET, "a/x")]
    assert names == ["a/x-0000000000-0000012544.tif", "a/x.tif", "a/x0000000000-0000000000.tif"]


def test_it_arrives_in_parts(storage: FakeStorage, tmp_path: Path) -> None:
    target, shown = tmp_path / "x.tif", []
    fetch_file(client(storage), BUCKET, file_of(storage), target, shown.append)
    assert target.read_bytes() == WHOLE
    assert storage.ranges == [(0, 4095), (4096, 8191), (8192, 9999)]
    assert shown == [4096, 4096, 1808]
    assert [path.name for path in tmp_path.iterdir()] == ["x.tif"]


@pytest.mark.parametrize(
    "lost",
    [Answer(hang_up=True), refusal(503, "Away."), Answer(206, WHOLE[:7]), Answer(206, WHOLE[:5000])],
    ids=["no answer", "503", "short", "long"],
)
def test_a_part_that_is_lost_is_asked_for_again(storage: FakeStorage, tmp_path: Path, lost: Answer) -> None:
    file = file_of(storage)
    storage.instead = [lost, lost]
    fetch_file(client(storage), BUCKET, file, tmp_path / "x.tif", lambda _: None)
    assert (tmp_path / "x.tif").read_bytes() == WHOLE


def test_a_file_that_changes_meanwhile_is_not_kept(storage: FakeStorage, tmp_path: Path) -> None:
    file = file_of(storage)
    storage.files["a/x.tif"] = WHOLE[::-1]
    with pytest.raises(Unreachable, match="was changed while it arrived"):
        fetch_file(client(storage), BUCKET, file, tmp_path / "x.tif", lambda _: None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("refused", "error", "said"),
    [
        (
            refusal(403, "me@x does not have storage.objects.list access."),
            PermissionDenied,
            "Storage Object Viewer",
        ),
        (refusal(404, "The specified bucket does not exist."), BadRequest, "status 404"),
        (Answer(body=b"{}"), BadRequest, "There is no file gs://my-bucket/a/x.tif"),
    ],
)
def test_what_is_refused_names_the_bucket(
    storage: FakeStorage, refused: Answer, error: type[ServiceError], said: str
) -> None:
    storage.instead = [refused]
    with pytest.raises(error, match="gs://my-bucket/a/x.tif") as problem:
        find_files(client(storage), BUCKET, "a/x")
    assert said in str(problem.value)
    assert "Earth Engine refused" not in str(problem.value)


@pytest.mark.parametrize(
    "listed",
    [
        7,
        [7],
        [{"name": 7, "size": "1"}],
        [{"name": "a/x.tif"}],
        [{"name": "a/x.tif", "size": "-1"}],
        [{"name": "a/x.tif", "size": "٣"}],
        [{"name": "a/x.tif", "size": "9" * 99}],
    ],
)
def test_a_list_is_read_without_trusting_it(storage: FakeStorage, listed: object) -> None:
    storage.instead = [Answer(body=json.dumps({"items": listed, "nextPageToken": 7}).encode())]
    with pytest.raises(BadRequest, match="There is no file"):
        find_files(client(storage), BUCKET, "a/x")


def test_a_cancel_is_obeyed_within_a_second_and_leaves_nothing(storage: FakeStorage, tmp_path: Path) -> None:
    file, cancelled = file_of(storage), threading.Event()
    storage.instead = [Answer(206, WHOLE[:4096], stall=20)]
    moment: list[float] = []

    def cancel() -> None:
        moment.append(time.monotonic())
        cancelled.set()

    threading.Timer(0.3, cancel).start()
    with pytest.raises(Cancelled):
        fetch_file(
            client(storage, is_cancelled=cancelled.is_set), BUCKET, file, tmp_path / "x.tif", lambda _: None
        )
    assert time.monotonic() - moment[0] < 1
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_none_is_one_sentence(storage: FakeStorage, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    with pytest.raises(FileTrouble, match="cannot be written"):
        fetch_file(client(storage), BUCKET, file_of(storage), tmp_path / "f" / "x.tif", lambda _: None)


def test_credentials_go_to_googles_host() -> None:
    assert cloud_storage.STORAGE.split("/")[2].endswith(".googleapis.com")
    assert cloud_storage.STORAGE.startswith("https://")
