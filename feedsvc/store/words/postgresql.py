"""The index of words in PostgreSQL: a `tsvector` made of our own tokens, and a GIN index over it.

A `tsvector` knows four weights; ours are title, abstract, names, and everything else, whose tokens carry the
name of their field. Source: https://www.postgresql.org/docs/current/datatype-textsearch.html
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    MetaData,
    Select,
    Table,
    Text,
    and_,
    cast,
    not_,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR, insert

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
from feedsvc.store.place import day_of
from feedsvc.store.words.row import SIGN, Span, Words, announced_tokens, listed_tokens

_WORDS = Table(
    "words",
    MetaData(),
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    *(Column(name, Text, nullable=False) for name in Words._fields),
    Column("lexemes", TSVECTOR, nullable=False),
    Column("oversize", Boolean, nullable=False),
)
Index("words_by_lexeme", _WORDS.c.lexemes, postgresql_using="gin")
Index("words_oversize", _WORDS.c.place, postgresql_where=_WORDS.c.oversize)
_WEIGHTS = {Field.ALL: "ABC", Field.TITLE: "A", Field.ABSTRACT: "B"}
_SIGNS = {Field.COMMENTS: f"co{SIGN}", Field.JOURNAL: f"jr{SIGN}"}
_COLUMNS = {
    Field.ALL: ("title", "abstract", "names"),
    Field.TITLE: ("title",),
    Field.ABSTRACT: ("abstract",),
    Field.COMMENTS: ("comments",),
    Field.JOURNAL: ("journal",),
}
COMMON_IN = 100
# Two fields stand so far apart that no phrase is found across them.
_GAP = 2
# PostgreSQL's own bounds, and a length that no word of a query has.
_LAST_POSITION, _MOST_POSITIONS, _LONGEST = 16_000, 250, 300


class PostgresqlWords:
    """The index of words, kept by GIN."""

    place: ColumnElement[int] = schema.announcements.c.place
    most_searched = 40_000
    first_span = timedelta(days=2)

    def create(self, connection: Connection) -> None:
        """Make the index, empty."""
        _WORDS.metadata.create_all(connection)

    def load(self, connection: Connection, places: Sequence[int]) -> dict[int, Words]:
        """Give the rows that there are at some places."""
        columns = [_WORDS.c[name] for name in Words._fields]
        rows = connection.execute(select(_WORDS.c.place, *columns).where(_WORDS.c.place.in_(places)))
        return {row[0]: Words(*row[1:]) for row in rows}

    def add(self, connection: Connection, rows: Mapping[int, Words]) -> None:
        """Put rows at places where there are none."""
        if rows:
            connection.execute(insert(_WORDS), [_make_row(*row) for row in rows.items()])

    def save(self, connection: Connection, rows: Mapping[int, Words]) -> None:
        """Put rows at their places, instead of those that are there."""
        if rows:
            statement = insert(_WORDS)
            changed = {name: statement.excluded[name] for name in (*Words._fields, "lexemes", "oversize")}
            replacing = statement.on_conflict_do_update(index_elements=["place"], set_=changed)
            connection.execute(replacing, [_make_row(*row) for row in rows.items()])

    def find(self, statement: Select[Any], query: Query, places: Span | None = None) -> Select[Any]:
        """Restrict a statement about announcements to those whose words a query can mean, and to places."""
        found = select(_WORDS.c.place).where(_is_meant(query))
        if places is not None:
            found = found.where(_WORDS.c.place.between(*places))
            if day_of(places[1]) - day_of(places[0]) < self.first_span:
                return statement.where(self.place.in_(found))
        # Read whole, and first: else the planner would gladly test row after row, from the newest on, for
        # a word that next to none of them has.
        rows = found.cte("found").prefix_with("MATERIALIZED")
        return statement.join_from(schema.announcements, rows, self.place == rows.c.place)

    def may_hold(self, connection: Connection, query: Query, places: Span) -> bool:
        """Tell that there may be: the rows that GIN gives for a phrase have all of its words already."""
        return True

    def is_common(self, connection: Connection, query: Query, after: int) -> bool:
        """Tell whether one row of a hundred is what a query means, as far as PostgreSQL's statistics know."""
        meant = _estimate(connection, "lexemes @@ CAST(:query AS tsquery)", query=spell(query))
        return meant * COMMON_IN >= _estimate(connection, "true")


def _make_row(place: int, words: Words) -> dict[str, Any]:
    lexemes, is_whole = make_lexemes(words)
    return {"place": place, **words._asdict(), "lexemes": lexemes, "oversize": not is_whole}


