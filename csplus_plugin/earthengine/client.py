"""The few calls that the plugin makes to Earth Engine: value, map, pixels (REST reference, projects.*).

Each call obeys a cancel within a second, retries what may succeed, and turns every failure into one of the
plugin's own errors.
"""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ..core.errors import Cancelled, CsPlusError, RequestTooLarge
from ..core.language import _
from ..core.text import clean
from . import failures, operations, responses, slots
from .cost import Cost
from .limiter import RESTRICTED_LIMIT
from .retry import Backoff
from .waiting import POLL, pause
from .watch import Late, Watch

if TYPE_CHECKING:
    import numpy as np
    import requests

    from .session import Session

MAX_PAYLOAD = 10_000_000
"""Bytes of one request (usage guide: 10 MB)."""

_ERROR_STATUS = 300

_MAX_NOTICES = 20
"""Sentences of one client that reach the log: a service that says something else each time does not fill it."""

WORKLOADS = {
    "value:compute": "csplus-values",
    "maps": "csplus-live",
    "image:computePixels": "csplus-download",
    "image:export": "csplus-export",
}
"""Call -> tag by which a project's owner sees in Cloud Monitoring what it costs (REST reference, `workloadTag`)."""

_PAGE, _MOST_TASKS = 500, 5_000
"""Tasks of one response, and of all: the service lets 3,000 wait (guide: usage limits)."""

T = TypeVar("T")


