"""The index of words in SQLite: a table of FTS5, whose row ids are the places of announcements.

FTS5 reads its rows in the order of their ids from either end, so that the newest matches come first and
nothing is sorted. It holds an id against a bound only where all that is asked of the row holds: what finds
nothing would read all rows. So each row has its year and month as words too, asked for beside the others.
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
from feedsvc.query.ast import (
    And,
    AnnouncedIn,
    AuthorTerm,
    Field,
    ListedIn,
    Not,
    Or,
    Prefix,
    Term,
    all_of,
    any_of,
)
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
_FIELDS = (*Words._fields, "period")
# This tokenizer cuts at spaces and ASCII punctuation only, of which our tokens have none.
_CREATE = f"CREATE VIRTUAL TABLE words USING fts5({', '.join(_FIELDS)}, tokenize='ascii')"
_INSERT = f"INTO words(rowid, {', '.join(_FIELDS)}) VALUES (?, {', '.join('?' * len(_FIELDS))})"
# To name more months of a year than these costs more than reading the year whole.
_MOST_MONTHS = 9


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

    def may_hold(self, connection: Connection, query: Query, places: Span) -> bool:
        """Tell whether a row at some places has the words of a query, be it as it asks or not.

        FTS5 looks for a row that has all of a phrase's words before it looks at anything else that is asked.
        """
        loose = loosen(query)
        if loose == query:
            return True
        found = connection.exec_driver_sql(
            "SELECT 1 FROM words WHERE words MATCH ? AND rowid BETWEEN ? AND ? LIMIT 1",
            (spell_within(loose, places), *places),
        )
        return found.first() is not None

    def is_common(self, connection: Connection, query: Query, after: int) -> bool:
        """Tell whether many of the rows behind a place are what a query means."""
        found = connection.exec_driver_sql(
            "SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ? AND rowid > ? LIMIT ?)",
            (spell(query), after, COMMON_HITS),
        )
        return bool(found.scalar_one() == COMMON_HITS)


def date_rows(connection: Connection) -> None:
    """Give the rows of an index of an earlier release their periods: it is written anew."""
    if "period" in {column[1] for column in connection.exec_driver_sql("PRAGMA table_info(words)")}:
        # A new database has them already.
        return
    connection.exec_driver_sql("ALTER TABLE words RENAME TO undated")
    connection.exec_driver_sql(_CREATE)
    columns = ", ".join(("rowid", *Words._fields))
    period = f"strftime('%Y %Y%m', '{FIRST_DAY}', (rowid >> {PAPER_BITS}) || ' days')"
    connection.exec_driver_sql(
        f"INSERT INTO words({columns}, period) SELECT {columns}, {period} FROM undated"
    )
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


def loosen(query: Query) -> Query:
    """Give a query that asks for the words of the phrases it wants, wherever they stand."""
    match query:
        case Term(field, tokens):
            return all_of(Term(field, (token,)) for token in tokens)
        case Prefix(field, tokens):
            return all_of((*(Term(field, (token,)) for token in tokens[:-1]), Prefix(field, tokens[-1:])))
        case And(operands):
            return all_of(part if isinstance(part, Not) else loosen(part) for part in operands)
        case Or(operands):
            return any_of(map(loosen, operands))
        case _:
            return query


def spell_within(query: Query, places: Span | None) -> str:
    """Write a query, and the period that some places lie in, in the language of FTS5."""
    if places is None:
        return spell(query)
    period = f"period : {_any_token(list(_list_periods(day_of(places[0]), day_of(places[1]))))}"
    return f"{spell(query, period)} AND {period}"


def spell(query: Query, period: str = "") -> str:
    """Write a query that the index can answer in the language of FTS5.

    What is asked of a row beside the rest ends no search within a NOT: a period has to stand there too.
    """
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
            return _join("OR", (spell(part, period) for part in operands))
        case And(operands):
            wanted = [spell(part, period) for part in operands if not isinstance(part, Not)]
            barred = [spell(part.operand) for part in operands if isinstance(part, Not)]
            if not barred:
                return _join("AND", wanted)
            return f"({_join('AND', [*wanted, period] if period else wanted)} NOT {_join('OR', barred)})"
        case _:
            raise ValueError(f"{query!r} cannot be asked of the index of words")


def _join(operator: str, parts: Iterable[str]) -> str:
    return f"({f' {operator} '.join(parts)})"


def _any_token(tokens: Sequence[str]) -> str:
    return _join("OR", (f'"{token}"' for token in tokens))


def _list_rows(rows: Mapping[int, Words]) -> list[tuple[int | str, ...]]:
    return [(place, *words, f"{day_of(place):%Y %Y%m}") for place, words in rows.items()]


def _list_periods(first: date, last: date) -> Iterator[str]:
    """Give the tokens of the years from the one of a day to that of another; of the first its later months.

    Nothing is read in the last year behind the last day: reading begins there.
    """
    months = range(first.month, 13)
    if len(months) > _MOST_MONTHS:
        yield f"{first.year}"
    else:
        yield from (f"{first.year}{month:02}" for month in months)
    yield from (f"{year}" for year in range(first.year + 1, last.year + 1))
