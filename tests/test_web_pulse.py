"""How often the store is asked, and what is believed meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest

from feedsvc.errors import StoreError
from feedsvc.web.pulse import COMPLETE_FOR, INTERVAL, Beat, Pulse
from tests.builders import NOON


class Source:
    """Counts how often it is asked, and may fail."""

    def __init__(self) -> None:
        self.asked = 0
        self.fails = False

    def read(self) -> int:
        """Give how often it was asked."""
        self.asked += 1
        if self.fails:
            raise StoreError("gone")
        return self.asked


NONE, EN = frozenset[str](), frozenset({"en"})


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def pulse(source: Source) -> Pulse:
    return Pulse(source.read, lambda now: EN if now > NOON else NONE)


def test_within_a_quarter_of_a_second_the_store_is_asked_once(source: Source, pulse: Pulse) -> None:
    beats = [pulse.beat(NOON + INTERVAL * 0.009 * step) for step in range(100)]

    assert source.asked == 1
    assert beats == [Beat(1, NONE, NOON, NOON)] * 100


def test_afterwards_it_is_asked_again(pulse: Pulse) -> None:
    assert pulse.beat(NOON) == Beat(1, NONE, NOON, NOON)
    assert pulse.beat(NOON + INTERVAL) == Beat(2, NONE, NOON, NOON)


def test_whether_the_day_is_whole_is_asked_every_other_second(pulse: Pulse) -> None:
    pulse.beat(NOON)

    assert pulse.beat(NOON + COMPLETE_FOR - INTERVAL) == Beat(2, NONE, NOON, NOON)
    assert pulse.beat(NOON + COMPLETE_FOR) == Beat(3, EN, NOON, NOON)


def test_a_clock_that_is_set_back_does_not_stop_the_pulse(pulse: Pulse) -> None:
    pulse.beat(NOON)

    assert pulse.beat(NOON - timedelta(hours=1)) == Beat(2, NONE, NOON, NOON)


def test_while_the_store_is_gone_what_was_known_holds(source: Source, pulse: Pulse) -> None:
    first = pulse.beat(NOON)
    source.fails = True

    assert [pulse.beat(NOON + INTERVAL * step) for step in (1, 1.5, 2)] == [first] * 3
    assert source.asked == 3


def test_a_store_that_never_answered_is_an_error(source: Source, pulse: Pulse) -> None:
    source.fails = True

    with pytest.raises(StoreError, match="gone"):
        pulse.beat(NOON)
