"""What a paper's history tells of announcements that no listing was seen of, and what it cannot tell."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.calendar import day_of_submission, switches_at
from feedsvc.history import Coverage, PaperHistory, estimate_history, rebuild_history
from feedsvc.paper import Announcement, Kind, Origin
from feedsvc.standin.corpus import Corpus
from feedsvc.standin.records import find_record, list_versions
from feedsvc.standin.synthetic import make_corpus
from tests.campaign_truth import can_be_told

MONDAY = date(2026, 1, 5)
TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (MONDAY + timedelta(days=n) for n in range(1, 5))


def freeze_of(day: date) -> datetime:
    """Give an instant of submission whose paper is announced on a weekday after Monday."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC) - timedelta(days=1)


def history(*days: date, changed: date, categories: tuple[str, ...] = ("cs.AI", "cs.LG")) -> PaperHistory:
    """Make a history whose versions were sent in for these days."""
    versions = tuple((number, freeze_of(day)) for number, day in enumerate(days, start=1))
    return PaperHistory("2601.00001", categories, versions, changed)


def coverage(*gaps: date, first: date = MONDAY, last: date = FRIDAY) -> Coverage:
    return Coverage(first, last, frozenset(gaps))


def row(day: date, kind: Kind = Kind.NEW, version: int = 1, category: str = "cs.AI") -> Announcement:
    return Announcement(day, category, "2601.00001", version, kind)


def rebuilt(
    told: PaperHistory,
    known: tuple[Announcement, ...] = (),
    gaps: Coverage | None = None,
    place: str = "cs.AI",
    lacked_on: date | None = None,
) -> list[tuple[date, Kind, int, Origin]]:
    rows = rebuild_history(told, place, known, gaps or coverage(), lacked_on)
    return [(a.day, a.kind, a.version, a.origin) for a in rows]


def test_a_new_paper_of_a_missed_day_is_exact() -> None:
    told = history(WEDNESDAY, changed=WEDNESDAY)

    assert rebuilt(told, gaps=coverage(WEDNESDAY)) == [(WEDNESDAY, Kind.NEW, 1, Origin.REBUILT)]


def test_it_is_a_cross_list_in_its_other_categories() -> None:
    told = history(WEDNESDAY, changed=WEDNESDAY)

    found = rebuilt(told, gaps=coverage(WEDNESDAY), place="cs.LG")
    assert found == [(WEDNESDAY, Kind.CROSS, 1, Origin.REBUILT)]


def test_what_the_ledger_has_is_not_given_again() -> None:
    told = history(WEDNESDAY, changed=WEDNESDAY)

    assert rebuilt(told, known=(row(WEDNESDAY),), gaps=coverage(WEDNESDAY)) == []


def test_a_replacement_of_a_missed_day_is_exact_when_the_first_version_is_known() -> None:
    told = history(TUESDAY, THURSDAY, changed=THURSDAY)

    found = rebuilt(told, known=(row(TUESDAY),), gaps=coverage(THURSDAY))
    assert found == [(THURSDAY, Kind.REPLACE, 2, Origin.REBUILT)]


def test_both_versions_come_back_when_both_days_were_missed() -> None:
    told = history(TUESDAY, THURSDAY, changed=THURSDAY)

    found = rebuilt(told, gaps=coverage(TUESDAY, THURSDAY))
    assert found == [
        (TUESDAY, Kind.NEW, 1, Origin.REBUILT),
        (THURSDAY, Kind.REPLACE, 2, Origin.REBUILT),
    ]


def test_a_paper_that_was_held_back_came_on_the_one_day_that_is_missing() -> None:
    told = history(TUESDAY, changed=FRIDAY, categories=("cs.AI",))

    assert rebuilt(told, gaps=coverage(FRIDAY)) == [(FRIDAY, Kind.NEW, 1, Origin.REBUILT)]


