"""How long documents may be kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.calendar import next_switch
from feedsvc.web.freshness import max_age, tell_expiry

QUARTER = 15 * 60
DAY = 24 * 60 * 60


def utc(day: int, hour: int, minute: int = 0) -> datetime:
    """Give an instant of January 2026: arXiv's day begins at 05:00 UTC, the 14th is a Wednesday."""
    return datetime(2026, 1, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("is_complete", "now", "least", "most"),
    [
        pytest.param(True, utc(14, 12), 17 * 3600 + 300, 17 * 3600 + 600, id="until after the next"),
        pytest.param(False, utc(14, 5, 10), QUARTER, QUARTER, id="more may come"),
        pytest.param(False, utc(14, 12), QUARTER, QUARTER, id="still waiting"),
        pytest.param(True, utc(15, 4, 58), QUARTER, QUARTER, id="never under a quarter"),
        pytest.param(True, utc(16, 20), DAY, DAY, id="a day over the weekend"),
        pytest.param(True, utc(18, 20), 9 * 3600 + 300, 9 * 3600 + 600, id="Sunday evening"),
    ],
)
def test_a_document_may_be_kept_until_it_can_change(
    is_complete: bool, now: datetime, least: int, most: int
) -> None:
    assert least <= max_age("cs.AI", now, now if is_complete else None) <= most


def test_what_was_complete_before_the_switch_is_not_complete_after_it() -> None:
    """The day was seen whole two seconds ago, and another has begun since."""
    before, after = utc(15, 4, 59) + timedelta(seconds=59), utc(15, 5) + timedelta(seconds=1)

    assert max_age("cs.AI", after, before) == QUARTER


def test_a_feed_has_its_own_moment_and_keeps_it() -> None:
    names = [f"cs.{letter}" for letter in "ABCDEFGHIJKLMNOPQRST"]
    ages = [max_age(name, utc(14, 12), utc(14, 12)) for name in names]

    assert ages == [max_age(name, utc(14, 12), utc(14, 12)) for name in names]
    assert len(set(ages)) > len(names) // 2


@given(hours=st.integers(0, 3 * 365 * 24), seconds=st.integers(0, 3599), is_complete=st.booleans())
def test_no_document_is_kept_far_past_an_announcement(hours: int, seconds: int, is_complete: bool) -> None:
    now = datetime(2023, 12, 1, tzinfo=UTC) + timedelta(hours=hours, seconds=seconds)
    seconds = max_age("cs.AI", now, now if is_complete else None)

    assert QUARTER <= seconds <= DAY
    assert now + timedelta(seconds=seconds) <= next_switch(now) + timedelta(minutes=15, seconds=1)


def test_an_answer_expires_when_its_age_is_up() -> None:
    told = tell_expiry({"Cache-Control": "public, max-age=900"}, utc(14, 12))

    assert told == {"Expires": "Wed, 14 Jan 2026 12:15:00 GMT"}


@pytest.mark.parametrize(
    "headers", [{}, {"Cache-Control": "no-store"}, {"Cache-Control": "max-age=9", "Expires": "0"}]
)
def test_what_is_not_to_be_kept_or_told_already_is_left_alone(headers: dict[str, str]) -> None:
    assert tell_expiry(headers, utc(14, 12)) == {}
