"""What the index of words holds of a paper version on a day: tokens that any database takes as they are."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from feedsvc.paper import Paper
from feedsvc.query.ast import members_of
from feedsvc.query.words import tokenise
from feedsvc.taxonomy import load_taxonomy

# It takes the place of every sign in a token of ours, and stands between two authors, so that no phrase is
# found across them. No word can hold it: it is neither a letter nor a digit.
SIGN = "·"
_BETWEEN = f" {SIGN} "
Span = tuple[int, int]
"""The first and the last of some places."""


class Words(NamedTuple):
    """The tokens of each field, a space between two; those of `places` are categories."""

    title: str
    abstract: str
    names: str
    comments: str
    journal: str
    places: str


def make_words(paper: Paper, announcing: Iterable[str]) -> Words:
    """Give the words of a paper version that was announced in these categories on one day."""
    resolve = load_taxonomy().resolve
    listed = {listed_token(resolve(category) or category) for category in paper.categories}
    announced = {announced_token(resolve(category) or category) for category in announcing}
    return Words(
        title=_spell_words(paper.title),
        abstract=_spell_words(paper.abstract),
        names=_BETWEEN.join(filter(None, (_spell_words(author.name) for author in paper.authors))),
        comments=_spell_words(paper.comments or ""),
        journal=_spell_words(paper.journal_ref or ""),
        places=" ".join((*sorted(listed), *sorted(announced))),
    )


@cache
def listed_token(category: str) -> str:
    """Give the token that says: the paper is listed in this canonical category."""
    return _spell("cat", category)


@cache
def announced_token(category: str) -> str:
    """Give the token that says: it was announced in this canonical category that day."""
    return _spell("in", category)


def listed_tokens(place: str) -> list[str]:
    """Give the tokens of which one says that a paper is listed in a category or archive."""
    return sorted(map(listed_token, members_of(place)))


def announced_tokens(place: str) -> list[str]:
    """Give the tokens of which one says that it was announced in a category or archive."""
    return sorted(map(announced_token, members_of(place)))


def _spell_words(text: str) -> str:
    return " ".join(tokenise(text))


def _spell(claim: str, category: str) -> str:
    return SIGN.join((claim, *category.lower().replace("-", ".").split(".")))
