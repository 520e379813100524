"""What a GeoTIFF is like before it has pixels: grid, bands, type, nodata, tags, compression."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from osgeo import gdal

from ..core.bands import BandInfo, Encoding
from ..core.grid import Grid
from ..core.language import _
from . import tiff
from .gdal_errors import as_file_trouble, require
from .gdal_io import memory_file, read_memory_file
from .plan import BLOCK

GEOTIFF = "GTiff"
DEFLATE, ZSTD = "DEFLATE", "ZSTD"

_CLASSIC_LIMIT = 2_500_000_000
"""Uncompressed bytes up to which a file surely stays below the 4 GB of a classic TIFF, overviews included."""

_GDAL_TYPES = {"uint16": gdal.GDT_UInt16, "float32": gdal.GDT_Float32}


@dataclass(frozen=True)
class Layout:
    """What a file is like.

    Attributes:
        grid: CRS, origin, resolution, size.
        bands: Names, descriptions and scales, in order.
        encoding: Type and nodata.
        tags: Metadata items for the default domain.
        compression: `DEFLATE`, which every program reads, or `ZSTD`, which is written several times as fast.
    """

    grid: Grid
    bands: Sequence[BandInfo]
    encoding: Encoding
    tags: Mapping[str, str]
    compression: str = DEFLATE

    @property
    def flavour(self) -> tiff.Flavour:
        """Classic TIFF where that is large enough, else BigTIFF."""
        size = self.grid.width * self.grid.height * len(self.bands) * self.encoding.item_size
        return tiff.CLASSIC if size < _CLASSIC_LIMIT else tiff.BIG

    def creation_options(self) -> list[str]:
        """List GDAL's creation options."""
        return [
            "TILED=YES",
            f"BLOCKXSIZE={BLOCK}",
            f"BLOCKYSIZE={BLOCK}",
            f"COMPRESS={self.compression}",
            f"PREDICTOR={3 if self.encoding.dtype.startswith('float') else 2}",
            *(["ZSTD_LEVEL=3"] if self.compression == ZSTD else []),
            "INTERLEAVE=BAND",
            "ENDIANNESS=LITTLE",
        ]

    def create_dataset(
        self, name: str, width: int, height: int, bands: int, more_options: Sequence[str] = ()
    ) -> gdal.Dataset:
        """Create a GeoTIFF of this type and compression, of any size; call it inside `as_file_trouble`.

        Args:
            name: Path of the file.
            width: Pixels.
            height: Pixels.
            bands: How many.
            more_options: Creation options beside those of the layout.
        """
        options = [*self.creation_options(), *more_options]
        kind = _GDAL_TYPES[self.encoding.dtype]
        dataset = gdal.GetDriverByName(GEOTIFF).Create(name, width, height, bands, kind, options=options)
        require(dataset is not None)
        return dataset

    def make_directory(self) -> tiff.Directory:
        """Make what GDAL writes into the directory of such a file, apart from its size and blocks.

        Raises:
            FileTrouble: GDAL failed.
        """
        with memory_file() as name, as_file_trouble(_("The file's metadata could not be written")):
            dataset = self.create_dataset(name, BLOCK, BLOCK, len(self.bands), ["SPARSE_OK=TRUE"])
            dataset.SetGeoTransform(self.grid.geotransform())
            dataset.SetProjection(self.grid.wkt())
            dataset.SetMetadata(dict(self.tags))
            for number, info in enumerate(self.bands, 1):
                band = dataset.GetRasterBand(number)
                band.SetNoDataValue(self.encoding.nodata)
                band.SetDescription(info.name)
                band.SetMetadataItem("long_name", info.description)
                if info.scale != 1:
                    band.SetScale(info.scale)
            del band, dataset
            (directory,) = tiff.read_directories(io.BytesIO(read_memory_file(name)))
            return directory
