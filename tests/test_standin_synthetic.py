"""Long corpora of invented papers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedsvc.calendar import day_of_submission, is_announcement_expected, switches_at
from feedsvc.paper import Kind, order_id
from feedsvc.standin.clock import StandinClock
from feedsvc.standin.corpus import Corpus, Moment, Row
from feedsvc.standin.listing import select_listing
from feedsvc.standin.synthetic import make_corpus

FIRST = date(2026, 6, 1)
CATEGORIES = ("cs.AI", "cs.LG", "math.NA", "hep-th", "cs.GL")
MONTH = make_corpus(7, FIRST, 30, CATEGORIES, 60)


def rows_of(corpus: Corpus) -> Iterator[tuple[date, str, Row]]:
    """Give all announcements in the order of their days."""
    for day in sorted(corpus.pages):
        for category, rows in corpus.pages[day].items():
            for row in rows:
                yield day, category, row


def first_days(corpus: Corpus) -> dict[str, date]:
    days: dict[str, date] = {}
    for day, _, row in rows_of(corpus):
        days.setdefault(row.paper, day)
    return days


def describe(corpus: Corpus) -> str:
    return repr((corpus.pages, corpus.papers, corpus.timeline))


def test_the_same_arguments_give_the_same_corpus_in_any_process() -> None:
    program = (
        "from datetime import date; from feedsvc.standin.synthetic import make_corpus;"
        "corpus = make_corpus(7, date(2026, 6, 1), 2, ('cs.AI', 'cs.LG', 'cs.GL'), 9);"
        "print(repr((corpus.pages, corpus.papers, corpus.timeline)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": "1", "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )

    assert run.stdout.strip() == describe(make_corpus(7, FIRST, 2, ["cs.AI", "cs.LG", "cs.GL"], 9))


def test_another_seed_gives_other_papers() -> None:
    one, other = (make_corpus(seed, FIRST, 2, CATEGORIES, 9) for seed in (7, 8))

    assert describe(one) != describe(other)


def test_a_month_is_made_in_no_time() -> None:
    before = time.process_time()
    make_corpus(1, FIRST, 30, CATEGORIES, 60)

    assert time.process_time() - before < 1


def test_papers_are_announced_on_the_days_on_which_announcements_are_expected() -> None:
    """That is on no weekend, and not on Monday 22 June, before which arXiv rests on the 19th."""
    days = sorted(MONTH.pages)
    dates = [FIRST + timedelta(days=n) for n in range((days[-1] - FIRST).days + 1)]

    assert len(days) == 30
    assert days == [day for day in dates if is_announcement_expected(day)]
    assert date(2026, 6, 22) not in days
    assert all(any(page.values()) for page in MONTH.pages.values())


def test_every_date_is_a_step_from_its_midnight_on() -> None:
    last = max(MONTH.pages)
    dates = [FIRST + timedelta(days=n) for n in range((last - FIRST).days + 1)]

    assert [(step.at, step.day) for step in MONTH.timeline] == [(switches_at(day), day) for day in dates]


@pytest.mark.parametrize("day", [date(2026, 6, 6), date(2026, 6, 7), date(2026, 6, 22)])
def test_weekends_and_holidays_are_shown_empty_under_their_own_date(day: date) -> None:
    clock = StandinClock(MONTH.timeline)
    clock.move_to(switches_at(day))
    shown = clock.day_at(clock.now())

    assert shown == day
    assert select_listing("cs+math+hep-th", Moment(MONTH, clock.now(), shown, shown)).items == ()
    clock.advance_by(timedelta(seconds=-1))
    assert clock.day_at(clock.now()) == day - timedelta(days=1)


def test_a_day_has_about_as_many_new_papers_as_asked_for() -> None:
    pages = ([row for rows in page.values() for row in rows] for page in MONTH.pages.values())
    new = [sum(row.kind is Kind.NEW for row in rows) for rows in pages]

    assert all(60 * 0.8 <= count <= 60 * 1.2 for count in new)
    assert len(set(new)) > 5


def test_what_is_announced_was_submitted_from_freeze_to_freeze_unless_held() -> None:
    held = 0
    for day, _, row in rows_of(MONTH):
        paper = MONTH.papers[row.paper, row.version]
        if row.kind is Kind.NEW:
            assert paper.submitted is not None
            delay = day - day_of_submission(paper.submitted)
            assert delay == timedelta() or delay >= timedelta(days=10)
            held += delay > timedelta()
        elif row.kind is Kind.REPLACE:
            assert paper.revised is not None
            assert day_of_submission(paper.revised) == day

    assert held > 20


def test_identifiers_follow_the_order_of_submission_so_held_papers_are_out_of_sequence() -> None:
    submitted = {paper.id: paper.submitted for paper in MONTH.papers.values()}
    newest: tuple[int, int] = (0, 0)
    out_of_sequence = 0
    for page in (MONTH.pages[day] for day in sorted(MONTH.pages)):
        new = [order_id(row.paper) for rows in page.values() for row in rows if row.kind is Kind.NEW]
        out_of_sequence += sum(number < newest for number in new)
        newest = max(newest, *new)

    ordered = sorted(submitted, key=order_id)
    assert [submitted[paper] for paper in ordered] == sorted(when for when in submitted.values() if when)
    assert out_of_sequence > 20


def check_announcements(corpus: Corpus) -> None:
    """Expect of each paper what arXiv's rules allow."""
    first = first_days(corpus)
    versions: dict[str, int] = {}
    listed: dict[str, set[str]] = {}
    for day, category, row in rows_of(corpus):
        paper = corpus.papers[row.paper, row.version]
        is_primary = category == paper.primary
        known = listed.setdefault(row.paper, set())
        assert category in paper.categories
        assert row.version >= versions.get(row.paper, 1)
        assert (row.kind in {Kind.NEW, Kind.REPLACE}) == is_primary
        if row.kind is Kind.NEW:
            assert (row.version, day) == (1, first[row.paper])
        if row.kind is Kind.CROSS:
            assert category not in known
        if row.kind in {Kind.REPLACE, Kind.REPLACE_CROSS}:
            assert row.version > 1
        known.add(category)
        versions[row.paper] = row.version


