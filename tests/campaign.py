"""A month of arXiv at its worst, and a service that is killed all the while: what is left must be the truth.

`python -m tests.campaign --seed 7 --days 30 --kills 200` runs it and prints the figures.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from feedsvc.calendar import switches_at
from feedsvc.render import Format, load_formats
from feedsvc.standin.clock import StandinClock
from feedsvc.standin.corpus import Corpus
from feedsvc.standin.faults import Fault, FaultKind, FaultQueue
from feedsvc.standin.log import RequestLog
from feedsvc.standin.server import create_standin, run_standin
from feedsvc.standin.synthetic import make_corpus
from feedsvc.store import Store, open_store
from tests.campaign_truth import (
    Figures,
    compare_ledger,
    find_impolite,
    find_unseen,
    find_unsettled,
)

FIRST_DAY = date(2026, 3, 2)
CATEGORIES = ("cs.AI", "cs.CL", "cs.GL", "cs.LG", "math.NA", "stat.ML")
PAPERS_A_DAY = 30
FEED = 'title = "Sample words"\nquery = "sample OR method OR model"\n'
SETTLING = timedelta(days=2)
# No share of the days is less than a part of this.
SHORTEST = timedelta(hours=12)
# Small pages, so that a harvest has several and can break off between them.
RECORDS_A_PAGE = 60
MOST_REQUESTS_A_LIFE = 30
LONGEST_PAUSE_SECONDS = 0.1
WATCH_SECONDS = 0.01
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
    FaultKind.BROKEN_OFF,
    FaultKind.HANG,
    FaultKind.ABSURD_DATE,
)
OTHER_FAULTS = (
    FaultKind.UNAVAILABLE,
    FaultKind.TOO_MANY,
    FaultKind.TRUNCATED,
    FaultKind.HTML_PAGE,
    FaultKind.RESET,
    FaultKind.BROKEN_OFF,
    FaultKind.EMPTY_PAGE,
    FaultKind.TOKEN_EXPIRED,
    FaultKind.PAGE_REPEATED,
    FaultKind.EMPTY_LAST_PAGE,
)
MISSING_FOR_A_DAY = 0.25
LONG_RESTS_A_DAY = 0.15
ALL_DAY = 10_000
# In whatever format, each entry links to its paper.
ABSTRACT_PAGE = re.compile(rb"https://arxiv.org/abs/[0-9.]+[0-9]")


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
    formats: dict[str, Format] = field(default_factory=load_formats)
    filled: set[tuple[str, str, str]] = field(default_factory=set)
    killed: list[datetime] = field(default_factory=list)
    day: date = FIRST_DAY

    @property
    def end(self) -> datetime:
        """When the last day is long over."""
        return switches_at(max(self.corpus.pages)) + SETTLING

    def live(self, kills: int) -> None:
        """Run the process, kill it at random moments and start it again, until the days are over.

        Each life has its share of the days that are left, so that the kills are spread over all of them
        however fast the machine is; should the days be over first, the rest of the kills follow.
        """
        self._begin()
        while (left := kills - self.figures.kills) or self.clock.now() < self.end:
            self._trouble()
            now = self.clock.now()
            share = max(self.end - now, SHORTEST) / (left + 1)
            with self._worker(until=max(self.end, now + 2 * share)) as process:
                if left:
                    at_latest = now + share * self.chance.uniform(0.1, 0.6)
                    self.figures.kills += self._kill(process, at_latest)
                else:
                    self._await(process)
            self._look_at_documents()
            if left:
                self._rest(now + share, kills)

    def _begin(self) -> None:
        """Let the process see the first day: the ledger is answerable from then on."""
        with self._worker(until=self.clock.now() + timedelta(minutes=20)) as process:
            self._await(process)

    def _kill(self, process: subprocess.Popen[bytes], at_latest: datetime) -> bool:
        """Kill the process after so many requests, or at a moment of arXiv's time at the latest.

        Gives whether it lived until then. What it does counts, not how long it takes: machines differ.
        """
        last = len(self.log.records()) + self.chance.randint(1, MOST_REQUESTS_A_LIFE)
        while process.poll() is None and self.clock.now() < at_latest and len(self.log.records()) < last:
            time.sleep(WATCH_SECONDS)
        time.sleep(self.chance.uniform(0.0, LONGEST_PAUSE_SECONDS))
        if process.poll() is not None:
            self._await(process)
            return False
        self.killed.append(datetime.now(UTC))
        process.kill()
        process.wait()
        return True

    def _await(self, process: subprocess.Popen[bytes]) -> None:
        """Wait for the process to end by itself, in good order."""
        assert process.wait() == 0, "the process ended with an error: see the log"

    def settle(self) -> None:
        """Let arXiv behave for two more days, and the process finish."""
        self.faults.clear()
        for _ in range(3):
            self.clock.advance_by(timedelta(hours=15))
            with self._worker(until=self.clock.now() + timedelta(hours=1)) as process:
                self._await(process)
        self._look_at_documents()

    def judge(self) -> Figures:
        """Hold the ledger against the truth, and the requests against good manners."""
        figures, records = self.figures, self.log.records()
        with _opened(self.folder) as store:
            compare_ledger(figures, self.corpus, store, CATEGORIES)
            figures.unsettled = list(find_unsettled(self.corpus, store))
        figures.requests = len(records)
        figures.faults = Counter(str(record.fault) for record in records if record.fault)
        figures.unseen = find_unseen(figures.faults, (self.folder / "worker.log").read_text("utf-8"))
        figures.impolite = list(find_impolite(records, self.killed))
        return figures

    def _trouble(self) -> None:
        if self.clock.day_at(self.clock.now()) != self.day:
            self._begin_day()
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

    def _begin_day(self) -> None:
        """Forget the day before; now and then a category is missing the whole day."""
        self.day = self.clock.day_at(self.clock.now())
        self.faults.clear()
        if self.chance.random() < MISSING_FOR_A_DAY:
            category = self.chance.choice(CATEGORIES)
            self.faults.add([Fault(FaultKind.EMPTY_PAGE, "/rss", category, ALL_DAY)])

    def _rest(self, over: datetime, kills: int) -> None:
        """Leave the process down: mostly for a part of what is left of its share, now and then for days."""
        if self.chance.random() < LONG_RESTS_A_DAY * len(self.corpus.pages) / kills:
            over = min(self.end - SHORTEST, self.clock.now() + timedelta(hours=self.chance.choice((30, 80))))
        left = max(timedelta(), over - self.clock.now())
        self.clock.advance_by(left * self.chance.choice((0.0, 0.2, 0.5, 1.0)))

    def _worker(self, until: datetime | None = None) -> subprocess.Popen[bytes]:
        log = (self.folder / "worker.log").open("ab")
        words = (self.url, str(self.folder), ",".join(CATEGORIES), (until or self.end).isoformat())
        with log:
            return subprocess.Popen([sys.executable, "-m", "tests.campaign_worker", *words], stderr=log)

    def _look_at_documents(self) -> None:
        """See that every document is whole, and none that had entries is empty."""
        with _opened(self.folder) as store:
            for key, stamp in store.documents.stamps().items():
                found = store.documents.find(key)
                assert found is not None
                self.figures.documents_read += 1
                if hashlib.sha256(found.body).hexdigest()[: len(found.etag)] != found.etag:
                    self.figures.broken.append(f"{key}: torn")
                self.formats[found.format].check(found.body)
                if len(set(ABSTRACT_PAGE.findall(found.body))) != stamp.entries:
                    self.figures.broken.append(f"{key}: not the entries that it should have")
                if stamp.entries:
                    self.filled.add(key)
                elif key in self.filled:
                    self.figures.broken.append(f"{key}: emptied")
            for batch in store.ledger.batches():
                self.figures.states_seen[str(batch.state)] += 1


def run_campaign(folder: Path, seed: int, days: int, kills: int) -> Figures:
    """Run a campaign; the same seed gives the same papers and the same order of trouble."""
    started = time.monotonic()
    feeds = folder / "feeds"
    feeds.mkdir()
    (feeds / "sample-words.toml").write_text(FEED)
    corpus = make_corpus(seed, FIRST_DAY, days, CATEGORIES, PAPERS_A_DAY)
    clock, faults, log = StandinClock(corpus.timeline), FaultQueue(), RequestLog()
    app = create_standin(corpus, clock, faults, log, page_size=RECORDS_A_PAGE)
    with run_standin(app) as standin:
        campaign = Campaign(folder, corpus, clock, faults, log, standin.url, random.Random(seed))
        campaign.live(kills)
        campaign.settle()
        figures = campaign.judge()
    figures.seconds = round(time.monotonic() - started, 1)
    return figures


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
    parser.add_argument("--keep", type=Path, help="an absent folder to leave the store and the log in")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="feedsvc-campaign-") as temporary:
        folder = arguments.keep or Path(temporary)
        if arguments.keep:
            folder.mkdir(parents=True)
        figures = run_campaign(folder, arguments.seed, arguments.days, arguments.kills)
    figures.print()
    sys.exit(figures.kills < arguments.kills or not figures.is_clean)


if __name__ == "__main__":
    main()
