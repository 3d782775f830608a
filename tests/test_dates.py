"""Spans of days: how they are written, what they mean, and what is wrong with them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.query.dates import Unit, count_back, read_age, read_span, spell_span

SPANS = [
    ("2026", "2026-01-01", "2026-12-31"),
    ("2026-01", "2026-01-01", "2026-01-31"),
    ("2024-02", "2024-02-01", "2024-02-29"),
    ("2026-01-14", "2026-01-14", "2026-01-14"),
    ("2025..2026", "2025-01-01", "2026-12-31"),
    ("2026-01..2026-02", "2026-01-01", "2026-02-28"),
    ("2026-01-14..2026-02-01", "2026-01-14", "2026-02-01"),
    ("2026-01-14..", "2026-01-14", None),
    ("2026..", "2026-01-01", None),
    ("..2026-01", None, "2026-01-31"),
]


@pytest.mark.parametrize(("text", "first", "last"), SPANS)
def test_a_span_takes_in_both_its_ends(text: str, first: str | None, last: str | None) -> None:
    expected = (
        date.fromisoformat(first) if first else date.min,
        date.fromisoformat(last) if last else date.max,
    )

    assert read_span(text) == expected
    assert spell_span(*expected) == text


@pytest.mark.parametrize(
    ("text", "shortest"),
    [
        ("2026-01-01..2026-12-31", "2026"),
        ("2026-01-01..2026-01-31", "2026-01"),
        ("2026..2026-03-31", "2026-01..2026-03"),
        ("2026-01-14 .. 2026-01-14", "2026-01-14"),
    ],
)
def test_spellings_of_a_span_are_written_in_one_way(text: str, shortest: str) -> None:
    assert spell_span(*read_span(text)) == shortest


DAYS = st.dates(date(1991, 8, 14), date(2099, 12, 31))


@given(DAYS, DAYS)
def test_every_span_is_written_as_it_is_read(one: date, other: date) -> None:
    first, last = sorted((one, other))

    assert read_span(spell_span(first, last)) == (first, last)
    assert read_span(spell_span(first, date.max)) == (first, date.max)
    assert read_span(spell_span(date.min, last)) == (date.min, last)


WRONG_SPANS = [
    ("", "2026-01-14, 2026-01 or 2026"),
    ("..", "2026-01-14, 2026-01 or 2026"),
    ("yesterday", "an age such as 7d"),
    ("14.01.2026", "2026-01-14"),
    ("20260114", "2026-01-14"),
    ("2026-1", "2026-01"),
    ("3026", "2026"),
    ("2026-13", "month from 01 to 12, not 13"),
    ("2026-02-30", "day from 01 to 28, not 30"),
    ("2026-02..2026-01", "earlier date before the '..'"),
    ("2026..2027..2028", "a span such as 2026-01..2026-02"),
]


@pytest.mark.parametrize(("text", "expected"), WRONG_SPANS)
def test_a_wrong_span_is_refused_with_what_was_expected(text: str, expected: str) -> None:
    with pytest.raises(ValueError, match="expected") as caught:
        read_span(text)

    assert expected in str(caught.value)


def test_days_without_an_end_have_no_text() -> None:
    with pytest.raises(ValueError, match="at least one end"):
        spell_span(date.min, date.max)


AGES = [
    ("1d", 1, Unit.DAY),
    ("7d", 7, Unit.DAY),
    ("2w", 14, Unit.DAY),
    ("3m", 3, Unit.MONTH),
    ("1y", 12, Unit.MONTH),
]


@pytest.mark.parametrize(("text", "count", "unit"), AGES)
def test_an_age_is_counted_in_days_or_months(text: str, count: int, unit: Unit) -> None:
    assert read_age(text) == (count, unit)


@pytest.mark.parametrize("text", ["2026", "7", "d", "7 d", "-7d", "7days", "1234567d", ""])
def test_what_is_no_age_is_told_apart(text: str) -> None:
    assert read_age(text) is None


@pytest.mark.parametrize("text", ["0d", "0m", "101y", "99999d"])
def test_an_age_of_nothing_or_of_centuries_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected an age from 1d to 100y"):
        read_age(text)


@pytest.mark.parametrize(
    ("newest", "count", "unit", "first"),
    [
        ("2026-01-14", 1, Unit.DAY, "2026-01-14"),
        ("2026-01-14", 7, Unit.DAY, "2026-01-08"),
        ("2026-01-14", 1, Unit.MONTH, "2025-12-15"),
        ("2026-03-31", 1, Unit.MONTH, "2026-03-01"),
        ("2026-12-31", 12, Unit.MONTH, "2026-01-01"),
        ("2024-02-29", 12, Unit.MONTH, "2023-03-01"),
    ],
)
def test_an_age_ends_with_the_newest_day(newest: str, count: int, unit: Unit, first: str) -> None:
    assert count_back(date.fromisoformat(newest), count, unit) == date.fromisoformat(first)


@given(DAYS, st.integers(1, 1200))
def test_a_later_newest_day_never_takes_in_earlier_days(newest: date, count: int) -> None:
    for unit in Unit:
        earlier = count_back(newest, count, unit)

        assert earlier <= newest
        assert earlier <= count_back(newest + timedelta(days=1), count, unit)
