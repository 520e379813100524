"""Bring resources/i18n up to date: what there is to translate, what is translated, and the catalogues that are read.

    make translations                   after sentences have changed; lists what is left to translate
    make translations LANGUAGES=fr      begins a new language

Run with QGIS's Python: names, labels and help are asked of the provider itself, so that its files need no marks.
"""

from __future__ import annotations

import argparse
import ast
import gettext
import importlib.util
import io
import os
import re
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "resources" / "i18n"
TEMPLATE = FOLDER / "csplus.pot"

KEYWORDS = {"_": 1, "marked": 1, "ngettext": 2, "one_of": 1, "between": 1}
"""Functions whose first arguments are translated, and how many; the last two name a choice in it."""

UNDATED = datetime(1970, 1, 1, tzinfo=timezone.utc)
"""In the place of dates, so that equal sentences give equal files."""

WIDTH = 110

SPEAKING = {
    *("InvalidChoice", "NothingFound", "MissingLibrary", "FileTrouble", "CsPlusError"),
    *("SignInNeeded", "PermissionDenied", "QuotaExceeded", "RequestTooLarge", "ComputationTooHeavy"),
    *(
        "BadRequest",
        "Unreachable",
        "say",
        "warn",
        "note",
        "log",
        "pushInfo",
        "pushWarning",
        "setProgressText",
    ),
    *("inform", "tell", "addAction", "addMenu", "addRow", "QLabel", "QPushButton", "QGroupBox", "setText"),
    *(
        "setToolTip",
        "setTitle",
        "setWindowTitle",
        "setAccessibleName",
        "setPlaceholderText",
        "setHeaderLabels",
    ),
}
"""Functions whose texts a user reads: given to them as they are, they would stay English."""

FLOORS = ("core", "earthengine", "download", "layers", "gui")
"""Folders in which every whole sentence is for users; those above hold help, which is translated where it is added."""

IN_ENGLISH = ("catalog.py", "days.py", "printer.py", "scenes.py", "script.py")
"""Files of these whose sentences go into files and scripts."""

SENTENCE = re.compile(r"[A-Z][a-z ](.* .*[.?]|.*…)$")

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
    if bare := list(bare_texts()):
        print("Texts that no language can translate: wrap them in `_`, of core/language.py.")
        print("\n".join(f"  {place}: {text}" for place, text in bare))


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
    for text, file, note in (*texts_in_code(), *texts_of_provider(), *texts_of_tables()):
        template.add(text, locations=[(file, 0)], auto_comments=[note] if note else [])
    for message in template:
        message.auto_comments = message.auto_comments[:1]
        message.locations = sorted(set(message.locations))[:3]
    return template


def texts_in_code() -> Iterator[Found]:
    """Find what the code itself translates or marks."""
    for path, tree in _modules():
        for text in texts_in(tree):
            yield text, path.as_posix(), ""


def _modules() -> Iterator[tuple[Path, ast.Module]]:
    """Read our modules, but for the sandbox, which speaks as a server does."""
    for folder in ("algorithms", "csplus_plugin"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not {"sandbox", "vendor"} & set(path.relative_to(ROOT).parts):
                yield path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))


def texts_in(tree: ast.Module) -> Iterator[str | tuple[str, str]]:
    """Find the texts that a module translates, in order."""
    calls = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        given = call.args[: KEYWORDS.get(call.func.id, 0)]
        texts = [one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        if len(texts) == 2:  # noqa: PLR2004 one and many
            yield texts[0], texts[1]
        elif texts:
            yield texts[0]


def texts_of_provider() -> Iterator[Found]:
    """Ask every algorithm and model for its dialog, and note what it wants to have translated."""
    plugin = _plugin()
    listener = Listener()
    with plugin.core.language.spoken_by(listener):
        provider = plugin.provider.CsPlusProvider()
        provider.loadAlgorithms()
        for algorithm in sorted(provider.algorithms(), key=lambda one: one.name()):
            listener.place = f"csplus:{algorithm.name()}"
            made = algorithm.create()
            for ask in (made.displayName, made.group, made.shortDescription, made.shortHelpString):
                ask()
    yield from listener.heard
    for place, text in listener.mixed:
        sys.exit(f"{place}: of this, only the end can be translated: {text}")


def bare_texts() -> Iterator[tuple[str, str]]:
    """Find texts for users that are said without being translated: where, and what."""
    for path, tree in _modules():
        given = {
            id(one)
            for call in ast.walk(tree)
            if isinstance(call, ast.Call)
            and getattr(call.func, "attr", getattr(call.func, "id", "")) in SPEAKING
            for one in call.args
        }
        for node in _untranslated(tree):
            text = _literal(node)
            is_sentence = path.parts[1] in FLOORS and path.name not in IN_ENGLISH and SENTENCE.match(text)
            if is_sentence or (id(node) in given and re.search("[a-z]{2}", text)):
                yield f"{path.as_posix()}:{node.lineno}", ast.unparse(node)


def _untranslated(tree: ast.Module) -> Iterator[ast.expr]:
    """Give the texts of a module that are neither translated, nor docstrings, nor parts of other texts."""
    left_out: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            left_out.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            left_out |= {id(one) for one in node.values}
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in KEYWORDS:
            left_out |= {id(one) for one in node.args}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr | ast.Constant) and id(node) not in left_out:
            yield node


