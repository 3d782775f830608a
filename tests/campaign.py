"""A month of arXiv at its worst, and a service that is killed all the while: what is left must be the truth.

`python -m tests.campaign --seed 7 --days 30 --kills 200` runs it and prints the figures.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from lxml import etree

from feedsvc.calendar import switches_at
from feedsvc.history import LONGEST_HOLD_BEFORE
from feedsvc.paper import Announcement, BatchState, Kind, Origin
from feedsvc.standin.clock import StandinClock
from feedsvc.standin.corpus import Corpus
from feedsvc.standin.faults import Fault, FaultKind, FaultQueue
from feedsvc.standin.log import RequestLog, RequestRecord
from feedsvc.standin.server import create_standin, run_standin
from feedsvc.standin.synthetic import make_corpus
from feedsvc.store import Store, open_store

FIRST_DAY = date(2026, 3, 2)
CATEGORIES = ("cs.AI", "cs.CL", "cs.GL", "cs.LG", "math.NA", "stat.ML")
PAPERS_A_DAY = 30
FEED = 'title = "Sample words"\nquery = "sample OR method OR model"\n'
SETTLING = timedelta(days=2)
WORST_SECONDS = 900.0
INTERVAL_SECONDS = 3.0
TOLERANCE_SECONDS = 0.01
LISTING_FAULTS = (
    FaultKind.UNAVAILABLE,
    FaultKind.TOO_MANY,
    FaultKind.CUT_OFF,
    FaultKind.TRUNCATED,
    FaultKind.HTML_PAGE,
    FaultKind.STALE_BATCH,
    FaultKind.EMPTY_PAGE,
    FaultKind.LATE_BATCH,
    FaultKind.MISSING_ROWS,
    FaultKind.DUPLICATED,
    FaultKind.RESET,
    FaultKind.HANG,
    FaultKind.ABSURD_DATE,
)
OTHER_FAULTS = (
    FaultKind.UNAVAILABLE,
    FaultKind.TOO_MANY,
    FaultKind.TRUNCATED,
    FaultKind.HTML_PAGE,
    FaultKind.RESET,
)

Key = tuple[str, str, int, bool]
"""Category, paper, version, whether it is the first announcement there."""


@dataclass
class Figures:
    """What happened, and what is left at the end."""

    kills: int = 0
    seconds: float = 0.0
    requests: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    announcements: int = 0
    exact: int = 0
    rebuilt: int = 0
    flagged: int = 0
    untellable: int = 0
    documents_read: int = 0
    states_seen: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    impolite: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)

    def print(self) -> None:
        """Print the figures, one a line."""
        for name, value in vars(self).items():
            shown = dict(sorted(value.items())) if isinstance(value, Counter) else value
            print(f"{name.replace('_', ' '):<16} {shown}")


@dataclass
class Campaign:
    """One run: the troubled arXiv, the killed process and what was seen of both."""

    folder: Path
    corpus: Corpus
    clock: StandinClock
    faults: FaultQueue
    log: RequestLog
    url: str
    chance: random.Random
    figures: Figures = field(default_factory=Figures)
    filled: set[tuple[str, str, str]] = field(default_factory=set)

    @property
    def end(self) -> datetime:
        """When the last day is long over."""
        return switches_at(max(self.corpus.pages)) + SETTLING

    def live(self, kills: int) -> None:
        """Run the process, kill it at random moments and start it again, until the days are over."""
        self._begin()
        deadline = time.monotonic() + WORST_SECONDS
        while self.clock.now() < self.end and time.monotonic() < deadline:
            self._trouble()
            with self._worker() as process:
                kill = self.figures.kills < kills
                patience = self.chance.uniform(0.9, 2.5) if kill else 30.0
                try:
                    process.wait(patience)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                    self.figures.kills += kill
            self._look_at_documents()
            self._rest(kills)

    def _begin(self) -> None:
        """Let the process see the first day: the ledger is answerable from then on."""
        with self._worker(until=self.clock.now() + timedelta(minutes=20)) as process:
            process.wait(60)

    def settle(self) -> None:
        """Let arXiv behave for two more days, and the process finish."""
        self.faults.clear()
        for _ in range(3):
            self.clock.advance_by(timedelta(hours=15))
            with self._worker(until=self.clock.now() + timedelta(hours=1)) as process:
                process.wait(300)
        self._look_at_documents()

    def judge(self) -> Figures:
        """Hold the ledger against the truth, and the requests against good manners."""
        with _opened(self.folder) as store:
            self._compare(store)
            self._find_unsettled(store)
        records = self.log.records()
        self.figures.requests = len(records)
        self.figures.faults = Counter(str(record.fault) for record in records if record.fault)
        self.figures.impolite = list(_find_impolite(records))
        return self.figures

    def _trouble(self) -> None:
        kinds = self.chance.choices(LISTING_FAULTS, k=self.chance.randint(0, 3))
        faults = [
            Fault(
                kind,
                path="/rss",
                category=self.chance.choice((*CATEGORIES, None)),
                count=self.chance.randint(1, 6),
                seconds=1.5 if kind is FaultKind.HANG else self.chance.choice((0.0, 30.0, 600.0)),
            )
            for kind in kinds
        ]
        if self.chance.random() < 0.4:
            path = self.chance.choice(("/oai", "/api"))
            faults.append(Fault(self.chance.choice(OTHER_FAULTS), path=path, count=self.chance.randint(1, 5)))
        self.faults.add(faults)

    def _rest(self, kills: int) -> None:
        """Leave the process down for a while: mostly hours, now and then for days."""
        share = max(1, kills) / len(self.corpus.pages)
        hours = (
            self.chance.choice((0, 1, 3, 8)) if self.chance.random() > 0.04 else self.chance.choice((30, 80))
        )
        self.clock.advance_by(timedelta(hours=hours / max(1.0, share / 3)))

    def _worker(self, until: datetime | None = None) -> subprocess.Popen[bytes]:
        log = (self.folder / "worker.log").open("ab")
        words = (self.url, str(self.folder), ",".join(CATEGORIES), (until or self.end).isoformat())
        with log:
            return subprocess.Popen([sys.executable, "-m", "tests.campaign_worker", *words], stderr=log)

    def _look_at_documents(self) -> None:
        """See that every document is whole, and none that had entries is empty."""
        with _opened(self.folder) as store:
            try:
                stamps = store.documents.stamps()
            except Exception:
                return
            for key, stamp in stamps.items():
                found = store.documents.find(key)
                if found is None:
                    continue
                self.figures.documents_read += 1
                if hashlib.sha256(found.body).hexdigest()[: len(found.etag)] != found.etag:
                    self.figures.broken.append(f"{key}: torn")
                etree.fromstring(found.body)
                if stamp.entries:
                    self.filled.add(key)
                elif key in self.filled:
                    self.figures.broken.append(f"{key}: emptied")
            for batch in store.ledger.batches():
                self.figures.states_seen[batch.state] += 1

    def _compare(self, store: Store) -> None:
        truth = {key: day for key, day in _truth(self.corpus)}
        found: dict[Key, list[Announcement]] = {}
        for day in _all_days(self.corpus):
            for category in CATEGORIES:
                for row in store.ledger.announcements_of(category, day):
                    found.setdefault(_key(category, row.paper, row.version, row.kind), []).append(row)
        self.figures.announcements = len(truth)
        for key, day in truth.items():
            self._compare_one(key, day, found.pop(key, []))
        self.figures.wrong += [f"{key}: nobody announced it" for key in found]

    def _compare_one(self, key: Key, day: date, rows: list[Announcement]) -> None:
        if not rows and self._is_untellable(key):
            self.figures.untellable += 1
            return
        if len(rows) != 1:
            self.figures.wrong.append(f"{key} of {day}: {len(rows)} rows")
            return
        (row,) = rows
        self.figures.rebuilt += row.origin is Origin.REBUILT
        self.figures.flagged += row.origin is Origin.ESTIMATED
        if row.day == day:
            self.figures.exact += 1
        elif row.origin is not Origin.ESTIMATED:
            self.figures.wrong.append(f"{key} of {day}: recorded on {row.day} as {row.origin}")

    def _is_untellable(self, key: Key) -> bool:
        """Tell whether a missed announcement is a cross-list of a paper from before the ledger's time.

        All that OAI-PMH then shows is that something in the record of a paper unknown to us changed, as it
        does for hundreds of old papers a day whose journal references are filled in.
        """
        _, paper, version, is_first = key
        submitted = self.corpus.papers[paper, version].submitted
        return is_first and submitted is not None and submitted < switches_at(FIRST_DAY) - LONGEST_HOLD_BEFORE

    def _find_unsettled(self, store: Store) -> None:
        for batch in store.ledger.batches():
            if batch.day in self.corpus.pages and batch.state not in (BatchState.OK, BatchState.QUIET):
                self.figures.unsettled.append(f"{batch.category} {batch.day}: {batch.state}, {batch.reason}")


def run_campaign(folder: Path, seed: int, days: int, kills: int) -> Figures:
    """Run a campaign; the same seed gives the same papers and the same order of trouble."""
    started = time.monotonic()
    feeds = folder / "feeds"
    feeds.mkdir()
    (feeds / "sample-words.toml").write_text(FEED)
    corpus = make_corpus(seed, FIRST_DAY, days, CATEGORIES, PAPERS_A_DAY)
    clock, faults, log = StandinClock(corpus.timeline), FaultQueue(), RequestLog()
    with run_standin(create_standin(corpus, clock, faults, log)) as standin:
        campaign = Campaign(folder, corpus, clock, faults, log, standin.url, random.Random(seed))
        campaign.live(kills)
        campaign.settle()
        figures = campaign.judge()
    figures.seconds = round(time.monotonic() - started, 1)
    return figures


def _truth(corpus: Corpus) -> Iterator[tuple[Key, date]]:
    for day in sorted(corpus.pages):
        for category in CATEGORIES:
            for row in corpus.page(day, category):
                yield _key(category, row.paper, row.version, row.kind), day


def _key(category: str, paper: str, version: int, kind: Kind) -> Key:
    return category, paper, version, kind in (Kind.NEW, Kind.CROSS)


def _all_days(corpus: Corpus) -> list[date]:
    first, last = min(corpus.pages), max(corpus.pages)
    return [first + timedelta(days=n) for n in range(-21, (last - first).days + 15)]


def _find_impolite(records: tuple[RequestRecord, ...]) -> Iterator[str]:
    """Find requests that came too soon after another, in the stand-in's time, or overlapped it."""
    ordered = sorted(records, key=lambda record: (record.clock_started, record.started))
    for before, after in pairwise(ordered):
        # Of a request whose client was killed in the middle only the start is the client's doing.
        ended = before.clock_ended if before.is_whole else before.clock_started
        waited = (after.clock_started - ended).total_seconds()
        asked = max(INTERVAL_SECONDS, before.retry_after or 0.0)
        if waited < asked - TOLERANCE_SECONDS:
            yield f"{after.path} {waited:.2f} s after {before.path}, which asked for {asked:.0f}"


class _opened:
    """The campaign's store, open while the context lasts."""

    def __init__(self, folder: Path) -> None:
        self._store = open_store(f"sqlite:///{folder}/campaign.sqlite3")

    def __enter__(self) -> Store:
        return self._store

    def __exit__(self, *_: object) -> None:
        self._store.close()


def main() -> None:
    """Run a campaign from the command line; exit with 1 if anything is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--kills", type=int, default=200)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="feedsvc-campaign-") as folder:
        figures = run_campaign(Path(folder), arguments.seed, arguments.days, arguments.kills)
    figures.print()
    sys.exit(bool(figures.wrong or figures.impolite or figures.broken or figures.unsettled))


if __name__ == "__main__":
    main()
