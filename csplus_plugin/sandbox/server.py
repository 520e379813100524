"""The sandbox as a server on 127.0.0.1, for the official Earth Engine client and for the plugin.

    with start() as sandbox:
        ee.Initialize(credentials, url=sandbox.url, project="sandbox-project")

It may run inside another program, QGIS above all: every thread is a daemon, nothing is printed, and no
setting of the process is touched.
"""

from __future__ import annotations

import threading
from pathlib import Path
from types import TracebackType

from .errors import CannotStart
from .folders import Log, Progress, exports_folder, scenes_folder
from .rest.listener import HOST, Listener
from .rest.service import Service
from .service_model import Gate, ServiceModel


def start(
    data: Path | None = None,
    port: int = 0,
    log: Log | None = None,
    *,
    exports: Path | None = None,
    model: ServiceModel | None = None,
    progress: Progress | None = None,
) -> Sandbox:
    """Start a sandbox and return once it answers.

    Args:
        data: An archive of scenes; None stands for the sample scenes, which the first use writes.
        port: TCP port; 0 takes a free one.
        log: Is told, a line at a time, what takes long and which defect made a request fail.
        exports: The folder in which exports and assets land; None stands for one in the user's cache.
        model: How slow, limited and faulty it is; None for not at all.
        progress: Is told several times a second what share of the sample scenes is written; it raises to end that.

    Raises:
        CannotStart: The folder, the port or the client library stands in the way.
    """
    scenes = scenes_folder(data, log, progress)
    gate = Gate(model or ServiceModel())
    try:
        listener = Listener(port, gate, log)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CannotStart(f"Port {port} of {HOST} cannot be used: {reason}.") from error
    try:
        listener.service = Service(scenes, exports_folder(exports), listener.url, gate)
    except BaseException:
        listener.server_close()
        raise
    return Sandbox(listener)


class Sandbox:
    """A running sandbox; stop it with `stop` or as a context manager.

    Attributes:
        url: Its address, without a slash at the end.
        exports: The folder in which exports and assets land.
        service: What its endpoints share.
    """

    def __init__(self, listener: Listener) -> None:
        self.url = listener.url
        self.service = listener.service
        self.exports = listener.service.exports
        self._listener = listener
        thread = threading.Thread(target=listener.serve_forever, args=(0.1,), name="csplus-sandbox")
        thread.daemon = True
        thread.start()

    def stop(self) -> None:
        """End the server and every connection to it; calling it again does nothing."""
        self._listener.stop()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
