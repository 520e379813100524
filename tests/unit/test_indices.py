"""Spectral indices: the data file, each expression graph, and values against the literature."""

from __future__ import annotations

import ast
import importlib.util
import json
from dataclasses import dataclass

import numpy as np
import pytest
from csplus.csplus_plugin.core import catalog, indices
from csplus.csplus_plugin.core.errors import InvalidChoice

ROOT = indices.CATALOGUE.parents[1]
RAW = json.loads(indices.CATALOGUE.read_text(encoding="utf-8"))
NAMES = sorted(RAW["indices"])

# The published formulas, on reflectances: b2 is blue, b3 green, b4 red, b5 to b7 red edge, b8 and b8a near
# infrared, b11 and b12 shortwave infrared.
LITERATURE = {
    "NDVI": lambda b: (b.b8 - b.b4) / (b.b8 + b.b4),
    "EVI": lambda b: 2.5 * (b.b8 - b.b4) / (b.b8 + 6 * b.b4 - 7.5 * b.b2 + 1),
    "EVI2": lambda b: 2.5 * (b.b8 - b.b4) / (b.b8 + 2.4 * b.b4 + 1),
    "SAVI": lambda b: 1.5 * (b.b8 - b.b4) / (b.b8 + b.b4 + 0.5),
    "MSAVI": lambda b: (2 * b.b8 + 1 - np.sqrt((2 * b.b8 + 1) ** 2 - 8 * (b.b8 - b.b4))) / 2,
    "OSAVI": lambda b: (b.b8 - b.b4) / (b.b8 + b.b4 + 0.16),
    "ARVI": lambda b: (b.b8 - (2 * b.b4 - b.b2)) / (b.b8 + (2 * b.b4 - b.b2)),
    "SARVI": lambda b: 1.5 * (b.b8 - (2 * b.b4 - b.b2)) / (b.b8 + (2 * b.b4 - b.b2) + 0.5),
    "GEMI": lambda b: (
        _gemi_eta(b.b8, b.b4) * (1 - 0.25 * _gemi_eta(b.b8, b.b4)) - (b.b4 - 0.125) / (1 - b.b4)
    ),
    "GNDVI": lambda b: (b.b8 - b.b3) / (b.b8 + b.b3),
    "WDRVI": lambda b: (0.1 * b.b8 - b.b4) / (0.1 * b.b8 + b.b4),
    "VARI": lambda b: (b.b3 - b.b4) / (b.b3 + b.b4 - b.b2),
    "TGI": lambda b: -0.5 * (190 * (b.b4 - b.b3) - 120 * (b.b4 - b.b2)),
    "NDREI": lambda b: (b.b8 - b.b5) / (b.b8 + b.b5),
    "CIRE": lambda b: b.b8 / b.b5 - 1,
    "MCARI": lambda b: ((b.b5 - b.b4) - 0.2 * (b.b5 - b.b3)) * b.b5 / b.b4,
    "IRECI": lambda b: (b.b7 - b.b4) * b.b6 / b.b5,
    "S2REP": lambda b: 705 + 35 * ((b.b4 + b.b7) / 2 - b.b5) / (b.b6 - b.b5),
    "NDPI": lambda b: (b.b8 - (0.74 * b.b4 + 0.26 * b.b11)) / (b.b8 + (0.74 * b.b4 + 0.26 * b.b11)),
    "SI": lambda b: np.cbrt((1 - b.b2) * (1 - b.b3) * (1 - b.b4)),
    "NDMI": lambda b: (b.b8 - b.b11) / (b.b8 + b.b11),
    "NDWI": lambda b: (b.b3 - b.b8) / (b.b3 + b.b8),
    "MNDWI": lambda b: (b.b3 - b.b11) / (b.b3 + b.b11),
    "NDCI": lambda b: (b.b5 - b.b4) / (b.b5 + b.b4),
    "NDTI": lambda b: (b.b4 - b.b3) / (b.b4 + b.b3),
    "AWEInsh": lambda b: 4 * (b.b3 - b.b11) - (0.25 * b.b8 - 2.75 * b.b12),
    "AWEIsh": lambda b: b.b2 + 2.5 * b.b3 - 1.5 * (b.b8 + b.b11) - 0.25 * b.b12,
    "FAI": lambda b: b.b8 - b.b4 - (b.b11 - b.b4) * (832.8 - 664.6) / (1613.7 - 664.6),
    "NDSI": lambda b: (b.b3 - b.b11) / (b.b3 + b.b11),
    "NBR": lambda b: (b.b8 - b.b12) / (b.b8 + b.b12),
    "NBR2": lambda b: (b.b11 - b.b12) / (b.b11 + b.b12),
    "BAI": lambda b: 1 / ((0.1 - b.b4) ** 2 + (0.06 - b.b8) ** 2),
    "BAIM": lambda b: 1 / ((0.05 - b.b8) ** 2 + (0.2 - b.b12) ** 2),
    "BAIS2": lambda b: (
        (1 - np.sqrt(b.b6 * b.b7 * b.b8a / b.b4)) * ((b.b12 - b.b8a) / np.sqrt(b.b12 + b.b8a) + 1)
    ),
    "MIRBI": lambda b: 10 * b.b12 - 9.8 * b.b11 + 2,
    "NDBI": lambda b: (b.b11 - b.b8) / (b.b11 + b.b8),
    "BI": lambda b: ((b.b11 + b.b4) - (b.b8 + b.b2)) / ((b.b11 + b.b4) + (b.b8 + b.b2)),
    "NHFD": lambda b: (b.b5 - b.b1) / (b.b5 + b.b1),
}


