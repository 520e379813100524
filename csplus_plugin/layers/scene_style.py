"""Footprints of scenes: coloured by how clear they are, and each at its place in time."""

from __future__ import annotations

from qgis.core import (
    Qgis,
    QgsFeatureRequest,
    QgsFillSymbol,
    QgsGraduatedSymbolRenderer,
    QgsRendererRange,
    QgsVectorLayer,
)

from ..core.language import _, marked

_CLASSES = (
    (-1.5, -0.5, "#9e9e9e", marked("no score")),
    (-0.5, 0.2, "#b2182b", marked("below 20 % clear")),
    (0.2, 0.4, "#ef8a62", marked("20 to 40 %")),
    (0.4, 0.6, "#fddbc7", marked("40 to 60 %")),
    (0.6, 0.8, "#a6dba0", marked("60 to 80 %")),
    (0.8, 0.95, "#5aae61", marked("80 to 95 %")),
    (0.95, 1.5, "#1b7837", marked("95 % clear or more")),
)
"""Lower end, upper end, colour, label; a range holds its lower end."""


def style_scenes(layer: QgsVectorLayer, value: str, day: str) -> None:
    """Colour footprints by a share, and let the temporal controller show each on its day.

    Args:
        layer: Footprints.
        value: Field of the share, 0 to 1; null where it is not known.
        day: Field of the day.
    """
    ranges = [
        QgsRendererRange(low, high, _symbol(colour), _(label))
        for low, high, colour, label in reversed(_CLASSES)
    ]
    # A null has no place in a graduated style, and those scenes are to be seen too.
    renderer = QgsGraduatedSymbolRenderer(f'coalesce("{value}", -1)', ranges)
    # Footprints of one tile lie on each other: the clearest on top.
    renderer.setOrderBy(QgsFeatureRequest.OrderBy([QgsFeatureRequest.OrderByClause(value, True)]))
    renderer.setOrderByEnabled(True)
    layer.setRenderer(renderer)
    time = layer.temporalProperties()
    time.setMode(Qgis.VectorTemporalMode.FeatureDateTimeInstantFromField)
    time.setStartField(day)
    time.setIsActive(True)
    layer.setDisplayExpression(f'concat("{day}", \' \', "tile")')
    layer.triggerRepaint()


def _symbol(colour: str) -> QgsFillSymbol:
    """Fill lightly: footprints lie on each other, and on the map that people want to see."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return QgsFillSymbol.createSimple(
        {
            "color": f"{red},{green},{blue},60",
            "outline_color": f"{red},{green},{blue},255",
            "outline_width": "0.5",
        }
    )
