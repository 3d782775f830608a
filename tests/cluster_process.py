"""A process that a cluster's campaign kills: web server, scheduler or worker, in the campaign's time."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

from pydantic import HttpUrl

from feedsvc.commands.opening import run_waker, run_worker, serve_web
from feedsvc.errors import UpstreamError
from feedsvc.jobs import Rhythm
from feedsvc.serve import stop_signals
from feedsvc.service import Service, make_service
from feedsvc.settings import ArxivSettings, HubSettings, Settings, load_settings

CONCURRENCY = 3
INTERVAL_SECONDS = 0.1
TIMEOUT_SECONDS = 2.0
BASE = "https://feeds.example.org"
# As usual, but for a time in which a day takes seconds.
RHYTHM = Rhythm(
    poll=timedelta(seconds=0.5),
    heartbeat=timedelta(seconds=1),
    stalled_after=timedelta(seconds=10),
    retry=timedelta(seconds=1),
    longest_retry=timedelta(seconds=8),
    sweep=timedelta(seconds=3),
    recover=timedelta(seconds=1),
    look=timedelta(seconds=1),
)


class ShiftedClock:
    """Real time, as far ahead as a file says that all processes read; sleeping takes real time."""

    def __init__(self, file: Path, stopped: Event | None = None) -> None:
        self._file = file
        self._stopped = stopped or Event()

    def now(self) -> datetime:
        """Give the campaign's time."""
        return datetime.now(UTC) + timedelta(seconds=float(self._file.read_text()))

    def sleep(self, seconds: float) -> None:
        """Wait; raises UpstreamError when told to stop."""
        if self._stopped.wait(seconds):
            raise UpstreamError("stopped")

    def shift(self, seconds: float) -> None:
        """Say how far ahead the campaign's time is."""
        fresh = self._file.with_suffix(f".{time.monotonic_ns()}")
        fresh.write_text(repr(seconds))
        os.replace(fresh, self._file)


@dataclass(frozen=True)
class Plan:
    """What all processes of a campaign have to know."""

    folder: str
    database_url: str
    standin: str
    categories: tuple[str, ...]

    @property
    def clock_file(self) -> Path:
        """Where is said how far ahead the time is."""
        return Path(self.folder) / "ahead"

    def settings(self, port: int = 0) -> Settings:
        """Make the settings."""
        return load_settings(
            database_url=self.database_url,
            base_url=HttpUrl(BASE),
            port=port,
            feeds_dir=Path(self.folder) / "feeds",
            categories=tuple(self.categories),
            hub=HubSettings(ports=(), loopback=True),
            arxiv=ArxivSettings(
                feed_url=HttpUrl(self.standin),
                api_url=HttpUrl(f"{self.standin}/api/query"),
                oai_url=HttpUrl(f"{self.standin}/oai"),
                interval_seconds=INTERVAL_SECONDS,
                timeout_seconds=TIMEOUT_SECONDS,
            ),
        )


def main(role: str, plan_file: str, ready_file: str, port: str = "0") -> None:
    """Run as a web server, a scheduler or a worker until told to stop; the file is made when that works."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    plan = Plan(**json.loads(Path(plan_file).read_text()))

    @contextmanager
    def open_here(ended: Event) -> Iterator[Service]:
        service = make_service(plan.settings(int(port)), ShiftedClock(plan.clock_file, ended))
        Path(ready_file).touch()
        try:
            yield service
        finally:
            service.close()

    with stop_signals() as stopped:
        if role == "worker":
            run_worker(open_here, stopped, CONCURRENCY, RHYTHM)
        else:
            with (
                open_here(stopped) as service,
                serve_web(service) if role == "web" else run_waker(service, RHYTHM),
            ):
                stopped.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
