"""The recipe: every choice of a run, frozen, checked once, and the same as JSON.

A live layer, a GeoTIFF, a script and a saved project all carry it, and each can be made again from it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from typing import Any, Generic, TypeVar, get_type_hints

from .checks import shown
from .choices import Output, Scenes
from .errors import InvalidChoice
from .language import _
from .region import Region
from .targets.registry import TARGETS
from .targets.target import Target

SCHEMA_VERSION = 1

_LONGEST = 20_000_000
"""Characters; no area that Earth Engine takes needs more."""

Made_co = TypeVar("Made_co", bound=Target, covariant=True)
Block = TypeVar("Block", bound=Scenes | Target | Output)


@dataclass(frozen=True)
class Recipe(Generic[Made_co]):
    """Every choice of a run.

    Attributes:
        scenes: Which scenes, and which of their pixels are clear.
        target: What is made of them.
        output: On which grid, drawn how.
    """

    scenes: Scenes
    target: Made_co
    output: Output = field(default_factory=Output)

    def __post_init__(self) -> None:
        """Check what spans the blocks."""
        self.target.check(self.scenes, self.output)

    def to_json(self) -> str:
        """Write the recipe as one line of JSON with sorted keys."""
        content = {"schema": SCHEMA_VERSION, "algorithm": self.target.ALGORITHM, **asdict(self)}
        content["scenes"]["region"] = self.scenes.region.geojson()
        return json.dumps(content, sort_keys=True, default=date.isoformat)

    @classmethod
    def from_json(cls, text: str) -> Recipe[Target]:
        """Read a recipe that `to_json` wrote.

        Raises:
            InvalidChoice: Not a recipe, written by a newer plugin, or with choices that are not possible.
        """
        try:
            if len(text) > _LONGEST:
                raise ValueError(_("too long"))  # noqa: TRY301 said like whatever else is no recipe
            content = json.loads(text)
            schema = content["schema"]
            if schema != SCHEMA_VERSION:
                raise InvalidChoice(
                    _(
                        "The recipe has schema {schema}; this plugin reads schema {schema_version}.",
                        schema=shown(schema),
                        schema_version=SCHEMA_VERSION,
                    ),
                    _("Update the plugin."),
                )
            algorithm = content["algorithm"]
            if algorithm not in TARGETS:
                raise InvalidChoice(
                    _(
                        "The recipe is for the algorithm {algorithm}, which this plugin does not have.",
                        algorithm=shown(algorithm),
                    ),
                    _("Update the plugin."),
                )
            scenes = content["scenes"]
            scenes["region"] = Region.from_geojson(scenes["region"])
            return Recipe(
                scenes=_block(Scenes, scenes),
                target=_block(TARGETS[algorithm], content["target"]),
                output=_block(Output, content["output"]),
            )
        except (
            ValueError,
            TypeError,
            LookupError,
            AttributeError,
            ArithmeticError,
            RecursionError,
        ) as problem:
            raise InvalidChoice(
                _("This is not a recipe of Cloud Score+ for QGIS ({problem}).", problem=_said(problem)),
                _("Take the JSON from a layer or a file that the plugin made."),
            ) from problem


def _said(problem: Exception) -> str:
    """Say what is wrong with foreign text, without what the text could smuggle in."""
    said = "".join(letter for letter in str(problem) if letter.isprintable())
    return f"{type(problem).__name__}: {said[:80]}"


def _block(kind: type[Block], content: Mapping[str, Any]) -> Block:
    known = {item.name for item in fields(kind)}
    unknown = set(content) - known
    if unknown:
        raise InvalidChoice(
            _(
                "The recipe holds unknown choices: {unknown}.",
                unknown=", ".join(map(shown, sorted(unknown)[:3])),
            ),
            _("Update the plugin."),
        )
    values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in content.items()}
    for name in _days_of(kind) & set(values):
        if values[name] is not None:
            values[name] = date.fromisoformat(values[name])
    return kind(**values)


def _days_of(kind: type[Any]) -> set[str]:
    """Name the choices that are days, which JSON holds as text."""
    hints = get_type_hints(kind)
    return {item.name for item in fields(kind) if hints[item.name] in (date, date | None)}
