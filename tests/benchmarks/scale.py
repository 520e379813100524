"""What ten bands of a country of 400,000 km2 take, as a download and as tasks: prints the tables of docs/scale.md.

Tiles, bytes and requests come from the plugin's own planning, limits from Google's guides. What no guide tells is an
assumption and given as a range. Downloads are simulated event by event, with the plugin's own limiter and queue of
tiles; tasks as a queue of which so many run at once. Chance has a seed, so the tables are the same each time.
"""

from __future__ import annotations

import heapq
import math
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import conftest  # noqa: E402, F401 imports the plugin as QGIS does
from csplus.csplus_plugin.core.choices import Output  # noqa: E402
from csplus.csplus_plugin.core.grid import Grid, grid_for, outline  # noqa: E402
from csplus.csplus_plugin.core.region import Region  # noqa: E402
from csplus.csplus_plugin.download.plan import Plan, Tile, plan  # noqa: E402
from csplus.csplus_plugin.download.tile_queue import TileQueue  # noqa: E402
from csplus.csplus_plugin.earthengine.limiter import (  # noqa: E402
    MAX_LIMIT,
    RESERVED,
    RESERVED_FROM,
    RESTRICTED_LIMIT,
    SPACING,
    Limiter,
    Slot,
)
from csplus.csplus_plugin.earthengine.workers import Persistence  # noqa: E402
from osgeo import ogr  # noqa: E402

BANDS, ITEM_SIZE, SEED = 10, 2, 1
BACKOFF = Persistence().backoff
WHOLE = BANDS * 1024**2
"""Values of a whole tile."""

# Documented. Usage guide: 40 requests at once, 100 a second, 5 minutes a request, 2 tasks at once on average, 3,000 in
# the queue, 250 GB of assets. Guide to non-commercial tiers: EECU-hours a month. REST reference: 10 days a task.
TASKS_AT_ONCE, TASK_DAYS, LONGEST_REQUEST, ASSET_GB = 2, 10, 300.0, 250
TIERS = {"Community": 150, "Contributor": 1_000, "Partner": 100_000}

# Assumed.
WORK = (5.0, 15.0, 60.0)
"""EECU-seconds of a whole tile of a month's composite."""
SPREAD = 0.5
"""Standard deviation of the logarithm of a tile's work: scenes are not spread evenly."""
LINKS = (5e6, 25e6, 100e6)
"""Bytes a second of the computer's link."""
POWER = (2, 20)
"""EECU that work on one task at once."""
TASK_START = 60.0
"""Seconds until a task that may run does."""

WEST, SOUTH, EAST, NORTH = 1.0, 44.0, 9.2, 49.75
"""The country: a rectangle of 400,000 km2 across two UTM zones."""


def rectangle(west: float, south: float, east: float, north: float) -> Region:
    ring = ((west, south), (east, south), (east, north), (west, north), (west, south))
    return Region(((ring,),))


COUNTRY = rectangle(WEST, SOUTH, EAST, NORTH)
ZONES = {"EPSG:32631": rectangle(WEST, SOUTH, 6, NORTH), "EPSG:32632": rectangle(6, SOUTH, EAST, NORTH)}


def square_kilometres(west: float, south: float, east: float, north: float) -> float:
    """The area on a sphere as large as the earth."""
    band = math.sin(math.radians(north)) - math.sin(math.radians(south))
    return 6371.0072**2 * math.radians(east - west) * band


def mgrs_pixels(crs: str, region: Region) -> Iterator[int]:
    """Pixels of the grid of each square of 100 km of a zone that lies in a region, as MGRS cuts it."""
    shape = outline(region, crs)
    west, east, south, north = shape.GetEnvelope()
    side = 100_000
    for x in range(math.floor(west / side), math.ceil(east / side)):
        for y in range(math.floor(south / side), math.ceil(north / side)):
            part = shape.Intersection(ogr.CreateGeometryFromWkt(_square(x * side, y * side, side)))
            if part.Area() > 0:
                left, right, bottom, top = part.GetEnvelope()
                yield math.ceil((right - left) / 10) * math.ceil((top - bottom) / 10)


