"""Commands that run the service, or arXiv's stand-in."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

import click

from feedsvc.commands.opening import open_service, run_schedule, run_waker, run_worker, serve_web
from feedsvc.demo import run_demo
from feedsvc.errors import SettingsError
from feedsvc.serve import stop_signals
from feedsvc.service import Service
from feedsvc.settings import load_settings
from feedsvc.standin.server import open_standin

log = logging.getLogger(__name__)

PORT = click.IntRange(0, 65535)
# A model's digests and a long harvest may take a place each for minutes: the others need some as well.
CONCURRENCY = 4
ONE_PROCESS = "a store on SQLite has one `feedsvc worker`, which keeps the time itself"


@click.command()
def serve() -> None:
    """Run everything in one process: the schedule and the web server."""
    with (
        stop_signals() as stopped,
        open_service(stopped) as service,
        serve_web(service),
        run_schedule(service),
    ):
        _warn_of_workers(service)
        stopped.wait()


def _warn_of_workers(service: Service) -> None:
    jobs = service.store.jobs.count()
    if jobs is not None and jobs.workers:
        log.warning(
            "%d workers are at this store, and `feedsvc serve` does not know their locks", jobs.workers
        )


@click.command()
def web() -> None:
    """Run the web server alone; a worker on the same store feeds it."""
    with stop_signals() as stopped, open_service(stopped, asks_arxiv=False) as service, serve_web(service):
        stopped.wait()


@click.command()
@click.option(
    "--concurrency",
    type=click.IntRange(1, 100),
    help=f"On PostgreSQL: how many steps are run at once; {CONCURRENCY} without it.",
)
def worker(concurrency: int | None) -> None:
    """Fetch, digest, build and deliver what is due.

    On SQLite the schedule and all steps are in this one process. On PostgreSQL there may be any number of
    workers, which run the steps that `feedsvc schedule` and each other's work wake them for.
    """
    if is_on_postgresql():
        with stop_signals() as stopped:
            run_worker(open_service, stopped, concurrency or CONCURRENCY)
        return
    if concurrency is not None:
        raise SettingsError(f"--concurrency {concurrency} is for PostgreSQL: {ONE_PROCESS}")
    with stop_signals() as stopped, open_service(stopped) as service, run_schedule(service):
        stopped.wait()


@click.command()
def schedule() -> None:
    """On PostgreSQL: wake workers for each step at its time. One is enough, more do no harm."""
    if not is_on_postgresql():
        raise SettingsError(f"`feedsvc schedule` is for PostgreSQL: {ONE_PROCESS}")
    with stop_signals() as stopped, open_service(stopped) as service, run_waker(service):
        stopped.wait()


def is_on_postgresql() -> bool:
    """Tell whether the settings' store is one that several machines can share. Raises SettingsError."""
    return load_settings().database_url.startswith("postgresql")


@click.command()
def run() -> None:
    """Do once, now, whatever is due: fetch, digest, build, push. For those who use cron."""
    with open_service(report=click.echo) as service:
        service.pipeline.run_once()
        if service.settings.hub.mode != "off":
            service.pusher.push_due()


@click.command()
@click.option(
    "--papers",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of daily JSON lines; the bundled sample without it.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=PORT, default=8100, show_default=True, help="Port to listen on.")
@click.option("--dated", is_flag=True, help="Begin on the papers' own first day, instead of in this week.")
def standin(papers: Path | None, host: str, port: int, dated: bool) -> None:
    """Run the stand-in: a small server that speaks as arXiv does, over sample papers.

    Their week is announced again in the present one, so that a service which goes by the real clock finds it
    where it looks.
    """
    now = None if dated else datetime.now(UTC)
    with stop_signals() as stopped, open_standin(papers, host, port, now=now) as server:
        click.echo(
            f"RSS   {server.url}/rss/cs.AI\nAtom  {server.url}/atom/cs.AI\n"
            f"API   {server.url}/api/query\nOAI   {server.url}/oai"
        )
        if dated:
            click.echo(f"to go on by a day: curl -X POST {server.url}/control/advance")
        stopped.wait()


@click.command()
@click.option("--port", type=PORT, default=8080, show_default=True, help="Port of the web server.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to keep the store in; a temporary one without it.",
)
def demo(port: int, data: Path | None) -> None:
    """Run the whole service on the stand-in arXiv, without the internet."""
    with stop_signals() as stopped:
        run_demo(port, data, stopped, click.echo)
