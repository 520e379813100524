"""The whole provider, a run and the options page in Japanese; ids, names of parameters and their values stay."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from csplus.csplus_plugin.core import language
from csplus.csplus_plugin.core.about import ROOT
from csplus.csplus_plugin.gui.options import OptionsPage
from csplus.csplus_plugin.plugin import CsPlusPlugin
from csplus.csplus_plugin.provider import CsPlusProvider
from qgis import processing
from qgis.core import (
    QgsApplication,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingParameterEnum,
    QgsSettings,
)
from qgis.PyQt.QtWidgets import QAbstractButton, QLabel

from .conftest import JANUARY, Recorder

JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")

SAME = {"GIF (*.gif)"}
"""Texts that are the same in both languages."""


@pytest.fixture
def in_japanese() -> Iterator[None]:
    language.use("ja")
    yield
    language.use("en")


def algorithms() -> dict[str, QgsProcessingAlgorithm]:
    """Make every algorithm and model anew, in the language that is spoken."""
    provider = CsPlusProvider()
    provider.loadAlgorithms()
    return {one.name(): one.create() for one in provider.algorithms()}


def shown(algorithm: QgsProcessingAlgorithm) -> dict[str, str]:
    """List what a dialog and `qgis_process help` show of an algorithm."""
    texts = {
        "name": algorithm.displayName(),
        "group": algorithm.group(),
        "description": algorithm.shortDescription(),
        "help": algorithm.shortHelpString(),
    }
    for one in algorithm.parameterDefinitions():
        texts |= {f"{one.name()} label": one.description(), f"{one.name()} help": one.help()}
        if hasattr(one, "fileFilter"):
            texts[f"{one.name()} files"] = one.fileFilter()
    for one in algorithm.outputDefinitions():
        texts[f"{one.name()} output"] = one.description()
    return {key: text for key, text in texts.items() if text}


def promised(algorithm: QgsProcessingAlgorithm) -> list[object]:
    """List what models and scripts rely on."""
    parameters = [
        (
            one.name(),
            one.type(),
            one.defaultValue() if not hasattr(one.defaultValue(), "isValid") else None,
            one.options() if isinstance(one, QgsProcessingParameterEnum) else None,
        )
        for one in algorithm.parameterDefinitions()
    ]
    outputs = [(one.name(), one.type()) for one in algorithm.outputDefinitions()]
    return [algorithm.name(), algorithm.groupId(), algorithm.flags(), algorithm.tags(), parameters, outputs]


def test_every_text_of_every_algorithm_is_japanese(in_japanese: None) -> None:
    found = {name: shown(algorithm) for name, algorithm in algorithms().items()}
    language.use("en")
    before = {name: shown(algorithm) for name, algorithm in algorithms().items()}
    assert found.keys() == before.keys()
    assert len(found) > 20
    left = []
    for name, texts in found.items():
        assert texts.keys() == before[name].keys()
        left += [
            (name, key, text)
            for key, text in texts.items()
            if text not in SAME and (text == before[name][key] or not JAPANESE.search(text))
        ]
    assert left == []


def test_no_english_sentence_is_left_in_a_help(in_japanese: None) -> None:
    """Help is put together from parts, of which one may have been forgotten."""
    for name, algorithm in algorithms().items():
        for key, text in shown(algorithm).items():
            words = re.sub(r"https?://\S+|csplus[:/]\S+|ffmpeg [^\n]+", "", text)
            assert not re.search(r"(?:\b[a-z]{2,}\b,? ){4,}", words), (name, key, text)


def test_what_models_rely_on_stays(in_japanese: None) -> None:
    found = {name: promised(algorithm) for name, algorithm in algorithms().items()}
    language.use("en")
    assert found == {name: promised(algorithm) for name, algorithm in algorithms().items()}


def test_a_refused_choice_and_a_run_speak_japanese(
    in_japanese: None, context: QgsProcessingContext, feedback: Recorder
) -> None:
    composite = algorithms()["clearcomposite"]
    fine, sentence = composite.checkParameterValues({**JANUARY, "THRESHOLD": 2}, context)
    assert not fine
    assert sentence == "THRESHOLD の 2 は範囲外です。 0 から 1 までの数を選んでください。"
    with pytest.raises(QgsProcessingException, match=r"シーンはありません。"):
        processing.run(
            "csplus:clearcomposite",
            {**JANUARY, "MONTHS": ["7"], "LIVE": False},
            context=context,
            feedback=feedback,
        )
    assert "ではなく Cloud Score+ サンドボックスです" in feedback.warned[0]


def test_a_file_is_written_in_english(
    in_japanese: None, context: QgsProcessingContext, feedback: Recorder, target: str
) -> None:
    from osgeo import gdal

    script = str(Path(target).with_suffix(".py"))
    processing.run(
        "csplus:cloudscore",
        {**JANUARY, "RESOLUTION": 60, "OUTPUT": target, "SCRIPT": script, "LIVE": False},
        context=context,
        feedback=feedback,
    )
    dataset = gdal.Open(target)
    said = str(
        [
            dataset.GetMetadata(),
            dataset.GetRasterBand(1).GetMetadata(),
            dataset.GetRasterBand(1).GetDescription(),
        ]
    )
    assert "cs_cdf" in said
    assert not JAPANESE.search(said)
    assert not JAPANESE.search(Path(script).read_text(encoding="utf-8"))
    assert any(line.startswith("対象範囲の ") for line in feedback.said), feedback.said


def test_a_report_is_japanese(
    in_japanese: None, context: QgsProcessingContext, feedback: Recorder, tmp_path: Path
) -> None:
    page = tmp_path / "report.html"
    processing.run(
        "csplus:thresholdexplorer", {**JANUARY, "REPORT": str(page)}, context=context, feedback=feedback
    )
    text = page.read_text(encoding="utf-8")
    assert '<html lang="ja">' in text
    for said in (
        "しきい値ごとに残る対象範囲の割合",
        "Cloud Score+ サンドボックスが作成しました。",
        "行。",
        json.dumps("値なし"),
    ):
        assert said in text
    assert "percent" not in re.sub(r"<pre>.*?</pre>", "", text, flags=re.DOTALL)


def test_the_page_of_options_is_japanese(in_japanese: None) -> None:
    page = OptionsPage(None, lambda: None)
    texts = [
        one.text() for kind in (QLabel, QAbstractButton) for one in page.findChildren(kind) if one.text()
    ]
    texts = [text for text in texts if text != "…"]  # the button of QGIS's own widget for files
    assert len(texts) > 15
    assert [text for text in texts if not JAPANESE.search(text)] == []
    assert page.sign_in_button.text() == "Google でサインイン"
    page.deleteLater()


@pytest.fixture
def qgis_in_japanese(qgis_app: QgsApplication) -> Iterator[None]:
    """QGIS whose options say Japanese."""
    settings = QgsSettings()
    settings.setValue("locale/overrideFlag", True)
    settings.setValue("locale/userLocale", "ja")
    yield
    for key in ("overrideFlag", "userLocale"):
        settings.remove(f"locale/{key}")
    language.use("en")


def test_the_list_of_plugins_is_japanese(qgis_in_japanese: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(QgsApplication.pkgDataPath()) / "python")
    from pyplugin_installer.installer_data import plugins

    told = plugins.getInstalledPlugin("csplus", str(ROOT), True)
    assert told["name"] == "Cloud Score+ 雲なし合成"
    for key in ("description", "about", "tags"):
        assert JAPANESE.search(told[key]), key


def test_qgis_decides_which_language(qgis_in_japanese: None) -> None:
    CsPlusPlugin(None)._choose_language()
    assert algorithms()["clearcomposite"].displayName() == "雲なし合成"
    QgsSettings().setValue("locale/overrideFlag", False)  # then the system's counts, which is none here
    CsPlusPlugin(None)._choose_language()
    assert algorithms()["clearcomposite"].displayName() == "Clear composite"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    pytest.importorskip("babel", reason="`make setup` installs it")
    spec = importlib.util.spec_from_file_location("translations", ROOT / "tools" / "translations.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_template_is_what_code_and_dialogs_say(tool: ModuleType) -> None:
    made, kept = (
        text.decode().splitlines()
        for text in (tool.text_bytes(tool.make_template()), tool.TEMPLATE.read_bytes())
    )
    assert made == kept, "Run `make translations`."
