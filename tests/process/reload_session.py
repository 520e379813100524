"""One session of QGIS: run, disable, enable, run, upgrade, run. Prints what each step leaves behind, as JSON.

`reload_session.py PLUGINS`: PLUGINS/csplus is the plugin, a copy that may be changed.
"""

import configparser
import json
import sys
import threading
import time
from pathlib import Path

import qgis.utils
from qgis.core import QgsApplication, QgsNetworkAccessManager, QgsProcessingFeedback, QgsProject
from qgis.gui import QgsMapCanvas  # noqa: F401 the desktop has it loaded
from qgis.PyQt.QtWidgets import QApplication

PLUGINS = Path(sys.argv[1])
PLACE = "-119.9180,-119.9000,37.4090,37.4210 [EPSG:4326]"
WINDOW = {"EXTENT": PLACE, "START": "2023-01-01", "END": "2023-01-31"}


class Errors(QgsProcessingFeedback):
    """Keeps what goes wrong."""

    def __init__(self):
        super().__init__(False)
        self.errors = []

    def reportError(self, error, *_):
        self.errors.append(error)


def run():
    from qgis import processing

    feedback = Errors()
    try:
        results = processing.run("csplus:clearcomposite", WINDOW, feedback=feedback)
    except Exception as failure:
        return str(failure)
    layer = results["LIVE_LAYER"]
    QgsProject.instance().addMapLayer(layer)
    QgsProject.instance().removeAllMapLayers()
    return results["SCENE_COUNT"]


def enable():
    qgis.utils.updateAvailablePlugins()
    assert qgis.utils.loadPlugin("csplus")
    assert qgis.utils.startPlugin("csplus")


def counts():
    """Who listens to the signals that we listen to."""
    project, network = QgsProject.instance(), QgsNetworkAccessManager.instance()
    signals = (project.layersAdded, project.layersRemoved, network.finished)
    return [
        thing.receivers(signal) for thing, signal in zip((project, project, network), signals, strict=True)
    ]


def left_behind():
    qgis.utils.unloadPlugin("csplus")
    QApplication.processEvents()
    end = time.monotonic() + 3
    while time.monotonic() < end and any("csplus" in one.name for one in threading.enumerate()):
        time.sleep(0.05)
    vendor = str(PLUGINS / "csplus")
    modules = dict(sys.modules)
    return {
        "modules": [n for n in modules if n == "csplus" or n.startswith(("csplus.", "csplus_ee"))],
        "vendored": [n for n, m in modules.items() if str(getattr(m, "__file__", None)).startswith(vendor)],
        "path": [place for place in sys.path if place.startswith(vendor)],
        "finders": [str(one) for one in sys.meta_path if "csplus" in type(one).__module__],
        "threads": [one.name for one in threading.enumerate() if "csplus" in one.name],
        "provider": QgsApplication.processingRegistry().providerById("csplus") is not None,
        "signals": [now - before for now, before in zip(counts(), AT_START, strict=True)],
    }


application = QgsApplication([], True)
application.initQgis()
sys.path.append("/usr/share/qgis/python/plugins")
sys.path.insert(0, str(PLUGINS))
qgis.utils.plugin_paths = [str(PLUGINS), "/usr/share/qgis/python/plugins"]
from processing.core.Processing import Processing  # noqa: E402

Processing.initialize()
AT_START = counts()
steps = []
enable()
steps += [run(), left_behind()]
enable()
steps += [run(), left_behind()]
metadata = PLUGINS / "csplus" / "metadata.txt"
metadata.write_text(
    metadata.read_text(encoding="utf-8").replace("\nversion=", "\nversion=9.9.9\n# was "), encoding="utf-8"
)
enable()
version = QgsApplication.processingRegistry().providerById("csplus").versionInfo()
steps += [run(), left_behind()]
parser = configparser.ConfigParser()
parser.read(metadata, encoding="utf-8")
assert parser["general"]["version"] == "9.9.9"
print(json.dumps({"steps": steps, "version": version}))
sys.stdout.flush()
application.exitQgis()
