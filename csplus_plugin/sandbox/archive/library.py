"""The archive of scenes and, beside it, the assets that users of a sandbox make: exported images, folders.

An asset `projects/<project>/assets/<id>` is the folder of that path below `<exports>/assets`, an image in
the layout of the archive, so whatever the sandbox stored can be served as scenes later.
"""

from __future__ import annotations

import json
import re
import shutil
import threading
import uuid
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

from ..errors import Refused
from ..images.image import Image
from ..values.types import FeatureCollection, ImageCollection
from . import table_files
from .archive import Archive
from .own_files import broken, read_json

FOLDER, IMAGE, IMAGE_COLLECTION, TABLE = "FOLDER", "IMAGE", "IMAGE_COLLECTION", "TABLE"

_OWN = re.compile(r"projects/[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}/assets(/[A-Za-z0-9_][A-Za-z0-9_.-]{0,199})*")
_COLLECTION = "collection.json"  # marks a folder as an image collection and holds its properties
_LONGEST = 200  # characters of an id


class Library(Archive):
    """All assets of a sandbox; safe for several threads.

    Args:
        scenes: The archive's root.
        exports: The folder in which assets are kept; made when first needed.
    """

    def __init__(self, scenes: Path, exports: Path) -> None:
        super().__init__(scenes)
        self._root = exports / "assets"
        self._kept = Archive(self._root)
        self._writing = threading.Lock()

    def has_collection(self, asset: str) -> bool:
        """Whether there is a collection of that id, perhaps an empty one."""
        return self.kind(asset) == IMAGE_COLLECTION or super().has_collection(asset)

    def collection(self, asset: str) -> ImageCollection:
        """Give the images of a collection, ordered by `system:index`.

        Raises:
            Refused: There is no such collection, or a scene's properties cannot be read.
        """
        if self.kind(asset) != IMAGE_COLLECTION:
            return super().collection(asset)
        images = self._kept.collection(asset).elements if self._kept.has_collection(asset) else ()
        return ImageCollection(images, self._properties(asset), asset)

    def image(self, asset: str) -> Image:
        """One image, by its id.

        Raises:
            Refused: There is no such image.
        """
        return self._kept.image(asset) if self.kind(asset) == IMAGE else super().image(asset)

    def has_table(self, asset: str) -> bool:
        """Whether there is a table of that id."""
        return self.kind(asset) == TABLE or super().has_table(asset)

    def table(self, asset: str) -> FeatureCollection:
        """Give the features of a table, in the order of its file.

        Raises:
            Refused: There is no such table, or it cannot be read.
        """
        return self._kept.table(asset) if self.kind(asset) == TABLE else super().table(asset)

    def kind(self, asset: str) -> str | None:
        """Give what a stored asset is: FOLDER, IMAGE, IMAGE_COLLECTION or TABLE; None where there is none."""
        place = self._place(asset)
        if place is None:
            return None
        if not place.is_dir():
            return TABLE if self._kept.has_table(asset) else None
        if (place / "properties.json").is_file():
            return IMAGE
        return IMAGE_COLLECTION if (place / _COLLECTION).is_file() else FOLDER

    def children(self, asset: str) -> list[str]:
        """Ids of what a folder or a collection holds, in alphabetical order."""
        place = self._place(asset)
        if place is None or not place.is_dir():
            return []
        names = {path.name for path in place.iterdir()} | set(table_files.names_in(place))
        return [child for name in sorted(names) if self.kind(child := f"{asset}/{name}")]

    def make(self, asset: str, kind: str, properties: dict[str, Any]) -> None:
        """Make an empty folder or collection.

        Raises:
            Refused: The id is taken or no id, or the folder around it is missing.
        """
        place = self._free(asset)
        with self._writing:
            self._check_parent(asset)
            place.mkdir(parents=True, exist_ok=True)
            if kind == IMAGE_COLLECTION:
                (place / _COLLECTION).write_text(json.dumps({"properties": properties}), encoding="utf-8")

    def keep(self, asset: str, write: Callable[[Path], None], *, overwrite: bool) -> None:
        """Store an image: wholly, or not at all.

        Args:
            asset: Its id.
            write: Writes a scene in the layout of the archive to a folder.
            overwrite: Whether an image of that id may be replaced.

        Raises:
            Refused: The id is taken or no id, or the folder around it is missing.
        """
        place = self.check_free(asset, overwrite=overwrite)
        unfinished = self._root / f".writing-{uuid.uuid4().hex}"
        try:
            unfinished.mkdir(parents=True)
            write(unfinished)
            with self._writing:
                self.check_free(asset, overwrite=overwrite)
                place.parent.mkdir(parents=True, exist_ok=True)
                if place.exists():
                    shutil.rmtree(place)
                unfinished.rename(place)
                self._kept = Archive(self._root)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def check_free(self, asset: str, *, overwrite: bool) -> Path:
        """Give the folder that an image of that id will have.

        Raises:
            Refused: The id is taken or no id, or the folder around it is missing.
        """
        self._check_parent(asset)
        if overwrite and self.kind(asset) == IMAGE:
            return self._checked(asset)
        return self._free(asset)

    def remove(self, asset: str) -> None:
        """Delete an image, a table, or an empty folder or collection.

        Raises:
            Refused: There is none, or it is not empty.
        """
        kind, place = self.kind(asset), self._place(asset)
        if kind is None or place is None:
            raise missing(asset)
        if self.children(asset):
            raise Refused(f"Cannot delete asset '{asset}': it is not empty.")
        with self._writing:
            if kind == TABLE:
                table_files.delete(place)
            else:
                shutil.rmtree(place)
            self._kept = Archive(self._root)

    def _properties(self, asset: str) -> dict[str, Any]:
        path = self._checked(asset) / _COLLECTION
        held = read_json(path, self._root)
        if not isinstance(held, dict) or not isinstance(held.get("properties"), dict):
            raise broken(f"collection '{path.parent.name}' has no object 'properties'")
        return held["properties"]

    def _place(self, asset: str) -> Path | None:
        """Give the folder of an asset; None for what cannot be the id of one."""
        if len(asset) > _LONGEST or not _OWN.fullmatch(asset):
            return None
        return self._root.joinpath(*asset.split("/"))

    def _checked(self, asset: str) -> Path:
        place = self._place(asset)
        if place is None:
            raise Refused(f"Invalid asset name: '{asset[:_LONGEST]}'.")
        return place

    def _free(self, asset: str) -> Path:
        place = self._checked(asset)
        if place.exists() or self.kind(asset):
            raise Refused(f"Cannot overwrite asset '{asset}'.")
        return place

    def _check_parent(self, asset: str) -> None:
        """Assets lie in a folder or a collection; that of the project itself is always there."""
        parent = asset.rpartition("/")[0]
        if not parent.endswith("/assets") and self.kind(parent) not in {FOLDER, IMAGE_COLLECTION}:
            raise missing(parent)


def missing(asset: str) -> Refused:
    """Give the refusal of an asset that is not there, by its name."""
    return Refused(f"Asset '{asset}' does not exist or doesn't allow this operation.", HTTPStatus.NOT_FOUND)
