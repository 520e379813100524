"""Whatever happens on the way, a download ends with the quiet run's pixels, or with no file and one clear sentence."""

from __future__ import annotations

import contextlib
import io
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from csplus.csplus_plugin.core.bands import DIGITAL_NUMBERS
from csplus.csplus_plugin.core.errors import (
    BadRequest,
    Cancelled,
    ComputationTooHeavy,
    CsPlusError,
    FileTrouble,
    PermissionDenied,
    QuotaExceeded,
    SignInNeeded,
    Unreachable,
)
from csplus.csplus_plugin.download import assembly, cog, overviews
from csplus.csplus_plugin.download import download as downloading
from csplus.csplus_plugin.download import plan as planning
from csplus.csplus_plugin.download.layout import ZSTD, Layout
from csplus.csplus_plugin.download.progress import Progress
from csplus.csplus_plugin.earthengine import responses
from csplus.csplus_plugin.earthengine.limiter import INITIAL_LIMIT, Limiter
from csplus.csplus_plugin.earthengine.session import close_sessions
from osgeo import gdal

from ..support.fake_service import Answer, FakeService, Seen, npy, refusal
from ..support.faulty_service import FAULTS, Faults, PixelService
from ..support.small_downloads import (
    BANDS,
    GRID,
    LARGE,
    LAYOUT,
    arrived,
    expected,
    gdal_exceptions,
    left,
    levels,
    make_blocks_small,
    pixels,
    process,
    run,
    survive_a_plan,
)

TILES = 4 * 3


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    make_blocks_small(monkeypatch)
    yield
    close_sessions()


def test_a_quiet_run(tmp_path: Path) -> None:
    with PixelService() as service:
        run(service, tmp_path / "a.tif")
    np.testing.assert_array_equal(pixels(tmp_path / "a.tif"), expected())
    assert len(service.seen) == TILES
    assert left(tmp_path) == ["a.tif"]


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_that_may_pass(tmp_path: Path, fault: str) -> None:
    with PixelService(Faults(seed=3, shares={fault: 0.4})) as service:
        run(service, tmp_path / "a.tif")
    np.testing.assert_array_equal(pixels(tmp_path / "a.tif"), expected())
    assert left(tmp_path) == ["a.tif"]
    assert len(service.seen) > TILES or fault in ("stall", "twice")


def test_random_plans(tmp_path: Path) -> None:
    """`make attack` has hundreds, other ones each time."""
    for seed in range(60):
        survive_a_plan(seed, tmp_path)


@pytest.mark.parametrize("bound", [64 * 64, 32 * 32 * 2, 16 * 16])
@pytest.mark.parametrize("limit", ["heavy_above", "slow_above"])
def test_a_limit_of_the_service_is_found_by_cutting(tmp_path: Path, limit: str, bound: int) -> None:
    progress = Progress(1)
    with PixelService(Faults(**{limit: bound})) as service:
        run(service, tmp_path / "a.tif", progress=progress)
    np.testing.assert_array_equal(pixels(tmp_path / "a.tif"), expected())
    assert progress.splits > 0


@pytest.mark.parametrize("places", [1, 3])
def test_the_service_s_places_are_found(tmp_path: Path, places: int) -> None:
    limiter = Limiter(spacing=0)
    with PixelService(Faults(at_once=places, latency=0.05)) as service:
        run(service, tmp_path / "a.tif", layout=LARGE, first_delay=0.05, limiter=limiter)
    np.testing.assert_array_equal(pixels(tmp_path / "a.tif"), expected(LARGE.grid))
    assert limiter.limit < INITIAL_LIMIT


LARGE_TILES = 8 * 7


