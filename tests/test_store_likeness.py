"""Sketches in the store: which are due, that they stay what they were, and what they find."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from feedsvc.likeness.index import KEPT_DAYS
from feedsvc.paper import Kind, Likeness
from feedsvc.pipeline.sketches import Sketcher
from feedsvc.query.ast import AnyId, LikePaper, all_of, any_of, negate
from feedsvc.store import Store, open_store, schema
from feedsvc.store.engine import read
from tests.builders import MONDAY, make_announcement, make_batch, make_paper

POOLING = "Spectral pooling of graphs"
GALAXY = "A galaxy of dust"


def announce(
    store: Store, paper: str, title: str, day: date = MONDAY, kind: Kind = Kind.NEW, version: int = 1
) -> None:
    """Record a paper and its announcement in cs.AI, recorded on its day."""
    announced = make_announcement(paper, day=day, kind=kind, version=version, released=day)
    told = make_paper(paper, version, title=title, abstract=f"{title}. {title}.")
    store.ledger.record_batch(make_batch([announced]), [told], [announced])


def sketch(store: Store) -> int:
    """Sketch what is due."""
    return Sketcher(store).sketch_papers()


def sketched(store: Store) -> dict[str, tuple[date, int]]:
    """Give the day and the tally of each paper that has a sketch."""
    table = schema.sketches.c
    with read(store.engine) as connection:
        rows = connection.execute(select(table.paper, table.since, table.tally))
        return {row.paper: (row.since, row.tally) for row in rows}


def test_new_and_cross_listed_papers_are_sketched_once(store: Store) -> None:
    announce(store, "2601.00001", POOLING)
    announce(store, "2601.00002", POOLING, kind=Kind.CROSS)
    announce(store, "2601.00003", POOLING, kind=Kind.REPLACE)

    assert sketch(store) == 2
    assert sketched(store).keys() == {"2601.00001", "2601.00002"}
    assert sketch(store) == 0


def test_nothing_is_asked_while_the_store_stays_as_it_was(store: Store) -> None:
    announce(store, "2601.00001", POOLING)
    sketcher = Sketcher(store)
    sketcher.sketch_papers()
    sketcher.sketch_papers()
    revision = store.revision()
    announce(store, "2601.00002", GALAXY)

    assert revision < store.revision()
    assert sketcher.sketch_papers() == 1


def test_a_paper_counts_since_the_day_it_was_recorded_first(store: Store) -> None:
    tuesday = MONDAY + timedelta(days=1)
    late = make_announcement("2601.00001", day=MONDAY, released=tuesday)
    history = make_announcement("2512.00001", day=MONDAY - timedelta(days=3), released=None)
    store.ledger.record_batch(make_batch([late]), [make_paper()], [late])
    store.ledger.record_batch(make_batch([history]), [make_paper("2512.00001")], [history])
    sketch(store)
    announce(store, "2601.00001", POOLING, day=tuesday + timedelta(days=1), kind=Kind.CROSS)
    sketch(store)

    days = {paper: since for paper, (since, _) in sketched(store).items()}
    assert days == {"2601.00001": tuesday, "2512.00001": MONDAY - timedelta(days=3)}


def test_the_old_is_neither_sketched_nor_kept(store: Store) -> None:
    announce(store, "2510.00001", POOLING, day=MONDAY - timedelta(days=KEPT_DAYS + 1))
    announce(store, "2511.00001", POOLING, day=MONDAY - timedelta(days=KEPT_DAYS))
    announce(store, "2601.00001", POOLING)
    sketch(store)

    assert sketched(store).keys() == {"2511.00001", "2601.00001"}

    announce(store, "2601.00002", POOLING, day=MONDAY + timedelta(days=1))
    sketch(store)

    assert sketched(store).keys() == {"2601.00001", "2601.00002"}


def test_a_paper_read_anew_keeps_its_day_and_its_tally(store: Store) -> None:
    announce(store, "2601.00001", POOLING)
    sketch(store)
    announce(store, "2601.00002", GALAXY, day=MONDAY + timedelta(days=1))
    announce(store, "2601.00003", GALAXY, day=MONDAY + timedelta(days=1))
    sketch(store)
    before, revision = sketched(store), store.revision()

    store.papers.save([make_paper("2601.00001", title=POOLING, abstract=f"{POOLING}. {POOLING}.")])
    store.papers.save([make_paper("2601.00001", title=POOLING, abstract="", comments="5 pages")])

    assert store.revision() > revision
    assert sketch(store) == 0
    assert sketched(store) == before
    assert store.likeness.unsketched(9) == []

    store.papers.save([make_paper("2601.00001", title=GALAXY, abstract=GALAXY, complete=True)])

    assert sketch(store) == 1
    assert sketched(store) == before
    assert "2601.00001" in store.likeness.find("2601.00002")


def test_papers_are_weighed_anew_only_when_twice_as_many_are_counted(store: Store) -> None:
    for number in range(1, 8):
        announce(store, f"2601.{number:05}", POOLING)
        sketch(store)

    assert [tally for _, tally in sketched(store).values()] == [1, 2, 2, 3, 3, 3, 3]


def test_tallies_go_when_nothing_was_weighed_by_them(store: Store) -> None:
    for age in (KEPT_DAYS + 1, KEPT_DAYS, 0):
        announce(store, f"2601.{age:05}", POOLING, day=MONDAY - timedelta(days=age))
        sketch(store)

    with read(store.engine) as connection:
        numbers = connection.execute(select(schema.tallies.c.number).order_by(schema.tallies.c.number))
        assert numbers.scalars().all() == [0, 2]
        assert connection.execute(select(func.max(schema.tallies.c.papers))).scalar() == 3


def test_papers_like_a_stored_one_are_found_whether_it_is_recent_or_not(store: Store) -> None:
    announce(store, "0701.00001", POOLING, day=date(2007, 4, 2))
    announce(store, "2601.00001", POOLING)
    announce(store, "2601.00002", "Graphs and their spectral pooling")
    announce(store, "2601.00003", GALAXY)
    sketch(store)

    assert store.likeness.find("0701.00001").keys() == {"2601.00001", "2601.00002"}
    assert store.likeness.find("2601.00003").keys() == {"2601.00003"}
    assert store.likeness.find("2601.09999") == {}


def test_a_later_version_of_the_given_paper_changes_nothing(store: Store) -> None:
    announce(store, "2601.00001", POOLING)
    announce(store, "2601.00002", POOLING)
    sketch(store)
    announce(store, "2601.00001", GALAXY, day=MONDAY + timedelta(days=1), kind=Kind.REPLACE, version=2)
    sketch(store)

    assert store.likeness.find("2601.00001").keys() == {"2601.00001", "2601.00002"}


def test_another_process_finds_the_same(store: Store, database_url: str) -> None:
    other = open_store(database_url)
    assert other.likeness.find("2601.00001") == {}
    for number in range(1, 6):
        announce(store, f"2601.{number:05}", POOLING, day=MONDAY + timedelta(days=number // 3))
        sketch(store)
        store.likeness.find("2601.00001")

    found = store.likeness.find("2601.00001")

    assert len(found) == 5
    assert list(other.likeness.find("2601.00001").items()) == list(found.items())
    fresh = open_store(database_url)
    assert list(fresh.likeness.find("2601.00001").items()) == list(found.items())
    other.close()
    fresh.close()


def test_a_query_for_papers_like_others_becomes_their_ids(store: Store) -> None:
    announce(store, "2601.00001", POOLING)
    announce(store, "2601.00002", POOLING)
    announce(store, "2601.00003", GALAXY)
    announce(store, "2601.00004", GALAXY)
    sketch(store)
    pooling, galaxy = LikePaper("2601.00001"), LikePaper("2601.00003")
    resolve = store.announcements.resolve

    assert resolve(pooling) == AnyId(frozenset({"2601.00002"}))
    assert resolve(all_of((pooling, negate(galaxy)))) == all_of(
        (AnyId(frozenset({"2601.00002"})), negate(AnyId(frozenset({"2601.00004"}))))
    )
    assert resolve(any_of((pooling, LikePaper("2601.00002")))) == negate(resolve(all_of(())))
    matching = store.announcements.matching(any_of((pooling, galaxy)), by_release=True)
    assert [a.paper for a in matching] == ["2601.00004", "2601.00002"]


def test_a_reason_names_the_given_paper_that_is_most_like(store: Store) -> None:
    announce(store, "2601.00001", POOLING)
    announce(store, "2601.00002", GALAXY)
    announce(store, "2601.00003", "Dust")
    announce(store, "2601.00004", "Poems")
    sketch(store)
    papers = [store.papers.find(f"2601.{number:05}", 1) for number in (3, 4)]

    reasons = store.likeness.explain({"2601.00001", "2601.00002"}, filter(None, papers))

    assert reasons == {"2601.00003": Likeness("2601.00002", ("dust",))}


def test_what_is_not_stored_is_told(store: Store) -> None:
    announce(store, "2601.00001", POOLING)

    asked = ["2601.00002", "2601.00001", "hep-th/9901001", "2601.00002"]
    assert store.likeness.find_unknown(asked) == ["2601.00002", "hep-th/9901001"]


@pytest.mark.parametrize("limit", [1, 2])
def test_the_oldest_are_due_first(store: Store, limit: int) -> None:
    for age in range(3):
        announce(store, f"2601.{age:05}", POOLING, day=MONDAY - timedelta(days=age))

    due = [each.paper.id for each in store.likeness.unsketched(limit)]
    assert due == ["2601.00002", "2601.00001"][:limit]
