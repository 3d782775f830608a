"""The statements that lead to what a query may take in, newest first, so that few rows need be read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Column, Connection, Select, func, select

from feedsvc.query import Query
from feedsvc.query.ast import And, AuthorTerm, Not, Or, Prefix, Term
from feedsvc.store import schema
from feedsvc.store.place import day_of, first_place, last_place
from feedsvc.store.plan import Plan
from feedsvc.store.words import WordIndex, words_of

FIRST_SPAN = timedelta(days=2)
# The days that tell whether a word is common.
SAMPLE = timedelta(days=7)
# So far back is searched before it is asked how many rows that is.
UNCOUNTED = timedelta(days=62)


def find_by_place(
    connection: Connection, plan: Plan, most_searched: int | None = None
) -> Iterator[Select[Any]]:
    """Give statements whose rows, one statement after the other, come newest day first, then later papers.

    Words that are all common are looked for together in the newest `most_searched` announcements only; None
    is what the index can do at once.
    """
    table = schema.announcements.c
    statement = select(schema.announcements).where(plan.clause)
    if plan.words is not None:
        # By the place alone: SQLite takes the order of an index of words only where nothing else is asked.
        ordered = statement.order_by(words_of(connection).place.desc())
        yield from _find_words(connection, ordered, plan.words, most_searched)
        return
    # Without bounds a database sorts the whole history of an archive's categories before its first row.
    ordered = statement.order_by(table.place.desc(), table.category)
    newest, oldest = _read_ends(connection, table.place)
    if plan.names_papers:
        yield ordered
    elif newest is not None:
        for first, last in _span_days(day_of(newest), day_of(oldest)):
            yield ordered.where(table.place.between(first_place(first), last_place(last)))


def find_by_release(
    connection: Connection, plan: Plan, most_searched: int | None = None
) -> Iterator[Select[Any]]:
    """Give statements whose rows come newest release day first; what has none is left out.

    Of common words the same holds as in `find_by_place`.
    """
    table = schema.announcements.c
    statement = select(schema.announcements).where(plan.clause)
    ordered = statement.order_by(table.released.desc(), table.place.desc(), table.category)
    newest, oldest = _read_ends(connection, table.released)
    if newest is None:
        return
    if plan.names_papers:
        yield ordered.where(table.released.is_not(None))
        return
    if plan.words is None:
        for span in _span_days(newest, oldest):
            yield ordered.where(table.released.between(*span))
        return
    index = words_of(connection)
    if not _is_common(connection, index, plan.words, _read_ends(connection, table.place)[0]):
        yield index.find(ordered, plan.words).where(table.released.is_not(None))
        return
    horizon = _read_horizon(connection, most_searched or index.most_searched)
    for span in _span_days(newest, oldest, index.first_span):
        places = select(func.max(table.place), func.min(table.place)).where(table.released.between(*span))
        last, first = connection.execute(places).one()
        if last is not None and last >= horizon:
            within = max(first, horizon), last
            if index.may_hold(connection, plan.words, within):
                yield index.find(ordered, plan.words, within).where(table.released.between(*span))


def find_on_day(connection: Connection, plan: Plan, day: date) -> Select[Any]:
    """Give the statement of a day's rows, in no order; no word is too common for a single day."""
    table = schema.announcements.c
    places = first_place(day), last_place(day)
    statement = select(schema.announcements).where(plan.clause)
    if plan.words is not None:
        return words_of(connection).find(statement, plan.words, places)
    return statement.where(table.place.between(*places))


def find_days_around(connection: Connection, day: date) -> tuple[date | None, date | None]:
    """Give the nearest days with an announcement, before and after a day."""
    place = schema.announcements.c.place
    before = select(func.max(place)).where(place < first_place(day)).scalar_subquery()
    after = select(func.min(place)).where(place > last_place(day)).scalar_subquery()
    row = connection.execute(select(before, after)).one()
    return None if row[0] is None else day_of(row[0]), None if row[1] is None else day_of(row[1])