@pytest.mark.parametrize(
    ("answer", "error", "asked"),
    [
        (refusal(401, "Request had invalid authentication credentials."), SignInNeeded, INITIAL_LIMIT),
        (
            refusal(403, "Caller does not have required permission to use project p."),
            PermissionDenied,
            INITIAL_LIMIT,
        ),
        (
            refusal(400, "Image.select: Band pattern 'B99' did not match any bands."),
            BadRequest,
            INITIAL_LIMIT,
        ),
        (
            refusal(404, "Asset 'X' does not exist or doesn't allow this operation."),
            BadRequest,
            INITIAL_LIMIT,
        ),
        (Answer(302, headers={"Location": "http://portal.example/login"}), Unreachable, INITIAL_LIMIT),
        (refusal(400, "User memory limit exceeded."), ComputationTooHeavy, 100),
        (refusal(503, "Away."), Unreachable, LARGE_TILES * 4),
        (Answer(hang_up=True), Unreachable, LARGE_TILES * 4),
        (Answer(body=b"not pixels"), Unreachable, LARGE_TILES * 4),
        (refusal(429, "Slow down.", Retry_After="9999"), QuotaExceeded, INITIAL_LIMIT),
    ],
)
def test_what_will_not_pass_is_one_sentence_and_no_file(
    tmp_path: Path, answer: Answer, error: type[CsPlusError], asked: int
) -> None:
    with FakeService(answer) as service, pytest.raises(error) as told:
        run(service, tmp_path / "a.tif", layout=LARGE, max_tries=4)
    assert len(service.seen) <= asked
    assert str(told.value).count("\n") == 0
    assert left(tmp_path) == []


