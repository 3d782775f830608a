"""What a word is: the one place where text becomes tokens, the same for queries and for papers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import pairwise

from feedsvc.accents import decode_accents

_CJK = "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_TOKEN = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+")
_ASCII_SPACES = {code: " " for code in range(128) if not chr(code).isalnum()}
_CJK_TOKEN = re.compile(rf"[{_CJK}]")
_MARK = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_FONT = re.compile(
    r"\\(?:emph|(?:text|math)(?:bb|bf|cal|frak|it|normal|rm|sc|scr|sf|sl|tt|up)?|rm|bf|it|cal|sf|tt)(?![A-Za-z])"
)
# Letters that decomposition leaves whole, written the way people type them.
_PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
_GREEK = {
    unicodedata.normalize("NFKD", letter): "lambda" if name == "LAMDA" else name.lower()
    for letter in "αβγδεζηθικλμνξοπρστυφχψω"
    for name in [unicodedata.name(letter).removeprefix("GREEK SMALL LETTER ")]
}


def tokenise(text: str) -> tuple[str, ...]:
    """Split text into words, blind to case, accents, punctuation and TeX's fonts.

    Hyphens split, mathematics gives its letters and digits, a Greek letter standing alone is called by its
    name as in TeX, and Chinese, Japanese and Korean give a token a character. Tokens spelt out again give
    the same tokens.
    """
    folded = fold(text)
    if folded.isascii():  # as most text is, and six times as quick
        return tuple(folded.translate(_ASCII_SPACES).split())
    return tuple(_GREEK.get(token, token) for token in _TOKEN.findall(folded))


def fold(text: str) -> str:
    """Give text without differences of case, accent and typography."""
    if "\\" in text:
        text = decode_accents(_FONT.sub(" ", text))
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", _INVISIBLE.sub("", text)).casefold()
    return unicodedata.normalize("NFC", _MARK.sub("", decomposed).translate(_PLAIN))


def spell(tokens: Sequence[str], space: str = " ") -> str:
    """Write tokens as text that gives them back: a space between words, none within Chinese."""
    parts = list(tokens[:1])
    for before, token in pairwise(tokens):
        parts += [token] if is_character(before) and is_character(token) else [space, token]
    return "".join(parts)


def is_letter(token: str) -> bool:
    """Tell whether a token is one letter or digit that is no word by itself: an initial, in a name."""
    return len(token) == 1 and not is_character(token)


def is_character(token: str) -> bool:
    """Tell whether a token is one Chinese, Japanese or Korean character."""
    return _CJK_TOKEN.fullmatch(token) is not None


def pad(phrases: Iterable[Sequence[str]]) -> str:
    """Join phrases into one string in which `" " + words + " "` is found only within one phrase."""
    return " | ".join(("", *(" ".join(phrase) for phrase in phrases), ""))
