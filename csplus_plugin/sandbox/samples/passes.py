"""The year's passes of the satellites over the sample scenes: when, which, under what weather.

Sentinel-2A and Sentinel-2B take turns on relative orbit 113, every five days from 1 January 2023. Now and then
the neighbouring orbit 70 sees the eastern part. January and March are written by hand: January is wet, yet
nearly every place has a clear look; March has places without any. The other months follow the climate.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

import numpy as np

YEAR = 2023
MONTH_WITHOUT_CLEAR_LOOKS = 3
"""Month in which many places have no observation with `cs_cdf` >= 0.60."""

_UNSCORED = {
    (date(YEAR, 1, 11), "11SKB"),
    (date(YEAR, 4, 16), "11SKB"),
    (date(YEAR, 4, 16), "10SGG"),
    (date(YEAR, 7, 20), "11SKB"),
    (date(YEAR, 10, 8), "11SKB"),
    (date(YEAR, 12, 2), "10SGG"),
}


@dataclass(frozen=True)
class Weather:
    """What is in the air on one day; shares 0..1.

    Attributes:
        cumulus: Share of the sky under heaped clouds of a few hundred metres.
        cloud: Share of the sky under layered cloud, from broken to overcast.
        cirrus: How opaque the thin high cloud is where it is thickest.
        haze: How opaque haze or smoke is on average.
        fog_top: Metres above the sea that valley fog reaches; 0 for none.
    """

    cumulus: float = 0.0
    cloud: float = 0.0
    cirrus: float = 0.0
    haze: float = 0.0
    fog_top: float = 0.0


@dataclass(frozen=True)
class Pass:
    """One overflight.

    Attributes:
        start: When the data take began, UTC.
        spacecraft: "Sentinel-2A" or "Sentinel-2B".
        orbit: Relative orbit number.
        tiles: MGRS tiles that were made from it.
        weather: What was in the air.
        seed: Makes the clouds of this pass its own.
        swath_edge: Metres east of the middle of the area where the swath ends; None where it covers all.
    """

    start: datetime
    spacecraft: str
    orbit: int
    tiles: tuple[str, ...]
    weather: Weather
    seed: int
    swath_edge: float | None = None

    @property
    def day(self) -> date:
        """The day of the pass, UTC."""
        return self.start.date()

    def is_scored(self, tile: str) -> bool:
        """Whether the scene has a Cloud Score+ twin."""
        return (self.day, tile) not in _UNSCORED


_BY_HAND = {
    date(YEAR, 1, 1): (Weather(cloud=0.66), 1010, None),
    date(YEAR, 1, 6): (Weather(cloud=0.97, haze=0.1), 11, None),
    date(YEAR, 1, 11): (Weather(cloud=0.93), 12, None),
    date(YEAR, 1, 16): (Weather(cloud=0.52, cirrus=0.3), 1005, None),
    date(YEAR, 1, 21): (Weather(cumulus=0.11, haze=0.02), 1020, None),
    date(YEAR, 1, 26): (Weather(cirrus=0.5, fog_top=600.0), 1002, None),
    date(YEAR, 1, 31): (Weather(cumulus=0.14), 1015, None),
    date(YEAR, 3, 2): (Weather(cloud=0.88), 20, None),
    date(YEAR, 3, 7): (Weather(cloud=0.78, cirrus=0.3), 21, None),
    date(YEAR, 3, 12): (Weather(cloud=0.99), 22, None),
    date(YEAR, 3, 17): (Weather(cloud=0.45, cumulus=0.15), 23, 300.0),
    date(YEAR, 3, 22): (Weather(cloud=0.96), 24, None),
    date(YEAR, 3, 27): (Weather(cumulus=0.35, haze=0.22), 25, None),
}
_SWATH_EDGES = {
    date(YEAR, 2, 20): 1100.0,
    date(YEAR, 5, 6): 650.0,
    date(YEAR, 6, 30): 1400.0,
    date(YEAR, 9, 8): 900.0,
    date(YEAR, 11, 12): 200.0,
}
_NEIGHBOUR_DAYS = (
    date(YEAR, 2, 12),
    date(YEAR, 4, 18),
    date(YEAR, 6, 17),
    date(YEAR, 8, 16),
    date(YEAR, 10, 15),
    date(YEAR, 12, 14),
)
_NEIGHBOUR_EDGE = -450.0
# Chance of real cloud on a day of each month.
_CLOUDINESS = (0.7, 0.65, 0.8, 0.45, 0.35, 0.15, 0.08, 0.10, 0.15, 0.25, 0.45, 0.6)


def passes_of_year() -> list[Pass]:
    """Every pass of the year, in order of time. Always the same."""
    main = [_main_pass(number) for number in range(73)]
    neighbours = [_neighbour_pass(number, day) for number, day in enumerate(_NEIGHBOUR_DAYS)]
    return sorted(main + neighbours, key=lambda one: one.start)


def _main_pass(number: int) -> Pass:
    day = date(YEAR, 1, 1) + timedelta(days=5 * number)
    second = number % 2 == 1
    weather, seed, edge = _BY_HAND.get(day, (None, 100 + number, _SWATH_EDGES.get(day)))
    return Pass(
        start=datetime.combine(day, time(18, 47, (41, 39, 51, 29)[number % 4]), timezone.utc),
        spacecraft="Sentinel-2B" if second else "Sentinel-2A",
        orbit=113,
        tiles=("11SKB", "10SGG") if second else ("11SKB",),
        weather=weather or _weather(day, seed),
        seed=seed,
        swath_edge=edge,
    )


def _neighbour_pass(number: int, day: date) -> Pass:
    return Pass(
        start=datetime.combine(day, time(18, 37, 29), timezone.utc),
        spacecraft=("Sentinel-2A", "Sentinel-2B")[number % 2],
        orbit=70,
        tiles=("11SKB",),
        weather=_weather(day, 300 + number),
        seed=300 + number,
        swath_edge=_NEIGHBOUR_EDGE,
    )


def _weather(day: date, seed: int) -> Weather:
    rng = np.random.default_rng(seed)
    haze = float(rng.uniform(0, 0.05))
    if rng.random() < _CLOUDINESS[day.month - 1]:
        kind = rng.choice(["cumulus", "broken", "overcast", "cirrus", "fog"], p=_kinds(day.month))
        amount = float(rng.random())
        return {
            "cumulus": Weather(cumulus=0.12 + 0.35 * amount, haze=haze),
            "broken": Weather(cloud=0.35 + 0.4 * amount, haze=haze),
            "overcast": Weather(cloud=0.88 + 0.11 * amount),
            "cirrus": Weather(cirrus=0.35 + 0.5 * amount, cumulus=0.1 * amount * amount),
            "fog": Weather(fog_top=600.0 + 60 * amount, cirrus=0.2 * amount),
        }[str(kind)]
    if rng.random() < (0.30 if day.month in {7, 8, 9} else 0.12):
        return Weather(haze=float(rng.uniform(0.12, 0.4)))
    return Weather(cumulus=float(rng.choice([0.0, 0.0, 0.03, 0.06])), haze=haze)


def _kinds(month: int) -> tuple[float, float, float, float, float]:
    if month in {5, 6, 7, 8, 9, 10}:
        return (0.45, 0.15, 0.05, 0.35, 0.0)
    return (0.2, 0.3, 0.25, 0.13, 0.12)