def test_an_account_that_ends_on_the_way(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(b"an older result")
    with PixelService(Faults(unauthorized_after=7)) as service, pytest.raises(SignInNeeded):
        run(service, path)
    assert path.read_bytes() == b"an older result"
    assert left(tmp_path) == ["a.tif", "a.tif.journal", "a.tif.part"]
    brought = arrived(path)
    assert 0 < len(brought) <= len(service.answered) == 7
    with PixelService() as service:
        run(service, path)
    assert len(service.seen) == TILES - len(brought)
    np.testing.assert_array_equal(pixels(path), expected())
    assert left(tmp_path) == ["a.tif"]


class TestInterrupted:
    """A run that ended half-way, and what the next one makes of it."""

    @pytest.fixture
    def half(self, tmp_path: Path) -> Path:
        path = tmp_path / "a.tif"
        progress = Progress(1)
        with PixelService(Faults(latency=0.01)) as service, pytest.raises(Cancelled):
            run(
                service,
                path,
                layout=LARGE,
                progress=progress,
                archive="7 scenes",
                is_cancelled=lambda: progress.done > 400_000,
            )
        assert left(tmp_path) == ["a.tif.journal", "a.tif.part"]
        return path

    def again(self, path: Path, layout: Layout = LARGE, **options: object) -> PixelService:
        with PixelService() as service:
            run(service, path, layout=layout, **options)
        np.testing.assert_array_equal(pixels(path), expected(layout.grid))
        assert left(path.parent) == [path.name]
        return service

    def test_it_goes_on(self, half: Path) -> None:
        assert 0 < len(self.again(half).seen) < LARGE_TILES * 0.7

    def test_it_may_become_a_cog(self, half: Path) -> None:
        self.again(half, cloud_optimized=True)

    def test_new_tags_are_no_other_download(self, half: Path) -> None:
        tagged = Layout(LARGE.grid, BANDS, DIGITAL_NUMBERS, {"CSPLUS_SCENE_COUNT": "8"})
        assert len(self.again(half, tagged).seen) < LARGE_TILES * 0.7
        assert gdal.Open(str(half)).GetMetadataItem("CSPLUS_SCENE_COUNT") == "8"

    @pytest.mark.parametrize(("held", "is_said"), [("7 scenes", False), ("8 scenes", True)])
    def test_a_scene_that_has_come_since_is_told_of(self, half: Path, held: str, is_said: bool) -> None:
        warned: list[str] = []
        self.again(half, archive=held, progress=Progress(1, warn=warned.append))
        assert [line.count("7 scenes then, 8 scenes now") for line in warned] == [1] * is_said

    @pytest.mark.parametrize(
        "change",
        [
            {"expression": {"result": "0", "values": {"0": {"constantValue": 2}}}},
            {"layout": Layout(GRID, BANDS, DIGITAL_NUMBERS, {})},
            {"layout": Layout(LARGE.grid, BANDS[::-1], DIGITAL_NUMBERS, {})},
            {"layout": Layout(LARGE.grid, BANDS, DIGITAL_NUMBERS, {}, ZSTD)},
        ],
    )
    def test_another_download_is_refused_and_spoils_nothing(self, half: Path, change: dict) -> None:
        with PixelService() as service, pytest.raises(FileTrouble, match="different settings") as told:
            run(service, half, **{"layout": LARGE, **change})
        assert service.seen == []
        assert "a.tif.part" in told.value.next_step
        self.again(half)

    def test_a_journal_without_tiles_is_in_nobody_s_way(self, half: Path) -> None:
        journal = half.with_name("a.tif.journal")
        journal.write_bytes(journal.read_bytes().splitlines(keepends=True)[0])
        self.again(half, LAYOUT)

    @pytest.mark.parametrize("name", ["a.tif.part", "a.tif.journal"])
    @pytest.mark.parametrize("damage", ["cut", "lost", "emptied", "flipped", "scribbled"])
    def test_what_is_damaged_is_fetched_again(self, half: Path, name: str, damage: str) -> None:
        file = half.with_name(name)
        content = bytearray(file.read_bytes())
        if damage == "cut":
            file.write_bytes(content[: int(len(content) * 0.6)])
        elif damage == "lost":
            file.unlink()
        elif damage == "emptied":
            file.write_bytes(b"")
        elif damage == "flipped":
            content[len(content) // 2] ^= 0x55
            file.write_bytes(content)
        else:
            file.write_bytes(content + b"\x00{]" * 100)
        self.again(half)

    @pytest.mark.parametrize("name", ["a.tif.part", "a.tif.journal"])
    @pytest.mark.parametrize(
        "content", [b"my notes\n", b"II*\x00\x08\x00\x00\x00" + b"x" * 100, b'{"a": 1}\n']
    )
    def test_files_of_the_user_are_not_touched(self, tmp_path: Path, name: str, content: bytes) -> None:
        path = tmp_path / name
        path.write_bytes(content)
        with PixelService() as service, pytest.raises(FileTrouble, match=f"{name} is there already"):
            run(service, tmp_path / "a.tif")
        assert path.read_bytes() == content
        assert service.seen == []

    @pytest.mark.parametrize("name", ["a.tif.part", "a.tif.journal"])
    @pytest.mark.parametrize("kind", ["link", "link to nothing", "pipe", "folder"])
    def test_what_is_no_ordinary_file_is_refused(self, tmp_path: Path, name: str, kind: str) -> None:
        path, other = tmp_path / name, tmp_path / "other.txt"
        if kind == "link":
            other.write_bytes(b"my notes")
        if kind.startswith("link"):
            path.symlink_to(other)
        elif kind == "pipe":
            os.mkfifo(path)
        else:
            path.mkdir()
        with PixelService() as service, pytest.raises(FileTrouble, match="ordinary file|Is a directory"):
            run(service, tmp_path / "a.tif")
        assert other.exists() == (kind == "link")
        assert kind != "link" or other.read_bytes() == b"my notes"
        assert not (tmp_path / "a.tif").exists()

    def test_runs_one_after_the_other_on_one_target(self, tmp_path: Path) -> None:
        """Each run that ends well leaves a whole file, whatever another does to the journal in that moment."""
        path, wrong = tmp_path / "a.tif", []
        end = time.monotonic() + 8

        def repeat(service: PixelService) -> None:
            while time.monotonic() < end:
                with contextlib.suppress(FileTrouble):
                    run(service, path)
                    continue

        with PixelService() as service:
            threads = [threading.Thread(target=repeat, args=(service,)) for _ in range(3)]
            for thread in threads:
                thread.start()
            while time.monotonic() < end:
                if path.exists() and not np.array_equal(pixels(path), expected()):
                    wrong.append(path.stat().st_size)
            for thread in threads:
                thread.join()
        assert not wrong
        assert left(tmp_path) == ["a.tif"]

    def test_two_runs_at_once_do_not_mix(self, half: Path) -> None:
        with PixelService(Faults(latency=0.02)) as service:
            first = threading.Thread(target=run, args=(service, half), kwargs={"layout": LARGE})
            first.start()
            while not service.seen:
                time.sleep(0.01)
            with pytest.raises(FileTrouble, match="Another run"):
                run(service, half, layout=LARGE)
            first.join()
        np.testing.assert_array_equal(pixels(half), expected(LARGE.grid))

    @pytest.mark.parametrize(
        ("where", "stage"),
        [
            (assembly, "assemble_file"),
            (overviews, "build_missing"),
            (cog, "write_cog"),
            (downloading, "_move_into_place"),
        ],
    )
    def test_an_end_while_the_file_is_finished(
        self, half: Path, where: ModuleType, stage: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class PowerCut(BaseException):
            pass

        real = getattr(where, stage)

        def cut(*arguments: object) -> None:
            if stage != "_move_into_place":
                real(*arguments)
            raise PowerCut

        with monkeypatch.context() as patch:
            patch.setattr(where, stage, cut)
            with PixelService() as service, pytest.raises(PowerCut):
                run(service, half, layout=LARGE, cloud_optimized=stage == "write_cog")
        assert not half.exists()
        assert self.again(half).seen == []  # all had arrived: only the file is finished


def test_a_cancel_is_obeyed_at_once_at_any_moment(tmp_path: Path) -> None:
    for seed in range(12):
        path = tmp_path / f"{seed}.tif"
        end = time.monotonic() + random.Random(seed).uniform(0, 0.6)
        with PixelService(Faults(seed=seed, shares={"busy": 0.2}, latency=0.05)) as service:
            try:
                run(service, path, layout=LARGE, is_cancelled=lambda end=end: time.monotonic() > end)
                assert path.exists()
            except Cancelled:
                assert time.monotonic() - end < 15
                assert not path.exists()


@pytest.mark.parametrize("dtype", ["u1", "?", ">u2", "f2", "<i2", "<f4", "<u4"])
def test_pixels_of_another_type_are_not_taken(tmp_path: Path, dtype: str) -> None:
    class Other(PixelService):
        def answer(self, seen: Seen) -> Answer:
            good = super().answer(seen)
            values = np.load(io.BytesIO(good.body))
            with np.errstate(over="ignore"):
                return Answer(body=npy(values.astype([(name, dtype) for name in values.dtype.names])))

    with Other() as service, pytest.raises(CsPlusError, match="damaged"):
        run(service, tmp_path / "a.tif", max_tries=3)
    assert left(tmp_path) == []


def test_a_stalled_answer_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responses, "BODY_TIMEOUT", 0.3)

    class Stalling(PixelService):
        def answer(self, seen: Seen) -> Answer:
            good = super().answer(seen)
            return Answer(body=good.body[:500], promised=len(good.body)) if len(self.seen) == 3 else good

    with Stalling() as service:
        run(service, tmp_path / "a.tif")
    np.testing.assert_array_equal(pixels(tmp_path / "a.tif"), expected())


class TestFullDisk:
    """No room for the rest: one sentence, no broken file, and the next run goes on."""

    @pytest.fixture
    def small_disk(self, tmp_path: Path) -> Iterator[Path]:
        folder = tmp_path / "small"
        folder.mkdir()
        self.resize(folder, 4096, "")
        yield folder
        # A failed test holds its files open until it has been reported.
        subprocess.run(["umount", "--lazy", folder], check=True)

    def resize(self, folder: Path, size: int, more: str = "remount,") -> None:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"{more}size={size}k", "none", folder],
            check=False,
            capture_output=True,
        )
        if done.returncode:
            pytest.skip("may not mount a small disk")

    def test_it_is_one_sentence(self, small_disk: Path) -> None:
        self.resize(small_disk, 200)
        with PixelService() as service, pytest.raises(FileTrouble, match="The disk is full") as told:
            run(service, small_disk / "a.tif", layout=LARGE)
        assert "resumes where it stopped" in told.value.next_step
        assert left(small_disk) == ["a.tif.journal", "a.tif.part"]

    @pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
    @pytest.mark.parametrize("exceptions", [False, True])
    @pytest.mark.parametrize("cloud_optimized", [False, True])
    def test_at_any_moment(self, small_disk: Path, cloud_optimized: bool, exceptions: bool) -> None:
        path = small_disk / "a.tif"
        with PixelService() as service:
            run(service, small_disk.parent / "whole.tif", layout=LARGE, cloud_optimized=cloud_optimized)
        whole = levels(small_disk.parent / "whole.tif")
        older = b"what stood there before"
        tiles = len(planning.plan(LARGE.grid, len(BANDS), 2).tiles)
        refused, size = 0, 40
        with gdal_exceptions(exceptions):
            while True:
                self.resize(small_disk, size)
                path.write_bytes(older)
                with PixelService() as service, contextlib.suppress(FileTrouble):
                    run(service, path, layout=LARGE, cloud_optimized=cloud_optimized)
                if path.read_bytes() != older:
                    break
                refused += 1
                # In small steps where all tiles are there and what is left is written by GDAL.
                size += 4 if len(arrived(path)) == tiles else 40
        assert refused > 15
        for got, wanted in zip(levels(path), whole, strict=True):
            np.testing.assert_array_equal(got, wanted)
        assert left(small_disk) == ["a.tif"]


