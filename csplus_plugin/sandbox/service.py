"""What the endpoints of one running sandbox share."""

from __future__ import annotations

from pathlib import Path

from . import discovery
from .evaluator import Evaluator
from .library import Library
from .maps import Maps
from .operations import Operations
from .recent import Named
from .service_model import Gate
from .tables import Table
from .thumbnails import Thumbnail


class Service:
    """The scenes, the evaluator over them, and all that requests have made so far.

    Args:
        scenes: An archive of scenes.
        exports: The folder of everything that is exported or kept; made when first needed.
        url: Where the sandbox can be reached.
        gate: Applies the service model.

    Raises:
        CannotStart: The client library's files are missing.
    """

    def __init__(self, scenes: Path, exports: Path, url: str, gate: Gate) -> None:
        self.algorithms = discovery.algorithms()
        self.description = discovery.description(url)
        self.exports = exports
        self.library = Library(scenes, exports)
        self.evaluator = Evaluator(self.library)
        self.maps = Maps()
        self.thumbnails: Named[Thumbnail] = Named("thumbnails")
        self.tables: Named[Table] = Named("tables")
        self.operations = Operations(gate)
