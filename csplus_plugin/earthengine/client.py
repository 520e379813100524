"""The few calls that the plugin makes to Earth Engine: value, map, pixels (REST reference, projects.*).

Each call obeys a cancel within a second, tries again what may pass, and turns every failure into one of the
plugin's own errors.
"""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ..core.errors import Cancelled, CsPlusError, RequestTooLarge
from . import answers, faults
from .retry import Backoff
from .waiting import POLL, pause

if TYPE_CHECKING:
    import numpy as np
    import requests

    from .session import Session

PAYLOAD_LIMIT = 10_000_000
"""Bytes of one request (usage guide: 10 MB)."""

_ERROR_STATUS = 300

T = TypeVar("T")


class Client:
    """Earth Engine, as one run of an algorithm sees it. All methods may be called from many threads at once.

    Args:
        session: Where the requests go.
        is_cancelled: Asked several times a second while a call waits.
        notify: Gets a sentence for the run's log now and then; called from the thread that makes the call.
        backoff: How failures that may pass are tried again.

    Attributes:
        requests_made: Requests sent so far, repeated ones included.
        is_restricted: Whether the service says that the project's monthly quota is used up, so that it answers
            fewer requests at once (guide: non-commercial tiers, restricted mode).
    """

    def __init__(
        self,
        session: Session,
        is_cancelled: Callable[[], bool] = lambda: False,
        notify: Callable[[str], None] = lambda _: None,
        backoff: Backoff | None = None,
    ) -> None:
        self.session = session
        self.requests_made = 0
        self.is_restricted = False
        self._is_cancelled = is_cancelled
        self._notify = notify
        self._backoff = backoff or Backoff()
        self._said: set[str] = set()
        self._lock = threading.Lock()

    def value(self, expression: Any) -> Any:
        """Compute an expression that answers with numbers, text, lists or dictionaries.

        Args:
            expression: An `ee` object, or what `encoded` made of one.

        Returns:
            The answer's JSON, decoded.

        Raises:
            Cancelled: The user stopped the run.
            ServiceError: One of its classes, after the tries that made sense.
        """
        return self._ask("value:compute", {"expression": encoded(expression)}, answers.value)

    def map(self, expression: Any) -> str:
        """Make an image ready to be drawn as map tiles, for some hours.

        Args:
            expression: A visualised `ee.Image`, or what `encoded` made of one.

        Returns:
            URL of the tiles, with `{z}`, `{x}` and `{y}` to be filled in (web mercator, 256 pixels).

        Raises:
            Cancelled: The user stopped the run.
            ServiceError: One of its classes.
        """
        body = {"expression": encoded(expression), "fileFormat": "AUTO_JPEG_PNG"}
        name = self._ask("maps", body, answers.name, params={"fields": "name"})
        return f"{self.session.base_url}/v1/{name}/tiles/{{z}}/{{x}}/{{y}}"

    def pixels(self, expression: Any, grid: Mapping[str, Any], bands: Sequence[str]) -> np.ndarray:
        """Compute the pixels of one window of a grid.

        Args:
            expression: An `ee.Image`, or what `encoded` made of one.
            grid: PixelGrid of the REST reference: `dimensions`, `affineTransform`, `crsCode` or `crsWkt`.
            bands: Names of the bands wanted.

        Returns:
            Structured array (height, width), one field a band, read-only. What a masked pixel holds is not
            documented: unmask in the expression.

        Raises:
            Cancelled: The user stopped the run.
            ServiceError: One of its classes.
        """
        return self._ask(*_pixels_request(expression, grid, bands))

    def try_pixels(
        self,
        expression: Any,
        grid: Mapping[str, Any],
        bands: Sequence[str],
        admit: Callable[[], answers.Memory | None] = lambda: None,
    ) -> np.ndarray | faults.Fault:
        """Ask for the pixels of one window once; what becomes of a failure is the caller's choice.

        Args:
            expression: As for `pixels`.
            grid: As for `pixels`.
            bands: As for `pixels`.
            admit: Called when a good answer begins to arrive: gives the memory for it, may wait until there is
                some, and raise. What is larger is taken as damaged.

        Raises:
            Cancelled: The user stopped the run.
            RequestTooLarge: The expression is too long to be sent.
        """
        call, body, read = _pixels_request(expression, grid, bands)
        return self._once(self._path(call), _payload(body), read, None, admit)

    def algorithms(self) -> dict[str, Any]:
        """Ask for the list of the service's functions and their signatures (ListAlgorithms).

        Raises:
            Cancelled: The user stopped the run.
            ServiceError: One of its classes.
        """
        return self._ask("algorithms", None, answers.algorithms)

    def project_config(self) -> dict[str, Any]:
        """Ask how the project is set up: `registrationState`, `maxConcurrentExports` (projects.getConfig).

        Raises:
            Cancelled: The user stopped the run.
            ServiceError: One of its classes.
        """
        return self._ask("config", None, answers.record)

    def _ask(
        self,
        call: str,
        body: Mapping[str, Any] | None,
        read: Callable[[answers.Body], T],
        params: Mapping[str, str] | None = None,
    ) -> T:
        """Send a request until it is answered or it makes no sense to go on."""
        payload = None if body is None else _payload(body)
        failures = 0
        while True:
            outcome = self._once(self._path(call), payload, read, params)
            if not isinstance(outcome, faults.Fault):
                return outcome
            failures += 1
            wait = self._backoff.wait(failures, outcome.asked) if outcome.again else None
            if wait is None:
                raise outcome.error
            self._say(type(outcome.error).__name__, f"{outcome.error.what} Trying again.")
            pause(wait, self._is_cancelled)

    def _path(self, call: str) -> str:
        return f"projects/{self.session.project}/{call}"

    def _once(
        self,
        path: str,
        payload: bytes | None,
        read: Callable[[answers.Body], T],
        params: Mapping[str, str] | None,
        admit: Callable[[], answers.Memory | None] = lambda: None,
    ) -> T | faults.Fault:
        method = "GET" if payload is None else "POST"
        with self._lock:
            self.requests_made += 1

        def send() -> tuple[requests.Response, answers.Body]:
            answer = self.session.request(method, path, params=params, body=payload)
            if answer.status_code >= _ERROR_STATUS:
                return answer, answer.content
            with answer:
                return answer, answers.received(answer, admit(), self._is_cancelled)

        try:
            answer, content = self._in_background(send)
        except CsPlusError:
            raise
        except answers.Damaged as why:
            return faults.damaged(str(why), self.session)
        except Exception as failure:
            fault = faults.of_exception(failure, self.session)
            if fault is None:
                raise
            return fault
        self._heed(answer)
        if answer.status_code >= _ERROR_STATUS:
            return faults.of_answer(answer, self.session)
        try:
            return read(content)
        except answers.Damaged as why:
            return faults.damaged(str(why), self.session)

    def _in_background(self, call: Callable[[], T]) -> T:
        """Run a blocking call in a thread of its own, which a cancel leaves to itself."""
        if self._is_cancelled():
            raise Cancelled
        outcome: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

        def work() -> None:
            try:
                outcome.put((call(), None))
            except BaseException as failure:  # noqa: BLE001 raised again in the thread that waits
                outcome.put((None, failure))

        threading.Thread(target=work, name="csplus request", daemon=True).start()
        while True:
            try:
                answer, failure = outcome.get(timeout=POLL)
            except queue.Empty:
                if self._is_cancelled():
                    raise Cancelled from None
                continue
            if failure is not None:
                raise failure
            return cast("requests.Response", answer)

    def _heed(self, answer: requests.Response) -> None:
        """Pass on what the service says beside its answer."""
        if "parallelism_restricted=true" in answer.headers.get("x-earth-engine-quota-status", ""):
            self.is_restricted = True
            self._say(
                "restricted",
                "The project has used up its monthly quota and is answered more slowly (restricted mode): "
                "https://developers.google.com/earth-engine/guides/noncommercial_tiers#restricted_mode",
            )
        if announcement := answer.headers.get("X-Earth-Engine-Init-Message"):
            self._say(announcement, announcement)

    def _say(self, subject: str, sentence: str) -> None:
        """Notify once a subject: a hundred tiles that wait for the same thing are one piece of news."""
        with self._lock:
            if subject in self._said:
                return
            self._said.add(subject)
        self._notify(sentence)


