"""One picture of layers, drawn by QGIS in threads of its own, while this one stays free to cancel."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from qgis.core import QgsMapRendererParallelJob, QgsMapSettings
from qgis.PyQt.QtCore import QEventLoop
from qgis.PyQt.QtGui import QImage

from ..core.errors import Cancelled, CsPlusError
from ..core.language import _
from ..core.text import clean
from .tile_watch import Tiles, TileWatch
from .timed import TimedLayer

_LOOK = 0.01
"""Seconds between two looks at whether it is ready or cancelled."""

_PAUSES = (2.0, 5.0)
"""Seconds before tiles that failed are asked for again: a service that is busy serves them later."""

_GONE = (400, 401, 403, 404, 410)
"""What an address answers that is served no more; asking again does not help."""

_TOO_MANY = 429


class FrameRenderer:
    """Draws frames, and says where tiles are missing.

    Args:
        watch: Hears of the tiles.
        is_cancelled: Whether the user wants the run to end.
        warn: Gets a sentence about a picture with holes.
    """

    def __init__(
        self, watch: TileWatch, is_cancelled: Callable[[], bool], warn: Callable[[str], None]
    ) -> None:
        self._watch, self._is_cancelled, self._warn = watch, is_cancelled, warn

    def draw(
        self, settings: QgsMapSettings, layers: Sequence[TimedLayer], needed: Sequence[TimedLayer], title: str
    ) -> QImage:
        """Draw one frame.

        Args:
            settings: Size, extent and time.
            layers: The first on top.
            needed: Those of them without which the frame would be wrong: of others, missing tiles are only told.
            title: Of the frame, for messages.

        Raises:
            Cancelled: The user stopped the run.
            CsPlusError: A needed layer cannot be drawn, or not one of its tiles was served.
        """
        settings.setLayers([timed.layer for timed in layers])
        for pause in (*_PAUSES, None):
            self._watch.begin()
            picture, errors = self._render(settings)
            tiles = self._watch.found([timed.tiles for timed in layers])
            asked_again = any(found.failed and found.status not in _GONE for found in tiles)
            if pause is None or not asked_again:
                break
            self._wait(pause)
        for timed, found in zip(layers, tiles, strict=True):
            said = errors.get(timed.layer.id(), "")
            if said or found.failed:
                self._report(timed, found, said, title, needed=any(timed is one for one in needed))
        return picture

    def _render(self, settings: QgsMapSettings) -> tuple[QImage, dict[str, str]]:
        job = QgsMapRendererParallelJob(settings)
        loop = QEventLoop()  # a thread has no events of its own before one is made
        job.start()
        while job.isActive():
            loop.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
            if self._is_cancelled():
                job.cancel()
                raise Cancelled
            time.sleep(_LOOK)
        return job.renderedImage(), {error.layerID: clean(error.message) for error in job.errors()}

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self._is_cancelled():
                raise Cancelled
            time.sleep(_LOOK)

    def _report(self, timed: TimedLayer, found: Tiles, said: str, title: str, *, needed: bool) -> None:
        reason = _("status {status}", status=found.status) if found.status else said or _("no answer")
        if needed and not found.served:
            raise CsPlusError(
                _(
                    "{name} cannot be drawn in the frame of {title} ({reason}), and nothing was written.",
                    name=timed.name,
                    title=title,
                    reason=reason,
                ),
                _next_step(found),
            )
        name = timed.name
        if found.failed:
            asked = found.failed + found.served
            name = _("{failed} of {count} tiles of {name}", failed=found.failed, count=asked, name=name)
        self._warn(
            _(
                "{name} could not be drawn in the frame of {title} ({reason}): it has holes.",
                name=name,
                title=title,
                reason=reason,
            )
        )


def _next_step(found: Tiles) -> str:
    if found.status == _TOO_MANY:
        return _("The service is rate-limiting this project: wait some minutes, and run it again.")
    if found.status in _GONE:
        return _("Its tile address has probably expired: make the layer again, then run this again.")
    return _("Check the layer and the network, and run it again.")
