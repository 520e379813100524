"""What the sandbox evaluates and what it assumes, as lines of text."""

from __future__ import annotations

from itertools import groupby

from .assumptions import ASSUMPTIONS
from .evaluator import supported
from .signatures import Parameter, signatures


def functions() -> list[str]:
    """One line a function that is evaluated: its name and the arguments of the real signature."""
    return [f"{name}({', '.join(map(_argument, signatures()[name].parameters))})" for name in supported()]


def _argument(parameter: Parameter) -> str:
    kind = parameter.type.replace("Image<unknown bands>", "Image")
    return f"{parameter.name}: {kind}{'?' if parameter.optional else ''}"


def families() -> list[str]:
    """A Markdown table: each family of functions, what is evaluated of it, and out of how many."""
    lines = ["| family | evaluated | names |", "|---|---|---|"]
    for family, members in groupby(sorted(supported(), key=lambda name: (_family(name), name)), key=_family):
        names = [name.removeprefix(f"{family}.") for name in members]
        every = [name for name in signatures() if _family(name) == family]
        lines.append(f"| {family or 'alone'} | {len(names)} of {len(every)} | {', '.join(names)} |")
    return lines


def _family(name: str) -> str:
    return name.rpartition(".")[0]


def assumptions() -> list[str]:
    """A Markdown table: what is not documented, and what the sandbox does."""
    rows = [f"| {question} | {choice} |" for question, choice in ASSUMPTIONS.items()]
    return ["| not documented | the sandbox |", "|---|---|", *rows]
