"""Write the generated tables of csplus_plugin/sandbox/README.md: run it after adding a function or an assumption.

python3 tools/sandbox_readme.py
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "csplus_plugin" / "sandbox" / "README.md"


def with_tables(text: str, tables: dict[str, list[str]]) -> str:
    """The text with each table between `<!-- name -->` and `<!-- end -->` replaced."""
    for name, lines in tables.items():
        start, end = f"<!-- {name} -->\n", "\n<!-- end -->"
        before, _, rest = text.partition(start)
        text = before + start + "\n".join(lines) + rest[rest.index(end) :]
    return text


def main() -> None:
    """Rewrite the file."""
    sys.path.insert(0, str(ROOT))
    from csplus_plugin.sandbox import listing

    text = README.read_text(encoding="utf-8")
    tables = {"assumptions": listing.assumptions(), "functions": listing.families()}
    README.write_text(with_tables(text, tables), encoding="utf-8")


if __name__ == "__main__":
    main()
