"""Spectral indices: the catalogue, and one index as an Earth Engine expression.

The catalogue is Awesome Spectral Indices (Montero et al. 2023, https://doi.org/10.1038/s41597-023-02096-0),
reduced to what Sentinel-2 bands and constants can give: `resources/spectral_indices.json`, written by
`tools/make_spectral_indices.py`. Both products, L1C and L2A, hold every band that it needs, so every index is
available for both.
"""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from .catalog import REFLECTANCE_SCALE
from .checks import shown
from .errors import InvalidChoice
from .language import _
from .naming import named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ee

CATALOGUE = Path(__file__).resolve().parents[2] / "resources" / "spectral_indices.json"


@dataclass(frozen=True)
class SpectralIndex:
    """One index of the catalogue.

    Attributes:
        name: Short name, case-sensitive (`BAI` and `BaI` are two indices); also the name of its band.
        long_name: Name in words.
        formula: Arithmetic in the names of `variables` and `constants`, in Earth Engine's expression
            language; its bands are reflectances, 0 to 1.
        variables: Name in the formula, such as `N`, to Earth Engine band, such as `B8`.
        constants: Name in the formula, such as `L`, to value.
        domain: What it is for: `vegetation`, `water`, `burn`, `snow`, `soil`, `urban` or `clouds`.
        reference: Address of the paper that defines it.
    """

    name: str
    long_name: str
    formula: str
    variables: Mapping[str, str]
    constants: Mapping[str, float]
    domain: str
    reference: str

    @property
    def bands(self) -> tuple[str, ...]:
        """The Earth Engine bands that it needs."""
        return tuple(self.variables.values())


@cache
def catalogue() -> Mapping[str, SpectralIndex]:
    """Give every index by its name, in alphabetical order; read once."""
    data = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    return MappingProxyType(
        {
            name: SpectralIndex(
                name=name,
                long_name=entry["long_name"],
                formula=entry["formula"],
                variables=MappingProxyType({symbol: data["bands"][symbol] for symbol in entry["bands"]}),
                constants=MappingProxyType(entry["constants"]),
                domain=entry["domain"],
                reference=entry["reference"],
            )
            for name, entry in data["indices"].items()
        }
    )


def find(name: str) -> SpectralIndex:
    """Find the index of this name.

    Raises:
        InvalidChoice: There is none; the message names the closest ones.
    """
    if name not in catalogue():
        raise InvalidChoice(_("There is no spectral index {name}.", name=shown(name)), _suggestion(name))
    return catalogue()[name]


def expression(image: ee.Image, name: str) -> ee.Image:
    """Compute one index of an image, as a single float band named after it.

    Pixels masked in any band it needs are masked. Where a formula divides by 0, Earth Engine answers 0
    (https://developers.google.com/earth-engine/apidocs/ee-image-divide). Values are not clamped: noise and
    dark pixels can leave an index outside its usual range.

    Args:
        image: Holds the bands that the index needs, as digital numbers. They are always scaled to reflectance:
            EVI, SAVI or AWEI would be wrong without it.
        name: Name of the index.

    Raises:
        InvalidChoice: There is no such index.
    """
    return _value(_reflectance(image, [name]), name)


def images(image: ee.Image, names: Sequence[str]) -> ee.Image:
    """Compute several indices of an image, as one image with a band for each.

    Args:
        image: As for `expression`.
        names: Names of the indices, each once.

    Raises:
        InvalidChoice: There is no such index.
    """
    from .library import ee

    reflectance = _reflectance(image, names)
    each = [_value(reflectance, name) for name in names]
    if len(each) == 1:
        return each[0]
    # Side by side: an `addBands` for each would nest so deeply that neither client nor service could read it.
    side_by_side = named(ee.ImageCollection(each), "each_index")
    return named(side_by_side.toBands().rename(list(names)), "indices")


def _reflectance(image: ee.Image, names: Sequence[str]) -> ee.Image:
    """Give the bands that these indices need, 0 to 1."""
    bands = dict.fromkeys(band for name in names for band in find(name).bands)
    return named(image.select(list(bands)).multiply(REFLECTANCE_SCALE), "reflectance")


def _value(reflectance: ee.Image, name: str) -> ee.Image:
    index = find(name)
    variables = {symbol: reflectance.select(band) for symbol, band in index.variables.items()}
    value = reflectance.expression(index.formula, {**variables, **index.constants})
    return named(value.rename(name).toFloat(), name.lower())


def _suggestion(name: str) -> str:
    """Name the indices whose names come closest, whatever their case, in a sentence."""
    by_folded_name: dict[str, list[str]] = {}
    for known in catalogue():
        by_folded_name.setdefault(known.casefold(), []).append(known)
    matches = difflib.get_close_matches(name.strip().casefold(), by_folded_name, n=3)
    close = [known for match in matches for known in by_folded_name[match]]
    if not close:
        return _("Choose one from the catalogue of spectral indices.")
    return _("Did you mean {close}? Upper and lower case count.", close=", ".join(close))