def test_of_several_categories_another_may_have_made_the_last_change() -> None:
    told = history(TUESDAY, changed=FRIDAY)

    assert rebuilt(told, gaps=coverage(FRIDAY)) == [(FRIDAY, Kind.NEW, 1, Origin.ESTIMATED)]


def test_where_two_missed_days_are_possible_the_day_is_estimated() -> None:
    told = history(WEDNESDAY, changed=FRIDAY)

    found = rebuilt(told, gaps=coverage(WEDNESDAY, FRIDAY))
    assert found == [(WEDNESDAY, Kind.NEW, 1, Origin.ESTIMATED)]


def test_a_paper_that_a_whole_listing_left_out_is_put_on_its_day() -> None:
    told = history(WEDNESDAY, changed=WEDNESDAY)

    assert rebuilt(told) == [(WEDNESDAY, Kind.NEW, 1, Origin.REBUILT)]


def test_a_paper_from_before_our_time_is_not_ours() -> None:
    told = history(MONDAY - timedelta(days=60), changed=WEDNESDAY)

    assert rebuilt(told, gaps=coverage(WEDNESDAY)) == []


def test_an_old_paper_replaced_on_a_missed_day_gives_the_replacement_only() -> None:
    told = history(MONDAY - timedelta(days=60), WEDNESDAY, changed=WEDNESDAY)

    found = rebuilt(told, gaps=coverage(WEDNESDAY))
    assert [(kind, version) for _, kind, version, _ in found] == [(Kind.REPLACE, 2)]


def test_a_paper_held_back_into_our_time_is_taken_and_flagged() -> None:
    told = history(MONDAY - timedelta(days=4), changed=WEDNESDAY)

    assert rebuilt(told, gaps=coverage(WEDNESDAY)) == [(WEDNESDAY, Kind.NEW, 1, Origin.ESTIMATED)]


def test_a_later_cross_list_of_a_known_paper_is_found_by_the_last_change() -> None:
    told = history(TUESDAY, changed=THURSDAY)

    found = rebuilt(told, gaps=coverage(THURSDAY), place="cs.LG", lacked_on=TUESDAY)
    assert found == [(THURSDAY, Kind.CROSS, 1, Origin.REBUILT)]


def test_a_cross_list_since_the_last_announcement_comes_in_the_version_of_its_day() -> None:
    told = history(TUESDAY, THURSDAY, changed=THURSDAY)

    found = rebuilt(told, gaps=coverage(THURSDAY), place="cs.LG", lacked_on=WEDNESDAY)
    assert found == [(THURSDAY, Kind.CROSS, 2, Origin.REBUILT)]


def test_a_day_that_no_source_names_is_an_estimate_though_no_other_was_missed() -> None:
    """A listing that seemed whole may have left it out: then it was another day."""
    told = history(TUESDAY, THURSDAY, changed=THURSDAY)

    found = rebuilt(told, gaps=coverage(THURSDAY), place="cs.LG", lacked_on=TUESDAY)
    assert found == [(THURSDAY, Kind.CROSS, 2, Origin.ESTIMATED)]
    found = rebuilt(history(TUESDAY, changed=FRIDAY), gaps=coverage(THURSDAY))
    assert found == [(THURSDAY, Kind.NEW, 1, Origin.ESTIMATED)]
    found = rebuilt(history(TUESDAY, changed=FRIDAY), gaps=coverage(TUESDAY), place="cs.LG")
    assert found == [(TUESDAY, Kind.CROSS, 1, Origin.ESTIMATED)]


def test_a_cross_list_comes_before_what_is_known_of_the_category() -> None:
    told = history(TUESDAY, FRIDAY, changed=FRIDAY)
    later = row(FRIDAY, Kind.REPLACE_CROSS, 2, "cs.LG")

    found = rebuilt(told, (later,), coverage(WEDNESDAY, THURSDAY), "cs.LG", TUESDAY)
    assert found == [(THURSDAY, Kind.CROSS, 1, Origin.ESTIMATED)]
    found = rebuilt(told, (later,), coverage(WEDNESDAY), "cs.LG", TUESDAY)
    assert found == [(WEDNESDAY, Kind.CROSS, 1, Origin.ESTIMATED)]


