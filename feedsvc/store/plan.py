"""How the store looks for what a query takes in: as far as SQL and the index of words can say it.

A query is taken apart into a condition on the rows of announcements and a weaker query that the index of
words can answer. What both leave open, `Query.matches` decides.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement

from feedsvc.query.ast import (
    EVERYTHING,
    And,
    AnnouncedIn,
    AnyId,
    AuthorTerm,
    Everything,
    HasId,
    ListedIn,
    Not,
    Or,
    Prefix,
    Query,
    Stemmed,
    Term,
    all_of,
    any_of,
    negate,
)
from feedsvc.store.narrow import narrow_query


@dataclass(frozen=True, slots=True)
class Plan:
    """Every match fulfils `clause` and is found by `words`, if there are any; no other does if `exact`.

    Where `names_papers`, the clause says which papers, and they lead to the rows better than days do.
    """

    clause: ColumnElement[bool]
    words: Query | None
    exact: bool
    names_papers: bool = False


def plan_query(query: Query) -> Plan:
    """Give the narrowest plan for a query. Words are not looked at where the condition says it all."""
    condition = narrow_query(query)
    if _names_papers(query):
        return Plan(condition.clause, None, condition.exact, names_papers=True)
    if condition.exact:
        return Plan(condition.clause, None, exact=True)
    parts = _parts_of(query)
    words = restrict_words(all_of(weaken_query(part)[0] for part in parts))
    asked = set(_parts_of(words))
    exact = all(narrow_query(part).exact or _is_asked(part, asked) for part in parts)
    return Plan(condition.clause, None if words == EVERYTHING else words, exact)


def weaken_query(query: Query) -> tuple[Query, bool]:
    """Give a query about words and places that takes in all that this one does, and whether nothing else.

    A row of the index stands for a paper version and a day, not for one announcement: that something was
    *not* announced in a category, it cannot say.
    """
    match query:
        case Term() | Prefix() | ListedIn() | Everything():
            return query, True
        case Stemmed(field):
            return Prefix(field, (query.candidate_prefix(),)), False
        case AnnouncedIn():
            return query, False
        case AuthorTerm(words, initials):
            return AuthorTerm(words), len(words) == 1 and not initials
        case Not(operand):
            inner, is_equal = weaken_query(operand)
            return (negate(inner), True) if is_equal else (EVERYTHING, False)
        case And(operands) | Or(operands):
            parts = [weaken_query(operand) for operand in operands]
            join = all_of if isinstance(query, And) else any_of
            return join(part for part, _ in parts), all(is_equal for _, is_equal in parts)
        case _:
            return EVERYTHING, False


def restrict_words(query: Query) -> Query:
    """Give what an index can be asked of a query: it finds what is there, and takes away from that only.

    It takes in all that the query does; `EVERYTHING` is what no index need be asked for.
    """
    match query:
        case Not():
            return EVERYTHING
        case Or(operands):
            return any_of(map(restrict_words, operands))
        case And(operands):
            wanted = all_of(restrict_words(part) for part in operands if not isinstance(part, Not))
            barred = [part for part in operands if isinstance(part, Not) and _can_take_away(part.operand)]
            return all_of((wanted, *barred)) if wanted != EVERYTHING else EVERYTHING
        case _:
            return query


def _names_papers(query: Query) -> bool:
    match query:
        case HasId() | AnyId():
            return True
        case And(operands):
            return any(map(_names_papers, operands))
        case Or(operands):
            return all(map(_names_papers, operands))
        case _:
            return False


def _can_take_away(query: Query) -> bool:
    return query != EVERYTHING and restrict_words(query) == query


def _is_asked(query: Query, asked: Collection[Query]) -> bool:
    weaker, is_equal = weaken_query(query)
    return is_equal and all(part in asked for part in _parts_of(weaker))


def _parts_of(query: Query) -> tuple[Query, ...]:
    return query.operands if isinstance(query, And) else (query,)
