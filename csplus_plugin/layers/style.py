"""The stretch of the live layer, for the file: the same bands, the same colours."""

from __future__ import annotations

from dataclasses import replace

from qgis.core import (
    QgsColorRampShader,
    QgsContrastEnhancement,
    QgsMultiBandColorRenderer,
    QgsPalettedRasterRenderer,
    QgsRasterLayer,
    QgsRasterShader,
    QgsSingleBandPseudoColorRenderer,
)
from qgis.PyQt.QtGui import QColor

from ..core.catalog import Style
from ..core.fallback import fallback
from ..core.language import _
from ..core.recipe import Recipe
from ..core.targets.target import ImageTarget


def apply(layer: QgsRasterLayer, recipe: Recipe[ImageTarget]) -> None:
    """Style a downloaded file like the live layer, as far as it holds the bands."""
    style, bands = recipe.target.shown(recipe.scenes, recipe.output.style)
    infos = recipe.target.file_bands(recipe.scenes)
    names = [info.name for info in infos]
    if not set(bands) <= set(names):
        style, bands = fallback(names)
    numbers = [names.index(band) + 1 for band in bands]
    # QGIS multiplies by the file's scale before it draws: the stretch has to be in reflectance too.
    scale = infos[numbers[0] - 1].scale
    style = replace(style, minimum=style.minimum * scale, maximum=style.maximum * scale)
    if style.classes:
        _classes(layer, numbers[0], style)
    elif len(numbers) == 1:
        _one_band(layer, numbers[0], style)
    else:
        _three_bands(layer, numbers, style)


def _three_bands(layer: QgsRasterLayer, numbers: list[int], style: Style) -> None:
    renderer = QgsMultiBandColorRenderer(layer.dataProvider(), *numbers)
    setters = (
        renderer.setRedContrastEnhancement,
        renderer.setGreenContrastEnhancement,
        renderer.setBlueContrastEnhancement,
    )
    for number, setter in zip(numbers, setters, strict=True):
        stretch = QgsContrastEnhancement(layer.dataProvider().dataType(number))
        stretch.setMinimumValue(style.minimum)
        stretch.setMaximumValue(style.maximum)
        stretch.setContrastEnhancementAlgorithm(
            QgsContrastEnhancement.ContrastEnhancementAlgorithm.StretchToMinimumMaximum
        )
        setter(stretch)
    layer.setRenderer(renderer)


def _classes(layer: QgsRasterLayer, number: int, style: Style) -> None:
    first = round(style.minimum)
    classes = [
        QgsPalettedRasterRenderer.Class(first + place, QColor(colour), _(label))
        for place, (colour, label) in enumerate(zip(style.palette, style.classes, strict=True))
    ]
    layer.setRenderer(QgsPalettedRasterRenderer(layer.dataProvider(), number, classes))


def _one_band(layer: QgsRasterLayer, number: int, style: Style) -> None:
    ramp = QgsColorRampShader(style.minimum, style.maximum)
    ramp.setColorRampType(QgsColorRampShader.Type.Interpolated)
    last = len(style.palette) - 1
    span = style.maximum - style.minimum
    ramp.setColorRampItemList(
        [
            QgsColorRampShader.ColorRampItem(style.minimum + span * place / last, QColor(colour))
            for place, colour in enumerate(style.palette)
        ]
    )
    shader = QgsRasterShader()
    shader.setRasterShaderFunction(ramp)
    renderer = QgsSingleBandPseudoColorRenderer(layer.dataProvider(), number, shader)
    renderer.setClassificationMin(style.minimum)
    renderer.setClassificationMax(style.maximum)
    layer.setRenderer(renderer)
