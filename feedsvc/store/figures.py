"""Figures about the whole store, each cheap enough to be asked for again and again, however large it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, Integer, Table, exists, func, literal_column, select, text

from feedsvc.paper import Kind
from feedsvc.store import schema
from feedsvc.store.engine import read
from feedsvc.store.place import first_place

COUNTED_WHOLE = 100_000
"""A table of which PostgreSQL estimates no more rows is counted."""


FIRST_KINDS = (Kind.NEW.value, Kind.CROSS.value)


@dataclass(frozen=True, slots=True)
class DocumentFigures:
    """The documents of one format; sizes are those of the unpacked bodies.

    `behind` is how many were built before the newest change of content.
    """

    format: str
    documents: int
    behind: int
    bytes: int
    largest_bytes: int
    entries: int
    most_entries: int


class FigureStore:
    """What there is, in numbers."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def count_papers(self) -> int:
        """Give about how many paper versions there are (see `_count_rows`)."""
        with read(self._engine) as connection:
            return _count_rows(connection, schema.papers)

    def count_announcements(self) -> int:
        """Give about how many announcements there are (see `_count_rows`)."""
        with read(self._engine) as connection:
            return _count_rows(connection, schema.announcements)

    def count_incomplete(self) -> int:
        """Give how many paper versions are known from a listing only."""
        query = select(func.count()).select_from(schema.papers).where(schema.papers.c.complete.is_(False))
        with read(self._engine) as connection:
            return connection.execute(query).scalar_one()

    def count_undigested(self, language: str, among: int) -> int:
        """Give how many of the paper versions that changed last have no digest in a language.

        Digests are made in the order of change, so up to `among` this is the whole queue.
        """
        papers, digests = schema.papers.c, schema.digests.c
        newest = select(papers.paper, papers.version).order_by(papers.revision.desc()).limit(among).subquery()
        made = exists().where(
            digests.paper == newest.c.paper,
            digests.version == newest.c.version,
            digests.language == language,
        )
        with read(self._engine) as connection:
            return connection.execute(select(func.count()).select_from(newest).where(~made)).scalar_one()

    def list_recent(self, since: date) -> list[tuple[date, str, str]]:
        """Give day, category and paper of what was newly announced or cross-listed since a day."""
        table = schema.announcements.c
        query = select(table.day, table.category, table.paper).where(
            table.place >= first_place(since), table.kind.in_(FIRST_KINDS)
        )
        with read(self._engine) as connection:
            return [(row.day, row.category, row.paper) for row in connection.execute(query)]

    def list_holdings(self, format_: str, language: str) -> dict[str, list[str]]:
        """Give the papers in the ready documents of a format and language, by feed; no body is read."""
        table = schema.documents.c
        query = select(table.feed, table.papers).where(table.format == format_, table.language == language)
        with read(self._engine) as connection:
            return {row.feed: row.papers for row in connection.execute(query)}

    def sum_documents(self) -> tuple[DocumentFigures, ...]:
        """Give the figures of the documents by format; no body is read."""
        table = schema.documents.c
        query = select(table.format, table.revision, table.entries, table.size)
        with read(self._engine) as connection:
            newest = connection.execute(select(schema.revisions.c.value)).scalar_one()
            by_format: dict[str, list[Any]] = defaultdict(list)
            for row in connection.execute(query):
                by_format[row.format].append(row)
        return tuple(_sum_format(format_, rows, newest) for format_, rows in sorted(by_format.items()))


def _sum_format(format_: str, rows: Sequence[Any], newest: int) -> DocumentFigures:
    return DocumentFigures(
        format=format_,
        documents=len(rows),
        behind=sum(row.revision < newest for row in rows),
        bytes=sum(row.size for row in rows),
        largest_bytes=max(row.size for row in rows),
        entries=sum(row.entries for row in rows),
        most_entries=max(row.entries for row in rows),
    )


def _count_rows(connection: Connection, table: Table) -> int:
    """Give the number of rows without reading them all.

    SQLite numbers rows as they are added, so that the last number is theirs, but for holes where rows were
    taken out: it may be a little high. PostgreSQL keeps an estimate of a large table's.
    """
    if connection.dialect.name == "sqlite":
        last = select(func.max(literal_column("rowid", Integer))).select_from(table)
        return connection.execute(last).scalar() or 0
    estimate = text("SELECT reltuples FROM pg_class WHERE oid = to_regclass(:name)")
    rows = int(connection.execute(estimate, {"name": table.name}).scalar() or 0)
    if rows > COUNTED_WHOLE:
        return rows
    return connection.execute(select(func.count()).select_from(table)).scalar_one()
