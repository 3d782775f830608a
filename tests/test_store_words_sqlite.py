"""The index of words in SQLite: within places is found what there is at them, whatever is asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

import pytest
from sqlalchemy import Connection

from feedsvc.query.ast import And, AuthorTerm, Field, Or, Prefix, Query, Term, all_of, any_of, negate
from feedsvc.store import open_store
from feedsvc.store.engine import read, write
from feedsvc.store.place import day_of, first_place, last_place, place_of
from feedsvc.store.plan import restrict_words
from feedsvc.store.words.row import Words
from feedsvc.store.words.sqlite import SqliteWords, spell, spell_within

VOCABULARY = ("walk", "walks", "graph", "tree")
# Ends of years and months, the day of a leap year, and days that no place can tell from the first or last.
DAYS = (
    date(1990, 5, 5),
    date(1991, 1, 1),
    date(2024, 2, 29),
    date(2025, 3, 31),
    date(2025, 4, 1),
    date(2025, 12, 31),
    date(2026, 1, 1),
    date(2170, 6, 6),
    date(2200, 1, 1),
)
ROWS = 300


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """Give an index of rows of a few words each, on days at every edge."""
    random = Random(1)
    folder = tmp_path_factory.mktemp("words")
    store = open_store(f"sqlite:///{folder}/store.sqlite3")
    store.migrate()

    def make_text() -> str:
        return " ".join(random.choices(VOCABULARY, k=random.randrange(4)))

    rows = {
        place_of(random.choice(DAYS), f"2601.{number:05}", 1): Words(
            make_text(), make_text(), make_text(), "", "", "cat·cs·ai"
        )
        for number in range(ROWS)
    }
    with write(store.engine) as connection:
        SqliteWords().add(connection, rows)
    with read(store.engine) as connection:
        yield connection
    store.close()


def make_query(random: Random, depth: int = 0) -> Query:
    """Make a query of words, phrases, beginnings and names, joined in any way."""
    made = random.randrange(6 if depth < 3 else 3)
    if made == 0:
        return AuthorTerm((random.choice(VOCABULARY),))
    if made == 1:
        before = random.choices(VOCABULARY, k=random.randrange(2))
        return Prefix(Field.TITLE, (*before, random.choice(("wa", "gr"))))
    if made == 2:
        field = random.choice((Field.ALL, Field.TITLE, Field.ABSTRACT))
        return Term(field, tuple(random.choices(VOCABULARY, k=random.choice((1, 1, 2, 3)))))
    if made == 3:
        return negate(make_query(random, depth + 1))
    join = any_of if made == 4 else all_of
    return join(make_query(random, depth + 1) for _ in range(2))


def make_asked(random: Random) -> Query:
    """Make one that an index can be asked."""
    while True:
        query = restrict_words(make_query(random))
        if isinstance(query, Term | Prefix | AuthorTerm | And | Or):
            return query


def find(connection: Connection, expression: str) -> list[int]:
    rows = connection.exec_driver_sql("SELECT rowid FROM words WHERE words MATCH ?", (expression,))
    return sorted(place for (place,) in rows)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_asked_within_places_is_found_at_them_as_without(connection: Connection, seed: int) -> None:
    random, found = Random(seed), 0
    for _ in range(20):
        query = make_asked(random)
        first, last = sorted(random.choices(DAYS, k=2))
        places = first_place(first), last_place(last)
        wanted = [place for place in find(connection, spell(query)) if places[0] <= place <= places[1]]
        within = find(connection, spell_within(query, places))

        assert [place for place in within if places[0] <= place <= places[1]] == wanted, query
        assert SqliteWords().may_hold(connection, query, places) or not wanted, query
        found += len(wanted)
    assert found


def test_a_row_is_found_in_any_span_that_its_day_lies_in(connection: Connection) -> None:
    anything = any_of(Prefix(Field.ALL, (word[:2],)) for word in VOCABULARY)
    for place in find(connection, spell(anything)):
        for before in (0, 1, 31, 365):
            span = first_place(day_of(place) - timedelta(days=before)), last_place(day_of(place))
            assert place in find(connection, spell_within(anything, span))
