"""Measures how long the newest matches take to find among millions of papers, in either database.

python -m benchmarks.finding 3000000 --database sqlite:////var/tmp/find.sqlite3

The papers are those of `benchmarks/searching.py`. They stay in the database, and as many as are lacking are
put there, so that a run that was cut short goes on where it was; it tells how far it is. Then 200 queries of
each kind ask for their newest 100 announcements: the figures are the median and the 99th centile in ms, by
the clock and of this process's processor time, which in SQLite is all the work there is.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from random import Random
from typing import Any

from sqlalchemy import Connection, text

from benchmarks.searching import (
    CATEGORIES,
    CHUNK,
    QUERIES,
    WANTED,
    Corpus,
    make_announcement,
    make_kinds,
    make_paper_row,
)
from feedsvc.query import Query
from feedsvc.store import Store, open_store
from feedsvc.store.binding import ANNOUNCEMENT_COLUMNS, PAPER_COLUMNS, STAMP, bind_announcements, bind_papers
from feedsvc.store.engine import write_many
from feedsvc.store.rows import announcement_row
from feedsvc.store.words import Words, words_of
from feedsvc.store.words.postgresql import make_lexemes

TOLD_EVERY = 20 * CHUNK
INDEX = "CREATE INDEX IF NOT EXISTS words_by_lexeme ON words USING gin (lexemes)"
WORDS_COLUMNS = ("place", *Words._fields, "lexemes", "oversize")
Row = Sequence[Any]


def main() -> None:
    """Read the command line, fill the database and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.finding", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("papers", type=int)
    parser.add_argument("--database", required=True, help="URL of a database for this alone")
    options = parser.parse_args()
    store, corpus = open_store(options.database), Corpus(Random(5))
    store.migrate()
    if store.figures.count_announcements() < options.papers:
        fill(store, corpus, options.papers)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {store.engine.dialect.name}")
    print(f"{'ms, by the clock, then of the processor':40}   median      p99   median      p99  found")
    for kind, make in make_kinds(corpus).items():
        print(
            f"{kind:40} {measure(store, [make(lot) for lot in [Random(11)] for _ in range(QUERIES)])}",
            flush=True,
        )
    store.close()


def fill(store: Store, corpus: Corpus, papers: int) -> None:
    """Put in as many papers as are lacking, and tell how fast."""
    is_sqlite = store.engine.dialect.name == "sqlite"
    if not is_sqlite:
        # Over many rows at once an index of words is built in a fraction of the time that each row takes.
        run_alone(store, "DROP INDEX IF EXISTS words_by_lexeme")
    told, since = store.figures.count_announcements(), time.perf_counter()
    for first in range(told, papers, CHUNK):
        with write_many(store.engine) as connection:
            add_papers(connection, corpus, range(first, min(first + CHUNK, papers)), papers)
        done = min(first + CHUNK, papers)
        if done - told >= TOLD_EVERY or done == papers:
            print(f"  {done:9,} papers, {(done - told) / (time.perf_counter() - since):,.0f}/s", flush=True)
            told, since = done, time.perf_counter()
    if not is_sqlite:
        run_alone(
            store,
            "SET maintenance_work_mem = '1GB'",
            INDEX,
            "VACUUM ANALYZE words",
            "VACUUM ANALYZE announcements",
        )


def run_alone(store: Store, *statements: str) -> None:
    """Run statements on one connection, outside of any transaction."""
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in statements:
            started = time.perf_counter()
            connection.execute(text(statement))
            print(f"  {statement}: {time.perf_counter() - started:.0f} s", flush=True)


def add_papers(connection: Connection, corpus: Corpus, numbers: range, papers: int) -> None:
    """Put papers with these numbers, of so many, into a store."""
    lot, backend = Random(numbers.start), connection.engine.url.drivername
    rows = [announcement_row(make_announcement(number, papers, lot.choice(CATEGORIES))) for number in numbers]
    words = {r["place"]: corpus.make_words(n, r["category"]) for n, r in zip(numbers, rows, strict=True)}
    bound_papers = [bind_papers(backend).bind(make_paper_row(row)) for row in rows]
    bound_rows = [bind_announcements(backend).bind(row) for row in rows]
    if connection.dialect.name == "sqlite":
        bind_papers(backend).insert(connection, bound_papers, 1)
        bind_announcements(backend).insert(connection, bound_rows, 1)
        words_of(connection).add(connection, words)
        return
    copy_rows(connection, "papers", (*PAPER_COLUMNS, STAMP), [(*row, 1) for row in bound_papers])
    copy_rows(connection, "announcements", (*ANNOUNCEMENT_COLUMNS, STAMP), [(*row, 1) for row in bound_rows])
    copy_rows(connection, "words", WORDS_COLUMNS, spell_rows(words))


def spell_rows(words: Mapping[int, Words]) -> Iterator[Row]:
    """Give rows of words as PostgreSQL keeps them."""
    for place, row in words.items():
        lexemes, is_whole = make_lexemes(row)
        yield place, *row, lexemes, not is_whole


def copy_rows(
    connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Row] | Iterator[Row]
) -> None:
    """Put rows into a table of PostgreSQL by its quickest way."""
    cursor: Any = connection.connection.cursor()
    with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def measure(store: Store, queries: Sequence[Query]) -> str:
    """Give the median and the 99th centile by both clocks, and how many announcements half of them found."""
    took, worked, found = [], [], []
    for query in queries:
        started, working = time.perf_counter(), time.process_time()
        found.append(len(list(islice(store.announcements.matching(query, by_release=False), WANTED))))
        took.append((time.perf_counter() - started) * 1000)
        worked.append((time.process_time() - working) * 1000)
    figures = [sorted(times)[int(len(times) * part)] for times in (took, worked) for part in (0.5, 0.99)]
    return f"{' '.join(f'{figure:8.2f}' for figure in figures)} {sorted(found)[len(found) // 2]:6}"


if __name__ == "__main__":
    main()
