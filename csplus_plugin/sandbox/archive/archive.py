"""A folder of scenes as image collections.

    FOLDER/<collection id>/<system:index>/properties.json   {"properties": {...}, "footprint": GeoJSON,
                                                             "bands": names in order; both optional}
    FOLDER/<collection id>/<system:index>/<band>.tif        one single-band GeoTIFF a band
    FOLDER/<table id>.geojson, FOLDER/<table id>.gpkg       a table of features

The index of a collection reads the properties only; a GeoTIFF is opened when its band is needed. The order
of bands and their pixel types are those of the public catalogue for the three collections of the plugin
(https://github.com/google/earthengine-catalog); other bands follow alphabetically. An archive may come from
anybody: files that are no GeoTIFFs, or links to elsewhere, are refused (see `own_files`, `band_files` and
`table_files`).
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from .. import meter
from ..collection_ids import CLOUD_SCORE, S2_SR, S2_TOA
from ..errors import Refused
from ..images.image import MAX_BANDS, Band, Canvas, Extent, Image, Raster
from ..images.pixel_types import BYTE, FLOAT, UINT16, UINT32, PixelType
from ..space.geometries import Geometry, box, from_geojson, united
from ..space.packing import Packing
from ..space.projections import WGS84
from ..values.types import FeatureCollection, ImageCollection
from . import table_files
from .band_files import BandFile, BandReader, open_band
from .own_files import broken, check_regular, describe

_SPECTRAL = ["B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B9", "B10", "B11", "B12"]
_QUALITY = ["QA10", "QA20", "QA60", "MSK_CLASSI_OPAQUE", "MSK_CLASSI_CIRRUS", "MSK_CLASSI_SNOW_ICE"]
_L2A = ["AOT", "WVP", "SCL", "TCI_R", "TCI_G", "TCI_B", "MSK_CLDPRB", "MSK_SNWPRB"]

CATALOGUE: dict[str, list[str]] = {
    S2_TOA: [*_SPECTRAL, *_QUALITY],
    S2_SR: [*(b for b in _SPECTRAL if b != "B10"), *_L2A, *_QUALITY],
    CLOUD_SCORE: ["cs", "cs_cdf"],
}
"""Bands of each collection, in order."""

_TYPES: dict[str, PixelType] = {
    **dict.fromkeys([*_SPECTRAL, "AOT", "WVP", "QA10", "QA60"], UINT16),
    **dict.fromkeys([*_L2A[2:], *_QUALITY[3:]], BYTE),
    "QA20": UINT32,
    "cs": FLOAT,
    "cs_cdf": FLOAT,
}

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")  # what every file system takes for a name
_LONGEST = 1000  # characters of an id, for the same reason
_TABLES = 4  # that are kept once they are read
_VERSION = 1  # microseconds; scenes of a folder have no history


class Archive:
    """Scenes on disk, indexed at first use; safe for several threads.

    Args:
        folder: The archive's root.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self._reader = BandReader()
        self._collections: dict[str, ImageCollection] = {}
        self._tables: OrderedDict[tuple[Path, int, int], FeatureCollection] = OrderedDict()
        self._lock = threading.Lock()
        self._reading_table = threading.Lock()  # one at a time, for the memory that it takes

    @property
    def collection_ids(self) -> list[str]:
        """Ids of all collections that have a folder."""
        scenes = self.folder.glob("**/properties.json")
        found = {p.parent.parent.relative_to(self.folder).as_posix() for p in scenes}
        return sorted(found - {"."} | {name for name in CATALOGUE if (self.folder / name).is_dir()})

    def has_collection(self, asset: str) -> bool:
        """Whether there is a collection of that id, perhaps an empty one."""
        path = self._path(asset)
        return (
            path is not None
            and path.is_dir()
            and not (path / "properties.json").exists()
            and (asset in CATALOGUE or any(path.glob("*/properties.json")))
        )

    def collection(self, asset: str) -> ImageCollection:
        """Give the images of a collection, ordered by `system:index`.

        Raises:
            Refused: There is no such collection, or a scene's properties cannot be read.
        """
        with self._lock:
            if asset not in self._collections:
                if not self.has_collection(asset):
                    raise Refused(
                        f"ImageCollection.load: ImageCollection asset '{asset}' not found "
                        "(does not exist or caller does not have access)."
                    )
                folders = sorted(p.parent for p in (self.folder / asset).glob("*/properties.json"))
                images = tuple(self._image(asset, folder) for folder in folders)
                self._collections[asset] = ImageCollection(images, {}, asset, _VERSION)
            return self._collections[asset]

    def image(self, asset: str) -> Image:
        """One image, by collection id and `system:index`.

        Raises:
            Refused: There is no such image.
        """
        collection, _, index = asset.rpartition("/")
        if self.has_collection(collection):
            found = self.collection(collection).by("system:index").get(index)
            if found is not None:
                return found
        raise Refused(
            f"Image.load: Image asset '{asset}' not found (does not exist or caller does not have access)."
        )

    def has_table(self, asset: str) -> bool:
        """Whether there is a table of that id."""
        return self._table_file(asset) is not None

    def table(self, asset: str) -> FeatureCollection:
        """Give the features of a table, in the order of its file.

        Raises:
            Refused: There is no such table, or it cannot be read.
        """
        path = self._table_file(asset)
        if path is None:
            raise Refused(
                f"Collection.loadTable: Collection asset '{asset}' not found "
                "(does not exist or caller does not have access)."
            )
        state = path.stat()
        key = path, state.st_mtime_ns, state.st_size
        with self._reading_table:
            if key not in self._tables:
                self._tables[key] = FeatureCollection(
                    table_files.read(path, self.folder), {}, asset, _VERSION
                )
                if len(self._tables) > _TABLES:
                    self._tables.popitem(last=False)
            self._tables.move_to_end(key)
            return self._tables[key]

    def has_folder(self, asset: str) -> bool:
        """Whether there is a folder of that id that is neither a collection nor a scene."""
        return bool(self._own_folder(asset)) and not self.has_collection(asset)

    def held_by(self, asset: str) -> list[str]:
        """Ids of the collections, tables and folders in a folder, in alphabetical order."""
        place = self._own_folder(asset)
        if place is None:
            return []
        names = {path.name for path in place.iterdir() if path.is_dir()} | set(table_files.names_in(place))
        children = [f"{asset}/{name}" for name in sorted(names)]
        return [c for c in children if self.has_table(c) or self.has_collection(c) or self.has_folder(c)]

    def _own_folder(self, asset: str) -> Path | None:
        """Give the folder of that id; None for scenes, and for a link that leads out of the archive."""
        path = self._path(asset)
        if path is None or not path.is_dir() or (path / "properties.json").exists():
            return None
        return path if path.resolve().is_relative_to(self.folder.resolve()) else None

    def _table_file(self, asset: str) -> Path | None:
        path = self._path(asset)
        return None if path is None else table_files.find(path)

    def _path(self, asset: str) -> Path | None:
        """Give the folder of an id; None for an id that leads anywhere but into the archive."""
        parts = asset.split("/")
        if len(asset) > _LONGEST or not all(_NAME.fullmatch(part) for part in parts):
            return None
        return self.folder.joinpath(*parts)

    def _image(self, collection: str, folder: Path) -> Image:
        scene = _Scene(collection, folder, self.folder, self._reader)
        return Image(
            scene.bands,
            scene.draw,
            properties=scene.properties,
            id=f"{collection}/{folder.name}",
            version=_VERSION,
            footprint=scene.footprint,
            extent=scene.extent,
            packing=scene.packing,
        )


