"""How far back is looked: for a rare word everywhere, for common words together as far as is bearable."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import cycle, islice
from typing import Any

import pytest
from sqlalchemy import event

from feedsvc.query import parse
from feedsvc.store import Store
from feedsvc.store.announcements import AnnouncementStore
from tests.builders import MONDAY, make_announcement, make_batch, make_paper

# More than make a word common.
PAPERS_A_DAY = 120
DAYS = 100


@pytest.fixture
def filled(store: Store) -> Store:
    """Give a store in which every paper has two common words, and old papers have them side by side."""
    titles = cycle(("Common things and usual ones, even", "Common things and usual ones, odd"))
    papers = [make_paper(f"2601.{n:05}", title=next(titles)) for n in range(PAPERS_A_DAY)]
    rows = [make_announcement(paper.id) for paper in papers]
    store.ledger.record_batch(make_batch(rows), papers, rows)
    for days in (DAYS, DAYS + 300):
        day = MONDAY - timedelta(days=days)
        paper = make_paper(f"25{days % 12 + 1:02}.00001", title="Common usual things, rarely")
        row = make_announcement(paper.id, day=day, released=day)
        store.ledger.record_batch(make_batch([row]), [paper], [row])
    return store


def found(rows: AnnouncementStore, query: str, *, by_release: bool = False) -> int:
    return len(list(rows.matching(parse(query), by_release=by_release)))


@pytest.mark.usefixtures("sqlite_only")
@pytest.mark.parametrize("by_release", [False, True])
def test_common_words_that_seldom_meet_are_looked_for_only_so_far_back(
    filled: Store, by_release: bool
) -> None:
    near = AnnouncementStore(filled.engine, most_searched=PAPERS_A_DAY)
    far = AnnouncementStore(filled.engine, most_searched=PAPERS_A_DAY + 10)

    assert found(far, '"common usual"', by_release=by_release) == 2
    assert found(near, '"common usual"', by_release=by_release) == 1


@pytest.mark.parametrize("by_release", [False, True])
@pytest.mark.parametrize("query", ["rarely", "common rarely", '"things rarely"'])
def test_a_rare_word_is_looked_for_everywhere(filled: Store, query: str, by_release: bool) -> None:
    near = AnnouncementStore(filled.engine, most_searched=PAPERS_A_DAY)

    assert found(near, query, by_release=by_release) == 2


def test_the_newest_of_a_common_word_are_found_in_the_newest_days(filled: Store) -> None:
    """Nothing is read that is older than two days."""
    rows: list[int] = []

    @event.listens_for(filled.engine, "after_cursor_execute")
    def note(*arguments: object) -> None:
        rows.append(1)

    newest = list(islice(filled.announcements.matching(parse("usual"), by_release=False), 50))

    assert {announcement.day for announcement in newest} == {MONDAY}
    assert len(rows) < 8


def test_how_far_back_is_told(filled: Store) -> None:
    near = AnnouncementStore(filled.engine, most_searched=PAPERS_A_DAY)

    assert filled.announcements.reach(parse("common usual")) is None
    assert near.reach(parse("rarely")) is None
    assert near.reach(parse("in:cs.AI")) is None
    if filled.engine.dialect.name == "sqlite":
        assert near.reach(parse("common usual")) == MONDAY - timedelta(days=DAYS)


@pytest.fixture
def asked(filled: Store) -> list[str]:
    """Give the expressions that SQLite's index of words is asked for from now on, each with its period."""
    noted: list[str] = []

    @event.listens_for(filled.engine, "before_cursor_execute")
    def note(_connection: object, _cursor: object, statement: str, values: Any, *_others: object) -> None:
        if "words MATCH" in statement:
            noted.extend(value for value in values if "period : " in str(value))

    return noted


def periods_of(expression: str) -> list[str]:
    return re.findall(r'"(\d{4,6})"', expression.rpartition("period : ")[2])


@pytest.mark.usefixtures("sqlite_only")
@pytest.mark.parametrize("by_release", [False, True])
def test_each_span_is_read_in_its_own_period_alone(filled: Store, asked: list[str], by_release: bool) -> None:
    """FTS5 would read all rows in each search that finds nothing."""
    assert found(filled.announcements, "even odd", by_release=by_release) == 0

    periods = [periods_of(expression) for expression in asked]
    assert len(periods) == 3
    assert [period[-1] for period in periods] in (["2026", "202512", "2025"], ["2026", "202512", "202412"])
    assert periods[2][0] == "202412"


@pytest.mark.usefixtures("sqlite_only")
@pytest.mark.parametrize("by_release", [False, True])
def test_a_phrase_is_looked_for_only_where_a_row_has_all_of_its_words(
    filled: Store, asked: list[str], by_release: bool
) -> None:
    assert found(filled.announcements, '"even odd"', by_release=by_release) == 0
    assert not [expression for expression in asked if "even odd" in expression]

    assert found(filled.announcements, '"common things"', by_release=by_release) == PAPERS_A_DAY
    assert len([expression for expression in asked if "common things" in expression]) == 3


@pytest.mark.usefixtures("sqlite_only")
def test_what_is_without_a_word_is_read_in_its_period_too(filled: Store, asked: list[str]) -> None:
    assert found(filled.announcements, "common -usual") == 0

    assert all(
        re.search(r'"common" AND period : \([^)]+\)+ NOT .*"usual"', expression) for expression in asked
    )
    assert len(asked) == 3


@pytest.mark.usefixtures("sqlite_only")
def test_a_day_is_read_in_its_year_alone(filled: Store, asked: list[str]) -> None:
    assert len(list(filled.announcements.matching_on(parse("usual"), MONDAY))) == PAPERS_A_DAY
    assert asked == ['{title abstract names} : "usual" AND period : ("2026")']
