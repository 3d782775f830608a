"""A whole service on a stand-in arXiv, both real, in this process: what end-to-end tests stand on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import HttpUrl

from feedsvc.service import Service, make_service
from feedsvc.settings import ArxivSettings, load_settings
from feedsvc.standin.clock import StandinClock
from feedsvc.standin.corpus import Corpus
from feedsvc.standin.faults import FaultQueue
from feedsvc.standin.log import RequestLog
from feedsvc.standin.server import create_standin, run_standin
from tests.databases import make_database

SHIPPED_FEEDS = Path(__file__).resolve().parents[1] / "feeds"


class WorldClock:
    """The stand-in's time; sleeping takes none of it and is only counted."""

    def __init__(self, standin: StandinClock) -> None:
        self._standin = standin
        self.slept: list[float] = []

    def now(self) -> datetime:
        """Give the stand-in's time."""
        return self._standin.now()

    def sleep(self, seconds: float) -> None:
        """Count a sleep."""
        self.slept.append(seconds)


@dataclass(frozen=True)
class World:
    """The service, and the hands that move and trouble its arXiv."""

    service: Service
    time: StandinClock
    clock: WorldClock
    faults: FaultQueue
    log: RequestLog
    corpus: Corpus

    def get(self, path: str) -> bytes:
        """Give the body of an answer of the service's own web; expects 200."""
        response = self.service.app.test_client().get(path)
        assert response.status_code == 200, f"{path}: {response.status_code} {response.text}"
        return bytes(response.data)


@contextmanager
def run_world(
    folder: Path,
    corpus: Corpus,
    categories: Sequence[str],
    *,
    languages: Sequence[str] = ("en",),
    feeds: Path = SHIPPED_FEEDS,
    database_url: str | None = None,
    **values: object,
) -> Iterator[World]:
    """Run a service with a store of its own, or the one at a URL; the stand-in's clock is at the first step.

    A SQLite file is made in the folder.
    """
    time = StandinClock(corpus.timeline)
    clock, faults, log = WorldClock(time), FaultQueue(), RequestLog()
    # By a clock that stands, nobody could ever ask for more than a few hundred things.
    values.setdefault("limits", {"queries_per_minute": 0, "posts_per_minute": 0})
    with (
        make_database(folder) as made,
        run_standin(create_standin(corpus, time, faults, log)) as standin,
    ):
        settings = load_settings(
            database_url=database_url or made,
            base_url=HttpUrl("https://feeds.example.org"),
            feeds_dir=feeds,
            categories=tuple(categories),
            languages=tuple(languages),
            arxiv=ArxivSettings(
                feed_url=HttpUrl(standin.url),
                api_url=HttpUrl(f"{standin.url}/api/query"),
                oai_url=HttpUrl(f"{standin.url}/oai"),
                interval_seconds=0,
                timeout_seconds=30,
            ),
            **values,
        )
        service = make_service(settings, clock)
        try:
            yield World(service, time, clock, faults, log, corpus)
        finally:
            service.close()
