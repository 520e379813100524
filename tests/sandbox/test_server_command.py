"""`python3 -m csplus_plugin.sandbox`, as a process of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from csplus.csplus_plugin.sandbox import folders
from csplus.csplus_plugin.sandbox.errors import CannotStart

from ..support.servers import ask
from ..support.turnstile import LONG, until

ROOT = Path(__file__).resolve().parents[2]
READY = re.compile(r"Cloud Score\+ sandbox \(not Google Earth Engine\) at (http://127\.0\.0\.1:(\d+))\n")


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "csplus_plugin.sandbox", *map(str, arguments)]


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=LONG,
        check=False,
    )


@contextmanager
def serving(*arguments: object) -> Iterator[tuple[subprocess.Popen[str], re.Match[str]]]:
    process = subprocess.Popen(
        command(*arguments), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        line = process.stdout.readline()
        ready = READY.fullmatch(line)
        assert ready, (line, process.stderr.read() if process.poll() is not None else "")
        yield process, ready
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("words", [[], ["serve"]])
def test_serves_until_told_to_end(archive: Path, words: list[str], signal_number: signal.Signals) -> None:
    with serving(*words, "--data", archive) as (process, ready):
        status, _, body = ask(ready[1], "GET", "/v1/projects/p/config")
        assert (status, json.loads(body)["name"]) == (200, "projects/p/config")
        process.send_signal(signal_number)
        said, complained = process.communicate(timeout=LONG)
        assert (process.returncode, said, complained) == (0, "", "")


def test_options(archive: Path) -> None:
    with serving("--data", archive) as (first, ready):
        port = ready[2]
        taken = run("--data", archive, "--port", port)
        assert (taken.returncode, taken.stdout) == (1, "")
        assert re.fullmatch(rf"Port {port} of 127\.0\.0\.1 cannot be used: .*\.\n", taken.stderr)
        first.terminate()
        first.wait(LONG)
    with serving("--port", port, "serve", "--data", archive, "--latency", "0.4") as (_, ready):
        assert ready[2] == port
        began = time.monotonic()
        ask(ready[1], "GET", "/v1/projects/p/config")
        assert time.monotonic() - began >= 0.4


def test_a_folder_that_cannot_be_served(tmp_path: Path) -> None:
    absent = run("--data", tmp_path / "absent")
    assert (absent.returncode, absent.stdout) == (1, "")
    assert absent.stderr == f"There is no folder {tmp_path / 'absent'}.\n"
    empty = run("serve", "--data", tmp_path)
    assert (empty.returncode, empty.stdout) == (1, "")
    assert empty.stderr.startswith(f"{tmp_path} holds no scenes")


@pytest.mark.parametrize("arguments", [
    ["--port", "70000"], ["--port", "x"], ["--latency", "-1"], ["--latency", "nan"], ["--max-concurrent", "0"],
    ["samples"], ["dance"],
])  # fmt: skip
def test_bad_usage(arguments: list[str]) -> None:
    outcome = run(*arguments)
    assert outcome.returncode == 2
    assert "error:" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_samples_go_into_an_empty_folder_only(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    outcome = run("samples", tmp_path)
    assert (outcome.returncode, outcome.stderr) == (1, f"{tmp_path} is not empty.\n")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    (tmp_path / "file").write_text("")
    assert run("samples", tmp_path / "file" / "below").returncode == 1


def test_missing_client_library_is_one_sentence_with_the_command(archive: Path) -> None:
    script = (
        "import sys; sys.path[:0] = [sys.argv.pop(1)];"
        "from csplus_plugin.sandbox import __main__; from csplus_plugin.sandbox.graph import client_files;"
        "client_files.importlib.util.find_spec = lambda _: None;"
        "client_files.VENDOR = client_files.VENDOR.with_name('no-vendor');"
        "sys.exit(__main__.main(sys.argv[1:]))"
    )
    outcome = subprocess.run(
        [sys.executable, "-c", script, str(ROOT), "--data", str(archive)],
        capture_output=True,
        text=True,
        timeout=LONG,
        check=False,
    )
    assert (outcome.returncode, outcome.stdout) == (1, "")
    assert re.fullmatch(
        r"The sandbox needs .*: python3 -m pip install --target \".*no-vendor\" earthengine-api\n",
        outcome.stderr,
    )


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache of a user who never had sample scenes."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return folders.cache_folder()


def write_one_file(folder: Path) -> None:
    (folder / "scene").write_text("pixels")


def test_samples_are_written_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writes: list[Path] = []
    told: list[str] = []
    monkeypatch.setattr(folders, "write_to", lambda folder, _: (folder.mkdir(), writes.append(folder)))
    folder = folders.sample_scenes(told.append)
    assert folder == folders.sample_scenes(told.append)
    assert folder == cache / f"sample-scenes-v{folders.SAMPLES_VERSION}"
    assert len(writes) == 1
    assert told == [f"Writing the sample scenes to {folder}; this happens once."]


def test_the_first_of_two_writers_wins(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While this process writes, another one finishes."""
    final = cache / f"sample-scenes-v{folders.SAMPLES_VERSION}"

    def write_slowly(folder: Path, _: object) -> None:
        assert folder != final
        folder.mkdir()
        write_one_file(folder)
        final.mkdir()
        (final / "scene").write_text("theirs")

    monkeypatch.setattr(folders, "write_to", write_slowly)
    assert folders.sample_scenes() == final
    assert (final / "scene").read_text() == "theirs"
    assert set(cache.iterdir()) == {final, cache / "writing.lock"}