def test_a_later_cross_list_that_listings_left_out_is_put_on_the_last_change() -> None:
    told = history(TUESDAY, changed=FRIDAY)

    found = rebuilt(told, place="cs.LG", lacked_on=TUESDAY)
    assert found == [(FRIDAY, Kind.CROSS, 1, Origin.ESTIMATED)]
    found = rebuilt(told, place="cs.LG", lacked_on=THURSDAY)
    assert found == [(FRIDAY, Kind.CROSS, 1, Origin.REBUILT)]


def test_a_change_that_a_version_explains_speaks_for_no_cross_list() -> None:
    """Should it have come with that version all the same, one row too many says that it is an estimate."""
    told = history(TUESDAY, FRIDAY, changed=FRIDAY)

    for lacked_on in (TUESDAY, None):
        found = rebuilt(told, gaps=coverage(WEDNESDAY, FRIDAY), place="cs.LG", lacked_on=lacked_on)
        assert found == [
            (WEDNESDAY, Kind.CROSS, 1, Origin.ESTIMATED),
            (FRIDAY, Kind.REPLACE_CROSS, 2, Origin.ESTIMATED),
        ]


def test_a_category_that_was_not_there_long_ago_is_taken_for_new_on_a_missed_day_only() -> None:
    old = MONDAY - timedelta(days=60)
    told = history(old, changed=WEDNESDAY)

    assert rebuilt(told, place="cs.LG", lacked_on=old) == []
    found = rebuilt(told, gaps=coverage(WEDNESDAY), place="cs.LG", lacked_on=old)
    assert found == [(WEDNESDAY, Kind.CROSS, 1, Origin.ESTIMATED)]


def test_a_cross_list_missed_with_two_versions_may_be_of_either_and_both_say_so() -> None:
    told = history(TUESDAY, THURSDAY, changed=THURSDAY)

    found = rebuilt(told, gaps=coverage(TUESDAY, THURSDAY), place="cs.LG")
    assert found == [
        (TUESDAY, Kind.CROSS, 1, Origin.ESTIMATED),
        (THURSDAY, Kind.REPLACE_CROSS, 2, Origin.ESTIMATED),
    ]


def test_a_paper_first_seen_as_a_replacement_gets_its_first_announcement() -> None:
    told = history(TUESDAY, THURSDAY, changed=THURSDAY)

    found = rebuilt(told, (row(THURSDAY, Kind.REPLACE, 2),), coverage(TUESDAY))
    assert found == [(TUESDAY, Kind.NEW, 1, Origin.REBUILT)]


def test_versions_from_before_a_category_was_added_are_not_announced_there() -> None:
    told = history(TUESDAY, WEDNESDAY, changed=FRIDAY)

    assert rebuilt(told, (row(FRIDAY, Kind.CROSS, 2, "cs.LG"),), place="cs.LG") == []


def test_a_version_from_before_our_time_is_not_announced_again_for_a_later_change() -> None:
    told = history(MONDAY - timedelta(days=60), MONDAY - timedelta(days=20), changed=WEDNESDAY)

    assert rebuilt(told, gaps=coverage(WEDNESDAY)) == []


def test_a_change_on_a_day_that_is_still_to_be_judged_waits_or_is_flagged() -> None:
    told = history(TUESDAY, changed=FRIDAY)

    assert rebuilt(told, gaps=coverage(last=THURSDAY)) == []
    found = rebuilt(told, gaps=coverage(TUESDAY, last=THURSDAY))
    assert found == [(TUESDAY, Kind.NEW, 1, Origin.ESTIMATED)]