def _square(x: int, y: int, side: int) -> str:
    return f"POLYGON (({x} {y}, {x + side} {y}, {x + side} {y + side}, {x} {y + side}, {x} {y}))"


@dataclass(frozen=True)
class Service:
    """What a download meets.

    Attributes:
        work: Seconds of a whole tile.
        link: Bytes a second.
        places: Requests at once; beyond, the answer is 429.
        most: Requests at once that the plugin sends at most.
        latency: Seconds of the way there and back.
        luck: How many times its mean a tile's work is, drawn by chance.
    """

    work: float
    link: float
    places: int = MAX_LIMIT
    most: int = MAX_LIMIT
    latency: float = 0.3
    luck: Callable[[random.Random], float] = lambda chance: chance.lognormvariate(-(SPREAD**2) / 2, SPREAD)


class Download:
    """A download, event by event: a slot, the work, the link.

    As in the plugin, 40 workers share the slots, and one that is answered 429 waits with its tile, each time longer.

    Args:
        tiles: What is to be fetched.
        service: What it meets.

    Attributes:
        seconds: The clock.
        requests: That were sent.
        refused: Those that were answered 429.
    """

    def __init__(self, tiles: Sequence[Tile], service: Service) -> None:
        self.seconds, self.requests, self.refused = 0.0, 0, 0
        self._service, self._chance = service, random.Random(SEED)
        self._tiles = TileQueue(tiles)
        self._limiter = Limiter(max_limit=service.most, spacing=0, clock=lambda: self.seconds)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._again: list[tuple[Tile, int]] = []
        self._busy = self._inside = self._number = 0
        self._next_start = self._link_free = 0.0

    def run(self) -> Download:
        """Go through it to its end."""
        while self._tiles.unfinished:
            if self._may_send() and (not self._events or self._events[0][0] >= self._next_start):
                self.seconds = max(self.seconds, self._next_start)
                self._next_start = self.seconds + SPACING
                self._send_next()
            else:
                self.seconds, _, happen = heapq.heappop(self._events)
                happen()
        return self

    def _may_send(self) -> bool:
        reserved = RESERVED if self._limiter.limit >= RESERVED_FROM else 0
        is_work = bool(self._again or (self._tiles.is_waiting and self._busy < MAX_LIMIT))
        return is_work and self._limiter.in_progress < self._limiter.limit - reserved

    def _after(self, seconds: float, happen: Callable[[], None]) -> None:
        self._number += 1  # so that what is due at the same time happens in order
        heapq.heappush(self._events, (self.seconds + seconds, self._number, happen))

    def _send_next(self) -> None:
        if self._again:
            self._send(*self._again.pop(0))
        elif tile := self._tiles.pop(self._limiter.limit):
            self._busy += 1
            self._send(tile, 0)

    def _send(self, tile: Tile, refusals: int) -> None:
        slot = self._limiter.acquire(user=self)
        self.requests += 1
        if self._inside >= self._service.places:
            self.refused += 1
            self._after(self._service.latency, lambda: self._refuse(tile, slot, refusals))
            return
        self._inside += 1
        work = self._service.work * tile.value_count / WHOLE * self._service.luck(self._chance)
        end = self._time_out if work > LONGEST_REQUEST else self._transfer
        self._after(self._service.latency + min(work, LONGEST_REQUEST), lambda: end(tile, slot))

    def _refuse(self, tile: Tile, slot: Slot, refusals: int) -> None:
        self._limiter.release_after_refusal(slot)
        delay = min(BACKOFF.max_delay, BACKOFF.first_delay * 2 ** min(refusals, BACKOFF.max_tries - 2))
        self._after(self._chance.uniform(0, delay), lambda: self._again.append((tile, refusals + 1)))

    def _time_out(self, tile: Tile, slot: Slot) -> None:
        self._leave()
        self._limiter.release(slot)
        self._tiles.split(tile)

    def _transfer(self, tile: Tile, slot: Slot) -> None:
        begin = max(self._link_free, self.seconds)
        self._link_free = begin + tile.value_count * ITEM_SIZE / self._service.link
        self._after(self._link_free - self.seconds, lambda: self._arrive(tile, slot))

    def _arrive(self, tile: Tile, slot: Slot) -> None:
        self._leave()
        self._limiter.release_after_success(slot)
        self._tiles.succeeded(tile)
        self._tiles.stored()

    def _leave(self) -> None:
        self._inside -= 1
        self._busy -= 1


