"""A scene -> its frames as PNG pictures, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from qgis.core import (
    Qgis,
    QgsCoordinateTransformContext,
    QgsDateTimeRange,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsMapSettings,
    QgsProcessingFeedback,
)
from qgis.PyQt.QtCore import QBuffer, QByteArray, QDateTime, QIODevice, QLocale, QSize, Qt
from qgis.PyQt.QtGui import QColor, QImage

from ..core import frames as choosing
from ..core.errors import Cancelled, CsPlusError, InvalidChoice
from ..core.frames import MOST_PIXELS, Span
from ..core.language import _
from ..core.text import clean, printable
from ..layers.caption import Caption
from ..layers.frame_renderer import FrameRenderer
from ..layers.tile_watch import TileWatch
from .film_layers import Scene

AUTO = "auto"
_YES, _NO = (AUTO, "yes", "true"), ("", "no", "none", "false")
LEAST_SIDE, LARGEST_SIDE = 64, 8192
_MOST_NOTES = 8
_DPI = 96


@dataclass(frozen=True)
class Look:
    """How the frames look.

    Attributes:
        width: Pixels.
        height: Pixels, with the strip below; 0 by the shape of the extent.
        label: `auto`, a date format of Qt, or empty for no date.
        step: A key of `core.frames.STEPS`.
    """

    width: int
    height: int
    label: str
    step: str


class Film:
    """The frames of a scene, planned; in the thread that draws them.

    Args:
        scene: What is drawn.
        look: How.
        transforms: Of the project.
        expressions: Of the run.

    Attributes:
        spans: Time of each frame.
        size: Of the frames, in pixels.

    Raises:
        InvalidChoice: Too many frames or pixels, or a layer that is not drawn at this scale.
    """

    def __init__(
        self,
        scene: Scene,
        look: Look,
        transforms: QgsCoordinateTransformContext,
        expressions: QgsExpressionContext,
    ) -> None:
        self._scene = scene
        times = set()
        for timed in scene.timed:
            times |= timed.spans(distinct=look.step == "ranges")
        self.spans = choosing.frames(times, look.step)
        self._titles = [choosing.label(span) for span in self.spans]
        dates = [_date(span, title, look.label) for span, title in zip(self.spans, self._titles, strict=True)]
        notes = dict.fromkeys(note for layer in scene.layers for note in layer.notes)
        self._caption = Caption(look.width, dates, list(notes)[:_MOST_NOTES])
        self._dates = dates
        picture = QSize(look.width, self._picture_height(look))
        self.size = QSize(look.width, picture.height() + self._caption.height)
        pixels = self.size.width() * self.size.height() * len(self.spans)
        if pixels > MOST_PIXELS:
            raise InvalidChoice(
                _(
                    "{count:,} frames of {width:,} x {height:,} pixels are "
                    "{pixels:,.0f} million pixels; at most {most:,.0f} million are drawn.",
                    count=len(self.spans),
                    width=self.size.width(),
                    height=self.size.height(),
                    pixels=pixels / 1e6,
                    most=MOST_PIXELS / 1e6,
                ),
                _("Choose a smaller WIDTH."),
            )
        self._settings = _settings(scene, picture, transforms, expressions)
        for timed in scene.timed:
            if not timed.layer.isInScaleRange(self._settings.scale()):
                raise InvalidChoice(
                    _(
                        "{name} is not drawn at a scale of 1:{scale:,.0f}.",
                        name=timed.name,
                        scale=self._settings.scale(),
                    ),
                    _("Choose a smaller EXTENT, or a larger WIDTH."),
                )

    def draw(self, feedback: QgsProcessingFeedback, is_cancelled: Callable[[], bool]) -> Iterator[bytes]:
        """Yield the frames as PNG files.

        Raises:
            Cancelled: The user stopped the run.
            CsPlusError: A frame cannot be drawn.
        """
        watch = TileWatch()
        renderer = FrameRenderer(watch, is_cancelled, lambda text: feedback.pushWarning(printable(text)))
        empty = []
        watch.start()
        try:
            for place, (span, title, date) in enumerate(
                zip(self.spans, self._titles, self._dates, strict=True)
            ):
                if is_cancelled():
                    raise Cancelled
                feedback.setProgress(100 * place / len(self.spans))
                feedback.setProgressText(
                    _(
                        "Frame {place} of {count}: {title}",
                        place=place + 1,
                        count=len(self.spans),
                        title=title,
                    )
                )
                picture = self._draw(renderer, span, title)
                if not _shows_anything(picture):
                    empty.append(title)
                yield _png(self._caption.below(picture, date))
        finally:
            watch.stop()
            self._settings.setLayers([])
        if empty:
            feedback.pushWarning(
                clean(_("Frames that show nothing at all: {empty}.", empty=", ".join(empty)))
            )
        feedback.setProgress(100)

    def _draw(self, renderer: FrameRenderer, span: Span, title: str) -> QImage:
        timed = self._scene.timed
        shown = [one for one in self._scene.layers if one.fixed is None or one.fixed.meets(span)]
        needed = [one for one in shown if any(one is other for other in timed)]
        # The end is left out, as by the temporal controller, unless the frame is a single moment.
        time = QgsDateTimeRange(_moment(span.begin), _moment(span.end), True, span.begin == span.end)
        self._settings.setIsTemporal(True)
        self._settings.setTemporalRange(time)
        return renderer.draw(self._settings, shown, needed, title)

    def _picture_height(self, look: Look) -> int:
        extent = self._scene.extent
        height = look.height - self._caption.height
        if not look.height:
            height = round(look.width * extent.height() / extent.width())
        if not LEAST_SIDE // 4 <= height <= LARGEST_SIDE:
            raise InvalidChoice(
                _(
                    "The picture would be {width} pixels wide and {height} high.",
                    width=look.width,
                    height=height,
                ),
                _("Choose another HEIGHT, WIDTH or EXTENT."),
            )
        return height


def check_label(label: str) -> str:
    """Give `auto`, a date format, or empty for no date.

    Raises:
        InvalidChoice: It is no format of a date.
    """
    text = label.strip()
    if text.lower() in _YES:
        return AUTO
    if text.lower() in _NO:
        return ""
    sample = QDateTime.fromString("2023-11-28T17:46:39Z", Qt.DateFormat.ISODate)
    if QLocale().toString(sample, text) == text or len(text) > 60:  # noqa: PLR2004
        raise InvalidChoice(
            _("LABEL is {text!r}, which is no format of a date.", text=text[:40]),
            _("Write yes, no, or like MMMM yyyy or dd.MM.yyyy."),
        )
    return text


def _date(span: Span, title: str, label: str) -> str:
    if label in ("", AUTO):
        return title if label else ""
    return printable(QLocale().toString(_moment(span.begin), label))


def _settings(
    scene: Scene, size: QSize, transforms: QgsCoordinateTransformContext, expressions: QgsExpressionContext
) -> QgsMapSettings:
    settings = QgsMapSettings()
    settings.setDestinationCrs(scene.crs)
    settings.setTransformContext(transforms)
    settings.setOutputDpi(_DPI)
    settings.setOutputSize(size)
    settings.setExtent(scene.extent)
    settings.setBackgroundColor(QColor("white"))
    for flag in (
        Qgis.MapSettingsFlag.Antialiasing,
        Qgis.MapSettingsFlag.DrawLabeling,
        Qgis.MapSettingsFlag.UseAdvancedEffects,
        Qgis.MapSettingsFlag.HighQualityImageTransforms,
    ):
        settings.setFlag(flag, True)
    expressions.appendScope(QgsExpressionContextUtils.mapSettingsScope(settings))
    settings.setExpressionContext(expressions)
    return settings


def _moment(moment: choosing.datetime) -> QDateTime:
    return QDateTime.fromString(f"{moment.isoformat(timespec='seconds')}Z", Qt.DateFormat.ISODate)


def _shows_anything(picture: QImage) -> bool:
    plain = QImage(picture.size(), picture.format())
    plain.fill(QColor("white"))
    return picture != plain


def _png(picture: QImage) -> bytes:
    content = QByteArray()
    device = QBuffer(content)
    device.open(QIODevice.OpenModeFlag.WriteOnly)
    if not picture.save(device, "PNG"):
        raise CsPlusError(
            _("QGIS could not write a picture."), _("Choose a smaller WIDTH, and run it again.")
        )
    return content.data()