def encoded(expression: Any) -> Mapping[str, Any]:
    """Encode an `ee` object as the service wants it; what is encoded already stays as it is.

    Encode once where many requests carry the same expression.
    """
    if isinstance(expression, Mapping):
        return expression
    from .dependencies import load_ee

    return load_ee().serializer.encode(expression, for_cloud_api=True)


def _pixels_request(
    expression: Any, grid: Mapping[str, Any], bands: Sequence[str]
) -> tuple[str, Mapping[str, Any], Callable[[answers.Body], np.ndarray]]:
    """Give the call, its body, and how its answer is read."""
    body = {
        "expression": encoded(expression),
        "fileFormat": "NPY",
        "grid": grid,
        "bandIds": list(bands),
    }
    shape = (int(grid["dimensions"]["height"]), int(grid["dimensions"]["width"]))
    return "image:computePixels", body, lambda content: answers.pixels(content, shape, tuple(bands))


def _payload(body: Mapping[str, Any]) -> bytes:
    payload = json.dumps(body, separators=(",", ":")).encode()
    if len(payload) > PAYLOAD_LIMIT:
        raise RequestTooLarge(
            f"The request has {len(payload) / 1e6:.1f} MB, and the service reads {PAYLOAD_LIMIT / 1e6:.0f} MB.",
            "Simplify the outline of the area, or use its extent.",
        )
    return payload
