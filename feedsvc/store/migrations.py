"""The schema's history: an ordered list of steps, each in a transaction with the number it leads to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    Table,
    insert,
    inspect,
    select,
    text,
    update,
)

from feedsvc.errors import StoreError
from feedsvc.store import schema
from feedsvc.store.engine import read, write
from feedsvc.store.hub_tables import create_hub_tables
from feedsvc.store.model_tables import create_model_tables
from feedsvc.store.words import words_of
from feedsvc.store.words.sqlite import date_rows

_numbers = Table("schema_version", MetaData(), Column("number", Integer, nullable=False))


def _create_tables(connection: Connection) -> None:
    schema.metadata.create_all(connection)
    words_of(connection).create(connection)
    connection.execute(insert(schema.revisions).values(value=0))
    connection.execute(insert(schema.paces).values(host=schema.ARXIV, held_until=0.0, free_at=0.0))


def _add_subscribers(connection: Connection) -> None:
    schema.subscribers.create(connection, checkfirst=True)


def _keep_packed_bodies(connection: Connection) -> None:
    """Keep documents under gzip alone, and number their changes."""
    # A new database has all this already: its first step makes the tables as they are today.
    if "body" in {column["name"] for column in inspect(connection).get_columns("documents")}:
        connection.execute(text("ALTER TABLE documents ADD COLUMN size INTEGER NOT NULL DEFAULT 0"))
        connection.execute(text("UPDATE documents SET size = length(body)"))
        connection.execute(text("ALTER TABLE documents DROP COLUMN body"))
    schema.editions.create(connection, checkfirst=True)
    connection.execute(insert(schema.editions).values(value=0))


def _number_changes(connection: Connection) -> None:
    """Keep in each document's row when its bytes changed last, and when something was dropped last."""
    for table, name in (("documents", "edition"), ("editions", "dropped"), ("revisions", "dropped")):
        if name not in {column["name"] for column in inspect(connection).get_columns(table)}:
            connection.execute(text(f"ALTER TABLE {table} ADD COLUMN {name} INTEGER NOT NULL DEFAULT 0"))
    for index in schema.documents.indexes:
        index.create(connection, checkfirst=True)


def _date_words(connection: Connection) -> None:
    """Give each row of SQLite's index of words its year and month as words."""
    if connection.dialect.name == "sqlite":
        date_rows(connection)


Step = Callable[[Connection], None]
STEPS: tuple[Step, ...] = (
    _create_tables,
    create_model_tables,
    _keep_packed_bodies,
    create_hub_tables,
    _add_subscribers,
    _date_words,
    _number_changes,
)


def migrate(engine: Engine, steps: Sequence[Step] = STEPS) -> int:
    """Bring the schema to the newest number and give it. Doing it again changes nothing.

    Raises StoreError if the database is of a later release.
    """
    with write(engine) as connection:
        number = _read_number(connection)
        _refuse_later(number, len(steps))
        if number == len(steps):
            return number
        _numbers.create(connection, checkfirst=True)
        for step in steps[number:]:
            step(connection)
        written = connection.execute(update(_numbers).values(number=len(steps)))
        if not written.rowcount:
            connection.execute(insert(_numbers).values(number=len(steps)))
    return len(steps)


def check_schema(engine: Engine) -> None:
    """Raise StoreError unless the schema is the one this release works with. Asking makes no file."""
    name = engine.url.database
    if engine.dialect.name == "sqlite" and name and name != ":memory:" and not Path(name).exists():
        raise StoreError(f"{name}: expected a store's file; `feedsvc migrate` makes an empty one")
    with read(engine) as connection:
        number = _read_number(connection)
    _refuse_later(number, len(STEPS))
    if number < len(STEPS):
        raise StoreError(f"the schema is number {number}, expected {len(STEPS)}: run `feedsvc migrate`")


def _read_number(connection: Connection) -> int:
    if not inspect(connection).has_table("schema_version"):
        return 0
    return connection.execute(select(_numbers.c.number)).scalar() or 0


def _refuse_later(number: int, known: int) -> None:
    if number > known:
        raise StoreError(f"the schema is number {number}, this release knows {known}: run a newer release")
