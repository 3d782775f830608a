"""What a harvest finds of each paper."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from feedsvc.calendar import announced_at
from feedsvc.paper import Kind
from feedsvc.standin.corpus import Corpus
from feedsvc.standin.records import Record, find_record, list_records, list_versions
from tests.standin_papers import MONDAY, NOON, TUESDAY, WEDNESDAY, corpus_of, plain_paper, small_corpus

CORPUS = small_corpus()
EVER = (date(2007, 5, 23), date(2026, 12, 31))
ON_MONDAY = datetime(2026, 1, 5, 17, 0, tzinfo=UTC)


def stamps_of(now: datetime, wanted: str = "", corpus: Corpus = CORPUS) -> dict[str, date]:
    return {r.paper.id[-1]: r.datestamp for r in list_records(corpus, now, *EVER, wanted)}


def record_of(paper: str, now: datetime = NOON, corpus: Corpus = CORPUS) -> Record:
    record = find_record(corpus, f"2601.9000{paper}", now)
    assert record is not None
    return record


def test_a_record_is_there_from_the_evening_of_its_announcement_on() -> None:
    evening = announced_at(TUESDAY)

    assert "4" not in stamps_of(evening.replace(minute=59, hour=0))
    assert stamps_of(evening)["4"] == TUESDAY == evening.date()


@pytest.mark.parametrize("day", [date(2026, 1, 6), date(2026, 7, 7), date(2026, 3, 9), date(2026, 11, 2)])
def test_an_announcement_and_its_date_fall_on_one_day_in_utc(day: date) -> None:
    """In winter at one o'clock, in summer at midnight."""
    assert announced_at(day).date() == day


def test_a_replacement_and_a_later_cross_list_change_a_record() -> None:
    assert stamps_of(ON_MONDAY) == {"1": MONDAY, "2": MONDAY, "3": MONDAY, "5": MONDAY}
    assert stamps_of(NOON) == {
        "1": MONDAY,
        "3": MONDAY,
        "2": TUESDAY,
        "4": TUESDAY,
        "5": TUESDAY,
        "6": WEDNESDAY,
    }


def test_records_are_in_the_order_of_their_dates_then_identifiers() -> None:
    assert list(stamps_of(NOON)) == ["1", "3", "2", "4", "5", "6"]


def test_a_span_of_dates_holds_both_ends() -> None:
    found = list_records(CORPUS, NOON, TUESDAY, WEDNESDAY)

    assert [r.paper.id[-1] for r in found] == ["2", "4", "5", "6"]


def test_a_record_shows_the_newest_version_and_the_categories_of_its_day() -> None:
    assert [record_of("2", now).paper.version for now in (ON_MONDAY, NOON)] == [1, 2]
    assert record_of("5", ON_MONDAY).paper.categories == ("cs.LG",)
    assert record_of("5", NOON).paper.categories == ("cs.LG", "stat.ML")


def test_a_set_selects_by_the_categories_of_the_day() -> None:
    assert "5" not in stamps_of(ON_MONDAY, "stat:stat:ML")
    assert stamps_of(NOON, "stat") == {"5": TUESDAY}
    assert stamps_of(NOON, "cs:cs:NA") == stamps_of(NOON, "math") == {"3": MONDAY}


def test_a_record_changes_without_an_announcement_where_the_corpus_says_so() -> None:
    touched = replace(CORPUS, touched={"2601.90001": (WEDNESDAY,), "2601.90006": (MONDAY,)})

    assert stamps_of(ON_MONDAY, corpus=touched)["1"] == MONDAY
    assert stamps_of(NOON, corpus=touched)["1"] == WEDNESDAY
    assert "6" not in stamps_of(ON_MONDAY, corpus=touched)


def test_a_removed_paper_stays_as_a_deleted_record() -> None:
    removed = replace(CORPUS, removed={"2601.90001": TUESDAY})

    assert not record_of("1", ON_MONDAY, removed).is_deleted
    assert (record_of("1", NOON, removed).is_deleted, record_of("1", NOON, removed).datestamp) == (
        True,
        TUESDAY,
    )
    assert removed.find_paper("2601.90001", None, TUESDAY) is None


def test_a_history_has_every_version_with_its_date() -> None:
    first, second = list_versions(CORPUS, CORPUS.papers["2601.90002", 2])

    assert (first.number, first.submitted) == (1, CORPUS.papers["2601.90002", 1].submitted)
    assert (second.number, second.submitted) == (2, CORPUS.papers["2601.90002", 2].revised)
    assert [v.number for v in list_versions(CORPUS, CORPUS.papers["2601.90002", 1])] == [1]


def test_a_withdrawn_version_has_no_size_and_its_own_source_type() -> None:
    paper = plain_paper("2601.00001", version=2, revised=NOON, comments="This paper has been withdrawn")
    corpus = corpus_of(MONDAY, {"cs.AI": [(plain_paper("2601.00001"), Kind.NEW), (paper, Kind.REPLACE)]})
    first, second = list_versions(corpus, paper)

    assert (second.kilobytes, second.source_type) == (0, "I")
    assert first.kilobytes > 0
    assert first.source_type != "I"


def test_a_version_that_the_corpus_lacks_is_in_the_history() -> None:
    paper = plain_paper("2601.00001", version=3, revised=NOON)
    versions = list(list_versions(corpus_of(MONDAY, {"cs.AI": [(paper, Kind.REPLACE)]}), paper))

    assert [v.number for v in versions] == [1, 2, 3]
    assert [v.submitted for v in versions] == [paper.submitted, NOON, NOON]
