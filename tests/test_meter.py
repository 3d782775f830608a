"""The meter: a bar for people, a line now and then for a log, and a sentence at the end."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta

from rich.console import Console

from feedsvc.meter import describe_progress, describe_result, show_progress, show_steps
from feedsvc.pipeline.progress import Progress

HALF = Progress(records=1_250_000, share=0.5, rate=9876.5, left=timedelta(minutes=2, seconds=7))


def ticks(*seconds: float) -> Iterator[float]:
    yield from seconds


def test_progress_is_described_with_rate_and_time_left() -> None:
    assert describe_progress(HALF) == "1,250,000 records, 9,876 a second, 0:02:07 left"


def test_a_time_that_nobody_knows_is_not_told() -> None:
    assert describe_progress(Progress(records=5)) == "5 records, 0 a second"


def test_the_result_is_a_sentence() -> None:
    result = Progress(records=12_000, papers=11_000, announcements=20_000, mended=900, skipped=0)

    assert describe_result(result) == (
        "12,000 records: 11,000 new papers, 20,000 new announcements, 900 papers mended"
    )


def test_one_thing_is_spoken_of_as_one() -> None:
    result = Progress(records=1, papers=1, announcements=1, mended=1)

    assert describe_result(result) == "1 record: 1 new paper, 1 new announcement, 1 paper mended"


def test_the_result_tells_what_could_not_be_read() -> None:
    assert describe_result(Progress(skipped=3)).endswith("; 3 could not be read")


def test_elsewhere_than_in_a_terminal_it_is_a_line_every_five_seconds() -> None:
    output = io.StringIO()
    clock = ticks(0, 0, 0, 1, 4.9, 5, 5, 7)
    with show_progress(Console(file=output), lambda: next(clock)) as tell:
        for records in (1, 2, 3, 4, 5):
            tell(Progress(records=records, share=records / 10))

    assert output.getvalue().splitlines() == [" 10%  1 records, 0 a second", " 40%  4 records, 0 a second"]


def test_in_a_terminal_it_is_a_bar_that_ends_full() -> None:
    output = io.StringIO()
    with show_progress(Console(file=output, force_terminal=True, width=120)) as tell:
        tell(HALF)
        tell(Progress(records=2_500_000, share=1.0, rate=9000, left=timedelta(0)))

    last = output.getvalue().rpartition("\r")[2]
    assert "100%" in last
    assert "2,500,000 records" in last


def test_steps_are_a_bar_in_a_terminal_and_nothing_in_a_pipe() -> None:
    for is_terminal in (True, False):
        stream = io.StringIO()
        console = Console(file=stream, force_terminal=is_terminal, width=80)
        with show_steps("fetching", 2, console) as step:
            step()
            step()
        assert ("fetching" in stream.getvalue()) is is_terminal
