"""The connection check in a task of its own, for a button: one sentence at its end."""

from __future__ import annotations

from qgis.PyQt.QtCore import pyqtSignal

from ..core.errors import Cancelled
from ..core.language import _, marked
from ..earthengine import check
from ..earthengine.session import Connection, Session
from ..layers.background_task import BackgroundTask


class ConnectionTest(BackgroundTask):
    """Finds the library and the account, then sends two small requests.

    Args:
        connection: Who computes.

    Signals:
        told: How far it is, a sentence.
        ended: Whether it works, and what was found, or what is wrong and what to do.
    """

    DEFECT = marked("The connection cannot be tested: {kind} ({defect}).")

    told = pyqtSignal(str)
    ended = pyqtSignal(bool, str)

    def __init__(self, connection: Connection) -> None:
        super().__init__(_("Testing the connection of Cloud Score+"))
        self._connection = connection
        self._found = ""

    def work(self) -> None:
        """Test it."""
        self._found = self._test()

    def finished(self, result: bool) -> None:  # noqa: FBT001 QGIS's own signature
        """Hand over the sentence, in the main thread."""
        del result
        self.ended.emit(bool(self._found), str(self.problem or self._found or _("Cancelled.")))

    def _test(self) -> str:
        def show_start(share: float) -> None:
            if self.is_unwanted():
                raise Cancelled
            if share:
                self.told.emit(_("Writing the sandbox's sample scenes: {share:.0f} %", share=100 * share))

        def ignore(sentence: str) -> None:
            del sentence

        check.find_library(ignore)
        session = check.open_session(self._connection, ignore, show_start)
        report = check.probe_service(session, ignore, self.is_unwanted)
        return _sentence(session, report)


def _sentence(session: Session, report: check.ConnectionReport) -> str:
    if session.is_sandbox:
        return _(
            "It works: a Cloud Score+ sandbox at {base_url}, not Google Earth Engine. Its scenes are "
            "synthetic. Try the extent -119.93,-119.8874,37.399,37.4328 [EPSG:4326] in 2023.",
            base_url=session.base_url,
        )
    found = {"project": session.project, "account": session.account, "seconds": report.round_trip}
    if report.is_restricted:
        return _(
            "It works: Earth Engine, project {project}, whose monthly quota is used up, {account}; a small request "
            "takes {seconds:.1f} s.",
            **found,
        )
    return _(
        "It works: Earth Engine, project {project}, {account}; a small request takes {seconds:.1f} s.",
        **found,
    )
