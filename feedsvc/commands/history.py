"""Commands that fill in what was announced before anybody listened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from feedsvc.arxiv.oai_source import OaiSource, set_for
from feedsvc.commands.opening import open_service
from feedsvc.http import SystemClock
from feedsvc.meter import describe_result, show_progress
from feedsvc.pipeline.backfill import Backfill
from feedsvc.service import make_record_source

DAY = click.DateTime(["%Y-%m-%d"])


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_dump(file: Path) -> None:
    """Take in history from arXiv's metadata dump FILE, JSON lines, packed if its name ends in .gz.

    Cut short, it goes on where it was when it is started again.
    """
    with _filling_in(asks_arxiv=False) as (backfill, _):
        progress = backfill.import_dump(file)
    click.echo(describe_result(progress))


@click.command()
@click.option("--from", "since", required=True, type=DAY, help="First day on which the papers changed.")
@click.option("--until", type=DAY, help="Last day; today without it.")
@click.option("--set", "place", help="Only this category or archive, such as cs.AI or math.")
def backfill(since: datetime, until: datetime | None, place: str | None) -> None:
    """Take in history by OAI-PMH: every paper whose record changed in a span of days.

    Cut short, it goes on where it was when it is started again.
    """
    set_spec = _find_set(place) if place else None
    if since.date() > datetime.now(UTC).date():
        raise click.UsageError(f"--from {since:%Y-%m-%d} is in the future")
    if until is not None and until < since:
        raise click.UsageError(f"--until {until:%Y-%m-%d} is before --from {since:%Y-%m-%d}")
    with _filling_in() as (backfill, source):
        progress = backfill.harvest_records(source, since.date(), until.date() if until else None, set_spec)
    click.echo(describe_result(progress))


def _find_set(place: str) -> str:
    try:
        return set_for(place)
    except ValueError as error:
        raise click.UsageError(f"--set: {error}") from error


@contextmanager
def _filling_in(*, asks_arxiv: bool = True) -> Iterator[tuple[Backfill, OaiSource]]:
    clock = SystemClock()
    with (
        open_service(asks_arxiv=asks_arxiv) as service,
        show_progress(Console(stderr=True, highlight=False)) as tell,
    ):
        source = make_record_source(service.settings, service.store, clock)
        yield Backfill(service.store, clock, service.settings.categories, tell), source
