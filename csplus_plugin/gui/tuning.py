"""The tuning of a live layer without its widgets: what is drawn, what is wanted, what was before."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from qgis.core import QgsApplication, QgsMapLayer, QgsProject
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ..core.errors import CsPlusError, InvalidChoice
from ..core.language import _, marked
from ..core.recipe import Recipe
from ..core.targets.stored import Stored
from ..core.targets.target import ImageTarget
from ..core.tuning import tuned
from ..earthengine.session import Connection
from ..layers.minting import is_current, read_recipe
from ..layers.provenance import MINTED_PROPERTY
from ..layers.redrawing import redraw
from ..layers.swap import LiveLayer, read_live
from .tuning_task import TuningTask

DELAY = 250
"""Milliseconds without another change after which one is asked for."""

_REMEMBERED = 50
"""Steps that can be undone."""

_STORED = marked(
    "This layer draws an asset, whose scenes, threshold and method are fixed. To make another composite, run Clear "
    "composite."
)


@dataclass(frozen=True)
class Drawn:
    """What a layer is drawn from.

    Attributes:
        recipe: The recipe.
        tile_url: The address that draws it.
        minted: When the address was made, seconds since 1970.
        share: Share of the area that has a value, 0 to 1; None where it was not asked for.
    """

    recipe: Recipe[ImageTarget]
    tile_url: str
    minted: int
    share: float | None = None


class Tuning(QObject):
    """Redraws the layer that is chosen.

    Args:
        project: The open project.
        connection: Reads the settings, in the main thread.

    Signals:
        changed: What `drawn`, `is_busy` or `can_undo` say has changed.
        told: A sentence about the last change; empty when there is nothing to say.
    """

    changed = pyqtSignal()
    told = pyqtSignal(str)

    def __init__(self, project: QgsProject, connection: Callable[[], Connection]) -> None:
        super().__init__()
        self._project, self._connection = project, connection
        self._layer = ""
        self._text = ""  # of the recipe that the layer carries
        self.drawn: Drawn | None = None
        self._wanted: dict[str, Any] = {}
        self._past: dict[str, deque[Drawn]] = {}
        self._task: TuningTask | None = None
        self._number = 0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._ask)

    def stop(self) -> None:
        """End what runs, and wait until it is out of our code."""
        self._timer.stop()
        if self._task is not None:
            self._task.abandon()
        self._let_go()
        self._past.clear()

    @property
    def can_undo(self) -> bool:
        """Whether there is something to take back: a step, or a change that is not drawn yet."""
        return bool(self._past.get(self._layer) or self._wanted)

    @property
    def is_pending(self) -> bool:
        """Whether there are changes that are not drawn yet."""
        return bool(self._wanted)

    @property
    def is_busy(self) -> bool:
        """Whether a change is waiting or being asked for."""
        return self._task is not None or self._timer.isActive()

    def choose(self, layer: QgsMapLayer | None) -> None:
        """Look at another layer, or again at the same one; one that is no live layer of ours is none."""
        live = read_live(layer)
        if live is not None and live.id == self._layer:
            if live.recipe == self._text:
                return
            self._past.pop(live.id, None)  # another recipe was put on it
        self._forget_change()
        self._layer, self.drawn = "", None
        self._past = {name: past for name, past in self._past.items() if self._project.mapLayer(name)}
        sentence = ""
        if live is not None and layer is not None:
            try:
                recipe = read_recipe(live)
                if isinstance(recipe.target, Stored):
                    sentence = _(_STORED)
                else:
                    self.drawn = Drawn(recipe, live.tile_url, _minted(layer))
                    self._layer, self._text = live.id, live.recipe
            except InvalidChoice as problem:
                sentence = str(problem)
        self.told.emit(sentence)
        self.changed.emit()

    def change(self, **choices: Any) -> None:
        """Change choices, by their names in the recipe; drawn when nothing else is changed for a moment."""
        if self.drawn is None:
            return
        # Kept although they may make no sense yet: a first day after the last is put right by the last.
        self._wanted |= choices
        self._drop_task()
        try:
            recipe = tuned(self.drawn.recipe, **self._wanted)
        except CsPlusError as problem:
            self._timer.stop()
            self.told.emit(str(problem))
        else:
            self.told.emit("")
            if recipe == self.drawn.recipe:
                self._forget_change()
            else:
                self._timer.start(DELAY)
        self.changed.emit()

    def undo(self) -> None:
        """Go back one step: to what is drawn, or to what was drawn before it."""
        if self._wanted:
            self._forget_change()
            self.told.emit("")
            self.changed.emit()
            return
        past = self._past.get(self._layer)
        if not past or self.drawn is None:
            return
        before = past[-1]
        if self._is_served(before):
            past.pop()
            self._draw(before)
            self.told.emit("")
            self.changed.emit()
        else:  # its address may be served no more
            self._begin(before.recipe, is_undo=True)

    def _is_served(self, drawn: Drawn) -> bool:
        """Tell whether an address still draws: it is young, and of the service that the settings name now."""
        live = read_live(self._project.mapLayer(self._layer))
        try:
            age = time.time() - drawn.minted
            return live is not None and is_current(
                replace(live, tile_url=drawn.tile_url, age=age), self._connection()
            )
        except CsPlusError:
            return False

    def _ask(self) -> None:
        if self.drawn is not None:
            self._begin(tuned(self.drawn.recipe, **self._wanted))

    def _begin(self, recipe: Recipe[ImageTarget], *, is_undo: bool = False) -> None:
        live = read_live(self._project.mapLayer(self._layer))
        if live is None:
            self.choose(None)
            return
        try:
            connection = self._connection()
        except CsPlusError as problem:
            self.told.emit(str(problem))
            return
        self._start(live, recipe, connection, is_undo=is_undo)
        self.changed.emit()

    def _start(
        self, live: LiveLayer, recipe: Recipe[ImageTarget], connection: Connection, *, is_undo: bool
    ) -> None:
        self._drop_task()
        self._number += 1
        self._asked, self._is_undo = recipe, is_undo
        self._task = TuningTask(self._number, live, recipe, connection)
        self._task.drawn.connect(self._take_address)
        self._task.shared.connect(self._take_share)
        self._task.failed.connect(self._take_problem)
        self._task.ended.connect(self._end)
        QgsApplication.taskManager().addTask(self._task)

    def _take_address(self, number: int, tile_url: str) -> None:
        layer = self._project.mapLayer(self._layer)
        live = read_live(layer)
        if number != self._number or self.drawn is None:
            return
        # Its address is the layer's own: it may have been renewed since.
        before = replace(self.drawn, tile_url=live.tile_url, minted=_minted(layer)) if live else self.drawn
        if self._draw(Drawn(self._asked, tile_url, int(time.time()))):
            past = self._past.setdefault(self._layer, deque(maxlen=_REMEMBERED))
            if self._is_undo:
                past.pop()
            else:
                past.append(before)
            self._wanted.clear()
            self.changed.emit()

    def _take_share(self, number: int, share: float) -> None:
        if number == self._number and self.drawn is not None and self.drawn.recipe == self._asked:
            self.drawn = replace(self.drawn, share=share)
            self.changed.emit()

    def _take_problem(self, number: int, sentence: str) -> None:
        if number == self._number:
            self.told.emit(sentence)

    def _end(self, number: int) -> None:
        if number == self._number:
            self._let_go()
            self.changed.emit()

    def _draw(self, new: Drawn) -> bool:
        """Put it on the layer, if that is still there."""
        layer = self._project.mapLayer(self._layer)
        if self.drawn is None or read_live(layer) is None:
            self.choose(None)
            return False
        redraw(layer, self.drawn.recipe, new.recipe, new.tile_url, new.minted)
        self._project.setDirty(True)
        self.drawn, self._text = new, new.recipe.to_json()
        return True

    def _forget_change(self) -> None:
        self._timer.stop()
        self._drop_task()
        self._wanted.clear()

    def _drop_task(self) -> None:
        if self._task is not None:
            self._task.drop()
            self._let_go()

    def _let_go(self) -> None:
        """Hear no more of the task; what it has already said is known by its number."""
        task, self._task = self._task, None
        self._number += 1
        if task is not None:
            for signal in (task.drawn, task.shared, task.failed, task.ended):
                signal.disconnect()


def _minted(layer: QgsMapLayer) -> int:
    found = layer.customProperty(MINTED_PROPERTY)
    return int(found) if type(found) in (int, float) and abs(found) < 1e11 else 0  # noqa: PLR2004 a year below 5000
