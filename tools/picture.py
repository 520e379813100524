"""Draw the plain and the clear median side by side, as QGIS shows them: `picture.py PLAIN CLEAR PNG`."""

from __future__ import annotations

import sys
from pathlib import Path

from qgis.core import (
    QgsApplication,
    QgsLayoutExporter,
    QgsLayoutItemLabel,
    QgsLayoutItemMap,
    QgsLayoutPoint,
    QgsLayoutSize,
    QgsPrintLayout,
    QgsProject,
    QgsRasterLayer,
    QgsTextFormat,
    QgsUnitTypes,
)
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QColor, QFont

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
import conftest  # noqa: E402, F401 imports the plugin as QGIS does
from csplus.csplus_plugin.layers import file_recipe, style  # noqa: E402

SIDE = 130
GAP = 6
TITLE = 12
DPI = 100
QUALITY = 80
RIM = 150
"""Metres."""
MM = QgsUnitTypes.LayoutUnit.LayoutMillimeters


def main(plain: str, clear: str, target: str) -> None:
    """Write the picture."""
    QgsApplication.setPrefixPath("/usr", True)
    application = QgsApplication([], False)
    application.initQgis()
    layout = QgsPrintLayout(QgsProject.instance())
    layout.initializeDefaults()
    page = layout.pageCollection().page(0)
    page.setPageSize(QgsLayoutSize(2 * SIDE + 3 * GAP, SIDE + 2 * TITLE + GAP, MM))
    titles = ("Plain median, January 2023", "Clear median: cs_cdf ≥ 0.60")
    for place, (path, title) in enumerate(zip((plain, clear), titles, strict=True)):
        left = GAP + place * (SIDE + GAP)
        add_map(layout, path, left)
        add_label(layout, title, left, 2, 13)
    note = "Pink: no clear look in the month. Cloud Score+ sandbox: synthetic scenes, not Google's. Drawn by QGIS."
    add_label(layout, note, GAP, TITLE + SIDE + 2, 8)
    if not QgsLayoutExporter(layout).renderPageToImage(0, dpi=DPI).save(target, quality=QUALITY):
        sys.exit(f"The picture could not be written to {target}.")


def add_map(layout: QgsPrintLayout, path: str, left: float) -> None:
    """Place a GeoTIFF with the style of its recipe."""
    layer = QgsRasterLayer(path, Path(path).stem)
    if not layer.isValid():
        sys.exit(f"{path} is not a raster.")
    style.apply(layer, file_recipe.read(Path(path)))
    QgsProject.instance().addMapLayer(layer)
    picture = QgsLayoutItemMap(layout)
    picture.attemptMove(QgsLayoutPoint(left, TITLE, MM))
    picture.attemptResize(QgsLayoutSize(SIDE, SIDE, MM))
    picture.setCrs(layer.crs())
    picture.setLayers([layer])
    picture.setKeepLayerSet(True)
    picture.setBackgroundColor(QColor("#d81b60"))
    # A box of longitude and latitude lies askew in UTM: leave out its ragged rim.
    picture.zoomToExtent(layer.extent().buffered(-RIM))
    layout.addLayoutItem(picture)


def add_label(layout: QgsPrintLayout, text: str, left: float, top: float, size: int) -> None:
    """Place a line of text."""
    label = QgsLayoutItemLabel(layout)
    label.setText(text)
    form = QgsTextFormat()
    form.setFont(QFont("DejaVu Sans"))
    form.setSize(size)
    label.setTextFormat(form)
    label.setVAlign(Qt.AlignmentFlag.AlignVCenter)
    label.attemptMove(QgsLayoutPoint(left, top, MM))
    label.attemptResize(QgsLayoutSize(2 * SIDE, 8, MM))
    layout.addLayoutItem(label)


if __name__ == "__main__":
    main(*sys.argv[1:])
