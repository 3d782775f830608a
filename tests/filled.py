"""A store with rows in every table: real ones where rows depend on each other, made-up ones elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Column, Table, insert, select

from feedsvc.coding import GZIP, pack
from feedsvc.store import Store
from feedsvc.store.copying import list_tables
from feedsvc.store.documents import Stamp
from feedsvc.store.engine import read, write
from feedsvc.store.schema import UtcDateTime
from tests.builders import make_announcement, make_batch, make_digest, make_document, make_paper

ROWS = 3
MAKERS: dict[type, Callable[[int], Any]] = {
    str: lambda number: f"né {number} 'quoted' \\",
    int: lambda number: number,
    float: lambda number: 1_700_000_000.123456 + number,
    bool: lambda number: number % 2 == 0,
    bytes: lambda number: pack(f"bytes {number}".encode(), GZIP),
    date: lambda number: date(2026, 1, number),
    datetime: lambda number: datetime(2026, 1, number, 12, 30, 1, 234567, tzinfo=UTC),
    dict: lambda number: {"α": [number, None, "x"]},
}


def fill_store(store: Store, papers: int = 5) -> None:
    """Put rows into every table of a store."""
    ids = [f"2601.{number:05}" for number in range(1, papers + 1)]
    for category in ("cs.AI", "cs.LG"):
        announcements = [make_announcement(id, category) for id in ids]
        store.ledger.record_batch(make_batch(announcements), [make_paper(id) for id in ids], announcements)
    store.digests.save([make_digest(id) for id in ids])
    body = "<feed>ünïcode</feed>".encode()
    for format in ("xml", "rss", "json"):
        store.documents.save(make_document(format=format, body=body), Stamp("r", 3, 5), ids, ids)
    with write(store.engine) as connection:
        for table in list_tables():
            if connection.execute(select(table).limit(1)).first() is None:
                rows = [_make_row(table, number) for number in range(1, ROWS + 1)]
                connection.execute(insert(table), rows)


def read_rows(store: Store) -> dict[str, list[dict[str, Any]]]:
    """Give every row of every table, the words aside, in the order of their keys."""
    with read(store.engine) as connection:
        return {
            table.name: [
                dict(row)
                for row in connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
            ]
            for table in list_tables()
        }


def _make_row(table: Table, number: int) -> dict[str, Any]:
    return {column.name: _make_value(column, number) for column in table.columns}


def _make_value(column: Column[Any], number: int) -> Any:
    if column.nullable and number == ROWS:
        return None
    kind = datetime if isinstance(column.type, UtcDateTime) else column.type.python_type
    value = MAKERS[kind](number)
    length = getattr(column.type, "length", None)
    return value[:length] if length and isinstance(value, str) else value
