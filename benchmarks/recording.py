"""Measures how fast history and an announcement day are recorded: recording.py [--records N] [--rounds N].

History: N invented records as arXiv's dump has them are imported, and after that the rows which came of them
are inserted anew, the index of words among them, by a bare loop, which has them ready and does nothing else,
in as many transactions. Its figures: records a second of both, the ratio, the longest transaction, and the
peak of memory of both processes of the import.

Day: the listings of every category, about 4,000 announcements in the bytes that arXiv would send, are read,
judged and recorded. Its figures: seconds for all of them, by the clock and of processor time, beside those of
reading alone.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sqlite3
import tempfile
import textwrap
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from feedsvc.arxiv.listing import Listing, parse_listing
from feedsvc.calendar import switches_at
from feedsvc.http import SystemClock
from feedsvc.paper import Paper
from feedsvc.pipeline.backfill import Backfill
from feedsvc.pipeline.ingest import Ingest
from feedsvc.standin.corpus import Moment
from feedsvc.standin.feeds import answer_listing
from feedsvc.standin.synthetic import make_corpus
from feedsvc.store import Store, open_store
from feedsvc.taxonomy import load_taxonomy

CATEGORIES = tuple(sorted(load_taxonomy().categories))
WORDS = 20_000
NAMES = 8_000
ABSTRACT = 1000
DAY = date(2026, 1, 14)
NEW_PAPERS = 2_350
READ_WORDS = "SELECT rowid, * FROM words WHERE rowid = ?"
WORDS_TABLE = "words(rowid, title, abstract, names, comments, journal, places)"


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description="how fast history and a day are recorded")
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--folder", type=Path, help="where the databases are made; a temporary one without it"
    )
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, SQLite {sqlite3.sqlite_version}")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        measure_history(Path(folder), options.records, options.rounds)
        measure_day(Path(folder), options.rounds)


def measure_history(folder: Path, records: int, rounds: int) -> None:
    """Print the figures of the import."""
    dump = folder / "dump.jsonl"
    size = write_dump(dump, records)
    print(f"\nimport of {records} records, {size / 1e6:.0f} MB")
    ratios = []
    for _ in range(rounds):
        imported = time_import(dump, folder / "imported.sqlite3")
        bare = time_bare(folder / "imported.sqlite3", folder / "bare.sqlite3")
        ratios.append(bare.seconds / imported)
        print(
            f"  imported {records / imported:6.0f}/s   bare {records / bare.seconds:6.0f}/s   "
            f"ratio {ratios[-1]:.0%}   {bare.transactions} transactions, the longest bare one "
            f"{bare.longest * 1000:.0f} ms"
        )
    own, child = (
        resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(f"  median ratio {sorted(ratios)[len(ratios) // 2]:.0%}")
    print(f"  peak memory {own / 1024:.0f} MB, and {child / 1024:.0f} MB of the process that reads ahead")


def time_import(dump: Path, database: Path) -> float:
    """Give the seconds that an import into a new store takes, its second process's start included."""
    store = make_store(database)
    started = time.perf_counter()
    Backfill(store, SystemClock(), CATEGORIES, lambda progress: None).import_dump(dump)
    seconds = time.perf_counter() - started
    store.close()
    return seconds


@dataclass(slots=True)
class Bare:
    """What the bare loop took."""

    seconds: float = 0.0
    longest: float = 0.0
    transactions: int = 0


