"""The demo: the whole service on the stand-in arXiv, both in this process, without the internet."""

from __future__ import annotations

import logging
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event

from pydantic import HttpUrl

from feedsvc.digest import Chain
from feedsvc.digest.extractive import ExtractiveSummarizer
from feedsvc.errors import SettingsError
from feedsvc.lateness import write_day
from feedsvc.paper import Digest, Paper
from feedsvc.schedule import make_scheduler
from feedsvc.serve import serve_app
from feedsvc.service import Service, make_service
from feedsvc.settings import ArxivSettings, HubSettings, Settings, load_settings
from feedsvc.standin.clock import StandinClock
from feedsvc.standin.corpus import Corpus
from feedsvc.standin.faults import FaultQueue
from feedsvc.standin.log import RequestLog
from feedsvc.standin.sample import load_sample, load_sample_digests
from feedsvc.standin.server import RunningStandin, create_standin, run_standin
from feedsvc.visitors import SavingSettings

Say = Callable[[str], None]

SWEEP = timedelta(seconds=2)
SHOWN = (
    ("the subscription index, in a browser", "/"),
    ("a category", "/feeds/cs.AI.xml"),
    ("a keyword feed", "/feeds/large-language-models.xml"),
    ("any keyword, at once", "/feeds/keyword/random-walk.xml"),
    ("any query", "/feeds/search.xml?q=abs:benchmark+-cat:cs.CV"),
    ("several feeds in one", "/feeds/cs.CL+exoplanets.xml"),
    ("translated digests", "/feeds/zh/cs.AI.xml"),
    ("one day, as a document to read", "/feeds/cs.AI/2026-01-08.md"),
    ("an entry a day", "/feeds/daily/cs.AI.xml"),
    ("a paper", "/papers/2601.90001"),
    ("every feed, for a reader to import", "/subscriptions.opml"),
)


class PrewrittenDigests:
    """Gives digests that somebody wrote; every other paper is left to the next summarizer."""

    def __init__(self, digests: dict[str, Digest]) -> None:
        self._digests = digests

    def summarize(self, paper: Paper, language: str) -> Digest | None:
        """Give the digest written for this very version in this language, if there is one."""
        digest = self._digests.get(paper.id)
        if digest is None or (digest.version, digest.language) != (paper.version, language):
            return None
        return digest


@dataclass(frozen=True, slots=True)
class DemoClock:
    """The stand-in's time, in which the demo lives; sleeping takes real seconds."""

    standin: StandinClock

    def now(self) -> datetime:
        """Give the stand-in's time."""
        return self.standin.now()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


def run_demo(port: int, data: Path | None, stopped: Event, say: Say) -> None:
    """Run the demo until stopped: the sample's days but the last at once, the last when it is asked for.

    The store is kept in `data`, or in a temporary folder that goes with the demo. Raises SettingsError
    where the port is taken.
    """
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    # What becomes of a batch is reported anyway.
    for name in ("apscheduler", "feedsvc.pipeline.ingest"):
        logging.getLogger(name).setLevel(logging.ERROR)
    corpus = load_sample()
    clock = StandinClock(corpus.timeline, time.monotonic)
    with ExitStack() as stack:
        folder = data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="feedsvc-demo-")))
        app = create_standin(corpus, clock, FaultQueue(), RequestLog())
        standin = stack.enter_context(run_standin(app))
        settings = _make_settings(port or _free_port(), folder, standin, corpus)
        service = stack.enter_context(_open_service(settings, DemoClock(clock), say))
        _catch_up(clock, service.store.ledger.newest_day())
        stack.enter_context(_serve(service))
        _take_days(service, clock, stopped, say)
        stack.enter_context(_sweep(service))
        _show_urls(service.settings.base, say)
        _tell_what_waits(clock, standin, say)
        stopped.wait()
        say("stopping")


def _make_settings(port: int, folder: Path, standin: RunningStandin, corpus: Corpus) -> Settings:
    categories = {category for pages in corpus.pages.values() for category in pages}
    return load_settings(
        host="127.0.0.1",
        port=port,
        base_url=HttpUrl(f"http://127.0.0.1:{port}"),
        database_url=f"sqlite:///{folder.resolve()}/demo.sqlite3",
        categories=tuple(sorted(categories)),
        languages=("en", "zh"),
        saving=SavingSettings(mode="open"),
        hub=HubSettings(ports=(), loopback=True),
        arxiv=ArxivSettings(
            feed_url=HttpUrl(standin.url),
            api_url=HttpUrl(f"{standin.url}/api/query"),
            oai_url=HttpUrl(f"{standin.url}/oai"),
            interval_seconds=0,
        ),
    )


@contextmanager
def _open_service(settings: Settings, clock: DemoClock, say: Say) -> Iterator[Service]:
    summarizer = Chain(PrewrittenDigests(load_sample_digests()), ExtractiveSummarizer())
    service = make_service(settings, clock, summarizer=summarizer, report=say)
    try:
        yield service
    finally:
        service.close()


@contextmanager
def _serve(service: Service) -> Iterator[None]:
    settings = service.settings
    try:
        with serve_app(service.app, settings.host, settings.port, settings.threads):
            yield
    except OSError as error:
        raise SettingsError(
            f"port {settings.port} cannot be used: {error.strerror}; try --port 0, or make demo PORT=0"
        ) from error


def _catch_up(clock: StandinClock, newest: date | None) -> None:
    """Go on to the newest day of a store that was kept: what it has is never still to come."""
    while newest is not None and clock.steps_left() and clock.day_at(clock.now()) < newest:
        clock.advance()


def _take_days(service: Service, clock: StandinClock, stopped: Event, say: Say) -> None:
    started = time.monotonic()
    while not stopped.is_set():
        day = clock.day_at(clock.now())
        say(f"arXiv announces {write_day(day)} {day.year}")
        service.pipeline.run_due()
        if clock.steps_left() <= 1:
            break
        clock.advance()
    say(f"ready after {time.monotonic() - started:.1f} s")


@contextmanager
def _sweep(service: Service) -> Iterator[None]:
    pipeline, pusher = service.pipeline, service.pusher
    scheduler = make_scheduler(pipeline.run_due, datetime.now(UTC), SWEEP, push_due=pusher.push_due)
    scheduler.start()
    try:
        yield
    finally:
        pusher.stop()
        scheduler.shutdown()


def _show_urls(base: str, say: Say) -> None:
    say("")
    for what, path in SHOWN:
        say(f"  {what + ':':<38} {base}{path}")
    say("")


def _tell_what_waits(clock: StandinClock, standin: RunningStandin, say: Say) -> None:
    if clock.steps_left():
        say("One more day is waiting. To have it announced, and the feeds change under a reader's eyes:")
        say(f"  curl -X POST {standin.url}/control/advance")
    else:
        say("No more days are waiting: the store has them all. Without it the demo begins anew.")
    say("Ctrl+C ends the demo.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
