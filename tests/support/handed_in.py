"""What people hand in, one row a case: tried at a shell, with the default context, and as a model's child."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from osgeo import gdal, ogr, osr

ID = "csplus:clearcomposite"
WINDOW = {"START": "2023-01-01", "END": "2023-01-31", "THRESHOLD": "0", "LIVE": "false"}
PLACE = "-119.9200,-119.9000,37.4100,37.4220 [EPSG:4326]"
GOOD = [[-119.910, 37.412], [-119.906, 37.412], [-119.906, 37.416], [-119.910, 37.416], [-119.910, 37.412]]
HOLE = [[-119.900, 37.412], [-119.899, 37.412], [-119.899, 37.413], [-119.900, 37.413], [-119.900, 37.412]]
BOW_TIE = [[-119.905, 37.410], [-119.895, 37.418], [-119.895, 37.410], [-119.905, 37.418], [-119.905, 37.410]]


def moved(ring: list[list[float]], x: float = 0, y: float = 0) -> list[list[float]]:
    return [[a + x, b + y] for a, b in ring]


def polygon(*rings: list[list[float]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def several(*geometries: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": {}, "geometry": one} for one in geometries],
    }


@dataclass(frozen=True)
class Case:
    """A row.

    Attributes:
        name: What it is.
        said: Part of the one sentence that refuses it, as a pattern; empty: it is right.
        area: GeoJSON that AREA reads; None: the extent stays.
        parameters: What differs from the plain run; `{folder}` stands for a fresh one.
        shape: The area that has pixels, as GeoJSON; None: not compared.
    """

    name: str
    said: str = ""
    area: Mapping[str, Any] | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    shape: Mapping[str, Any] | None = None

    def fill(self, folder: Path) -> dict[str, str]:
        """Give the parameters, with their files in a folder."""
        filled = {"EXTENT": PLACE, **WINDOW, "OUTPUT": "{folder}/clear.tif", **self.parameters}
        if self.area is not None:
            (folder / "area.geojson").write_text(json.dumps(self.area))
            filled |= {"AREA": "{folder}/area.geojson", "EXTENT": ""}
        return {
            name: value.format(folder=folder) for name, value in filled.items() if value or name != "EXTENT"
        }

    def check(self, *, ok: bool, said: str, file: Path) -> None:
        """Compare what a run came to with what is right."""
        assert "Traceback" not in said
        assert ok == (not self.said), said
        if self.said:
            assert re.search(self.said, said), said
            assert not file.exists()
            return
        dataset = gdal.Open(str(file))
        has_value = dataset.ReadAsArray()[0] != 65535
        assert has_value.any()
        if self.shape is not None:
            # A pixel on the edge, covered in part, is kept; which of them the service keeps is its own affair.
            assert has_value[_drawn(self.shape, dataset)].all()
            assert not has_value[~_drawn(self.shape, dataset, "ALL_TOUCHED=TRUE")].any()


def _drawn(shape: Mapping[str, Any], like: gdal.Dataset, *options: str) -> np.ndarray:
    """What GDAL draws of an area on the same grid: the pixels whose centre lies in it, or all that it touches."""
    target = gdal.GetDriverByName("MEM").Create("", like.RasterXSize, like.RasterYSize, 1)
    target.SetGeoTransform(like.GetGeoTransform())
    target.SetProjection(like.GetProjection())
    geometry = ogr.CreateGeometryFromJson(json.dumps(shape))
    geometry.Segmentize(0.0005)
    degrees = osr.SpatialReference()
    degrees.ImportFromEPSG(4326)
    degrees.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    geometry.Transform(osr.CoordinateTransformation(degrees, like.GetSpatialRef()))
    source = ogr.GetDriverByName("Memory").CreateDataSource("")
    layer = source.CreateLayer("area", like.GetSpatialRef())
    feature = ogr.Feature(layer.GetLayerDefn())
    feature.SetGeometry(geometry)
    layer.CreateFeature(feature)
    gdal.RasterizeLayer(target, [1], layer, burn_values=[1], options=list(options))
    return target.ReadAsArray() == 1


TIE = {
    "type": "MultiPolygon",
    "coordinates": [
        [[BOW_TIE[0], [-119.900, 37.414], BOW_TIE[3], BOW_TIE[0]]],
        [[BOW_TIE[2], [-119.900, 37.414], BOW_TIE[1], BOW_TIE[2]]],
    ],
}
TWO = {"type": "MultiPolygon", "coordinates": [[GOOD], [moved(GOOD, 0.002)]]}
JOINED = polygon([GOOD[0], [-119.904, 37.412], [-119.904, 37.416], GOOD[3], GOOD[0]])
MIXED = {
    "type": "GeometryCollection",
    "geometries": [
        polygon(GOOD),
        {"type": "Point", "coordinates": [-119.9, 37.41]},
        {"type": "LineString", "coordinates": [[-119.91, 37.41], [-119.9, 37.42]]},
    ],
}

AREAS = [
    Case("a polygon", area=polygon(GOOD), shape=polygon(GOOD)),
    Case("a bow tie", area=polygon(BOW_TIE), shape=TIE),
    Case("an empty one beside a good one", area=several(polygon(), polygon(GOOD)), shape=polygon(GOOD)),
    Case("parts that overlap", area=TWO, shape=JOINED),
    Case("polygons that overlap", area=several(polygon(GOOD), polygon(moved(GOOD, 0.002))), shape=JOINED),
    Case("a hole outside its shell", area=polygon(GOOD, HOLE)),
    Case("a hole", area=polygon(moved(GOOD), moved(HOLE, -0.0085, 0.0015))),
    Case("a collection of a polygon, a point and a line", area=MIXED, shape=polygon(GOOD)),
    Case("a point, a line and a polygon", area=several(*MIXED["geometries"][1:], polygon(GOOD)),
         shape=polygon(GOOD)),
    Case("longitudes of 0 to 360", area=polygon(moved(GOOD, 360)), shape=polygon(GOOD)),
    Case("a ring the other way round", area=polygon(GOOD[::-1]), shape=polygon(GOOD)),
    Case("a point twice", area=polygon([GOOD[0], GOOD[0], *GOOD[1:]]), shape=polygon(GOOD)),
    Case("a plot of 8 m", area=polygon([[-119.91 + x * 9e-5, 37.412 + y * 7e-5] for x, y in
                                        ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))])),
    Case("no polygon", "no polygon", area={"type": "Point", "coordinates": [-119.9, 37.41]}),
    Case("a flat one", "The (area|AREA)", area=polygon([GOOD[0], GOOD[1], GOOD[0], GOOD[0]])),
    Case("where no scene is", "No scenes of L2A over the area", area=polygon(moved(GOOD, 40))),
    Case("across the antimeridian, where no scene is", "No scenes of L2A over the area",
         area={"type": "MultiPolygon", "coordinates": [[[[179.9, 0], [180, 0], [180, 1], [179.9, 0]]],
                                                       [[[-180, 0], [-179.9, 0], [-180, 1], [-180, 0]]]]}),
    Case("longitude and latitude changed places", "may have changed places",
         area=polygon([[y, x] for x, y in GOOD])),
    Case("half the globe", "wider than half the globe",
         area=polygon([[-120, 0], [100, 0], [100, 1], [-120, 1], [-120, 0]])),
]  # fmt: skip

VALUES = [
    Case("an extent in metres", parameters={"EXTENT": "241600,242400,4144000,4144600 [EPSG:32611]"}),
    Case("an extent of longitudes beyond 180", parameters={"EXTENT": "240.09,240.094,37.412,37.416 [EPSG:4326]"},
         shape=polygon(moved(GOOD))),
    Case("an unknown CRS of the extent", "no CRS that is known|EXTENT",
         parameters={"EXTENT": "-119.92,-119.90,37.41,37.42 [EPSG:99999]"}),
    Case("a CRS that has no code", parameters={"CRS": "ESRI:54009"}),
    Case("a geocentric CRS", "EPSG:4978 is geocentric", parameters={"CRS": "EPSG:4978"}),
    Case("a vertical CRS", "EPSG:5773 is vertical", parameters={"CRS": "EPSG:5773"}),
    Case("a CRS that files cannot hold", "cannot hold the CRS ESRI:54035", parameters={"CRS": "ESRI:54035"}),
    Case("the last day of all", parameters={"END": "9999-12-31"}),
    Case("a year before Christ", "START is not a day", parameters={"START": "-0044-03-15"}),
    Case("another spelling of a day", "START is not a day. Write it as", parameters={"START": "31.01.2023"}),
    Case("a capital", "METHOD is 'Mean'.*Did you mean mean", parameters={"METHOD": "Mean"}),
    Case("a decimal comma", "THRESHOLD is '0,9', which is not a number", parameters={"THRESHOLD": "0,9"}),
    Case("a unit", "RESOLUTION is '20 m', which is not a number", parameters={"RESOLUTION": "20 m"}),
    Case("a comma and a space", parameters={"BANDS": "B4, B3"}),
    Case("a picture's ending", "is not a GeoTIFF", parameters={"OUTPUT": "{folder}/clear.png"}),
    Case("a folder", "is not a GeoTIFF|is a folder", parameters={"OUTPUT": "{folder}"}),
    Case("a script in no folder", "There is no folder", parameters={"SCRIPT": "{folder}/none/a.py"}),
    Case("a name too long for the files beside it", "has 247 bytes",
         parameters={"FORMAT": "COG", "OUTPUT": "{folder}/" + "n" * 243 + ".tif"}),
    Case("a name too long for the disk", "has 300 bytes", parameters={"OUTPUT": "{folder}/" + "n" * 296 + ".tif"}),
    Case("metres for degrees", "larger than the whole area", parameters={"CRS": "EPSG:4326"}),
]  # fmt: skip

CASES = {case.name: case for case in (*AREAS, *VALUES)}
