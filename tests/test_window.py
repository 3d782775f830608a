"""Which papers a document holds and how they stand in it.

The contract: the feed's two newest release days whole, however large, then earlier announcements while the
document stays under 200 entries.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.feed.window import (
    LEAST_ENTRIES,
    MOST_DAYS,
    Standing,
    compose_entries,
    select_days,
    select_papers,
    stand_papers,
)
from feedsvc.paper import Announcement, Kind
from tests.builders import MONDAY, make_announcement, make_digest, make_paper

DAYS = [MONDAY + timedelta(days=n) for n in range(5)]
TUESDAY, WEDNESDAY, THURSDAY = DAYS[1:4]
PAPERS = ["2512.00001", "2601.00001", "2601.00002", "hep-th/9901001", "math/9901001"]

LEDGERS = st.lists(
    st.builds(
        make_announcement,
        st.sampled_from(PAPERS),
        st.sampled_from(["cs.AI", "cs.LG"]),
        st.sampled_from(DAYS),
        st.sampled_from(list(Kind)),
        st.integers(1, 3),
        st.none() | st.sampled_from(DAYS),
    ),
    unique_by=lambda a: (a.category, a.day, a.paper),
    max_size=30,
)


def some(count: int, day: date, start: int = 0, released: date | None = MONDAY) -> list[Announcement]:
    """Make announcements of so many papers on a day."""
    numbers = range(start, start + count)
    return [make_announcement(f"2601.{number:05}", day=day, released=released) for number in numbers]


def on_release(count: int, day: date, start: int = 0) -> list[Announcement]:
    """Make announcements of so many papers, released on their day."""
    return some(count, day, start, released=day)


def by_release(rows: Sequence[Announcement]) -> list[Announcement]:
    """Order as the store does for release days."""
    dated = [(row.released, row.day, row) for row in rows if row.released is not None]
    return [row for _, _, row in sorted(dated, key=lambda item: item[:2], reverse=True)]


def by_day(rows: Sequence[Announcement]) -> list[Announcement]:
    """Order as the store does for days."""
    return sorted(rows, key=lambda a: a.day, reverse=True)


def select(rows: Sequence[Announcement]) -> frozenset[str]:
    """Choose from announcements in any order."""
    return select_papers(by_release(rows), by_day(rows))


class Reader:
    """Hands out announcements and counts them."""

    def __init__(self, rows: Sequence[Announcement]) -> None:
        self.rows = rows
        self.read = 0

    def __iter__(self) -> Iterator[Announcement]:
        for row in self.rows:
            self.read += 1
            yield row


def test_the_two_newest_release_days_are_whole_however_large() -> None:
    rows = on_release(300, WEDNESDAY) + on_release(250, TUESDAY, 300) + on_release(50, MONDAY, 600)

    assert select(rows) == {a.paper for a in rows if a.day >= TUESDAY}


def test_earlier_announcements_fill_a_document_up_to_200() -> None:
    rows = on_release(30, WEDNESDAY) + on_release(20, TUESDAY, 100) + on_release(400, MONDAY, 1000)

    chosen = select(rows)

    assert len(chosen) == LEAST_ENTRIES == 200
    assert {a.paper for a in rows if a.day >= TUESDAY} <= chosen


def test_history_that_was_filled_in_fills_up_too() -> None:
    rows = on_release(1, WEDNESDAY) + some(5, MONDAY, 10, released=None)

    assert select(rows) == {a.paper for a in rows}


def test_history_alone_makes_a_document_of_200() -> None:
    assert len(select(some(300, MONDAY, released=None))) == 200


def test_what_was_repaired_days_late_is_held_whole() -> None:
    """Who polls once a day would miss it otherwise: its own day is long out of the window."""
    late = some(5, MONDAY, released=WEDNESDAY)
    rows = late + on_release(250, WEDNESDAY, 100) + on_release(250, TUESDAY, 400)

    assert {a.paper for a in late} <= select(rows)


def test_release_days_are_the_feeds_own() -> None:
    """A feed with a paper a week holds its two newest however old; a day without any is no release day."""
    rows = on_release(1, date(2025, 3, 3)) + on_release(1, date(2024, 3, 4), 1)

    assert len(select(rows)) == 2


def test_a_paper_counts_once_however_often_it_was_announced() -> None:
    rows = [make_announcement("2601.00001", category, released=MONDAY) for category in ("cs.AI", "cs.LG")]
    rows += on_release(300, date(2026, 1, 2), 1000)
    rows += on_release(1, date(2026, 1, 1), 5000)

    assert len(select(rows)) == 301


def test_nothing_taken_in_makes_nothing() -> None:
    assert select([]) == frozenset()


def test_release_days_are_read_to_the_first_row_of_the_third_only() -> None:
    reader = Reader(on_release(10, WEDNESDAY) + on_release(10, TUESDAY, 10) + on_release(10, MONDAY, 20))

    select_papers(reader, [])

    assert reader.read == 21


def test_days_are_not_read_at_all_once_the_release_days_fill_the_document() -> None:
    reader = Reader(some(400, MONDAY))

    select_papers(on_release(200, WEDNESDAY), reader)

    assert reader.read == 0


def test_days_are_read_only_until_the_document_has_200_papers() -> None:
    reader = Reader(some(400, MONDAY, 1000))

    select_papers(on_release(150, WEDNESDAY), reader)

    assert reader.read == 50


@given(LEDGERS)
def test_law_every_paper_of_the_two_newest_release_days_is_chosen(rows: list[Announcement]) -> None:
    newest = sorted({a.released for a in rows if a.released}, reverse=True)[:2]

    assert {a.paper for a in rows if a.released in newest} <= select(rows)


@given(st.lists(st.tuples(st.integers(0, 180), st.sampled_from([*DAYS, None])), max_size=5))
def test_law_a_document_is_no_larger_than_its_release_days_or_200(
    sizes: list[tuple[int, date | None]],
) -> None:
    rows = [
        row
        for place, (count, day) in enumerate(sizes)
        for row in some(count, day or MONDAY, place * 1000, released=day)
    ]
    newest = sorted({a.released for a in rows if a.released}, reverse=True)[:2]
    whole = len({a.paper for a in rows if a.released in newest})

    assert len(select(rows)) == max(whole, min(LEAST_ENTRIES, len(rows)))


def test_an_entry_is_published_with_its_first_announcement_and_updated_with_its_last() -> None:
    rows = [
        make_announcement(day=TUESDAY, kind=Kind.CROSS, category="cs.LG"),
        make_announcement(day=MONDAY, kind=Kind.NEW),
        make_announcement(day=THURSDAY, kind=Kind.REPLACE, version=2),
    ]
    (entry,) = compose_entries(stand_papers(rows), {("2601.00001", 2): make_paper(version=2)}, {})

    assert (entry.kind, entry.paper.version) == (Kind.NEW, 2)
    assert entry.published == datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
    assert entry.updated == datetime(2026, 1, 8, 1, 0, tzinfo=UTC)


def test_what_a_feed_does_not_take_in_does_not_move_its_entry() -> None:
    (standing,) = stand_papers([make_announcement(day=MONDAY)])

    assert standing.first == standing.last


@pytest.mark.parametrize("reverse", [False, True])
def test_of_several_kinds_on_the_first_day_the_first_of_arxivs_order_wins(reverse: bool) -> None:
    kinds = sorted(Kind, key=lambda kind: kind.rank, reverse=reverse)
    rows = [make_announcement(category=f"cs.A{9 - kind.rank}", kind=kind) for kind in kinds]

    (standing,) = stand_papers(rows)

    assert standing.first.kind is Kind.NEW


def test_of_several_versions_on_the_last_day_the_highest_is_shown() -> None:
    rows = [make_announcement(version=3, category="cs.LG"), make_announcement(version=2)]

    (standing,) = stand_papers(rows)

    assert standing.key == ("2601.00001", 3)


def test_entries_stand_newest_change_first() -> None:
    rows = [
        make_announcement("2601.00001", day=MONDAY),
        make_announcement("2601.00001", day=WEDNESDAY, kind=Kind.REPLACE, version=2),
        make_announcement("2601.00002", day=TUESDAY),
    ]

    assert [s.last.paper for s in stand_papers(rows)] == ["2601.00001", "2601.00002"]


def test_on_one_day_kinds_stand_in_arxivs_order_and_then_later_papers_first() -> None:
    rows = [
        make_announcement("2601.00005", kind=Kind.REPLACE, version=2),
        make_announcement("2601.00001", kind=Kind.NEW),
        make_announcement("hep-th/9901001", kind=Kind.REPLACE, version=2),
        make_announcement("2601.00003", kind=Kind.CROSS),
        make_announcement("2601.00002", kind=Kind.NEW),
    ]

    assert [s.last.paper for s in stand_papers(rows)] == [
        "2601.00002",
        "2601.00001",
        "2601.00003",
        "2601.00005",
        "hep-th/9901001",
    ]


def test_papers_of_the_old_scheme_with_one_number_stand_in_a_fixed_order() -> None:
    """Each archive numbered by itself: hep-th/9901001 and math/9901001 are two papers."""
    rows = [make_announcement(paper) for paper in ("hep-th/9901001", "math/9901001", "cs/9901001")]

    assert stand_papers(rows) == stand_papers(rows[::-1])


def test_an_entry_carries_the_digest_of_the_version_it_shows() -> None:
    papers = {("2601.00001", version): make_paper(version=version) for version in (1, 2)}
    digests = {("2601.00001", version): make_digest(version=version) for version in (1, 2)}
    rows = [make_announcement(), make_announcement(day=TUESDAY, kind=Kind.REPLACE, version=2)]

    (entry,) = compose_entries(stand_papers(rows), papers, digests)

    assert entry.digest == digests["2601.00001", 2]


def test_an_entry_without_a_digest_stands_all_the_same() -> None:
    (entry,) = compose_entries(stand_papers([make_announcement()]), {("2601.00001", 1): make_paper()}, {})

    assert entry.digest is None


@given(LEDGERS)
def test_law_no_paper_stands_twice_and_none_is_missing(rows: list[Announcement]) -> None:
    papers = [standing.last.paper for standing in stand_papers(rows)]

    assert sorted(papers) == sorted({a.paper for a in rows})


@given(LEDGERS.flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
def test_law_the_order_of_announcements_is_no_matter(
    pair: tuple[list[Announcement], list[Announcement]],
) -> None:
    rows, shuffled = pair

    assert stand_papers(shuffled) == stand_papers(rows)


@given(LEDGERS)
def test_law_first_and_last_are_the_papers_own_and_in_order(rows: list[Announcement]) -> None:
    for standing in stand_papers(rows):
        own = [a for a in rows if a.paper == standing.last.paper]

        assert {standing.first, standing.last} <= set(own)
        assert standing.first.day == min(a.day for a in own)
        assert standing.last.day == max(a.day for a in own)


@given(LEDGERS)
def test_law_a_document_is_in_order_of_last_days(rows: list[Announcement]) -> None:
    standings: tuple[Standing, ...] = stand_papers(rows)

    assert [s.last.day for s in standings] == sorted((s.last.day for s in standings), reverse=True)
    for _, same_day in groupby(standings, key=lambda s: s.last.day):
        ranks = [s.first.kind.rank for s in same_day]
        assert ranks == sorted(ranks)


def on_days(*counts: int) -> list[Announcement]:
    """Make so many announcements on each of the days before Monday, the newest first, as the store does."""
    return [row for back, count in enumerate(counts) for row in some(count, MONDAY - timedelta(days=back))]


@pytest.mark.parametrize(
    ("counts", "chosen"),
    [
        ((), 0),
        ((3,), 1),
        ((500, 400), 2),
        ((500, 400, 1), 2),
        ((100, 50, 50, 1), 3),
        ((100, 50, 51), 2),
        ((1,) * 40, MOST_DAYS),
    ],
)
def test_a_daily_feed_has_two_days_then_more_while_they_hold_two_hundred_papers(
    counts: tuple[int, ...], chosen: int
) -> None:
    expected = tuple(MONDAY - timedelta(days=back) for back in range(chosen))

    assert select_days(on_days(*counts)) == expected


def test_a_paper_in_several_categories_counts_once_a_day() -> None:
    rows = [make_announcement("2601.00001", category=f"cs.A{n}", day=MONDAY) for n in range(300)]

    assert len(select_days([*rows, *on_days(0, 1, 1)])) == 3


def test_days_are_read_no_further_than_needed() -> None:
    rows = iter(on_days(150, 51, 10, 5))

    assert len(select_days(rows)) == 2
    assert len(list(rows)) == 4
