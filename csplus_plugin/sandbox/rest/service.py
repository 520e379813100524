"""What the endpoints of one running sandbox share."""

from __future__ import annotations

from pathlib import Path

from ..archive.library import Library
from ..graph.evaluator import Evaluator
from ..resources.maps import Maps
from ..resources.operations import Operations
from ..resources.recent import Named
from ..resources.tables import Table
from ..resources.thumbnails import Thumbnail
from ..service_model import Gate
from . import discovery


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
