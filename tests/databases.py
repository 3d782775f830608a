"""Empty databases for tests: a SQLite file, or a schema of its own on a PostgreSQL server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

import pytest
from sqlalchemy import create_engine, text

SERVER = "FEEDSVC_TEST_POSTGRES_URL"
CHOICE = "FEEDSVC_TEST_STORE"
BOTH = "FEEDSVC_TEST_DATABASE_URL"


def find_server() -> str | None:
    """Give the URL of the PostgreSQL server that tests may use, or None."""
    return os.environ.get(SERVER) or os.environ.get(BOTH)


def uses_postgresql() -> bool:
    """Tell whether the tests that run on either database are to run on PostgreSQL.

    Raises ValueError where that is asked for without a server, or something else is.
    """
    choice = os.environ.get(CHOICE, "postgresql" if BOTH in os.environ else "sqlite")
    if choice not in ("sqlite", "postgresql"):
        raise ValueError(f"{CHOICE} is {choice!r}: expected sqlite or postgresql")
    if choice == "postgresql" and find_server() is None:
        raise ValueError(f"{CHOICE} asks for PostgreSQL: set {SERVER} to a server's URL")
    return choice == "postgresql"


@contextmanager
def make_database(folder: Path) -> Iterator[str]:
    """Give the URL of an empty database of the chosen kind; a SQLite file is made in the folder."""
    if not uses_postgresql():
        yield f"sqlite:///{folder}/store.sqlite3"
        return
    with make_schema() as url:
        yield url


@contextmanager
def make_schema() -> Iterator[str]:
    """Give the URL of an empty schema on the server, dropped at the end; skip where there is no server."""
    server = find_server()
    if server is None:
        pytest.skip(f"no PostgreSQL: set {SERVER} to the URL of a database")
    name = f"test_{token_hex(8)}"
    engine = create_engine(server)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
    separator = "&" if "?" in server else "?"
    try:
        yield f"{server}{separator}options=-csearch_path%3D{name}"
    finally:
        with engine.begin() as connection:
            connection.execute(text(f"DROP SCHEMA {name} CASCADE"))
        engine.dispose()
