"""Put pictures of the desktop tests side by side: `film_strip.py build docs/live_layers.jpg`."""

from __future__ import annotations

import sys
from pathlib import Path

from qgis.PyQt.QtCore import QRect, Qt
from qgis.PyQt.QtGui import QColor, QFont, QGuiApplication, QImage, QPainter

FRAMES = {
    "desktop_renewal/first_contact.png": "1  A first run without an account",
    "desktop_renewal/options_sandbox.png": "2  Try without an account",
    "desktop_renewal/saved.png": "3  Drawn, and saved",
    "desktop_renewal/reopened.png": "4  Opened again, the old tiles gone",
    "desktop_tuning/dock_slid.png": "5  The threshold, by looking",
    "desktop_inspector/1/selected.png": "6  Every look at a pixel",
}
COLUMNS = 3
WIDTH, HEIGHT, TITLE, GAP = 640, 411, 26, 8
"""Pixels."""
QUALITY = 78


def main(folder: str, target: str) -> None:
    """Write the picture."""
    application = QGuiApplication(sys.argv[:1])
    rows = -(-len(FRAMES) // COLUMNS)
    strip = QImage(
        COLUMNS * (WIDTH + GAP) + GAP, rows * (HEIGHT + TITLE + GAP) + GAP, QImage.Format.Format_RGB32
    )
    strip.fill(QColor("white"))
    painter = QPainter(strip)
    painter.setFont(QFont("Sans", 11))
    for place, (name, title) in enumerate(FRAMES.items()):
        left = GAP + place % COLUMNS * (WIDTH + GAP)
        top = GAP + place // COLUMNS * (HEIGHT + TITLE + GAP)
        painter.drawText(QRect(left, top, WIDTH, TITLE), Qt.AlignmentFlag.AlignVCenter, title)
        frame = QImage(str(Path(folder) / name))
        if frame.isNull():
            raise SystemExit(f"{name} is missing: run the desktop tests first.")
        size = QRect(left, top + TITLE, WIDTH, HEIGHT)
        painter.drawImage(
            size,
            frame.scaled(
                WIDTH,
                HEIGHT,
                Qt.AspectRatioMode.IgnoreAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            ),
        )
    painter.end()
    strip.save(target, "JPG", QUALITY)
    application.quit()


if __name__ == "__main__":
    main(*sys.argv[1:])
