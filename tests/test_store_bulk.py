"""Recording history: as often as one likes, cut anywhere, and never against what listings showed."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table, select
from sqlalchemy.exc import IntegrityError

from feedsvc.paper import Announcement, Kind, Origin, Paper
from feedsvc.query.ast import Everything
from feedsvc.store import Store, open_store, schema
from feedsvc.store.bulk import Stored, make_chunk
from feedsvc.store.engine import read
from feedsvc.store.harvests import Harvest
from tests.builders import MONDAY, NOON, empty_store, make_announcement, make_batch, make_paper

LONG_AGO = date(2020, 3, 4)
HARVEST = Harvest("history", NOON, NOON)

KILLED_AT_ANY_POINT = """
import sys
from dataclasses import replace
from feedsvc.store import open_store
from feedsvc.store.bulk import make_chunk
from tests.test_store_bulk import CHUNKS, HARVEST, make_history

store = open_store(sys.argv[1])
known = store.harvests.find(HARVEST.name) or HARVEST
left = iter(range(int(sys.argv[2])))
for number in range(known.records, CHUNKS):
    told = [make_history(number * 20 + n) for n in range(20)]
    rows = [row for _, rows in told for row in rows]
    chunk = make_chunk([paper for paper, _ in told], rows, store.bulk.backend)
    place = replace(HARVEST, records=number + 1, token=str(number), done=number + 1 == CHUNKS)
    store.bulk.record(chunk, place)
    print(number, flush=True)
    if next(left, None) is None:
        sys.stdin.read()
