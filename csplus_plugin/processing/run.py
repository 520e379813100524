"""One run against the service: opened late, closed always, cancelled in one place."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any, TypeVar

from qgis.core import QgsApplication, QgsProcessingFeedback

from ..core import survey as surveying
from ..core.choices import Scenes
from ..core.errors import BadRequest, Cancelled, ComputationTooHeavy
from ..core.language import _, ngettext
from ..core.scenes import steps
from ..core.survey import Survey
from ..core.text import printable
from ..core.window_halves import combined, halves
from ..earthengine.client import Client
from ..earthengine.dependencies import ee_place, ee_version, prepare_expressions
from ..earthengine.session import SANDBOX, Connection, Session, close_sessions, running_sandbox, session_for
from .interrupts import interrupts

Part = TypeVar("Part")

_under_way: set[Run] = set()
"""Runs between their begin and their end, of all threads."""

_LAST_WORDS = 2.0
"""Seconds that the plugin's end waits for a run, which obeys a cancel within one."""


class Run:
    """The service as one run of an algorithm sees it, from `with` to the end of its block.

    Making one asks nothing; entering it signs in, starts the embedded sandbox if that is chosen, and makes Ctrl-C
    cancel the run as the button does.

    Args:
        connection: Who computes.
        feedback: Of the algorithm.

    Attributes:
        session: The open door to the service.
        client: The calls to it.
        cost: What the run took, by the names of the outputs that tell it; empty before its end.
    """

    session: Session
    client: Client

    def __init__(self, connection: Connection, feedback: QgsProcessingFeedback) -> None:
        self._connection, self._feedback = connection, feedback
        self.cost: dict[str, float] = {}
        self._stop, self._is_over = threading.Event(), threading.Event()
        self._block = ExitStack()
        self._done, self._parts = 0, 1
        self._begun = time.monotonic()

    def __enter__(self) -> Run:
        """Open the session.

        Raises:
            CsPlusError: No account, no library, or a connection that makes no sense.
        """
        _under_way.add(self)
        self._block.enter_context(interrupts(self._stop))
        try:
            self._open()
        except BaseException:
            self._close(failed=True)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the signals back, and after a failure in `qgis_process` end what still computes."""
        if kind is None:
            self.cost = {
                "REQUEST_COUNT": self.client.requests_made,
                "RECEIVED_BYTES": self.client.bytes_received,
                "SECONDS": round(time.monotonic() - self._begun, 3),
            }
            count = self.client.requests_made
            self.say(ngettext("{count} request to the service.", "{count} requests to the service.", count))
            self.say(_("{size:.1f} MB received.", size=self.client.bytes_received / 1e6))
            cost = self.client.cost
            self.say(ngettext("{count} request sent again.", "{count} requests sent again.", cost.retries))
            self.say(_("Requests waited for a slot during {seconds:.1f} s.", seconds=cost.waited))
        self._close(failed=kind is not None)

    def is_cancelled(self) -> bool:
        """Tell whether the user wants the run to end."""
        return self._stop.is_set() or self._feedback.isCanceled()

    @property
    def connection(self) -> Connection:
        """Who computes."""
        return self._connection

    @property
    def has_passing_service(self) -> bool:
        """Whether the service, and every task of it, ends with this process: the embedded sandbox in a terminal."""
        return self._connection.endpoint == SANDBOX and QgsApplication.platform() == "qgis_process"

    def say(self, sentence: str) -> None:
        """Tell the log."""
        self._feedback.pushInfo(printable(sentence))

    def warn(self, sentence: str) -> None:
        """Tell the log what may surprise."""
        self._feedback.pushWarning(printable(sentence))

    def survey(self, scenes: Scenes, *, needs_scores: bool = True) -> Survey:
        """Ask which scenes there are, in one request if it is not too heavy, and report them.

        Args:
            scenes: The choices.
            needs_scores: Whether scenes of which none can be used are as good as none.

        Raises:
            NothingFound: No scene is left.
        """
        found = self._find(scenes)
        surveying.require_scenes(scenes, found, needs_scores=needs_scores)
        self._report(scenes, found, needs_scores=needs_scores)
        return found

    def survey_with(self, scenes: Scenes, question: Any, *, needs_scores: bool = True) -> tuple[Survey, Any]:
        """Ask which scenes there are, and a question of them, in the same request; report the scenes.

        Args:
            scenes: The choices.
            question: An expression.
            needs_scores: Whether scenes of which none can be used are as good as none.

        Raises:
            NothingFound: No scene is left.
            ServiceError: The question is refused, or too heavy.
        """
        try:
            values = self.client.value(surveying.question_with(scenes, question))
        except BadRequest:
            # Where no scene is left, the question may make no sense, and the survey alone says why.
            self.survey(scenes, needs_scores=needs_scores)
            raise
        found, answer = surveying.answers(scenes, values, needs_scores=needs_scores)
        self._report(scenes, found, needs_scores=needs_scores)
        return found, answer

    def _find(self, scenes: Scenes) -> Survey:
        """Ask for the scenes of a window, and where that is too heavy for those of its halves."""
        try:
            return surveying.read(scenes, self.client.value(surveying.question(scenes)))
        except ComputationTooHeavy:
            parts = halves(scenes)
            if parts is None:
                raise
        self.say(
            _(
                "The scenes from {start} to {end} are too many for one request: asked in halves.",
                start=scenes.start,
                end=scenes.end,
            )
        )
        return combined([self._find(part) for part in parts], [step.what for step in steps(scenes)])

    def _report(self, scenes: Scenes, found: Survey, *, needs_scores: bool) -> None:
        for line in surveying.report(found):
            self.say(line)
        for line in surveying.warnings(scenes, found, needs_scores=needs_scores):
            self.warn(line)

    def surveys(self, windows: Mapping[str, Scenes]) -> dict[str, Survey]:
        """Ask which scenes there are in each of several windows, in one request if it is not too heavy; report them.

        Args:
            windows: Name, to stand before what is said of a window -> its scenes.

        Returns:
            Name -> survey; it may be of no scene.
        """
        from ..core.library import ee

        questions = ee.List([surveying.question(scenes) for scenes in windows.values()])
        try:
            answers = self.client.value(questions)
        except ComputationTooHeavy:
            found = {name: self._find(scenes) for name, scenes in windows.items()}
        else:
            if not isinstance(answers, list) or len(answers) != len(windows):
                answers = [None] * len(windows)
            found = {
                name: surveying.read(scenes, one)
                for (name, scenes), one in zip(windows.items(), answers, strict=True)
            }
        for name, survey in found.items():
            self.say(f"{_(name)}: {' '.join(surveying.report(survey))}")
        return found

    def through(self, parts: Sequence[Part]) -> Iterator[Part]:
        """Go through the parts of a run, so that one progress bar serves them all."""
        self._parts = len(parts)
        for self._done, part in enumerate(parts):
            yield part
        self._done, self._parts = 0, 1

    def show(self, percent: float, text: str) -> None:
        """Show how far the present part is.

        Args:
            percent: 0 to 100.
            text: What is being done.
        """
        self._feedback.setProgress((100 * self._done + percent) / self._parts)
        self._feedback.setProgressText(text)

    def _open(self) -> None:
        if self.is_cancelled():
            raise Cancelled
        if self._connection.endpoint == SANDBOX and not running_sandbox(self._connection):
            self.say(
                _("Starting the sandbox. The first time, writing its sample scenes takes a few seconds.")
            )
        self.session = session_for(self._connection, self._show_start)
        self.client = Client(self.session, self.is_cancelled, self.say)
        prepare_expressions(self.client.algorithms)
        if self.session.is_sandbox:
            self.warn(
                _(
                    "{base_url} is a Cloud Score+ sandbox, not Google Earth Engine: "
                    "its scenes are not Google's.",
                    base_url=self.session.base_url,
                )
            )
        else:
            self.say(
                _(
                    "Earth Engine at {base_url}, project {project}, {account}.",
                    base_url=self.session.base_url,
                    project=self.session.project,
                    account=self.session.account,
                )
            )
        self._feedback.pushDebugInfo(f"earthengine-api {ee_version()} from {ee_place()}")

    def _show_start(self, share: float) -> None:
        if self.is_cancelled():
            raise Cancelled
        self.show(100 * share, _("Writing the sandbox's sample scenes"))

    def _close(self, *, failed: bool) -> None:
        self._block.close()
        _under_way.discard(self)
        self._is_over.set()
        # In qgis_process the end is near, and an embedded sandbox that still computes would crash it.
        if failed and QgsApplication.platform() == "qgis_process":
            close_sessions()

    def abandon(self, end: float) -> None:
        """Cancel the run, and wait for its end until a moment of the monotonic clock."""
        self._stop.set()
        self._is_over.wait(max(0.0, end - time.monotonic()))


def cancel_runs() -> None:
    """End what runs: the plugin is being unloaded."""
    end = time.monotonic() + _LAST_WORDS
    for run in tuple(_under_way):
        run.abandon(end)
