"""Measures how fast the newest matches of a query are found, in SQLite.

Invented papers of 35 years are put into a store, their words as frequent as those of a language are (the
n-th most frequent one a n-th as often as the first), each announced in one category, with as many more the
nearer to today. Then queries of each kind ask for their newest 100 announcements. The figures are
medians, in milliseconds. The naive way reads the same index whole and sorts what it found by date; the limit
is SQLite giving the numbers of the newest 100 rows of its index, and nothing else.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import accumulate, islice
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from sqlalchemy import insert, text

from benchmarks.table import Benchmark, Growth, Point, Row, Scale
from feedsvc.paper import Announcement, Kind, Origin, Paper
from feedsvc.query import Query
from feedsvc.query.ast import AnnouncedIn, AuthorTerm, Field, Term, all_of, negate
from feedsvc.store import Store, open_store, schema
from feedsvc.store.engine import read, write_many
from feedsvc.store.rows import announcement_row, paper_row
from feedsvc.store.words import words_of
from feedsvc.store.words.row import Words, announced_token, listed_token
from feedsvc.store.words.sqlite import spell

VOCABULARY = 60_000
ABSTRACT = 130
PIECES = 6_000
CATEGORIES = ("cs.LG", "cs.CV", "cs.CL", "cs.AI", "math.CO", "hep-th", "quant-ph", "astro-ph.GA", "stat.ML")
LAST_DAY = date(2026, 1, 14)
DAYS = 12_000
CHUNK = 5_000
WANTED = 100
QUERIES = 200
NAIVE_QUERIES = 5
CURVES = ("common word", "rare word", "AND of two")
NAIVE = "sorted by date"
LIMIT = "the index alone"
NEVER = ("never", "meeting")


def measure(scale: Scale) -> Iterator[Row]:
    """Give a row for each kind of query."""
    with filled_store(scale) as (store, corpus):
        for kind, make in make_kinds(corpus).items():
            queries = [make(lot) for lot in [Random(11)] for _ in range(QUERIES)]
            yield Row(
                what=f"{kind}, {scale.size:,} papers",
                unit="ms",
                ours=median(time_queries(lambda query: find_ours(store, query), queries)),
                naive=median(time_queries(lambda query: find_naively(store, query), queries[:NAIVE_QUERIES])),
                limit=median(time_queries(lambda query: find_places(store, query), queries)),
                naive_way=NAIVE,
                limit_way=LIMIT,
            )


def measure_growth(scale: Scale) -> Iterator[Point]:
    """Give the median milliseconds of some kinds of query among so many papers, and of the naive way."""
    with filled_store(scale) as (store, corpus):
        kinds = make_kinds(corpus)
        for kind in CURVES:
            queries = [kinds[kind](lot) for lot in [Random(11)] for _ in range(QUERIES)]
            yield Point(
                kind, scale.size, median(time_queries(lambda query: find_ours(store, query), queries))
            )
        common = [kinds[CURVES[0]](lot) for lot in [Random(11)] for _ in range(NAIVE_QUERIES)]
        naive = median(time_queries(lambda query: find_naively(store, query), common))
        yield Point(f"{CURVES[0]}, {NAIVE}", scale.size, naive)


@contextmanager
def filled_store(scale: Scale) -> Iterator[tuple[Store, Corpus]]:
    """Give a store with so many papers, and what they are made of."""
    with tempfile.TemporaryDirectory(dir=scale.folder) as folder:
        store, corpus = open_store(f"sqlite:///{Path(folder)}/search.sqlite3"), Corpus(Random(5))
        fill(store, corpus, scale.size)
        try:
            yield store, corpus
        finally:
            store.close()


class Corpus:
    """Words by their frequency, and pieces of text made of them beforehand: drawing each word takes long."""

    def __init__(self, lot: Random) -> None:
        self._lot = lot
        self.words = [f"w{number}" for number in range(1, VOCABULARY + 1)]
        weights = list(accumulate(1 / number for number in range(1, VOCABULARY + 1)))
        draws = lot.choices(self.words, cum_weights=weights, k=PIECES * ABSTRACT // 2)
        self.pieces = [" ".join(draws[n * 65 : (n + 1) * 65]) for n in range(PIECES)]
        self.names = [f"n{number}" for number in range(200_000)]

    def make_words(self, number: int, category: str) -> Words:
        """Give the words of one more paper: two pieces of text, and some words that few others have."""
        lot = self._lot
        first, second = lot.choice(self.pieces), lot.choice(self.pieces)
        # Two words that each stand in half of all papers, and in none together.
        parted = NEVER[number % 2]
        rare = f"r{lot.randrange(60_000)} q{number}"
        return Words(
            title=" ".join(first.split(" ", 9)[:9]),
            abstract=f"{first} {parted} {second} {rare}",
            names=" · ".join(f"{lot.choice(self.names)} {lot.choice(self.names)}" for _ in range(4)),
            comments="12 pages" if number % 2 else "",
            journal="",
            places=f"{listed_token(category)} {announced_token(category)}",
        )


def fill(store: Store, corpus: Corpus, papers: int) -> None:
    """Put papers into a store, as many as are lacking."""
    store.migrate()
    there = store.figures.count_announcements()
    if there >= papers:
        return
    lot = Random(there)
    for first in range(there, papers, CHUNK):
        numbers = range(first, min(first + CHUNK, papers))
        announcements = [make_announcement(number, papers, lot.choice(CATEGORIES)) for number in numbers]
        rows = [announcement_row(announcement) | {"revision": 1} for announcement in announcements]
        words = {
            row["place"]: corpus.make_words(number, row["category"])
            for number, row in zip(numbers, rows, strict=True)
        }
        with write_many(store.engine) as connection:
            connection.execute(insert(schema.papers), [make_paper_row(row) for row in rows])
            connection.execute(insert(schema.announcements), rows)
            words_of(connection).add(connection, words)


def make_announcement(number: int, papers: int, category: str) -> Announcement:
    """Give the announcement of a paper; the later, the more a day."""
    day = LAST_DAY - timedelta(days=int(DAYS * (1 - (number / papers) ** 0.5)))
    month = f"{day.year % 100:02}{day.month:02}"
    paper = f"{month}.{number % 100_000:05}"
    return Announcement(day, category, paper, 1 + number // 100_000, Kind.NEW, None, Origin.LISTED)


def make_paper_row(row: dict[str, Any]) -> dict[str, Any]:
    """Give what an announcement needs of its paper: its words stand in the index alone."""
    paper = Paper(row["paper"], row["version"], "", "", (), (row["category"],), complete=True)
    return paper_row(paper) | {"revision": 1}


def make_kinds(corpus: Corpus) -> dict[str, Callable[[Random], Query]]:
    """Give a maker of queries for each kind."""

    def word(lot: Random, first: int, last: int) -> Term:
        return Term(Field.ALL, (f"w{lot.randint(first, last)}",))

    def phrase(lot: Random) -> Query:
        tokens = lot.choice(corpus.pieces).split()
        start = lot.randrange(len(tokens) - 2)
        return Term(Field.ALL, tuple(tokens[start : start + 2]))

    return {
        "common word": lambda lot: word(lot, 1, 60),
        "middling word": lambda lot: word(lot, 200, 3_000),
        "rare word": lambda lot: Term(Field.ALL, (f"r{lot.randrange(60_000)}",)),
        "one paper's word": lambda lot: Term(Field.ALL, (f"q{lot.randrange(100_000)}",)),
        "phrase": phrase,
        "AND of two": lambda lot: all_of((word(lot, 1, 500), word(lot, 20, 3_000))),
        "AND NOT": lambda lot: all_of((word(lot, 5, 1_000), negate(word(lot, 1, 30)))),
        "word in a category": lambda lot: all_of((word(lot, 1, 300), AnnouncedIn(lot.choice(CATEGORIES)))),
        "author": lambda lot: AuthorTerm((f"n{lot.randrange(200_000)}",)),
        "phrase of common words that never meet": lambda lot: Term(
            Field.ALL, (f"w{lot.randint(1, 3)}", *NEVER)
        ),
        "common words never in one paper": lambda lot: all_of(Term(Field.ALL, (w,)) for w in NEVER),
    }


def time_queries(find: Callable[[Query], object], queries: Iterable[Query]) -> list[float]:
    """Give the milliseconds that each query takes."""
    took = []
    for query in queries:
        started = time.perf_counter()
        find(query)
        took.append((time.perf_counter() - started) * 1e3)
    return took


def find_ours(store: Store, query: Query) -> object:
    """Find the newest matches."""
    return list(islice(store.announcements.matching(query, by_release=False), WANTED))


def find_naively(store: Store, query: Query) -> object:
    """Sort all matches by date, and take the newest."""
    statement = text(
        "SELECT a.* FROM words JOIN announcements a ON a.place = words.rowid "
        "WHERE words MATCH :query ORDER BY a.day DESC LIMIT :wanted"
    )
    with read(store.engine) as connection:
        return connection.execute(statement, {"query": spell(query), "wanted": WANTED}).all()


def find_places(store: Store, query: Query) -> object:
    """Let the index give the numbers of its newest rows."""
    statement = "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid DESC LIMIT ?"
    with read(store.engine) as connection:
        return connection.exec_driver_sql(statement, (spell(query), WANTED)).all()


BENCHMARK = Benchmark(
    name="search",
    title="finding the newest matches of a query",
    counts="papers",
    measure=measure,
    scale=Scale(100_000, 1),
    growths=(Growth("searching", "papers", "ms", measure_growth, (3_000, 10_000, 30_000, 100_000, 200_000)),),
)
