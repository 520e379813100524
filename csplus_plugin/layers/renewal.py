"""Live layers stay alive: minted anew when a project is opened, and when the service refuses their tiles.

The desktop's part. Signals of the project and of the network lead to one task that mints in its own thread; the main
thread only swaps addresses. A project without live layers of ours costs a look at each layer's properties.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus

from qgis.core import (
    QgsApplication,
    QgsMapLayer,
    QgsNetworkAccessManager,
    QgsNetworkReplyContent,
    QgsProject,
)
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal
from qgis.PyQt.QtNetwork import QNetworkRequest

from ..core.errors import CsPlusError
from ..core.language import _, ngettext
from ..core.text import clean
from ..earthengine.session import Connection
from .log import log
from .minting import Minted
from .patience import Answer, Patience
from .renewal_task import RenewalTask
from .swap import LiveLayer, map_name, read_live, restore_extent, swap

_PASSING = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)
"""Refusals that say nothing about the address."""


class Renewal(QObject):
    """Watches a project, from its construction to `stop`.

    Args:
        project: The open project.
        connection: Reads the settings, in the main thread.

    Signals:
        failed: A sentence for the user, the next step included.
    """

    failed = pyqtSignal(str)

    def __init__(self, project: QgsProject, connection: Callable[[], Connection]) -> None:
        super().__init__()
        self._project, self._connection = project, connection
        self._patience = Patience()
        self._waiting: dict[str, bool] = {}  # layer id -> whether a young address is renewed too
        self._task: RenewalTask | None = None
        self._is_listening = False
        # A timer, not a call: while a project is read its layers come one by one, and all of them are one task.
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._begin)
        project.layersAdded.connect(self._notice)
        project.layersRemoved.connect(self._listen_while_needed)
        self._notice(project.mapLayers().values())

    def stop(self) -> None:
        """Let go of the project and the network, and end what runs."""
        self._project.layersAdded.disconnect(self._notice)
        self._project.layersRemoved.disconnect(self._listen_while_needed)
        self._timer.stop()
        self._waiting.clear()
        self._listen(on=False)
        if self._task is not None:
            self._task.renewed.disconnect(self._take)
            self._task.ended.disconnect(self._end)
            self._task.abandon()
            self._task = None

    def renew_all(self) -> None:
        """Try every live layer that needs it again: the user has changed the connection."""
        self._patience.forget()
        self._notice(self._project.mapLayers().values())

    def is_busy(self) -> bool:
        """Tell whether layers are being renewed, or about to be."""
        return self._task is not None or self._timer.isActive()

    def _notice(self, layers: Iterable[QgsMapLayer]) -> None:
        found = [live for live in map(read_live, layers) if live is not None]
        if found:
            self._listen(on=True)
            self._enqueue(found, force=False)

    def _enqueue(self, layers: Iterable[LiveLayer], *, force: bool) -> None:
        for layer in layers:
            self._waiting[layer.id] = force or self._waiting.get(layer.id, False)
        self._timer.start(0)

    def _begin(self) -> None:
        if self._task is not None or not self._waiting:
            return
        waiting, self._waiting = self._waiting, {}
        found = [(read_live(self._project.mapLayer(layer)), force) for layer, force in waiting.items()]
        layers = [(live, force) for live, force in found if live is not None]
        if not layers:
            return
        try:
            connection = self._connection()
        except CsPlusError as why:
            self._tell(len(layers), str(why))
            return
        self._task = RenewalTask(layers, connection)
        self._task.renewed.connect(self._take)
        self._task.ended.connect(self._end)
        QgsApplication.taskManager().addTask(self._task)

    def _take(self, minted: Minted) -> None:
        """Swap the address of a layer that is still there and still has the old one."""
        layer = self._project.mapLayer(minted.layer.id)
        live = read_live(layer)
        if live is None or live.tile_url != minted.layer.tile_url:
            return
        if minted.tile_url and minted.region is not None:
            swap(layer, minted.tile_url, minted.region)
        elif minted.region is not None:
            restore_extent(layer, minted.region)
        if minted.problem and minted.is_foreign:
            log(
                _(
                    "The live layer {name} is left as it is. {problem}",
                    name=clean(live.name),
                    problem=minted.problem,
                )
            )

    def _end(self, problems: list[str]) -> None:
        self._task = None
        if problems:
            self._tell(len(problems), problems[0])
        if self._waiting:
            self._timer.start(0)

    def _tell(self, count: int, problem: str) -> None:
        sentence = ngettext(
            "A live layer could not be renewed. {problem}",
            "{count} live layers could not be renewed. {problem}",
            count,
            problem=problem,
        )
        log(sentence)
        if self._patience.may_tell():
            self.failed.emit(sentence)

    def _look_at_reply(self, reply: QgsNetworkReplyContent) -> None:
        """Renew the layers of a map whose tile was refused; called for every reply that QGIS gets."""
        status = reply.attribute(QNetworkRequest.Attribute.HttpStatusCodeAttribute)
        if not isinstance(status, int) or status // 100 != 4 or status in _PASSING:  # noqa: PLR2004 client errors
            return
        name = map_name(reply.request().url().toString())
        if not name:
            return
        found = [read_live(layer) for layer in self._project.mapLayers().values()]
        for live in found:
            if live is None or live.map != name or self._is_under_way(live.id):
                continue
            answer = self._patience.ask(live.id, is_young=live.is_young)
            if answer is Answer.RENEW:
                self._enqueue([live], force=True)
            elif answer is Answer.TELL:
                self.failed.emit(
                    _(
                        "The tiles of the live layer {name} are refused (status {status}), also after it was "
                        "renewed.",
                        name=clean(live.name),
                        status=status,
                    )
                )

    def _is_under_way(self, layer: str) -> bool:
        return layer in self._waiting or (self._task is not None and layer in self._task.ids)

    def _listen_while_needed(self) -> None:
        """Let go of the network with the last live layer, and of a task whose layers are all gone."""
        if self._task is not None and not any(map(self._project.mapLayer, self._task.ids)):
            self._task.cancel()
        if self._is_listening and not any(read_live(layer) for layer in self._project.mapLayers().values()):
            self._listen(on=False)

    def _listen(self, *, on: bool) -> None:
        if on is self._is_listening:
            return
        self._is_listening = on
        finished = QgsNetworkAccessManager.instance().finished[QgsNetworkReplyContent]
        if on:
            finished.connect(self._look_at_reply)
        else:
            finished.disconnect(self._look_at_reply)
