"""A composite that an export has stored as an Earth Engine asset: drawn and read from there, computed no more."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..catalog import STYLES, Style
from ..checks import shown
from ..choices import Output, Scenes
from ..errors import InvalidChoice
from ..fallback import fallback
from ..language import _
from ..naming import named
from .composite import Composite

if TYPE_CHECKING:
    import ee

ASSET = re.compile(r"projects/[A-Za-z0-9.:-]{1,100}(?:/[A-Za-z0-9_-]{1,100}){1,20}")
"""Ids of the assets of Cloud projects."""


@dataclass(frozen=True)
class Stored(Composite):
    """The composite that an asset holds; its other choices say how it was made, and change nothing any more.

    Attributes:
        asset: Id of the asset, `projects/…/assets/…`.
    """

    ALGORITHM = "openasset"

    asset: str = ""

    def __post_init__(self) -> None:
        """Check each choice."""
        super().__post_init__()
        check_asset(self.asset)

    def check(self, scenes: Scenes, output: Output) -> None:
        """Refuse what no composite can be; a style whose bands are not stored gives way to another."""
        scenes.require_bands(self.bands)
        if output.style not in (None, *STYLES):
            raise InvalidChoice(
                _("The style {style} cannot draw this picture.", style=output.style),
                _("Choose from {styles}.", styles=", ".join(STYLES)),
            )

    @property
    def fewest_days(self) -> int:
        """None of them is asked for any more."""
        return 0

    def sentence(self, scenes: Scenes) -> str:
        """Say what was stored, and where."""
        return _("{composite}, stored as {asset}", composite=super().sentence(scenes), asset=self.asset)

    def shown(self, scenes: Scenes, style: str | None) -> tuple[Style, tuple[str, ...]]:
        """Give the style where the asset has its bands, else one whose bands it has."""
        names = [band.name for band in self.file_bands(scenes)]
        chosen, bands = super().shown(scenes, style)
        return (chosen, bands) if bands and set(bands) <= set(names) else fallback(names)

    def image(self, scenes: Scenes, names: Sequence[str]) -> ee.Image:  # noqa: ARG002
        """Load it."""
        from ..library import ee

        return named(ee.Image(self.asset).select(list(names)), "stored")


def stored(composite: Composite, asset: str) -> Stored:
    """Say of a composite that it is stored.

    Raises:
        InvalidChoice: That is no id of an asset.
    """
    return Stored(**vars(composite), asset=asset)


def check_asset(text: str) -> None:
    """Refuse what cannot be the id of an asset: it becomes part of an address.

    Raises:
        InvalidChoice: With the form of an id.
    """
    if not ASSET.fullmatch(text):
        raise InvalidChoice(
            _("{text} is not the id of an asset.", text=shown(text)),
            _("Write it like projects/my-project/assets/folder/name."),
        )
