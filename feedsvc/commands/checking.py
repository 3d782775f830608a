"""The command that says what is wrong with the service."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from feedsvc.doctor import Facts, Finding, Weight, examine
from feedsvc.errors import SettingsError, StoreError, UpstreamError
from feedsvc.feed.catalogue import check_catalogue
from feedsvc.http import SystemClock
from feedsvc.pipeline.watch import Watch
from feedsvc.service import make_client
from feedsvc.settings import Settings, load_settings
from feedsvc.store import Store, open_store

UNDIGESTED_AMONG = 10_000
STYLES = {Weight.WRONG: "bold red", Weight.NOTE: "yellow"}


@click.command()
@click.option("--online", is_flag=True, help="Ask arXiv one thing as well, to compare clocks.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a finding.")
def doctor(online: bool, as_json: bool) -> None:
    """Say what is wrong and what to do; exit status 1 if something needs doing."""
    found = examine(gather_facts(online=online))
    if as_json:
        for finding in found:
            click.echo(json.dumps(asdict(finding), ensure_ascii=False))
    else:
        _print_findings(found)
    if any(finding.weight is Weight.WRONG for finding in found):
        sys.exit(1)


def gather_facts(*, online: bool = False) -> Facts:
    """Look at everything that there is to be looked at, and change nothing."""
    now = datetime.now(UTC)
    try:
        settings = load_settings()
    except SettingsError as error:
        return Facts(now, settings_error=str(error))
    seen: dict[str, Any] = {"feed_problems": _check_feeds(settings.feeds_dir)}
    try:
        with closing(open_store(settings.database_url)) as store:
            seen |= _measure_disk(store)
            store.check()
            seen |= _ask_store(settings, store)
            if online:
                seen |= _ask_arxiv(settings, store)
    except (SettingsError, StoreError) as error:
        seen["store_error"] = str(error)
    return Facts(now, settings, **seen)


def _check_feeds(folder: Path) -> tuple[str, ...]:
    if not folder.is_dir():
        return (f"{folder} is no folder",)
    return tuple(map(str, check_catalogue(folder)))


def _measure_disk(store: Store) -> Mapping[str, Any]:
    url = store.engine.url
    if url.get_backend_name() != "sqlite" or not url.database:
        return {}
    file = Path(url.database)
    size = file.stat().st_size if file.exists() else 0
    return {"free_bytes": shutil.disk_usage(file.parent).free, "store_bytes": size}


def _ask_store(settings: Settings, store: Store) -> Mapping[str, Any]:
    watch = Watch(store, SystemClock(), settings.categories, settings.late_after)
    orders = watch.count_digests().orders.items()
    return {
        "survey": watch.survey(),
        "documents": store.figures.sum_documents(),
        "incomplete": store.figures.count_incomplete(),
        "undigested": store.figures.count_undigested(settings.languages[0], UNDIGESTED_AMONG),
        "orders": tuple((language, state, number) for (language, state), number in orders),
        "jobs": store.jobs.count(),
        "hub": store.subscriptions.sum_up() if settings.hub.mode != "off" else None,
    }


def _ask_arxiv(settings: Settings, store: Store) -> Mapping[str, Any]:
    try:
        return {"skew": measure_skew(settings, store)}
    except UpstreamError as error:
        return {"upstream_error": str(error)}


def measure_skew(settings: Settings, store: Store) -> timedelta | None:
    """Give how far this clock is ahead of arXiv's, by one request that is as polite as all others.

    None if its answer has no Date that can be read.
    """
    with closing(make_client(settings, store, SystemClock())) as client:
        answer = client.get(str(settings.arxiv.api_url), {"id_list": "0704.0001", "max_results": "1"})
    try:
        return datetime.now(UTC) - parsedate_to_datetime(answer.date)
    except (TypeError, ValueError):
        return None


def _print_findings(found: list[Finding]) -> None:
    if not found:
        click.echo("nothing is wrong")
        return
    table = Table("", "what", "what to do", box=None, pad_edge=False)
    for finding in found:
        about = f"[{STYLES[finding.weight]}]{finding.weight.value}[/] {finding.subject}"
        table.add_row(about, finding.what, finding.todo)
    Console(highlight=False).print(table)