def _literal(given: ast.expr) -> str:
    """Give what is written out of a text."""
    parts = given.values if isinstance(given, ast.JoinedStr) else [given]
    return " ".join(
        one.value for one in parts if isinstance(one, ast.Constant) and isinstance(one.value, str)
    )


def texts_of_tables() -> Iterator[Found]:
    """Find what tables of the field say, and is translated where it is shown."""
    catalog = _plugin().core.catalog
    file = "csplus_plugin/core/catalog.py"
    for ways in (catalog.METHODS, catalog.STATISTICS, catalog.METRICS):
        for way in ways.values():
            yield way.label, file, ""
            yield way.use, file, ""
    for style in catalog.ALL_STYLES.values():
        yield style.label, file, ""
        yield from ((name, file, "") for name in style.classes)
    yield from ((role, file, "what a band measures") for role, _size in catalog.BANDS.values())
    labels = _plugin().core.labels
    for words in labels.WORDS.values():
        yield from ((word, "csplus_plugin/core/labels.py", "") for word in words.values())
    domains = {index.domain.capitalize() for index in _plugin().core.indices.catalogue().values()}
    yield from (
        (domain, "csplus_plugin/core/labels.py", "a group of spectral indices") for domain in sorted(domains)
    )


class Listener(gettext.NullTranslations):
    """A catalogue that notes what it is asked for.

    What it answers begins with a mark that nobody sees: a text that holds one is put together from translated parts.
    """

    MARK = "\N{WORD JOINER}"

    def __init__(self) -> None:
        super().__init__()
        self.place = ""
        self.heard: list[Found] = []
        self.mixed: list[tuple[str, str]] = []
        """Texts that begin in English and go on translated, and where they are shown."""

    def gettext(self, message: str) -> str:
        """Note a text, and give it back with the mark."""
        if self.MARK in message:
            if not message.startswith(self.MARK):
                self.mixed.append((self.place, message.replace(self.MARK, "")))
            return message
        if message.strip():
            self.heard.append((message, self.place, ""))
        return self.MARK + message


def update(template: Catalog, language: str) -> Catalog:
    """Read what is translated into a language, and bring it to the present texts; what is gone waits in comments."""
    path = FOLDER / f"{language}.po"
    found = read(path) if path.is_file() else Catalog(
        locale=language.replace("-", "_"), project=template.project, version="", fuzzy=False,
        header_comment=f"# Cloud Score+ for QGIS in the language {language}.",
    )  # fmt: skip
    for message in [*found.obsolete.values()]:
        found[message.id] = message
    found.obsolete.clear()
    found.update(template, no_fuzzy_matching=True)
    for key in [key for key, one in found.obsolete.items() if not any(forms(one))]:
        del found.obsolete[key]
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
    write_po(made, catalogue, width=WIDTH, include_lineno=False)
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
    """Import the plugin as QGIS does and register it: models show less where they miss the algorithms they chain."""
    if "csplus" not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            "csplus", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
        )
        module = importlib.util.module_from_spec(spec)
        sys.modules["csplus"] = module
        spec.loader.exec_module(module)
    from qgis.core import QgsApplication

    if QgsApplication.instance() is None:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        _plugin.application = QgsApplication([], False)
        QgsApplication.initQgis()
        sys.path.append(str(Path(QgsApplication.pkgDataPath()) / "python" / "plugins"))
        from processing.core.Processing import Processing

        Processing.initialize()
    registry = QgsApplication.processingRegistry()
    import csplus.csplus_plugin.core.catalog
    import csplus.csplus_plugin.core.labels
    import csplus.csplus_plugin.processing.shipped_model
    import csplus.csplus_plugin.provider

    if registry.providerById("csplus") is None:
        _plugin.provider = csplus.csplus_plugin.provider.CsPlusProvider()  # QGIS keeps only its own half
        registry.addProvider(_plugin.provider)
    return csplus.csplus_plugin


if __name__ == "__main__":
    main()