def test_a_paper_that_was_held_back_rather_made_the_last_change_than_came_on_a_missed_day() -> None:
    told = history(TUESDAY, changed=FRIDAY)

    found = rebuilt(told, gaps=coverage(WEDNESDAY, last=THURSDAY))
    assert found == [(FRIDAY, Kind.NEW, 1, Origin.ESTIMATED)]
    found = rebuilt(told, gaps=coverage(WEDNESDAY, last=THURSDAY), place="cs.LG", lacked_on=TUESDAY)
    assert found == [(FRIDAY, Kind.CROSS, 1, Origin.ESTIMATED)]


def test_a_version_replaced_before_the_freeze_was_never_announced() -> None:
    told = history(WEDNESDAY, WEDNESDAY, changed=WEDNESDAY)

    assert rebuilt(told, gaps=coverage(WEDNESDAY)) == [(WEDNESDAY, Kind.NEW, 2, Origin.REBUILT)]


def test_what_is_announced_only_after_the_days_that_can_be_judged_waits() -> None:
    told = history(FRIDAY, changed=FRIDAY)

    assert rebuilt(told, gaps=coverage(WEDNESDAY, last=THURSDAY)) == []


@given(
    offsets=st.lists(st.integers(0, 10), min_size=1, max_size=4).map(sorted),
    change=st.integers(0, 14),
    gaps=st.sets(st.integers(0, 4)),
)
def test_no_version_is_announced_twice_and_none_before_it_was_sent_in(
    offsets: list[int], change: int, gaps: set[int]
) -> None:
    start = datetime(2026, 1, 5, 12, tzinfo=UTC)
    versions = tuple((n, start + timedelta(days=o, minutes=n)) for n, o in enumerate(offsets, start=1))
    told = PaperHistory("2601.00001", ("cs.AI",), versions, (start + timedelta(days=change)).date())
    found = rebuilt(told, gaps=coverage(*(MONDAY + timedelta(days=n) for n in gaps)))

    assert len({version for _, _, version, _ in found}) == len(found)
    assert all(day >= day_of_submission(dict(versions)[version]) for day, _, version, _ in found)


@given(
    day=st.sampled_from([TUESDAY, WEDNESDAY, THURSDAY, FRIDAY]),
    gaps=st.sets(st.sampled_from([TUESDAY, FRIDAY])),
)
def test_rebuilding_again_over_what_was_rebuilt_adds_nothing(day: date, gaps: set[date]) -> None:
    told = history(day, changed=day)
    rows = tuple(rebuild_history(told, "cs.AI", (), coverage(*gaps), None))

    assert rebuilt(told, known=rows, gaps=coverage(*gaps)) == []


PLACES = ("cs.AI", "cs.LG", "stat.ML")
Row = tuple[str, date, int, Kind]


@dataclass
class Ledger:
    """What listings showed of a corpus of which some days were missed, category by category.

    Of the `short` listings every other item is left out, and nobody notices.
    """

    corpus: Corpus
    gaps: dict[str, frozenset[date]]
    short: frozenset[tuple[date, str]] = frozenset()
    rows: dict[str, dict[tuple[str, date], Announcement]] = field(default_factory=dict)
    read_on: dict[tuple[str, int], date] = field(default_factory=dict)

    def read_listings(self) -> None:
        """Take in what was not missed, and the cross-lists that new papers imply."""
        for day, place in product(sorted(self.corpus.pages), PLACES):
            if day in self.gaps[place]:
                continue
            step = 2 if (day, place) in self.short else 1
            for paper, version, kind in self.corpus.page(day, place)[::step]:
                rows = self.rows.setdefault(paper, {})
                rows[place, day] = Announcement(day, place, paper, version, kind)
                self.read_on[paper, version] = day
                for other in self.categories(paper, version)[1:] if kind is Kind.NEW else ():
                    rows.setdefault((other, day), Announcement(day, other, paper, version, Kind.CROSS))

    def categories(self, paper: str, version: int) -> tuple[str, ...]:
        """Give a version's categories as they were when a listing last showed it."""
        return self.corpus.paper_on((paper, version), self.read_on[paper, version]).categories

    def rebuild(self, paper: str) -> Iterator[Announcement]:
        """Give what a harvest after the last day adds of a paper."""
        days = sorted(self.corpus.pages)
        record = find_record(self.corpus, paper, switches_at(days[-1]))
        assert record is not None
        versions = tuple((v.number, v.submitted) for v in list_versions(self.corpus, record.paper))
        told = PaperHistory(paper, record.paper.categories, versions, record.datestamp)
        rows = self.rows.get(paper, {}).values()
        for place in told.places():
            lacking = [
                a.day
                for a in rows
                if (paper, a.version) in self.read_on and place not in self.categories(paper, a.version)
            ]
            known = [a for a in rows if a.category == place]
            covered = Coverage(days[0], days[-1], self.gaps[place])
            yield from rebuild_history(told, place, known, covered, max(lacking, default=None))

    def find_missed(self, paper: str) -> set[Row]:
        """Give what was announced of a paper and no listing showed."""
        known = {(a.category, a.day, a.version, a.kind) for a in self.rows.get(paper, {}).values()}
        days = product(self.corpus.pages, PLACES)
        pages = ((place, day, row) for day, place in days for row in self.corpus.page(day, place))
        told = {(place, day, row.version, row.kind) for place, day, row in pages if row.paper == paper}
        return told - known


