"""Tables of an archive: what is read of GeoJSON files and GeoPackages, what is refused, how they are listed."""

from __future__ import annotations

import json
import os
import sqlite3
import struct
from pathlib import Path
from typing import Any

import ee
import numpy as np
import pytest
from csplus.csplus_plugin.sandbox.archive import table_files
from csplus.csplus_plugin.sandbox.errors import Refused
from csplus.csplus_plugin.sandbox.server import start
from osgeo import ogr, osr

from ...support.scene_folder import Folder
from ...support.servers import ask_error, official_client

FIELDS = "some/fields"
SQUARE = [[-119.5, 37.0], [-119.4, 37.0], [-119.4, 37.1], [-119.5, 37.1], [-119.5, 37.0]]
FEATURES: list[dict[str, Any]] = [
    {
        "type": "Feature",
        "id": "north",
        "geometry": {"type": "Polygon", "coordinates": [SQUARE]},
        "properties": {"crop": "rice", "area": 98.5, "plots": 3, "owner": None, "tags": ["a", 1]},
    },
    {"type": "Feature", "geometry": {"type": "Point", "coordinates": [-120, 36]}, "properties": {"crop": "nuts"}},
    {"type": "Feature", "geometry": None, "properties": None},
]  # fmt: skip


def write_json(folder: Folder | Path, body: object, name: str = FIELDS) -> Path:
    path = (folder if isinstance(folder, Path) else folder.path) / f"{name}.geojson"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(body if isinstance(body, str) else json.dumps(body), encoding="utf-8")
    return path


