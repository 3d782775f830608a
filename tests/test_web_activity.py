"""What the index tells of how much feeds took in lately."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from feedsvc.paper import Announcement, Kind
from feedsvc.store import open_store
from feedsvc.web.activity import Activity, ActivityReader
from tests.builders import make_batch
from tests.web_house import DAY, PAPERS, House, announce, make_paper, open_house

MONDAY = DAY - timedelta(2)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_house(tmp_path) as opened:
        yield opened


def read(house: House) -> dict[str, Activity]:
    return dict(ActivityReader(house.store, "en").read())


def test_a_category_has_its_papers_of_the_newest_day_and_of_the_week(house: House) -> None:
    announce(house.store, "hep-th", make_paper(8, "Strings", "hep-th"), day=MONDAY)
    announce(house.store, "hep-th", make_paper(9, "Strings", "hep-th"), day=DAY - timedelta(7))
    found = read(house)["hep-th"]

    assert (found.today, found.week, found.last) == (1, 2, DAY)
    assert found.days == (0, 0, 0, 0, 1, 0, 0, 1, 0, 1)


def test_a_paper_counts_once_in_its_archive(house: House) -> None:
    found = read(house)

    assert (found["cs.AI"].today, found["cs.CL"].today, found["cs"].today) == (3, 1, 3)


def test_a_replacement_is_no_new_paper(house: House) -> None:
    announce(house.store, "math.NA", PAPERS[3], day=MONDAY)
    before = read(house)["math.NA"].week
    again = replace(PAPERS[3], version=2)
    rows = (Announcement(DAY, "math.NA", again.id, 2, Kind.REPLACE, DAY),)
    house.store.ledger.record_batch(make_batch(day=DAY, category="math.NA"), [again], rows)

    assert read(house)["math.NA"].week == before == 1


def test_a_keyword_feed_has_the_papers_that_its_document_holds(house: House) -> None:
    found = read(house)["random-walks"]

    assert (found.today, found.week, found.last) == (2, 2, DAY)


def test_an_empty_ledger_has_no_activity(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    store.migrate()

    assert ActivityReader(store, "en").read() == {}
    store.close()


def test_what_was_counted_is_counted_again_only_when_the_store_changed(house: House) -> None:
    reader = ActivityReader(house.store, "en")
    reader.read()
    asked: list[str] = []
    event.listen(house.store.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    reader.read()
    same = len([statement for statement in asked if statement.startswith("SELECT")])
    announce(house.store, "hep-th", make_paper(8, "Strings", "hep-th"), day=DAY + timedelta(1))

    assert same == 2
    assert reader.read()["hep-th"].last == DAY + timedelta(1)


def test_a_document_built_after_it_was_counted_is_counted_too(house: House) -> None:
    reader = ActivityReader(house.store, "en")
    announce(
        house.store, "hep-th", make_paper(8, "A random walk on strings", "hep-th"), day=DAY + timedelta(1)
    )
    before = reader.read()["random-walks"].last
    house.publisher.build_documents()

    assert (before, reader.read()["random-walks"].last) == (DAY, DAY + timedelta(1))


@pytest.mark.parametrize(
    ("days", "path"),
    [
        ((), ""),
        ((0, 0), ""),
        ((4, 0, 2), "M3 16v-16M15 16v-8"),
        ((1000, 1), "M3 16v-16M9 16v-2"),
    ],
)
def test_days_are_bars_of_which_the_highest_fills_the_height(days: tuple[int, ...], path: str) -> None:
    assert Activity(0, 0, days, date(2026, 1, 14)).path == path
