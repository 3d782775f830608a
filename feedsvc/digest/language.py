"""Whether a text is in a language: by its script where that tells, else by the letters of its words. Pure."""

from __future__ import annotations

import re

_HAN = re.compile(r"[\u3400-\u9fff]")
_LETTER = re.compile(r"[^\W\d_]")
# The scripts of languages that are not written in Latin letters. Japanese mixes its own with Chinese.
_SCRIPTS = {
    "zh": _HAN,
    "ja": re.compile(r"[\u3040-\u30ff\u3400-\u9fff]"),
    "ko": re.compile(r"[\uac00-\ud7af]"),
    "ru": re.compile(r"[\u0400-\u04ff]"),
    "uk": re.compile(r"[\u0400-\u04ff]"),
    "el": re.compile(r"[\u0370-\u03ff]"),
    "ar": re.compile(r"[\u0600-\u06ff]"),
    "fa": re.compile(r"[\u0600-\u06ff]"),
    "he": re.compile(r"[\u0590-\u05ff]"),
    "hi": re.compile(r"[\u0900-\u097f]"),
    "th": re.compile(r"[\u0e00-\u0e7f]"),
}
# Names and formulas stay as they are: so much of a text has to be in its own script, at the least.
_LEAST_SHARE = 0.25
_LEAST_TITLE_SHARE = 0.05
# Words of English that hardly a sentence of it does without, and that no other language has.
_ENGLISH = re.compile(r"\b(?:the|and|of|with|that|which|this|these|we|is|are|for|by|from)\b", re.IGNORECASE)
_LEAST_ENGLISH = 3


def is_in_language(text: str, language: str, *, is_title: bool = False) -> bool:
    """Tell whether a text can be in a language (BCP 47).

    Of a language with a script of its own so much is demanded in it that names and formulas may stay; a title
    may be little else. Of one in Latin letters it is only seen that it is no English, and of English that it
    is in Latin letters.
    """
    primary = language.partition("-")[0].lower()
    letters = len(_LETTER.findall(text))
    if not letters:
        return True
    if script := _SCRIPTS.get(primary):
        return len(script.findall(text)) >= letters * (_LEAST_TITLE_SHARE if is_title else _LEAST_SHARE)
    if any(len(other.findall(text)) > letters / 2 for other in _SCRIPTS.values()):
        return False
    if primary == "en" or is_title:
        return True
    words = len(text.split())
    return len(_ENGLISH.findall(text)) < max(_LEAST_ENGLISH, words / 8)


def guess_language(text: str) -> str:
    """Give the language in whose own script most letters are; English where that is none."""
    letters = len(_LETTER.findall(text))
    shares = {language: len(script.findall(text)) for language, script in _SCRIPTS.items()}
    best = max(shares, key=lambda language: shares[language])
    return best if shares[best] * 2 > letters * _LEAST_SHARE else "en"
