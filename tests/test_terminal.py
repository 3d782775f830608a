"""What people see in a terminal, and programs in a pipe."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from io import StringIO

from rich.console import Console

from feedsvc.lateness import Survey, survey_ledger
from feedsvc.paper import Batch, BatchState, Kind
from feedsvc.settings import load_settings
from feedsvc.terminal import TOLD_A_DAY, print_survey
from tests.builders import make_batch, make_note

TUESDAY = date(2026, 1, 6)
SEVEN_LATER = datetime(2026, 1, 6, 12, 0, tzinfo=UTC)


def survey(batches: Sequence[Batch], categories: Sequence[str] = ("cs.AI", "cs.LG"), days: int = 3) -> Survey:
    return survey_ledger(batches, TUESDAY, categories, SEVEN_LATER, timedelta(hours=6), days)


def printed(shown: Survey, width: int = 200, *, colour: bool = False) -> list[str]:
    out = StringIO()
    print_survey(
        shown,
        Console(file=out, width=width, force_terminal=colour, color_system="standard" if colour else None),
    )
    return out.getvalue().splitlines()


def test_a_category_is_a_row_of_letters_and_numbers_newest_day_first() -> None:
    batches = [
        make_batch(day=TUESDAY, counts=((Kind.NEW, 12), (Kind.CROSS, 3))),
        make_note(BatchState.STALE, category="cs.LG", day=TUESDAY),
    ]
    lines = printed(survey(batches))

    assert lines[0].split() == ["Tue", "Mon"]
    assert lines[1].split() == ["6", "Jan", "5", "Jan"]
    assert lines[2].split() == ["cs.AI", "O", "15", "·"]
    assert lines[3].split() == ["cs.LG", "S!", "·"]


def test_what_is_late_is_told_below_and_the_whole_last() -> None:
    batches = [make_note(BatchState.STALE, day=TUESDAY, reason="an earlier one [sic]")]
    lines = printed(survey(batches, ["cs.AI"]))

    assert lines[-3] == "Tuesday 6 January: 1 of 1 categories late, by 7 h"
    assert lines[-2].startswith("  cs.AI of Tuesday 6 January is 7 h late: an earlier one [sic]; asked once")
    assert lines[-1] == "late: 1 batch is late, by 7 h."


def test_nothing_is_cut_off_where_the_terminal_is_narrow() -> None:
    shown = survey([make_batch(day=TUESDAY, counts=((Kind.NEW, 1234),))], days=30)

    assert printed(shown, width=20)[2].split()[:3] == ["cs.AI", "O", "1234"]
    assert len(printed(shown, width=20)[2].split()) == 2 + len(shown.days)


def test_every_letter_is_explained() -> None:
    lines = printed(survey([]))

    for word in ("O ok:", "Q quiet:", "S stale:", "P partial:", "F failed:", "A awaited:", "! late"):
        assert any(line.startswith(word) for line in lines), word


def test_of_a_bad_day_only_some_are_told_of() -> None:
    categories = load_settings(categories="").categories
    lines = printed(survey([], categories))

    assert len([line for line in lines if "is 7 h late: never asked for" in line]) == TOLD_A_DAY
    assert f"  and {len(categories) - TOLD_A_DAY} more: feedsvc status --json tells of all" in lines


def test_a_terminal_gets_colours_and_a_pipe_none() -> None:
    shown = survey([make_batch(day=TUESDAY, counts=((Kind.NEW, 1),))])

    assert "\x1b[32mO 1" in "\n".join(printed(shown, colour=True))
    assert "\x1b" not in "\n".join(printed(shown))
