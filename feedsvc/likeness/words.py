"""The words that say what a paper is about: the stems of its title and abstract."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from feedsvc.paper import Paper
from feedsvc.query.stems import stem_word
from feedsvc.query.words import tokenise

# What any paper may say, whatever it is about.
# fmt: off
_EMPTY = frozenset((
    "an", "and", "are", "as", "at", "be", "been", "between", "both", "but", "by", "can", "et", "al",
    "for", "from", "has", "have", "how", "in", "into", "is", "it", "its", "more", "not", "of", "on",
    "only", "or", "our", "such", "than", "that", "the", "their", "them", "these", "they", "this",
    "those", "through", "to", "under", "us", "using", "via", "was", "we", "well", "were", "when",
    "where", "whether", "which", "while", "with", "within", "without",
))
# fmt: on


def count_stems(paper: Paper) -> Counter[str]:
    """Give how often a paper has each stem.

    Single letters and characters, numbers and words that say nothing are left out.
    """
    return Counter(stem for stem, _ in _read_stems(paper))


def spell_stems(paper: Paper) -> dict[str, str]:
    """Give each stem of a paper with the first word that has it."""
    spelt: dict[str, str] = {}
    for stem, word in _read_stems(paper):
        spelt.setdefault(stem, word)
    return spelt


def _read_stems(paper: Paper) -> Iterator[tuple[str, str]]:
    for text in (paper.title, paper.abstract):
        for word in tokenise(text):
            if len(word) > 1 and word not in _EMPTY and not word.isdecimal():
                yield stem_word(word), word
