"""Rows in a database driver's own terms: made in one process, they can be written by another.

SQLAlchemy binds each of many rows in steps that cost as much as SQLite's own work, in the one process that
may write. The statement and the conversion of each column are still SQLAlchemy's, for every database.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, insert
from sqlalchemy.engine import make_url

from feedsvc.store import schema

Bound = tuple[Any, ...]
"""The values of one row, in the order of the binding's columns."""
STAMP = "revision"


class Binding:
    """How rows of a table are given to a driver; each row is stamped with a revision when it is inserted."""

    def __init__(self, table: Table, columns: Sequence[str], backend: str) -> None:
        dialect = make_url(f"{backend}://").get_dialect()()
        types = [table.c[name].type.dialect_impl(dialect) for name in columns]
        self._columns = tuple(columns)
        self._binders = [type_.bind_processor(dialect) for type_ in types]
        self._readers = [type_.result_processor(dialect, None) for type_ in types]
        self._positional = dialect.positional
        self._statement = str(insert(table).compile(dialect=dialect, column_keys=[*columns, STAMP]))

    def bind(self, row: dict[str, Any]) -> Bound:
        """Give a row as the driver takes it."""
        values = map(row.__getitem__, self._columns)
        return tuple([bind(v) if bind else v for bind, v in zip(self._binders, values, strict=True)])

    def read(self, bound: Bound) -> dict[str, Any]:
        """Give a row back as it was before it was bound."""
        # psycopg takes JSON in a wrapping of its own, and gives it bare.
        bare = (getattr(value, "obj", value) for value in bound)
        values = zip(self._columns, self._readers, bare, strict=True)
        return {name: read(value) if read else value for name, read, value in values}

    def insert(self, connection: Connection, rows: Sequence[Bound], revision: int) -> None:
        """Insert rows under a revision."""
        stamped = [(*row, revision) for row in rows]
        if self._positional:
            connection.exec_driver_sql(self._statement, stamped)
        else:
            names = (*self._columns, STAMP)
            connection.exec_driver_sql(self._statement, [dict(zip(names, r, strict=True)) for r in stamped])


PAPER_COLUMNS = tuple(c.name for c in schema.papers.columns if c.name not in ("asked_at", STAMP))
ANNOUNCEMENT_COLUMNS = tuple(c.name for c in schema.announcements.columns if c.name != STAMP)


@cache
def bind_papers(backend: str) -> Binding:
    """Give the binding of `papers` for a database, named as in its URL."""
    return Binding(schema.papers, PAPER_COLUMNS, backend)


@cache
def bind_announcements(backend: str) -> Binding:
    """Give the binding of `announcements` for a database, named as in its URL."""
    return Binding(schema.announcements, ANNOUNCEMENT_COLUMNS, backend)
