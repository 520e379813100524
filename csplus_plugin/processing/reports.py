"""A report as a file: its parameter, and the page written whole or not at all."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsProcessingAlgorithm, QgsProcessingParameterFileDestination

from ..core.errors import FileTrouble
from ..core.language import _
from ..core.reports.report import Report, page
from .parameters import add


def add_report(algorithm: QgsProcessingAlgorithm) -> None:
    """Add the parameter REPORT, and with it the output of that name, which QGIS lists in its results viewer."""
    report = QgsProcessingParameterFileDestination(
        "REPORT", "Report", "Web page (*.html)", optional=True, createByDefault=False
    )
    add(algorithm, report, "Chart and table as one HTML file that opens anywhere, offline; skipped if empty.")


def write_report(report: Report, path: Path) -> None:
    """Write the page; what stood there before stays until the new one is whole.

    Raises:
        FileTrouble: It cannot be written.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text(page(report), encoding="utf-8")
        part.replace(path)
    except OSError as problem:
        part.unlink(missing_ok=True)
        raise FileTrouble(
            _("{path} cannot be written: {strerror}.", path=path, strerror=problem.strerror),
            _("Choose another file for REPORT."),
        ) from problem
