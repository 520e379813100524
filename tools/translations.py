"""Bring resources/i18n up to date: what there is to translate, what is translated, and the catalogues that are read.

    make translations                   after sentences have changed; lists what is left to translate
    make translations LANGUAGES=fr      begins a new language

Run with QGIS's Python: names, labels and help are asked of the provider itself, so that its files need no marks.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import os
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "resources" / "i18n"
TEMPLATE = FOLDER / "csplus.pot"

KEYWORDS = {"_": None, "marked": None, "ngettext": (1, 2), "one_of": (1,), "between": (1,)}
"""Functions whose texts are translated; the last two name a choice in their first argument."""

UNDATED = datetime(1970, 1, 1, tzinfo=timezone.utc)
"""In the place of dates, so that equal sentences give equal files."""

WIDTH = 110

Found = tuple[str | tuple[str, str], str, str]
"""A text, or its forms for one and for many; the file that holds it; a note for whoever translates it."""


def main() -> None:
    """Write template and catalogues, and print what is left."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "new", nargs="*", metavar="LANGUAGE", help="a language to begin, as QGIS names it: fr, pt_BR"
    )
    template = make_template()
    write(template, TEMPLATE)
    languages = {path.stem for path in FOLDER.glob("*.po")}
    for language in sorted(languages | set(parser.parse_args().new)):
        catalogue = update(template, language)
        write(catalogue, FOLDER / f"{language}.po")
        compiled = compiled_path(language)
        compiled.parent.mkdir(parents=True, exist_ok=True)
        compiled.write_bytes(compiled_bytes(catalogue))
        left = untranslated(catalogue)
        print(f"{language}: {len(catalogue) - len(left)} of {len(catalogue)} texts are translated.")
        for message in left:
            print(f"  {message.id!r}")


def make_template() -> Catalog:
    """Collect every text."""
    template = Catalog(
        project="Cloud Score+ for QGIS",
        version="",
        header_comment="# Texts of Cloud Score+ for QGIS, made by `make translations`; not to be edited.",
        creation_date=UNDATED,
        revision_date=UNDATED,
        fuzzy=False,
    )
    for text, file, note in (*texts_in_code(), *texts_of_tables(), *texts_of_provider()):
        template.add(text, locations=[(file, 0)], auto_comments=[note] if note else [])
    for message in template:
        message.auto_comments = message.auto_comments[:1]
        message.locations = sorted(set(message.locations))[:3]
    return template


def texts_in_code() -> Iterator[Found]:
    """Find what the code itself translates or marks."""
    for folder in ("algorithms", "csplus_plugin"):
        for name, _line, text, _comments, _context in extract_from_dir(
            ROOT / folder,
            method_map=[("sandbox/**", "ignore"), ("vendor/**", "ignore"), ("**.py", "python")],
            keywords=KEYWORDS,
        ):
            yield text, f"{folder}/{Path(name).as_posix()}", ""


def texts_of_tables() -> Iterator[Found]:
    """Find what tables of the field say, and is translated where it is shown."""
    catalog = _plugin().core.catalog
    file = "csplus_plugin/core/catalog.py"
    for ways in (catalog.METHODS, catalog.STATISTICS, catalog.METRICS):
        for name, way in ways.items():
            yield way.label, file, f"the choice {name}"
            yield way.use, file, f"what {name} is good for"
    for style in (*catalog.ALL_STYLES.values(),):
        yield style.label, file, "a style"
        yield from ((name, file, "a class of a style") for name in style.classes)
    for table in (catalog.SCORE_BANDS, catalog.UNSCORED_POLICIES, catalog.INDEX_SOURCES, catalog.MEASURES):
        for name, meaning in table.items():
            yield meaning, file, f"what {name} means"


def texts_of_provider() -> Iterator[Found]:
    """Ask every algorithm and model for the texts of its dialog, in English."""
    plugin = _plugin()
    provider = plugin.provider.CsPlusProvider()
    provider.loadAlgorithms()
    models = plugin.processing.shipped_model
    algorithms = [
        *provider.algorithms(),
        *(models.ShippedModel(file) for file in sorted(models.MODELS.glob("*.model3"))),
    ]
    for group, _icon in plugin.processing.base.GROUPS.values():
        yield group, "csplus_plugin/processing/base.py", "a group of the toolbox"
    for algorithm in algorithms:
        made = algorithm.create()
        place = f"csplus:{made.name()}"
        yield from ((text, place, note) for text, note in _texts_of(made) if text.strip())


def _texts_of(algorithm: Any) -> Iterator[tuple[str, str]]:
    yield from algorithm.texts()
    for parameter in algorithm.parameterDefinitions():
        yield parameter.description(), f"label of {parameter.name()}"
        yield parameter.help(), f"help of {parameter.name()}"
        if hasattr(parameter, "fileFilter"):
            yield parameter.fileFilter(), f"files for {parameter.name()}"
    for output in algorithm.outputDefinitions():
        yield output.description(), f"the output {output.name()}"


def update(template: Catalog, language: str) -> Catalog:
    """Read what is translated into a language, and bring it to the present texts; what is gone is left out."""
    path = FOLDER / f"{language}.po"
    found = read(path) if path.is_file() else Catalog(
        locale=language.replace("-", "_"), project=template.project, version="", fuzzy=False,
        header_comment=f"# Cloud Score+ for QGIS in the language {language}.",
    )  # fmt: skip
    found.update(template, no_fuzzy_matching=True)
    found.obsolete.clear()
    found.creation_date = found.revision_date = UNDATED
    return found


def untranslated(catalogue: Catalog) -> list[Message]:
    """List the texts that have no translation, or a doubtful one."""
    return [message for message in catalogue if message.id and (message.fuzzy or not all(forms(message)))]


def forms(message: Message) -> tuple[str, ...]:
    """Give the translations of a text: one, or one for each kind of number."""
    return (message.string or "",) if isinstance(message.string, (str, type(None))) else tuple(message.string)


def read(path: Path) -> Catalog:
    """Read a template or a catalogue."""
    with path.open("rb") as file:
        return read_po(file, locale=None if path == TEMPLATE else path.stem)


def write(catalogue: Catalog, path: Path) -> None:
    """Write a template or a catalogue."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text_bytes(catalogue))


def text_bytes(catalogue: Catalog) -> bytes:
    """Give a catalogue as it is written."""
    made = io.BytesIO()
    write_po(made, catalogue, width=WIDTH, include_lineno=False, ignore_obsolete=True)
    return made.getvalue()


def compiled_path(language: str) -> Path:
    """Say where Python's gettext looks for a language."""
    return FOLDER / language / "LC_MESSAGES" / "csplus.mo"


def compiled_bytes(catalogue: Catalog) -> bytes:
    """Compile a catalogue."""
    catalogue.creation_date = catalogue.revision_date = UNDATED
    made = io.BytesIO()
    write_mo(made, catalogue)
    return made.getvalue()


def _plugin() -> Any:
    """Import the plugin as QGIS does, once, with QGIS running and English spoken."""
    if "csplus" not in sys.modules:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        spec = importlib.util.spec_from_file_location(
            "csplus", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
        )
        module = importlib.util.module_from_spec(spec)
        sys.modules["csplus"] = module
        spec.loader.exec_module(module)
    from qgis.core import QgsApplication

    if QgsApplication.instance() is None:
        _plugin.application = QgsApplication([], False)
        QgsApplication.initQgis()
    import csplus.csplus_plugin.core.catalog
    import csplus.csplus_plugin.processing.shipped_model
    import csplus.csplus_plugin.provider

    return csplus.csplus_plugin


if __name__ == "__main__":
    main()
