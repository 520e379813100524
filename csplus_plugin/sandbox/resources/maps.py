"""Live maps: images under an id, drawn tile by tile."""

from __future__ import annotations

from ..sharing import Sharing
from . import limits
from .grids import tile_grid
from .pixels import View
from .recent import Named, Recent

MAX_TILES = 256  # at most some 50 MB


class Maps(Named[View]):
    """The maps of one running sandbox, and the tiles that were drawn last."""

    def __init__(self) -> None:
        super().__init__("maps")
        self._tiles: Recent[tuple[bytes, str]] = Recent(MAX_TILES)
        self._sharing = Sharing()

    def tile(self, project: str, identity: str, zoom: int, column: int, row: int) -> tuple[bytes, str]:
        """One tile of a map as PNG or JPEG bytes, and its media type.

        Raises:
            Refused: 404 for a map that is unknown or forgotten, 400 for a tile outside the world.
        """
        view = self.get(project, identity)
        limits.check_tile(zoom, column, row)
        key = (identity, zoom, column, row)

        def draw() -> tuple[bytes, str]:
            tile = view.render(tile_grid(zoom, column, row))
            self._tiles.put(key, tile)
            return tile

        return self._sharing.get(key, lambda: self._tiles.get(key), draw)
