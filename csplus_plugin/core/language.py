"""The language of all that a user reads: the English of the code, or what a catalogue makes of it.

Python's own gettext and not Qt's `.ts`: most sentences are built in `core`, which knows no Qt, and many outside QGIS.
A sentence is translated where it is said, never while a module is imported: `use` may come later. A text that stands in
a table is wrapped in `marked` there, which does nothing but let the tools find it, and in `_` where it is shown. What
the provider shows (names, labels, help) needs neither: `processing.base` translates it, and the tools ask the provider.

Ids, names of parameters, their values, JSON, and what is written into files stay as they are: see `in_english`.
"""

from __future__ import annotations

import gettext
import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import cache

from .about import ROOT

DOMAIN = "csplus"
FOLDER = ROOT / "resources" / "i18n"
"""A folder for each language, as gettext finds it: `ja/LC_MESSAGES/csplus.mo`, made from the `.po` beside it."""

_language = "en"
_speaker: ContextVar[gettext.NullTranslations | None] = ContextVar("speaker", default=None)
"""Who speaks in the place of the user's language, in this thread."""


def use(language: str) -> None:
    """Speak this language from now on.

    Args:
        language: As QGIS writes it, such as `ja` or `pt_BR`; English where there is no catalogue for it.
    """
    global _language  # noqa: PLW0603 one process has one language, as QGIS has
    _language = language


def current() -> str:
    """Name the language that is spoken, as a web page declares it: `en` where there is no catalogue."""
    return str(_spoken().info().get("language", "en")).replace("_", "-")


def marked(message: str) -> str:
    """Mark a text of a table for translation, where it is shown."""
    return message


def _(message: str, /, **fields: object) -> str:
    """Translate a sentence, and fill in its fields.

    Args:
        message: English, with `{named}` fields as `str.format` takes them.
        fields: Their values.
    """
    return _filled(_spoken().gettext(message) if message else "", message, fields)


def ngettext(one: str, many: str, count: int, /, **fields: object) -> str:
    """Translate a sentence that depends on a number, which is its field `count`.

    Args:
        one: English, for 1.
        many: English, for any other.
        count: The number.
        fields: Values of the other fields.
    """
    english = one if count == 1 else many
    return _filled(_spoken().ngettext(one, many, count), english, {"count": count, **fields})


def in_english() -> AbstractContextManager[None]:
    """Speak English for a while: what is written into a file is for everybody."""
    return spoken_by(gettext.NullTranslations())


@contextmanager
def spoken_by(speaker: gettext.NullTranslations) -> Iterator[None]:
    """Let a catalogue speak for a while, in this thread."""
    before = _speaker.set(speaker)
    try:
        yield
    finally:
        _speaker.reset(before)


def _filled(text: str, english: str, fields: dict[str, object]) -> str:
    if not fields:
        return text
    try:
        return text.format(**fields)
    except (LookupError, ValueError, AttributeError):  # a field that only the catalogue has
        return english.format(**fields)


def _spoken() -> gettext.NullTranslations:
    return _speaker.get() or _catalogue(_language)


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    """Read the catalogue of a language; without one, or with one that is damaged, everything is English."""
    if not language.isascii() or not language.replace("_", "").replace("@", "").replace("-", "").isalnum():
        return gettext.NullTranslations()
    # Not gettext.translation: it keeps what it has read for the whole process, also for the next version of the plugin.
    found = gettext.find(DOMAIN, str(FOLDER), [language.replace("-", "_")])
    if found is None:
        return gettext.NullTranslations()
    try:
        with open(found, "rb") as file:  # noqa: PTH123 a path of gettext's
            return gettext.GNUTranslations(file)
    except Exception as damage:  # noqa: BLE001 of many kinds; a language is no reason to stop
        logging.getLogger(__name__).warning("%s cannot be read: %s", found, damage)
        return gettext.NullTranslations()