def queue_of_tasks(tiles: Sequence[float], work: float, power: int, at_once: int) -> tuple[float, float]:
    """Run tasks in order, so many at once.

    Args:
        tiles: Whole tiles of each task.
        work: EECU-seconds of a tile.
        power: EECU that work on a task at once.
        at_once: Tasks.

    Returns:
        Seconds until the last one is done, and those of the longest.
    """
    chance = random.Random(SEED)
    free, longest = [0.0] * at_once, 0.0
    for size in tiles:
        # Many tiles have less spread, taken together, than one.
        luck = chance.lognormvariate(0, SPREAD / math.sqrt(max(1.0, size)))
        seconds = TASK_START + size * work * luck / power
        longest = max(longest, seconds)
        heapq.heapreplace(free, free[0] + seconds)
    return max(free), longest


def duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 36 * 3600 else f"{seconds / 86400:.1f} days"


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def grids() -> tuple[Plan, dict[str, Plan], list[int]]:
    """The plan of one download, of one for each zone, and the pixels of each MGRS square."""
    one = plan(grid_for(COUNTRY, Output()), BANDS, ITEM_SIZE, COUNTRY)
    zones = {
        crs: plan(grid_for(region, Output(crs=crs)), BANDS, ITEM_SIZE, region)
        for crs, region in ZONES.items()
    }
    squares = [pixels for crs, region in ZONES.items() for pixels in mgrs_pixels(crs, region)]
    return one, zones, squares


def size_table(one: Plan, zones: dict[str, Plan], squares: Sequence[int]) -> str:
    def row(name: str, parts: int, pixels: float, largest: float, requests: object) -> list[object]:
        gigabytes = pixels * BANDS * ITEM_SIZE / 1e9
        return [
            name,
            parts,
            f"{pixels / 1e9:.2f} billion",
            f"{gigabytes:.0f} GB",
            f"{largest * BANDS * ITEM_SIZE / 1e9:.1f} GB",
            requests,
        ]

    area = [each.size / BANDS / ITEM_SIZE for each in (one, *zones.values())]
    whole = [each.grid.width * each.grid.height for each in (one, *zones.values())]
    return table(
        ["way", "parts", "pixels", "before compression", "largest part", "requests"],
        [
            row("one download", 1, area[0], area[0], len(one.tiles)),
            row("downloads by UTM zone", len(zones), sum(area[1:]), max(area[1:]),
                sum(len(each.tiles) for each in zones.values())),
            row("one task", 1, whole[0], whole[0], 1),
            row("tasks by UTM zone", len(zones), sum(whole[1:]), max(whole[1:]), len(zones)),
            row("tasks by MGRS square", len(squares), sum(squares), max(squares), len(squares)),
            row("the same, twelve months", 12 * len(squares), 12 * sum(squares), max(squares), 12 * len(squares)),
        ],
    )  # fmt: skip


def cost_table(tiles: float) -> str:
    rows = []
    for work in WORK:
        hours = tiles * work / 3600
        used = [f"{12 * hours / limit:.1%}" for limit in TIERS.values()]
        rows.append([f"{work:.0f}", f"{hours:.0f}", f"{12 * hours:.0f}", *used])
    shares = [f"of {name}'s {limit:,} a month" for name, limit in TIERS.items()]
    return table(["EECU-seconds a tile", "one month, EECU-hours", "twelve months", *shares], rows)