def time_bare(filled: Path, database: Path) -> Bare:
    """Insert the rows of a filled store into a new one, those of one revision in one transaction."""
    make_store(database).close()
    source = sqlite3.connect(filled)
    target = sqlite3.connect(database, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        target.execute(f"PRAGMA {pragma}")
    bare = Bare()
    streams = [read_groups(source, table) for table in ("papers", "announcements")]
    columns = [row[1] for row in source.execute("PRAGMA table_info(announcements)")]
    for papers, announcements in zip(*streams, strict=True):
        places = sorted({row[columns.index("place")] for row in announcements})
        words = [source.execute(READ_WORDS, (place,)).fetchone() for place in places]
        started = time.perf_counter()
        target.execute("BEGIN IMMEDIATE")
        insert_rows(target, "papers", papers)
        insert_rows(target, "announcements", announcements)
        insert_rows(target, WORDS_TABLE, words)
        target.execute("COMMIT")
        took = time.perf_counter() - started
        bare = Bare(bare.seconds + took, max(bare.longest, took), bare.transactions + 1)
    source.close()
    target.close()
    return bare


def read_groups(source: sqlite3.Connection, table: str) -> Iterator[list[tuple[Any, ...]]]:
    """Give a table's rows, those of one revision together, in the order in which they were written."""
    columns = [row[1] for row in source.execute(f"PRAGMA table_info({table})")]
    rows = source.execute(f"SELECT * FROM {table} ORDER BY rowid")
    return (list(group) for _, group in groupby(rows, itemgetter(columns.index("revision"))))


def insert_rows(target: sqlite3.Connection, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert whole rows."""
    marks = ", ".join("?" * len(rows[0]))
    target.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)


def make_store(database: Path) -> Store:
    """Make an empty store in a new file."""
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    store = open_store(f"sqlite:///{database}")
    store.migrate()
    return store


def write_dump(path: Path, records: int) -> int:
    """Write invented records and give their size in bytes; every third abstract has TeX in it."""
    maker = DumpMaker(Random(1))
    with path.open("w") as file:
        for number in range(records):
            file.write(json.dumps(maker.make_record(number, records)) + "\n")
    return path.stat().st_size


class DumpMaker:
    """Invents records of the dump's shape and sizes, over twenty years."""

    def __init__(self, random: Random) -> None:
        self._random = random
        letters = "abcdefghijklmnopqrstuvwxyz"
        self._words = ["".join(random.choices(letters, k=random.randint(2, 11))) for _ in range(WORDS)]
        self._names = [word.capitalize() for word in self._words[:NAMES]]

    def make_record(self, number: int, records: int) -> dict[str, object]:
        """Make one record of so many."""
        random = self._random
        versions = [datetime(2007, 4, 1, tzinfo=UTC) + timedelta(minutes=number * 9_900_000 / records)]
        while random.random() < 0.4:
            versions.append(
                versions[-1] + timedelta(days=random.randint(1, 200), minutes=random.randint(0, 1439))
            )
        authors = [self._make_author() for _ in range(max(1, min(12, round(random.gauss(4, 2)))))]
        return {
            "id": f"{versions[0]:%y%m}.{number % 100_000:05}",
            "submitter": f"{authors[0][1]} {authors[0][0]}",
            "authors": ", ".join(f"{forenames} {keyname}" for keyname, forenames, _ in authors),
            "title": self._write(75),
            "comments": "12 pages, 5 figures" if random.random() < 0.6 else None,
            "journal-ref": self._write(30) if random.random() < 0.3 else None,
            "doi": f"10.1103/{self._write(16)}" if random.random() < 0.4 else None,
            "report-no": None,
            "categories": " ".join(random.sample(CATEGORIES, random.choice((1, 1, 1, 2, 2, 3)))),
            "license": "http://arxiv.org/licenses/nonexclusive-distrib/1.0/",
            "abstract": self._write_abstract(),
            "versions": [
                {"version": f"v{n}", "created": f"{moment:%a, %d %b %Y %H:%M:%S} GMT"}
                for n, moment in enumerate(versions, 1)
            ],
            "update_date": str(versions[-1].date()),
            "authors_parsed": authors,
        }

    def _make_author(self) -> list[str]:
        name = self._random.choice(self._names)
        return [name, "J. M." if self._random.random() < 0.3 else self._random.choice(self._names), ""]

    def _write(self, length: int) -> str:
        return " ".join(self._random.choices(self._words, k=length // 8))

    def _write_abstract(self) -> str:
        words = self._random.choices(self._words, k=ABSTRACT // 8)
        for chance, text in ((0.3, r"$\alpha_{i}^{2}$"), (0.03, r"Schr\"odinger")):
            if self._random.random() < chance:
                words[self._random.randrange(len(words))] = text
        return f"  {textwrap.fill(' '.join(words), 78)}\n"


def measure_day(folder: Path, rounds: int) -> None:
    """Print the figures of an announcement day."""
    bodies = write_listings()
    size = sum(map(len, bodies.values()))
    print(f"\na day of {len(bodies)} categories, {size / 1e6:.0f} MB")
    for _ in range(rounds):
        started = Moments.take()
        for body in bodies.values():
            parse_listing(body)
        reading = started.tell_since()
        store = make_store(folder / "day.sqlite3")
        ingest = Ingest(store, ListingsAtHand(bodies), Noon(), tuple(bodies))
        started = Moments.take()
        rows = sum(sum(count for _, count in fetched.batch.counts) for fetched in ingest.fetch_batches())
        whole = started.tell_since()
        store.close()
        print(f"  {rows} announcements recorded in {whole}, of which reading alone takes {reading}")


class Moments(NamedTuple):
    """An instant by the clock on the wall and by the processor's, which other programs do not move."""

    wall: float
    processor: float

    @classmethod
    def take(cls) -> Moments:
        """Look at both clocks."""
        return cls(time.perf_counter(), time.process_time())

    def tell_since(self) -> str:
        """Say how long ago that was by both clocks."""
        now = Moments.take()
        return f"{now.wall - self.wall:.2f} s ({now.processor - self.processor:.2f} s of processor time)"


def write_listings() -> dict[str, bytes]:
    """Give the listings of a day of usual size, as arXiv would send them."""
    corpus = make_corpus(1, DAY, 1, CATEGORIES, NEW_PAPERS)
    moment = Moment(corpus, switches_at(DAY), DAY, DAY)
    return {category: answer_listing("rss", category, moment).body for category in CATEGORIES}


class ListingsAtHand:
    """Listings whose bytes are at hand."""

    def __init__(self, bodies: dict[str, bytes]) -> None:
        self._bodies = bodies

    def fetch_listing(self, category: str) -> Listing:
        """Read a listing."""
        return parse_listing(self._bodies[category])

    def fetch_papers(self, ids: Sequence[str]) -> tuple[Paper, ...]:
        """Give nothing: listings are all there is."""
        return ()


class Noon:
    """A clock that stands still at noon of the day."""

    def now(self) -> datetime:
        """Give noon, Eastern."""
        return switches_at(DAY) + timedelta(hours=12)

    def sleep(self, seconds: float) -> None:
        """Wait for nothing."""


if __name__ == "__main__":
    main()
