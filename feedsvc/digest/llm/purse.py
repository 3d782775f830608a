"""What asking a model costs, and who says whether it may be spent."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date
from typing import Protocol

_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens, and money in millionths of whatever the prices are in."""

    tokens: int
    millionths: int

    @property
    def money(self) -> float:
        """The money in whole units."""
        return self.millionths / 1_000_000

    def __sub__(self, other: Spent) -> Spent:
        return Spent(self.tokens - other.tokens, self.millionths - other.millionths)


NOTHING = Spent(0, 0)


@dataclass(frozen=True, slots=True)
class Prices:
    """What a million tokens cost, read and written."""

    reading: float = 0.0
    writing: float = 0.0

    def of(self, tokens_in: int, tokens_out: int) -> Spent:
        """Give what so many tokens cost. A price a million tokens is a millionth a token."""
        return Spent(tokens_in + tokens_out, math.ceil(tokens_in * self.reading + tokens_out * self.writing))


class Purse(Protocol):
    """Gives out a day's budget, whichever process asks."""

    def reserve(self, most: Spent) -> date | None:
        """Set something aside before it is spent; None if the day's budget does not allow it.

        The day is for `settle`.
        """

    def settle(self, day: date, difference: Spent) -> None:
        """Add what was spent beyond what was set aside; negative where it was less."""


def estimate_tokens(text: str) -> int:
    """Give about how many tokens a text has, rather too many: one for three letters or a wide character."""
    wide = len(_WIDE.findall(text))
    return wide + math.ceil((len(text) - wide) / 3)
