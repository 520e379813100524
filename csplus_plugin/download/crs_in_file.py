"""Whether a GeoTIFF can hold a CRS: some projections have no number there, and the file would lie nowhere."""

from __future__ import annotations

from osgeo import gdal, osr

from ..core.errors import InvalidChoice
from ..core.grid import QuietGdal
from ..core.language import _
from .gdal_io import memory_file


def require_in_file(crs: str, name: str) -> None:
    """Refuse a CRS that a GeoTIFF would lose, before anything is computed in it.

    Args:
        crs: Authority code or WKT.
        name: What the user calls it.

    Raises:
        InvalidChoice: It would be lost.
    """
    wanted = osr.SpatialReference()
    with QuietGdal(), memory_file() as file:
        try:
            is_kept = wanted.SetFromUserInput(crs) == 0 and _is_kept(wanted, file)
        except RuntimeError:  # raised where another part of the process has enabled GDAL's exceptions
            is_kept = False
    if not is_kept:
        raise InvalidChoice(
            _("A GeoTIFF cannot hold the CRS {name}.", name=name),
            _("Choose another one, or leave it empty for the UTM zone of the area's centre."),
        )


def _is_kept(wanted: osr.SpatialReference, file: str) -> bool:
    dataset = gdal.GetDriverByName("GTiff").Create(file, 1, 1)
    dataset.SetGeoTransform((0, 1, 0, 0, 0, -1))
    dataset.SetProjection(wanted.ExportToWkt())
    del dataset
    if gdal.VSIStatL(f"{file}.aux.xml"):
        gdal.Unlink(f"{file}.aux.xml")  # where GDAL puts what does not fit, away from the pixels
    found = gdal.Open(file).GetSpatialRef()
    wanted.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return found is not None and bool(found.IsSame(wanted))
