"""Check connection: whether Earth Engine can be reached, with which account, and if not, what to do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputBoolean,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
)

from ..csplus_plugin import settings
from ..csplus_plugin.core.errors import Cancelled
from ..csplus_plugin.core.language import _
from ..csplus_plugin.core.text import printable
from ..csplus_plugin.earthengine import check
from ..csplus_plugin.processing.base import CsPlusAlgorithm
from ..csplus_plugin.processing.interrupts import interrupts


class CheckConnection(CsPlusAlgorithm):
    """Finds library, settings and account, then sends two small requests to the service."""

    ID = "checkconnection"
    NAME = "Check connection"
    GROUP = "connection"
    SUMMARY = "Tests the connection to Earth Engine: shows what is used, or what is wrong and how to fix it."
    HELP = (
        "Finds the Earth Engine library, reads the settings and the credentials, and sends two small requests to the "
        "service. The log lists what is found at each step: include it in a bug report.\n\n"
        "A problem is reported within seconds, in one sentence with the next step: no network, a proxy, a wrong "
        "clock, no account or one that has expired, no project, a project that is not registered or not yours.\n\n"
        "There are no parameters. The connection is set with the environment variables CSPLUS_ENDPOINT, "
        "CSPLUS_PROJECT and GOOGLE_APPLICATION_CREDENTIALS, or in QGIS's settings under csplus/."
    )
    TAGS = ("connection", "account", "sign in", "project", "proxy", "diagnose", "test")
    HELP_SECTION = "sign-in"

    def declare(self) -> None:
        """Add the outputs."""
        for name, text in (
            ("ENDPOINT", "URL of the service"),
            ("PROJECT", "Cloud project"),
            ("ACCOUNT", "Account"),
            ("PROXY", "Proxy (empty if none)"),
            ("REGISTRATION", "Registration of the project (empty if unknown)"),
            ("LIBRARY", "Version of the Earth Engine library"),
            ("LIBRARY_PLACE", "Folder of the Earth Engine library"),
        ):
            self.addOutput(QgsProcessingOutputString(name, text))
        self.addOutput(QgsProcessingOutputBoolean("SANDBOX", "Sandbox, not Google Earth Engine"))
        self.addOutput(QgsProcessingOutputBoolean("RESTRICTED", "The project's monthly quota is used up"))
        self.addOutput(QgsProcessingOutputNumber("ROUND_TRIP", "Round trip of a small request (seconds)"))
        self.addOutput(
            QgsProcessingOutputNumber(
                "CLOCK_OFFSET", "Clock offset from the service (seconds; positive: ahead)"
            )
        )

    def check(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> None:
        """Accept everything: there are no parameters."""

    def read(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> None:
        """Read the settings."""
        del parameters, context
        self.connection = settings.connection()

    def work(
        self, parameters: Mapping[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Find what is used, then test the service."""
        del parameters, context
        stop = threading.Event()
        with interrupts(stop):
            results = self._test(feedback, lambda: stop.is_set() or feedback.isCanceled())
            if stop.is_set():
                raise Cancelled
            return results

    def _test(self, feedback: QgsProcessingFeedback, is_cancelled: Callable[[], bool]) -> dict[str, Any]:
        def log(sentence: str) -> None:
            feedback.pushInfo(printable(sentence))

        def show_start(share: float) -> None:
            if is_cancelled():
                raise Cancelled
            feedback.setProgress(100 * share)

        log(
            _(
                "Settings: endpoint {endpoint} ({endpoint_source}), project {project} ({project_source}).",
                endpoint=self.connection.endpoint,
                endpoint_source=settings.ENDPOINT.source(),
                project=self.connection.project or _("not set"),
                project_source=settings.PROJECT.source(),
            )
        )
        library = check.find_library(log)
        session = check.open_session(self.connection, log, show_start)
        report = check.probe_service(session, log, is_cancelled)
        return {
            "ENDPOINT": session.base_url,
            "PROJECT": session.project,
            "ACCOUNT": session.account,
            "PROXY": session.proxy,
            "REGISTRATION": printable(report.registration),
            "LIBRARY": library.version,
            "LIBRARY_PLACE": str(library.folder),
            "SANDBOX": session.is_sandbox,
            "RESTRICTED": report.is_restricted,
            "ROUND_TRIP": round(report.round_trip, 3),
            "CLOCK_OFFSET": round(report.clock_offset),
        }
