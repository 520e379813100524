"""From the recipes of live layers to fresh tile addresses: one request a layer, all of them in parallel.

Nothing here touches a layer, so that all of it may run in any thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

from ..core.errors import Cancelled, CsPlusError, InvalidChoice
from ..core.language import _
from ..core.picture import picture
from ..core.recipe import Recipe
from ..core.region import Region
from ..core.targets.target import ImageTarget
from ..core.text import clean
from ..earthengine.client import Client, encoded
from ..earthengine.dependencies import prepare_expressions
from ..earthengine.route import is_loopback
from ..earthengine.session import SANDBOX, Connection, running_sandbox, session_for
from .swap import LiveLayer

LONGEST_RECIPE = 5_000_000
"""Characters of a recipe that is read from a project by itself: reading a longer one would hold up the window."""

_AT_ONCE = 16
"""Requests at once: the limiter of downloads begins with as many."""

Log = Callable[[str], None]


@dataclass(frozen=True)
class Minted:
    """What became of one live layer.

    Attributes:
        layer: The layer, as it was.
        region: Where it has pixels; None where its recipe cannot be read.
        tile_url: Its new address; empty where the old one stays.
        problem: Why there is no new one, a whole sentence; empty for a layer that needs none.
        is_foreign: Whether the recipe is to blame, so that trying again cannot help.
    """

    layer: LiveLayer
    region: Region | None = None
    tile_url: str = ""
    problem: str = ""
    is_foreign: bool = False


def read_recipe(layer: LiveLayer) -> Recipe[ImageTarget]:
    """Read a layer's recipe, which may be anything.

    Raises:
        InvalidChoice: It is none that makes an image, or another layer's.
    """
    if len(layer.recipe) > LONGEST_RECIPE:
        raise InvalidChoice(_("The recipe is longer than {count} characters.", count=LONGEST_RECIPE))
    if not layer.is_own:
        raise InvalidChoice(
            _("The recipe is another layer's: it came with a style that was pasted."),
            _(
                "Remove the layer, and run its algorithm again; of styles, paste the category Symbology alone."
            ),
        )
    recipe = Recipe.from_json(layer.recipe)
    if not isinstance(recipe.target, ImageTarget):
        raise InvalidChoice(_("The recipe makes no image."))
    return recipe


def is_current(layer: LiveLayer, connection: Connection) -> bool:
    """Tell whether a layer's address was minted within the hour, by a service that is still there."""
    if not layer.is_young:
        return False
    return not is_loopback(layer.tile_url) or layer.service == running_sandbox(connection)


def check_service(layer: LiveLayer, connection: Connection) -> None:
    """Refuse to have the sandbox draw what Earth Engine drew, or the other way round: its scenes are invented.

    Raises:
        CsPlusError: With what to set.
    """
    is_sandbox = connection.endpoint == SANDBOX or is_loopback(connection.endpoint)
    if is_loopback(layer.tile_url) and not is_sandbox:
        raise CsPlusError(
            _("It was drawn by the sandbox."),
            _(
                "Set the endpoint to sandbox under Settings > Options > Cloud Score+, or run its algorithm again."
            ),
        )
    if is_sandbox and not is_loopback(layer.tile_url):
        raise CsPlusError(
            _(
                "It was drawn by Earth Engine, and the endpoint is the sandbox, whose scenes are not Google's."
            ),
            _("Set the endpoint to earthengine under Settings > Options > Cloud Score+."),
        )


def open_client(
    connection: Connection, is_cancelled: Callable[[], bool] = lambda: False, log: Log = lambda _: None
) -> Client:
    """Open the session and prepare the library, in a thread that may wait.

    Raises:
        CsPlusError: No account, no library, or a connection that makes no sense.
    """

    def stop_if_cancelled(share: float) -> None:
        del share
        if is_cancelled():
            raise Cancelled

    client = Client(session_for(connection, stop_if_cancelled), is_cancelled, log)
    prepare_expressions(client.algorithms)
    return client


def renew(
    layers: Sequence[LiveLayer],
    connection: Connection,
    open_service: Callable[[], Client],
    *,
    force: bool = False,
) -> Iterator[Minted]:
    """Mint new addresses, and give each as soon as it is there.

    Args:
        layers: Any live layers.
        connection: Who computes.
        open_service: Gives the calls to it; not called where no layer needs a new address.
        force: Mint for layers too whose address is young.

    Raises:
        Cancelled: The user stopped it.
    """
    ready: list[tuple[LiveLayer, Recipe[ImageTarget]]] = []
    for layer in layers:
        try:
            recipe = read_recipe(layer)
        except InvalidChoice as why:
            yield Minted(layer, problem=str(why), is_foreign=True)
            continue
        region = recipe.scenes.region
        if not force and is_current(layer, connection):
            yield Minted(layer, region)
            continue
        try:
            check_service(layer, connection)
        except CsPlusError as why:
            yield Minted(layer, region, problem=str(why))
            continue
        ready.append((layer, recipe))
    if not ready:
        return
    try:
        client = open_service()
    except Cancelled:
        raise
    except CsPlusError as why:
        yield from (Minted(layer, recipe.scenes.region, problem=str(why)) for layer, recipe in ready)
        return
    yield from _send(ready, client)


def _send(ready: Sequence[tuple[LiveLayer, Recipe[ImageTarget]]], client: Client) -> Iterator[Minted]:
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="csplus renewal") as pool:
        waiting = []
        # Expressions are built one after the other: that is Python's own work, and threads that compete for it would
        # hold up the window.
        for layer, recipe in ready:
            region = recipe.scenes.region
            try:
                expression = encoded(picture(recipe))
            except Exception as broken:  # noqa: BLE001 a recipe of anybody's, in the hands of Google's library
                why = _("Its image cannot be described: {cause}.", cause=clean(str(broken)))
                yield Minted(layer, region, problem=why, is_foreign=True)
                continue
            waiting.append(pool.submit(_mint, client, layer, region, expression))
        for done in as_completed(waiting):
            yield done.result()


def _mint(client: Client, layer: LiveLayer, region: Region, expression: Mapping[str, Any]) -> Minted:
    try:
        return Minted(layer, region, client.map(expression))
    except Cancelled:
        raise
    except CsPlusError as why:
        return Minted(layer, region, problem=str(why))
