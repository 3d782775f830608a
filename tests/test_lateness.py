"""What should be there, what of it is late, and what people are told about it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.lateness import (
    MEANINGS,
    Cell,
    Overall,
    Standing,
    Survey,
    first_day,
    list_facts,
    survey_ledger,
    tell_cell,
    tell_late_day,
    tell_survey,
    write_span,
)
from feedsvc.ledger import SETTLED
from feedsvc.paper import Batch, BatchState, Kind
from tests.builders import make_batch, make_note

# By arXiv's table nothing is announced on these: the freezes of 30 December and 1 January are skipped.
WEDNESDAY_FREE, FRIDAY_FREE = date(2025, 12, 31), date(2026, 1, 2)
THURSDAY, MONDAY, TUESDAY = date(2026, 1, 1), date(2026, 1, 5), date(2026, 1, 6)
MIDNIGHT = datetime(2026, 1, 6, 5, 0, tzinfo=UTC)
SEVEN_LATER = MIDNIGHT + timedelta(hours=7)
SIX_HOURS = timedelta(hours=6)
CATEGORIES = ("cs.AI", "cs.LG")


def complete(category: str, day: date) -> Batch:
    return make_batch(category=category, day=day, counts=((Kind.NEW, 3), (Kind.CROSS, 2)))


def all_complete(*days: date) -> list[Batch]:
    return [complete(category, day) for day in days for category in CATEGORIES]


def survey(
    batches: Sequence[Batch],
    now: datetime = SEVEN_LATER,
    *,
    since: date | None = MONDAY,
    days: int = 14,
    categories: Sequence[str] = CATEGORIES,
) -> Survey:
    return survey_ledger(batches, since, categories, now, SIX_HOURS, days)


def cell_of(found: Survey, category: str, day: date) -> Cell:
    return next(cell for cell in found.cells() if (cell.category, cell.day) == (category, day))


def late_keys(found: Survey) -> list[tuple[str, date]]:
    return [(cell.category, cell.day) for cell in found.late]


def test_a_ledger_that_has_everything_is_fine() -> None:
    found = survey(all_complete(MONDAY, TUESDAY))

    assert (found.overall, found.late, found.complete_day) == (Overall.FINE, (), TUESDAY)
    assert tell_survey(found) == "Everything is there up to Tuesday 6 January."


def test_a_day_is_late_from_so_long_after_the_switch_on() -> None:
    batches = all_complete(MONDAY)

    assert survey(batches, MIDNIGHT + SIX_HOURS - timedelta(seconds=1)).overall is Overall.FINE
    assert late_keys(survey(batches, MIDNIGHT + SIX_HOURS)) == [("cs.AI", TUESDAY), ("cs.LG", TUESDAY)]


def test_how_late_counts_from_the_switch() -> None:
    (late,) = survey([*all_complete(MONDAY), complete("cs.LG", TUESDAY)]).late

    assert (late.category, late.late_by) == ("cs.AI", timedelta(hours=7))


@pytest.mark.parametrize("state", BatchState)
def test_only_a_settled_batch_is_not_late(state: BatchState) -> None:
    found = survey([*all_complete(MONDAY), complete("cs.LG", TUESDAY), make_note(state, day=TUESDAY)])

    assert bool(found.late) == (state not in SETTLED)
    assert cell_of(found, "cs.AI", TUESDAY).standing.value == state.value


def test_what_was_never_asked_for_is_awaited_and_then_late_as_well() -> None:
    early, later = survey(all_complete(MONDAY), MIDNIGHT), survey(all_complete(MONDAY))

    assert cell_of(early, "cs.AI", TUESDAY).standing is Standing.AWAITED
    assert cell_of(later, "cs.AI", TUESDAY).standing is Standing.AWAITED
    assert (early.overall, later.overall) == (Overall.FINE, Overall.LATE)


def test_nothing_is_owed_on_a_day_without_announcements() -> None:
    found = survey([make_note(BatchState.STALE, day=FRIDAY_FREE)], since=date(2025, 12, 1))

    assert not cell_of(found, "cs.AI", FRIDAY_FREE).is_owed
    assert ("cs.AI", FRIDAY_FREE) not in late_keys(found)
    assert ("cs.AI", THURSDAY) in late_keys(found)
    assert cell_of(found, "cs.LG", FRIDAY_FREE).standing is Standing.NONE


def test_nothing_is_owed_from_before_the_ledger_began() -> None:
    found = survey(all_complete(TUESDAY), since=TUESDAY)

    assert found.overall is Overall.FINE
    assert cell_of(found, "cs.AI", MONDAY).standing is Standing.NONE


def test_an_empty_ledger_owes_the_newest_day_alone() -> None:
    found = survey([], since=None)

    assert late_keys(found) == [("cs.AI", TUESDAY), ("cs.LG", TUESDAY)]


def test_a_ledger_that_stopped_before_the_shown_days_owes_them_all() -> None:
    found = survey([], since=date(2025, 11, 3), days=2)

    assert found.days == (TUESDAY, MONDAY)
    assert len(found.late) == 4


def test_categories_that_are_not_followed_do_not_matter() -> None:
    found = survey([*all_complete(MONDAY, TUESDAY), make_note(category="hep-th", day=TUESDAY)])

    assert list(found.rows) == ["cs.AI", "cs.LG"]
    assert found.overall is Overall.FINE


def test_shown_are_the_weekdays_newest_first() -> None:
    found = survey([], days=7)

    assert found.days == (TUESDAY, MONDAY, FRIDAY_FREE, THURSDAY, WEDNESDAY_FREE)
    assert first_day(SEVEN_LATER, 7) == WEDNESDAY_FREE


def test_a_batch_that_bears_the_date_of_a_weekend_is_shown_all_the_same() -> None:
    saturday = date(2026, 1, 3)
    found = survey([make_note(BatchState.STALE, day=saturday)], days=7)

    assert saturday in found.days
    assert not cell_of(found, "cs.AI", saturday).is_owed


def test_on_a_weekend_friday_is_the_newest_day() -> None:
    sunday = datetime(2026, 1, 11, 17, 0, tzinfo=UTC)

    assert survey([], sunday, days=1).days == (date(2026, 1, 9),)


def test_in_the_evening_the_next_day_is_awaited_but_never_late_before_its_switch() -> None:
    evening = datetime(2026, 1, 6, 1, 30, tzinfo=UTC)
    found = survey(all_complete(MONDAY), evening)

    assert cell_of(found, "cs.AI", TUESDAY).standing is Standing.AWAITED
    assert found.overall is Overall.FINE


def test_the_newest_complete_day_lacks_no_category() -> None:
    found = survey([*all_complete(MONDAY), complete("cs.AI", TUESDAY)])

    assert (found.complete_day, found.newest_batch_day) == (MONDAY, TUESDAY)


def test_a_quiet_day_is_complete() -> None:
    quiet = [make_note(BatchState.QUIET, category=category, day=TUESDAY) for category in CATEGORIES]
    found = survey([*all_complete(MONDAY), *quiet])

    assert (found.complete_day, found.newest_batch_day) == (TUESDAY, MONDAY)


def test_a_late_batch_is_told_with_reason_attempts_and_what_comes_next() -> None:
    stale = make_note(
        BatchState.STALE,
        day=TUESDAY,
        reason="the batch of 2026-01-05 served again",
        attempts=9,
        last_seen=SEVEN_LATER - timedelta(minutes=55),
    )
    (late,) = survey([*all_complete(MONDAY), complete("cs.LG", TUESDAY), stale]).late

    assert tell_cell(late, SEVEN_LATER) == (
        "cs.AI of Tuesday 6 January is 7 h late: the batch of 2026-01-05 served again; "
        "asked 9 times, next at 13:05 UTC"
    )


def test_an_attempt_whose_time_has_come_is_due_now() -> None:
    failed = make_note(day=TUESDAY, last_seen=MIDNIGHT)
    (late,) = survey([*all_complete(MONDAY), complete("cs.LG", TUESDAY), failed]).late

    assert tell_cell(late, SEVEN_LATER) == (
        "cs.AI of Tuesday 6 January is 7 h late: in vain; asked once, due now"
    )


def test_what_was_never_asked_for_is_told_as_such() -> None:
    late = survey(all_complete(MONDAY)).late[0]

    assert tell_cell(late, SEVEN_LATER) == "cs.AI of Tuesday 6 January is 7 h late: never asked for"


def test_a_batch_that_is_not_late_is_told_with_its_state_and_counts() -> None:
    found = survey(all_complete(MONDAY, TUESDAY))

    assert tell_cell(cell_of(found, "cs.LG", TUESDAY), SEVEN_LATER) == (
        "cs.LG of Tuesday 6 January is ok: 3 new, 2 cross; asked once, last at 17:00 UTC"
    )


def test_a_day_without_announcements_is_told() -> None:
    found = survey([])

    assert tell_cell(cell_of(found, "cs.AI", FRIDAY_FREE), SEVEN_LATER) == (
        "cs.AI of Friday 2 January: nothing is announced"
    )


def test_a_reason_of_several_lines_is_told_in_one() -> None:
    (late, _) = survey([*all_complete(MONDAY), make_note(day=TUESDAY, reason="not\n  well-formed")]).late

    assert ": not well-formed; " in tell_cell(late, SEVEN_LATER)


def test_the_whole_is_told_with_the_oldest() -> None:
    one = survey([*all_complete(MONDAY), complete("cs.LG", TUESDAY)])
    more = survey(all_complete(TUESDAY), since=THURSDAY)

    assert tell_survey(one) == "1 batch is late, by 7 h."
    assert tell_survey(more) == "4 batches are late, the oldest by 5 days."


def test_a_day_that_comes_in_is_told_with_how_much_of_it_is_there() -> None:
    found = survey([*all_complete(MONDAY), complete("cs.AI", TUESDAY)], MIDNIGHT)

    assert tell_survey(found) == (
        "Everything is there up to Monday 5 January. "
        "Tuesday 6 January is coming in: 1 of 2 categories are there."
    )


def test_an_empty_ledger_says_so() -> None:
    told = tell_survey(survey([], MIDNIGHT, since=None))

    assert told == "No day is complete yet. Tuesday 6 January is coming in: 0 of 2 categories are there."


def test_late_batches_are_told_by_day_newest_first() -> None:
    found = survey([*all_complete(THURSDAY), complete("cs.AI", MONDAY)], since=THURSDAY)
    told = [tell_late_day(day, cells, found) for day, cells in found.late_days]

    assert told == [
        "Tuesday 6 January: 2 of 2 categories late, by 7 h",
        "Monday 5 January: 1 of 2 categories late, by 31 h",
    ]


def test_asked_for_in_vain_but_not_late_is_pending() -> None:
    found = survey([*all_complete(MONDAY), make_note(day=TUESDAY)], MIDNIGHT)

    assert [(cell.category, cell.day) for cell in found.pending] == [("cs.AI", TUESDAY)]


@pytest.mark.parametrize(
    ("hours", "told"), [(6.0, "6 h"), (47.9, "47 h"), (48, "2 days"), (24 * 9.5, "9 days")]
)
def test_a_span_is_told_in_hours_and_then_in_days(hours: float, told: str) -> None:
    assert write_span(timedelta(hours=hours)) == told


def test_every_standing_has_its_own_letter_and_a_meaning() -> None:
    assert len({standing.letter for standing in Standing}) == len(Standing)
    assert MEANINGS.keys() == set(Standing)
    assert {state.value for state in BatchState} <= {standing.value for standing in Standing}


def test_the_facts_are_json_and_tell_what_the_sentences_do() -> None:
    found = survey([*all_complete(MONDAY), complete("cs.LG", TUESDAY), make_note(day=TUESDAY, attempts=3)])
    facts = json.loads(json.dumps(list_facts(found)))

    assert (facts["verdict"], facts["complete_day"]) == ("late", "2026-01-05")
    assert (facts["sentence"], facts["late_after_hours"]) == ("1 batch is late, by 7 h.", 6.0)
    (late,) = facts["late"]
    assert (late["category"], late["day"], late["state"]) == ("cs.AI", "2026-01-06", "failed")
    assert (late["late_hours"], late["attempts"], late["reason"]) == (7.0, 3, "in vain")
    assert late["next_attempt"] == "2026-01-05T17:20:00+00:00"
    assert late["sentence"].startswith("cs.AI of Tuesday 6 January is 7 h late: ")
    assert facts["days"][0] == {"day": "2026-01-06", "expected": True, "categories": 2, "settled": 1}
    assert {(b["category"], b["day"]) for b in facts["batches"]} == {
        (category, day) for category in CATEGORIES for day in ("2026-01-05", "2026-01-06")
    }
    assert {b["next_attempt"] for b in facts["batches"] if b["state"] == "ok"} == {None}


batches = st.builds(
    make_note,
    st.sampled_from(BatchState),
    category=st.sampled_from(CATEGORIES),
    day=st.dates(date(2025, 12, 24), date(2026, 1, 8)),
)
moments = st.integers(-5 * 24 * 60, 6 * 24 * 60).map(lambda minutes: MIDNIGHT + timedelta(minutes=minutes))


@given(st.lists(batches, max_size=12), moments, st.none() | st.dates(date(2025, 12, 20), date(2026, 1, 10)))
def test_late_is_exactly_what_is_owed_unsettled_and_over_its_time(
    held: list[Batch], now: datetime, since: date | None
) -> None:
    found = survey(held, now, since=since)

    for cell in found.cells():
        midnight = datetime(cell.day.year, cell.day.month, cell.day.day, 5, tzinfo=UTC)
        is_over = now - midnight >= SIX_HOURS
        assert (cell.late_by is not None) == (cell.is_owed and not cell.is_settled and is_over)
        assert cell.late_by in (None, now - midnight)
    assert (found.overall is Overall.LATE) == bool(found.late)
    assert json.dumps(list_facts(found))
