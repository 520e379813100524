"""Processing's dialogs with the plugin's widgets: what they show, what they hand over, what they open again with."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest
from csplus.csplus_plugin.core import labels
from csplus.csplus_plugin.core.default_days import default_day
from csplus.csplus_plugin.gui import parameter_widgets
from csplus.csplus_plugin.gui.algorithm_dialog import close_dialogs
from csplus.csplus_plugin.gui.checklist import Checklist
from processing.gui import ParametersPanel
from processing.gui.AlgorithmDialog import AlgorithmDialog
from processing.gui.BatchAlgorithmDialog import BatchAlgorithmDialog
from processing.modeler import ModelerParametersDialog
from qgis.core import (
    Qgis,
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsProcessingContext,
    QgsProcessingModelAlgorithm,
    QgsProcessingParameterEnum,
    QgsProperty,
    QgsRectangle,
)
from qgis.gui import QgsMapCanvas, QgsProcessingParameterWidgetContext
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QDate, QEvent, QLocale, Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QComboBox, QDialog, QLineEdit, QToolButton

from .conftest import JANUARY, PLACE
from .test_contract import CONTRACT, made
from .test_same_run import meaning, through_a_shell, through_history, through_json, through_python


@pytest.fixture(autouse=True)
def no_desktop(monkeypatch: pytest.MonkeyPatch, qgis_new_project: None) -> None:
    monkeypatch.setattr(ParametersPanel, "iface", None)


@pytest.fixture
def opened() -> Iterator[list[QDialog]]:
    dialogs: list[QDialog] = []
    yield dialogs
    delete(dialogs)


def delete(dialogs: list[QDialog]) -> None:
    """Delete dialogs as QGIS does when they are closed; a handle that was lost ends the process here."""
    for dialog in dialogs:
        dialog.close()
        dialog.deleteLater()
    gc.collect()
    QgsApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QgsApplication.processEvents()
    dialogs.clear()


def dialog_of(opened: list[QDialog], name: str, parameters: dict[str, Any] | None = None) -> AlgorithmDialog:
    dialog = AlgorithmDialog(made(name))
    opened.append(dialog)
    if parameters:
        dialog.setParameters(parameters)
    return dialog


def wrapper(dialog: Any, name: str) -> Any:
    return dialog.mainWidget().wrappers[name]


def shown(dialog: Any, name: str) -> str:
    widget = wrapper(dialog, name).inner
    box = widget if isinstance(widget, QComboBox) else widget.findChild(QLineEdit)
    return box.currentText() if isinstance(box, QComboBox) else box.text()


def test_labels_in_the_place_of_codes(opened: list[QDialog]) -> None:
    dialog = dialog_of(opened, "clearcomposite", JANUARY)
    assert shown(dialog, "METHOD") == "Median"
    assert shown(dialog, "STYLE") == "True colour (B4, B3, B2)"
    assert shown(dialog, "PRODUCT") == "Surface reflectance (L2A)"
    assert shown(dialog, "THRESHOLD") == QLocale().toString(0.6, "f", 2)
    assert shown(dialog, "RESOLUTION") == "10"
    values = dialog.createProcessingParameters()
    assert (values["METHOD"], values["STYLE"], values["PRODUCT"]) == ("median", "true_color", "L2A")
    assert (values["THRESHOLD"], values["BANDS"]) == (0.6, ["B2", "B3", "B4", "B8"])


@pytest.mark.parametrize("identity", CONTRACT)
def test_every_choice_has_words_of_its_own(identity: str) -> None:
    algorithm = made(identity)
    for definition in algorithm.parameterDefinitions():
        if isinstance(definition, QgsProcessingParameterEnum):
            found = labels.options(definition.name(), definition.options())
            assert [option.value for option in found] == definition.options()
            assert len({option.label for option in found}) == len(found)
            assert all(" " in option.label or option.label[0].isupper() for option in found), (
                definition.name()
            )


@pytest.mark.parametrize("identity", CONTRACT)
def test_opened_again_from_the_history_it_is_the_same_run(
    context: QgsProcessingContext, opened: list[QDialog], identity: str
) -> None:
    """As it opens, and with everything emptied that can be; through history, JSON, Python and a shell."""
    first = dialog_of(opened, identity)
    algorithm = first.algorithm()
    for is_emptied in (False, True):
        for definition in algorithm.parameterDefinitions():
            if definition.type() in ("extent", "source") and not is_emptied:
                wrapper(first, definition.name()).setParameterValue(
                    PLACE if definition.type() == "extent" else None, context
                )
            if is_emptied and definition.type() == "enum" and definition.allowMultiple():
                wrapper(first, definition.name()).inner.tick([])
            if is_emptied and definition.type() == "string":
                wrapper(first, definition.name()).wrappedWidget().clear()
        typed = first.mainWidget().wrappers
        given = {
            name: one.parameterValue()
            for name, one in typed.items()
            if not algorithm.parameterDefinition(name).isDestination()
        }
        kept = algorithm.preprocessParameters(given)
        meant = {name: meaning(algorithm, name, given, context) for name in given}
        if is_emptied:
            several = [
                d.name() for d in algorithm.parameterDefinitions() if d.type() == "enum" and d.allowMultiple()
            ]
            assert all(meant[name] == () for name in several)
        for through in (through_history, through_json, through_python, through_a_shell):
            stored = through(algorithm, kept, context)
            assert {name: meaning(algorithm, name, stored, context) for name in given} == meant, through
            again = dialog_of(opened, identity, stored)
            values = {name: wrapper(again, name).parameterValue() for name in given}
            assert {name: meaning(algorithm, name, values, context) for name in given} == meant, through


def test_bands_are_those_of_the_product(opened: list[QDialog]) -> None:
    dialog = dialog_of(opened, "clearcomposite", {**JANUARY, "PRODUCT": "L1C", "BANDS": "B4,B10"})
    field = wrapper(dialog, "BANDS").inner
    assert field.ticked() == ["B4", "B10"]
    wrapper(dialog, "PRODUCT").inner.setCurrentIndex(0)
    assert dialog.createProcessingParameters()["PRODUCT"] == "L2A"
    assert dialog.createProcessingParameters()["BANDS"] == ["B4"]
    listed = Checklist("Bands", field._offered(), field.ticked())
    texts = [item.text(0) for item in listed._items]
    assert "B8 — near infrared, 10 m" in texts
    assert not any(text.startswith("B10") for text in texts)
    listed.deleteLater()


def test_indices_are_found_by_what_they_are_called(opened: list[QDialog]) -> None:
    dialog = dialog_of(opened, "clearcomposite")
    field = wrapper(dialog, "INDICES").inner
    listed = Checklist("Spectral indices", field._offered(), [])
    listed.search.setText("burn ratio")
    found = {item.data(0, Qt.ItemDataRole.UserRole) for item in listed._items if not item.isHidden()}
    assert "NBR" in found
    assert "NDVI" not in found
    listed.search.setText("water modified")
    assert {"MNDWI"} == {
        item.data(0, Qt.ItemDataRole.UserRole) for item in listed._items if not item.isHidden()
    } & {"MNDWI", "NDWI"}
    listed.deleteLater()


def test_the_keyboard_alone_ticks(opened: list[QDialog]) -> None:
    listed = Checklist("Months", labels.options("MONTHS", map(str, range(1, 13))), ["1"])
    opened.append(listed)
    listed.show()
    QTest.keyClicks(listed.search, "june")
    QTest.keyClick(listed.search, Qt.Key.Key_Tab)
    assert QgsApplication.focusWidget() in (listed.tree, None)
    listed.tree.setFocus()
    QTest.keyClick(listed.tree, Qt.Key.Key_Home)
    QTest.keyClick(listed.tree, Qt.Key.Key_Space)
    QTest.keyClick(listed.tree, Qt.Key.Key_Return)
    assert listed.result() == QDialog.DialogCode.Accepted
    assert listed.ticked() == ["1", "6"]


def test_enter_in_the_search_goes_to_what_was_found(opened: list[QDialog]) -> None:
    """It does not close the list with nothing ticked."""
    listed = Checklist("Months", labels.options("MONTHS", map(str, range(1, 13))), [])
    opened.append(listed)
    listed.show()
    listed.activateWindow()
    listed.search.setFocus()
    QTest.qWaitForWindowActive(listed)
    QTest.keyClicks(listed.search, "sept")
    QTest.keyClick(listed.search, Qt.Key.Key_Return)
    assert listed.isVisible()
    QTest.keyClick(listed.tree, Qt.Key.Key_Space)
    QTest.keyClick(listed.tree, Qt.Key.Key_Return)
    assert listed.result() == QDialog.DialogCode.Accepted
    assert listed.ticked() == ["9"]


def test_the_window_is_the_last_whole_month(opened: list[QDialog]) -> None:
    dialog = dialog_of(opened, "change")
    values = {
        name: wrapper(dialog, name).parameterValue()
        for name in ("START", "END", "BEFORE_START", "BEFORE_END")
    }
    first = QDate.currentDate().addMonths(-1)
    first = QDate(first.year(), first.month(), 1)
    assert values["START"] == first
    assert values["END"] == first.addMonths(1).addDays(-1)
    assert values["BEFORE_START"] == first.addYears(-1)
    assert values["BEFORE_END"] == first.addYears(-1).addMonths(1).addDays(-1)
    # At a shell and in a model there is none.
    assert dialog.algorithm().parameterDefinition("START").defaultValue() is None
    scene = dialog_of(opened, "clearscene")
    assert wrapper(scene, "START").parameterValue() is None


@pytest.mark.parametrize("month", range(1, 13))
def test_whole_months_through_a_year(month: int) -> None:
    from calendar import monthrange
    from datetime import date

    for year in (2024, 2025):
        today = date(year, month, 1)
        before = (year, month - 1) if month > 1 else (year - 1, 12)
        for shift, prefix in ((0, ""), (1, "BEFORE_")):
            of = (before[0] - shift, before[1])
            assert default_day(f"{prefix}START", today) == date(*of, 1)
            assert default_day(f"{prefix}END", today) == date(*of, monthrange(*of)[1])


def extent_of_the_map(canvas: QgsMapCanvas) -> tuple[str | None, list[float], str]:
    """What the field holds before its button is pressed, and after it: sides, and the CRS."""
    context = QgsProcessingParameterWidgetContext()
    context.setMapCanvas(canvas)
    algorithm = made("clearcomposite")
    owner = QDialog()
    one = parameter_widgets.Extent(algorithm.parameterDefinition("EXTENT"), owner)
    one.setWidgetContext(context)
    widget = one.createWrappedWidget(QgsProcessingContext())
    button = next(b for b in widget.findChildren(QToolButton) if b.text() == "Map")
    before = one.parameterValue()
    button.click()
    sides, _, crs = one.parameterValue().partition(" ")
    sip.delete(widget)  # before the canvas, as in QGIS
    return before, [float(side) for side in sides.split(",")], crs


def test_the_extent_of_the_map_is_one_click_away() -> None:
    canvas = QgsMapCanvas()
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    canvas.resize(300, 200)
    canvas.setExtent(QgsRectangle(-13350000, 4490000, -13340000, 4500000))
    before, sides, crs = extent_of_the_map(canvas)
    seen = canvas.extent()
    assert before is None
    assert crs == "[EPSG:3857]"
    assert sides == pytest.approx([seen.xMinimum(), seen.xMaximum(), seen.yMinimum(), seen.yMaximum()])


def test_the_extent_of_a_map_in_a_crs_without_a_code_is_known_outside_the_project() -> None:
    text = "+proj=laea +lat_0=37.4 +lon_0=-119.9 +datum=WGS84 +units=m"
    canvas = QgsMapCanvas()
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem.fromProj(text))
    canvas.resize(200, 200)
    canvas.setExtent(QgsRectangle(-1000, -1000, 1000, 1000))
    _, sides, crs = extent_of_the_map(canvas)
    assert crs == "[EPSG:4326]"
    # A degree of latitude is 111.0 km there, one of longitude 88.5 km.
    east, north = canvas.extent().xMaximum() / 88_500, canvas.extent().yMaximum() / 111_000
    assert sides == pytest.approx([-119.9 - east, -119.9 + east, 37.4 - north, 37.4 + north], abs=1e-4)


def test_a_batch_has_the_labels_and_hands_over_the_codes(opened: list[QDialog]) -> None:
    dialog = BatchAlgorithmDialog(made("clearcomposite"))
    opened.append(dialog)
    panel = dialog.mainWidget()
    method = panel.wrappers[0][panel.parameter_to_column["METHOD"]]
    assert method.inner.currentText() == "Median"
    method.inner.setCurrentIndex(method.inner.findText("Medoid"))
    bands = panel.wrappers[0][panel.parameter_to_column["BANDS"]]
    bands.inner.tick([])
    extent = panel.wrappers[0][panel.parameter_to_column["EXTENT"]]
    extent.setParameterValue(PLACE, QgsProcessingContext())
    values, fine = panel.parametersForRow(0, QgsProcessingContext(), warnOnInvalid=False)
    assert fine
    assert (values["METHOD"], values["BANDS"]) == ("medoid", [])


def test_the_modeler_has_its_own_widgets_and_keeps_that_nothing_is_ticked(
    context: QgsProcessingContext, opened: list[QDialog], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ModelerParametersDialog, "iface", None)
    algorithm, model = made("clearcomposite"), QgsProcessingModelAlgorithm("one", "tests")
    dialog = ModelerParametersDialog.ModelerParametersDialog(algorithm, model)
    opened.append(dialog)
    child = dialog.createAlgorithm()
    assert child is not None
    sources = child.parameterSources()
    assert sources["METHOD"][0].staticValue() == "median"
    assert sources["BANDS"][0].staticValue() == ["B2", "B3", "B4", "B8"]
    emptied = QgsProcessingParameterEnum("BANDS", "Bands", ["B4"], True, [], True, True)
    dialog.model, dialog.childId = model, ""
    source = parameter_widgets.Choices(emptied, dialog).value()
    assert source.source() == Qgis.ProcessingModelChildParameterSource.Expression
    given = {**JANUARY, "BANDS": QgsProperty.fromExpression(source.expression())}
    assert meaning(algorithm, "BANDS", given, context) == ()


@pytest.mark.parametrize("is_shown", [True, False])
def test_dialogs_are_deleted_in_peace(opened: list[QDialog], is_shown: bool) -> None:
    for name in ("clearcomposite", "timeseries", "yearfilm", "animation") * 3:
        dialog = dialog_of(opened, name)
        if is_shown:
            dialog.show()
            QgsApplication.processEvents()
        del dialog
        delete(opened)
    dialog = BatchAlgorithmDialog(made("clearcomposite"))
    opened.append(dialog)
    del dialog
    delete(opened)


@pytest.mark.parametrize("name", ["METHOD", "BANDS", "THRESHOLD", "START", "EXTENT"])
def test_the_handle_of_a_widget_stays(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """QGIS's own `createWrappedWidget` lets it die, and the real QGIS with it, when the dialog is deleted."""
    handles = []
    make = parameter_widgets._Wrapper.createWidget
    monkeypatch.setattr(
        parameter_widgets._Wrapper, "createWidget", lambda self: handles.append(make(self)) or handles[-1]
    )
    algorithm, owner = made("clearcomposite"), QDialog()
    definition = algorithm.parameterDefinition(name)
    kind = definition.metadata()["widget_wrapper"]["class"].rpartition(".")[2]
    one = getattr(parameter_widgets, kind)(definition, owner)
    widget = one.createWrappedWidget(QgsProcessingContext())
    assert handles == [widget]
    assert not sip.isdeleted(handles[0])
    assert one.wrappedWidget() is widget
    sip.delete(widget)


def test_the_end_of_the_plugin_closes_its_dialogs_and_no_others(opened: list[QDialog]) -> None:
    """One that stayed would run an algorithm whose modules are gone."""
    ours = dialog_of(opened, "clearcomposite")
    many = BatchAlgorithmDialog(made("clearscene"))
    other = AlgorithmDialog(QgsApplication.processingRegistry().createAlgorithmById("native:buffer"))
    opened += [many, other]
    for dialog in (ours, many, other):
        dialog.show()
    close_dialogs()
    assert [dialog.isVisible() for dialog in (ours, many, other)] == [False, False, True]
