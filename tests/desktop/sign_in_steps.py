"""Runs inside the real QGIS: sign in from the message bar against a stand-in of Google, and choose a project.

The stand-in's address is in `$CSPLUS_FAKE_GOOGLE`.
"""

import os
import urllib.request
from urllib.parse import parse_qs, urlencode, urlsplit

from in_qgis import JANUARY, bar, begin, finish, later, outcome, picture, press, start_plugins, step, when
from qgis.core import QgsSettings
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtWidgets import QApplication

URL = os.environ["CSPLUS_FAKE_GOOGLE"]


def choosers():
    return [
        w for w in QApplication.topLevelWidgets() if type(w).__name__ == "ProjectChooser" and w.isVisible()
    ]


@step
def start():
    start_plugins()
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


@step
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


@step
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


@step
def done():
    picture("sign_in_done.png")
    outcome["told"] = bar()
    outcome["project"] = QgsSettings().value("csplus/project")
    finish()


@step
def run_without_account():
    from qgis import processing

    try:
        processing.run("csplus:clearcomposite", JANUARY)
    except Exception as refused:
        outcome["refused"] = str(refused)
    later(500, welcomed)


@step
def welcomed():
    picture("sign_in_offered.png")
    press("Sign in")


begin(start)
