"""The account's Cloud projects in a window, each with what is wrong with it."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QPalette
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ..core.language import _
from ..earthengine.cloud_projects import CloudProject

_CONSOLE = re.compile(r"https://console\.cloud\.google\.com/[\w./?=&;:-]*[\w=]")
"""Addresses that become links: Google's console, and no other that an answer may hold."""

_WIDTH, _HEIGHT = 640, 380


class ProjectChooser(QDialog):
    """Lets the user choose a project; also one that seems wrong, for the service may see it differently tomorrow.

    Args:
        projects: What there is, one or more.
        chosen: Id of the one that is in use; may be empty.
        parent: The window in front of which it stands.
    """

    def __init__(self, projects: Sequence[CloudProject], chosen: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_("Cloud project for Earth Engine"))
        self.resize(_WIDTH, _HEIGHT)
        self._projects = {project.id: project for project in projects}
        self.table = QTreeWidget(self)
        self.table.setAccessibleName(_("Cloud projects"))
        self.table.setHeaderLabels([_("Project"), _("Name"), _("Earth Engine")])
        self.table.setRootIsDecorated(False)
        self.table.setUniformRowHeights(True)
        for project in projects:
            state = f"{'✗' if project.problem else '✓'} {project.state}" if project.state else ""
            self.table.addTopLevelItem(QTreeWidgetItem([project.id, project.name, state]))
        for column in range(2):
            self.table.resizeColumnToContents(column)
        self.detail = QLabel(self)
        self.detail.setWordWrap(True)
        self.detail.setTextFormat(Qt.TextFormat.RichText)
        self.detail.setOpenExternalLinks(True)
        self.detail.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel, self
        )
        self.use_button = buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.use_button.setText(_("Use this project"))
        heading = QLabel(_("What you compute counts against the quota of a Cloud project. Choose one:"), self)
        heading.setWordWrap(True)
        column = QVBoxLayout(self)
        column.addWidget(heading)
        column.addWidget(self.table, 1)
        column.addWidget(self.detail)
        column.addWidget(buttons)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.table.itemDoubleClicked.connect(self.accept)
        self.table.currentItemChanged.connect(self._explain)
        ids = list(self._projects)
        self.ensurePolished()
        self.table.setCurrentItem(self.table.topLevelItem(ids.index(chosen) if chosen in ids else 0))

    def chosen(self) -> str:
        """Give the id of the project that is marked."""
        item = self.table.currentItem()
        return item.text(0) if item is not None else ""

    def _explain(self) -> None:
        project = self._projects.get(self.chosen())
        self.use_button.setEnabled(project is not None)
        # Google's answer is in it: text, but for the addresses of its console.
        text = html.escape(project.problem) if project is not None else ""
        # In the colour of the text: a dark theme leaves links in dark blue.
        colour = self.detail.palette().color(QPalette.ColorRole.WindowText).name()
        link = rf'<a href="\g<0>" style="color: {colour}">\g<0></a>'
        self.detail.setText(_CONSOLE.sub(link, text))
