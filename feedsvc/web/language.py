"""The language that pages speak: which one a visitor gets, and what stands in it for an English sentence.

Templates are written in English. `texts/` holds a TOML file for every other language: English sentence,
translated sentence. Both may hold markup and names in braces.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from markupsafe import Markup, escape

from feedsvc.told import Told
from feedsvc.web.negotiation import prefer_language

ORIGINAL = "en"
NAMES = {ORIGINAL: "English", "zh": "中文"}
PARAMETER = "hl"
"""The parameter that fixes a page's language."""


def choose_language(asked: str | None, of_path: str | None, accept_language: str | None) -> str:
    """Choose a page's language: the one asked for, that of its path, or what the browser likes best."""
    for wanted in (asked, (of_path or "").partition("-")[0]):
        if wanted in NAMES:
            return wanted
    return prefer_language(accept_language, tuple(NAMES))


def say(language: str, sentence: str, /, **values: object) -> Markup:
    """Give a sentence in a language, English where nobody translated it, with escaped values put in."""
    return Markup(load_sentences(language).get(sentence, sentence)).format(**values)


def retell(language: str, told: str, *, begins: bool = True) -> Markup:
    """Give what was told as a whole sentence in a language, which it `begins` or only ends.

    What nobody translated stays in English, and is marked as such.
    """
    sentences = load_sentences(language)
    known = told.retell(sentences) if isinstance(told, Told) else sentences.get(told)
    if known is not None:
        return escape(known if known.endswith("。") else f"{known}。")
    capital = told[:1].upper() if begins else told[:1]
    whole = f"{capital}{told[1:]}" + ("" if told.endswith(".") else ".")
    return escape(whole) if language == ORIGINAL else _mark(whole)


def retell_part(language: str, told: Told) -> Markup:
    """Give what was told in a language, as it stands: neither begun nor ended as a sentence.

    Each part that nobody translated stays in English, and is marked as such.
    """
    if language == ORIGINAL:
        return escape(told)
    known = told.retell(_load_markup(language), _mark)
    return _mark(told) if known is None else Markup(known)


def retell_plain(language: str, told: Told) -> str:
    """Give the same for where no markup may stand, such as an attribute."""
    return told.retell(load_sentences(language)) or told


def _mark(english: str) -> Markup:
    return Markup('<span lang="{}">{}</span>').format(ORIGINAL, english)


@cache
def load_sentences(language: str) -> Mapping[str, str]:
    """Read the sentences of a language by their English; none for English itself."""
    if language == ORIGINAL:
        return {}
    file = resources.files("feedsvc.web").joinpath("texts", f"{language}.toml")
    return tomllib.loads(file.read_text("utf-8"))


@cache
def _load_markup(language: str) -> Mapping[str, Markup]:
    """Give the sentences of a language as markup, which escapes what is put in."""
    return {english: Markup(sentence) for english, sentence in load_sentences(language).items()}
