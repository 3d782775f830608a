"""The statements that lead to what a query may take in, newest first, so that few rows need be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Select, func, select

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
# Each for itself: only so an index answers it.
_ENDS = select(
    *(
        select(end(column)).scalar_subquery()
        for column in (schema.announcements.c.place, schema.announcements.c.released)
        for end in (func.max, func.min)
    )
)


@dataclass(frozen=True, slots=True)
class Ends:
    """The newest and the oldest place and release day; None for each in an empty ledger."""

    newest: int | None
    oldest: int | None
    newest_release: date | None
    oldest_release: date | None

    @property
    def days(self) -> tuple[date, date] | None:
        """The newest and the oldest day."""
        if self.newest is None or self.oldest is None:
            return None
        return day_of(self.newest), day_of(self.oldest)

    @property
    def releases(self) -> tuple[date, date] | None:
        """The newest and the oldest release day."""
        if self.newest_release is None or self.oldest_release is None:
            return None
        return self.newest_release, self.oldest_release


class Candidates:
    """Where the matches of one plan may be, within a transaction; what has to be known is asked once.

    Words that are all common are looked for together in the newest `most_searched` announcements only; None
    is what the index can do at once.
    """

    def __init__(self, connection: Connection, plan: Plan, most_searched: int | None = None) -> None:
        self._connection = connection
        self._plan = plan
        self._index = words_of(connection)
        self._most_searched = most_searched or self._index.most_searched

    def list_by_place(self) -> Iterator[Select[Any]]:
        """Give statements whose rows, one after the other, come newest day first, then later papers."""
        table, plan = schema.announcements.c, self._plan
        statement = select(schema.announcements).where(plan.clause)
        if plan.words is not None:
            # By the place alone: SQLite takes the order of an index of words only where nothing else is
            # asked.
            yield from self._find_words(statement.order_by(self._index.place.desc()), plan.words)
            return
        # Without bounds a database sorts the whole history of an archive's categories before its first row.
        ordered = statement.order_by(table.place.desc(), table.category)
        if plan.names_papers:
            yield ordered
        elif days := self._ends.days:
            for first, last in _span_days(*days):
                yield ordered.where(table.place.between(first_place(first), last_place(last)))

    def list_by_release(self) -> Iterator[Select[Any]]:
        """Give statements whose rows come newest release day first; what has none is left out."""
        table, plan = schema.announcements.c, self._plan
        statement = select(schema.announcements).where(plan.clause)
        ordered = statement.order_by(table.released.desc(), table.place.desc(), table.category)
        if (releases := self._ends.releases) is None:
            return
        if plan.words is not None:
            yield from self._find_released_words(ordered, plan.words, releases)
        elif plan.names_papers:
            yield ordered.where(table.released.is_not(None))
        else:
            for span in _span_days(*releases):
                yield ordered.where(table.released.between(*span))

    def find_horizon(self) -> int:
        """Give the place before which the plan's words are not looked for; 0 if they are everywhere."""
        return self._horizon if self._is_common else 0

    @cached_property
    def _ends(self) -> Ends:
        row = self._connection.execute(_ENDS).one()
        return Ends(*row)

    @cached_property
    def _is_common(self) -> bool:
        days = self._ends.days
        if days is None or self._plan.words is None:
            return False
        after = first_place(days[0] - SAMPLE)
        return _consists_of_common(self._connection, self._index, self._plan.words, after)

    @cached_property
    def _horizon(self) -> int:
        """The place before which words that are all common are not looked for together; 0 for none.

        An index reads the rows of its rarest word. Where one is rare, these are few; where all are common,
        they are a good part of all rows, and would be read for whoever asks for two that never meet.
        """
        place = schema.announcements.c.place
        query = select(place).order_by(place.desc()).offset(self._most_searched).limit(1)
        return self._connection.execute(query).scalar() or 0

    def _find_words(self, statement: Select[Any], words: Query) -> Iterator[Select[Any]]:
        index, days = self._index, self._ends.days
        if days is None or not self._is_common:
            yield index.find(statement, words)
            return
        for first, last in _span_days(*days, index.first_span):
            horizon = 0 if last > days[0] - UNCOUNTED else self._horizon
            if last_place(last) < horizon:
                return
            places = max(first_place(first), horizon), last_place(last)
            if index.may_hold(self._connection, words, places):
                yield index.find(statement, words, places)

    def _find_released_words(
        self, ordered: Select[Any], words: Query, releases: tuple[date, date]
    ) -> Iterator[Select[Any]]:
        index, table = self._index, schema.announcements.c
        if not self._is_common:
            yield index.find(ordered, words).where(table.released.is_not(None))
            return
        for span in _span_days(*releases, index.first_span):
            places = select(func.max(table.place), func.min(table.place)).where(table.released.between(*span))
            last, first = self._connection.execute(places).one()
            if last is not None and last >= self._horizon:
                within = max(first, self._horizon), last
                if index.may_hold(self._connection, words, within):
                    yield index.find(ordered, words, within).where(table.released.between(*span))


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


def find_newest_day(connection: Connection) -> date | None:
    """Give the newest day with an announcement; None for an empty ledger."""
    table = schema.announcements.c
    return connection.execute(select(table.day).order_by(table.place.desc()).limit(1)).scalar()


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


def _span_days(newest: date, oldest: date, length: timedelta = FIRST_SPAN) -> Iterator[tuple[date, date]]:
    """Give spans of days, each the first and last, from the newest back, each twice as long as before."""
    while newest >= oldest:
        length = min(length, newest - oldest + timedelta(days=1))
        yield newest - length + timedelta(days=1), newest
        newest -= length
        length *= 2
