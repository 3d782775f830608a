"""A query in words, for people who do not know the keyword language."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from feedsvc.feed import KINDS as KINDS_BY_DEFAULT
from feedsvc.paper import Kind
from feedsvc.query import Query
from feedsvc.query.ast import (
    And,
    AnnouncedIn,
    AnnouncedOn,
    AnnouncedWithin,
    AnyId,
    AuthorTerm,
    Field,
    HasId,
    IsPrimary,
    Leaf,
    LikePaper,
    ListedIn,
    Not,
    OfKind,
    Or,
    Prefix,
    Stemmed,
    Term,
    any_of,
)
from feedsvc.query.dates import Unit
from feedsvc.query.words import spell

PLACES = {
    Field.ALL: "{words}",
    Field.TITLE: "{words} in the title",
    Field.ABSTRACT: "{words} in the abstract",
    Field.COMMENTS: "{words} in the comments",
    Field.JOURNAL: "{words} in the journal reference",
}
KINDS = {
    Kind.NEW: "newly announced",
    Kind.CROSS: "cross-listed",
    Kind.REPLACE: "replaced",
    Kind.REPLACE_CROSS: "replaced as a cross-list",
}
SPANS = {
    Unit.DAY: "announced in the last {count} days",
    Unit.MONTH: "announced in the last {count} months",
}


class Say(Protocol):
    """Says an English sentence in some language, with values put in."""

    def __call__(self, sentence: str, /, **values: object) -> str:
        """Give the sentence."""
        ...


# What every feed takes in unless it says otherwise goes without saying.
USUAL = any_of(map(OfKind, KINDS_BY_DEFAULT))


def put_in_words(query: Query, say: Say) -> str:
    """Say in words what a query takes in."""
    match query:
        case And(operands):
            return _join(say(" and "), (_enclose(part, say) for part in operands if part != USUAL))
        case Or(operands):
            return _join(say(" or "), (put_in_words(part, say) for part in operands))
        case Not(And() | Or() as operand):
            return say("not ({words})", words=put_in_words(operand, say))
        case Not(operand):
            return say("not {words}", words=put_in_words(operand, say))
    return _word_leaf(query, say)


def _enclose(query: Query, say: Say) -> str:
    words = put_in_words(query, say)
    return say("({words})", words=words) if isinstance(query, Or) else words


def _join(separator: str, parts: Iterable[str]) -> str:
    return separator.join(parts)


def _word_leaf(leaf: Leaf, say: Say) -> str:
    match leaf:
        case Term(field, tokens):
            return say(PLACES[field], words=say("“{words}”", words=spell(tokens)))
        case Prefix(field, tokens):
            return say(PLACES[field], words=say("“{words}…”", words=spell(tokens)))
        case Stemmed(field):
            word = str(leaf).partition("~")[2]
            return say(PLACES[field], words=say("any form of “{words}”", words=word))
        case AuthorTerm():
            return say("by {author}", author=leaf.slug)
        case ListedIn(place):
            return say("listed in {place}", place=place)
        case AnnouncedIn(place):
            return say("announced in {place}", place=place)
    return _word_other(leaf, say)


def _word_other(leaf: Leaf, say: Say) -> str:
    match leaf:
        case AnnouncedOn():
            return say("announced on {span}", span=str(leaf).partition(":")[2].replace("..", " – "))
        case AnnouncedWithin(count, unit):
            return say(SPANS[unit], count=count)
        case OfKind(kind):
            return say(KINDS[kind])
        case IsPrimary():
            return say("in its primary category")
        case HasId() | AnyId():
            return say("the paper {id}", id=str(leaf).partition(":")[2].replace(",", ", "))
        case LikePaper(paper):
            return say("like {id}", id=paper)
    return say("every paper")