def test_a_writer_that_fails_leaves_nothing(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(folder: Path, _: object) -> None:
        folder.mkdir()
        write_one_file(folder)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folders, "write_to", fail)
    with pytest.raises(CannotStart, match=r"cannot be written to .*: No space left on device"):
        folders.sample_scenes()
    assert list(cache.iterdir()) == [cache / "writing.lock"]


def test_new_samples_replace_old_ones(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (cache / "sample-scenes-v0" / "scene").mkdir(parents=True)
    (cache / "other").mkdir()
    (cache / "writing-now").mkdir()
    (cache / "writing-long-ago").mkdir()
    os.utime(cache / "writing-long-ago", (0, 0))
    monkeypatch.setattr(folders, "write_to", lambda folder, _: folder.mkdir())
    folder = folders.sample_scenes()
    assert sorted(cache.iterdir()) == [
        cache / "other", folder, cache / "writing-now", cache / "writing.lock",
    ]  # fmt: skip


def test_one_writes_the_sample_scenes_and_the_others_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    told: list[str] = []
    written: list[Path] = []

    def write(folder: Path, _: object) -> None:
        written.append(folder)
        until(lambda: len(told) == 3)  # until the others have said that they wait
        folder.mkdir(parents=True)

    monkeypatch.setattr(folders, "write_to", write)
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: folders.sample_scenes(told.append), range(3)))
    assert len(written) == 1
    assert len(set(found)) == 1
    assert found[0].is_dir()
    waiting = "Another program is writing the sample scenes; waiting for it."
    assert sorted(told)[:2] == [waiting, waiting]
    assert sorted(told)[2].startswith("Writing the sample scenes to ")


class Enough(Exception):
    """The user does not want to wait."""


def test_writing_ends_when_asked_and_leaves_nothing(cache: Path) -> None:
    shares: list[float] = []

    def stop_later(share: float) -> None:
        shares.append(share)
        if share > 0.02:
            raise Enough

    with pytest.raises(Enough):
        folders.sample_scenes(progress=stop_later)
    assert list(cache.iterdir()) == [cache / "writing.lock"]
    assert shares == sorted(shares)


def test_waiting_for_another_writer_ends_when_asked(cache: Path) -> None:
    def stop(share: float) -> None:
        raise Enough

    cache.mkdir(parents=True)
    with folders._only_writer(cache / "writing.lock", None, None), pytest.raises(Enough):
        folders.sample_scenes(progress=stop)
    assert list(cache.iterdir()) == [cache / "writing.lock"]