def test_every_announcement_is_one_that_arxiv_could_make() -> None:
    check_announcements(MONTH)


@settings(max_examples=15)
@given(
    st.integers(0, 10**6),
    st.dates(date(2024, 1, 1), date(2027, 12, 31)),
    st.integers(1, 6),
    st.lists(st.sampled_from(CATEGORIES), min_size=1, unique=True),
    st.integers(0, 8),
)
def test_so_is_every_announcement_of_any_corpus(
    seed: int, first_day: date, days: int, categories: list[str], papers: int
) -> None:
    corpus = make_corpus(seed, first_day, days, categories, papers)

    assert len(corpus.pages) == days
    assert {category for _, category, _ in rows_of(corpus)} <= set(categories)
    assert corpus.timeline[0].day == first_day
    check_announcements(corpus)


def test_papers_are_cross_listed_at_once_and_days_or_weeks_later() -> None:
    first = first_days(MONTH)
    delays = [(day - first[row.paper]).days for day, _, row in rows_of(MONTH) if row.kind is Kind.CROSS]

    assert delays.count(0) > 500
    assert sum(1 <= delay < 14 for delay in delays) > 10
    assert sum(delay >= 14 for delay in delays) > 10


def test_a_replacement_is_announced_wherever_the_paper_was_listed_before() -> None:
    listed: dict[str, set[str]] = {}
    compared = 0
    for day in sorted(MONTH.pages):
        today: dict[str, dict[str, Kind]] = {}
        for category, rows in MONTH.pages[day].items():
            for row in rows:
                today.setdefault(row.paper, {})[category] = row.kind
        for paper, kinds in today.items():
            replaced = {c for c, kind in kinds.items() if kind in {Kind.REPLACE, Kind.REPLACE_CROSS}}
            if replaced and paper in listed:
                assert replaced == listed[paper]
                compared += 1
            listed.setdefault(paper, set()).update(kinds)

    assert compared > 300


def test_papers_from_before_the_first_day_come_back() -> None:
    kinds = {row.paper: row.kind for _, _, row in reversed(list(rows_of(MONTH)))}
    older = {paper for paper, kind in kinds.items() if kind is not Kind.NEW}

    assert len(older) > 200
    assert all((paper, 1) in MONTH.papers for paper in older)


def test_some_papers_are_withdrawn_and_never_come_back() -> None:
    withdrawn = {(p.id, p.version) for p in MONTH.papers.values() if p.is_withdrawn}
    announced = {(row.paper, row.version) for _, _, row in rows_of(MONTH)}
    newest = {paper: version for paper, version in sorted(announced)}

    assert len(withdrawn & announced) > 5
    assert all(newest[paper] == version for paper, version in withdrawn & announced)


def test_the_last_category_is_empty_on_most_days_but_not_on_all() -> None:
    empty = sum(not MONTH.page(day, CATEGORIES[-1]) for day in MONTH.pages)

    assert 15 <= empty < 30
    assert all(MONTH.page(day, category) for day in MONTH.pages for category in CATEGORIES[:-1])


def test_no_day_repeats_another() -> None:
    pages = [rows for page in MONTH.pages.values() for rows in page.values() if len(rows) > 1]

    assert len(set(pages)) == len(pages)


def test_every_paper_says_that_it_is_a_sample() -> None:
    assert all("Sample" in (paper.comments or "") for paper in MONTH.papers.values())
    assert all(paper.complete and paper.license for paper in MONTH.papers.values())


def test_an_alias_stands_for_its_category() -> None:
    corpus = make_corpus(1, FIRST, 1, ["cs.NA", "math.NA"], 5)

    assert set(corpus.pages[FIRST]) == {"math.NA"}


@pytest.mark.parametrize(
    ("days", "categories", "named"),
    [(0, ["cs.AI"], "0 days"), (1, ["cs.XX"], r"cs\.XX"), (1, [], "expected categories")],
)
def test_what_makes_no_corpus_is_refused(days: int, categories: list[str], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        make_corpus(1, FIRST, days, categories, 5)
