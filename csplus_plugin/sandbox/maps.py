"""Live maps: images under an id, drawn tile by tile."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from collections import OrderedDict
from collections.abc import Hashable
from http import HTTPStatus
from typing import Any, Generic, TypeVar

from . import limits
from .errors import Refused
from .grids import tile_grid
from .pixels import View

MAX_MAPS = 1000
MAX_TILES = 256  # at most some 50 MB

Item = TypeVar("Item")


class Recent(Generic[Item]):
    """A store that forgets what was not asked for the longest time, once it is full."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._items: OrderedDict[Hashable, Item] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Item | None:
        """The item, or None if it was never stored or is forgotten."""
        with self._lock:
            if key in self._items:
                self._items.move_to_end(key)
            return self._items.get(key)

    def put(self, key: Hashable, item: Item) -> None:
        """Store an item, in the place of an earlier one of the same key."""
        with self._lock:
            self._items[key] = item
            self._items.move_to_end(key)
            if len(self._items) > self._capacity:
                self._items.popitem(last=False)


class Maps:
    """The maps of one running sandbox.

    The same map asked for twice has one id, so its tiles are drawn once. Ids differ from run to run,
    because a client may keep tiles by their address, and the scenes may be others next time.
    """

    def __init__(self) -> None:
        self._run = secrets.token_bytes(16)
        self._views: Recent[View] = Recent(MAX_MAPS)
        self._tiles: Recent[tuple[bytes, str]] = Recent(MAX_TILES)

    def add(self, project: str, request: dict[str, Any], view: View) -> str:
        """Keep a view under the name of a map resource, which is returned."""
        text = json.dumps(request, sort_keys=True).encode()
        identity = hashlib.blake2b(text, key=self._run, digest_size=16).hexdigest()
        name = f"projects/{project}/maps/{identity}"
        self._views.put(name, view)
        return name

    def tile(self, name: str, zoom: int, column: int, row: int) -> tuple[bytes, str]:
        """One tile of a map as PNG or JPEG bytes, and its media type.

        Raises:
            Refused: 404 for a map that is unknown or forgotten, 400 for a tile outside the world.
        """
        view = self._views.get(name)
        if view is None:
            raise Refused(f"Map '{name}' not found (it does not exist or has expired).", HTTPStatus.NOT_FOUND)
        limits.check_tile(zoom, column, row)
        key = (name, zoom, column, row)
        tile = self._tiles.get(key)
        if tile is None:
            tile = view.render(tile_grid(zoom, column, row))
            self._tiles.put(key, tile)
        return tile
