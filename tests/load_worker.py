"""The load's worker: the schedule on an arXiv of its own, in whose time it lives; ended by a signal.

`python -m tests.load_worker DAYS CATEGORIES PAPERS` goes by the settings in force, but for where arXiv is. It
writes the stand-in's address and the announcement days as a line of JSON when the first day is built, and a
line that names the day when each later one is: the stand-in's `/control/clock` brings it about.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime

from pydantic import HttpUrl

from feedsvc.demo import SWEEP, DemoClock
from feedsvc.schedule import make_scheduler
from feedsvc.serve import stop_signals
from feedsvc.service import make_service
from feedsvc.settings import ArxivSettings, load_settings
from feedsvc.standin.clock import StandinClock
from feedsvc.standin.corpus import Corpus
from feedsvc.standin.faults import FaultQueue
from feedsvc.standin.log import RequestLog
from feedsvc.standin.server import create_standin, run_standin
from feedsvc.standin.synthetic import make_corpus
from feedsvc.taxonomy import load_taxonomy

SEED = 5


def choose_categories(count: int) -> tuple[str, ...]:
    """Give so many categories, the busy ones of computing among the first."""
    first = ("cs.LG", "cs.AI", "cs.CL", "cs.CV", "cs.SE")
    others = sorted(set(load_taxonomy().categories) - set(first))
    return (*first, *others)[:count]


def invent_days(days: int, categories: int, papers: int, today: date) -> Corpus:
    """Invent so many announcement days from today on, with so many new papers a day."""
    return make_corpus(SEED, today, days, choose_categories(categories), papers)


class Teller:
    """Runs the steps, and tells each day once when a round that began after its announcement has ended."""

    def __init__(
        self,
        run_due: Callable[[], None],
        now: Callable[[], datetime],
        days: Mapping[str, datetime],
        tell: Callable[[str], None],
    ) -> None:
        self._run_due = run_due
        self._now = now
        self._left = dict(days)
        self._tell = tell

    def run_due(self) -> None:
        """Run the steps."""
        begun = self._now()
        self._run_due()
        for day in [day for day, at in self._left.items() if at <= begun]:
            del self._left[day]
            self._tell(day)


def main(days: str, categories: str, papers: str) -> None:
    """Run until a signal."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    corpus = invent_days(int(days), int(categories), int(papers), datetime.now(UTC).date())
    # On a busy machine a sweep may last into the next one.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    clock = StandinClock(corpus.timeline, time.monotonic)
    begins = next(step.at for step in corpus.timeline if step.day == min(corpus.pages))
    # Not behind the web processes, which go by the real time: what they queue is due at once.
    clock.move_to(max(begins, datetime.now(UTC)))
    app = create_standin(corpus, clock, FaultQueue(), RequestLog())
    with stop_signals() as stopped, run_standin(app) as standin:
        arxiv = ArxivSettings(
            feed_url=HttpUrl(standin.url),
            api_url=HttpUrl(f"{standin.url}/api/query"),
            oai_url=HttpUrl(f"{standin.url}/oai"),
            interval_seconds=0,
        )
        service = make_service(load_settings(arxiv=arxiv), DemoClock(clock))
        pipeline, pusher = service.pipeline, service.pusher
        pipeline.run_due()
        starts = {str(step.day): step.at for step in corpus.timeline if step.day in corpus.pages}
        told = {day: at.isoformat() for day, at in starts.items()}
        print(json.dumps({"standin": standin.url, "days": told}), flush=True)
        later = {day: at for day, at in starts.items() if at > clock.now()}
        teller = Teller(pipeline.run_due, clock.now, later, lambda day: print(json.dumps(day), flush=True))
        scheduler = make_scheduler(teller.run_due, datetime.now(UTC), SWEEP, push_due=pusher.push_due)
        scheduler.start()
        stopped.wait()
        pipeline.stop()
        pusher.stop()
        scheduler.shutdown()
        service.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
