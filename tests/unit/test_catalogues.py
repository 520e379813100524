"""The catalogues of translations: whole, compiled as they are written, and true to what must not be translated."""

from __future__ import annotations

import importlib.util
import re
import string
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("babel", reason="`make setup` installs it")

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "resources" / "i18n"
LANGUAGES = sorted(path.stem for path in FOLDER.glob("*.po"))
TO_DO = "Run `make translations`, and translate what it lists."

KEPT = re.compile(
    r"https?://[^\s,;)`]+"  # addresses
    r"|csplus[:/]\w+"  # ids and settings
    r"|--[A-Z_]+|\b[A-Z][A-Z_]*_[A-Z_]+\b"  # options, variables and parameters
    r"|\b(?:EXTENT|AREA|LAYERS|RECIPE|BASEMAP|FRAMES|LABEL|SCRIPT|OUTPUT|LIVE|FEATURES|FOLDER|BUCKET|THRESHOLD)\b"
    r"|EPSG:\d+|\b[A-Z]+=[\w.,-]+|`[^`]+`"  # codes, examples and commands
)


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("translations", ROOT / "tools" / "translations.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def messages(path: Path) -> list[Message]:
    with path.open("rb") as file:
        return [message for message in read_po(file) if message.id]


def forms(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)


def english(message: Message) -> list[str]:
    return [message.id] if isinstance(message.id, str) else list(message.id)


def fields(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def test_japanese_is_there() -> None:
    assert "ja" in LANGUAGES


def test_the_code_holds_no_text_that_the_template_lacks(tool: ModuleType) -> None:
    """What the dialogs show beside is compared in tests/qgis/test_translations.py, where QGIS is."""
    known = {message.id for message in messages(FOLDER / "csplus.pot")}
    said = [text for text, _file, _note in tool.texts_in_code()]
    assert len(said) > 500
    assert sorted(map(str, set(said) - known)) == [], TO_DO


def test_every_text_for_users_can_be_translated(tool: ModuleType) -> None:
    assert list(tool.bare_texts()) == [], "Wrap them in `_`, of core/language.py."


def test_a_text_that_cannot_be_translated_is_found(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    algorithm = tmp_path / "algorithms" / "one.py"
    error = tmp_path / "csplus_plugin" / "core" / "two.py"
    for path in (algorithm, error):
        path.parent.mkdir(parents=True)
    algorithm.write_text(
        "def f(run, x):\n    run.say(f'{x} is wrong.')\n    run.say(f'{x}: {x}')\n    run.say(_('Right.'))\n"
    )
    error.write_text(
        '"""What it is for."""\nNEXT = "Run it again, please."\nHERE = marked("Leave it as it is.")\n'
    )
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    assert list(tool.bare_texts()) == [
        ("algorithms/one.py:2", "f'{x} is wrong.'"),
        ("csplus_plugin/core/two.py:2", "'Run it again, please.'"),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
class TestALanguage:
    def test_has_every_text_and_no_other(self, language: str) -> None:
        assert [message.id for message in messages(FOLDER / f"{language}.po")] == [
            message.id for message in messages(FOLDER / "csplus.pot")
        ], TO_DO

    def test_leaves_nothing_untranslated(self, language: str) -> None:
        left = [one.id for one in messages(FOLDER / f"{language}.po") if one.fuzzy or not all(forms(one))]
        assert left == [], TO_DO

    def test_names_the_fields_of_the_source(self, language: str) -> None:
        for message in messages(FOLDER / f"{language}.po"):
            many = fields(english(message)[-1])
            for text in forms(message):
                assert fields(text) == many, message.id

    def test_keeps_ids_addresses_and_commands(self, language: str) -> None:
        for message in messages(FOLDER / f"{language}.po"):
            for kept in KEPT.findall(english(message)[-1]):
                for text in forms(message):
                    assert kept.rstrip(".,:") in text, message.id

    def test_is_compiled_as_it_is_written(self, tool: ModuleType, language: str) -> None:
        catalogue = tool.read(FOLDER / f"{language}.po")
        assert tool.compiled_path(language).read_bytes() == tool.compiled_bytes(catalogue), TO_DO


def test_sentences_in_japanese_end_as_the_english_do() -> None:
    for message in messages(FOLDER / "ja.po"):
        (text,) = forms(message)
        if english(message)[-1].endswith(".") and len(text) > 1:
            assert text.endswith(("。", "}", "…")) or message.id == "{what}.", message.id
        assert "、。" not in text, message.id
        assert "。。" not in text, message.id


def test_a_text_that_comes_back_has_its_translation(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tool, "FOLDER", tmp_path)
    path = tmp_path / "fr.po"

    def template(*texts: str) -> Catalog:
        made = Catalog()
        for text in texts:
            made.add(text)
        return made

    begun = tool.update(template("One", "Two"), "fr")
    assert [one.id for one in tool.untranslated(begun)] == ["One", "Two"]
    begun["One"].string = "Un"
    tool.write(begun, path)
    tool.write(tool.update(template("Two"), "fr"), path)
    assert [message.id for message in messages(path)] == ["Two"]
    tool.write(tool.update(template("One", "Two", "Three"), "fr"), path)
    assert [(one.id, one.string) for one in messages(path)] == [("One", "Un"), ("Two", ""), ("Three", "")]
