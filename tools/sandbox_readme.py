"""Write the generated tables of csplus_plugin/sandbox/README.md: run it after adding a function or an assumption.

python3 tools/sandbox_readme.py
"""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from csplus_plugin.sandbox.assumptions import ASSUMPTIONS  # noqa: E402
from csplus_plugin.sandbox.graph.evaluator import supported  # noqa: E402
from csplus_plugin.sandbox.graph.signatures import signatures  # noqa: E402

README = ROOT / "csplus_plugin" / "sandbox" / "README.md"


def with_tables(text: str, tables: dict[str, list[str]]) -> str:
    """Replace each table between `<!-- name -->` and `<!-- end -->`."""
    for name, lines in tables.items():
        start, end = f"<!-- {name} -->\n", "\n<!-- end -->"
        before, _, rest = text.partition(start)
        text = before + start + "\n".join(lines) + rest[rest.index(end) :]
    return text


def families() -> list[str]:
    """Make a Markdown table: each family of functions, what is evaluated of it, and out of how many."""
    lines = ["| family | evaluated | names |", "|---|---|---|"]
    for family, members in groupby(sorted(supported(), key=lambda name: (_family(name), name)), key=_family):
        names = [name.removeprefix(f"{family}.") for name in members]
        every = [name for name in signatures() if _family(name) == family]
        lines.append(f"| {family or 'alone'} | {len(names)} of {len(every)} | {', '.join(names)} |")
    return lines


def _family(name: str) -> str:
    return name.rpartition(".")[0]


def assumptions() -> list[str]:
    """Make a Markdown table: what is not documented, and what the sandbox does."""
    rows = [f"| {question} | {choice} |" for question, choice in ASSUMPTIONS.items()]
    return ["| not documented | the sandbox |", "|---|---|", *rows]


def main() -> None:
    """Rewrite the file."""
    text = README.read_text(encoding="utf-8")
    README.write_text(
        with_tables(text, {"assumptions": assumptions(), "functions": families()}), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