def collection(features: list, **more: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": features, **more}


def write_geopackage(path: Path, epsg: int = 32611, wkts: tuple[str | None, ...] = ()) -> Path:
    """A GeoPackage as GDAL writes it: ids from 1, a text, a whole number, a number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    source = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(epsg)
    layer = source.CreateLayer("fields", reference, ogr.wkbUnknown)
    for name, kind in (("crop", ogr.OFTString), ("plots", ogr.OFTInteger), ("yield", ogr.OFTReal)):
        layer.CreateField(ogr.FieldDefn(name, kind))
    for n, wkt in enumerate(wkts):
        feature = ogr.Feature(layer.GetLayerDefn())
        feature["crop"] = f"crop {n} é"
        feature["plots"] = n
        if n:
            feature["yield"] = n / 8
        if wkt is not None:
            feature.SetGeometry(ogr.CreateGeometryFromWkt(wkt))
        layer.CreateFeature(feature)
    del layer, source
    return path


def test_the_id_of_a_feature_is_its_index(folder: Folder) -> None:
    """Also after it has got another one: by a merge, or by hand."""
    write_json(folder, collection(FEATURES))
    north = ee.FeatureCollection(FIELDS).limit(1)
    for changed, index in (
        (north.merge(north), "1_north"),
        (north.map(lambda f: f.set("system:index", "x")), "x"),
    ):
        first = folder.info(changed)["features"][0]
        assert (first["id"], "system:index" in first["properties"]) == (index, False)
    chosen = folder.info(north.select(["crop"]))["features"][0]
    assert (chosen["id"], chosen["properties"]) == ("north", {"crop": "rice"})
    assert folder.value(ee.Feature(north.first()).id()) == "north"


def test_features_of_a_geojson_file(folder: Folder) -> None:
    write_json(folder, collection(FEATURES))
    found = folder.info(ee.FeatureCollection(FIELDS))
    assert (found["type"], found["id"]) == ("FeatureCollection", FIELDS)
    first, second, third = found["features"]
    assert first["geometry"] == {"type": "Polygon", "coordinates": [SQUARE]}
    assert first["properties"] == {
        "crop": "rice", "area": 98.5, "plots": 3, "tags": ["a", 1],
    }  # fmt: skip
    # Features without an id are numbered as the service numbers them: 20 hexadecimal digits.
    assert [f["id"] for f in found["features"]] == ["north", f"{1:020x}", f"{2:020x}"]
    assert second["properties"] == {"crop": "nuts"}
    assert third["geometry"] is None
    names = ["crop", "area", "plots", "tags", "system:index"]
    assert folder.value(ee.FeatureCollection(FIELDS).first().propertyNames()) == names


def test_features_are_found_by_id_and_place(folder: Folder) -> None:
    write_json(folder, collection(FEATURES))
    table = ee.FeatureCollection(FIELDS)
    assert folder.value(table.filter(ee.Filter.eq("system:index", "north")).aggregate_array("crop")) == [
        "rice"
    ]
    here = table.filterBounds(ee.Geometry.Point(-119.45, 37.05))
    assert folder.value(here.aggregate_array("system:index")) == ["north"]
    assert folder.value(table.get("system:id")) == FIELDS
    assert folder.value(table.aggregate_sum("plots")) == 3


def test_ids_may_be_numbers_or_the_index_of_an_earlier_download(folder: Folder) -> None:
    point = {"type": "Point", "coordinates": [1, 2]}
    write_json(folder, collection([
        {"type": "Feature", "id": 7, "geometry": point, "properties": {}},
        {"type": "Feature", "geometry": point, "properties": {"system:index": "x_3"}},
    ]))  # fmt: skip
    assert folder.value(ee.FeatureCollection(FIELDS).aggregate_array("system:index")) == ["7", "x_3"]


@pytest.mark.parametrize(("name", "crs"), [
    ("EPSG:32611", "EPSG:32611"), ("urn:ogc:def:crs:EPSG::32611", "EPSG:32611"),
    ("urn:ogc:def:crs:OGC:1.3:CRS84", None), ("OGC:CRS84", None),
])  # fmt: skip
def test_a_file_may_name_its_crs(folder: Folder, name: str, crs: str | None) -> None:
    """As GeoJSON did before RFC 7946, and GDAL still does. Edges in meters are straight."""
    line = {"type": "LineString", "coordinates": [[100, 50], [120, 60]]}
    feature = {"type": "Feature", "geometry": line, "properties": {}}
    write_json(folder, collection([feature], crs={"type": "name", "properties": {"name": name}}))
    place = folder.info(ee.FeatureCollection(FIELDS).first())["geometry"]
    assert place["coordinates"] == line["coordinates"]
    assert place.get("crs", {}).get("properties", {}).get("name") == crs
    assert place.get("geodesic", True) is (crs is None)


def test_features_of_a_geopackage(folder: Folder) -> None:
    wkts = (
        "POLYGON ((500000 4100000,500300 4100000,500300 4100200,500000 4100200,500000 4100000))",
        "MULTIPOINT ((500000 4100000),(500010 4100000))",
        "LINESTRING Z (500000 4100000 5,500100 4100000 6)",
        None,
    )
    write_geopackage(folder.path / f"{FIELDS}.gpkg", 32611, wkts)
    found = folder.info(ee.FeatureCollection(FIELDS))["features"]
    assert [feature["id"] for feature in found] == ["1", "2", "3", "4"]
    assert found[0]["properties"] == {"crop": "crop 0 é", "plots": 0}
    assert found[1]["properties"] == {"crop": "crop 1 é", "plots": 1, "yield": 0.125}
    crs = {"type": "name", "properties": {"name": "EPSG:32611"}}
    assert found[1]["geometry"] == {"type": "MultiPoint", "coordinates": [[500000, 4100000], [500010, 4100000]],
                                    "crs": crs}  # fmt: skip
    assert found[2]["geometry"]["coordinates"] == [[500000, 4100000], [500100, 4100000]]
    assert found[3]["geometry"] is None
    # 300 x 200 m on the map; on the ground 1 / 0.9996 as much a side, for it lies on the central meridian.
    area = folder.value(ee.FeatureCollection(FIELDS).first().geometry().area(1))
    assert area == pytest.approx(300 * 200 / 0.9996**2, rel=1e-4)


def test_a_table_is_a_region(folder: Folder) -> None:
    """Means of the pixels in each of two rectangles, against numpy."""
    values = np.arange(80, dtype=np.uint16).reshape(8, 10)
    folder.scene("A", {"B4": values}, collection="MY/SCENES")
    wkts = (
        "POLYGON ((500000 4100000,500030 4100000,500030 4099980,500000 4099980,500000 4100000))",
        "POLYGON ((500050 4100000,500100 4100000,500100 4099920,500050 4099920,500050 4100000))",
    )
    write_geopackage(folder.path / f"{FIELDS}.gpkg", 32611, wkts)
    regions = ee.Image("MY/SCENES/A").reduceRegions(ee.FeatureCollection(FIELDS), ee.Reducer.mean(), 10)
    expected = [values[:2, :3].mean(), values[:, 5:].mean()]
    assert folder.value(regions.aggregate_array("mean")) == pytest.approx(expected)


@pytest.mark.parametrize(
    "asset", ["NO/WHERE", "../../etc/passwd", "", "some", f"{FIELDS}.geojson", f"{FIELDS}/", "/"]
)
def test_unknown_tables(folder: Folder, asset: str) -> None:
    write_json(folder, collection(FEATURES))
    with pytest.raises(Refused) as refused:
        folder.value(ee.FeatureCollection(asset).size())
    assert refused.value.message == (
        f"Collection.loadTable: Collection asset '{asset}' not found "
        "(does not exist or caller does not have access)."
    )


def test_a_file_that_changes_is_read_again(folder: Folder) -> None:
    path = write_json(folder, collection(FEATURES))
    assert folder.value(ee.FeatureCollection(FIELDS).size()) == 3
    path.write_text(json.dumps(collection(FEATURES[:1])))
    assert folder.value(ee.FeatureCollection(FIELDS).size()) == 1


POINT = {"type": "Point", "coordinates": [1, 2]}


@pytest.mark.parametrize(("body", "reason"), [
    ("{", "cannot be read"), ("[" * 100_000, "cannot be read"), ('{"a": NaN}', "cannot be read"), ("5", "is not a F"),
    ({"type": "Feature", "features": []}, "is not a FeatureCollection"), ({"features": {}}, "is not a FeatureColl"),
    (collection([5]), "something other than features"), (collection([{"type": "Point"}]), "something other than"),
    (collection([{"type": "Feature", "properties": []}]), "properties that are not an object"),
    (collection([{"type": "Feature", "id": []}]), "an id that is neither"),
    (collection([{"type": "Feature", "id": True}]), "an id that is neither"),
    (collection([{"type": "Feature", "id": 1}, {"type": "Feature", "id": "1"}]), "two features with the id '1'"),
    (collection([{"type": "Feature", "geometry": {"type": "Circle"}}]), "feature 0, has no usable geometry"),
    (collection([{"type": "Feature", "geometry": 5}]), "feature 0, has no usable geometry"),
    (collection([{"type": "Feature", "geometry": {**POINT, "crs": {"properties": {"name": "/etc/passwd"}}}}]),
     "has no usable geometry"),
    (collection([], crs={"type": "link"}), "a CRS without a name"),
    (collection([], crs={"properties": {"name": "/etc/passwd"}}), "an unknown CRS"),
])  # fmt: skip
def test_geojson_of_any_other_shape_is_a_sentence(folder: Folder, body: object, reason: str) -> None:
    write_json(folder, body)
    with pytest.raises(Refused, match=rf"^The archive's table 'fields\.geojson'.*{reason}.*\.$") as refused:
        folder.value(ee.FeatureCollection(FIELDS).size())
    assert refused.value.status == 500


def test_limits(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    write_json(folder, collection(FEATURES))
    write_geopackage(folder.path / "packed.gpkg", 4326, ("POINT (1 2)", "POINT (3 4)", None))
    for limit, names, reason in (
        ("MOST_GEOJSON", [FIELDS], "more than 3 bytes"),
        ("MOST_GEOPACKAGE", ["packed"], "more than 3 bytes"),
        ("MOST_FEATURES", [FIELDS, "packed"], "more than 2 features"),
        ("MOST_VERTICES", [FIELDS, "packed"], "more than 1 vertices"),
    ):
        with monkeypatch.context() as patch:
            value = {"MOST_FEATURES": 2, "MOST_VERTICES": 1}.get(limit, 3)
            patch.setattr(table_files, limit, value)
            for name in names:
                with pytest.raises(Refused, match=reason):
                    folder.value(ee.FeatureCollection(name).size())


@pytest.mark.parametrize("suffix", ["geojson", "gpkg"])
def test_links_out_of_the_archive_and_pipes_are_refused(
    folder: Folder, suffix: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    write_json(outside, collection(FEATURES), "x")
    write_geopackage(outside / "x.gpkg", 4326, ("POINT (1 2)",))
    (folder.path / f"link.{suffix}").symlink_to(outside / f"x.{suffix}")
    (folder.path / "beyond").symlink_to(outside)
    os.mkfifo(folder.path / f"pipe.{suffix}")
    (folder.path / f"folder.{suffix}").mkdir()
    for name, reason in (
        ("link", "is a link that leads out of the archive"),
        ("beyond/x", "is a link that leads out of the archive"),
        ("pipe", "is not a regular file"),
        ("folder", "is not a regular file"),
    ):
        with pytest.raises(Refused, match=reason):
            folder.value(ee.FeatureCollection(name).size())


def changed(path: Path, *statements: str) -> Path:
    with sqlite3.connect(path) as database:
        for statement in statements:
            database.execute(statement)
    database.close()
    return path


@pytest.mark.parametrize(("statements", "reason"), [
    (["DROP TABLE gpkg_contents"], "cannot be read as a GeoPackage"),
    (["DELETE FROM gpkg_contents"], "0 layers"),
    (["INSERT INTO gpkg_contents (table_name, data_type) VALUES ('other', 'attributes')",
      "UPDATE gpkg_contents SET table_name = 'third' WHERE table_name = 'fields'"], "2 layers"),
    (["UPDATE gpkg_contents SET table_name = 'gpkg_x'"], "not an ordinary table"),
    (["CREATE VIEW computed AS SELECT 1 AS fid", "UPDATE gpkg_contents SET table_name = 'computed'"],
     "not an ordinary table"),
    (["CREATE VIRTUAL TABLE tree USING rtree(id, a, b)", "UPDATE gpkg_contents SET table_name = 'tree'"],
     "not an ordinary table"),
    (["ALTER TABLE fields ADD COLUMN large AS (zeroblob(1000000000))"], "computed columns"),
    (["ALTER TABLE fields ADD COLUMN photo BLOB", "UPDATE fields SET photo = x'00'"], "column 'photo'"),
    (["UPDATE fields SET yield = 1e999"], "column 'yield'"),
    (["UPDATE fields SET geom = x'00'"], "feature 1, has no usable geometry"),
    (["UPDATE fields SET geom = 'text'"], "has no usable geometry"),
    (["UPDATE fields SET geom = substr(geom, 1, 20)"], "has no usable geometry"),
    (["UPDATE gpkg_spatial_ref_sys SET organization = 'NONE', definition = '/etc/passwd'"], "unknown CRS"),
    (["UPDATE gpkg_geometry_columns SET srs_id = 77"], "unknown CRS|cannot be read"),
    (["UPDATE gpkg_geometry_columns SET column_name = 'absent'"], "cannot be read|neither texts nor"),
])  # fmt: skip
def test_geopackages_of_any_other_shape_are_a_sentence(
    folder: Folder, statements: list[str], reason: str
) -> None:
    path = write_geopackage(folder.path / f"{FIELDS}.gpkg", 32611, ("POINT (500000 4100000)",))
    triggers = (
        sqlite3.connect(path).execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    )
    changed(path, *(f'DROP TRIGGER "{name}"' for (name,) in triggers), *statements)
    with pytest.raises(Refused, match=rf"^The archive's table 'fields\.gpkg'.*({reason})"):
        folder.value(ee.FeatureCollection(FIELDS).size())


@pytest.mark.parametrize("wkb", [
    ogr.CreateGeometryFromWkt("CIRCULARSTRING (0 0,1 1,2 0)").ExportToWkb(),
    ogr.CreateGeometryFromWkt("TIN (((0 0,1 1,2 0,0 0)))").ExportToWkb(),
    struct.pack("<BIdd", 1, 1, float("nan"), 1.0)[:-8] + struct.pack("<d", float("inf")),
    struct.pack("<BII", 1, 2, 2**31),
])  # fmt: skip
def test_shapes_that_are_not_supported(folder: Folder, wkb: bytes) -> None:
    path = write_geopackage(folder.path / f"{FIELDS}.gpkg", 32611, (None,))
    with sqlite3.connect(path) as database:
        triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            database.execute(f'DROP TRIGGER "{name}"')
        header = b"GP\0\1" + struct.pack("<i", 32611)
        database.execute("UPDATE fields SET geom = ?", (header + bytes(wkb),))
    database.close()
    with pytest.raises(Refused, match="feature 1, has no usable geometry"):
        folder.value(ee.FeatureCollection(FIELDS).size())


def test_what_is_no_database_or_a_damaged_one(folder: Folder) -> None:
    (folder.path / "none.gpkg").write_bytes(b"no database")
    with pytest.raises(Refused, match=r"'none\.gpkg' cannot be read as a GeoPackage"):
        folder.value(ee.FeatureCollection("none").size())
    path = write_geopackage(folder.path / "x.gpkg", 4326, tuple(f"POINT ({n} 0)" for n in range(90)))
    whole = path.read_bytes()
    random = np.random.default_rng(1)
    for n in range(40):
        damaged = bytearray(whole)
        for place in random.integers(100, len(whole), 30):
            damaged[place] = random.integers(256)
        (folder.path / f"d{n}.gpkg").write_bytes(damaged)
        try:
            folder.value(ee.FeatureCollection(f"d{n}").size())
        except Refused as refused:
            assert refused.message.startswith("The archive's table")  # noqa: PT017 - either way is fine


def test_nothing_is_written_beside_a_geopackage(folder: Folder) -> None:
    path = write_geopackage(folder.path / "x.gpkg", 4326, ("POINT (1 2)",))
    changed(path, "PRAGMA journal_mode = WAL")
    held = path.read_bytes()
    (folder.path / "x.gpkg-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(600))
    assert folder.value(ee.FeatureCollection("x").size()) == 1
    assert path.read_bytes() == held
    assert sorted(p.name for p in folder.path.iterdir()) == ["x.gpkg", "x.gpkg-journal"]


OWN = "projects/sandbox-project/assets"


def test_tables_are_assets(archive: Path, tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    write_json(archive, collection(FEATURES), "public/regions/fields")
    write_json(exports / "assets" / OWN, collection(FEATURES[:2]), "mine")
    with start(archive, exports=exports) as sandbox, official_client(sandbox.url) as client:
        listed = client.data.listAssets(OWN)["assets"]
        assert listed == [{"type": "TABLE", "name": f"{OWN}/mine", "id": f"{OWN}/mine"}]
        asset = client.data.getAsset(f"{OWN}/mine")
        assert (asset["type"], asset["id"], asset["featureCount"]) == ("TABLE", f"{OWN}/mine", "2")
        assert client.FeatureCollection(f"{OWN}/mine").size().getInfo() == 2

        public = client.data.getAsset("public/regions/fields")
        assert (public["type"], public["featureCount"]) == ("TABLE", "3")
        name = "projects/earthengine-public/assets/public/regions"
        assert public["name"] == f"{name}/fields"
        assert [(a["type"], a["id"]) for a in client.data.listAssets(name)["assets"]] == [
            ("TABLE", "public/regions/fields")
        ]
        above = client.data.listAssets("projects/earthengine-public/assets/public")["assets"]
        assert [(a["type"], a["id"]) for a in above] == [("FOLDER", "public/regions")]
        assert client.data.getAsset("COPERNICUS")["type"] == "FOLDER"
        with pytest.raises(client.EEException, match="does not exist"):
            client.data.listAssets(f"{name}/fields")

        client.data.deleteAsset(f"{OWN}/mine")
        assert client.data.listAssets(OWN)["assets"] == []
        with pytest.raises(client.EEException):
            client.data.deleteAsset("public/regions/fields")


def test_features_of_a_table_are_listed(archive: Path, tmp_path: Path) -> None:
    write_json(archive, collection(FEATURES), "listed")
    with start(archive, exports=tmp_path) as sandbox, official_client(sandbox.url) as client:
        first = client.data.listFeatures({"assetId": "listed", "pageSize": 2})
        assert [f["id"] for f in first["features"]] == ["north", f"{1:020x}"]
        rest = client.data.listFeatures(
            {"assetId": "listed", "pageSize": 2, "pageToken": first["nextPageToken"]}
        )
        assert [f["id"] for f in rest["features"]] == [f"{2:020x}"]
        assert "nextPageToken" not in rest
        region = json.dumps({"type": "Point", "coordinates": [-119.45, 37.05]})
        for query in ({"region": region}, {"filter": 'properties.crop = "rice"'}, {"filter": 'id = "north"'}):
            found = client.data.listFeatures({"assetId": "listed", **query})
            assert [f["id"] for f in found["features"]] == ["north"]
        path = "/v1/projects/earthengine-public/assets/{}:listFeatures"
        assert ask_error(sandbox.url, "GET", path.format("absent"))["code"] == 404


def test_an_archive_of_tables_alone_is_served(tmp_path: Path) -> None:
    write_json(tmp_path / "data", collection(FEATURES))
    with start(tmp_path / "data", exports=tmp_path) as sandbox, official_client(sandbox.url) as client:
        assert client.FeatureCollection(FIELDS).size().getInfo() == 3
