"""Holds the import of much history against two bare loops, and tells how far it is: importing RECORDS.

Invented records as arXiv's dump has them are imported; after that the rows which came of them are inserted
anew, by a loop that has them ready and does nothing else, in as many transactions and with the same cache and
log: once the rows alone, once with the index of words. A tenth of each after the other its rate is told, at
the end the two ratios, by the clock and of processor time, in which the import's counts that of the process
that stores. A million records want 14 GB in the folder.
"""

from __future__ import annotations

import argparse
import os
import resource
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.recording import (
    CATEGORIES,
    READ_WORDS,
    WORDS_TABLE,
    insert_rows,
    make_store,
    read_groups,
    write_dump,
)
from feedsvc.http import SystemClock
from feedsvc.pipeline.backfill import Backfill
from feedsvc.pipeline.progress import Progress
from feedsvc.store.engine import CACHE_KIB, LOG_PAGES

PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "foreign_keys=ON",
    "secure_delete=FAST",
    f"cache_size=-{CACHE_KIB}",
    f"wal_autocheckpoint={LOG_PAGES}",
)
Rows = list[tuple[Any, ...]]


@dataclass(slots=True)
class Course:
    """What a way took so far, by the clock and of the processor; each tenth of the records is told."""

    way: str
    records: int
    done: int = 0
    seconds: float = 0.0
    processor: float = 0.0
    _told: tuple[int, float] = (0, 0.0)

    def add(self, records: int, seconds: float, processor: float) -> None:
        """Count some records more."""
        self.done += records
        self.seconds += seconds
        self.processor += processor
        done, since = self.done - self._told[0], self.seconds - self._told[1]
        if done >= self.records / 10:
            print(f"  {self.way:20} {self.done:9,} at {done / since:7,.0f}/s", flush=True)
            self._told = self.done, self.seconds


def main() -> None:
    """Read the command line, and print the figures as they are known."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.importing", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("records", type=int)
    parser.add_argument("--folder", type=Path, help="where the files are made; a temporary one without it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        compare(Path(name), options.records)


def compare(folder: Path, records: int) -> None:
    """Print all figures of so many records."""
    dump, filled = folder / "dump.jsonl", folder / "imported.sqlite3"
    write_dump(dump, records)
    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, SQLite {sqlite3.sqlite_version}", flush=True
    )
    ours = run_import(dump, filled, records)
    peaks = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(
        f"  memory at most {peaks[0] / 1024:.0f} MB, and {peaks[1] / 1024:.0f} MB of the one that reads",
        flush=True,
    )
    for with_words in (False, True):
        bare = run_bare(filled, folder / "bare.sqlite3", records, with_words)
        print(
            f"  the import reaches {bare.seconds / ours.seconds:.0%} of the rate of {bare.way}, "
            f"{bare.processor / ours.processor:.0%} by processor time",
            flush=True,
        )


def run_import(dump: Path, database: Path, records: int) -> Course:
    """Import into a new store; the second process's start counts."""
    store, course = make_store(database), Course("import", records)
    before = [time.perf_counter(), time.process_time()]

    def count(progress: Progress) -> None:
        now = [time.perf_counter(), time.process_time()]
        course.add(progress.records - course.done, now[0] - before[0], now[1] - before[1])
        before[:] = now

    Backfill(store, SystemClock(), CATEGORIES, count).import_dump(dump)
    store.close()
    return course


def run_bare(filled: Path, database: Path, records: int, with_words: bool) -> Course:
    """Insert the rows of a filled store into a new one, those of one revision in one transaction."""
    make_store(database).close()
    target = sqlite3.connect(database, isolation_level=None)
    for pragma in PRAGMAS:
        target.execute(f"PRAGMA {pragma}")
    course = Course("bare rows and words" if with_words else "bare rows", records)
    for papers, announcements, words in read_transactions(filled, with_words):
        started, working = time.perf_counter(), time.process_time()
        target.execute("BEGIN IMMEDIATE")
        insert_rows(target, "papers", papers)
        insert_rows(target, "announcements", announcements)
        if with_words:
            insert_rows(target, WORDS_TABLE, words)
        target.execute("COMMIT")
        course.add(len(papers), time.perf_counter() - started, time.process_time() - working)
    target.close()
    return course


def read_transactions(filled: Path, with_words: bool) -> Iterator[tuple[Rows, Rows, Rows]]:
    """Give the papers, announcements and words of each transaction that filled a store."""
    source = sqlite3.connect(filled)
    streams = [read_groups(source, table) for table in ("papers", "announcements")]
    columns = [row[1] for row in source.execute("PRAGMA table_info(announcements)")]
    for papers, announcements in zip(*streams, strict=True):
        places = sorted({row[columns.index("place")] for row in announcements}) if with_words else []
        yield papers, announcements, [source.execute(READ_WORDS, (place,)).fetchone() for place in places]
    source.close()


if __name__ == "__main__":
    main()
