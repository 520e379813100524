"""Downloads under random faults, on disks that fill, after damage: the right file, or none and one sentence."""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from csplus.csplus_plugin.core.errors import Cancelled, CsPlusError, FileTrouble
from csplus.csplus_plugin.download.progress import Progress
from csplus.csplus_plugin.earthengine.session import close_sessions

from ..support.faulty_service import FAULTS, Faults, PixelService
from ..support.small_downloads import (
    BANDS,
    LARGE,
    expected,
    gdal_exceptions,
    left,
    levels,
    pixels,
    process,
    run,
    survive_a_plan,
)

LONGEST = 120
"""Seconds that no trial may take."""


def test_random_faults(tmp_path: Path, seeds: range) -> None:
    for seed in seeds:
        begin = time.monotonic()
        survive_a_plan(seed, tmp_path)
        assert time.monotonic() - begin < LONGEST, seed
    print(f"{len(seeds)} plans of random faults: 0 wrong files.")


def test_kills_under_faults(tmp_path: Path, seeds: range) -> None:
    """Killed once to four times at a random request, and started again."""
    whole, kills = expected(LARGE.grid), 0
    for seed in seeds[: len(seeds) // 10]:
        chance, path = random.Random(seed), tmp_path / f"{seed}.tif"
        names = chance.sample(sorted(FAULTS), 2)
        faults = Faults(seed=seed, shares=dict.fromkeys(names, 0.03), latency=0.05)
        to_kill = chance.randint(1, 4)
        with PixelService(faults) as service:
            while not path.exists():
                asked = len(service.seen)
                running = process(service.url, path, 500, 400, len(BANDS), 16, 2**28)
                if to_kill:
                    enough = asked + chance.randint(1, 30)
                    while len(service.seen) < enough and running.poll() is None:
                        time.sleep(0.005)
                    running.send_signal(signal.SIGKILL)
                    to_kill, kills = to_kill - 1, kills + 1
                assert running.wait(LONGEST) in (0, -signal.SIGKILL), seed
                running.stdout.close()
        np.testing.assert_array_equal(pixels(path), whole, err_msg=str(seed))
        assert left(tmp_path) == [path.name], seed
        path.unlink()
    print(f"{kills} kills: 0 wrong files.")


def test_damaged_journals(tmp_path: Path, seeds: range) -> None:
    """Bytes changed, cut off or added in what an unfinished download left behind."""
    outcomes = Counter(_resume_damaged(tmp_path, random.Random(seed), str(seed)) for seed in seeds)
    print(f"{len(seeds)} damaged leftovers: {dict(outcomes)}, 0 wrong files.")


def _resume_damaged(folder: Path, chance: random.Random, seed: str) -> str:
    path, progress, enough = folder / "a.tif", Progress(1), chance.randint(0, 600_000)
    with PixelService() as service, contextlib.suppress(Cancelled):
        run(service, path, layout=LARGE, progress=progress, is_cancelled=lambda: progress.done > enough)
    for name in chance.choice([["part"], ["journal"], ["part", "journal"]]):
        _damage(path.with_name(f"a.tif.{name}"), chance)
    try:
        with PixelService() as service:
            run(service, path, layout=LARGE)
        np.testing.assert_array_equal(pixels(path), expected(LARGE.grid), err_msg=seed)
        assert left(folder) == [path.name], seed
        outcome = "right"
    except FileTrouble:
        assert not path.exists(), seed
        outcome = "refused"
    for file in folder.iterdir():
        file.unlink()
    close_sessions()
    return outcome


def _damage(file: Path, chance: random.Random) -> None:
    if not file.exists():
        return
    content = bytearray(file.read_bytes())
    kind = chance.choice(["flip", "cut", "add", "empty", "zeros", "gone"])
    if kind == "gone":
        file.unlink()
        return
    if content:
        where = chance.randrange(len(content))
        if kind == "flip":
            content[where] ^= 1 << chance.randrange(8)
        elif kind == "cut":
            del content[where:]
        elif kind == "zeros":
            content[where : where + 100] = bytes(len(content[where : where + 100]))
    if kind == "add":
        content += chance.randbytes(chance.randint(1, 200))
    elif kind == "empty":
        content.clear()
    file.write_bytes(content)


@pytest.mark.parametrize("exceptions", [False, True])
@pytest.mark.parametrize("cloud_optimized", [False, True])
def test_full_disks(tmp_path: Path, seeds: range, cloud_optimized: bool, exceptions: bool) -> None:
    """Disks of any size up to that of the file and what is made beside it."""
    disk, chance, outcomes = tmp_path / "disk", random.Random(seeds[0]), Counter()
    disk.mkdir()
    with PixelService() as service:
        run(service, tmp_path / "whole.tif", layout=LARGE, cloud_optimized=cloud_optimized)
    whole, kilobytes = levels(tmp_path / "whole.tif"), (tmp_path / "whole.tif").stat().st_size // 1024
    for _ in range(max(20, len(seeds) // 8)):
        size = chance.randint(kilobytes // 2, kilobytes * (6 if cloud_optimized else 2))
        if subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}k", "none", disk], check=False
        ).returncode:
            pytest.skip("may not mount a small disk")
        path, older = disk / "a.tif", b"what stood there before"
        try:
            path.write_bytes(older)
            with gdal_exceptions(exceptions), PixelService() as service:
                try:
                    run(service, path, layout=LARGE, cloud_optimized=cloud_optimized)
                    for got, wanted in zip(levels(path), whole, strict=True):
                        np.testing.assert_array_equal(got, wanted, err_msg=f"{size} kB")
                    outcomes["right"] += 1
                except CsPlusError:
                    assert path.read_bytes() == older, f"{size} kB"
                    outcomes["refused"] += 1
        finally:
            close_sessions()
            subprocess.run(["umount", "--lazy", disk], check=True)
    assert outcomes["right"]
    assert outcomes["refused"]
    print(f"{sum(outcomes.values())} disks: {dict(outcomes)}, 0 wrong files.")
