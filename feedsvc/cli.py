"""The command line. A command parses, calls one function and prints; each scheduled job is a command too."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any, TextIO

import click
from rich.console import Console

from feedsvc.arxiv.oai_source import OaiSource, set_for
from feedsvc.arxiv.recorded import read_answer
from feedsvc.demo import run_demo
from feedsvc.digest.evaluation import evaluate_roles, list_figures, read_abstracts
from feedsvc.digest.written import check_lines, describe_checked
from feedsvc.errors import AnswerError, FeedsvcError, SettingsError
from feedsvc.feed.catalogue import check_catalogue, load_catalogue
from feedsvc.http import SystemClock, is_arxiv
from feedsvc.lateness import DAYS, Overall, list_facts
from feedsvc.logs import set_up_logs
from feedsvc.meter import describe_result, show_progress, show_steps
from feedsvc.mirror import describe_mirrored, write_mirror
from feedsvc.pipeline import (
    describe_built,
    describe_completed,
    describe_digested,
    describe_fetched,
    write_count,
)
from feedsvc.pipeline.backfill import Backfill
from feedsvc.pipeline.export import export_digest
from feedsvc.pipeline.preview import preview_query
from feedsvc.pipeline.watch import Watch, list_digest_facts, tell_digests
from feedsvc.query import parse as parse_query
from feedsvc.schedule import make_scheduler
from feedsvc.serve import serve_app, stop_signals
from feedsvc.service import Service, make_record_source, make_service
from feedsvc.settings import Settings, load_settings
from feedsvc.standin.server import open_standin
from feedsvc.store import open_store
from feedsvc.terminal import (
    describe_subscription,
    print_evaluation,
    print_preview,
    print_subscriptions,
    print_survey,
)

log = logging.getLogger(__name__)

DAY = click.DateTime(["%Y-%m-%d"])

PORT = click.IntRange(0, 65535)


class OneLineErrors(click.Group):
    """Says an expected error in one line on stderr, exit status 1; `--debug` shows where it came from."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except FeedsvcError as error:
            if ctx.params.get("debug"):
                raise
            click.echo(f"feedsvc: {error}", err=True)
            ctx.exit(1)


@click.group(cls=OneLineErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="feedsvc")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def main(debug: bool) -> None:
    """Publish arXiv as feeds: every category and every keyword query."""


@main.command()
def serve() -> None:
    """Run everything in one process: the schedule and the web server."""
    with stop_signals() as stopped, _service(stopped) as service, _served(service), _scheduled(service):
        stopped.wait()


@main.command()
def web() -> None:
    """Run the web server alone; a worker on the same store feeds it."""
    with stop_signals() as stopped, _service(stopped, asks_arxiv=False) as service, _served(service):
        stopped.wait()


@main.command()
def worker() -> None:
    """Run the schedule alone: fetch, digest and build what is due."""
    with stop_signals() as stopped, _service(stopped) as service, _scheduled(service):
        stopped.wait()


@main.command()
@click.argument("categories", nargs=-1)
def fetch(categories: tuple[str, ...]) -> None:
    """Fetch the batches of CATEGORIES, by default of all that are followed, and complete the papers."""
    with _service(categories=",".join(categories)) if categories else _service() as service:
        ingest = service.pipeline.ingest
        with show_steps("fetching", len(ingest.categories)) as step:
            for fetched in ingest.fetch_batches():
                click.echo(describe_fetched(fetched))
                step()
        with show_steps("completing papers"):
            click.echo(describe_completed(ingest.fill_papers()))


@main.group(invoke_without_command=True)
@click.pass_context
def digest(ctx: click.Context) -> None:
    """Make the digests that are missing; or, with a command, look after how they are made."""
    if ctx.invoked_subcommand is None:
        with _service(report=click.echo, asks_arxiv=False) as service, show_steps("making digests"):
            click.echo(describe_digested(service.pipeline.digester.digest_papers()))
            service.pipeline.write_digests()


@digest.command("check")
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a paper.")
def digest_check(file: TextIO, as_json: bool) -> None:
    """Hold the digests of FILE, a JSON object a line, against their abstracts; - is standard input."""
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
    with _service(asks_arxiv=False) as service:
        languages = service.settings.languages
        told = export_digest(service.publisher, service.catalogue, languages, feed, day.date(), language)
    if output is None:
        click.echo(told, nl=False)
    else:
        output.write_bytes(told)


@main.command()
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Also write every feed and the index below this folder, for any web server to send.",
)
def build(folder: Path | None) -> None:
    """Bring every document up to the ledger; with --to, write the whole site as files."""
    with _service(asks_arxiv=False) as service:
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


@main.command()
def run() -> None:
    """Do once, now, whatever is due: fetch, digest, build, push. For those who use cron."""
    with _service(report=click.echo) as service:
        service.pipeline.run_once()
        if service.settings.hub.mode != "off":
            service.pusher.push_due()