def _gemi_eta(nir, red):
    return (2 * (nir**2 - red**2) + 1.5 * nir + 0.5 * red) / (nir + red + 0.5)


class Pixels:
    """Random surfaces: digital numbers by band, and the same as reflectances by attribute."""

    def __init__(self) -> None:
        rng = np.random.default_rng(20230101)
        self.numbers = {
            band: rng.integers(150, 6000, 200).astype(float) for band in catalog.PRODUCTS["L2A"].bands
        }

    def __getattr__(self, band: str) -> np.ndarray:
        return self.numbers[band.upper()] / 10_000


@dataclass
class Call:
    """One function of an expression, its arguments resolved: literals, lists and further calls."""

    function: str | Call
    arguments: dict


def tree_of(ee, name: str) -> Call:
    """The expression of an index, read from its wire form with every reference resolved."""
    graph = json.loads(indices.expression(ee.Image("scene"), name).serialize())

    def resolve(node):
        ((kind, content),) = node.items()
        if kind == "valueReference":
            return resolve(graph["values"][content])
        if kind == "arrayValue":
            return [resolve(item) for item in content["values"]]
        if kind == "constantValue":
            return content
        function = content.get("functionName") or resolve(graph["values"][content["functionReference"]])
        return Call(function, {key: resolve(value) for key, value in content["arguments"].items()})

    return resolve(graph["values"][graph["result"]])


def calls(node, function: str) -> list[Call]:
    """Every call of a function inside a tree."""
    if isinstance(node, list):
        return [call for item in node for call in calls(item, function)]
    if not isinstance(node, Call):
        return []
    inside = calls(list(node.arguments.values()), function) + calls(node.function, function)
    return [node, *inside] if node.function == function else inside


