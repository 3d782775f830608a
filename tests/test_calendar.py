"""Announcement days, their evenings, and the days that have none."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.calendar import (
    EASTERN,
    announced_at,
    announced_day,
    day_announced_at,
    day_of_submission,
    eastern_date,
    is_announcement_expected,
    is_weekday,
    load_holidays,
    newest_day,
    next_switch,
    switches_at,
)

INSTANTS = st.datetimes(datetime(2003, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
DAYS = st.dates(date(2003, 1, 1), date(2026, 12, 31))


def eastern(*moment: int) -> datetime:
    """Give the instant in UTC at which arXiv's wall clock shows this."""
    return datetime(*moment, tzinfo=EASTERN).astimezone(UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 1, 14, 4, 59, 59, tzinfo=UTC), date(2026, 1, 13)),
        (datetime(2026, 1, 14, 5, 0, 0, tzinfo=UTC), date(2026, 1, 14)),
        (datetime(2026, 7, 14, 3, 59, 59, tzinfo=UTC), date(2026, 7, 13)),
        (datetime(2026, 7, 14, 4, 0, 0, tzinfo=UTC), date(2026, 7, 14)),
    ],
)
def test_arxivs_date_changes_at_its_own_midnight(now: datetime, day: date) -> None:
    assert eastern_date(now) == day


def test_a_day_is_announced_at_eight_in_the_evening_before() -> None:
    assert announced_at(date(2026, 1, 14)) == datetime(2026, 1, 14, 1, 0, tzinfo=UTC)
    assert announced_at(date(2026, 7, 14)) == datetime(2026, 7, 14, 0, 0, tzinfo=UTC)


@given(DAYS)
def test_the_instant_of_an_announcement_tells_its_day(day: date) -> None:
    assert day_announced_at(announced_at(day)) == day


def test_monday_is_announced_on_sunday_evening() -> None:
    assert announced_at(date(2026, 1, 12)) == eastern(2026, 1, 11, 20)


def test_clocks_put_forward_on_a_sunday_move_mondays_evening() -> None:
    """On 8 March 2026 US clocks go forward at 02:00: Thursday's evening is at 01 UTC, Sunday's at 00."""
    assert announced_at(date(2026, 3, 6)) == datetime(2026, 3, 6, 1, 0, tzinfo=UTC)
    assert announced_at(date(2026, 3, 9)) == datetime(2026, 3, 9, 0, 0, tzinfo=UTC)


def test_clocks_put_back_on_a_sunday_move_mondays_evening() -> None:
    assert announced_at(date(2026, 10, 30)) == datetime(2026, 10, 30, 0, 0, tzinfo=UTC)
    assert announced_at(date(2026, 11, 2)) == datetime(2026, 11, 2, 1, 0, tzinfo=UTC)


def test_the_feed_switches_at_midnight_four_hours_after_the_announcement() -> None:
    assert switches_at(date(2026, 1, 14)) == datetime(2026, 1, 14, 5, 0, tzinfo=UTC)
    assert switches_at(date(2026, 7, 14)) == datetime(2026, 7, 14, 4, 0, tzinfo=UTC)


@given(DAYS.filter(is_weekday))
def test_every_day_switches_four_hours_after_it_was_announced(day: date) -> None:
    assert switches_at(day) - announced_at(day) == timedelta(hours=4)


@given(DAYS)
def test_instants_are_in_utc(day: date) -> None:
    assert announced_at(day).tzinfo is UTC
    assert switches_at(day).tzinfo is UTC


def test_weekdays_are_monday_to_friday() -> None:
    week = [date(2026, 1, 12) + timedelta(days=n) for n in range(7)]

    assert [is_weekday(day) for day in week] == [True] * 5 + [False] * 2


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (eastern(2026, 1, 14, 12), date(2026, 1, 14)),
        (eastern(2026, 1, 14, 23, 59), date(2026, 1, 14)),
        (eastern(2026, 1, 15, 0), date(2026, 1, 15)),
        (eastern(2026, 1, 17, 12), date(2026, 1, 16)),
        (eastern(2026, 1, 18, 23, 59), date(2026, 1, 16)),
        (eastern(2026, 1, 19, 0), date(2026, 1, 19)),
    ],
)
def test_the_newest_day_is_today_or_the_friday_before(now: datetime, day: date) -> None:
    assert newest_day(now) == day


@given(INSTANTS)
def test_the_newest_day_has_always_begun(now: datetime) -> None:
    day = newest_day(now)

    assert is_weekday(day)
    assert switches_at(day) <= now
    assert eastern_date(now) - day <= timedelta(days=2)


def test_the_holidays_name_the_evening_so_the_day_after_has_none() -> None:
    """Thanksgiving 2026, a Thursday: its evening is skipped, and Friday's date carries nothing."""
    assert date(2026, 11, 26) in load_holidays()
    assert is_announcement_expected(date(2026, 11, 26))
    assert not is_announcement_expected(date(2026, 11, 27))
    assert is_announcement_expected(date(2026, 11, 30))


