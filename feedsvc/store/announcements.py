"""Announcements as queries see them: what a feed takes in, and what changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import lru_cache
from itertools import chain, islice
from typing import Any

from sqlalchemy import Column, Connection, Engine, Select, case, func, or_, select

from feedsvc.paper import Announcement, Kind
from feedsvc.query import Query, Subject
from feedsvc.query.ast import is_relative, resolve_dates
from feedsvc.query.subject import Wording
from feedsvc.store import schema
from feedsvc.store.engine import read
from feedsvc.store.narrow import narrow_query
from feedsvc.store.papers import chunked, load_papers
from feedsvc.store.rows import read_announcement

CHUNK = 400
FIRST_SPAN = timedelta(days=2)
# Building a hundred feeds asks about the same recent papers again and again: their words are read once.
WORDINGS = 8000
MOST_READ = 100_000
BEFORE_ALL = date(1991, 8, 14)  # arXiv's first day


class AnnouncementStore:
    """Announcements across categories and days."""

    def __init__(self, engine: Engine, most_read: int = MOST_READ) -> None:
        self._engine = engine
        self._most_read = most_read
        self._word = lru_cache(WORDINGS)(Wording)

    def matching(self, query: Query, *, by_release: bool) -> Iterator[Announcement]:
        """Give the announcements that match a query, read only as far as the caller goes on.

        With `by_release` newest release day first, and none of history that was filled in later; else newest
        day first, on one day in arXiv's order of kinds, then the later id. Where words decide, only the
        newest 100,000 announcements are read: there is no index of words yet, and any visitor may ask.
        Dates relative to the newest day count from the newest announcement.
        """
        query = self.resolve(query)
        condition = narrow_query(query)
        table = schema.announcements.c
        date_ = table.released if by_release else table.day
        rank = case({kind.value: kind.rank for kind in Kind}, value=table.kind)
        order = (date_.desc(), table.day.desc(), rank, table.paper.desc(), table.category)
        statement = select(schema.announcements).where(condition.clause).order_by(*order)
        with read(self._engine) as connection:
            spans = (statement.where(date_.between(*span)) for span in _read_spans(connection, date_))
            chunks = (chunk for span in spans for chunk in self._read(connection, span))
            if condition.exact:
                yield from chain.from_iterable(chunks)
                return
            subjects = (subject for chunk in chunks for subject in self._subjects(connection, chunk))
            yield from (s.announcement for s in islice(subjects, self._most_read) if query.matches(s))

    def resolve(self, query: Query) -> Query:
        """Give a query with dates that are relative to the newest day made absolute: see `resolve_dates`.

        In an empty store they stand for no day that is there.
        """
        if not is_relative(query):
            return query
        with read(self._engine) as connection:
            newest = connection.execute(select(func.max(schema.announcements.c.day))).scalar()
        return resolve_dates(query, newest or BEFORE_ALL)

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
        """Give at most `limit` announcements that are new since a revision, or whose paper or digest is."""
        announcements, papers, digests = schema.announcements.c, schema.papers.c, schema.digests.c
        changed_papers = select(papers.paper).where(papers.revision > revision)
        changed_digests = select(digests.paper).where(digests.revision > revision)
        statement = select(schema.announcements).where(
            or_(
                announcements.revision > revision,
                announcements.paper.in_(changed_papers),
                announcements.paper.in_(changed_digests),
            )
        )
        with read(self._engine) as connection:
            rows = connection.execute(statement.limit(limit))
            return self._subjects(connection, [read_announcement(row) for row in rows])

    def _read(self, connection: Connection, statement: Select[Any]) -> Iterator[list[Announcement]]:
        with connection.execution_options(yield_per=CHUNK).execute(statement) as rows:
            for partition in rows.partitions():
                yield [read_announcement(row) for row in partition]

    def _subjects(self, connection: Connection, announcements: list[Announcement]) -> list[Subject]:
        papers = load_papers(connection, dict.fromkeys((a.paper, a.version) for a in announcements))
        subjects = []
        for announcement in announcements:
            paper = papers[announcement.paper, announcement.version]
            subjects.append(Subject(paper, announcement, self._word(paper)))
        return subjects


def _read_spans(connection: Connection, date_: Column[date]) -> Iterator[tuple[date, date]]:
    # Without bounds a database sorts the whole history of an archive's categories before its first row.
    newest, oldest = (connection.execute(select(end(date_))).scalar() for end in (func.max, func.min))
    length = FIRST_SPAN
    while newest and oldest and newest >= oldest:
        length = min(length, newest - oldest + timedelta(days=1))
        yield newest - length + timedelta(days=1), newest
        newest -= length
        length *= 2
