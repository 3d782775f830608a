"""Word stems, for those who ask for them: the English Snowball stemmer, and where words of a stem stand.

Source: https://snowballstem.org/algorithms/english/stemmer.html
"""

from __future__ import annotations

import re
from functools import lru_cache

import snowballstemmer

KEPT_STEMS = 65_536
# The few endings of a stem that its words need not share: hop(e)d, happ(i) of happy, capab(l) of
# capability, d(ie) of dying. All else that Snowball does is to cut off.
_CHANGED_ENDING = re.compile("(?:ie|[ei]|(?<=b)le?)$")
_IRREGULAR = {"sky": "sk"}  # skies


@lru_cache(KEPT_STEMS)
def stem_word(word: str) -> str:
    """Give the stem of a word as `tokenise` writes it; words of up to two letters are their own.

    The stem of a stem may be shorter still: `universe` has `univers`, and that `univer`.
    """
    # A stemmer keeps the word in itself, so that threads cannot share one; making one costs next to nothing.
    return str(snowballstemmer.stemmer("english").stemWord(word))


def find_candidate_prefix(stem: str) -> str:
    """Give a beginning, never empty, that every word with this stem has."""
    return _IRREGULAR.get(stem) or _CHANGED_ENDING.sub("", stem) or stem[:1]


def find_word(stem: str) -> str | None:
    """Give a word that has this very stem: the stem itself where it can be; None if none is found."""
    words = (stem, f"{stem[:-1]}y", f"{stem}e")
    return next((word for word in words if stem_word(word) == stem), None)
