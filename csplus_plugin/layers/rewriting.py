"""Live layers in programs without a window: QGIS's requests for old tiles are sent to a map that is minted on demand.

`qgis_process` has no event loop in which a task could come to its end. So a request preprocessor changes the address of
each tile request on its way, in the thread that draws. The map is minted by the first request that needs it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable

from qgis.core import QgsMapLayer, QgsNetworkAccessManager, QgsProject
from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtNetwork import QNetworkRequest

from ..core.errors import CsPlusError
from ..core.language import _
from ..core.text import clean
from ..earthengine.session import Connection
from . import minting
from .log import log
from .swap import LiveLayer, map_name, read_live, restore_extent


class Rewriting:
    """Watches a project, from its construction to `stop`; sends nothing before a layer is drawn.

    Args:
        project: The project that is read.
        connection: Reads the settings, in the main thread.
    """

    def __init__(self, project: QgsProject, connection: Callable[[], Connection]) -> None:
        self._project, self._connection = project, connection
        self._fresh: dict[str, _FreshMap] = {}
        self._preprocessor = ""
        project.layersAdded.connect(self._notice)
        project.layersRemoved.connect(self._forget_removed)
        self._notice(project.mapLayers().values())

    def stop(self) -> None:
        """Let go of the project and the network."""
        self._project.layersAdded.disconnect(self._notice)
        self._project.layersRemoved.disconnect(self._forget_removed)
        self._fresh = {}
        self._uninstall()

    def _notice(self, layers: Iterable[QgsMapLayer]) -> None:
        for layer in layers:
            live = read_live(layer)
            if live is not None:
                self._add(layer, live)

    def _add(self, layer: QgsMapLayer, live: LiveLayer) -> None:
        try:
            connection = self._connection()
            region = minting.read_recipe(live).scenes.region
            restore_extent(layer, region)
            if minting.is_current(live, connection):
                return
            minting.check_service(live, connection)
        except CsPlusError as why:
            log(_("The live layer {name} is left as it is. {problem}", name=clean(live.name), problem=why))
            return
        self._fresh = {**self._fresh, live.map: _FreshMap(live, connection)}
        if not self._preprocessor:
            self._preprocessor = QgsNetworkAccessManager.setRequestPreprocessor(self._rewrite)

    def _forget_removed(self) -> None:
        if not self._fresh:
            return
        found = (read_live(layer) for layer in self._project.mapLayers().values())
        maps = {live.map for live in found if live is not None}
        self._fresh = {name: fresh for name, fresh in self._fresh.items() if name in maps}
        if not self._fresh:
            self._uninstall()

    def _uninstall(self) -> None:
        if self._preprocessor:
            QgsNetworkAccessManager.removeRequestPreprocessor(self._preprocessor)
            self._preprocessor = ""

    def _rewrite(self, request: QNetworkRequest) -> None:
        """Change the address of a tile request; called by QGIS for every request, in the thread that sends it."""
        try:
            url = request.url().toString()
            name = map_name(url)
            fresh = self._fresh.get(name)
            if fresh is None:
                return
            template = fresh.tile_url()
            if template:
                tile = url.rpartition(f"{name}/tiles/")[2]
                request.setUrl(QUrl(template.partition("{z}")[0] + tile))
        except BaseException as defect:  # noqa: BLE001 one that leaves this function ends QGIS
            _say_quietly(
                _(
                    "A tile request stays as it is. {kind}: {defect}",
                    kind=type(defect).__name__,
                    defect=defect,
                )
            )


class _FreshMap:
    """The map that takes the place of an old one: minted once, by the first thread that needs it."""

    def __init__(self, live: LiveLayer, connection: Connection) -> None:
        self._live, self._connection = live, connection
        self._lock = threading.Lock()
        self._tile_url: str | None = None

    def tile_url(self) -> str:
        """Give the address of the tiles; empty where it could not be minted, which is tried once."""
        with self._lock:
            if self._tile_url is None:
                self._tile_url = ""
                self._tile_url = self._mint()
            return self._tile_url

    def _mint(self) -> str:
        for minted in minting.renew([self._live], self._connection, self._open, force=True):
            if minted.problem:
                log(
                    _(
                        "The live layer {name} could not be renewed. {problem}",
                        name=clean(self._live.name),
                        problem=minted.problem,
                    )
                )
            return minted.tile_url
        return ""

    def _open(self) -> minting.Client:
        return minting.open_client(self._connection)


def _say_quietly(sentence: str) -> None:
    with contextlib.suppress(BaseException):
        log(clean(sentence))
