"""What commands open and close again: the service, its schedule, its web server."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import UTC, datetime
from threading import Event

import click

from feedsvc.errors import SettingsError, StoreError
from feedsvc.http import SystemClock, is_arxiv
from feedsvc.jobs import USUAL, Rhythm, Workshop
from feedsvc.logs import set_up_logs
from feedsvc.schedule import make_scheduler, make_waker
from feedsvc.serve import serve_app
from feedsvc.service import Service, make_service
from feedsvc.settings import load_settings
from feedsvc.steps import Step
from feedsvc.store import open_store

log = logging.getLogger(__name__)

BEGIN_AGAIN_SECONDS = 2.0
NO_ENGINE = (
    "jobs need procrastinate, which is not installed: expected `pip install -r requirements-postgres.lock`"
)


@contextmanager
def open_service(
    stopped: Event | None = None,
    report: Callable[[str], None] = lambda line: None,
    *,
    asks_arxiv: bool = True,
    makes_store: bool = True,
    **values: object,
) -> Iterator[Service]:
    """Make the service of the settings, logs set up, and close it; `values` stand before the settings.

    Without `makes_store` there has to be a store. Raises SettingsError and StoreError.
    """
    settings = load_settings(**values)
    if not makes_store:
        with closing(open_store(settings.database_url)) as store:
            store.check()
    set_up_logs(settings.log_level, settings.log_format, sys.stderr)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    if asks_arxiv and not settings.arxiv.contact and is_arxiv(settings.arxiv.feed_url.host or ""):
        log.warning("arXiv asks for a contact address: set FEEDSVC_ARXIV__CONTACT")
    service = make_service(settings, SystemClock(stopped), report=report)
    try:
        yield service
    finally:
        service.close()


@contextmanager
def run_schedule(service: Service) -> Iterator[None]:
    """Have the service's jobs run meanwhile; what is under way ends at its next step."""
    pipeline = service.pipeline
    write = pipeline.write_digests if pipeline.writing.has_writer else None
    push = service.pusher.push_due if service.settings.hub.mode != "off" else None
    scheduler = make_scheduler(pipeline.run_due, datetime.now(UTC), write_digests=write, push_due=push)
    scheduler.start()
    try:
        yield
    finally:
        service.stop()
        scheduler.shutdown()


@contextmanager
def run_waker(service: Service, rhythm: Rhythm = USUAL) -> Iterator[None]:
    """Have workers woken meanwhile, at the time of each step; nothing is run here.

    Raises SettingsError where there is no job engine.
    """
    if service.store.jobs.count() is None:
        raise SettingsError(NO_ENGINE)
    jobs, pusher = service.store.jobs, service.pusher

    def find_hub_steps() -> list[Step]:
        due = ((Step.VERIFY, pusher.has_intents()), (Step.DELIVER, pusher.has_deliveries()))
        return [step for step, is_due in due if is_due]

    def recover() -> None:
        if steps := jobs.release_stalled(rhythm.stalled_after):
            log.warning("taken from dead workers: %s", ", ".join(steps), extra={"action": "recover"})
        jobs.forget_old()

    has_hub = service.settings.hub.mode != "off"
    scheduler = make_waker(
        jobs.wake,
        tuple(service.steps),
        datetime.now(UTC),
        rhythm.sweep,
        recover=(recover, rhythm.recover),
        look=(find_hub_steps, rhythm.look) if has_hub else None,
    )
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown()


def run_worker(
    open_: Callable[[Event], AbstractContextManager[Workshop]],
    stopped: Event,
    concurrency: int,
    rhythm: Rhythm = USUAL,
) -> None:
    """Run jobs until stopped. Where the database is lost, everything is closed and opened anew.

    `open_` gives a service whose clock stops waiting at an event. Raises StoreError if it cannot be opened
    the first time, and SettingsError where there is no job engine.
    """
    try:
        from feedsvc.jobs.worker import work_off
    except ImportError as error:
        raise SettingsError(NO_ENGINE) from error

    is_first = True
    while not stopped.is_set():
        ended = Event()
        try:
            with open_(ended) as service:
                is_first = False
                work_off(service, stopped, ended, concurrency, rhythm)
        except StoreError as error:
            if is_first:
                raise
            log.warning("begun anew: %s", error, extra={"action": "worker"})
            stopped.wait(BEGIN_AGAIN_SECONDS)


@contextmanager
def serve_web(service: Service) -> Iterator[None]:
    """Have the service's web application answer meanwhile. Raises SettingsError for an address in use."""
    settings = service.settings
    try:
        with serve_app(service.app, settings.host, settings.port, settings.threads) as port:
            click.echo(f"serving {settings.base}/ from {settings.host}:{port}", err=True)
            yield
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SettingsError(f"{settings.host}:{settings.port} cannot be used: {reason}") from error