def find_horizon(connection: Connection, plan: Plan, most_searched: int | None = None) -> int:
    """Give the place before which the words of a plan are not looked for; 0 if they are everywhere."""
    index = words_of(connection)
    if plan.words is None:
        return 0
    newest, _ = _read_ends(connection, schema.announcements.c.place)
    if not _is_common(connection, index, plan.words, newest):
        return 0
    return _read_horizon(connection, most_searched or index.most_searched)


def find_newest_day(connection: Connection) -> date | None:
    """Give the newest day with an announcement; None for an empty ledger."""
    table = schema.announcements.c
    return connection.execute(select(table.day).order_by(table.place.desc()).limit(1)).scalar()


def _find_words(
    connection: Connection, statement: Select[Any], words: Query, most_searched: int | None
) -> Iterator[Select[Any]]:
    index = words_of(connection)
    newest, oldest = _read_ends(connection, schema.announcements.c.place)
    if newest is None or not _is_common(connection, index, words, newest):
        yield index.find(statement, words)
        return
    horizon = None
    for first, last in _span_days(day_of(newest), day_of(oldest), index.first_span):
        if horizon is None:
            is_recent = last > day_of(newest) - UNCOUNTED
            horizon = None if is_recent else _read_horizon(connection, most_searched or index.most_searched)
        if last_place(last) < (horizon or 0):
            return
        places = max(first_place(first), horizon or 0), last_place(last)
        if index.may_hold(connection, words, places):
            yield index.find(statement, words, places)


def _read_horizon(connection: Connection, most_searched: int) -> int:
    """Give the place before which words that are all common are not looked for together; 0 for none.

    An index reads the rows of its rarest word. Where one is rare, these are few; where all are common, they
    are a good part of all rows, and would be read for every visitor who asks for two that never meet.
    """
    place = schema.announcements.c.place
    query = select(place).order_by(place.desc()).offset(most_searched).limit(1)
    return connection.execute(query).scalar() or 0


def _is_common(connection: Connection, index: WordIndex, query: Query, newest: int | None) -> bool:
    if newest is None:
        return False
    return _consists_of_common(connection, index, query, first_place(day_of(newest) - SAMPLE))


def _consists_of_common(connection: Connection, index: WordIndex, query: Query, after: int) -> bool:
    match query:
        case And(operands):
            wanted = (part for part in operands if not isinstance(part, Not))
            return all(_consists_of_common(connection, index, part, after) for part in wanted)
        case Or(operands):
            return any(_consists_of_common(connection, index, part, after) for part in operands)
        case Term(field, tokens):
            words: set[Query] = {Term(field, (token,)) for token in tokens}
            return all(index.is_common(connection, word, after) for word in words)
        case Prefix(field, tokens):
            whole: set[Query] = {Term(field, (token,)) for token in tokens[:-1]}
            whole.add(Prefix(field, tokens[-1:]))
            return all(index.is_common(connection, word, after) for word in whole)
        case AuthorTerm(tokens):
            names: set[Query] = {AuthorTerm((token,)) for token in tokens}
            return all(index.is_common(connection, name, after) for name in names)
        case _:
            return index.is_common(connection, query, after)


def _read_ends(connection: Connection, column: Column[Any]) -> tuple[Any, Any]:
    """Give the newest and the oldest; None for an empty ledger."""
    newest, oldest = (select(end(column)).scalar_subquery() for end in (func.max, func.min))
    row = connection.execute(select(newest, oldest)).one()
    return row[0], row[1]


def _span_days(newest: date, oldest: date, length: timedelta = FIRST_SPAN) -> Iterator[tuple[date, date]]:
    """Give spans of days, each the first and last, from the newest back, each twice as long as before."""
    while newest >= oldest:
        length = min(length, newest - oldest + timedelta(days=1))
        yield newest - length + timedelta(days=1), newest
        newest -= length
        length *= 2
