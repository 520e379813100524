"""Requests of a kilobyte or so that ask for all memory and time there is: each is a sentence, soon, for little memory.

The sandbox runs in a process of its own, whose highest use of memory the system tells (Linux).
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ...support.fuzzing import called, constant
from ...support.servers import GRID, L2A, SCENE, ask

ROOT = Path(__file__).parents[3]
PATIENCE = 5.0  # instead of 45 seconds
MOST_SECONDS = 20.0  # the same 15 beyond it that are left until a minute has passed
MOST_KILOBYTES = 1 << 20
COMPUTE = "/v1/projects/p/value:compute"
PIXELS = "/v1/projects/p/image:computePixels"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")


@dataclass
class Process:
    """A sandbox in a process of its own."""

    url: str
    pid: int

    def highest(self) -> int:
        """Kilobytes of memory that it has had since `forget`."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0])

    def forget(self) -> None:
        Path(f"/proc/{self.pid}/clear_refs").write_text("5", encoding="ascii")


@pytest.fixture(scope="module")
def process(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    exports = tmp_path_factory.mktemp("exports")
    code = (
        "import sys; from csplus_plugin.sandbox import __main__, service_model; "
        f"service_model.PATIENCE = {PATIENCE}; sys.exit(__main__.main())"
    )
    command = [sys.executable, "-c", code, "--data", str(archive), "--exports", str(exports)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        url = next(
            found[0] for line in running.stdout if (found := re.search(r"http://127\.0\.0\.1:\d+", line))
        )
        yield Process(url, running.pid)
        running.terminate()


def ref(name: str) -> dict[str, Any]:
    return {"valueReference": name}


def argument(name: str) -> dict[str, Any]:
    return {"argumentReference": name}


def mapping(names: list[str], body: str) -> dict[str, Any]:
    return {"functionDefinitionValue": {"argumentNames": names, "body": body}}


def items(*nodes: Any) -> dict[str, Any]:
    return {"arrayValue": {"values": list(nodes)}}


def doubled(first: Any, times: int, double: Any) -> dict[str, Any]:
    """Values n0 to n<times>, each made of the one before."""
    values = {"n0": first}
    for i in range(times):
        values[f"n{i + 1}"] = double(ref(f"n{i}"))
    return values


def nested(times: int) -> dict[str, Any]:
    """A list of a thousand times the same list of a thousand times ..."""
    return doubled(constant(1), times, lambda n: called("List.repeat", value=n, count=constant(1000)))


def collection(count: int) -> dict[str, Any]:
    """Random images: `images`."""
    return {
        "image": called("Image.random", seed=argument("i")),
        "make": mapping(["i"], "image"),
        "seeds": called("List.sequence", start=constant(1), end=constant(count)),
        "list": called("List.map", list=ref("seeds"), baseAlgorithm=ref("make")),
        "images": called("ImageCollection.fromImages", images=ref("list")),
    }


def globe(scale: float, reducer: str, image: Any) -> Any:
    return called(
        "Image.reduceRegion",
        image=image,
        reducer=called(f"Reducer.{reducer}"),
        geometry=called(
            "GeometryConstructors.BBox",
            west=constant(-180), south=constant(-90), east=constant(180), north=constant(90),
        ),
        scale=constant(scale),
        maxPixels=constant(1e18),
    )  # fmt: skip


def points(count: int) -> dict[str, Any]:
    """Features along a line, each around a point: `features`."""
    return {
        "x": called("Number.divide", left=argument("i"), right=constant(count)),
        "point": called("GeometryConstructors.Point", coordinates=items(ref("x"), ref("x"))),
        "area": called("Geometry.buffer", geometry=ref("point"), distance=constant(300_000)),
        "feature": called("Feature", geometry=ref("area")),
        "make": mapping(["i"], "feature"),
        "numbers": called("List.sequence", start=constant(1), end=constant(count)),
        "list": called("List.map", list=ref("numbers"), baseAlgorithm=ref("make")),
        "features": called("Collection", features=ref("list")),
    }


def comb(*, upright: bool) -> dict[str, Any]:
    """A zigzag line of 4000 points: `comb` over the square, or `other` across it."""
    name, along = ("comb", "cx") if upright else ("other", "ox")
    here, there = ref(along), called("Number.mod", left=argument("i"), right=constant(2))
    return {
        along: called("Number.divide", left=argument("i"), right=constant(4000)),
        f"{name}p": items(here, there) if upright else items(there, here),
        f"{name}f": mapping(["i"], f"{name}p"),
        f"{name}s": called("List.sequence", start=constant(1), end=constant(4000)),
        f"{name}c": called("List.map", list=ref(f"{name}s"), baseAlgorithm=ref(f"{name}f")),
        name: called(
            "GeometryConstructors.Polygon" if upright else "GeometryConstructors.LineString",
            coordinates=items(ref(f"{name}c")) if upright else ref(f"{name}c"),
            geodesic=constant(False),
        ),
    }


LONG_TEXT = called(
    "List.join",
    list=called("List.repeat", value=constant("x" * 100), count=constant(1000)),
    separator=constant(""),
)
IMAGE = called("Image.load", id=constant(f"{L2A}/{SCENE}"))
SCENES = called("ImageCollection.load", id=constant(L2A))
POINT = called("GeometryConstructors.Point", coordinates=constant([0, 0]))

BOMBS: dict[str, tuple[Any, dict[str, Any]]] = {
    "join": (
        called(
            "List.join",
            list=called("List.repeat", value=LONG_TEXT, count=constant(100_000)),
            separator=constant(""),
        ),
        {},
    ),
    "join with a long separator": (
        called(
            "List.join",
            list=called("List.repeat", value=constant(""), count=constant(100_000)),
            separator=LONG_TEXT,
        ),
        {},
    ),
    "replace": (
        called(
            "String.replace", input=LONG_TEXT, regex=constant("x"), replacement=LONG_TEXT, flags=constant("g")
        ),
        {},
    ),
    "merge": (
        called("Collection.size", collection=ref("n41")),
        doubled(SCENES, 41, lambda n: called("ImageCollection.merge", collection1=n, collection2=n)),
    ),
    "merge of features": (
        called("Collection.size", collection=ref("n41")),
        doubled(
            called("Collection", features=items(called("Feature", geometry=POINT))),
            41,
            lambda n: called("Collection.merge", collection1=n, collection2=n),
        ),
    ),
    **{
        f"shared lists: {name}": (called(name, **arguments), nested(3))
        for name, arguments in {
            "List.flatten": {"list": ref("n3")},
            "String.encodeJSON": {"object": ref("n3")},
            "String": {"input": ref("n3")},
            "List.distinct": {"list": ref("n3")},
            "List.sort": {"list": ref("n3")},
            "Array": {"values": ref("n3")},
            "List.join": {"list": ref("n3"), "separator": constant("")},
            "GeometryConstructors.MultiPoint": {"coordinates": ref("n3")},
        }.items()
    },
    "answer of shared texts": (
        called("List.repeat", value=LONG_TEXT, count=constant(100_000)),
        {},
    ),
    "filters of filters": (
        called(
            "Collection.size", collection=called("Collection.filter", collection=SCENES, filter=ref("n60"))
        ),
        doubled(called("Filter.always"), 60, lambda n: called("Filter.and", filters=items(n, n))),
    ),
    "reducers of reducers": (
        called("Reducer.getOutputs", reducer=ref("n40")),
        doubled(
            called("Reducer.mean"),
            40,
            lambda n: called("Reducer.combine", reducer1=n, reducer2=n, outputPrefix=constant("a")),
        ),
    ),
    "median over the globe": (globe(4000, "median", called("Image.random")), {}),
    "median over as much as is allowed": (globe(8000, "median", called("Image.random")), {}),
    "list over the globe": (globe(8000, "toList", called("Image.random")), {}),
    "pixels of two places far apart": (
        called(
            "Image.reduceRegion",
            image=called("Image.random"),
            reducer=called("Reducer.mean"),
            geometry=called(
                "GeometryConstructors.MultiPoint", coordinates=constant([[-170, -80], [170, 80]])
            ),
            scale=constant(1),
        ),
        {},
    ),
    "sum of many bands over a region": (
        globe(300_000, "mean", called("ImageCollection.toBands", collection=ref("images"))),
        collection(5000),
    ),
    "union of circles": (
        called("Geometry.area", geometry=called("Collection.geometry", collection=ref("features"))),
        points(3000),
    ),
    "union of what is crossed": (
        called("Geometry.intersection", left=ref("comb"), right=ref("other")),
        {**comb(upright=True), **comb(upright=False)},
    ),
    "union again and again": (
        ref("n300"),
        doubled(
            POINT,
            300,
            lambda n: called(
                "Geometry.union",
                left=n,
                right=called("Geometry.buffer", geometry=n, distance=constant(1000)),
            ),
        ),
    ),
    "buffers of many points": (
        called(
            "Geometry.buffer",
            geometry=called("GeometryConstructors.MultiPoint", coordinates=ref("list")),
            distance=constant(100_000),
        ),
        {
            "pair": items(argument("i"), argument("i")),
            "make": mapping(["i"], "pair"),
            "numbers": called("List.sequence", start=constant(0), end=constant(1), count=constant(20_000)),
            "list": called("List.map", list=ref("numbers"), baseAlgorithm=ref("make")),
        },
    ),
    "a list within a list": (
        called(
            "List.indexOfSublist",
            list=called("List.repeat", value=constant(1), count=constant(1_000_000)),
            target=called(
                "List.add",
                list=called("List.repeat", value=constant(1), count=constant(500_000)),
                element=constant(2),
            ),
        ),
        {},
    ),
}
"""What to compute, and values that it refers to."""


@pytest.mark.parametrize("name", BOMBS)
def test_a_small_request_takes_little(process: Process, name: str) -> None:
    result, values = BOMBS[name]
    _harmless(process, COMPUTE, {"expression": {"result": "0", "values": {"0": result, **values}}})


@pytest.mark.parametrize("reducer", ["median", "sum", "mode"])
@pytest.mark.parametrize("count", [1000, 5000])
def test_a_tile_of_many_images_takes_little(process: Process, count: int, reducer: str) -> None:
    grid = {**GRID, "dimensions": {"width": 256, "height": 256}}
    values = {"0": called(f"reduce.{reducer}", collection=ref("images")), **collection(count)}
    _harmless(
        process,
        PIXELS,
        {"expression": {"result": "0", "values": values}, "grid": grid, "fileFormat": "NPY"},
    )


def _harmless(process: Process, path: str, body: dict[str, Any]) -> None:
    process.forget()
    before = process.highest()
    began = time.monotonic()
    status, _, content = ask(process.url, "POST", path, body)
    taken = time.monotonic() - began
    assert status in {200, 400}, content[:300]
    if status == 400:
        assert json.loads(content)["error"]["message"]
    assert process.highest() < MOST_KILOBYTES, f"{before >> 10} MiB before, {process.highest() >> 10} MiB"
    assert taken < MOST_SECONDS, f"{taken} s"


@pytest.mark.parametrize("digits", [20, 400, 5000])
def test_numbers_of_many_digits(process: Process, digits: int) -> None:
    text = '{"expression": {"result": "0", "values": {"0": {"constantValue": %s}}}}' % ("9" * digits)
    status, _, content = ask(process.url, "POST", COMPUTE, text.encode())
    if digits == 20:
        assert (status, json.loads(content)["result"]) == (200, 1e20)
    else:
        assert status == 400
        assert "out of range" in json.loads(content)["error"]["message"]
