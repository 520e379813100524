"""The language of what a user reads: taken from a catalogue where there is one, else English, whatever is damaged."""

from __future__ import annotations

import ast
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from csplus.csplus_plugin.core import language
from csplus.csplus_plugin.core.errors import InvalidChoice
from csplus.csplus_plugin.core.grid import utm_crs
from csplus.csplus_plugin.core.language import _, in_english, marked, ngettext

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = [
    path
    for folder in ("algorithms", "csplus_plugin")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if not {"sandbox", "vendor"} & set(path.parts)
]
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
LOOPS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    language.use("en")
    language._catalogue.cache_clear()


def test_english_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "FOLDER", Path("/nowhere"))
    assert _("No band was chosen.") == "No band was chosen."
    assert (
        _("{count} rows of {size:,.1f} {name!r}", count=3, size=1234.56, name="a") == "3 rows of 1,234.6 'a'"
    )
    assert [ngettext("{count} row.", "{count} rows.", count) for count in (0, 1, 2)] == [
        "0 rows.",
        "1 row.",
        "2 rows.",
    ]
    assert language.current() == "en"


@pytest.mark.parametrize("name", ["ja", "ja_JP", "ja_JP@x", "ja-JP"])
def test_japanese(name: str) -> None:
    language.use(name)
    assert language.current() == "ja"
    assert _("No band was chosen.") == "バンドが選ばれていません。"
    assert _("{name} is not a GeoTIFF.", name="a.png") == "a.png は GeoTIFF ではありません。"
    assert ngettext("{count} scene", "{count} scenes", 1) == "1 件"
    assert ngettext("{count} scene", "{count} scenes", 12) == "12 件"
    assert _("") == ""
    assert _("Nobody has ever written this.") == "Nobody has ever written this."


def test_an_error_says_what_and_what_next_in_japanese() -> None:
    language.use("ja")
    with pytest.raises(InvalidChoice) as told:
        utm_crs(0, 89)
    assert str(told.value) == "極の近くには UTM ゾーンがありません。 結果の CRS を選んでください。"


@pytest.mark.parametrize("name", ["C", "", "en_US", "xx", "../ja", "/etc", "ja\0", "日本語", "zh-Hans"])
def test_a_language_without_a_catalogue_is_english(name: str) -> None:
    language.use(name)
    assert _("No band was chosen.") == "No band was chosen."
    assert language.current() == "en"


def test_the_environment_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.setenv(variable, "ja_JP.UTF-8")
    assert _("No band was chosen.") == "No band was chosen."


@pytest.mark.parametrize("content", [b"", b"\xde\x12\x04\x95", b"no catalogue", bytes(10_000)])
def test_a_damaged_catalogue_is_english(
    content: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = tmp_path / "ja" / "LC_MESSAGES" / "csplus.mo"
    made.parent.mkdir(parents=True)
    made.write_bytes(content)
    monkeypatch.setattr(language, "FOLDER", tmp_path)
    language.use("ja")
    assert _("No band was chosen.") == "No band was chosen."
    assert "cannot be read" in caplog.text


@pytest.mark.parametrize("broken", ["{nobody} は", "{name", "{name.nobody}", "{0}"])
def test_a_translation_that_does_not_fit_its_fields_is_passed_over(broken: str) -> None:
    class Broken(language.gettext.NullTranslations):
        def gettext(self, message: str) -> str:
            return broken

    with language.spoken_by(Broken()):
        assert _("{name} is not a GeoTIFF.", name="a.png") == "a.png is not a GeoTIFF."


def test_files_are_written_in_english_while_others_read_japanese() -> None:
    language.use("ja")
    elsewhere: list[str] = []
    with in_english():
        assert _("No band was chosen.") == "No band was chosen."
        other = threading.Thread(target=lambda: elsewhere.append(_("No band was chosen.")))
        other.start()
        other.join()
    assert elsewhere == [_("No band was chosen.")] == ["バンドが選ばれていません。"]


def test_marking_changes_nothing() -> None:
    language.use("ja")
    assert marked("No band was chosen.") == "No band was chosen."


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_translated_while_a_module_is_imported(path: Path) -> None:
    """The language is chosen after that, and a text that was translated too early would stay English."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    later = {id(inner) for node in ast.walk(tree) if isinstance(node, SCOPES) for inner in _body(node)}
    early = [node.lineno for node in ast.walk(tree) if _translates(node) and id(node) not in later]
    assert early == []


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_variable_takes_the_name_of_the_function_that_translates(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (*SCOPES, *LOOPS)) and "_" in _own_names(node):
            assert not [one.lineno for one in ast.walk(node) if _translates(one)], node.lineno


def _translates(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("_", "ngettext")
    )


def _body(node: ast.AST) -> Iterator[ast.AST]:
    """Give what runs when a function is called; its default values are made when it is defined."""
    for part in [node.body] if isinstance(node, ast.Lambda) else node.body:
        yield from ast.walk(part)


def _own_names(node: ast.AST) -> set[str]:
    """List the names that a function or a comprehension sets, without those of comprehensions in it."""
    names = {one.arg for one in node.args.args} if isinstance(node, SCOPES) else set()
    inner = {
        id(x)
        for one in ast.walk(node)
        if one is not node and isinstance(one, (*SCOPES, *LOOPS))
        for x in ast.walk(one)
    }
    return names | {
        one.id
        for one in ast.walk(node)
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store) and id(one) not in inner
    }
