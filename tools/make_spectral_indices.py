"""Write `resources/spectral_indices.json` from the awesome-spectral-indices catalogue.

    pip download --no-deps --dest /tmp/asi spyndex==0.12.0 && unzip -d /tmp/asi /tmp/asi/spyndex-*.whl
    python3 tools/make_spectral_indices.py /tmp/asi/spyndex/data --version 0.12.0

The catalogue (https://github.com/awesome-spectral-indices/awesome-spectral-indices, MIT) ships inside the
Python package `spyndex`. An index is kept when it is meant for Sentinel-2 and needs only surface bands and
constants; every other one is listed in the data file under `left_out`, with the reason. What differs from
the catalogue is listed there under `changes`, with the source.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
from pathlib import Path
from typing import Any

OUTPUT = Path(__file__).resolve().parents[1] / "resources" / "spectral_indices.json"
SOURCE = "https://github.com/awesome-spectral-indices/awesome-spectral-indices"
PLATFORM = "Sentinel-2"
SPACECRAFT = "sentinel2a"  # with 2B's wavelengths, the weights that they enter change by less than 1 %

ARVI_PAPER = "Kaufman and Tanre 1992, https://doi.org/10.1109/36.134076"
BAIM_PAPER = "Martin et al. 2006, https://doi.org/10.1016/j.foreco.2006.08.248"
NEW_DEFAULTS = (
    f"default of this index in the draft of the catalogue's next version, {SOURCE}/tree/main/output/v1"
)

# The catalogue's formula is not the paper's: (formula, source).
FORMULAS = {
    "ARVI": ("(N - (R - gamma * (B - R))) / (N + (R - gamma * (B - R)))", ARVI_PAPER),
    "BAIM": ("1.0 / ((0.05 - N) ** 2.0 + (0.2 - S2) ** 2.0)", BAIM_PAPER),
    "SARVI": ("(1.0 + L) * (N - (R - gamma * (B - R))) / (N + (R - gamma * (B - R)) + L)", ARVI_PAPER),
}

# The catalogue has one default per constant, right for one index and wrong for others: SAVI takes L = 0.5,
# EVI takes L = 1. Its next version gives each index its own defaults; these are those that differ.
CONSTANTS: dict[str, dict[str, float]] = {
    "BWDRVI": {"alpha": 0.01},
    "GSAVI": {"L": 0.5},
    "IBI": {"L": 0.5},
    "MNLI": {"L": 0.5},
    "NDPI": {"alpha": 0.74},
    "NDTI4RE": {"gamma": 0.4},
    "NDVI4RE": {"alpha": 0.2, "beta": 0.2},
    "NDWIns": {"alpha": 2.0},
    "RVI4RE": {"alpha": 0.3, "beta": 0.3},
    "SARVI": {"L": 0.5},
    "SAVI": {"L": 0.5},
    "SAVI4RE": {"alpha": 0.2, "beta": 0.2},
    "SNDTI": {"L": 0.6},
    "SNDTI4RE": {"gamma": 0.4},
    "STI4RE": {"gamma": 0.4},
    "WCI1": {"epsilon": 1e-10},
    "WCI2": {"epsilon": 1e-10},
    "sNIRvNDPI": {"alpha": 0.74},
}

_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)


class FormulaError(ValueError):
    """A formula that is more than arithmetic with known names, or that could be read in two ways."""


def check(node: ast.expr) -> None:
    """Accept names, decimal numbers, + - * / ** and the unary minus; nothing else.

    A minus before a power, and a power of a power, are refused: languages differ in what binds first there.

    Raises:
        FormulaError: Anything else stands in the formula.
    """
    match node:
        case ast.Name() | ast.Constant(value=float()):
            return
        case ast.UnaryOp(op=ast.USub(), operand=operand) if not _is_power(operand):
            check(operand)
        case ast.BinOp(op=ast.Pow(), left=left, right=right) if _is_power(left) or _is_power(right):
            raise FormulaError("a power of a power")
        case ast.BinOp(op=op, left=left, right=right) if isinstance(op, _OPERATORS):
            check(left)
            check(right)
        case ast.Call(func=ast.Name(id=function)):
            raise FormulaError(f"calls the function {function}")
        case _:
            raise FormulaError(f"holds {ast.unparse(node)}")


def _is_power(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow)


def translate(formula: str, known: set[str]) -> str:
    """Write the formula as Earth Engine's expression language takes it.

    Whole numbers become decimals, because there the type of a quotient is that of its operands
    (https://developers.google.com/earth-engine/apidocs/ee-image-divide): 1/3 could be 0.

    Raises:
        FormulaError: The formula is not plain arithmetic with the known names.
    """
    if unknown := names_in(formula) - known:
        raise FormulaError(f"needs {', '.join(sorted(unknown))}: neither a band nor a constant")
    decimal = re.sub(r"(?<![\w.])(\d+)(?![\w.])", r"\1.0", formula.strip())
    check(ast.parse(decimal, mode="eval").body)
    return decimal


def names_in(formula: str) -> set[str]:
    """Find the bands and constants that a formula uses."""
    return {node.id for node in ast.walk(ast.parse(formula)) if isinstance(node, ast.Name)}


def band_table(bands: dict[str, Any]) -> dict[str, str]:
    """Symbol of the catalogue -> band in Earth Engine, for the bands that Sentinel-2 has."""
    return {
        symbol: band["platforms"][SPACECRAFT]["band"]
        for symbol, band in bands.items()
        if SPACECRAFT in band["platforms"]
    }


def constant_table(constants: dict[str, Any], bands: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Constant -> default and description; wavelengths (nm) come from the catalogue's band table."""
    table = {}
    for name, constant in constants.items():
        default = constant["default"]
        if name.startswith("lambda"):
            default = bands[name.removeprefix("lambda")]["platforms"][SPACECRAFT]["wavelength"]
        if default is not None:
            table[name] = {"default": float(default), "description": constant["description"]}
    return table


def convert(
    catalogue: dict[str, Any], constants: dict[str, Any], bands: dict[str, Any], version: str
) -> dict[str, Any]:
    """Make the data file: where it comes from, the tables, the indices kept and those left out.

    Args:
        catalogue: Short name -> index, as in `spectral-indices-dict.json`.
        constants: Name -> constant, as in `constants.json`.
        bands: Symbol -> band, as in `bands.json`.
        version: Version of the catalogue.
    """
    band_names, values = band_table(bands), constant_table(constants, bands)
    indices, left_out, changes = {}, {}, {}
    for name, entry in catalogue.items():
        if PLATFORM not in entry["platforms"]:
            continue
        formula, paper = FORMULAS.get(name, (entry["formula"], ""))
        try:
            formula = translate(formula, band_names.keys() | values.keys())
        except FormulaError as reason:
            left_out[name] = str(reason)
            continue
        used, own = names_in(formula), CONSTANTS.get(name, {})
        indices[name] = {
            "long_name": entry["long_name"],
            "formula": formula,
            "bands": sorted(used & band_names.keys(), key=list(band_names).index),
            "constants": {c: own.get(c, values[c]["default"]) for c in sorted(used & values.keys())},
            "domain": entry["application_domain"],
            "reference": entry["reference"],
        }
        if notes := [
            *([f"formula: {paper}"] if paper else []),
            *([f"constants: {NEW_DEFAULTS}"] if own else []),
        ]:
            changes[name] = "; ".join(notes)
    needed = {constant for index in indices.values() for constant in index["constants"]}
    return {
        "about": {
            "title": "Awesome Spectral Indices",
            "source": SOURCE,
            "version": version,
            "newest_entry": max(entry["date_of_addition"] for entry in catalogue.values()),
            "license": "MIT, see spectral_indices.LICENSE",
            "written_by": "tools/make_spectral_indices.py",
        },
        "bands": band_names,
        "constants": {name: value for name, value in values.items() if name in needed},
        "indices": indices,
        "changes": changes,
        "left_out": left_out,
    }


def main() -> None:
    """Read the catalogue's three JSON files from a folder and write the data file."""
    parser = argparse.ArgumentParser(description="Write resources/spectral_indices.json.")
    parser.add_argument("folder", type=Path, help="folder with the catalogue's JSON files (spyndex/data)")
    parser.add_argument("--version", required=True, help="version of the catalogue")
    arguments = parser.parse_args()
    catalogue, constants, bands = (
        json.loads((arguments.folder / name).read_text(encoding="utf-8"))
        for name in ("spectral-indices-dict.json", "constants.json", "bands.json")
    )
    data = convert(catalogue["SpectralIndices"], constants, bands, arguments.version)
    text = json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False)
    OUTPUT.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