def make_lexemes(words: Words) -> tuple[str, bool]:
    """Write words as a `tsvector`, and tell whether it holds all that is needed to find them.

    Of a text of more than some thousand words, or with one word some hundred times, it does not.
    """
    positions: dict[str, list[str]] = defaultdict(list)
    position = 0
    is_whole = True
    for sign, weight, tokens in _list_fields(words):
        for token in tokens:
            position += 1
            places = positions[sign + token[:_LONGEST]]
            if position <= _LAST_POSITION and len(places) < _MOST_POSITIONS:
                places.append(f"{position}{weight}")
            else:
                is_whole = False
        position += _GAP
    return " ".join(
        f"'{token}':{','.join(places)}" for token, places in positions.items() if places
    ), is_whole


def _list_fields(words: Words) -> Iterator[tuple[str, str, list[str]]]:
    yield "", "A", words.title.split()
    yield "", "B", words.abstract.split()
    for name in words.names.split(f" {SIGN} "):
        yield "", "C", name.split()
    yield _SIGNS[Field.COMMENTS], "D", words.comments.split()
    yield _SIGNS[Field.JOURNAL], "D", words.journal.split()
    yield "", "D", words.places.split()


def spell(query: Query) -> str:
    """Write a query that the index can answer as a `tsquery`."""
    match query:
        case Term(field, tokens):
            return _spell_phrase(field, tokens)
        case Prefix(field, tokens):
            return _spell_phrase(field, tokens, "*")
        case AuthorTerm(words):
            return _join("&", (f"'{word}':C" for word in words))
        case ListedIn(place):
            return _join("|", (f"'{token}':D" for token in listed_tokens(place)))
        case AnnouncedIn(place):
            return _join("|", (f"'{token}':D" for token in announced_tokens(place)))
        case Not(operand):
            return f"!{spell(operand)}"
        case And(operands):
            return _join("&", map(spell, operands))
        case Or(operands):
            return _join("|", map(spell, operands))
        case _:
            raise ValueError(f"{query!r} cannot be asked of the index of words")


def read_text(query: Query) -> ColumnElement[bool]:
    """Give the condition that says of a row's text what `spell` says of its lexemes."""
    match query:
        case Term(field, tokens):
            return _holds(_COLUMNS[field], f"{' '.join(tokens)} ")
        case Prefix(field, tokens):
            return _holds(_COLUMNS[field], " ".join(tokens))
        case AuthorTerm(words):
            return and_(*(_holds(("names",), f"{word} ") for word in words))
        case ListedIn(place):
            return or_(*(_holds(("places",), f"{token} ") for token in listed_tokens(place)))
        case AnnouncedIn(place):
            return or_(*(_holds(("places",), f"{token} ") for token in announced_tokens(place)))
        case Not(operand):
            return not_(read_text(operand))
        case And(operands):
            return and_(*map(read_text, operands))
        case Or(operands):
            return or_(*map(read_text, operands))
        case _:
            raise ValueError(f"{query!r} cannot be asked of the index of words")


def _is_meant(query: Query) -> ColumnElement[bool]:
    return or_(_is_asked(query), and_(_WORDS.c.oversize, read_text(query)))


def _is_asked(query: Query) -> ColumnElement[bool]:
    if isinstance(query, And) and any(isinstance(part, Not) for part in query.operands):
        # Asked for in one expression, GIN would read all rows of what is barred as well.
        wanted = all_of(part for part in query.operands if not isinstance(part, Not))
        barred = any_of(part.operand for part in query.operands if isinstance(part, Not))
        return and_(_is_asked(wanted), not_(_is_asked(barred)))
    return _WORDS.c.lexemes.bool_op("@@")(cast(spell(query), TSQUERY))


def _spell_phrase(field: Field, tokens: Sequence[str], last: str = "") -> str:
    sign, weights = _SIGNS.get(field, ""), _WEIGHTS.get(field, "D")
    spelt = [f"'{sign}{token}':{weights}" for token in tokens]
    return _join("<->", [*spelt[:-1], spelt[-1] + last])


def _holds(columns: Iterable[str], text: str) -> ColumnElement[bool]:
    return or_(*((" " + _WORDS.c[name] + " ").contains(f" {text}", autoescape=True) for name in columns))


def _estimate(connection: Connection, condition: str, **values: str) -> float:
    explained = text(f"EXPLAIN (FORMAT JSON) SELECT place FROM words WHERE {condition}")
    plan = connection.execute(explained, values).scalar_one()
    return float(plan[0]["Plan"]["Plan Rows"])


def _join(operator: str, parts: Iterable[str]) -> str:
    return f"({f' {operator} '.join(parts)})"
