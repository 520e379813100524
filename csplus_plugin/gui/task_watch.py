"""The project's export tasks without widgets: asked for while somebody looks and something runs, and only then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ..core.errors import Cancelled, CsPlusError
from ..core.language import _
from ..core.picture import picture
from ..core.recipe import Recipe
from ..core.targets.stored import Stored
from ..earthengine import tasks
from ..earthengine.client import Client
from ..earthengine.operations import CANCELLING, Operation
from ..earthengine.session import SANDBOX, Connection, running_sandbox, session_for
from ..layers.minting import open_client
from ..layers.stored_asset import read_stored
from .errand import Errand

MOST = 200
"""Tasks that are listed: the latest."""

FIRST, LONGEST, LOST = 15.0, 60.0, 300.0
"""Seconds between two looks: at first, while nothing changes, and while the service does not answer."""

SOON = 3.0
"""Seconds before the next look where a task is being cancelled, for which somebody waits."""

_SLOWER, _LOST_SLOWER = 1.5, 2.0


@dataclass(frozen=True)
class Listing:
    """The tasks as they were at a moment.

    Attributes:
        tasks: Those of this plugin first, of each kind the latest first.
        project: Whose they are.
        is_sandbox: Whether a sandbox runs them, and not Google.
        at: When they were asked for.
    """

    tasks: tuple[Operation, ...]
    project: str
    is_sandbox: bool
    at: datetime

    @property
    def active(self) -> int:
        """Tasks that are not over."""
        return sum(not task.is_over for task in self.tasks)


@dataclass(frozen=True)
class Opened:
    """An asset that can be drawn.

    Attributes:
        recipe: Its recipe.
        tile_url: The address that draws it.
        is_sandbox: Whether a sandbox draws it.
    """

    recipe: Recipe[Stored]
    tile_url: str
    is_sandbox: bool


class TaskWatch(QObject):
    """Asks for the tasks, cancels some, makes one's asset ready to be drawn.

    Args:
        connection: Reads the settings, in the main thread.
        is_away: Whether nobody can see anything just now, as the window is an icon.

    Signals:
        changed: What `listing`, `problem` or `is_busy` say has changed.
        told: A sentence about what was asked for.
        opened: An `Opened`.
    """

    changed = pyqtSignal()
    told = pyqtSignal(str)
    opened = pyqtSignal(object)

    def __init__(
        self, connection: Callable[[], Connection], is_away: Callable[[], bool] = lambda: False
    ) -> None:
        super().__init__()
        self._connection, self._is_away = connection, is_away
        self.listing: Listing | None = None
        self.problem, self.has_no_account = "", False
        self._is_seen = False
        self._look: Errand | None = None
        self._errands: list[Errand] = []
        self._ending: list[Errand] = []
        self.delay = FIRST
        """Seconds until the next look, if there is one."""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._look_again)

    def stop(self) -> None:
        """End what runs, and wait until it is out of our code."""
        self.see(seen=False)
        for errand in tuple(self._errands):
            self._drop(errand)
        for errand in self._ending:
            errand.wait()
        self._ending.clear()

    @property
    def is_busy(self) -> bool:
        """Whether the tasks are being asked for, or are about to be."""
        return self._look is not None or (self._timer.isActive() and not self._timer.interval())

    @property
    def is_waiting(self) -> bool:
        """Whether they will be asked for again."""
        return self._timer.isActive() and bool(self._timer.interval())

    def see(self, *, seen: bool) -> None:
        """Begin to look, or end it: somebody sees the tasks, or nobody does any more."""
        if seen is self._is_seen:
            return
        self._is_seen = seen
        if seen:
            # From the main loop: QGIS shows a dock for a moment when it is added, and nothing is asked at start.
            self.delay = FIRST
            self._timer.start(0)
            self.changed.emit()
            return
        self._timer.stop()
        if self._look is not None:
            self._drop(self._look)
            self._look = None

    def refresh(self) -> None:
        """Ask for the tasks now."""
        self.delay = FIRST
        self._look_again()

    def cancel(self, identities: Sequence[str], connection: Connection | None = None) -> None:
        """Cancel tasks, and say what became of it.

        Args:
            identities: The tasks.
            connection: Whose they are; None: of the settings.
        """
        chosen = connection or self._settings()
        if chosen is None:
            return
        ids = tuple(identities)

        def work(is_cancelled: Callable[[], bool]) -> list[str]:
            return tasks.cancel(session_for(chosen, _stopping(is_cancelled)), ids)

        def tell(left: list[str]) -> None:
            if left:
                self.told.emit(
                    _(
                        "Whether {left} is cancelled is not known. Refresh the list, then try again.",
                        left=", ".join(left[:3]),
                    )
                )
            elif len(ids) == 1:
                self.told.emit(_("The task is being cancelled."))
            else:
                self.told.emit(_("{count} tasks are being cancelled.", count=len(ids)))
            if self._is_seen:
                self.refresh()

        self._send(Errand(_("Cancelling export tasks"), work), tell)

    def open(self, asset: str) -> None:
        """Make an asset ready to be drawn; `opened` follows, or `told` with what is in the way."""
        chosen = self._settings()
        if chosen is None:
            return

        def work(is_cancelled: Callable[[], bool]) -> Opened:
            client = open_client(chosen, is_cancelled)
            recipe = read_stored(client, asset)
            return Opened(recipe, client.map(picture(recipe)), client.session.is_sandbox)

        self.told.emit(_("Opening the asset…"))
        self._send(Errand(_("Opening an asset"), work), self.opened.emit)

    def _settings(self) -> Connection | None:
        try:
            return self._connection()
        except CsPlusError as problem:
            self.told.emit(str(problem))
            return None

    def _look_again(self) -> None:
        self._timer.stop()
        if self._look is not None or not self._is_seen:
            return
        if self._is_away():
            self._wait()
            return
        try:
            connection = self._connection()
        except CsPlusError as problem:
            self._fail(str(problem), no_account=False)
            return
        if connection.endpoint == SANDBOX and not running_sandbox(connection):
            # Its start takes seconds, and it would have no tasks.
            self._take(Listing((), "", is_sandbox=True, at=datetime.now(timezone.utc)))
            return

        def work(is_cancelled: Callable[[], bool]) -> Listing:
            session = session_for(connection, _stopping(is_cancelled))
            found = sorted(Client(session, is_cancelled).tasks(MOST), key=lambda task: not task.is_ours)
            return Listing(
                tuple(found), session.project, is_sandbox=session.is_sandbox, at=datetime.now(timezone.utc)
            )

        self._look = Errand(_("Looking at export tasks"), work)
        self._look.done.connect(self._take)
        self._look.failed.connect(lambda sentence, missing: self._fail(sentence, no_account=missing))
        QgsApplication.taskManager().addTask(self._look)
        self.changed.emit()

    def _take(self, listing: Listing) -> None:
        before, self.listing = self.listing, listing
        self._look, self.problem, self.has_no_account = None, "", False
        is_same = before is not None and before.tasks == listing.tasks
        is_ending = any(task.state == CANCELLING for task in listing.tasks)
        self.delay = min(LONGEST, self.delay * _SLOWER) if is_same else SOON if is_ending else FIRST
        if listing.active:
            self._wait()
        self.changed.emit()

    def _fail(self, sentence: str, *, no_account: bool) -> None:
        self._look, self.problem, self.has_no_account = None, sentence, no_account
        self.delay = min(LOST, self.delay * _LOST_SLOWER)
        if self.listing is not None and self.listing.active and not no_account:
            self._wait()
        self.changed.emit()

    def _wait(self) -> None:
        if self._is_seen:
            self._timer.start(int(1000 * self.delay))

    def _send(self, errand: Errand, take: Callable[[Any], None]) -> None:
        self._errands.append(errand)

        def bring(found: Any) -> None:
            self._forget(errand)
            take(found)

        def fail(sentence: str, has_no_account: bool) -> None:  # noqa: FBT001 a slot
            del has_no_account
            self._forget(errand)
            self.told.emit(sentence)

        errand.done.connect(bring)
        errand.failed.connect(fail)
        QgsApplication.taskManager().addTask(errand)

    def _drop(self, errand: Errand) -> None:
        self._forget(errand)
        self._ending = [one for one in self._ending if not one.is_over]
        if errand.drop():
            self._ending.append(errand)

    def _forget(self, errand: Errand) -> None:
        """Hear no more of an errand."""
        errand.done.disconnect()
        errand.failed.disconnect()
        if errand in self._errands:
            self._errands.remove(errand)


def _stopping(is_cancelled: Callable[[], bool]) -> Callable[[float], None]:
    def stop_if_cancelled(share: float) -> None:
        del share
        if is_cancelled():
            raise Cancelled

    return stop_if_cancelled
