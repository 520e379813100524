"""Coordinate reference systems: names, units, and the way from one to another."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from osgeo import gdal, osr

from ..errors import Refused

Affine = tuple[float, float, float, float, float, float]
"""scaleX, shearX, translateX, shearY, scaleY, translateY: Earth Engine's order, not GDAL's."""

IDENTITY: Affine = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
WGS84 = "EPSG:4326"
METRES_PER_DEGREE = math.pi / 180 * 6378137.0

_CACHE_SIZE = 256
_thread = threading.local()


@dataclass(frozen=True)
class Projection:
    """A CRS with the lattice of pixels laid over it.

    Attributes:
        crs: Authority code or WKT.
        transform: From pixel coordinates to CRS coordinates.
    """

    crs: str
    transform: Affine = IDENTITY

    @property
    def nominal_scale(self) -> float:
        """Length of a pixel's side in metres, taken as the square root of its area."""
        a, b, _, d, e, _ = self.transform
        return math.sqrt(abs(a * e - b * d)) * metres_per_unit(self.crs)

    def at_scale(self, metres: float) -> Projection:
        """Square pixels of that size, on multiples of it; north stays where it was."""
        if not metres > 0:
            raise Refused(f"Invalid scale: {metres}. A scale must be a positive number of metres.")
        size = metres / metres_per_unit(self.crs)
        a, _, c, _, e, f = self.transform
        return Projection(self.crs, (math.copysign(size, a), 0.0, c, 0.0, math.copysign(size, e), f))

    @property
    def is_default(self) -> bool:
        """Whether this is the 1 degree projection that composites have for want of a better one."""
        return same_crs(self.crs, WGS84) and self.transform == IDENTITY


DEFAULT_PROJECTION = Projection(WGS84)

_EPSG = re.compile(r"\s*EPSG:(\d{1,9})\s*", re.IGNORECASE)


@contextmanager
def quiet_gdal() -> Iterator[None]:
    """Keep GDAL's own messages off standard error; results are checked instead."""
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    try:
        yield
    finally:
        gdal.PopErrorHandler()


def spatial_reference(crs: str) -> osr.SpatialReference:
    """Give the CRS with x before y, one object a thread (GDAL's are not shareable).

    Raises:
        Refused: The CRS is unknown.
    """
    known = _cache("references")
    if crs not in known:
        known[crs] = _parse(crs)
    return known[crs]


def _parse(crs: str) -> osr.SpatialReference:
    # Only codes and WKT: GDAL's general parser would also open files and URLs.
    reference = osr.SpatialReference()
    code = _EPSG.fullmatch(crs)
    failed = True
    with quiet_gdal():
        try:
            failed = bool(reference.ImportFromEPSG(int(code[1])) if code else reference.ImportFromWkt(crs))
        except RuntimeError:  # raised where another part of the process has enabled GDAL's exceptions
            failed = True
    if failed:
        raise Refused(f"Projection: The CRS of a map projection could not be parsed: {crs!r}.")
    reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return reference


@lru_cache(maxsize=256)
def canonical_crs(crs: str) -> str:
    """Give a CRS's EPSG code where WKT stands for one; anything else as it is, sense or no sense."""
    code = _EPSG.fullmatch(crs)
    if code:
        return f"EPSG:{int(code[1])}"
    try:
        reference = spatial_reference(crs).Clone()
    except Refused:
        return crs
    with quiet_gdal():
        try:
            found = [reference, *(match for match, _ in reference.FindMatches() or [])]
            names = [f"EPSG:{r.GetAuthorityCode(None)}" for r in found if r.GetAuthorityName(None) == "EPSG"]
            return next((n for n in names if spatial_reference(n).IsSame(spatial_reference(crs))), crs)
        except (Refused, RuntimeError):
            return crs


@lru_cache(maxsize=256)
def metres_per_unit(crs: str) -> float:
    """Metres that one unit of the CRS spans; for degrees, along the equator."""
    reference = spatial_reference(crs)
    return METRES_PER_DEGREE if reference.IsGeographic() else reference.GetLinearUnits()


@lru_cache(maxsize=256)
def is_geographic(crs: str) -> bool:
    """Whether coordinates are longitude and latitude in degrees."""
    return bool(spatial_reference(crs).IsGeographic())


@lru_cache(maxsize=1024)
def same_crs(one: str, other: str) -> bool:
    """Whether two names mean the same CRS."""
    if one.strip().upper() == other.strip().upper():
        return True
    return bool(spatial_reference(one).IsSame(spatial_reference(other)))


def transformation(source: str, target: str) -> osr.CoordinateTransformation:
    """From one CRS to another, one object a thread.

    Raises:
        Refused: There is no way from one to the other.
    """
    known = _cache("transformations")
    if (source, target) not in known:
        with quiet_gdal():
            try:
                known[source, target] = osr.CoordinateTransformation(
                    spatial_reference(source), spatial_reference(target)
                )
            except RuntimeError as error:
                raise Refused(f"Projection: No transformation from {source} to {target}.") from error
    return known[source, target]


def transform_points(source: str, target: str, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Transform coordinates; what cannot be transformed comes back as infinity.

    Args:
        source: CRS of the input.
        target: CRS of the output.
        x: Eastings or longitudes, any shape.
        y: Northings or latitudes, the same shape.
    """
    if same_crs(source, target):
        return x, y
    with quiet_gdal():
        points = transformation(source, target).TransformPoints(np.column_stack([x.ravel(), y.ravel()]))
    out = np.asarray(points, dtype=float).reshape(-1, 3)
    return out[:, 0].reshape(x.shape), out[:, 1].reshape(x.shape)


def apply(transform: Affine, x: np.ndarray | float, y: np.ndarray | float) -> tuple:
    """Pixel coordinates to CRS coordinates."""
    a, b, c, d, e, f = transform
    return a * x + b * y + c, d * x + e * y + f


def inverse(transform: Affine) -> Affine:
    """CRS coordinates to pixel coordinates.

    Raises:
        Refused: The transform flattens the plane.
    """
    a, b, c, d, e, f = transform
    determinant = a * e - b * d
    if not math.isfinite(determinant) or determinant == 0:
        raise Refused("Projection: The transform is not invertible.")
    ia, ib, id_, ie = e / determinant, -b / determinant, -d / determinant, a / determinant
    return ia, ib, -(ia * c + ib * f), id_, ie, -(id_ * c + ie * f)


def as_affine(numbers: Sequence[float]) -> Affine:
    """Six finite numbers as a transform.

    Raises:
        Refused: Not six finite numbers.
    """
    values = tuple(float(n) for n in numbers)
    if len(values) != 6 or not all(math.isfinite(v) for v in values):  # noqa: PLR2004
        raise Refused("Projection: A transform must be a list of 6 numbers.")
    return values


def _cache(name: str) -> dict:
    known = _thread.__dict__.setdefault(name, {})
    if len(known) >= _CACHE_SIZE:
        known.clear()
    return known
