"""Write a project with live layers whose tiles are gone, and a layout: `make_project.py FILE RECIPE [COUNT]`."""

import sys
from pathlib import Path

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsLayoutItemMap,
    QgsLayoutSize,
    QgsPrintLayout,
    QgsProject,
    QgsProviderRegistry,
    QgsRasterLayer,
    QgsRectangle,
)

file, recipe = sys.argv[1], Path(sys.argv[2]).read_text()
application = QgsApplication([], False)
application.initQgis()
project = QgsProject.instance()
project.setCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
for number in range(int((sys.argv[3:] or ["1"])[0])):
    url = f"http://127.0.0.1:9/v1/projects/p/maps/gone-{number}/tiles/{{z}}/{{x}}/{{y}}"
    parts = {"type": "xyz", "url": url, "zmin": 8, "zmax": 14}
    layer = QgsRasterLayer(QgsProviderRegistry.instance().encodeUri("wms", parts), f"live {number}", "wms")
    layer.setCustomProperty("csplus/recipe", recipe)
    layer.setOpacity(0.9)
    project.addMapLayer(layer)
layout = QgsPrintLayout(project)
layout.initializeDefaults()
layout.setName("sheet")
shown = QgsLayoutItemMap(layout)
shown.attemptResize(QgsLayoutSize(200, 200))
shown.setExtent(QgsRectangle(-13349600, 4496500, -13346300, 4499800))
layout.addLayoutItem(shown)
project.layoutManager().addLayout(layout)
assert project.write(file)
application.exitQgis()
