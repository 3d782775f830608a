"""Measures how fast history and an announcement day are recorded.

History: invented records as arXiv's dump has them are imported, and after that the rows which came of them
are inserted anew, the index of words among them, by a bare loop, which has them ready and does nothing else,
in as many transactions. The naive way inserts the same rows, each paper in a transaction of its own, as
SQLite keeps its files by default. The peak of memory is that of both processes of the import.

Day: the listings of every category, about 4,000 announcements in the bytes that arXiv would send, are read,
judged and recorded, beside reading alone.
"""

from __future__ import annotations

import json
import resource
import sqlite3
import tempfile
import textwrap
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from benchmarks.table import Benchmark, Growth, Point, Row, Scale
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
NAIVE_PAPERS = 500
WANTED_SHARE, WANTED_MB, WANTED_DAY = 0.6, 500, 5
READ_WORDS = "SELECT rowid, * FROM words WHERE rowid = ?"
WORDS_TABLE = "words(rowid, title, abstract, names, comments, journal, places, period)"


def measure(scale: Scale) -> Iterator[Row]:
    """Give the rows of the import and of a day."""
    with tempfile.TemporaryDirectory(dir=scale.folder) as folder:
        yield from measure_history(Path(folder), scale)
        yield from measure_day(Path(folder), scale)


def measure_history(folder: Path, scale: Scale) -> Iterator[Row]:
    """Give the rows of the import, the one whose ratio to the bare loop is the median one."""
    dump, filled = folder / "dump.jsonl", folder / "imported.sqlite3"
    write_dump(dump, scale.size)
    took = []
    for _ in range(scale.rounds):
        took.append((time_import(dump, filled), time_bare(filled, folder / "bare.sqlite3")))
    imported, bare = sorted(took, key=lambda pair: pair[1] / pair[0])[len(took) // 2]
    yield Row(
        what=f"import of {scale.size:,} records",
        unit="records/s",
        ours=scale.size / imported,
        naive=1 / time_naive(filled, folder / "naive.sqlite3"),
        limit=scale.size / bare,
        naive_way="a transaction a paper",
        limit_way="a bare loop of inserts",
        wanted=WANTED_SHARE,
        against="limit",
    )
    peaks = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    yield Row(
        "memory of the import's two processes", "MB", sum(peaks) / 1024, wanted=WANTED_MB, against="ours"
    )


def measure_growth(scale: Scale) -> Iterator[Point]:
    """Give the records a second of an import of so many into an empty store, and of the bare loop."""
    with tempfile.TemporaryDirectory(dir=scale.folder) as folder:
        dump, filled = Path(folder) / "dump.jsonl", Path(folder) / "imported.sqlite3"
        write_dump(dump, scale.size)
        yield Point("feedsvc", scale.size, time_import(dump, filled))
        yield Point("a bare loop of inserts", scale.size, time_bare(filled, Path(folder) / "bare.sqlite3"))


def time_import(dump: Path, database: Path) -> float:
    """Give the seconds that an import into a new store takes, its second process's start included."""
    store = make_store(database)
    started = time.perf_counter()
    Backfill(store, SystemClock(), CATEGORIES, lambda progress: None).import_dump(dump)
    seconds = time.perf_counter() - started
    store.close()
    return seconds


def time_bare(filled: Path, database: Path) -> float:
    """Insert the rows of a filled store into a new one, those of one revision in one transaction."""
    make_store(database).close()
    source = sqlite3.connect(filled)
    target = sqlite3.connect(database, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=FAST"):
        target.execute(f"PRAGMA {pragma}")
    seconds = 0.0
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
        seconds += time.perf_counter() - started
    source.close()
    target.close()
    return seconds


def time_naive(filled: Path, database: Path) -> float:
    """Give the seconds for a paper that inserting it takes in a transaction of its own, of some papers."""
    make_store(database).close()
    source = sqlite3.connect(filled)
    target = sqlite3.connect(database, isolation_level=None)
    target.execute("PRAGMA journal_mode=DELETE")
    papers = list(islice(source.execute("SELECT * FROM papers ORDER BY rowid"), NAIVE_PAPERS))
    columns = [row[1] for row in source.execute("PRAGMA table_info(papers)")]
    started = time.perf_counter()
    for paper in papers:
        chosen = paper[columns.index("paper")], paper[columns.index("version")]
        found = source.execute(
            "SELECT * FROM announcements WHERE paper = ? AND version = ?", chosen
        ).fetchall()
        target.execute("BEGIN")
        insert_rows(target, "papers", [paper])
        if found:
            insert_rows(target, "announcements", found)
        target.execute("COMMIT")
    seconds = time.perf_counter() - started
    source.close()
    target.close()
    return seconds / len(papers)


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


def write_dump(path: Path, records: int) -> None:
    """Write invented records; every third abstract has TeX in it."""
    maker = DumpMaker(Random(1))
    with path.open("w") as file:
        for number in range(records):
            file.write(json.dumps(maker.make_record(number, records)) + "\n")


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


def measure_day(folder: Path, scale: Scale) -> Iterator[Row]:
    """Give the row of an announcement day, smaller than a usual one if the import is."""
    bodies = write_listings(min(NEW_PAPERS, scale.size))
    reading, recording = [], []
    for _ in range(scale.rounds):
        started = time.perf_counter()
        for body in bodies.values():
            parse_listing(body)
        reading.append(time.perf_counter() - started)
        store = make_store(folder / "day.sqlite3")
        ingest = Ingest(store, ListingsAtHand(bodies), Noon(), tuple(bodies))
        started = time.perf_counter()
        rows = sum(sum(count for _, count in fetched.batch.counts) for fetched in ingest.fetch_batches())
        recording.append(time.perf_counter() - started)
        store.close()
    yield Row(
        what=f"a day of {len(bodies)} categories, {rows:,} announcements",
        unit="s",
        ours=median(recording),
        limit=median(reading),
        limit_way="reading alone",
        wanted=WANTED_DAY,
        against="ours",
    )


def write_listings(papers: int) -> dict[str, bytes]:
    """Give the listings of a day of usual size, as arXiv would send them."""
    corpus = make_corpus(1, DAY, 1, CATEGORIES, papers)
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


BENCHMARK = Benchmark(
    name="record",
    title="recording history and an announcement day",
    counts="records imported",
    measure=measure,
    scale=Scale(40_000, 3),
    growths=(
        Growth(
            "importing into an empty store",
            "records",
            "s",
            measure_growth,
            (1_000, 3_000, 10_000, 30_000, 100_000),
        ),
    ),
)
