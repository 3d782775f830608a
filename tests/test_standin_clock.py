"""The stand-in's own time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from threading import Thread

import pytest

from feedsvc.calendar import EASTERN
from feedsvc.standin.clock import StandinClock
from feedsvc.standin.corpus import Step

FRIDAY = date(2026, 1, 9)
MONDAY = date(2026, 1, 12)
WEEKEND = (
    Step(datetime(2026, 1, 10, 0, 30, tzinfo=UTC), FRIDAY),
    Step(datetime(2026, 1, 11, 0, 30, tzinfo=UTC), FRIDAY),
    Step(datetime(2026, 1, 13, 0, 30, tzinfo=UTC), MONDAY),
)


def day_of(clock: StandinClock) -> date:
    return clock.day_at(clock.now())


def test_it_starts_at_the_first_step_and_stands_still() -> None:
    clock = StandinClock(WEEKEND)

    assert (clock.now(), day_of(clock), clock.steps_left()) == (WEEKEND[0].at, FRIDAY, 2)
    assert clock.now() == WEEKEND[0].at


def test_each_advance_goes_to_the_next_step() -> None:
    clock = StandinClock(WEEKEND)

    clock.advance()
    assert (clock.now(), day_of(clock), clock.steps_left()) == (WEEKEND[1].at, FRIDAY, 1)
    clock.advance()
    assert (clock.now(), day_of(clock), clock.steps_left()) == (WEEKEND[2].at, MONDAY, 0)


def test_past_the_last_step_every_calendar_day_follows() -> None:
    clock = StandinClock(WEEKEND)

    clock.advance(3)
    assert (clock.now(), day_of(clock)) == (datetime(2026, 1, 13, 5, 0, tzinfo=UTC), date(2026, 1, 13))
    clock.advance(4)
    assert (day_of(clock), clock.steps_left()) == (date(2026, 1, 17), 0)


def test_before_the_first_step_every_calendar_day_is_carried_too() -> None:
    clock = StandinClock(WEEKEND)

    clock.move_to(datetime(2026, 1, 7, 17, 0, tzinfo=UTC))
    assert (day_of(clock), clock.steps_left()) == (date(2026, 1, 7), 3)
    clock.advance()
    assert clock.now() == WEEKEND[0].at


def test_it_stands_at_any_instant_on_either_side_of_a_step() -> None:
    clock = StandinClock(WEEKEND)
    instant = WEEKEND[2].at - timedelta(seconds=1)

    clock.move_to(instant)
    assert (clock.now(), day_of(clock), clock.steps_left()) == (instant, FRIDAY, 1)
    clock.advance_by(timedelta(seconds=1))
    assert (clock.now(), day_of(clock), clock.steps_left()) == (WEEKEND[2].at, MONDAY, 0)
    clock.move_to(WEEKEND[0].at)
    assert (day_of(clock), clock.steps_left()) == (FRIDAY, 2)


def test_its_time_is_utc_whatever_zone_it_is_moved_by() -> None:
    clock = StandinClock(WEEKEND)

    clock.move_to(datetime(2026, 1, 12, 0, 0, tzinfo=EASTERN))
    assert (clock.now(), clock.now().tzinfo) == (datetime(2026, 1, 12, 5, 0, tzinfo=UTC), UTC)


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="expected an aware datetime"):
        StandinClock(WEEKEND).move_to(datetime(2026, 1, 12))  # noqa: DTZ001


def test_it_ticks_on_from_where_it_is_moved() -> None:
    seconds = [10.0]
    clock = StandinClock(WEEKEND, lambda: seconds[0])

    clock.advance_by(timedelta(seconds=30))
    seconds[0] += 5
    assert clock.now() == WEEKEND[0].at + timedelta(seconds=35)


def test_every_span_from_any_thread_counts() -> None:
    clock = StandinClock(WEEKEND)
    threads = [Thread(target=clock.advance_by, args=(timedelta(seconds=1),)) for _ in range(40)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.now() == WEEKEND[0].at + timedelta(seconds=40)


def test_it_ticks_with_the_seconds_it_is_given() -> None:
    seconds = [100.0]
    clock = StandinClock(WEEKEND, lambda: seconds[0])

    seconds[0] += 90
    assert clock.now() == WEEKEND[0].at + timedelta(seconds=90)


def test_a_step_that_is_reached_by_ticking_counts() -> None:
    seconds = [0.0]
    clock = StandinClock(WEEKEND, lambda: seconds[0])

    seconds[0] = 86400.0
    assert clock.steps_left() == 1


def test_an_advance_starts_a_ticking_clock_anew() -> None:
    seconds = [0.0]
    clock = StandinClock(WEEKEND, lambda: seconds[0])

    seconds[0] = 50.0
    clock.advance()
    assert clock.now() == WEEKEND[1].at


def test_every_advance_from_any_thread_counts() -> None:
    clock = StandinClock(WEEKEND)
    threads = [Thread(target=clock.advance, args=(10,)) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert day_of(clock) == date(2026, 1, 12) + timedelta(days=78)


def test_a_time_line_without_steps_is_refused() -> None:
    with pytest.raises(ValueError, match="expected at least one"):
        StandinClock(())
