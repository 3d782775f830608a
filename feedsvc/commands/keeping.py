"""Commands that look after the store."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click
from rich.console import Console

from feedsvc.meter import show_copying, show_steps
from feedsvc.pipeline import write_count
from feedsvc.service import prepare_jobs
from feedsvc.settings import load_settings
from feedsvc.store import open_store
from feedsvc.store.backup import back_up
from feedsvc.store.copying import copy_store


@click.command()
def migrate() -> None:
    """Bring the store's schema to this release's."""
    settings = load_settings()
    store = open_store(settings.database_url)
    click.echo(f"schema number {store.migrate()}")
    if change := prepare_jobs(store):
        click.echo(f"the job engine's schema up to {change}")
    store.close()


@click.command()
@click.option("--from", "source_url", required=True, help="Database URL of the store there is.")
@click.option("--to", "target_url", required=True, help="Database URL of an empty one, made if absent.")
def copy(source_url: str, target_url: str) -> None:
    """Move a store to another database, such as from SQLite to PostgreSQL.

    Stop the worker before: what it writes meanwhile is not copied. Cut short, nothing is there yet; start
    it again.
    """
    with (
        closing(open_store(source_url)) as source,
        closing(open_store(target_url)) as target,
        show_copying(Console(stderr=True, highlight=False)) as tell,
    ):
        rows = copy_store(source.engine, target.engine, tell)
    click.echo(f"{write_count(rows, 'row')} copied")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write the store to FILE while the service is at work; FILE is replaced only when that is done.

    A store on PostgreSQL is backed up with pg_dump: then this says with which words.
    """
    with closing(open_store(load_settings().database_url)) as store, show_steps(f"writing {file}"):
        size = back_up(store.engine, file)
    click.echo(f"{file}: {size:,} bytes")