def test_kill_9_at_random_moments(tmp_path: Path) -> None:
    chance, path, kills = random.Random(5), tmp_path / "a.tif", 0
    with PixelService(Faults(latency=0.3)) as service:
        while not path.exists():
            before = arrived(path)
            asked = len(service.seen)
            running = process(service.url, path, 500, 400, 2, 16, 2**28)
            if kills < 6:  # counted in requests, not in seconds: no machine is too fast or too slow for it
                enough = asked + chance.randint(1, 8)
                while len(service.seen) < enough and running.poll() is None:
                    time.sleep(0.005)
                time.sleep(chance.uniform(0, 0.05))
                running.send_signal(signal.SIGKILL)
                kills += 1
            code = running.wait(60)
            running.stdout.close()
            again = {window(seen) for seen in service.seen[asked:] if seen.body.endswith(b"}")}
            assert not before & again  # what the journal holds is never asked for twice
            assert code == (0 if path.exists() else -signal.SIGKILL)
    assert kills == 6
    np.testing.assert_array_equal(pixels(path), expected(LARGE.grid))
    assert not (tmp_path / "a.tif.part").exists()


CANCELLED_UNDER_SIGNALS = """
import signal, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import tests.conftest
from csplus.csplus_plugin.earthengine import waiting
waiting.POLL = 0.001  # many waits
from csplus.csplus_plugin.core.bands import DIGITAL_NUMBERS, BandInfo
from csplus.csplus_plugin.core.errors import Cancelled
from csplus.csplus_plugin.core.grid import Grid
from csplus.csplus_plugin.download.download import download
from csplus.csplus_plugin.download.layout import Layout
from csplus.csplus_plugin.download.plan import plan
from csplus.csplus_plugin.earthengine.client import Client
from csplus.csplus_plugin.earthengine.session import Connection, session_for

expression = {"result": "0", "values": {"0": {"constantValue": 1}}}
grid = Grid("EPSG:32611", 10, 0, 0, 300, 300)
layout = Layout(grid, [BandInfo("B4", "B4")], DIGITAL_NUMBERS, {})
end = time.monotonic() + 1
is_cancelled = lambda: time.monotonic() > end
client = Client(session_for(Connection(endpoint=sys.argv[2], project="p")), is_cancelled)
signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.0007, 0.0007)
try:
    if sys.argv[3] == "value":
        client.value(expression)
    else:
        download(client, expression, plan(grid, 1, 2), layout, Path(sys.argv[4]), is_cancelled=is_cancelled)
except Cancelled:
    print("cancelled")
signal.setitimer(signal.ITIMER_REAL, 0)
"""


