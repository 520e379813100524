"""Files of an archive, which may come from anybody: regular ones in its folder, of bounded size, of the right shape."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from ..errors import Refused
from ..values.json_text import from_json

PROPERTIES = "properties.json"
MOST_TEXT = 1 << 20  # bytes of a description, footprint included


@dataclass(frozen=True)
class Description:
    """What `properties.json` says of a scene.

    Args:
        properties: Metadata.
        footprint: GeoJSON; None where the outline of the files counts.
        bands: Names in order; none where the catalogue's order counts.
    """

    properties: Mapping[str, Any]
    footprint: dict[str, Any] | None
    bands: tuple[str, ...]


def broken(sentence: str) -> Refused:
    """Give the refusal of a file of the archive; the request is not to blame."""
    return Refused(f"The archive's {sentence}.", HTTPStatus.INTERNAL_SERVER_ERROR)


def check_regular(path: Path, root: Path, name: str = "") -> None:
    """See to it that a file is one of the archive's own.

    A link could lead to any file of the disk, and a pipe or a device would be waited for without end.

    Args:
        path: The file.
        root: The archive's folder.
        name: What a refusal calls the file; empty for a file of a scene.

    Raises:
        Refused: It is anything but a regular file in the archive's folder.
    """
    name = name or f"file '{path.name}' of scene '{path.parent.name}'"
    try:
        regular = stat.S_ISREG(path.stat().st_mode)
        within = path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: links in a circle
        raise broken(f"{name} cannot be read") from error
    if not regular:
        raise broken(f"{name} is not a regular file")
    if not within:
        raise broken(f"{name} is a link that leads out of the archive")


def read_json(path: Path, root: Path, name: str = "", most: int = MOST_TEXT) -> Any:
    """Read the JSON of one of the archive's own files.

    Args:
        path: The file.
        root: The archive's folder.
        name: What a refusal calls the file; empty for a file of a scene.
        most: Bytes that it may have.

    Raises:
        Refused: It is not such a file, too large, or not JSON.
    """
    name = name or f"file '{path.name}' of scene '{path.parent.name}'"
    check_regular(path, root, name)
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
        if len(content) > most:
            raise broken(f"{name} has more than {most} bytes")
        return from_json(content.decode("utf-8"))
    except (OSError, ValueError) as error:
        raise broken(f"{name} cannot be read: {str(error).rstrip('.')}") from error


def describe(folder: Path, root: Path) -> Description:
    """Read what is said of a scene.

    Raises:
        Refused: It cannot be read, or is not what the layout of an archive asks for.
    """
    said = read_json(folder / PROPERTIES, root)
    scene = f"scene '{folder.name}'"
    if not isinstance(said, dict) or not isinstance(said.get("properties"), dict):
        raise broken(f"{scene} has no object 'properties'")
    footprint, bands = said.get("footprint"), said.get("bands")
    if footprint is not None and not isinstance(footprint, dict):
        raise broken(f"{scene} has a footprint that is no GeoJSON object")
    if bands is not None and not (isinstance(bands, list) and all(isinstance(b, str) for b in bands)):
        raise broken(f"{scene} has 'bands' that are no list of names")
    return Description(said["properties"], footprint, tuple(bands or ()))
