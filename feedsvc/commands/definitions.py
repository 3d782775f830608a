"""Commands about feeds and queries."""

from __future__ import annotations

from contextlib import closing

import click
from rich.console import Console

from feedsvc.errors import FeedsvcError, QueryError
from feedsvc.feed.catalogue import check_catalogue, load_catalogue
from feedsvc.pipeline import (
    write_count,
)
from feedsvc.pipeline.preview import preview_query
from feedsvc.query import Query
from feedsvc.query import parse as parse_query
from feedsvc.settings import load_settings
from feedsvc.store import open_store
from feedsvc.terminal import (
    print_preview,
)


@click.group()
def feeds() -> None:
    """Look after the feed definitions."""


@feeds.command("check")
def feeds_check() -> None:
    """Check every definition; name file, key and what was expected."""
    folder = load_settings().feeds_dir
    problems = check_catalogue(folder)
    for problem in problems:
        click.echo(str(problem), err=True)
    if problems:
        raise FeedsvcError(f"{write_count(len(problems), 'problem')} in {folder}")
    click.echo(f"{write_count(len(load_catalogue(folder).feeds), 'feed definition')}, all in order")


@feeds.command("list")
def feeds_list() -> None:
    """List the definitions: name, title, query."""
    for feed in load_catalogue(load_settings().feeds_dir).feeds.values():
        click.echo(f"{feed.name}\t{feed.title}\t{feed.query}")


@feeds.command("match")
@click.argument("query")
@click.option("--since", default="30d", show_default=True, help="From when on: 30d, 6w, 2026-01, 2026-01-14.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="Papers to show.")
def feeds_match(query: str, since: str, limit: int) -> None:
    """Show what a QUERY would have caught, with the matched words marked."""
    settings = load_settings()
    wanted = parse_query(query)
    within = _read_since(since)
    with closing(open_store(settings.database_url)) as store:
        store.check()
        catalogue = load_catalogue(settings.feeds_dir, settings.categories)
        preview = preview_query(store, catalogue, wanted, within, limit)
    print_preview(preview, wanted, Console(highlight=False))


def _read_since(since: str) -> Query:
    """Read from when on; a day without an end is where the counting begins."""
    try:
        return parse_query(f"announced:{since}" if since[-1:].isalpha() else f"announced:{since}..")
    except QueryError as error:
        raise FeedsvcError(f"--since {since!r}: expected 30d, 6w, a month or a day") from error
