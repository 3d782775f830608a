"""Backing a store up while it is at work: SQLite's own way, or what to say to PostgreSQL's."""

from __future__ import annotations

import os
import shlex
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy import Engine

from feedsvc.errors import StoreError
from feedsvc.store.migrations import check_schema


def back_up(engine: Engine, file: Path) -> int:
    """Write a store in SQLite to a file, one state of it whatever is written meanwhile; give its bytes.

    The file is whole and in its place, on the disk, or what was there before is. Nobody has to wait for it.
    Raises StoreError, for a store on PostgreSQL with the command that backs it up.
    Source: https://www.sqlite.org/backup.html
    """
    if engine.dialect.name != "sqlite":
        raise StoreError(f"the store is on PostgreSQL: back it up with `{tell_dump(engine, file)}`")
    check_schema(engine)
    if file.exists() and engine.url.database and file.samefile(engine.url.database):
        raise StoreError(f"{file} is the store itself: name another file")
    if not file.parent.is_dir():
        raise StoreError(f"{file} cannot be written: expected a folder {file.parent}")
    part = file.with_name(f"{file.name}.part")
    try:
        part.unlink(missing_ok=True)
        _write_copy(engine, part)
        _sync(part)
        part.replace(file)
        _sync(file.parent)
        return file.stat().st_size
    except (OSError, sqlite3.Error) as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise StoreError(f"{file} cannot be written: {error}") from error


def tell_dump(engine: Engine, file: Path) -> str:
    """Give the command that backs a store on PostgreSQL up; its password, if any, is not in it."""
    url = engine.url._replace(drivername="postgresql", password=None).render_as_string()
    return shlex.join(("pg_dump", "--format=custom", f"--file={file}", url))


def _write_copy(engine: Engine, part: Path) -> None:
    connection = engine.raw_connection()
    try:
        source = connection.driver_connection
        assert isinstance(source, sqlite3.Connection)
        with closing(sqlite3.connect(part)) as target:
            # All pages in one step: in several, each commit of a writer would have it begin anew.
            source.backup(target, pages=-1)
            # So that the backup is one file; what opens it as a store writes ahead again.
            target.execute("PRAGMA journal_mode=DELETE")
            said = target.execute("PRAGMA quick_check(1)").fetchone()[0]
            if said != "ok":
                raise StoreError(f"the copy is damaged, and so may be the store: {said}")
    finally:
        connection.close()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
