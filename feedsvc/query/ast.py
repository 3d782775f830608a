"""Queries: the nodes that join others, and what is done with a query whatever its nodes.

`all_of`, `any_of` and `negate` build simplified queries: spellings of one query become equal values with
one text. Every walk over a query is a `match` over the union `Query`; the leaves are in `leaves.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from feedsvc.query.dates import Unit
from feedsvc.query.leaves import (
    OPERATORS,
    AnnouncedIn,
    AnnouncedOn,
    AnnouncedWithin,
    AnyId,
    AuthorTerm,
    Everything,
    HasId,
    IsPrimary,
    Leaf,
    LikePaper,
    ListedIn,
    OfKind,
    Prefix,
    Stemmed,
    Term,
    members_of,
    quote,
)
from feedsvc.query.subject import Field, Subject

__all__ = [
    "EVERYTHING",
    "NOTHING",
    "OPERATORS",
    "And",
    "AnnouncedIn",
    "AnnouncedOn",
    "AnnouncedWithin",
    "AnyId",
    "AuthorTerm",
    "Everything",
    "Field",
    "HasId",
    "IsPrimary",
    "Leaf",
    "LikePaper",
    "ListedIn",
    "Not",
    "OfKind",
    "Or",
    "Prefix",
    "Query",
    "Stemmed",
    "Term",
    "Unit",
    "all_of",
    "any_of",
    "given_papers",
    "is_relative",
    "is_selective",
    "members_of",
    "negate",
    "quote",
    "resolve_dates",
    "resolve_likeness",
    "walk_leaves",
]


@dataclass(frozen=True, slots=True)
class And:
    """Every operand holds. Built by `all_of`."""

    operands: tuple[Query, ...]

    def matches(self, subject: Subject) -> bool:
        """Hold where every operand does."""
        return all(operand.matches(subject) for operand in self.operands)

    def __str__(self) -> str:
        return " ".join(f"({part})" if isinstance(part, Or) else str(part) for part in self.operands)


@dataclass(frozen=True, slots=True)
class Or:
    """At least one operand holds. Built by `any_of`."""

    operands: tuple[Query, ...]

    def matches(self, subject: Subject) -> bool:
        """Hold where any operand does."""
        return any(operand.matches(subject) for operand in self.operands)

    def __str__(self) -> str:
        return " OR ".join(map(str, self.operands))


@dataclass(frozen=True, slots=True)
class Not:
    """The operand does not hold. Built by `negate`."""

    operand: Query

    def matches(self, subject: Subject) -> bool:
        """Hold where the operand does not."""
        return not self.operand.matches(subject)

    def __str__(self) -> str:
        return f"-({self.operand})" if isinstance(self.operand, And | Or) else f"-{self.operand}"


Query: TypeAlias = Leaf | And | Or | Not

EVERYTHING = Everything()
NOTHING = Not(EVERYTHING)


def all_of(queries: Iterable[Query]) -> Query:
    """Give the query that holds where all do; everything, if there are none."""
    parts = {
        part for query in queries for part in (query.operands if isinstance(query, And) else (query,))
    } - {EVERYTHING}
    if NOTHING in parts:
        return NOTHING
    operands = sorted(parts, key=_order)
    return And(tuple(operands)) if len(operands) > 1 else operands[0] if operands else EVERYTHING


def any_of(queries: Iterable[Query]) -> Query:
    """Give the query that holds where any does; nothing, if there are none."""
    parts = {
        part for query in queries for part in (query.operands if isinstance(query, Or) else (query,))
    } - {NOTHING}
    if EVERYTHING in parts:
        return EVERYTHING
    if len(named := [part for part in parts if isinstance(part, AnyId)]) > 1:
        parts = parts.difference(named) | {AnyId(frozenset().union(*(part.papers for part in named)))}
    operands = sorted(parts, key=_order)
    return Or(tuple(operands)) if len(operands) > 1 else operands[0] if operands else NOTHING


def negate(query: Query) -> Query:
    """Give the query that holds where this one does not."""
    return query.operand if isinstance(query, Not) else Not(query)


def walk_leaves(query: Query) -> Iterator[Leaf]:
    """Give every node of a query that has no operands."""
    match query:
        case And(operands) | Or(operands):
            for operand in operands:
                yield from walk_leaves(operand)
        case Not(operand):
            yield from walk_leaves(operand)
        case _:
            yield query


def is_relative(query: Query) -> bool:
    """Tell whether what a query takes in depends on more of the ledger than the announcement itself."""
    return any(isinstance(leaf, AnnouncedWithin | LikePaper) for leaf in walk_leaves(query))


def given_papers(query: Query) -> frozenset[str]:
    """Give the papers that a query asks for the like of."""
    return frozenset(leaf.paper for leaf in walk_leaves(query) if isinstance(leaf, LikePaper))


def resolve_dates(query: Query, newest: date) -> Query:
    """Give the query that holds where this one does while `newest` is the ledger's newest day.

    Its text is another one: it is for matching, not for naming a feed.
    """
    return _replace_leaves(
        query, lambda leaf: leaf.resolve(newest) if isinstance(leaf, AnnouncedWithin) else leaf
    )


def resolve_likeness(query: Query, find: Callable[[str], Collection[str]]) -> Query:
    """Give the query that holds where this one does while `find` gives the papers that are like one.

    The given papers themselves are left out. Its text is another one: it is for matching, not for naming
    a feed.
    """
    given = given_papers(query)

    def resolve(leaf: Leaf) -> Query:
        if not isinstance(leaf, LikePaper):
            return leaf
        found = frozenset(find(leaf.paper)) - given
        return AnyId(found) if found else NOTHING

    return _replace_leaves(query, resolve)


def _replace_leaves(query: Query, replace: Callable[[Leaf], Query]) -> Query:
    match query:
        case And(operands):
            return all_of(_replace_leaves(operand, replace) for operand in operands)
        case Or(operands):
            return any_of(_replace_leaves(operand, replace) for operand in operands)
        case Not(operand):
            return negate(_replace_leaves(operand, replace))
        case _:
            return replace(query)


def is_selective(query: Query) -> bool:
    """Tell whether a query asks for something: it, and each side of its ORs, does more than exclude."""
    match query:
        case And(operands):
            return any(map(is_selective, operands))
        case Or(operands):
            return all(map(is_selective, operands))
        case Not():
            return False
        case _:
            return True


def _order(query: Query) -> tuple[bool, str]:
    return isinstance(query, Not), str(query)
