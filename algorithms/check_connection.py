"""Check connection: can Earth Engine be reached, as whom, through what; and if not, what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingOutputBoolean,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
)

from ..csplus_plugin import settings
from ..csplus_plugin.earthengine import check
from ..csplus_plugin.processing.base import CsPlusAlgorithm


class CheckConnection(CsPlusAlgorithm):
    """Library, settings, account, then two tiny questions to the service."""

    ID = "checkconnection"
    NAME = "Check connection"
    GROUP = "connection"
    SUMMARY = (
        "Tries the connection to Earth Engine: what is used for it, or what stands in the way and what to do."
    )
    HELP = (
        "Finds the Earth Engine library, reads the settings and the credentials, and asks the service two tiny "
        "questions. The log names each as it is found: worth adding to a report of a problem.\n\n"
        "What stands in the way is one sentence with the next step, within seconds: no network, a proxy, a wrong "
        "clock, no account or one that has expired, no project, a project that is not registered or not yours.\n\n"
        "There is nothing to choose. The connection is set with the environment variables CSPLUS_ENDPOINT, "
        "CSPLUS_PROJECT and GOOGLE_APPLICATION_CREDENTIALS, or in QGIS's settings under csplus/."
    )
    TAGS = ("connection", "account", "sign in", "project", "proxy", "diagnose", "test")

    def declare(self) -> None:
        """Add the outputs."""
        for name, text in (
            ("ENDPOINT", "Address of the service"),
            ("PROJECT", "Cloud project"),
            ("ACCOUNT", "Account"),
            ("PROXY", "Proxy on the way, empty if none"),
            ("REGISTRATION", "How the project is registered, empty if not told"),
            ("LIBRARY", "Version of the Earth Engine library"),
            ("LIBRARY_PLACE", "Folder of the Earth Engine library"),
        ):
            self.addOutput(QgsProcessingOutputString(name, self.tr(text)))
        self.addOutput(QgsProcessingOutputBoolean("SANDBOX", self.tr("A sandbox, not Google Earth Engine")))
        self.addOutput(
            QgsProcessingOutputBoolean("RESTRICTED", self.tr("The project's monthly quota is used up"))
        )
        self.addOutput(
            QgsProcessingOutputNumber("ROUND_TRIP", self.tr("Round trip of a tiny question (seconds)"))
        )
        self.addOutput(
            QgsProcessingOutputNumber("CLOCK_OFFSET", self.tr("Clock ahead of the service's (seconds)"))
        )

    def check(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> None:
        """There is nothing to choose, so nothing to refuse."""

    def read(self, parameters: Mapping[str, Any], context: QgsProcessingContext) -> None:
        """Read the settings."""
        del parameters, context
        self.connection = settings.connection()

    def work(
        self, parameters: Mapping[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Look, then ask."""
        del parameters, context
        feedback.pushInfo(
            f"Settings: endpoint {self.connection.endpoint} ({settings.ENDPOINT.source()}), "
            f"project {self.connection.project or 'not set'} ({settings.PROJECT.source()})."
        )
        library = check.library(feedback.pushInfo)
        session = check.session(self.connection, feedback.pushInfo)
        found = check.ask(session, feedback.pushInfo, feedback.isCanceled)
        return {
            "ENDPOINT": session.base_url,
            "PROJECT": session.project,
            "ACCOUNT": session.account,
            "PROXY": session.proxy,
            "REGISTRATION": found.registration,
            "LIBRARY": library.version,
            "LIBRARY_PLACE": str(library.place),
            "SANDBOX": session.is_sandbox,
            "RESTRICTED": found.is_restricted,
            "ROUND_TRIP": round(found.round_trip, 3),
            "CLOCK_OFFSET": round(found.clock_offset),
        }
