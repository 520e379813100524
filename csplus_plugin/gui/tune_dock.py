"""The dock *Cloud Score+*: threshold, score, method, days and style of the live layer that is chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from qgis.core import QgsMapLayer, QgsProject
from qgis.gui import QgisInterface
from qgis.PyQt.QtCore import QDate, QSignalBlocker, Qt
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QDateEdit,
    QDockWidget,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from ..core.catalog import ALL_STYLES, METHODS, SCORE_BANDS
from ..core.errors import CsPlusError
from ..core.labels import WORDS
from ..core.language import _, marked
from ..core.recipe import Recipe
from ..core.targets.target import ImageTarget
from ..core.text import clean
from ..core.tuning import has_window, possible, value_of
from ..earthengine.session import Connection
from .algorithm_dialog import open_recipe
from .tuning import Tuning

TITLE = "Cloud Score+"
NAME = "csplusTuneDock"
"""QGIS remembers by it where the dock was."""

_STEPS = 100
"""Of the slider, from 0 to 1."""

_NOT_COUNTED = marked("not counted yet")
"""Until something is changed: it would be a request for a layer that is only looked at."""

_NO_LAYER = marked("Choose a live layer of Cloud Score+ in the layer tree.")


class TuneDock(QDockWidget):
    """Watches which layer is chosen, while it is visible; closed, it does nothing.

    Args:
        iface: The desktop.
        project: The open project.
        connection: Reads the settings, in the main thread.
    """

    def __init__(
        self, iface: QgisInterface, project: QgsProject, connection: Callable[[], Connection]
    ) -> None:
        super().__init__(TITLE, iface.mainWindow())
        self.setObjectName(NAME)
        self._iface = iface
        self._tree = project.layerTreeRoot()
        self._is_watching = False
        self.tuning = Tuning(project, connection)
        self.layer_name = QLabel(self)
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.spin = QDoubleSpinBox(self)
        self.share = QLabel(self)
        self.score, self.method, self.style_ = (QComboBox(self) for _ in range(3))
        self.first, self.last = (QDateEdit(self) for _ in range(2))
        self.undo_button = QPushButton(_("Undo"), self)
        self.file_button = QPushButton(_("Make it a file…"), self)
        self.outcome = QLabel(self)
        self._lay_out()
        self._connect()
        self._show()

    def open(self) -> None:
        """Show it, with the layer that is chosen."""
        self.show()
        self.raise_()
        self._watch(visible=True)

    def stop(self) -> None:
        """Let go of the window, and end what runs."""
        self._watch(visible=False)
        self.visibilityChanged.disconnect(self._on_visibility)
        self.tuning.changed.disconnect(self._show)
        self.tuning.told.disconnect(self.outcome.setText)
        self.tuning.stop()

    def _on_visibility(self, visible: bool) -> None:  # noqa: FBT001 a slot
        # A tab of several docks that is not on top counts as invisible; one that is closed is hidden, too.
        self._watch(visible=visible or not self.isHidden())

    def _watch(self, *, visible: bool) -> None:
        if visible is not self._is_watching:
            self._is_watching = visible
            if visible:
                self._iface.currentLayerChanged.connect(self._choose)
                self._tree.nameChanged.connect(self._show_name)
            else:
                self._iface.currentLayerChanged.disconnect(self._choose)
                self._tree.nameChanged.disconnect(self._show_name)
        self._choose(self._iface.activeLayer() if visible else None)

    def _choose(self, layer: QgsMapLayer | None) -> None:
        self.layer_name.setText(clean(layer.name(), 80) if layer is not None else "")
        self.tuning.choose(layer)

    def _show(self) -> None:
        """Show what is drawn; what the user has changed since stays as it is."""
        tuning, drawn = self.tuning, self.tuning.drawn
        self._body.setEnabled(drawn is not None)
        self.undo_button.setEnabled(tuning.can_undo)
        if drawn is None:
            self.layer_name.setText(_(_NO_LAYER))
            self.share.setText(_(_NOT_COUNTED))
            return
        self.share.setText(self._share_text(drawn.share))
        if tuning.is_pending:
            return
        self._show_name()
        self._fill(drawn.recipe)

    def _show_name(self) -> None:
        if self.tuning.drawn is not None:
            layer = self._iface.activeLayer()
            self.layer_name.setText(clean(layer.name(), 80) if layer is not None else "")

    def _share_text(self, share: float | None) -> str:
        if self.tuning.is_busy:
            return _("Drawing…")
        return _(_NOT_COUNTED) if share is None else _("{share:.1f} % of the area", share=100 * share)

    def _fill(self, recipe: Recipe[ImageTarget]) -> None:
        controls = (self.slider, self.spin, self.score, self.method, self.style_, self.first, self.last)
        blockers = [QSignalBlocker(control) for control in controls]
        self.slider.setValue(round(_STEPS * recipe.scenes.threshold))
        self.spin.setValue(recipe.scenes.threshold)
        scores = {name: (_(WORDS["QA_BAND"][name]), _(use)) for name, use in SCORE_BANDS.items()}
        _fill_choice(self.score, recipe, "qa_band", scores)
        ways = {name: (_(way.label), _(way.use)) for name, way in METHODS.items()}
        _fill_choice(self.method, recipe, "method", ways)
        styles = {name: (_(style.label), _(style.label)) for name, style in ALL_STYLES.items()}
        _fill_choice(self.style_, recipe, "style", styles)
        for control, day in ((self.first, recipe.scenes.start), (self.last, recipe.scenes.end)):
            control.setDate(QDate(day.year, day.month, day.day))
            control.setEnabled(has_window(recipe))
        for blocker in blockers:
            blocker.unblock()

    def _slide(self, step: int) -> None:
        with QSignalBlocker(self.spin):
            self.spin.setValue(step / _STEPS)
        self.tuning.change(threshold=step / _STEPS)

    def _type(self, threshold: float) -> None:
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(_STEPS * threshold))
        self.tuning.change(threshold=round(threshold, 2))

    def _make_file(self) -> None:
        if self.tuning.drawn is not None:
            try:
                open_recipe(self.tuning.drawn.recipe, LIVE=False, OUTPUT="TEMPORARY_OUTPUT")
            except CsPlusError as problem:
                self.outcome.setText(str(problem))

    def _connect(self) -> None:
        change = self.tuning.change
        self.slider.valueChanged.connect(self._slide)
        self.spin.valueChanged.connect(self._type)
        self.score.activated.connect(lambda _: change(qa_band=self.score.currentData()))
        self.method.activated.connect(lambda _: change(method=self.method.currentData()))
        self.style_.activated.connect(lambda _: change(style=self.style_.currentData()))
        self.first.dateChanged.connect(lambda day: change(start=_day(day)))
        self.last.dateChanged.connect(lambda day: change(end=_day(day)))
        self.undo_button.clicked.connect(self.tuning.undo)
        self.file_button.clicked.connect(self._make_file)
        self.tuning.changed.connect(self._show)
        self.tuning.told.connect(self.outcome.setText)
        self.visibilityChanged.connect(self._on_visibility)

    def _lay_out(self) -> None:
        self.slider.setRange(0, _STEPS)
        self.slider.setPageStep(_STEPS // 20)
        self.spin.setRange(0, 1)
        self.spin.setSingleStep(1 / _STEPS)
        for control in (self.first, self.last):
            control.setCalendarPopup(True)
            control.setDisplayFormat("yyyy-MM-dd")
            control.setKeyboardTracking(False)
        for box in (self.score, self.method, self.style_):
            # As narrow as the dock is made: the longest of the options would widen the window.
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(12)
        for label in (self.layer_name, self.share, self.outcome):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        threshold = QHBoxLayout()
        threshold.addWidget(self.slider, 1)
        threshold.addWidget(self.spin)
        self._form = QFormLayout()
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form.addRow(_("Threshold"), threshold)
        self._form.addRow(_("Share kept"), self.share)
        self.share.setToolTip(_("Share of the area that has a value; counted whenever something is changed."))
        for text, control in self._labels():
            self._form.addRow(text, control)
        for text, control in (
            (_("Threshold, slider"), self.slider),
            (_("Threshold"), self.spin),
            *self._labels(),
        ):
            control.setAccessibleName(text)
        buttons = QHBoxLayout()
        buttons.addWidget(self.undo_button)
        buttons.addWidget(self.file_button)
        buttons.addStretch()
        self._body = QWidget(self)
        body = QVBoxLayout(self._body)
        body.setContentsMargins(0, 0, 0, 0)
        body.addLayout(self._form)
        body.addLayout(buttons)
        whole = QWidget(self)
        column = QVBoxLayout(whole)
        column.addWidget(self.layer_name)
        column.addWidget(self._body)
        column.addWidget(self.outcome)
        column.addStretch()
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setWidget(whole)
        self.setWidget(scroll)

    def _labels(self) -> Iterable[tuple[str, QWidget]]:
        return (
            (_("Score band"), self.score),
            (_("Method"), self.method),
            (_("First day"), self.first),
            (_("Last day"), self.last),
            (_("Style"), self.style_),
        )


def _fill_choice(
    box: QComboBox, recipe: Recipe[ImageTarget], name: str, texts: dict[str, tuple[str, str]]
) -> None:
    """Offer what makes sense with the other choices; a choice that the recipe does not have is off.

    Args:
        box: Shows the options.
        recipe: Every choice.
        name: The choice, by its name in the recipe.
        texts: Option -> its label, and what it is good for.
    """
    box.clear()
    for option in possible(recipe, name, texts):
        label, use = texts[option]
        box.addItem(label, option)
        box.setItemData(box.count() - 1, use, Qt.ItemDataRole.ToolTipRole)
    present = value_of(recipe, name)
    if present is None and name == "style":
        box.insertItem(0, _("Its own"), None)
    box.setCurrentIndex(max(box.findData(present), 0))
    box.setEnabled(box.count() > 1)


def _day(day: QDate) -> date:
    return date(day.year(), day.month(), day.day())
