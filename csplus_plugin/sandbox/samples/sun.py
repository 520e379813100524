"""Where the sun stands over the sample scenes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np


@dataclass(frozen=True)
class Sun:
    """The sun's position, in degrees.

    Attributes:
        zenith: 0 overhead, 90 at the horizon.
        azimuth: Clockwise from the north.
    """

    zenith: float
    azimuth: float

    @property
    def direction(self) -> tuple[float, float, float]:
        """The unit vector towards the sun: east, north, up."""
        zenith, azimuth = np.radians(self.zenith), np.radians(self.azimuth)
        east, north = np.sin(zenith) * np.sin(azimuth), np.sin(zenith) * np.cos(azimuth)
        return float(east), float(north), float(np.cos(zenith))


def sun_at(moment: datetime, longitude: float, latitude: float) -> Sun:
    """Give the sun's position at a moment (UTC) and a place (degrees), good to about half a degree.

    Source: the "general solar position" formulas of the NOAA Global Monitoring Laboratory.
    """
    hour = moment.hour + moment.minute / 60 + moment.second / 3600
    year = 2 * np.pi * (moment.timetuple().tm_yday - 1 + (hour - 12) / 24) / 365
    declination = (
        0.006918
        - 0.399912 * np.cos(year)
        + 0.070257 * np.sin(year)
        - 0.006758 * np.cos(2 * year)
        + 0.000907 * np.sin(2 * year)
    )
    equation_of_time = 229.18 * (
        0.000075
        + 0.001868 * np.cos(year)
        - 0.032077 * np.sin(year)
        - 0.014615 * np.cos(2 * year)
        - 0.040849 * np.sin(2 * year)
    )
    solar_minutes = hour * 60 + equation_of_time + 4 * longitude
    hour_angle = np.radians(solar_minutes / 4 - 180)
    here = np.radians(latitude)
    up = np.sin(here) * np.sin(declination) + np.cos(here) * np.cos(declination) * np.cos(hour_angle)
    east = -np.cos(declination) * np.sin(hour_angle)
    north = np.cos(here) * np.sin(declination) - np.sin(here) * np.cos(declination) * np.cos(hour_angle)
    zenith = float(np.degrees(np.arccos(up)))
    azimuth = float(np.degrees(np.arctan2(east, north)) % 360)
    return Sun(zenith, azimuth)
