"""The index of words in SQLite: a table of FTS5, whose row ids are the places of announcements.

FTS5 reads its rows in the order of their ids from either end, so that the newest matches come first and
nothing is sorted. It holds an id against a bound only where all that is asked of the row holds: what finds
nothing would read all rows. So each row has its month as a word too, which is asked for beside the others.
Source: https://www.sqlite.org/fts5.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Join, Select, column, literal_column, table, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from feedsvc.query import Query
from feedsvc.query.ast import And, AnnouncedIn, AuthorTerm, Field, ListedIn, Not, Or, Prefix, Term
from feedsvc.store import schema
from feedsvc.store.place import FIRST_DAY, PAPER_BITS, day_of
from feedsvc.store.words.row import Span, Words, announced_tokens, listed_tokens

_COLUMNS = {
    Field.ALL: "{title abstract names}",
    Field.TITLE: "title",
    Field.ABSTRACT: "abstract",
    Field.COMMENTS: "comments",
    Field.JOURNAL: "journal",
}
_WORDS = table("words", column("rowid", Integer))
COMMON_HITS = 20
_FIELDS = (*Words._fields, "month")
# This tokenizer cuts at spaces and ASCII punctuation only, of which our tokens have none.
_CREATE = f"CREATE VIRTUAL TABLE words USING fts5({', '.join(_FIELDS)}, tokenize='ascii')"
_INSERT = f"INTO words(rowid, {', '.join(_FIELDS)}) VALUES (?, {', '.join('?' * len(_FIELDS))})"
# To name more months than these costs more than it spares.
_MOST_MONTHS = 60


class SqliteWords:
    """The index of words, kept by FTS5."""

    place: ColumnElement[int] = literal_column("words.rowid", Integer)
    most_searched = 400_000
    # Less than a month is not read more quickly.
    first_span = timedelta(days=62)

    def create(self, connection: Connection) -> None:
        """Make the index, empty."""
        connection.exec_driver_sql(_CREATE)

    def load(self, connection: Connection, places: Sequence[int]) -> dict[int, Words]:
        """Give the rows that there are at some places."""
        marks = ", ".join("?" * len(places))
        rows = connection.exec_driver_sql(
            f"SELECT rowid, {', '.join(Words._fields)} FROM words WHERE rowid IN ({marks})", tuple(places)
        )
        return {row[0]: Words(*row[1:]) for row in rows}

    def add(self, connection: Connection, rows: Mapping[int, Words]) -> None:
        """Put rows at places where there are none."""
        if rows:
            connection.exec_driver_sql(f"INSERT {_INSERT}", _list_rows(rows))

    def save(self, connection: Connection, rows: Mapping[int, Words]) -> None:
        """Put rows at their places, instead of those that are there."""
        if rows:
            connection.exec_driver_sql(f"INSERT OR REPLACE {_INSERT}", _list_rows(rows))

    def find(self, statement: Select[Any], query: Query, places: Span | None = None) -> Select[Any]:
        """Restrict a statement about announcements to those whose words a query can mean, and to places."""
        table = schema.announcements
        ordered = statement.select_from(_InThisOrder(_WORDS, table, table.c.place == self.place))
        asked = text("words MATCH :expression").bindparams(expression=spell_within(query, places))
        found = ordered.where(asked)
        return found if places is None else found.where(self.place.between(*places))

    def is_common(self, connection: Connection, query: Query, after: int) -> bool:
        """Tell whether many of the rows behind a place are what a query means."""
        found = connection.exec_driver_sql(
            "SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ? AND rowid > ? LIMIT ?)",
            (spell(query), after, COMMON_HITS),
        )
        return bool(found.scalar_one() == COMMON_HITS)


def date_rows(connection: Connection) -> None:
    """Give the rows of an index of an earlier release their months: it is written anew."""
    connection.exec_driver_sql("ALTER TABLE words RENAME TO undated")
    connection.exec_driver_sql(_CREATE)
    columns = ", ".join(("rowid", *Words._fields))
    month = f"strftime('%Y%m', '{FIRST_DAY}', (rowid >> {PAPER_BITS}) || ' days')"
    connection.exec_driver_sql(f"INSERT INTO words({columns}, month) SELECT {columns}, {month} FROM undated")
    connection.exec_driver_sql("DROP TABLE undated")


class _InThisOrder(Join):
    """A join whose left side is read first, whatever the database thinks of it.

    SQLite keeps no figures about words: it would gladly read all of a category's announcements, and look
    each of them up.
    """

    inherit_cache = True


@compiles(_InThisOrder, "sqlite")
def _spell_join(join: _InThisOrder, compiler: SQLCompiler, **options: Any) -> str:
    options["asfrom"] = True
    if linter := options.get("from_linter"):
        linter.edges.add((join.left, join.right))
    left, right = (compiler.process(side, **options) for side in (join.left, join.right))
    assert join.onclause is not None
    return f"{left} CROSS JOIN {right} ON {compiler.process(join.onclause)}"


def spell_within(query: Query, places: Span | None) -> str:
    """Write a query, and the months that some places lie in, in the language of FTS5."""
    months = [] if places is None else list(_list_months(day_of(places[0]), day_of(places[1])))
    if not 0 < len(months) <= _MOST_MONTHS:
        return spell(query)
    return f"{spell(query)} AND month : {_any_token(months)}"


def spell(query: Query) -> str:
    """Write a query that the index can answer in the language of FTS5."""
    match query:
        case Term(field, tokens):
            return f'{_COLUMNS[field]} : "{" ".join(tokens)}"'
        case Prefix(field, tokens):
            return f'{_COLUMNS[field]} : "{" ".join(tokens)}" *'
        case AuthorTerm(words):
            return _join("AND", (f'names : "{word}"' for word in words))
        case ListedIn(place):
            return f"places : {_any_token(listed_tokens(place))}"
        case AnnouncedIn(place):
            return f"places : {_any_token(announced_tokens(place))}"
        case Or(operands):
            return _join("OR", map(spell, operands))
        case And(operands):
            wanted = _join("AND", (spell(part) for part in operands if not isinstance(part, Not)))
            barred = [spell(part.operand) for part in operands if isinstance(part, Not)]
            return f"({wanted} NOT {_join('OR', barred)})" if barred else wanted
        case _:
            raise ValueError(f"{query!r} cannot be asked of the index of words")


def _join(operator: str, parts: Iterable[str]) -> str:
    return f"({f' {operator} '.join(parts)})"


def _any_token(tokens: Sequence[str]) -> str:
    return _join("OR", (f'"{token}"' for token in tokens))


def _list_rows(rows: Mapping[int, Words]) -> list[tuple[int | str, ...]]:
    return [(place, *words, _month_token(day_of(place))) for place, words in rows.items()]


def _list_months(first: date, last: date) -> Iterator[str]:
    while first <= last:
        yield _month_token(first)
        first = (first.replace(day=1) + timedelta(days=31)).replace(day=1)


def _month_token(day: date) -> str:
    return f"{day:%Y%m}"
