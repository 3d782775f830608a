"""What commands open and close again: the service, its schedule, its web server."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event

import click

from feedsvc.errors import SettingsError
from feedsvc.http import SystemClock, is_arxiv
from feedsvc.logs import set_up_logs
from feedsvc.schedule import make_scheduler
from feedsvc.serve import serve_app
from feedsvc.service import Service, make_service
from feedsvc.settings import load_settings

log = logging.getLogger(__name__)


@contextmanager
def open_service(
    stopped: Event | None = None,
    report: Callable[[str], None] = lambda line: None,
    *,
    asks_arxiv: bool = True,
    **values: object,
) -> Iterator[Service]:
    """Make the service of the settings, logs set up, and close it; `values` stand before the settings.

    Raises SettingsError and StoreError.
    """
    settings = load_settings(**values)
    set_up_logs(settings.log_level, settings.log_format, sys.stderr)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
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
        pipeline.stop()
        service.pusher.stop()
        scheduler.shutdown()


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
