"""Draw GeoTIFFs of the plugin side by side, as QGIS shows them: `picture.py PICTURE COLUMNS SIDE TITLE=FILE ...`.

SIDE is that of a map, in millimetres.
"""

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

GAP = 6
TITLE = 12
SMALL = 60
WIDEST = 250
DPI = 100
QUALITY = 80
RIM = 150
"""Metres."""
MM = QgsUnitTypes.LayoutUnit.LayoutMillimeters


NOTE = "Pink: no clear look. Cloud Score+ sandbox: synthetic scenes, not Google's. Drawn by QGIS."


def main(target: str, columns: int, side: float, files: dict[str, str]) -> None:
    """Write the picture: title -> file, row by row."""
    QgsApplication.setPrefixPath("/usr", True)
    application = QgsApplication([], False)
    application.initQgis()
    layout = QgsPrintLayout(QgsProject.instance())
    layout.initializeDefaults()
    title = TITLE if side > SMALL else TITLE / 2
    rows = -(-len(files) // columns)
    width, height = columns * (side + GAP) + GAP, rows * (side + title) + TITLE
    layout.pageCollection().page(0).setPageSize(QgsLayoutSize(width, height, MM))
    for place, (name, path) in enumerate(files.items()):
        left = GAP + place % columns * (side + GAP)
        top = place // columns * (side + title)
        add_map(layout, path, left, top + title, side)
        add_label(layout, name, left, top, title, 13 if side > SMALL else 8)
    add_label(layout, NOTE, GAP, rows * (side + title), TITLE, 8)
    if not QgsLayoutExporter(layout).renderPageToImage(0, dpi=DPI).save(target, quality=QUALITY):
        sys.exit(f"The picture could not be written to {target}.")


def add_map(layout: QgsPrintLayout, path: str, left: float, top: float, side: float) -> None:
    """Place a GeoTIFF with the style of its recipe."""
    layer = QgsRasterLayer(path, Path(path).stem)
    if not layer.isValid():
        sys.exit(f"{path} is not a raster.")
    style.apply(layer, file_recipe.read(Path(path)))
    QgsProject.instance().addMapLayer(layer)
    picture = QgsLayoutItemMap(layout)
    picture.attemptMove(QgsLayoutPoint(left, top, MM))
    picture.attemptResize(QgsLayoutSize(side, side, MM))
    picture.setCrs(layer.crs())
    picture.setLayers([layer])
    picture.setKeepLayerSet(True)
    picture.setBackgroundColor(QColor("#d81b60"))
    # A box of longitude and latitude lies askew in UTM: leave out its ragged rim.
    picture.zoomToExtent(layer.extent().buffered(-RIM))
    layout.addLayoutItem(picture)


def add_label(layout: QgsPrintLayout, text: str, left: float, top: float, height: float, size: int) -> None:
    """Place a line of text."""
    label = QgsLayoutItemLabel(layout)
    label.setText(text)
    form = QgsTextFormat()
    form.setFont(QFont("DejaVu Sans"))
    form.setSize(size)
    label.setTextFormat(form)
    label.setVAlign(Qt.AlignmentFlag.AlignVCenter)
    label.attemptMove(QgsLayoutPoint(left, top, MM))
    label.attemptResize(QgsLayoutSize(WIDEST, height, MM))
    layout.addLayoutItem(label)


if __name__ == "__main__":
    picture, columns, side, *pairs = sys.argv[1:]
    main(picture, int(columns), float(side), dict(pair.split("=", 1) for pair in pairs))
