"""Announcements as queries see them: what a feed takes in, and what changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import chain, islice
from typing import Any

from sqlalchemy import Connection, Engine, Select, and_, select

from feedsvc.paper import Announcement
from feedsvc.query import Query, Subject
from feedsvc.query.ast import is_relative, resolve_dates, resolve_likeness
from feedsvc.query.subject import Wording
from feedsvc.store import schema
from feedsvc.store.candidates import Candidates, find_days_around, find_newest_day, find_on_day
from feedsvc.store.engine import read
from feedsvc.store.likeness import LikenessStore
from feedsvc.store.model_tables import orders
from feedsvc.store.place import day_of
from feedsvc.store.plan import Plan, plan_query
from feedsvc.store.rows import read_announcement
from feedsvc.store.versions import chunked, load_papers

CHUNK = 400
# What needs no second look is often wanted by the hundred.
CHUNK_EXACT = 100
# Building a hundred feeds asks about the same recent papers again and again: their words are read once.
WORDINGS = 8000
MOST_READ = 100_000
BEFORE_ALL = date(1991, 8, 14)  # arXiv's first day


@dataclass(frozen=True, slots=True)
class Search:
    """A search for what matches a query; each way is read only as far as the caller goes on."""

    candidates: Candidates
    sift: Callable[[Iterable[Select[Any]]], Iterator[Announcement]]

    def by_release(self) -> Iterator[Announcement]:
        """Give matches, newest release day first, and none of history that was filled in later."""
        return self.sift(self.candidates.list_by_release())

    def by_day(self) -> Iterator[Announcement]:
        """Give matches, newest day first, on one day the later paper."""
        return self.sift(self.candidates.list_by_place())


class AnnouncementStore:
    """Announcements across categories and days."""

    def __init__(
        self,
        engine: Engine,
        likeness: LikenessStore | None = None,
        *,
        most_read: int = MOST_READ,
        most_searched: int | None = None,
    ) -> None:
        self._engine = engine
        self._likeness = likeness or LikenessStore(engine)
        self._most_read = most_read
        self._most_searched = most_searched
        self._word = lru_cache(WORDINGS)(Wording)

    def matching(self, query: Query, *, by_release: bool) -> Iterator[Announcement]:
        """Give the announcements that match a query, read only as far as the caller goes on.

        See `Search`: those of `by_release` or of `by_day`.
        """
        with self.search(query) as search:
            yield from search.by_release() if by_release else search.by_day()

    @contextmanager
    def search(self, query: Query) -> Iterator[Search]:
        """Look for what matches a query, all of it in one state of the store.

        Of a query that no index helps with, only the newest 100,000 candidates are read, and words that are
        all common are looked for together only back to `reach`: any visitor may ask. Dates relative to the
        newest day count from the newest announcement there was just before.
        """
        query = self.resolve(query)
        plan = plan_query(query)
        with read(self._engine) as connection:
            candidates = Candidates(connection, plan, self._most_searched)
            yield Search(candidates, lambda statements: self._sift(connection, statements, plan, query))

    def matching_on(self, query: Query, day: date) -> Iterator[Announcement]:
        """Give the announcements of a day that match a query, in no order, however long ago the day was."""
        query = self.resolve(query)
        plan = plan_query(query)
        with read(self._engine) as connection:
            yield from self._sift(connection, [find_on_day(connection, plan, day)], plan, query)

    def days_around(self, day: date) -> tuple[date | None, date | None]:
        """Give the nearest days with an announcement of whatever feed, before and after a day."""
        with read(self._engine) as connection:
            return find_days_around(connection, day)

    def resolve(self, query: Query) -> Query:
        """Give a query that says by itself what it takes in, as long as the store does not change.

        Dates that are relative to the newest day are made absolute, see `resolve_dates`; in an empty store
        they stand for no day that is there. Papers like another one are named, see `resolve_likeness`; there
        are none like one that is not stored.
        """
        query = resolve_likeness(query, self._likeness.find)
        if not is_relative(query):
            return query
        with read(self._engine) as connection:
            newest = find_newest_day(connection)
        return resolve_dates(query, newest or BEFORE_ALL)

    def reach(self, query: Query) -> date | None:
        """Give the day before which a query's words are not looked for; None if they are everywhere."""
        plan = plan_query(self.resolve(query))
        with read(self._engine) as connection:
            horizon = Candidates(connection, plan, self._most_searched).find_horizon()
        return day_of(horizon) if horizon else None

    def of_papers(self, papers: Iterable[str]) -> list[Subject]:
        """Give every announcement of some papers, each with the version that it announced."""
        table = schema.announcements.c
        found: list[Subject] = []
        with read(self._engine) as connection:
            for chunk in chunked(sorted(papers)):
                statement = select(schema.announcements).where(table.paper.in_(chunk))
                announcements = [read_announcement(row) for row in connection.execute(statement)]
                found += self._subjects(connection, announcements)
        return found

    def changed_since(self, revision: int, limit: int) -> list[Subject]:
        """Give at most `limit` announcements that are new since a revision, or whose paper or digest is.

        A paper that is no longer held back counts as new. Of a paper with several versions only the
        announcements of the one that changed are given.
        """
        found: dict[tuple[str, date, str], Announcement] = {}
        with read(self._engine) as connection:
            # After an import nearly everything has changed: no more of it is read than asked for.
            for statement in _select_changed(revision):
                for row in connection.execute(statement.limit(limit)):
                    found.setdefault((row.category, row.day, row.paper), read_announcement(row))
                if len(found) >= limit:
                    break
            return self._subjects(connection, list(islice(found.values(), limit)))

    def find_changes(self, revision: int, limit: int) -> list[Subject] | None:
        """Give the same if that is all there is to know: None if an announcement was taken out since."""
        with read(self._engine) as connection:
            dropped: int = connection.execute(select(schema.revisions.c.dropped)).scalar_one()
        return None if dropped > revision else self.changed_since(revision, limit)

    def _sift(
        self, connection: Connection, statements: Iterable[Select[Any]], plan: Plan, query: Query
    ) -> Iterator[Announcement]:
        """Give the rows of statements that match a query, which is asked only where the plan is not exact."""
        size = CHUNK_EXACT if plan.exact else CHUNK
        chunks = (chunk for statement in statements for chunk in self._read(connection, statement, size))
        if plan.exact:
            yield from chain.from_iterable(chunks)
            return
        subjects = (subject for chunk in chunks for subject in self._subjects(connection, chunk))
        yield from (s.announcement for s in islice(subjects, self._most_read) if query.matches(s))

    def _read(
        self, connection: Connection, statement: Select[Any], size: int
    ) -> Iterator[list[Announcement]]:
        with connection.execution_options(yield_per=size).execute(statement) as rows:
            for partition in rows.partitions():
                yield [read_announcement(row) for row in partition]

    def _subjects(self, connection: Connection, announcements: list[Announcement]) -> list[Subject]:
        papers = load_papers(connection, dict.fromkeys((a.paper, a.version) for a in announcements))
        subjects = []
        for announcement in announcements:
            paper = papers[announcement.paper, announcement.version]
            subjects.append(Subject(paper, announcement, self._word(paper)))
        return subjects


def _select_changed(revision: int) -> Iterator[Select[Any]]:
    """Select the announcements that changed since a revision, then those whose paper's row or digest did."""
    rows, table = select(schema.announcements), schema.announcements.c
    yield rows.where(table.revision > revision)
    for other in (schema.papers.c, schema.digests.c, orders.c):
        is_of = and_(other.paper == table.paper, other.version == table.version)
        # A paper may have as many of these rows as there are languages.
        yield rows.where(is_of, other.revision > revision).distinct()
