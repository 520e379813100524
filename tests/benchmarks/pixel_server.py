"""A service of precomputed pixels in a process of its own, with a model of what work, distance and link cost.

It answers what this plugin, geedim, xee and a plain loop ask of Earth Engine, and computes nothing: each shape of tile
is made once. A request holds one of 40 slots while it is worked on and sent; beyond, the answer is 429. Work takes
pixels x scenes x (1 + bands) x a constant, for the masking by score is done once a request; by place it is half to one
and a half times that, for scenes are not spread evenly. All bodies share one link. `GET /stats` tells what was asked
so far; `POST /reset` forgets it and sets the share of random refusals.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import random
import sys
import zlib
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
from osgeo import gdal

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from csplus_plugin.sandbox.rest import discovery

BANDS = ("B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B11", "B12")
PIECE = 256 * 1024
TILE_WORK = 1024 * 1024 * (1 + len(BANDS))
"""Units of work in a tile of 1,024 pixels a side with all bands."""


class Service:
    """What it costs, and what was asked."""

    def __init__(self, side: int, latency: float, work: float, link: float, slots: int) -> None:
        self.side, self.latency, self.slots = side, latency, slots
        self.unit, self.byte = work / TILE_WORK, 1 / link
        self.link_free = 0.0
        self.in_progress = 0
        self.thumbnails: dict[str, tuple[int, int, int]] = {}
        self.bodies: dict[tuple, bytes] = {}
        self.reset(0.0)

    def reset(self, refusals: float) -> None:
        self.refusals, self.chance = refusals, random.Random(1)
        self.tiles: Counter[str] = Counter()
        self.asked = self.refused = self.sent = self.most = 0
        self.worked = 0.0

    def stats(self) -> dict[str, Any]:
        return {
            "requests": self.asked,
            "refused": self.refused,
            "tiles": sum(self.tiles.values()),
            "repeated": sum(number - 1 for number in self.tiles.values()),
            "bytes": self.sent,
            "most": self.most,
            "work": self.worked,
        }

    def image(self) -> dict[str, Any]:
        """What `getInfo` says of the image."""
        return {
            "type": "Image",
            "id": "COPERNICUS/S2_SR_HARMONIZED/X",
            "bands": [
                {
                    "id": band,
                    "data_type": {"type": "PixelType", "precision": "int", "min": 0, "max": 65535},
                    "dimensions": [self.side, self.side],
                    "crs": "EPSG:32611",
                    "crs_transform": [10, 0, 0, 0, -10, 0],
                }
                for band in BANDS
            ],
            "properties": {"system:time_start": 1672531200000, "system:index": "X"},
        }

    def body(self, width: int, height: int, bands: int, kind: str) -> bytes:
        key = (width, height, bands, kind)
        if key not in self.bodies:
            noise = np.random.default_rng(1).integers(0, 400, (bands, height, width), "u2")
            land = (np.add.outer(np.arange(height), np.arange(width)) % 3000).astype("u2")
            self.bodies[key] = _encoded(noise + land, kind)
        return self.bodies[key]


def _encoded(pixels: np.ndarray, kind: str) -> bytes:
    return _geotiff(pixels) if kind == "GEO_TIFF" else _npy(pixels, "<u2" if kind == "NPY" else "<i4")


def _npy(pixels: np.ndarray, dtype: str) -> bytes:
    made = np.zeros(pixels.shape[1:], [(band, dtype) for band in BANDS[: len(pixels)]])
    for band, values in zip(BANDS, pixels, strict=False):
        made[band] = values
    file = io.BytesIO()
    np.save(file, made)
    return file.getvalue()


def _geotiff(pixels: np.ndarray) -> bytes:
    bands, height, width = pixels.shape
    dataset = gdal.GetDriverByName("GTiff").Create(
        "/vsimem/a.tif", width, height, bands, gdal.GDT_UInt16, ["TILED=YES"]
    )
    dataset.SetGeoTransform((0, 10, 0, 0, 0, -10))
    dataset.WriteArray(pixels)
    del dataset
    file = gdal.VSIFOpenL("/vsimem/a.tif", "rb")
    content = bytes(gdal.VSIFReadL(1, gdal.VSIStatL("/vsimem/a.tif").size, file))
    gdal.VSIFCloseL(file)
    return content


async def answer(service: Service, method: str, target: str, body: bytes, writer: Any) -> None:
    url = urlsplit(target)
    path = url.path
    if path == "/stats":
        await send(writer, 200, json.dumps(service.stats()).encode())
    elif path == "/reset":
        service.reset(float(parse_qs(url.query).get("refusals", ["0"])[0]))
        await send(writer, 200, b"{}")
    elif path == "/$discovery/rest":
        await send(writer, 200, discovery.description(f"http://{writer.get_extra_info('sockname')[0]}"))
    elif path.endswith("/algorithms"):
        await send(writer, 200, discovery.algorithms())
    else:
        service.asked += 1
        await work(service, path, body, writer)


async def work(service: Service, path: str, body: bytes, writer: Any) -> None:
    if service.in_progress >= service.slots or service.chance.random() < service.refusals:
        service.refused += 1
        error = {"error": {"code": 429, "message": "Quota exceeded: Too many concurrent aggregations."}}
        await asyncio.sleep(service.latency)
        await send(writer, 429, json.dumps(error).encode())
        return
    service.in_progress += 1
    service.most = max(service.most, service.in_progress)
    try:
        await asyncio.sleep(service.latency)
        request = json.loads(body) if body else {}
        if path.endswith("value:compute"):
            values = request["expression"]["values"][request["expression"]["result"]]
            image = service.image()
            several = [1, {}, image, [["X"], [1672531200000]]]
            await send(
                writer, 200, json.dumps({"result": several if "arrayValue" in values else image}).encode()
            )
        elif path.endswith("/thumbnails"):
            name = f"projects/p/thumbnails/{len(service.thumbnails)}"
            service.thumbnails[name] = (*_window(request["expression"]), str(request))
            await send(writer, 200, json.dumps({"name": name}).encode())
        elif path.endswith(":getPixels"):
            await pixels(
                service,
                *service.thumbnails[path.removeprefix("/v1/").removesuffix(":getPixels")],
                "GEO_TIFF",
                writer,
            )
        else:
            size = request["grid"]["dimensions"]
            names = request.get("bandIds") or _named(request["expression"])
            key = json.dumps([request["grid"], names])
            kind = "NPY" if request.get("bandIds") else "NPY of int32"
            await pixels(service, size["width"], size["height"], len(names), key, kind, writer)
    finally:
        service.in_progress -= 1


async def pixels(
    service: Service, width: int, height: int, bands: int, key: str, kind: str, writer: Any
) -> None:
    luck = 0.5 + zlib.crc32(key.encode()) / 2**32
    seconds = service.unit * width * height * (1 + bands) * luck
    service.worked += seconds
    await asyncio.sleep(seconds)
    body = service.body(width, height, bands, kind)
    writer.write(_head(200, len(body)))
    loop = asyncio.get_running_loop()
    for begin in range(0, len(body), PIECE):
        piece = memoryview(body)[begin : begin + PIECE]
        service.link_free = max(service.link_free, loop.time()) + len(piece) * service.byte
        if (ahead := service.link_free - loop.time()) > 0.002:
            await asyncio.sleep(ahead)
        writer.write(piece)
        service.sent += len(piece)
        await writer.drain()
    service.tiles[key] += 1


def _named(expression: dict[str, Any]) -> list[str]:
    """Bands of a request of xee's, which names them in the expression; its own nodata makes them int32."""
    for node in expression["values"].values():
        call = node.get("functionInvocationValue", {})
        if call.get("functionName") == "Image.addBands":
            return call["arguments"]["names"]["constantValue"]
    return list(BANDS)


