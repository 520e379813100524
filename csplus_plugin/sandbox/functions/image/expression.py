"""`Image.expression`: a formula becomes a function of images."""

# ruff: noqa: FBT001 - arguments are those of the real functions
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import Refused
from ...graph.formulas import parse
from ...graph.promotion import promote
from ...graph.registry import call, function
from ...values.types import Algorithm


@function("Image.parseExpression")
def parse_expression(
    expression: str,
    arg_name: str,
    vars_: list[str],
    map_free_vars_to_default_image_bands: bool,
) -> Algorithm:
    """Give a function of the formula's variables."""
    formula = parse(expression, arg_name)
    missing = sorted(formula.variables - set(vars_))
    if missing and not map_free_vars_to_default_image_bands:
        raise Refused(
            f"Image.parseExpression: Expression variable '{missing[0]}' is not in the list of variables."
        )

    def run(arguments: Mapping[str, Any]) -> Any:
        scope = {name: promote(v, "Image<unknown bands>") for name, v in arguments.items() if v is not None}
        for name in missing:
            scope[name] = call("Image.select", [scope[arg_name], [name]])
        return formula.run(scope, _of_images)

    return Algorithm(tuple(vars_), run)


def _of_images(name: str, values: Sequence[Any]) -> Any:
    if name != "choose":
        return call(f"Image.{name}", values)
    condition, one, other = values
    # Masked where the condition or the chosen side is.
    taken = call("Image.updateMask", [one, condition])
    rest = call("Image.updateMask", [other, call("Image.not", [condition])])
    return call("Image.unmask", [taken, rest, False])