def evaluate(node, numbers: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Compute a tree with numpy; an image is a dictionary of bands. Knows the functions an index uses, no other."""
    if not isinstance(node, Call):
        return node
    a = {name: evaluate(value, numbers) for name, value in node.arguments.items()}
    if isinstance(node.function, Call):
        scope = {name: next(iter(image.values())) for name, image in a.items()}
        assert set(node.function.arguments["vars"]) == set(scope)
        return {"constant": eval(node.function.arguments["expression"], {"__builtins__": {}}, scope)}
    functions = {
        "Image.load": lambda: numbers,
        "Image.constant": lambda: {"constant": a["value"]},
        "Image.select": lambda: {band: a["input"][band] for band in a["bandSelectors"]},
        "Image.multiply": lambda: {band: x * a["image2"]["constant"] for band, x in a["image1"].items()},
        "Image.rename": lambda: dict(zip(a["names"], a["input"].values(), strict=True)),
        "Image.toFloat": lambda: {band: np.float32(x) for band, x in a["value"].items()},
    }
    return functions[node.function]()


@pytest.mark.parametrize("name", sorted(LITERATURE))
def test_value_is_that_of_the_literature_on_reflectance(ee_signatures, name):
    pixels = Pixels()
    result = evaluate(tree_of(ee_signatures, name), pixels.numbers)
    assert list(result) == [name]
    assert result[name].dtype == np.float32
    np.testing.assert_allclose(result[name], LITERATURE[name](pixels), rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_every_index_builds_one_expression_on_exactly_its_bands(ee_signatures, name):
    tree = tree_of(ee_signatures, name)
    (parse,) = calls(tree, "Image.parseExpression")
    assert parse.arguments["expression"] == RAW["indices"][name]["formula"]
    selected = {band for call in calls(tree, "Image.select") for band in call.arguments["bandSelectors"]}
    assert selected == set(indices.find(name).bands)
    with np.errstate(invalid="ignore"):
        assert np.isfinite(evaluate(tree, Pixels().numbers)[name]).any()


def test_the_catalogue_holds_every_sentinel_2_index_of_bands_and_constants():
    # Version 0.12.0 marks 245 indices for Sentinel-2; five are kernels, NIRvP needs the light of the day.
    assert set(RAW["left_out"]) == {"kEVI", "kIPVI", "kNDVI", "kRVI", "kVARI", "NIRvP"}
    assert len(indices.catalogue()) == 245 - 6


@pytest.mark.parametrize("name", NAMES)
def test_formula_is_plain_arithmetic_with_known_names(name):
    index = indices.catalogue()[name]
    allowed = (ast.Expression, ast.BinOp, ast.UnaryOp, ast.Name, ast.Constant, ast.Load)
    operators = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.USub)
    nodes = list(ast.walk(ast.parse(index.formula, mode="eval")))
    assert all(isinstance(node, allowed + operators) for node in nodes)
    assert all(isinstance(node.value, float) for node in nodes if isinstance(node, ast.Constant))
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    assert used == set(index.variables) | set(index.constants)
    assert not set(index.variables) & set(index.constants)


@pytest.mark.parametrize("product", ["L1C", "L2A"])
def test_both_products_hold_every_band_that_an_index_needs(product):
    for name in NAMES:
        assert set(indices.find(name).bands) <= set(catalog.PRODUCTS[product].bands), name


def test_symbols_stand_for_the_bands_of_sentinel_2():
    assert RAW["bands"] == {
        "A": "B1", "B": "B2", "G": "B3", "R": "B4", "RE1": "B5", "RE2": "B6", "RE3": "B7",
        "N": "B8", "N2": "B8A", "WV": "B9", "S1": "B11", "S2": "B12",
    }  # fmt: skip


def test_constants_are_the_catalogues_unless_a_change_is_declared():
    defaults = {name: constant["default"] for name, constant in RAW["constants"].items()}
    for name, index in indices.catalogue().items():
        if any(defaults[constant] != value for constant, value in index.constants.items()):
            assert "constants:" in RAW["changes"][name]


def test_the_data_file_is_sorted_and_says_where_it_comes_from():
    text = indices.CATALOGUE.read_text(encoding="utf-8")
    assert text == json.dumps(RAW, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert RAW["about"]["source"] == "https://github.com/awesome-spectral-indices/awesome-spectral-indices"
    assert RAW["about"]["version"]
    assert all(entry["long_name"] and entry["reference"] for entry in RAW["indices"].values())


def test_the_licence_of_the_catalogue_is_beside_it():
    licence = indices.CATALOGUE.with_suffix(".LICENSE").read_text(encoding="utf-8")
    assert licence.startswith("MIT License")
    assert "Copyright (c) 2021 David Montero Loaiza" in licence
    assert "The above copyright notice and this permission notice shall be included" in licence


@pytest.mark.parametrize(
    ("wrong", "right"), [("ndvi", "NDVI"), ("NDVII", "NDVI"), ("AWEI", "AWEIsh"), (" EVI", "EVI")]
)
def test_an_unknown_index_is_refused_with_the_closest_ones(wrong, right):
    for function in (indices.find, lambda name: indices.expression(None, name)):
        with pytest.raises(InvalidChoice) as refusal:
            function(wrong)
        assert repr(wrong) in refusal.value.what
        assert right in refusal.value.next_step


def test_an_index_like_no_other_is_refused_without_a_guess():
    with pytest.raises(InvalidChoice, match="catalogue") as refusal:
        indices.find("???")
    assert "Did you mean" not in refusal.value.next_step


def test_names_that_differ_in_case_are_different_indices():
    assert indices.find("BAI").domain == "burn"
    assert indices.find("BaI").domain == "soil"


def test_the_catalogue_cannot_be_changed():
    with pytest.raises(TypeError):
        indices.catalogue()["NDVI"] = None
    with pytest.raises(TypeError):
        indices.find("SAVI").constants["L"] = 1.0


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("tool", ROOT / "tools" / "make_spectral_indices.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        ("sqrt(N)", "sqrt"),
        ("N if R else G", "holds"),
        ("N // R", "holds"),
        ("+N", "holds"),
        ("-N ** 2", "holds"),
        ("N ** R ** 2", "power"),
        ("(N ** R) ** 2", "power"),
        ("N - PAR", "PAR"),
        ("N > R", "holds"),
    ],
)
def test_the_tool_refuses_what_is_not_plain_arithmetic(tool, formula, reason):
    with pytest.raises(tool.FormulaError, match=reason):
        tool.translate(formula, {"N", "R", "G", "sqrt"})


def test_the_tool_makes_whole_numbers_decimal_and_leaves_names_alone(tool):
    assert tool.translate("RE1 * 2 ** (1/3) - 0.5", {"RE1"}) == "RE1 * 2.0 ** (1.0/3.0) - 0.5"


def test_the_tool_keeps_what_sentinel_2_can_compute(tool):
    def entry(formula, *platforms):
        return {
            "formula": formula, "platforms": platforms, "long_name": "Long", "application_domain": "water",
            "reference": "https://example.org", "date_of_addition": "2020-01-01",
        }  # fmt: skip

    def band(name, wavelength):
        return {"platforms": {"sentinel2a": {"band": name, "wavelength": wavelength}}}

    data = tool.convert(
        {
            "Kept": entry("q * (N - R) / 2", "Sentinel-2", "MODIS"),
            "Slope": entry("lambdaN * R", "Sentinel-2"),
            "Light": entry("N * PAR", "Sentinel-2"),
            "Thermal": entry("T - R", "Landsat-OLI"),
        },
        {
            "q": {"default": 2, "description": "Quantity"},
            "PAR": {"default": None, "description": "Light"},
            "lambdaN": {"default": None, "description": "Wavelength"},
        },
        {"N": band("B8", 832.8), "R": band("B4", 664.6), "T": {"platforms": {"landsat8": {}}}},
        "1.2.3",
    )
    assert sorted(data["indices"]) == ["Kept", "Slope"]
    assert data["indices"]["Kept"]["formula"] == "q * (N - R) / 2.0"
    assert data["indices"]["Kept"]["bands"] == ["N", "R"]
    assert data["indices"]["Kept"]["constants"] == {"q": 2.0}
    assert data["indices"]["Slope"]["constants"] == {"lambdaN": 832.8}
    assert sorted(data["left_out"]) == ["Light"]
    assert data["about"]["version"] == "1.2.3"
