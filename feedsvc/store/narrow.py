"""Compiles a query to SQL as far as SQL can say it: what it leaves open, `Query.matches` decides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, false, not_, or_, true

from feedsvc.query.ast import (
    And,
    AnnouncedIn,
    AnnouncedOn,
    AnyId,
    Everything,
    HasId,
    Not,
    OfKind,
    Or,
    Query,
    members_of,
)
from feedsvc.store import schema
from feedsvc.store.place import first_place, last_place


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on `announcements` that every match fulfils; `exact` if nothing else does."""

    clause: ColumnElement[bool]
    exact: bool


def narrow_query(query: Query) -> Condition:
    """Give the narrowest condition that SQL can state for a query."""
    table = schema.announcements.c
    match query:
        case Everything():
            return Condition(true(), exact=True)
        case AnnouncedIn(place):
            return _narrow_places([place])
        case AnnouncedOn(first, last):
            return Condition(table.place.between(first_place(first), last_place(last)), exact=True)
        case OfKind(kind):
            return Condition(table.kind == kind.value, exact=True)
        case HasId(paper, version):
            clause = table.paper == paper
            return Condition(
                clause if version is None else and_(clause, table.version == version), exact=True
            )
        case AnyId(papers):
            return Condition(table.paper.in_(sorted(papers)), exact=True)
        case Not(operand):
            return _narrow_not(narrow_query(operand))
        case And(operands):
            parts = [narrow_query(operand) for operand in operands]
            return Condition(and_(true(), *(p.clause for p in parts)), all(p.exact for p in parts))
        case Or(operands):
            # Several lists of categories in one: only that can be searched together with a span of days.
            places = [operand.place for operand in operands if isinstance(operand, AnnouncedIn)]
            others = [operand for operand in operands if not isinstance(operand, AnnouncedIn)]
            parts = [_narrow_places(places), *map(narrow_query, others)]
            return Condition(or_(*(p.clause for p in parts)), all(p.exact for p in parts))
        case _:
            return Condition(true(), exact=False)


def _narrow_places(places: Iterable[str]) -> Condition:
    categories = {category for place in places for category in members_of(place)}
    clause = schema.announcements.c.category.in_(sorted(categories)) if categories else false()
    return Condition(clause, exact=True)


def _narrow_not(inner: Condition) -> Condition:
    # Of a condition that is only necessary, the negation says nothing.
    return Condition(not_(inner.clause), exact=True) if inner.exact else Condition(true(), exact=False)
