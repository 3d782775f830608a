"""Commands that take one of the scheduled steps now: batches, digests, documents."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TextIO

import click
from rich.console import Console

from feedsvc.commands.opening import open_service
from feedsvc.digest.evaluation import evaluate_roles, list_figures, read_abstracts
from feedsvc.digest.written import check_lines, describe_checked
from feedsvc.errors import FeedsvcError
from feedsvc.meter import show_steps
from feedsvc.mirror import describe_mirrored, write_mirror
from feedsvc.pipeline import (
    describe_built,
    describe_completed,
    describe_digested,
    describe_fetched,
    write_count,
)
from feedsvc.pipeline.export import export_digest
from feedsvc.terminal import print_evaluation

DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.argument("categories", nargs=-1)
def fetch(categories: tuple[str, ...]) -> None:
    """Fetch the batches of CATEGORIES, by default of all that are followed, and complete the papers."""
    with open_service(categories=",".join(categories)) if categories else open_service() as service:
        ingest = service.pipeline.ingest
        with show_steps("fetching", len(ingest.categories)) as step:
            for fetched in ingest.fetch_batches():
                click.echo(describe_fetched(fetched))
                step()
        with show_steps("completing papers"):
            click.echo(describe_completed(ingest.fill_papers()))


@click.group(invoke_without_command=True)
@click.pass_context
def digest(ctx: click.Context) -> None:
    """Make the digests that are missing; or, with a command, look after how they are made."""
    if ctx.invoked_subcommand is None:
        with open_service(report=click.echo, asks_arxiv=False) as service, show_steps("making digests"):
            click.echo(describe_digested(service.pipeline.digester.digest_papers()))
            service.pipeline.write_digests()


@digest.command("check")
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a paper.")
@click.option("--strict", is_flag=True, help="End with 1 where anything is found.")
def digest_check(file: TextIO, as_json: bool, strict: bool) -> None:
    """Hold the digests of FILE, a JSON object a line, against their abstracts; - is standard input.

    Fields: `abstract`, `background`, `innovation`, `conclusion` (texts, or lists of sentences); also `id`,
    `language` (else it is guessed), and `title_en`, the paper's own title, beside `title`, the digest's.
    """
    wrong = total = 0
    for checked in check_lines(file):
        total += 1
        wrong += bool(checked.findings)
        if as_json:
            click.echo(json.dumps(describe_checked(checked), ensure_ascii=False))
            continue
        for finding in checked.findings:
            click.echo(f"line {checked.line}, {checked.paper}: {finding}")
    if not as_json:
        click.echo(f"{wrong} of {total} digests have something wrong")
    if strict and wrong:
        click.get_current_context().exit(1)


@digest.command("evaluate")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def digest_evaluate(file: Path, as_json: bool) -> None:
    """Measure how well roles are judged: FILE holds JSON lines with `sentences` and `labels`."""
    evaluation = evaluate_roles(read_abstracts(file))
    if as_json:
        click.echo(json.dumps(list_figures(evaluation), indent=1))
    else:
        print_evaluation(evaluation, Console(highlight=False))


@digest.command("export")
@click.option("--date", "day", required=True, type=DAY, help="The day, such as 2026-01-14.")
@click.option("--feed", required=True, help="The feed as in its address: cs.AI+cs.CL, keyword/graphs.")
@click.option("--language", help="One of the configured languages; the default one without it.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write to.")
def digest_export(day: datetime, feed: str, language: str | None, output: Path | None) -> None:
    """Write the digest of a feed's day as a Markdown document."""
    with open_service(asks_arxiv=False, makes_store=False) as service:
        languages = service.settings.languages
        told = export_digest(service.publisher, service.catalogue, languages, feed, day.date(), language)
    if output is None:
        click.echo(told, nl=False)
    else:
        _write_file(output, told)


def _write_file(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as error:
        raise FeedsvcError(f"{file} cannot be written: {error.strerror}") from error


@click.command()
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Also write every feed and the index below this folder, for any web server to send.",
)
def build(folder: Path | None) -> None:
    """Bring every document up to the ledger; with --to, write the whole site as files."""
    with open_service(asks_arxiv=False) as service:
        with show_steps("building documents"):
            built = service.publisher.build_documents()
        click.echo(describe_built(built))
        refused = built.refused
        if folder is not None:
            mirrored = write_mirror(service, folder)
            click.echo(describe_mirrored(mirrored))
            refused += mirrored.refused
        if refused:
            count = write_count(refused, "document")
            raise FeedsvcError(f"{count} could not be built, the former ones stay: see the log")
