"""Which tiles were not served: QGIS leaves a hole in the picture and says nothing to who asked for it."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass

from qgis.core import QgsApplication, QgsNetworkAccessManager, QgsNetworkReplyContent
from qgis.PyQt.QtCore import QObject, pyqtSignal, pyqtSlot
from qgis.PyQt.QtNetwork import QNetworkReply, QNetworkRequest

_PATIENCE = 1.0
"""Seconds for the main thread to take notice; where it is blocked, nothing can be heard."""

_NO_STATUS, _SERVED = 0, 200


@dataclass(frozen=True)
class Tiles:
    """What became of the tiles of a layer.

    Attributes:
        served: How many arrived.
        failed: How many did not, also when asked for again.
        status: HTTP status of one that failed; 0 where there was no answer.
    """

    served: int = 0
    failed: int = 0
    status: int = _NO_STATUS


class TileWatch(QObject):
    """Hears of every reply of the network, in the main thread, where QGIS tells of those of all threads."""

    _called = pyqtSignal(str)

    def __init__(self) -> None:
        super().__init__()
        self._outcomes: dict[str, int] = {}
        self._answered = threading.Event()
        self._trouble: Exception | None = None
        self.moveToThread(QgsApplication.instance().thread())
        self._called.connect(self._answer)

    def start(self) -> None:
        """Listen."""
        self._call("start")

    def stop(self) -> None:
        """Listen no more."""
        self._call("stop")

    def begin(self) -> None:
        """Forget what was heard."""
        self._call("begin")

    def found(self, beginnings: list[str]) -> list[Tiles]:
        """Tell what became of the tiles since `begin`.

        Args:
            beginnings: How the addresses of each layer's tiles begin.
        """
        self._call("settle")  # what was told before is heard before
        outcomes = dict(self._outcomes)
        found = []
        for beginning in beginnings:
            codes = [code for url, code in outcomes.items() if beginning and url.startswith(beginning)]
            bad = [code for code in codes if code != _SERVED]
            found.append(Tiles(len(codes) - len(bad), len(bad), max(bad, default=_NO_STATUS)))
        return found

    def _call(self, name: str) -> None:
        self._answered.clear()
        self._called.emit(name)  # at once in the main thread, queued from any other
        self._answered.wait(_PATIENCE)
        if self._trouble is not None:
            raise self._trouble

    @pyqtSlot(str)
    def _answer(self, name: str) -> None:
        try:
            signal = QgsNetworkAccessManager.instance().finished[QgsNetworkReplyContent]
            if name == "start":
                signal.connect(self._hear)
            elif name == "stop":
                signal.disconnect(self._hear)
            elif name == "begin":
                self._outcomes.clear()
        except Exception as problem:  # noqa: BLE001 one that leaves a slot ends QGIS
            self._trouble = problem
        self._answered.set()

    def _hear(self, reply: QgsNetworkReplyContent) -> None:
        with suppress(Exception):
            self._note(reply)

    def _note(self, reply: QgsNetworkReplyContent) -> None:
        kinds = QNetworkReply.NetworkError
        if reply.error() == kinds.OperationCanceledError:
            return
        url = reply.request().url().toString()
        status = reply.attribute(QNetworkRequest.Attribute.HttpStatusCodeAttribute)
        self._outcomes[url] = _SERVED if reply.error() == kinds.NoError else int(status or _NO_STATUS)
