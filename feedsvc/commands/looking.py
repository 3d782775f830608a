"""Commands that show what there is and change nothing."""

from __future__ import annotations

import json
import re
import sys
from contextlib import closing
from pathlib import Path

import click
from rich.console import Console

from feedsvc.arxiv.recorded import read_answer
from feedsvc.errors import AnswerError
from feedsvc.http import SystemClock
from feedsvc.lateness import DAYS, Overall, list_facts
from feedsvc.pipeline.watch import Watch, list_digest_facts, tell_digests
from feedsvc.settings import load_settings
from feedsvc.store import open_store
from feedsvc.terminal import describe_subscription, print_subscriptions, print_survey


@click.command()
@click.option(
    "--days", type=click.IntRange(1, 366), default=DAYS, show_default=True, help="Calendar days to look back."
)
@click.option("--json", "as_json", is_flag=True, help="Print the same facts as JSON.")
def status(days: int, as_json: bool) -> None:
    """Show the ledger by category and day, and what is late; exit status 1 if anything is."""
    settings = load_settings()
    with closing(open_store(settings.database_url)) as store:
        store.check()
        watch = Watch(store, SystemClock(), settings.categories, settings.late_after)
        survey, digests = watch.survey(days), watch.count_digests()
    if as_json:
        facts = list_facts(survey) | {"digests": list_digest_facts(digests)}
        click.echo(json.dumps(facts, ensure_ascii=False, indent=1))
    else:
        click.echo("".join(f"{line}\n" for line in tell_digests(digests)), nl=False)
        print_survey(survey, Console(highlight=False))
    if survey.overall is Overall.LATE:
        sys.exit(1)


@click.command()
@click.option("--failing", is_flag=True, help="Only those whose last delivery failed.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a subscription.")
def subscriptions(failing: bool, as_json: bool) -> None:
    """List the hub's subscriptions, with how their deliveries go; secrets are not shown."""
    with closing(open_store(load_settings().database_url)) as store:
        store.check()
        found = store.subscriptions.walk(failing=failing)
        if as_json:
            for each in found:
                click.echo(json.dumps(describe_subscription(each), ensure_ascii=False))
        else:
            print_subscriptions(found, store.subscriptions.sum_up(), Console(highlight=False))


@click.command()
def settings() -> None:
    """Print the settings in force as JSON."""
    shown = load_settings().model_dump_json(indent=2)
    click.echo(re.sub(r"(://[^:/@\s]*:)[^@/\s]*@", r"\1***@", shown))


@click.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
def parse(files: tuple[Path, ...]) -> None:
    """Print what recorded arXiv answers hold, one JSON object a record.

    What is wrong with a file is said in a line on stderr, and the exit status is 1.
    """
    wrong = [line for file in files for line in _print_records(file)]
    for line in wrong:
        click.echo(f"feedsvc: {line}", err=True)
    if wrong:
        sys.exit(1)


def _print_records(file: Path) -> list[str]:
    try:
        answer = read_answer(file.read_bytes())
    except AnswerError as error:
        return [f"{file}: {error}"]
    for record in answer.records:
        click.echo(json.dumps(record, ensure_ascii=False))
    return [f"{file}: {reason}" for reason in answer.skipped]
