"""The connection check in a task of its own, for a button: one sentence at its end."""

from __future__ import annotations

from qgis.core import QgsTask
from qgis.PyQt.QtCore import pyqtSignal

from ..core.errors import Cancelled, CsPlusError
from ..core.language import _
from ..core.text import clean
from ..earthengine import check
from ..earthengine.session import Connection, Session


class ConnectionTest(QgsTask):
    """Tests a connection in a thread of QGIS's pool.

    Args:
        connection: Who computes.

    Signals:
        told: How far it is, a sentence.
        ended: Whether it works, and what was found, or what is wrong and what to do.
    """

    told = pyqtSignal(str)
    ended = pyqtSignal(bool, str)

    def __init__(self, connection: Connection) -> None:
        flags = QgsTask.Flag.CanCancel | QgsTask.Flag.CancelWithoutPrompt | QgsTask.Flag.Silent
        super().__init__(_("Testing the connection of Cloud Score+"), flags)
        self._connection = connection
        self._works, self._sentence = False, ""

    def run(self) -> bool:
        """Find the library and the account, then send two small requests."""
        try:
            self._sentence = self._test()
            self._works = True
        except Cancelled:
            self._sentence = _("Cancelled.")
        except CsPlusError as problem:
            self._sentence = str(problem)
        except Exception as defect:  # noqa: BLE001 one that left this function would be lost
            self._sentence = clean(
                _(
                    "The connection cannot be tested: {kind} ({defect}).",
                    kind=type(defect).__name__,
                    defect=defect,
                )
            )
        return True

    def finished(self, result: bool) -> None:  # noqa: FBT001 QGIS's own signature
        """Hand over the sentence, in the main thread."""
        del result
        self.ended.emit(self._works, self._sentence or _("Cancelled."))

    def _test(self) -> str:
        def show_start(share: float) -> None:
            if self.isCanceled():
                raise Cancelled
            if share:
                self.told.emit(_("Writing the sandbox's sample scenes: {share:.0f} %", share=100 * share))

        def ignore(sentence: str) -> None:
            del sentence

        check.find_library(ignore)
        session = check.open_session(self._connection, ignore, show_start)
        report = check.probe_service(session, ignore, self.isCanceled)
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
