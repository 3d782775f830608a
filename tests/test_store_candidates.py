"""How far back is looked: for a rare word everywhere, for common words together as far as is bearable."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import islice

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
    papers = [make_paper(f"2601.{n:05}", title="Common things and usual ones") for n in range(PAPERS_A_DAY)]
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


@pytest.mark.usefixtures("sqlite_only")
@pytest.mark.parametrize("by_release", [False, True])
def test_common_words_that_never_meet_are_read_in_the_months_of_few_spans_alone(
    filled: Store, by_release: bool
) -> None:
    """FTS5 would read all rows in each search that finds nothing, but for the months that are asked for."""
    asked: list[str] = []

    @event.listens_for(filled.engine, "before_cursor_execute")
    def note(
        _connection: object, _cursor: object, statement: str, values: tuple[object, ...], *_: object
    ) -> None:
        if "words MATCH" in statement and "announcements" in statement:
            asked.extend(str(value) for value in values if "ones" in str(value))

    assert found(filled.announcements, '"ones common"', by_release=by_release) == 0
    assert len(asked) == 3
    months = [re.findall(r'"(\d{6})"', expression.partition("month : ")[2]) for expression in asked]
    assert months[0][-1] == "202601" not in months[1] + months[2]
    assert set(months[0]).isdisjoint(months[2])
    assert months[2][0] == "202412"


@pytest.mark.usefixtures("sqlite_only")
def test_a_day_is_read_in_its_month_alone(filled: Store) -> None:
    asked: list[object] = []

    @event.listens_for(filled.engine, "before_cursor_execute")
    def note(
        _connection: object, _cursor: object, statement: str, values: tuple[object, ...], *_: object
    ) -> None:
        if "words MATCH" in statement:
            asked.extend(values)

    assert len(list(filled.announcements.matching_on(parse("usual"), MONDAY))) == PAPERS_A_DAY
    assert '{title abstract names} : "usual" AND month : ("202601")' in asked
