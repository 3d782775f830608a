"""Shows how far long work is: a bar in a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from feedsvc.pipeline import write_count
from feedsvc.pipeline.progress import Progress, Tell
from feedsvc.store.copying import Copied

SECONDS_A_LINE = 5.0


@contextmanager
def show_progress(console: Console, clock: Callable[[], float] = time.monotonic) -> Iterator[Tell]:
    """Give whom to tell of progress; `clock` counts seconds."""
    if not console.is_terminal:
        yield _LinePrinter(console, clock)
        return
    with Bar(BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[told]}"), console=console) as bar:
        task = bar.add_task("", total=1.0, told="")

        def tell(progress: Progress) -> None:
            bar.update(task, completed=progress.share, told=describe_progress(progress))

        yield tell


@contextmanager
def show_steps(
    what: str, steps: int | None = None, console: Console | None = None
) -> Iterator[Callable[[], None]]:
    """Show a bar while something lasts, in a terminal only; what this gives is called behind each step.

    Where nobody knows how many steps there are, the bar only shows that something goes on, and for how long.
    Without a console it is that of standard error.
    """
    console = console or Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=steps)
        yield lambda: bar.advance(task)


@contextmanager
def show_copying(console: Console) -> Iterator[Callable[[Copied], None]]:
    """Give whom to tell how far each table is: a bar for each in a terminal, else a line when it is done."""
    columns = (TextColumn("{task.description:<20}"), BarColumn(), TextColumn("{task.fields[told]}"))
    with Bar(*columns, console=console, disable=not console.is_terminal) as bar:
        tasks: dict[str, TaskID] = {}

        def tell(copied: Copied) -> None:
            told = f"{copied.done:,} of {copied.rows:,}"
            if copied.table not in tasks:
                tasks[copied.table] = bar.add_task(copied.table, told=told)
            # A bar without anything to do is full, not empty.
            bar.update(
                tasks[copied.table],
                total=copied.rows or 1,
                completed=copied.done if copied.rows else 1,
                told=told,
            )
            if not console.is_terminal and copied.done == copied.rows:
                console.print(f"{copied.table}: {copied.rows:,}", soft_wrap=True)

        yield tell


def describe_progress(progress: Progress) -> str:
    """Say how far a harvest is, its share aside."""
    left = "" if progress.left is None else f", {progress.left} left"
    return f"{progress.records:,} records, {progress.rate:,.0f} a second{left}"


def describe_result(progress: Progress) -> str:
    """Say what a harvest brought."""
    skipped = f"; {progress.skipped:,} could not be read" if progress.skipped else ""
    papers, mended = write_count(progress.papers, "new paper"), write_count(progress.mended, "paper")
    announcements = write_count(progress.announcements, "new announcement")
    return f"{write_count(progress.records, 'record')}: {papers}, {announcements}, {mended} mended{skipped}"


class _LinePrinter:
    """Prints the first progress, and after that one line in a few seconds."""

    def __init__(self, console: Console, clock: Callable[[], float]) -> None:
        self._console = console
        self._clock = clock
        self._due = clock()

    def __call__(self, progress: Progress) -> None:
        if self._clock() >= self._due:
            self._due = self._clock() + SECONDS_A_LINE
            self._console.print(f"{progress.share:4.0%}  {describe_progress(progress)}", soft_wrap=True)
