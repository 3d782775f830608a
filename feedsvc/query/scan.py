"""Text to tokens. One expression is tried at each place, and a token is never looked at twice."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

QUOTATION_MARKS = '"“”„«»'


class Sign(Enum):
    """What a token is."""

    SPACE = auto()
    OPEN = auto()
    CLOSE = auto()
    PHRASE = auto()
    AND = auto()
    OR = auto()
    NOT = auto()
    ANDNOT = auto()
    MINUS = auto()
    PREFIX = auto()
    WORD = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a query and where it begins."""

    sign: Sign
    text: str
    start: int

    @property
    def end(self) -> int:
        """The place behind the last character."""
        return self.start + len(self.text)


_WORD_ENDS = rf"(?=[\s(){QUOTATION_MARKS}]|$)"
# Operators in any letter case; quotation marks of any language, however they are paired; an en dash is a
# minus too, since keyboards put it in.
_SIGNS = {
    Sign.SPACE: r"\s+",
    Sign.OPEN: r"\(",
    Sign.CLOSE: r"\)",
    Sign.PHRASE: rf'(?:"(?:\\"|[^"])*"|[“”„«»][^{QUOTATION_MARKS}]*[{QUOTATION_MARKS}])\*?',
    Sign.AND: f"and{_WORD_ENDS}",
    Sign.OR: f"or{_WORD_ENDS}",
    Sign.NOT: f"not{_WORD_ENDS}",
    Sign.ANDNOT: f"andnot{_WORD_ENDS}",
    Sign.MINUS: r"[-−–](?=\S)",
    Sign.PREFIX: r"[a-z_]+:",
    Sign.WORD: rf'(?:\\"|[^\s(){QUOTATION_MARKS}])+',
}


def _compile(signs: Iterable[Sign]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?P<{sign.name}>{_SIGNS[sign]})" for sign in signs), re.IGNORECASE)


_TOKEN = _compile(_SIGNS)
_VALUE = _compile(sign for sign in _SIGNS if sign is not Sign.PREFIX)


def scan_token(text: str, start: int, *, is_value: bool = False) -> Token | None:
    """Give the token that begins at a place; None if none does: there a quotation mark has no partner.

    A value, which follows a prefix, may have a colon in it.
    """
    found = (_VALUE if is_value else _TOKEN).match(text, start)
    return Token(Sign[found.lastgroup], found[0], start) if found and found.lastgroup else None
