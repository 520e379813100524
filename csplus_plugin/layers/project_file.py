"""Saving a project in a program without a window, which knows only a part of what the file holds."""

from __future__ import annotations

import zipfile
from pathlib import Path

from qgis.core import QgsProject
from qgis.PyQt.QtXml import QDomDocument, QDomElement

from ..core.errors import FileTrouble
from ..core.language import _

_OF_THE_DESKTOP = ("mapcanvas", "mapViewDocks", "mapViewDocks3D")
"""What QGIS's windows write into a project: the view of each map. Bookmarks and the rest are the project's own."""


def save(project: QgsProject) -> None:
    """Write a project to its file, and keep what only the desktop writes there: the view of each map.

    Raises:
        FileTrouble: It cannot be written.
    """
    before = _read(Path(project.fileName()))

    def keep_the_rest(document: QDomDocument) -> None:
        root = document.documentElement()
        for node in _children(before.documentElement()):
            if node.tagName() in _OF_THE_DESKTOP:
                root.appendChild(document.importNode(node, True))

    project.writeProject.connect(keep_the_rest)
    try:
        if not project.write():
            raise FileTrouble(
                _(
                    "The project {name} cannot be saved: {error}.",
                    name=project.fileName(),
                    error=project.error(),
                ),
                _("Check that the file and its folder can be written to."),
            )
    finally:
        project.writeProject.disconnect(keep_the_rest)


def _children(node: QDomElement) -> list[QDomElement]:
    found = []
    child = node.firstChildElement()
    while not child.isNull():
        found.append(child)
        child = child.nextSiblingElement()
    return found


def _read(file: Path) -> QDomDocument:
    """Read the project's XML; empty where there is none to read."""
    document = QDomDocument()
    try:
        if file.suffix.lower() == ".qgz":
            with zipfile.ZipFile(file) as archive:
                name = next(one for one in archive.namelist() if one.endswith(".qgs"))
                document.setContent(archive.read(name))
        else:
            document.setContent(file.read_bytes())
    except (OSError, zipfile.BadZipFile, StopIteration):
        pass
    return document