@pytest.mark.parametrize("what", ["value", "download"])
def test_a_wait_that_signals_interrupt_can_be_cancelled(tmp_path: Path, what: str) -> None:
    """As a timer or a resized terminal sends them: a wait that one interrupts at its very end has to end, too."""
    root = str(Path(__file__).resolve().parents[2])
    with PixelService(Faults(latency=100)) as service:
        command = [sys.executable, "-c", CANCELLED_UNDER_SIGNALS, root, service.url, what, tmp_path / "a.tif"]
        done = subprocess.run(command, timeout=30, capture_output=True, text=True, check=False)
    assert done.stdout == "cancelled\n", done.stderr


def window(seen: Seen) -> tuple[int, ...]:
    grid = seen.json()["grid"]
    transform, size = grid["affineTransform"], grid["dimensions"]
    return (
        round(transform["translateX"] / 10),
        round(-transform["translateY"] / 10),
        size["width"],
        size["height"],
    )


def test_memory_does_not_grow_with_the_download(tmp_path: Path) -> None:
    """Ten bands, a quarter of the room that is the default: 84 MB and 335 MB of pixels take the same memory."""
    bodies: dict[str, bytes] = {}

    def respond(seen: Seen) -> Answer:
        size = seen.json()["grid"]["dimensions"]
        key = str(size)
        if key not in bodies:
            noise = np.random.default_rng(1).integers(0, 9000, (size["height"], size["width"]))
            made = np.zeros(noise.shape, [(band, "<u2") for band in seen.json()["bandIds"]])
            for band in made.dtype.names:
                made[band] = noise
            bodies[key] = npy(made)
        return Answer(body=bodies[key])

    peaks = []
    with FakeService(respond=respond) as service:
        for side in (2048, 4096):
            running = process(service.url, tmp_path / f"{side}.tif", side, side, 10, 256, 64 * 2**20)
            said, _ = running.communicate(timeout=120)
            peaks.append(float(said))
    assert max(peaks) < 512
    assert peaks[1] - peaks[0] < 100  # of 251 MB more pixels
