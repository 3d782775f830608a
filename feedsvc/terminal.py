"""How commands show things to people in a terminal: tables and colours, which a pipe gets without."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from feedsvc.digest.evaluation import Evaluation
from feedsvc.digest.headings import Role
from feedsvc.digest.sentences import split_sentences
from feedsvc.lateness import MEANINGS, Cell, Overall, Standing, Survey, tell_cell, tell_late_day, tell_survey
from feedsvc.paper import Paper
from feedsvc.pipeline.preview import Preview
from feedsvc.query import Query
from feedsvc.query.ast import Field
from feedsvc.query.marking import Span, mark_names, mark_words
from feedsvc.store.subscriptions import HubFigures
from feedsvc.websub.values import Subscription

STYLES = {
    Standing.OK: "green",
    Standing.QUIET: "dim",
    Standing.STALE: "magenta",
    Standing.PARTIAL: "yellow",
    Standing.FAILED: "red",
    Standing.AWAITED: "cyan",
    Standing.NONE: "dim",
}
LATE_STYLE = "bold reverse"
MARK_STYLE = "bold yellow"
# Of each late day so many batches are told of; the others are in the table.
TOLD_A_DAY = 10


def print_survey(survey: Survey, console: Console) -> None:
    """Print the ledger's last days as a table, then what is late and why."""
    table = _tabulate(survey)
    # Lines that are broken at a pipe's assumed width would be of no use to anybody.
    width = Measurement.get(console, console.options.update(width=10_000), table).maximum
    console.width = max(console.width, width)
    console.print(table)
    console.print(_explain_letters())
    console.print()
    for line in _tell_late(survey):
        console.print(line, soft_wrap=True)
    style = "bold red" if survey.overall is Overall.LATE else "bold green"
    console.print(Text.assemble((f"{survey.overall}: ", style), tell_survey(survey)), soft_wrap=True)


def print_subscriptions(found: Iterable[Subscription], figures: HubFigures, console: Console) -> None:
    """Print a line for each subscription, then the hub's figures."""
    for each in found:
        console.print(_tell_subscription(each), soft_wrap=True)
    failing = f", {figures.failing} failing" if figures.failing else ""
    console.print(
        f"{figures.subscriptions} subscriptions of {figures.topics} topics{failing}; "
        f"{figures.deliveries} deliveries and {figures.intents} verifications wait",
        soft_wrap=True,
    )


def describe_subscription(subscription: Subscription) -> dict[str, Any]:
    """Give the facts of a subscription as JSON has them; of the secret only whether there is one."""
    delivered = subscription.delivered_at
    return {
        "topic": subscription.target.topic,
        "callback": subscription.target.callback,
        "signed": subscription.secret is not None,
        "since": subscription.created_at.isoformat(),
        "until": subscription.expires_at.isoformat(),
        "delivered": delivered and delivered.isoformat(),
        "failures": subscription.failures,
        "last_failure": subscription.last_failure,
    }


def _tell_subscription(subscription: Subscription) -> Text:
    delivered = subscription.delivered_at
    line = Text(f"{subscription.target.topic} -> {subscription.target.callback}")
    line.append(f"  until {subscription.expires_at:%Y-%m-%d %H:%M} UTC", "dim")
    line.append(f"  delivered {delivered:%Y-%m-%d %H:%M}" if delivered else "  nothing delivered yet", "dim")
    if subscription.failures:
        line.append(f"  failed {subscription.failures} times: {subscription.last_failure}", "red")
    return line


def print_evaluation(evaluation: Evaluation, console: Console) -> None:
    """Print how judged roles agree with the true ones: the shares, then a row for each true role."""
    for name, figure in (
        ("accuracy", evaluation.accuracy),
        ("macro F1", evaluation.macro_f1),
        ("three sections", evaluation.section_accuracy),
    ):
        console.print(f"{name:<15} {figure:.3f}")
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("true \\ judged", no_wrap=True)
    for name in (*Role, "F1"):
        table.add_column(name, justify="right", no_wrap=True)
    for true in Role:
        score = evaluation.measure_f1(true)
        counts = (str(evaluation.confusion[true, own]) for own in Role)
        table.add_row(true, *counts, "-" if score is None else f"{score:.3f}")
    console.print()
    console.print(table)
    console.print(f"\n{evaluation.sentences} sentences of {evaluation.abstracts} abstracts")


