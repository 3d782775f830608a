"""Commands that look after the store."""

from __future__ import annotations

import click

from feedsvc.settings import load_settings
from feedsvc.store import open_store


@click.command()
def migrate() -> None:
    """Bring the store's schema to this release's."""
    settings = load_settings()
    store = open_store(settings.database_url)
    click.echo(f"schema number {store.migrate()}")
    store.close()
