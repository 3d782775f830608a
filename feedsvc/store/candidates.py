"""The statements that lead to what a query may take in, newest first, so that few rows need be read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Column, Connection, Select, func, select

from feedsvc.query import Query
from feedsvc.query.ast import And, AuthorTerm, Not, Or, Term
from feedsvc.store import schema
from feedsvc.store.place import day_of, first_place, last_place
from feedsvc.store.plan import Plan
from feedsvc.store.words import WordIndex, words_of

FIRST_SPAN = timedelta(days=2)
# A word is common if it stands in one of a hundred of the newest announcements.
SAMPLE = 20_000
COMMON_HITS = 200
# Where every word is common, two that never meet are looked for in so many announcements.
MOST_SEARCHED = 400_000


def find_by_place(connection: Connection, plan: Plan) -> Iterator[Select[Any]]:
    """Give statements whose rows, one statement after the other, come newest day first, then later papers."""
    table = schema.announcements.c
    statement = select(schema.announcements).where(plan.clause)
    if plan.words is not None:
        index = words_of(connection)
        found = index.find(statement, plan.words).order_by(index.place.desc(), table.category)
        yield found.where(index.place >= find_horizon(connection, plan.words))
        return
    # Without bounds a database sorts the whole history of an archive's categories before its first row.
    ordered = statement.order_by(table.place.desc(), table.category)
    newest, oldest = _read_ends(connection, table.place)
    if newest is not None:
        for first, last in _span_days(day_of(newest), day_of(oldest)):
            yield ordered.where(table.place.between(first_place(first), last_place(last)))


def find_by_release(connection: Connection, plan: Plan) -> Iterator[Select[Any]]:
    """Give statements whose rows come newest release day first; what has none is left out."""
    table = schema.announcements.c
    statement = select(schema.announcements).where(plan.clause)
    ordered = statement.order_by(table.released.desc(), table.place.desc(), table.category)
    newest, oldest = _read_ends(connection, table.released)
    if newest is None:
        return
    if plan.words is None:
        for span in _span_days(newest, oldest):
            yield ordered.where(table.released.between(*span))
        return
    index = words_of(connection)
    horizon = find_horizon(connection, plan.words)
    found = index.find(ordered, plan.words)
    if not horizon:
        yield found.where(table.released.is_not(None))
        return
    for span in _span_days(newest, oldest):
        places = select(func.max(table.place), func.min(table.place)).where(table.released.between(*span))
        last, first = connection.execute(places).one()
        if last is not None and last >= horizon:
            bounds = index.place.between(max(first, horizon), last)
            yield found.where(table.released.between(*span), bounds)


def find_horizon(connection: Connection, words: Query) -> int:
    """Give the place before which a query's words are not looked for; 0 if they are looked for everywhere.

    An index reads the rows of its rarest word. Where one is rare, these are few; where all are common, they
    are a good part of all rows, and would be read for every visitor who asks for two that never meet.
    """
    sample = _place_back(connection, SAMPLE)
    if not sample or not _is_common(connection, words_of(connection), words, sample):
        return 0
    return _place_back(connection, MOST_SEARCHED)


def _is_common(connection: Connection, index: WordIndex, query: Query, after: int) -> bool:
    match query:
        case And(operands):
            wanted = (part for part in operands if not isinstance(part, Not))
            return all(_is_common(connection, index, part, after) for part in wanted)
        case Or(operands):
            return any(_is_common(connection, index, part, after) for part in operands)
        case Term(field, tokens):
            return all(
                index.is_common(connection, Term(field, (token,)), after, COMMON_HITS)
                for token in set(tokens)
            )
        case AuthorTerm(words):
            return all(index.is_common(connection, AuthorTerm((w,)), after, COMMON_HITS) for w in words)
        case _:
            return index.is_common(connection, query, after, COMMON_HITS)


def _place_back(connection: Connection, count: int) -> int:
    """Give the place that has so many announcements behind it; 0 if there are not so many."""
    table = schema.announcements.c
    query = select(table.place).order_by(table.place.desc()).offset(count).limit(1)
    return connection.execute(query).scalar() or 0


def _read_ends(connection: Connection, column: Column[Any]) -> tuple[Any, Any]:
    return tuple(connection.execute(select(end(column))).scalar() for end in (func.max, func.min))  # type: ignore[return-value]


def _span_days(newest: date, oldest: date) -> Iterator[tuple[date, date]]:
    """Give spans of days, each the first and last, from the newest back, each twice as long as before."""
    length = FIRST_SPAN
    while newest >= oldest:
        length = min(length, newest - oldest + timedelta(days=1))
        yield newest - length + timedelta(days=1), newest
        newest -= length
        length *= 2