def print_preview(preview: Preview, query: Query, console: Console) -> None:
    """Print what a query would have caught, its words marked: in colour, or between asterisks in a pipe."""
    for catch in preview.catches:
        announcement, paper = catch.announcement, catch.paper
        where = f"{announcement.day}  {announcement.kind:<8} {announcement.category:<12} {paper.id:<12} "
        title = _mark(paper.title, mark_words(query, Field.TITLE, paper.title), console)
        console.print(Text(where, "dim") + title, soft_wrap=True)
        for line in _tell_reasons(paper, query, console):
            console.print(Text("    ") + line, soft_wrap=True)
    console.print(_tell_counts(preview), style="bold", soft_wrap=True)


def _tell_reasons(paper: Paper, query: Query, console: Console) -> Iterator[Text]:
    """Give the authors and the sentence of the abstract for which a paper was caught."""
    names = [author.name for author in paper.authors]
    meant = mark_names(query, names)
    if meant:
        yield _mark(names[meant[0]], ((0, len(names[meant[0]])),), console)
    for sentence in split_sentences(paper.abstract):
        if spans := mark_words(query, Field.ABSTRACT, sentence):
            yield _mark(sentence, spans, console)
            return


def _mark(text: str, spans: Sequence[Span], console: Console) -> Text:
    sign = "" if console.is_terminal else "*"
    marked, place = Text(), 0
    for start, end in spans:
        marked.append(text[place:start]).append(f"{sign}{text[start:end]}{sign}", MARK_STYLE)
        place = end
    return marked.append(text[place:])


def _tell_counts(preview: Preview) -> str:
    if not preview.papers:
        return "nothing was caught"
    more = "" if preview.is_all else "at least "
    papers = "1 paper" if preview.papers == 1 else f"{preview.papers} papers"
    days = "1 day" if len(preview.days) == 1 else f"{len(preview.days)} days"
    shown = f", the newest {len(preview.catches)} shown" if len(preview.catches) < preview.papers else ""
    reach = f"; words as common as these are looked for since {preview.reach}" if preview.reach else ""
    return f"{more}{papers} on {days}{shown}{reach}"


def _tabulate(survey: Survey) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("", no_wrap=True)
    for day in survey.days:
        table.add_column(f"{day:%a}\n{day.day} {day:%b}", no_wrap=True)
    for category, cells in survey.rows.items():
        table.add_row(category, *map(_show_cell, cells))
    return table


def _show_cell(cell: Cell) -> Text:
    style = STYLES[cell.standing]
    if cell.late_by is not None:
        return Text(f"{cell.standing.letter}! {cell.size or ''}".rstrip(), f"{style} {LATE_STYLE}")
    return Text(f"{cell.standing.letter} {cell.size or ''}".rstrip(), style)


def _explain_letters() -> Text:
    parts = [
        (f"{standing.letter} {standing}: {meaning}", STYLES[standing])
        for standing, meaning in MEANINGS.items()
    ]
    return Text("\n").join(Text(*part) for part in [*parts, ("! late", LATE_STYLE)])


def _tell_late(survey: Survey) -> Iterator[Text]:
    for day, cells in survey.late_days:
        yield Text(tell_late_day(day, cells, survey), "bold")
        for cell in islice(cells, TOLD_A_DAY):
            yield Text(f"  {tell_cell(cell, survey.now)}")
        if len(cells) > TOLD_A_DAY:
            yield Text(f"  and {len(cells) - TOLD_A_DAY} more: feedsvc status --json tells of all")
