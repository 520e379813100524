"""What all steps share that run inside the real QGIS, started by `qgis --code`.

A step is a function of the main loop that leaves it again, and says which one comes later. What is told goes to
`$CSPLUS_DESKTOP_OUT/$CSPLUS_DESKTOP_PART.json`.
"""

import json
import os
import time
import traceback
from pathlib import Path

import qgis.utils
from qgis.core import QgsProject, QgsRectangle
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtWidgets import QApplication, QPushButton
from qgis.utils import iface

OUT = Path(os.environ["CSPLUS_DESKTOP_OUT"])
PART = os.environ["CSPLUS_DESKTOP_PART"]
PLACE = "-119.9300,-119.8874,37.3990,37.4328 [EPSG:4326]"
JANUARY = {"EXTENT": PLACE, "START": "2023-01-01", "END": "2023-01-31"}
VIEW = QgsRectangle(-13350500, 4495500, -13345700, 4500400)
"""Within the place, in Web Mercator."""

outcome = {"steps": []}
keep = {}


def tell():
    """Write what has happened so far."""
    OUT.joinpath(f"{PART}.json").write_text(json.dumps(outcome))


def finish():
    """Write what happened, and end QGIS."""
    tell()
    os._exit(0)


def step(function):
    """Record that a step was reached, and turn any failure into an outcome."""

    def safely(*arguments):
        try:
            function(*arguments)
            outcome["steps"].append(function.__name__)
        except BaseException:
            outcome["failure"] = traceback.format_exc()
            finish()

    return safely


def later(milliseconds, function):
    """Call a step after some time."""
    QTimer.singleShot(milliseconds, function)


def when(condition, function, seconds=60):
    """Call a step once the condition holds."""
    end = time.monotonic() + seconds

    @step
    def waiting():
        if condition():
            later(0, function)
        elif time.monotonic() > end:
            raise AssertionError(f"{function} was not reached")
        else:
            later(50, waiting)

    waiting()


def begin(first, seconds=120):
    """Call the first step when QGIS has settled; end without an answer if the last one is not reached."""
    later(3000, first)
    later(1000 * seconds, finish)


def picture(name):
    """Photograph the screen."""
    QApplication.processEvents()
    QApplication.primaryScreen().grabWindow(0).save(str(OUT / name))


def start_plugins():
    """Fill the screen, and load Processing and the plugin."""
    iface.mainWindow().setGeometry(QApplication.primaryScreen().geometry())
    iface.messageBar().clearWidgets()
    qgis.utils.updateAvailablePlugins()
    for name in ("processing", "csplus"):
        if name not in qgis.utils.active_plugins:
            qgis.utils.loadPlugin(name)
            qgis.utils.startPlugin(name)


def plugin():
    """Give the plugin."""
    return qgis.utils.plugins["csplus"]


def bar():
    """Give the lines of the message bar."""
    return [item.text() for item in iface.messageBar().items()]


def press(text):
    """Press a button of the message bar."""
    next(one for one in iface.messageBar().findChildren(QPushButton) if one.text() == text).click()


def live_layers():
    """Give the live layers of the project."""
    layers = QgsProject.instance().mapLayers().values()
    return [
        layer for layer in layers if layer.customProperty("csplus/recipe") and layer.providerType() == "wms"
    ]


def colours():
    """Give the colours of 400 places in the middle of the canvas."""
    image = iface.mapCanvas().grab().toImage()
    width, height = image.width(), image.height()
    places = [(width * x // 40, height * y // 40) for x in range(10, 30) for y in range(10, 30)]
    return [image.pixel(x, y) & 0xFFFFFF for x, y in places]


class Watchdog:
    """Measures the longest time, in seconds, in which the main loop did not come round."""

    def __init__(self):
        self.begin()
        self.timer = QTimer()
        self.timer.timeout.connect(self._look)
        self.timer.start(5)

    def begin(self):
        """Measure anew."""
        self.longest, self.last = 0.0, time.monotonic()

    def stop(self):
        """Give the longest time, and measure no more."""
        self.timer.stop()
        return self.longest

    def _look(self):
        now = time.monotonic()
        self.longest, self.last = max(self.longest, now - self.last), now
