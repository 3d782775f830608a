"""Moving a whole store to another database: every row, the words too, all at once or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Table, delete, func, insert, select, text

from feedsvc.errors import StoreError
from feedsvc.store import hub_tables, schema
from feedsvc.store.engine import read, write
from feedsvc.store.migrations import check_schema, migrate
from feedsvc.store.words import words_of

CHUNK = 500
WORDS = "words"
# A new store has a row in each of these.
_BORN_WITH_A_ROW = (schema.revisions, schema.editions, schema.paces)


@dataclass(frozen=True, slots=True)
class Copied:
    """How far a table is: `done` of `rows` rows. For the words a row is a place in the ledger."""

    table: str
    done: int
    rows: int


Tell = Callable[[Copied], None]


def list_tables() -> tuple[Table, ...]:
    """Give every table that is copied row by row, each behind those that it refers to."""
    return (*schema.metadata.sorted_tables, *hub_tables.metadata.sorted_tables)


def copy_store(source: Engine, target: Engine, tell: Tell = lambda copied: None, chunk: int = CHUNK) -> int:
    """Copy every row of a store into an empty one, whose schema is made if there is none; give how many.

    What is read is one state of the source, whoever writes meanwhile; what came later is not copied. The
    target gets all of it in one transaction: cut short, it is as empty as before.

    Raises StoreError where the source's schema is not this release's, and where the target holds anything.
    """
    check_schema(source)
    migrate(target)
    with read(source) as reading, write(target) as writing:
        _refuse_filled(writing, target)
        for table in _BORN_WITH_A_ROW:
            writing.execute(delete(table))
        copied = sum(_copy_rows(reading, writing, table, tell, chunk) for table in list_tables())
        _copy_words(reading, writing, tell, chunk)
    return copied


def _refuse_filled(connection: Connection, target: Engine) -> None:
    revision = connection.execute(select(schema.revisions.c.value)).scalar_one()
    others = (table for table in list_tables() if table not in _BORN_WITH_A_ROW)
    filled = [table.name for table in others if connection.execute(select(table).limit(1)).first()]
    if revision or filled:
        held = ", ".join(filled) or "it had papers once"
        raise StoreError(f"{target.url.render_as_string()} is not empty ({held}): name a new one")


def _copy_rows(reading: Connection, writing: Connection, table: Table, tell: Tell, chunk: int) -> int:
    rows = reading.execute(select(func.count()).select_from(table)).scalar_one()
    done = 0
    tell(Copied(table.name, done, rows))
    for part in _read_parts(reading, table, chunk):
        writing.execute(insert(table), part)
        done += len(part)
        tell(Copied(table.name, done, rows))
    if table.autoincrement_column is not None:
        _set_last_number(writing, table, _read_last_number(reading, table))
    return done


def _read_parts(connection: Connection, table: Table, chunk: int) -> Iterator[list[dict[str, Any]]]:
    query = select(table).order_by(*table.primary_key.columns)
    found = connection.execution_options(yield_per=chunk).execute(query)
    for part in found.mappings().partitions():
        yield [dict(row) for row in part]


def _copy_words(reading: Connection, writing: Connection, tell: Tell, chunk: int) -> None:
    """Copy the words at every place of the ledger; rows at other places are found by nobody."""
    place = schema.announcements.c.place
    places = reading.execute(select(place).distinct().order_by(place)).scalars().all()
    source, target = words_of(reading), words_of(writing)
    for start in range(0, len(places), chunk):
        part = places[start : start + chunk]
        target.add(writing, source.load(reading, part))
        tell(Copied(WORDS, start + len(part), len(places)))


def _read_last_number(connection: Connection, table: Table) -> int:
    """Give the highest number that was ever given out, so that the copy gives none of them out again."""
    column = table.autoincrement_column
    assert column is not None
    highest = connection.execute(select(func.max(column))).scalar() or 0
    if connection.dialect.name == "sqlite":
        query = text("SELECT max(seq) FROM sqlite_sequence WHERE name = :name")
        return max(highest, connection.execute(query, {"name": table.name}).scalar() or 0)
    last, is_taken = connection.exec_driver_sql(
        f"SELECT last_value, is_called FROM {_sequence_of(connection, table)}"
    ).one()
    return max(highest, last if is_taken else 0)


def _set_last_number(connection: Connection, table: Table, number: int) -> None:
    if number == 0:
        return
    if connection.dialect.name != "sqlite":
        values = {"name": _sequence_of(connection, table), "number": number}
        connection.execute(text("SELECT setval(:name, :number)"), values)
    elif table.dialect_options["sqlite"]["autoincrement"]:
        values = {"name": table.name, "number": number}
        connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), values)
        connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :number)"), values)


def _sequence_of(connection: Connection, table: Table) -> str:
    column = table.autoincrement_column
    assert column is not None
    query = text("SELECT pg_get_serial_sequence(:table, :column)")
    name: str = connection.execute(query, {"table": table.name, "column": column.name}).scalar_one()
    return name