def test_a_skipped_friday_leaves_monday_without() -> None:
    """The freeze of Friday, 3 July 2026, would have been announced on Sunday, under Monday's date."""
    assert is_announcement_expected(date(2026, 7, 3))
    assert not is_announcement_expected(date(2026, 7, 6))
    assert is_announcement_expected(date(2026, 7, 7))


def test_a_skipped_monday_leaves_tuesday_without() -> None:
    assert is_announcement_expected(date(2026, 1, 19))
    assert not is_announcement_expected(date(2026, 1, 20))
    assert is_announcement_expected(date(2026, 1, 21))


def test_the_break_around_new_year_leaves_its_days_without() -> None:
    days = [date(2026, 12, 24) + timedelta(days=n) for n in range(9)]

    assert [day.day for day in days if is_announcement_expected(day)] == [24, 25, 29, 31]


@given(DAYS)
def test_nothing_is_expected_on_a_weekend(day: date) -> None:
    assert is_weekday(day) or not is_announcement_expected(day)


@pytest.mark.parametrize(
    ("now", "switch"),
    [
        (eastern(2026, 1, 14, 12), eastern(2026, 1, 15)),
        (eastern(2026, 1, 15, 0), eastern(2026, 1, 16)),
        (eastern(2026, 1, 16, 12), eastern(2026, 1, 19)),
        (eastern(2026, 1, 17, 12), eastern(2026, 1, 19)),
        (eastern(2026, 3, 6, 12), eastern(2026, 3, 9)),
        (eastern(2026, 11, 26, 12), eastern(2026, 11, 30)),
        (eastern(2026, 7, 3, 12), eastern(2026, 7, 7)),
    ],
    ids=["next day", "at a switch", "friday", "saturday", "clocks change", "thanksgiving", "july 4th"],
)
def test_the_next_switch_passes_over_weekends_and_holidays(now: datetime, switch: datetime) -> None:
    assert next_switch(now) == switch


@given(INSTANTS)
def test_the_next_switch_is_the_first_expected_day_still_to_come(now: datetime) -> None:
    switch = next_switch(now)
    day = eastern_date(switch)

    assert switch > now
    assert switch == switches_at(day)
    assert is_announcement_expected(day)
    between = (eastern_date(now) + timedelta(days=n) for n in range(1, (day - eastern_date(now)).days))
    assert not any(map(is_announcement_expected, between))


def test_the_table_of_holidays_agrees_with_arxivs_own(shared: Path) -> None:
    rows = json.loads((shared / "samples/arxiv/holidays.json").read_text("utf-8"))

    assert load_holidays() == {date.fromisoformat(row["date"]) for row in rows}


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 1, 5, 19, 59, tzinfo=EASTERN), date(2026, 1, 5)),
        (datetime(2026, 1, 5, 20, 0, tzinfo=EASTERN), date(2026, 1, 6)),
        (datetime(2026, 1, 6, 0, 0, tzinfo=EASTERN), date(2026, 1, 6)),
        (datetime(2026, 1, 9, 20, 30, tzinfo=EASTERN), date(2026, 1, 9)),  # a Friday evening
        (datetime(2026, 1, 10, 12, 0, tzinfo=EASTERN), date(2026, 1, 9)),
        (datetime(2026, 1, 11, 19, 59, tzinfo=EASTERN), date(2026, 1, 9)),
        (datetime(2026, 1, 11, 20, 0, tzinfo=EASTERN), date(2026, 1, 12)),  # a Sunday evening
        (datetime(2026, 3, 8, 20, 0, tzinfo=EASTERN), date(2026, 3, 9)),  # the day the clocks change
    ],
)
def test_a_day_is_public_from_the_evening_before(moment: datetime, day: date) -> None:
    assert announced_day(moment.astimezone(UTC)) == day


@pytest.mark.parametrize(
    ("submitted", "day"),
    [
        (datetime(2026, 1, 5, 13, 59, tzinfo=EASTERN), date(2026, 1, 6)),
        (datetime(2026, 1, 5, 14, 0, tzinfo=EASTERN), date(2026, 1, 7)),
        (
            datetime(2026, 1, 8, 15, 0, tzinfo=EASTERN),
            date(2026, 1, 12),
        ),  # Thursday afternoon: Friday's freeze
        (datetime(2026, 1, 9, 15, 0, tzinfo=EASTERN), date(2026, 1, 13)),  # Friday afternoon: Monday's freeze
        (datetime(2026, 1, 10, 3, 0, tzinfo=EASTERN), date(2026, 1, 13)),
        (datetime(2026, 11, 25, 15, 0, tzinfo=EASTERN), date(2026, 11, 30)),  # over Thanksgiving
    ],
)
def test_a_submission_is_announced_after_the_next_freeze(submitted: datetime, day: date) -> None:
    assert day_of_submission(submitted.astimezone(UTC)) == day


@given(INSTANTS)
def test_a_submission_is_announced_on_an_expected_day_after_it_was_sent_in(submitted: datetime) -> None:
    day = day_of_submission(submitted)

    assert is_announcement_expected(day)
    assert submitted < announced_at(day)