class _Scene:
    """What is known of one scene; its files are opened when first needed."""

    def __init__(self, collection: str, folder: Path, root: Path, reader: BandReader) -> None:
        self._collection = collection
        self._folder = folder
        self._root = root
        self._reader = reader
        self._files: tuple[BandFile, ...] | None = None
        self._place: Geometry | None = None
        self._lock = threading.Lock()
        described = describe(folder, root)
        self._outline = described.footprint
        self._order = described.bands or CATALOGUE.get(collection, ())
        given = {n: v for n, v in described.properties.items() if n != "system:footprint"}
        self.properties: Mapping[str, Any] = {**given, "system:index": folder.name}

    def files(self) -> tuple[BandFile, ...]:
        """Give the band files in the catalogue's order."""
        with self._lock:
            if self._files is None:
                paths = _in_order(self._order, self._folder.glob("*.tif"))
                if len(paths) > MAX_BANDS:
                    raise broken(f"scene '{self._folder.name}' has more than {MAX_BANDS} bands")
                for path in paths:
                    check_regular(path, self._root)
                types = _TYPES if self._collection in CATALOGUE else {}
                self._files = tuple(open_band(path, types.get(path.stem)) for path in paths)
            return self._files

    def bands(self) -> tuple[Band, ...]:
        return self._bands

    def packing(self) -> Packing | None:
        """Blocks of the file with the smallest pixels; those of the others are as large or larger."""
        finest = min(self.files(), key=lambda file: file.grid.projection.nominal_scale, default=None)
        return None if finest is None else Packing(finest.grid.projection, *finest.block)

    @cached_property
    def _bands(self) -> tuple[Band, ...]:
        return tuple(
            Band(f.path.stem, f.type, f.grid.crs, f.grid.transform, (f.grid.width, f.grid.height))
            for f in self.files()
        )

    def draw(self, canvas: Canvas, wanted: Sequence[int]) -> list[Raster]:
        files = self.files()
        meter.charge(canvas.grid.size * len(wanted))
        return [self._reader.draw(files[i], canvas) for i in wanted]

    def footprint(self) -> Geometry:
        """Give the footprint as an area: as given, else the outline of the files."""
        if self._place is None:
            if self._outline is not None:
                self._place = self._given_place(self._outline)
            else:
                grids = {f.grid for f in self.files()}
                self._place = united([box(*g.bounds(), crs=g.crs) for g in grids])
        return self._place

    def _given_place(self, outline: dict[str, Any]) -> Geometry:
        try:
            return _as_area(outline)
        except (Refused, RecursionError) as error:
            reason = error.message.rstrip(".") if isinstance(error, Refused) else "it is nested too deeply"
            raise broken(f"scene '{self._folder.name}' has no usable footprint: {reason}") from error

    def extent(self) -> Extent:
        """Bounds of all files."""
        return self._extent

    @cached_property
    def _extent(self) -> Extent:
        each = [f.grid.bounds_in(WGS84) for f in self.files()]
        if not each or None in each:
            return (-180.0, -90.0, 180.0, 90.0)
        wests, souths, easts, norths = zip(*each, strict=True)
        return min(wests), min(souths), max(easts), max(norths)


def _in_order(names: Sequence[str], paths: Iterable[Path]) -> list[Path]:
    order = {name: i for i, name in enumerate(names)}
    return sorted(paths, key=lambda path: (order.get(path.stem, len(order)), path.stem))


def _as_area(outline: dict[str, Any]) -> Geometry:
    """Give a footprint given as a polygon or, like the service's own, as a ring."""
    if outline.get("type") in ("LinearRing", "LineString"):
        outline = {**outline, "type": "Polygon", "coordinates": [outline.get("coordinates")]}
    return from_geojson(outline)
