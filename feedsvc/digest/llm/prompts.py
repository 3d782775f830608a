"""What a model is asked, from versioned files in `prompts/`. Pure, but for reading the package's own files.

A prompt that changes gets a new number, and with it a new place in the cache: digests are made anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import resources
from string import Template

from feedsvc.digest.checks import Finding
from feedsvc.digest.llm.answers import SECTIONS
from feedsvc.digest.llm.endpoint import Message
from feedsvc.digest.llm.glossary import find_terms
from feedsvc.paper import Paper

VERSION = 1
"""The number of the prompts in use."""

# A model knows a language better by its name than by its tag.
_NAMES = {
    "ar": "Arabic", "cs": "Czech", "de": "German", "el": "Greek", "en": "English", "es": "Spanish",
    "fa": "Persian", "fr": "French", "he": "Hebrew", "hi": "Hindi", "id": "Indonesian", "it": "Italian",
    "ja": "Japanese", "ko": "Korean", "nl": "Dutch", "pl": "Polish", "pt": "Portuguese",
    "pt-br": "Brazilian Portuguese", "ru": "Russian", "sv": "Swedish", "th": "Thai", "tr": "Turkish",
    "uk": "Ukrainian", "vi": "Vietnamese", "zh": "Simplified Chinese", "zh-hant": "Traditional Chinese",
    "zh-tw": "Traditional Chinese",
}  # fmt: skip


def name_language(language: str) -> str:
    """Give the English name of a language (BCP 47) or of the nearest wider one; an unknown one's tag."""
    tag = language.lower()
    while tag and tag not in _NAMES:
        tag = tag.rpartition("-")[0]
    return _NAMES.get(tag, language)


def ask_for_summary(paper: Paper, language: str, *, with_title: bool) -> list[Message]:
    """Ask for the three sections in a language, and for the title in it."""
    name = name_language(language)
    keys = ("title", *SECTIONS) if with_title else SECTIONS
    question = _fill(
        "summarize",
        language=name,
        keys=", ".join(keys),
        title_request=f"Translate the title into {name}, too." if with_title else "",
        glossary=_quote_terms(f"{paper.title}\n{paper.abstract}", language),
        title=paper.title,
        abstract=paper.abstract,
    )
    return [Message("system", _fill("system")), Message("user", question)]


def ask_for_translation(part: str, text: str, language: str) -> list[Message]:
    """Ask for one text in a language; `part` says what it is: title, background."""
    name = name_language(language)
    question = _fill("translate", part=part, language=name, text=text, glossary=_quote_terms(text, language))
    return [Message("system", _fill("system")), Message("user", question)]


def ask_again(asked: list[Message], answer: str, findings: Iterable[Finding]) -> list[Message]:
    """Ask once more, with the answer and what was found wrong with it."""
    told = "\n".join(f"- {finding}" for finding in findings)
    return [*asked, Message("assistant", answer), Message("user", _fill("again", findings=told))]


def _quote_terms(text: str, language: str) -> str:
    terms = find_terms(text, language)
    if not terms:
        return ""
    return "Use these terms:\n" + "\n".join(f"{term} = {meaning}" for term, meaning in terms.items()) + "\n"


def _fill(name: str, **values: str) -> str:
    return _load(f"{name}-{VERSION}.txt").substitute(values).strip()


@cache
def _load(file: str) -> Template:
    folder = resources.files("feedsvc.digest.llm").joinpath("prompts")
    return Template(folder.joinpath(file).read_text("utf-8"))
