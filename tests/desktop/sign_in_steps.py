"""Runs inside the real QGIS: sign in from the message bar against a stand-in of Google, and choose a project.

Started by `qgis --code`; the stand-in's address is in `$CSPLUS_FAKE_GOOGLE`, and what happened goes to
`$CSPLUS_DESKTOP_OUT/sign_in.json`.
"""

import json
import os
import traceback
import urllib.request
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import qgis.utils
from qgis.core import QgsSettings
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtWidgets import QApplication, QPushButton
from qgis.utils import iface

OUT = Path(os.environ["CSPLUS_DESKTOP_OUT"])
URL = os.environ["CSPLUS_FAKE_GOOGLE"]
outcome = {}


def finish():
    OUT.joinpath("sign_in.json").write_text(json.dumps(outcome))
    os._exit(0)


def later(milliseconds, function):
    def safely():
        try:
            function()
        except BaseException:
            outcome["failure"] = traceback.format_exc()
            finish()

    QTimer.singleShot(milliseconds, safely)


def when(is_so, function, left=200):
    if not left:
        raise TimeoutError(function.__name__)
    later(100, function if is_so() else lambda: when(is_so, function, left - 1))


def picture(name):
    QApplication.processEvents()
    QApplication.primaryScreen().grabWindow(0).save(str(OUT / name))


def bar():
    return [item.text() for item in iface.messageBar().items()]


def press(text):
    next(one for one in iface.messageBar().findChildren(QPushButton) if one.text() == text).click()


def choosers():
    return [
        w for w in QApplication.topLevelWidgets() if type(w).__name__ == "ProjectChooser" and w.isVisible()
    ]


def start():
    iface.mainWindow().setGeometry(0, 0, 1400, 900)
    iface.messageBar().clearWidgets()
    qgis.utils.updateAvailablePlugins()
    for name in ("processing", "csplus"):
        if name not in qgis.utils.active_plugins:
            qgis.utils.loadPlugin(name)
            qgis.utils.startPlugin(name)
    from csplus.csplus_plugin.gui import sign_in

    sign_in.GOOGLE = type(sign_in.GOOGLE)(f"{URL}/token", URL, URL)
    QDesktopServices.openUrl = browse
    later(300, run_without_account)


def browse(url):
    """Note what was asked; the browser comes back later."""
    asked = parse_qs(urlsplit(bytes(url.toEncoded()).decode()).query)
    outcome["asked"] = {name: values[0] for name, values in asked.items()}
    urllib.request.urlopen(f"{URL}/asked?{urlencode(outcome['asked'])}").close()
    later(500, come_back)
    return True


def come_back():
    picture("sign_in_waiting.png")
    outcome["waiting"] = bar()
    asked = outcome["asked"]
    back = (
        f"{asked['redirect_uri']}/?{urlencode({'state': asked['state'], 'code': os.environ['CSPLUS_CODE']})}"
    )
    with urllib.request.urlopen(back) as response:
        outcome["page"] = response.read().decode()
    when(choosers, choose)


def choose():
    (chooser,) = choosers()
    table = chooser.table
    outcome["projects"] = [
        [table.topLevelItem(row).text(column) for column in range(3)]
        for row in range(table.topLevelItemCount())
    ]
    table.setCurrentItem(table.topLevelItem(1))
    picture("sign_in_projects.png")
    table.setCurrentItem(table.topLevelItem(0))
    later(200, done)
    chooser.use_button.click()


def done():
    picture("sign_in_done.png")
    outcome["told"] = bar()
    outcome["project"] = QgsSettings().value("csplus/project")
    finish()


def run_without_account():
    from qgis import processing

    try:
        processing.run(
            "csplus:clearcomposite",
            {"EXTENT": "-119.93,-119.89,37.40,37.43 [EPSG:4326]", "START": "2023-01-01", "END": "2023-01-31"},
        )
    except Exception as refused:
        outcome["refused"] = str(refused)
    later(500, welcomed)


def welcomed():
    picture("sign_in_offered.png")
    press("Sign in")


later(3000, start)
