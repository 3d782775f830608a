"""Rows as a driver takes and gives them, made by SQLAlchemy's own conversions but without a connection.

SQLAlchemy binds each row of many in steps that cost as much as SQLite's own work, and in the process that
stores. Here rows can be bound anywhere, and are handed to the driver as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from operator import itemgetter
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import Column, Date, Row, Table
from sqlalchemy.engine import Dialect, make_url

DAYS = 10_000


def columns_of(table: Table) -> list[Column[Any]]:
    """Give the columns that a row has here, in their order: all but those that are set when it is stored."""
    return [column for column in table.columns if column.name not in ("asked_at", "revision")]


@cache
def bind_rows(drivername: str, table: Table) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """Give a function that turns a row by its columns' names into one as the driver takes it."""
    dialect = make_url(f"{drivername}://").get_dialect()()
    columns = columns_of(table)
    pick = itemgetter(*(column.name for column in columns))
    binders = [
        (place, _remember_days(column, bind))
        for place, column in enumerate(columns)
        if (bind := column.type.dialect_impl(dialect).bind_processor(dialect))
    ]

    def bind_row(row: Mapping[str, Any]) -> tuple[Any, ...]:
        values = list(pick(row))
        for place, bind in binders:
            value = values[place]
            if value is not None:
                values[place] = bind(value)
        return tuple(values)

    return bind_row


def find_binder(dialect: Dialect, column: Column[Any]) -> Callable[[Any], Any]:
    """Give the function that turns one column's value into the driver's."""
    return column.type.dialect_impl(dialect).bind_processor(dialect) or (lambda value: value)


def read_row(dialect: Dialect, table: Table, row: tuple[Any, ...]) -> Row[Any]:
    """Give a row as the driver takes it the way that a query gives one, its values by name."""
    values = {}
    for column, value in zip(columns_of(table), row, strict=True):
        read = column.type.dialect_impl(dialect).result_processor(dialect, None)
        values[column.name] = read(value) if read and value is not None else value
    return cast("Row[Any]", SimpleNamespace(**values))


def _remember_days(column: Column[Any], bind: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Bind each of the few thousand days once."""
    return lru_cache(DAYS)(bind) if isinstance(column.type, Date) else bind
