"""The index of words: a row for each paper version on each day on which it was announced anywhere.

What a word is was decided in `query.words`, once for all databases; here tokens are stored and found again.
A row whose announcements were all taken back stays: nothing joins it, so nobody finds it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Connection, Select, select, union

from feedsvc.query import Query
from feedsvc.store import schema
from feedsvc.store.revisions import Revision
from feedsvc.store.versions import Key, chunked, load_papers
from feedsvc.store.words.postgresql import PostgresqlWords
from feedsvc.store.words.row import Span, Words, make_words
from feedsvc.store.words.sqlite import SqliteWords

__all__ = ["WordIndex", "Words", "index_changes", "index_papers", "words_of"]


class WordIndex(Protocol):
    """What a database does with words.

    `place` is the column that found rows are ordered by; `most_searched` is in how many announcements words
    that are all common are looked for together.
    """

    @property
    def most_searched(self) -> int:
        """How far back common words are looked for, in announcements."""
        ...

    @property
    def first_span(self) -> timedelta:
        """How many days are worth a search of their own; each further one goes over twice as many."""
        ...

    @property
    def place(self) -> ColumnElement[int]:
        """The place of a found row."""
        ...

    def create(self, connection: Connection) -> None:
        """Make the index, empty."""
        ...

    def load(self, connection: Connection, places: Sequence[int]) -> dict[int, Words]:
        """Give the rows that there are at some places."""
        ...

    def add(self, connection: Connection, rows: Mapping[int, Words]) -> None:
        """Put rows at places where there are none."""
        ...

    def save(self, connection: Connection, rows: Mapping[int, Words]) -> None:
        """Put rows at their places, instead of those that are there."""
        ...

    def find(self, statement: Select[Any], query: Query, places: Span | None = None) -> Select[Any]:
        """Restrict a statement about announcements to those whose words a query can mean, and to places.

        The query is one that `plan.plan_query` gives. Without places, all of its rows may be read at once.
        """
        ...

    def may_hold(self, connection: Connection, query: Query, places: Span) -> bool:
        """Tell whether it is worth looking for a query at some places."""
        ...

    def is_common(self, connection: Connection, query: Query, after: int) -> bool:
        """Tell whether a query without operators means at least about one of a hundred rows.

        Those behind a place may be taken as a sample.
        """
        ...


def words_of(connection: Connection) -> WordIndex:
    """Give the index of the database that is spoken to."""
    return SqliteWords() if connection.dialect.name == "sqlite" else PostgresqlWords()


def index_changes(connection: Connection, revision: Revision) -> None:
    """Bring the index up to what a transaction wrote: its last step but the commit."""
    if revision.taken is None:
        return
    changed = (
        select(table.c.paper, table.c.version).where(table.c.revision == revision.taken)
        for table in (schema.papers, schema.announcements)
    )
    index_papers(connection, [(row.paper, row.version) for row in connection.execute(union(*changed))])


def index_papers(connection: Connection, keys: Iterable[Key]) -> None:
    """Bring the rows of some paper versions up to date, on every day on which they were announced."""
    index = words_of(connection)
    for chunk in chunked(keys):
        wanted = _make_rows(connection, chunk)
        known = index.load(connection, list(wanted))
        index.add(connection, {place: row for place, row in wanted.items() if place not in known})
        changed = {place: wanted[place] for place, row in known.items() if wanted[place] != row}
        index.save(connection, changed)


def _make_rows(connection: Connection, keys: list[Key]) -> dict[int, Words]:
    papers = load_papers(connection, keys)
    categories: dict[tuple[int, Key], set[str]] = defaultdict(set)
    table = schema.announcements.c
    query = select(table.place, table.paper, table.version, table.category)
    for row in connection.execute(query.where(table.paper.in_(sorted({paper for paper, _ in keys})))):
        if (row.paper, row.version) in papers:
            categories[row.place, (row.paper, row.version)].add(row.category)
    return {place: make_words(papers[key], announcing) for (place, key), announcing in categories.items()}