"""
CHUNKS = 60


def make_history(number: int) -> tuple[Paper, list[Announcement]]:
    """Make a paper as an archive tells of it, with its estimated announcements in two categories."""
    id_ = f"2003.{number:05}"
    paper = make_paper(id_, version=1 + number % 3, complete=True, categories=("math.CO", "cs.DM"))
    return paper, [estimate(id_, "math.CO", paper.version), estimate(id_, "cs.DM", paper.version, Kind.CROSS)]


def estimate(
    paper: str, category: str = "cs.AI", version: int = 1, kind: Kind = Kind.NEW, day: date = LONG_AGO
) -> Announcement:
    return Announcement(day, category, paper, version, kind, None, Origin.ESTIMATED)


def record(
    store: Store, papers: Sequence[Paper], announcements: Sequence[Announcement], harvest: Harvest = HARVEST
) -> Stored:
    return store.bulk.record(make_chunk(papers, announcements, store.bulk.backend), harvest)


def list_paper(store: Store, announcement: Announcement, paper: Paper | None = None) -> None:
    """Record what a listing shows of one paper."""
    papers = [paper or make_paper(announcement.paper, announcement.version)]
    store.ledger.record_batch(make_batch([announcement]), papers, [announcement])


def rows_of(store: Store, table: Table = schema.announcements) -> list[tuple[object, ...]]:
    with read(store.engine) as connection:
        return sorted((tuple(row) for row in connection.execute(select(table))), key=repr)


def firsts_of(store: Store, paper: str, category: str = "cs.AI") -> list[Announcement]:
    subjects = store.announcements.of_papers([paper])
    return [a for s in subjects if (a := s.announcement).category == category and a.kind is Kind.NEW]


def test_a_chunk_brings_its_papers_its_announcements_and_its_place(store: Store) -> None:
    paper, announcements = make_history(1)
    harvest = replace(HARVEST, records=1, token="line 1")

    assert record(store, [paper], announcements, harvest) == Stored(papers=1, announcements=2)
    assert store.papers.find(paper.id, paper.version) == paper
    assert store.ledger.announcements_of("math.CO", LONG_AGO) == (announcements[0],)
    assert store.ledger.announcements_of("cs.DM", LONG_AGO) == (announcements[1],)
    assert store.harvests.find("history") == harvest


def test_the_same_chunk_again_changes_nothing(store: Store) -> None:
    paper, announcements = make_history(1)
    record(store, [paper], announcements)
    before = rows_of(store), rows_of(store, schema.papers), store.revision()

    assert record(store, [paper], announcements) == Stored()
    assert (rows_of(store), rows_of(store, schema.papers), store.revision()) == before


def test_a_transaction_is_one_change(store: Store) -> None:
    told = [make_history(number) for number in range(50)]
    record(store, [paper for paper, _ in told], [row for _, rows in told for row in rows])

    assert store.revision() == 1


def test_an_empty_chunk_only_moves_the_place(store: Store) -> None:
    record(store, [], [], replace(HARVEST, done=True))

    assert (store.revision(), store.harvests.find("history")) == (0, replace(HARVEST, done=True))


def test_a_paper_that_comes_twice_in_a_chunk_is_stored_once(store: Store) -> None:
    paper, announcements = make_history(1)

    assert record(store, [paper, paper], announcements * 2) == Stored(papers=1, announcements=2)


def test_history_is_in_no_release_day(store: Store) -> None:
    paper, announcements = make_history(1)
    record(store, [paper], announcements)

    assert list(store.announcements.matching(Everything(), by_release=True)) == []
    assert len(list(store.announcements.matching(Everything(), by_release=False))) == 2


def test_a_listings_poor_reading_gives_way(store: Store) -> None:
    list_paper(store, make_announcement())
    full = make_paper(complete=True, title="In full", comments="12 pages", license="CC0")

    assert record(store, [full], []) == Stored(mended=1)
    assert store.papers.find(full.id, 1) == full


def test_a_complete_reading_keeps_its_fields_and_gets_its_gaps_filled(store: Store) -> None:
    newer = make_paper(complete=True, title="Mended since", journal_ref="Nature 1", license=None)
    older = make_paper(complete=True, title="As it was", journal_ref=None, license="CC0")
    store.papers.save([newer])

    assert record(store, [older], []) == Stored(mended=1)
    assert store.papers.find(newer.id, 1) == replace(newer, license="CC0")
    assert record(store, [older], []) == Stored()


def test_further_categories_are_believed_and_fewer_are_not(store: Store) -> None:
    known = make_paper(complete=True, categories=("cs.AI", "cs.LG"))
    store.papers.save([known])

    assert record(store, [replace(known, categories=("cs.AI",))], []) == Stored()
    assert record(store, [replace(known, categories=("cs.AI", "cs.LG", "math.CO"))], []) == Stored(mended=1)


def test_another_version_of_a_known_paper_stands_beside_it(store: Store) -> None:
    store.papers.save([make_paper(version=3)])

    assert record(store, [make_paper(version=2, complete=True)], []) == Stored(papers=1)
    assert store.papers.find("2601.00001", 3) is not None


@pytest.mark.parametrize("kind", [Kind.NEW, Kind.CROSS])
def test_a_paper_that_was_announced_in_a_category_is_not_announced_there_again(
    store: Store, kind: Kind
) -> None:
    list_paper(store, make_announcement(kind=kind))
    before = rows_of(store)

    assert record(store, [make_paper(complete=True)], [estimate("2601.00001")]).announcements == 0
    assert rows_of(store) == before


def test_that_is_for_each_category_by_itself(store: Store) -> None:
    list_paper(store, make_announcement(category="cs.LG"))
    record(
        store, [make_paper(complete=True)], [estimate("2601.00001", "cs.AI"), estimate("2601.00001", "cs.LG")]
    )

    assert store.ledger.announcements_of("cs.AI", LONG_AGO) == (estimate("2601.00001", "cs.AI"),)
    assert store.ledger.announcements_of("cs.LG", LONG_AGO) == ()


def test_a_paper_of_which_only_a_replacement_was_listed_gets_its_first_announcement(store: Store) -> None:
    list_paper(store, make_announcement(kind=Kind.REPLACE, version=2))

    assert record(store, [make_paper(complete=True)], [estimate("2601.00001")]).announcements == 1
    assert firsts_of(store, "2601.00001") == [estimate("2601.00001")]


def test_what_was_announced_on_the_very_day_stays(store: Store) -> None:
    list_paper(store, make_announcement(kind=Kind.REPLACE, version=2))
    before = rows_of(store)

    assert record(store, [make_paper()], [estimate("2601.00001", day=MONDAY)]).announcements == 0
    assert rows_of(store) == before


def test_an_estimate_stays_when_another_estimate_comes(store: Store) -> None:
    record(store, [make_paper()], [estimate("2601.00001")])
    later = estimate("2601.00001", day=LONG_AGO + timedelta(days=1))

    assert record(store, [make_paper()], [later]).announcements == 0
    assert firsts_of(store, "2601.00001") == [estimate("2601.00001")]


def test_a_chunk_that_cannot_be_stored_leaves_nothing_and_does_not_move_the_place(store: Store) -> None:
    with pytest.raises(IntegrityError):
        record(store, [make_paper()], [estimate("2601.00001"), estimate("2601.09999")])

    assert (rows_of(store, schema.papers), rows_of(store), store.harvests.find("history")) == ([], [], None)


def test_a_chunk_of_thousands_is_stored(store: Store) -> None:
    papers = [make_paper(f"2003.{number:05}") for number in range(3000)]
    chunk = make_chunk(papers, [estimate(paper.id) for paper in papers], store.bulk.backend)

    assert store.bulk.record(chunk, HARVEST) == Stored(papers=3000, announcements=3000)
    assert store.bulk.record(chunk, HARVEST) == Stored()


@st.composite
def histories(draw: st.DrawFn) -> tuple[Paper, list[Announcement]]:
    """Draw a paper of an archive, one of few, and its announcements in some of its categories."""
    id_, version = f"2003.{draw(st.integers(1, 3)):05}", draw(st.integers(1, 2))
    categories = draw(st.sampled_from([("cs.AI",), ("cs.AI", "cs.LG")]))
    paper = make_paper(
        id_, version, complete=True, categories=categories, license=draw(st.sampled_from([None, "CC0"]))
    )
    days = st.sampled_from([LONG_AGO, LONG_AGO + timedelta(days=1)])
    return paper, [estimate(id_, category, version, day=draw(days)) for category in categories]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.lists(histories(), min_size=1, max_size=6), st.integers(1, 4), st.integers(0, 5))
def test_however_history_is_cut_any_of_it_again_changes_nothing(
    store: Store, told: list[tuple[Paper, list[Announcement]]], size: int, again: int
) -> None:
    empty_store(store)
    list_paper(store, make_announcement("2003.00002"))
    cuts = [told[start : start + size] for start in range(0, len(told), size)]
    chunks = [
        make_chunk([p for p, _ in cut], [row for _, rows in cut for row in rows], store.bulk.backend)
        for cut in cuts
    ]
    for chunk in chunks:
        store.bulk.record(chunk, HARVEST)
    before = rows_of(store), rows_of(store, schema.papers), store.revision()
    store.bulk.record(chunks[again % len(chunks)], HARVEST)

    assert (rows_of(store), rows_of(store, schema.papers), store.revision()) == before
    places = [(row[1], row[2]) for row in rows_of(store)]
    assert len(places) == len(set(places))


def test_killed_at_any_point_and_gone_on_with_it_ends_as_if_it_had_not_been(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    whole = f"sqlite:///{tmp_path}/whole.sqlite3"
    open_store(whole).migrate()
    lot = random.Random(7)
    kills = 0
    while _run(database_url, kill_after=lot.randint(1, 8) if kills < 5 else None, delay=lot.random() / 50):
        kills += 1
    _run(whole)

    assert kills == 5
    for table in (schema.papers, schema.announcements, schema.revisions, schema.harvests):
        assert rows_of(store, table) == rows_of(open_store(whole), table), table.name


def _run(url: str, kill_after: int | None = None, delay: float = 0.0) -> bool:
    """Record all chunks in a process of its own; kill it so long after so many, and tell whether that was.

    It waits for that a few chunks later, should we be slow.
    """
    chunks = kill_after + 3 if kill_after else CHUNKS
    command = [sys.executable, "-c", KILLED_AT_ANY_POINT, url, str(chunks)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for seen, _ in enumerate(process.stdout, start=1):
            if seen == kill_after:
                time.sleep(delay)
                process.kill()
    assert process.returncode in (0, -signal.SIGKILL)
    return process.returncode == -signal.SIGKILL
