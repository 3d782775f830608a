"""The place of an announcement: its order is that of days, then of papers, whenever a row was written."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.paper import order_id
from feedsvc.store.place import day_of, first_place, last_place, place_of

DAYS = st.dates(date(1991, 8, 14), date(2099, 12, 31))
IDS = st.one_of(
    st.builds("{:02}{:02}.{:05}".format, st.integers(7, 60), st.integers(1, 12), st.integers(0, 99_999)),
    st.builds(
        "{}/{:02}{:02}{:03}".format,
        st.sampled_from(["hep-th", "math", "cs", "q-alg"]),
        st.integers(91, 99) | st.integers(0, 7),
        st.integers(1, 12),
        st.integers(0, 999),
    ),
)


@given(DAYS, IDS, st.integers(1, 60))
def test_law_a_place_fits_a_database_and_tells_its_day(day: date, paper: str, version: int) -> None:
    place = place_of(day, paper, version)

    assert 0 <= place < 2**63
    assert day_of(place) == day
    assert first_place(day) <= place <= last_place(day)


@given(DAYS, IDS, IDS, st.integers(0, 30))
def test_law_places_are_ordered_by_day_then_by_paper(day: date, one: str, two: str, later: int) -> None:
    next_day = day + timedelta(days=later)
    ordered = (day, order_id(one)) < (next_day, order_id(two))

    if (day, order_id(one)) != (next_day, order_id(two)):
        assert (place_of(day, one, 9) < place_of(next_day, two, 1)) is ordered


@given(DAYS, st.lists(st.tuples(IDS, st.integers(1, 9)), unique=True, min_size=2, max_size=9))
def test_law_no_two_paper_versions_of_a_day_have_one_place(day: date, papers: list[tuple[str, int]]) -> None:
    assert len({place_of(day, *paper) for paper in papers}) == len(papers)


def test_between_two_days_there_is_no_gap() -> None:
    monday = date(2026, 1, 5)

    assert last_place(monday) + 1 == first_place(monday + timedelta(days=1))


@pytest.mark.parametrize("day", [date.min, date.max])
def test_a_day_beyond_all_reason_has_a_place_all_the_same(day: date) -> None:
    assert 0 <= first_place(day) <= place_of(day, "2601.00001", 9999) <= last_place(day) < 2**63


def test_an_archive_that_never_was_has_a_place_of_its_own_too() -> None:
    monday = date(2026, 1, 5)

    assert place_of(monday, "alchemy/9901001", 1) != place_of(monday, "math/9901001", 1)


def test_places_never_change() -> None:
    """Stored rows have them: a release that counts differently would find nothing again."""
    assert place_of(date(2026, 1, 5), "2601.00001", 1) == 1799779931988164609
    assert place_of(date(1999, 1, 4), "hep-th/9901001", 2) == 411663819229265922