def download_table(tiles: Sequence[Tile]) -> str:
    rows = []
    for work in WORK:
        for link in LINKS:
            found = [
                Download(tiles, Service(work, link)).run(),
                Download(tiles, Service(work, link, places=20)).run(),
                Download(tiles, Service(work, link, most=RESTRICTED_LIMIT)).run(),
            ]
            rows.append(
                [
                    f"{work:.0f}",
                    f"{link / 1e6:.0f} MB/s",
                    duration(found[0].seconds),
                    duration(found[1].seconds),
                    f"{found[1].refused / found[1].requests:.0%}",
                    duration(found[2].seconds),
                    duration(12 * found[0].seconds),
                ]
            )
    head = (
        "seconds a tile",
        "link",
        "one month, alone",
        "20 of the 40 taken by others",
        "of those requests refused",
    )
    return table([*head, "restricted mode", "twelve months, alone"], rows)


def task_table(one: Plan, zones: dict[str, Plan], squares: Sequence[int]) -> str:
    def of(pixels: float) -> float:
        return pixels / 1024**2

    ways = {
        "one task": [of(one.size / BANDS / ITEM_SIZE)],
        "by UTM zone": [of(each.size / BANDS / ITEM_SIZE) for each in zones.values()],
        "by MGRS square": [of(pixels) for pixels in squares],
    }
    rows = []
    for work in WORK:
        for name, tiles in ways.items():
            cells: list[str] = []
            for power in POWER:
                month, longest = queue_of_tasks(tiles, work, power, TASKS_AT_ONCE)
                year, _ = queue_of_tasks(tiles * 12, work, power, TASKS_AT_ONCE)
                late = " (too long)" if longest > TASK_DAYS * 86400 else ""
                cells += [duration(month), duration(longest) + late, duration(year)]
            rows.append([f"{work:.0f}", name, *cells])
    heads = [
        f"{what}, {power} EECU a task"
        for power in POWER
        for what in ("one month", "longest task", "twelve months")
    ]
    return table(["EECU-seconds a tile", "tasks", *heads], rows)


MEASURED = (
    (4096, 25, 17.0), (4096, 50, 13.0), (7168, 25, 46.0), (7168, 50, 27.0), (12288, 25, 131.0), (12288, 50, 81.0),
    (22528, 100, 204.0),
)  # fmt: skip
"""Side in pixels, megabytes a second, seconds: docs/measured.md, from a server of 15 seconds of work a tile."""


def check_table() -> str:
    rows = []
    for side, link, seconds in MEASURED:
        tiles = plan(Grid("EPSG:32611", 10, 0, 0, side, side), BANDS, ITEM_SIZE).tiles
        service = Service(15.0, link * 1e6, luck=lambda chance: chance.uniform(0.5, 1.5))
        found = Download(tiles, service).run().seconds
        rows.append(
            [
                f"{side**2 * BANDS * ITEM_SIZE / 1e9:.2f} GB",
                f"{link} MB/s",
                f"{seconds:.0f} s",
                f"{found:.0f} s",
            ]
        )
    return table(["size", "link", "measured", "simulated"], rows)


def tables() -> dict[str, str]:
    """Every table of docs/scale.md, by its title."""
    one, zones, squares = grids()
    tiles = one.size / BANDS / ITEM_SIZE / 1024**2
    return {
        "How much it is": size_table(one, zones, squares),
        "What it costs": cost_table(tiles),
        "As a download": download_table(one.tiles),
        "As tasks": task_table(one, zones, squares),
        "Simulated and measured": check_table(),
    }


if __name__ == "__main__":
    print(f"{square_kilometres(WEST, SOUTH, EAST, NORTH):,.0f} km2\n")
    for title, text in tables().items():
        print(f"{title}\n\n{text}\n")