@main.command()
@click.option(
    "--days", type=click.IntRange(1, 366), default=DAYS, show_default=True, help="Calendar days to look back."
)
@click.option("--json", "as_json", is_flag=True, help="Print the same facts as JSON.")
def status(days: int, as_json: bool) -> None:
    """Show the ledger by category and day, and what is late; exit status 1 if anything is."""
    settings = _settings()
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


@main.command()
@click.option("--failing", is_flag=True, help="Only those whose last delivery failed.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a subscription.")
def subscriptions(failing: bool, as_json: bool) -> None:
    """List the hub's subscriptions, with how their deliveries go; secrets are not shown."""
    with closing(open_store(_settings().database_url)) as store:
        store.check()
        found = store.subscriptions.walk(failing=failing)
        if as_json:
            for each in found:
                click.echo(json.dumps(describe_subscription(each), ensure_ascii=False))
        else:
            print_subscriptions(found, store.subscriptions.sum_up(), Console(highlight=False))


@main.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_dump(file: Path) -> None:
    """Take in history from arXiv's metadata dump FILE, JSON lines, packed if its name ends in .gz.

    Cut short, it goes on where it was when it is started again.
    """
    with _filling_in(asks_arxiv=False) as (backfill, _):
        progress = backfill.import_dump(file)
    click.echo(describe_result(progress))


@main.command()
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


@main.command()
def migrate() -> None:
    """Bring the store's schema to this release's."""
    settings = _settings()
    store = open_store(settings.database_url)
    click.echo(f"schema number {store.migrate()}")
    store.close()


@main.command()
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


@main.command()
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


@main.command()
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


@main.command()
def settings() -> None:
    """Print the settings in force as JSON."""
    shown = _settings().model_dump_json(indent=2)
    click.echo(re.sub(r"(://[^:/@\s]*:)[^@/\s]*@", r"\1***@", shown))


@main.group()
def feeds() -> None:
    """Look after the feed definitions."""


@feeds.command("check")
def feeds_check() -> None:
    """Check every definition; name file, key and what was expected."""
    folder = _settings().feeds_dir
    problems = check_catalogue(folder)
    for problem in problems:
        click.echo(str(problem), err=True)
    if problems:
        raise FeedsvcError(f"{write_count(len(problems), 'problem')} in {folder}")
    click.echo(f"{write_count(len(load_catalogue(folder).feeds), 'feed definition')}, all in order")


@feeds.command("list")
def feeds_list() -> None:
    """List the definitions: name, title, query."""
    for feed in load_catalogue(_settings().feeds_dir).feeds.values():
        click.echo(f"{feed.name}\t{feed.title}\t{feed.query}")


@feeds.command("match")
@click.argument("query")
@click.option("--since", default="30d", show_default=True, help="From when on: 30d, 6w, 2026-01, 2026-01-14.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="Papers to show.")
def feeds_match(query: str, since: str, limit: int) -> None:
    """Show what a QUERY would have caught, with the matched words marked."""
    settings = _settings()
    wanted = parse_query(query)
    # A day without an end is where the counting begins.
    within = parse_query(f"announced:{since}" if since[-1:].isalpha() else f"announced:{since}..")
    with closing(open_store(settings.database_url)) as store:
        store.check()
        catalogue = load_catalogue(settings.feeds_dir, settings.categories)
        preview = preview_query(store, catalogue, wanted, within, limit)
    print_preview(preview, wanted, Console(highlight=False))


def _print_records(file: Path) -> list[str]:
    try:
        answer = read_answer(file.read_bytes())
    except AnswerError as error:
        return [f"{file}: {error}"]
    for record in answer.records:
        click.echo(json.dumps(record, ensure_ascii=False))
    return [f"{file}: {reason}" for reason in answer.skipped]


def _find_set(place: str) -> str:
    try:
        return set_for(place)
    except ValueError as error:
        raise click.UsageError(f"--set: {error}") from error


@contextmanager
def _filling_in(*, asks_arxiv: bool = True) -> Iterator[tuple[Backfill, OaiSource]]:
    clock = SystemClock()
    with (
        _service(asks_arxiv=asks_arxiv) as service,
        show_progress(Console(stderr=True, highlight=False)) as tell,
    ):
        source = make_record_source(service.settings, service.store, clock)
        yield Backfill(service.store, clock, service.settings.categories, tell), source


def _settings(**values: object) -> Settings:
    return load_settings(**values)


@contextmanager
def _service(
    stopped: Event | None = None,
    report: Callable[[str], None] = lambda line: None,
    *,
    asks_arxiv: bool = True,
    **values: object,
) -> Iterator[Service]:
    settings = _settings(**values)
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
def _scheduled(service: Service) -> Iterator[None]:
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
def _served(service: Service) -> Iterator[None]:
    settings = service.settings
    try:
        with serve_app(service.app, settings.host, settings.port, settings.threads) as port:
            click.echo(f"serving {settings.base}/ from {settings.host}:{port}", err=True)
            yield
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SettingsError(f"{settings.host}:{settings.port} cannot be used: {reason}") from error
