"""What a sandbox remembers between two requests, in bounded memory: the oldest unused goes first."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from collections import OrderedDict
from collections.abc import Hashable
from http import HTTPStatus
from typing import Any, Generic, TypeVar

from ..errors import Refused

MAX_NAMED = 1000
MAX_NAMED_BYTES = 64 << 20  # of the requests that made them

Item = TypeVar("Item")


class Recent(Generic[Item]):
    """A store that forgets what was not asked for the longest time, once it is full.

    Args:
        capacity: Number of items.
        max_weight: What the items may weigh together; the latest one stays, whatever its weight.
    """

    def __init__(self, capacity: int, max_weight: float = float("inf")) -> None:
        self._capacity = capacity
        self._max_weight = max_weight
        self._weight = 0
        self._items: OrderedDict[Hashable, tuple[Item, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Item | None:
        """Give the item, or None if it was never stored or is forgotten."""
        with self._lock:
            if key not in self._items:
                return None
            self._items.move_to_end(key)
            return self._items[key][0]

    def put(self, key: Hashable, item: Item, weight: int = 0) -> None:
        """Store an item, in the place of an earlier one of the same key."""
        with self._lock:
            self._weight -= self._items.pop(key, (item, 0))[1]
            self._items[key] = (item, weight)
            self._weight += weight
            while len(self._items) > self._capacity or (
                self._weight > self._max_weight and len(self._items) > 1
            ):
                self._weight -= self._items.popitem(last=False)[1][1]


class Named(Generic[Item]):
    """Items under resource names that only their maker knows: maps, thumbnails, tables.

    The same request has the same name, so what it asks for is computed once. Names differ from run to
    run, because a client may keep answers by their address, and the scenes may be others next time.

    Args:
        kind: The last but one part of the names, a plural.
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._run = secrets.token_bytes(16)
        self._items: Recent[Item] = Recent(MAX_NAMED, MAX_NAMED_BYTES)

    def add(self, project: str, request: dict[str, Any], item: Item) -> str:
        """Keep an item under the name of a resource, which is returned."""
        text = json.dumps(request, sort_keys=True).encode()
        identity = hashlib.blake2b(text, key=self._run, digest_size=16).hexdigest()
        name = f"projects/{project}/{self._kind}/{identity}"
        self._items.put(name, item, len(text))
        return name

    def get(self, project: str, identity: str) -> Item:
        """Give the item of a name's last part.

        Raises:
            Refused: 404 for one that is unknown or forgotten.
        """
        name = f"projects/{project}/{self._kind}/{identity}"
        item = self._items.get(name)
        if item is None:
            raise Refused(f"'{name}' not found (it does not exist or has expired).", HTTPStatus.NOT_FOUND)
        return item
