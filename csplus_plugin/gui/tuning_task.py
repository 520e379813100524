"""One change of a live layer: its new tile address and the share that is kept, two requests off the main thread."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from qgis.PyQt.QtCore import pyqtSignal

from ..core import survey as surveying
from ..core.errors import BadRequest, Cancelled, CsPlusError, NothingFound
from ..core.kept_share import kept_share, read_share
from ..core.language import _, marked
from ..core.picture import picture
from ..core.recipe import Recipe
from ..core.targets.target import ImageTarget
from ..earthengine.client import Client, encoded
from ..earthengine.session import Connection
from ..layers import minting
from ..layers.background_task import BackgroundTask
from ..layers.swap import LiveLayer


class TuningTask(BackgroundTask):
    """Asks for both at once; QGIS runs it in a thread of its pool.

    Args:
        number: Of this change, given back with every answer: an answer may be on its way when a newer change begins.
        layer: The layer as it is.
        recipe: What it is to be drawn from.
        connection: Who computes.

    Signals:
        drawn: Number of the change, and the new tile address.
        shared: Number of the change, and the share of the area that has a value, 0 to 1.
        failed: Number of the change, and what went wrong, a sentence.
        ended: Number of the change: nothing more comes.
    """

    DEFECT = marked("It cannot be drawn: {kind} ({defect}).")

    drawn = pyqtSignal(int, str)
    shared = pyqtSignal(int, float)
    failed = pyqtSignal(int, str)
    ended = pyqtSignal(int)

    def __init__(
        self, number: int, layer: LiveLayer, recipe: Recipe[ImageTarget], connection: Connection
    ) -> None:
        super().__init__(_("Tuning a live layer of Cloud Score+"))
        self._number, self._layer, self._recipe, self._connection = number, layer, recipe, connection
        self._refused: BadRequest | None = None

    def work(self) -> None:
        """Ask for both."""
        minting.check_service(self._layer, self._connection)
        client = minting.open_client(self._connection, self.is_unwanted)
        # One after the other: building is Python's own work, and threads that compete for it hold up the window.
        drawing, counting = encoded(picture(self._recipe)), encoded(kept_share(self._recipe))
        with ThreadPoolExecutor(1, thread_name_prefix="csplus tuning") as pool:
            share = pool.submit(client.value, counting)
            self._tell(lambda: self.drawn.emit(self._number, client.map(drawing)))
            self._tell(lambda: self.shared.emit(self._number, read_share(share.result())))
        if self._refused is not None:
            raise self._reason(self._refused, client)

    def finished(self, result: bool) -> None:  # noqa: FBT001 QGIS's own signature
        """Say what went wrong, and that it is over, in the main thread."""
        del result
        if self.problem is not None:
            self.failed.emit(self._number, str(self.problem))
        self.ended.emit(self._number)

    def _tell(self, ask: Callable[[], None]) -> None:
        """Ask for one of the two: that the other failed does not take it away."""
        try:
            ask()
        except Cancelled:
            raise
        except BadRequest as problem:
            self._refused = problem
        except CsPlusError as problem:
            self.failed.emit(self._number, str(problem))

    def _reason(self, refused: BadRequest, client: Client) -> CsPlusError:
        """Ask, once more, whether there is any scene: of none, the service only says that an image has no bands."""
        scenes = self._recipe.scenes
        try:
            surveying.answer(scenes, client.value(surveying.question(scenes)))
        except Cancelled:
            raise
        except NothingFound as nothing:
            return nothing
        except CsPlusError:
            pass
        return refused