def _window(expression: dict[str, Any]) -> tuple[int, int, int]:
    """Width, height and bands of geedim's tiles, which it folds into the expression."""
    found: dict[str, Any] = {}

    def look(node: Any) -> None:
        if isinstance(node, dict):
            if node.get("functionName") in ("GeometryConstructors.Rectangle", "Image.slice"):
                found.setdefault(node["functionName"], node["arguments"])
            for inner in node.values():
                look(inner)
        elif isinstance(node, list):
            for inner in node:
                look(inner)

    values = expression["values"]

    def value(argument: Any) -> Any:
        if "valueReference" in argument:
            argument = values[argument["valueReference"]]
        return argument["constantValue"]

    look(values)
    left, top, right, bottom = value(found["GeometryConstructors.Rectangle"]["coordinates"])
    cut = found.get("Image.slice")
    bands = value(cut["end"]) - value(cut["start"]) if cut else len(BANDS)
    return int(right - left), int(bottom - top), int(bands)


def _head(status: int, length: int) -> bytes:
    return (
        f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n".encode()
    )


async def send(writer: Any, status: int, body: bytes) -> None:
    writer.write(_head(status, len(body)) + body)
    await writer.drain()


async def serve(service: Service) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                method, target, _ = line.decode().split()
                length = 0
                while header := (await reader.readline()).strip():
                    name, _, value = header.partition(b":")
                    if name.lower() == b"content-length":
                        length = int(value)
                body = await reader.readexactly(length)
                await answer(service, method, target, body, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client is gone
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, limit=2**20, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name, value in (("side", 4096), ("slots", 40)):
        parser.add_argument(f"--{name}", type=int, default=value)
    for name, value in (("latency", 0.1), ("work", 15.0), ("link", 50e6)):
        parser.add_argument(f"--{name}", type=float, default=value)
    asyncio.run(serve(Service(**vars(parser.parse_args()))))