def make_ledger(seed: int, short: float = 0.0) -> Ledger:
    """Invent months of which whole days, and listings of single categories, were missed at random."""
    lot = random.Random(seed)
    corpus = make_corpus(seed, MONDAY, lot.randint(5, 20), PLACES, 6)
    days = sorted(corpus.pages)[1:]
    missed = {day for day in days if lot.random() < 0.25}
    gaps = {place: frozenset(missed | {day for day in days if lot.random() < 0.1}) for place in PLACES}
    pages = frozenset(page for page in product(corpus.pages, PLACES) if lot.random() < short)
    ledger = Ledger(corpus, gaps, pages)
    ledger.read_listings()
    return ledger


@pytest.mark.parametrize("seed", range(12))
def test_law_what_is_called_rebuilt_is_true_and_what_can_be_told_is_there(seed: int) -> None:
    ledger = make_ledger(seed)

    for paper in ledger.corpus.names:
        wanted, found = ledger.find_missed(paper), list(ledger.rebuild(paper))
        others = [a for a in found if (a.category, a.day, a.version, a.kind) not in wanted]
        assert all(a.origin is Origin.ESTIMATED for a in others)
        left = wanted - {(a.category, a.day, a.version, a.kind) for a in found}
        tellable = [row for row in left if can_be_told(ledger.corpus, paper, row[3])]
        assert len(tellable) <= len(others), (paper, tellable, found)


@pytest.mark.parametrize("seed", range(12))
def test_law_what_is_called_rebuilt_is_true_although_listings_left_things_out(seed: int) -> None:
    ledger = make_ledger(seed, short=0.1)

    for paper in ledger.corpus.names:
        wanted = ledger.find_missed(paper)
        certain = [a for a in ledger.rebuild(paper) if a.origin is Origin.REBUILT]
        assert {(a.category, a.day, a.version, a.kind) for a in certain} <= wanted, (paper, certain)


def test_long_ago_only_the_first_announcement_is_estimated() -> None:
    told = history(TUESDAY, THURSDAY, changed=FRIDAY)

    rows = list(estimate_history(told, {"cs.AI", "cs.LG"}))
    assert [(a.day, a.category, a.kind, a.version) for a in rows] == [
        (TUESDAY, "cs.AI", Kind.NEW, 2),
        (TUESDAY, "cs.LG", Kind.CROSS, 2),
    ]
    assert all(a.origin is Origin.ESTIMATED and a.released is None for a in rows)


def test_an_alias_and_its_category_are_one_place() -> None:
    told = history(TUESDAY, changed=TUESDAY, categories=("math.NA", "cs.NA"))

    assert told.places() == ("math.NA",)