class Client:
    """Earth Engine, as one run of an algorithm sees it. All methods may be called from many threads at once.

    Args:
        session: Where the requests go.
        is_cancelled: Asked several times a second while a call waits.
        notify: Gets a sentence for the run's log now and then, in the thread that makes the call.
        backoff: How failed requests are retried.

    Attributes:
        limiter: Of all requests of this process to the service, unless another is put in its place.
        cost: What was asked and waited for so far.
        is_restricted: Whether the service says that the project's monthly quota is used up, so that it serves
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
        self.limiter = session.limiter
        self.cost = Cost()
        self.is_restricted = False
        self._is_cancelled = is_cancelled
        self._notify = notify
        self._backoff = backoff or Backoff()
        self._notified: set[str] = set()
        self._lock = threading.Lock()

    @property
    def requests_made(self) -> int:
        """Requests sent so far, retries included."""
        return self.cost.requests

    @property
    def bytes_received(self) -> int:
        """Bytes of the responses so far, unpacked."""
        return self.cost.received

    def value(self, expression: Any) -> Any:
        """Compute an expression whose value is a number, a text, a list or a dictionary.

        Args:
            expression: An `ee` object, or what `encoded` made of one.

        Returns:
            The value, decoded from JSON.

        Raises:
            Cancelled: The user stopped the run.
            ServiceError: One of its classes, after the retries that made sense.
        """
        return self._request("value:compute", {"expression": encoded(expression)}, responses.read_value)

    def try_value(self, expression: Any) -> Any | failures.Failure:
        """Compute a value once, without retries, in a slot that the caller holds: a failure is returned.

        Args:
            expression: As for `value`.

        Raises:
            Cancelled: The user stopped the run.
            RequestTooLarge: The expression is too long to be sent.
        """
        payload = _payload("value:compute", {"expression": encoded(expression)})
        return self._send_once(self._path("value:compute"), payload, responses.read_value, None)

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
        name = self._request("maps", body, responses.read_map_name, params={"fields": "name"})
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
        return self._request(*_pixels_request(expression, grid, bands))

    def try_pixels(
        self,
        expression: Any,
        grid: Mapping[str, Any],
        bands: Sequence[str],
        allocate: Callable[[], responses.Memory | None] = lambda: None,
        dtype: str | None = None,
    ) -> np.ndarray | failures.Failure:
        """Request the pixels of one window once, without retries, in a slot that the caller holds.

        A failure is returned.

        Args:
            expression: As for `pixels`.
            grid: As for `pixels`.
            bands: As for `pixels`.
            allocate: Called when a good response begins to arrive: returns the memory for it, may wait until there
                is some, and raise. A response that does not fit counts as damaged.
            dtype: The type to which the expression casts every band, numpy's name; a response of another counts as
                damaged.

        Raises:
            Cancelled: The user stopped the run.
            RequestTooLarge: The expression is too long to be sent.
        """
        call, body, read = _pixels_request(expression, grid, bands, dtype)
        return self._send_once(self._path(call), _payload(call, body), read, None, allocate)

    def algorithms(self) -> dict[str, Any]:
        """Request the list of the service's functions and their signatures (ListAlgorithms).

        Raises:
            Cancelled: The user stopped the run.
            ServiceError: One of its classes.
        """
        return self._request("algorithms", None, responses.read_algorithms)

    def project_config(self) -> dict[str, Any]:
        """Request how the project is set up: `registrationState`, `maxConcurrentExports` (projects.getConfig).

        Raises:
            Cancelled: The user stopped the run.
            ServiceError: One of its classes.
        """
        return self._request("config", None, responses.read_object)

    def resource(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Request a JSON object of another of Google's services.

        Args:
            path: Path after `/v1/`.
            params: Query parameters.

        Raises:
            Cancelled: The user stopped the run.
            ServiceError: One of its classes.
        """
        return self._request_path(path, None, responses.read_object, params)

    def part(self, path: str, first: int, count: int) -> bytes:
        """Request a part of a file of another of Google's services.

        Args:
            path: Path after `/v1/`.
            first: Its first byte.
            count: Bytes wanted, at least one.

        Raises:
            Cancelled: The user stopped the run.
            ServiceError: One of its classes.
        """

        def read(content: responses.Body) -> bytes:
            if len(content) != count:
                raise responses.DamagedResponse(
                    _("only {count} of {promised} bytes arrived", count=len(content), promised=count)
                )
            return bytes(content)

        wanted = {"Range": f"bytes={first}-{first + count - 1}"}
        return self._request_path(path, None, read, {"alt": "media"}, wanted)

    def export_image(self, request: Mapping[str, Any]) -> operations.Operation:
        """Start a task that computes an image (projects.image.export).

        Args:
            request: ExportImageRequest; its `expression` may be an `ee.Image`. It needs a `requestId`, by which the
                service knows a request that is sent again.

        Raises:
            Cancelled: The user stopped the run; the task may have been started.
            ServiceError: One of its classes; after `Unreachable`, the task may have been started.
        """
        if not request.get("requestId"):
            raise ValueError("without a requestId, a request that is sent again starts a second task")
        body = {**request, "expression": encoded(request["expression"])}
        return self._request("image:export", body, operations.read)

    def tasks(self, most: int = _MOST_TASKS) -> list[operations.Operation]:
        """List the project's tasks, the latest first (projects.operations.list).

        Args:
            most: How many at most; without a number, as many as are of use.

        Raises:
            Cancelled: The user stopped the run.
            ServiceError: One of its classes.
        """
        found: list[operations.Operation] = []
        following = ""
        while len(found) < most:
            params = {"pageSize": str(min(_PAGE, most)), **({"pageToken": following} if following else {})}
            page, following = self._request("operations", None, operations.read_page, params)
            found += page
            if not following or not page:
                break
        return found[:most]

    def task(self, identity: str) -> operations.Operation:
        """See how a task is (projects.operations.get).

        Raises:
            Cancelled: The user stopped the run.
            ServiceError: One of its classes; `BadRequest` where there is no such task.
        """
        return self._request(f"operations/{identity}", None, operations.read)

    def cancel_task(self, identity: str) -> None:
        """Cancel a task; one that is over stays as it is (projects.operations.cancel).

        Raises:
            Cancelled: The user stopped the run.
            ServiceError: One of its classes; `BadRequest` where there is no such task.
        """
        self._request(f"operations/{identity}:cancel", {}, responses.read_object)

    def asset_quota(self) -> dict[str, Any]:
        """Request what the project's assets may take: `sizeBytes` of `maxSizeBytes` (projects.assets.get of its root).

        Raises:
            Cancelled: The user stopped the run.
            ServiceError: One of its classes.
        """
        quota = self._request("assets/", None, responses.read_object).get("quota")
        return quota if isinstance(quota, dict) else {}

    def _request(
        self,
        call: str,
        body: Mapping[str, Any] | None,
        read: Callable[[responses.Body], T],
        params: Mapping[str, str] | None = None,
    ) -> T:
        payload = None if body is None else _payload(call, body)
        return self._request_path(self._path(call), payload, read, params)

    def _request_path(
        self,
        path: str,
        payload: bytes | None,
        read: Callable[[responses.Body], T],
        params: Mapping[str, str] | None,
        headers: Mapping[str, str] | None = None,
    ) -> T:
        """Send a request, and retry it while that makes sense."""
        tries = 0
        while True:
            outcome = self._send_in_slot(path, payload, read, params, headers)
            if not isinstance(outcome, failures.Failure):
                return outcome
            tries += 1
            delay = self._backoff.choose_delay(tries, outcome.retry_after) if outcome.retryable else None
            if delay is None:
                raise outcome.error
            self._notify_once(type(outcome.error).__name__, _("{what} Retrying.", what=outcome.error.what))
            self.cost.retried()
            pause(delay, self._is_cancelled)

    def _send_in_slot(
        self,
        path: str,
        payload: bytes | None,
        read: Callable[[responses.Body], T],
        params: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
    ) -> T | failures.Failure:
        slot = slots.acquire(self.limiter, self.cost, self._is_cancelled)
        return slots.send(
            self.limiter, slot, lambda: self._send_once(path, payload, read, params, headers=headers)
        )

    def _path(self, call: str) -> str:
        return f"projects/{self.session.project}/{call}"

    def _send_once(
        self,
        path: str,
        payload: bytes | None,
        read: Callable[[responses.Body], T],
        params: Mapping[str, str] | None,
        allocate: Callable[[], responses.Memory | None] = lambda: None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> T | failures.Failure:
        method = "GET" if payload is None else "POST"
        self.cost.sent()
        watch = Watch()

        def send() -> tuple[requests.Response, responses.Body]:
            with (
                watch.watching(),
                self.session.request(method, path, params=params, body=payload, headers=headers) as response,
            ):
                if response.status_code >= _ERROR_STATUS:
                    return response, responses.receive_error(response, watch)
                watch.expect(None)  # there may be no memory yet, which is not the service's fault
                return response, responses.receive(response, allocate(), self._is_cancelled, watch)

        try:
            response, content = self._run_in_background(send, watch)
        except CsPlusError:
            raise
        except responses.DamagedResponse as why:
            return failures.damaged_response(str(why), self.session)
        except Late:
            return failures.too_slow(self.session)
        except Exception as error:
            failure = failures.from_exception(error, self.session)
            if failure is None:
                raise
            return failure
        self.cost.arrived(memoryview(content).nbytes)
        self._read_quota_headers(response)
        if response.status_code >= _ERROR_STATUS:
            return failures.from_response(response, content, self.session)
        try:
            return read(content)
        except responses.DamagedResponse as why:
            return failures.damaged_response(str(why), self.session)

    def _run_in_background(self, call: Callable[[], T], watch: Watch) -> T:
        """Run a blocking call in a thread of its own, which is abandoned when the user cancels.

        Raises:
            Late: What the call waits for came too slowly. Nothing is written to its memory any more.
        """
        if self._is_cancelled():
            raise Cancelled
        # Not a SimpleQueue: a signal at the end of its timed wait makes it wait for ever (CPython 3.11).
        outcome: queue.Queue[tuple[T | None, BaseException | None]] = queue.Queue()

        def work() -> None:
            try:
                outcome.put((call(), None))
            except BaseException as error:  # noqa: BLE001 raised again in the thread that waits
                # What a closed connection looks like from within says nothing.
                outcome.put((None, Late() if watch.is_broken_off else error))

        threading.Thread(target=work, name="csplus request", daemon=True).start()
        while True:
            try:
                result, error = outcome.get(timeout=POLL)
            except queue.Empty:
                if self._is_cancelled():
                    watch.break_off()
                    raise Cancelled from None
                if watch.is_late and not watch.break_off():
                    raise Late from None
                continue
            if error is not None:
                raise error
            return cast("T", result)

    def _read_quota_headers(self, response: requests.Response) -> None:
        """Note whether the project is restricted, and pass on what else the service announces in a header."""
        if "parallelism_restricted=true" in response.headers.get("x-earth-engine-quota-status", ""):
            self.is_restricted = True
            self.limiter.restrict()
            self._notify_once(
                "restricted",
                _(
                    "The project has used up its monthly quota, so Earth Engine serves fewer of its requests at once "
                    "(restricted mode), and the plugin sends no more than {count} at a time: "
                    "https://developers.google.com/earth-engine/guides/noncommercial_tiers#restricted_mode",
                    count=RESTRICTED_LIMIT,
                ),
            )
        announcement = clean(response.headers.get("X-Earth-Engine-Init-Message", ""))
        if announcement and len(self._notified) < _MAX_NOTICES:
            self._notify_once(announcement, announcement)

    def _notify_once(self, subject: str, sentence: str) -> None:
        """Notify once a subject: a hundred requests that meet the same failure are one line of the log."""
        with self._lock:
            if subject in self._notified:
                return
            self._notified.add(subject)
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
    expression: Any, grid: Mapping[str, Any], bands: Sequence[str], dtype: str | None = None
) -> tuple[str, Mapping[str, Any], Callable[[responses.Body], np.ndarray]]:
    """Make the call's name, its body, and the function that reads its response."""
    body = {
        "expression": encoded(expression),
        "fileFormat": "NPY",
        "grid": grid,
        "bandIds": list(bands),
    }
    shape = (int(grid["dimensions"]["height"]), int(grid["dimensions"]["width"]))
    names = tuple(bands)
    return "image:computePixels", body, lambda content: responses.read_pixels(content, shape, names, dtype)


def _payload(call: str, body: Mapping[str, Any]) -> bytes:
    tag = {"workloadTag": WORKLOADS[call]} if call in WORKLOADS else {}
    payload = json.dumps({**body, **tag}, separators=(",", ":")).encode()
    if len(payload) > MAX_PAYLOAD:
        raise RequestTooLarge(
            _(
                "The request is {size:.1f} MB; Earth Engine accepts at most {largest:.0f} MB.",
                size=len(payload) / 1e6,
                largest=MAX_PAYLOAD / 1e6,
            ),
            _("Simplify the outline of the area, or use its extent."),
        )
    return payload
