"""Opening a database: the engine, SQLite's pragmas, and what a writing transaction is."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
)

from feedsvc.errors import SettingsError, StoreError

BUSY_TIMEOUT_MS = 15_000
LOCK_POLL_MS = 20
# For writing by the thousand: 64 MB of the file in memory, and as much in the log. SQLite's own are 2 and 4.
CACHE_KIB = 65_536
LOG_PAGES = 16_000
_WRITERS_LOCK = 7_207_731
_PASSWORD = re.compile(r"(//[^/:@]*):.*@")
_NO_DRIVER = "database_url: psycopg is not installed: expected `pip install -r requirements-postgres.lock`"


def open_engine(url: str, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> Engine:
    """Open the database at a SQLAlchemy URL; a SQLite file's folder is made if absent.

    A writer waits so long for others before it gives up.

    Raises SettingsError where the URL cannot be used.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        # A server that was started again has closed the connections that are kept: they are tried first.
        engine = create_engine(parsed, pool_pre_ping=parsed.get_backend_name() != "sqlite")
    except (ArgumentError, NoSuchModuleError, ImportError, OSError) as error:
        if isinstance(error, ModuleNotFoundError) and error.name == "psycopg":
            raise SettingsError(_NO_DRIVER) from error
        shown = _PASSWORD.sub(r"\1:***@", url)
        raise SettingsError(
            f"database_url: {shown!r} cannot be opened ({error}): "
            "expected sqlite:///path/to/file.sqlite3 or postgresql+psycopg://user@host/database"
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", partial(_prepare_sqlite, busy_timeout_ms))
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _prepare_postgresql)
        event.listen(engine, "begin", partial(_begin_postgresql, busy_timeout_ms))
    return engine


@contextmanager
def write(engine: Engine) -> Iterator[Connection]:
    """Run a writing transaction: committed whole at the end, undone whole on an exception.

    Raises StoreError when the database stays locked or cannot be reached.
    """
    with (
        _explained(engine),
        engine.connect().execution_options(feedsvc_writes=True) as connection,
        connection.begin(),
    ):
        yield connection


@contextmanager
def write_many(engine: Engine) -> Iterator[Connection]:
    """Run one of many writing transactions of thousands of rows each; otherwise as `write`.

    SQLite then keeps more of the file in memory, and carries its log over to the file a tenth as often: rows
    of history fall all over the indices, and a page that many transactions change is carried over once. Each
    is as safe as any other.
    """
    with write(engine) as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql(f"PRAGMA cache_size=-{CACHE_KIB}")
            connection.exec_driver_sql(f"PRAGMA wal_autocheckpoint={LOG_PAGES}")
        yield connection


@contextmanager
def write_aside(engine: Engine) -> Iterator[Connection]:
    """Run a writing transaction on rows that no other depends on: it waits for no turn among the writers.

    Raises StoreError when a row stays locked, or the database cannot be reached.
    """
    with (
        _explained(engine),
        engine.connect().execution_options(feedsvc_writes="aside") as connection,
        connection.begin(),
    ):
        yield connection


@contextmanager
def read(engine: Engine) -> Iterator[Connection]:
    """Run a reading transaction over one unchanging state of the database. Raises StoreError."""
    with _explained(engine), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def _explained(engine: Engine) -> Iterator[None]:
    try:
        yield
    except (DatabaseError, InterfaceError) as error:
        # The leaves other than these (a broken constraint, a wrong type) are faults of ours.
        if isinstance(error, OperationalError | InterfaceError) or type(error) is DatabaseError:
            raise StoreError(f"{engine.url.render_as_string()}: {error.orig}") from error
        raise


def _prepare_sqlite(busy_timeout_ms: int, dbapi_connection: Any, _record: object) -> None:
    # The driver's own transaction handling begins too late and never "immediate": ours replaces it.
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={busy_timeout_ms}")
    _write_ahead(cursor, attempts=1 + busy_timeout_ms // LOCK_POLL_MS)
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    # Some builds, Debian's among them, write zeros over whatever is freed: with every merge of the index of
    # words, and for each byte of a table that goes. FAST does so only where that page is written anyway.
    cursor.execute("PRAGMA secure_delete=FAST")
    cursor.close()


def _prepare_postgresql(dbapi_connection: Any, _record: object) -> None:
    # How many rows have a word that is not among the commonest, PostgreSQL guesses: one of two hundred. For
    # so many of millions it compiles the statement first, which takes a thousand times as long as running it;
    # and of a cursor, whose first tenth it takes to be all that is wanted, it would walk through all
    # announcements, expecting one of that word soon.
    with dbapi_connection.cursor() as cursor:
        cursor.execute("SET jit = off")
        cursor.execute("SET cursor_tuple_fraction = 1.0")
    dbapi_connection.commit()


def _write_ahead(cursor: sqlite3.Cursor, attempts: int) -> None:
    # A new file is switched once, and SQLite refuses that at once, whatever the busy time-out, while
    # another process writes: two that open a new store together would be one too many.
    for attempt in range(1, attempts + 1):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if attempt == attempts:
                raise
            time.sleep(LOCK_POLL_MS / 1000)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes its lock at once: one that starts by reading and is overtaken could never get it.
    writes = connection.get_execution_options().get("feedsvc_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _begin_postgresql(busy_timeout_ms: int, connection: Connection) -> None:
    # As on SQLite: one writer at a time, and readers that see one state.
    writes = connection.get_execution_options().get("feedsvc_writes", False)
    if writes:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {busy_timeout_ms}")
        if writes != "aside":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITERS_LOCK})")
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
