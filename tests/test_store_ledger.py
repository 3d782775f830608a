"""Recording batches: whole or not at all, as often as one likes, and never taking anything away."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table, select
from sqlalchemy.exc import IntegrityError

from feedsvc.ledger import count_kinds
from feedsvc.paper import Announcement, Batch, BatchState, Kind, Origin, Paper
from feedsvc.store import Store, open_store, schema
from feedsvc.store.engine import read
from feedsvc.store.ledger import EARLIER, Recorded
from tests.builders import MONDAY, NOON, empty_store, make_announcement, make_batch, make_note, make_paper

TUESDAY = MONDAY + timedelta(days=1)
LATER = NOON + timedelta(hours=1)

KILLED_HALF_WAY = """
import os, signal, sys
from sqlalchemy import insert, update
from feedsvc.store import open_store, schema
from feedsvc.store.engine import write
from feedsvc.store.versions import save_papers
from feedsvc.store.revisions import Revision
from tests.builders import make_paper

store = open_store(sys.argv[1])
with write(store.engine) as connection:
    save_papers(connection, [make_paper("2601.09999")], Revision(connection))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def record(store: Store, announcements: Sequence[Announcement], **fields: Any) -> Recorded:
    """Record a batch with the papers it announces."""
    papers = [make_paper(a.paper, version=a.version) for a in announcements]
    return store.ledger.record_batch(make_batch(announcements, **fields), papers, announcements)


def some(count: int, category: str = "cs.AI", day: date = MONDAY, **fields: Any) -> tuple[Announcement, ...]:
    """Make announcements of so many new papers."""
    numbers = range(1, count + 1)
    return tuple(make_announcement(f"2601.{n:05}", category, day, **fields) for n in numbers)


def rows_of(store: Store, table: Table) -> list[tuple[object, ...]]:
    """Give every row of a table, whole."""
    with read(store.engine) as connection:
        return sorted((tuple(row) for row in connection.execute(select(table))), key=repr)


def content(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """Give every row that a recorded batch may change, but for the batch's own."""
    tables = (schema.papers, schema.announcements, schema.digests, schema.revisions)
    return {table.name: rows_of(store, table) for table in tables}


def test_a_recorded_batch_is_found_with_its_announcements(store: Store) -> None:
    announcements = some(3)
    recorded = record(store, announcements)

    assert recorded == Recorded(make_batch(announcements), added=3)
    assert store.ledger.find_batch("cs.AI", MONDAY) == make_batch(announcements)
    assert store.ledger.announcements_of("cs.AI", MONDAY) == announcements
    assert store.papers.find("2601.00002", 1) == make_paper("2601.00002")


def test_announcements_of_a_day_come_by_kind_and_then_by_id(store: Store) -> None:
    kinds = [Kind.REPLACE, Kind.NEW, Kind.REPLACE_CROSS, Kind.CROSS, Kind.NEW]
    record(store, [replace(a, kind=kind) for a, kind in zip(some(5), kinds, strict=True)])

    found = [(a.kind, a.paper[-1]) for a in store.ledger.announcements_of("cs.AI", MONDAY)]

    assert found == [("new", "2"), ("new", "5"), ("cross", "4"), ("replace", "1"), ("replace-cross", "3")]


def test_the_same_batch_again_changes_no_row_and_no_revision(store: Store) -> None:
    record(store, some(3))
    before = content(store)
    again = record(store, some(3), seen=LATER)

    assert content(store) == before
    assert (again.added, again.mended, again.repeated) == (0, 0, True)


def test_the_same_batch_again_changes_only_when_it_was_last_seen(store: Store) -> None:
    record(store, some(3))
    record(store, some(3), seen=LATER)

    assert store.ledger.find_batch("cs.AI", MONDAY) == make_batch(some(3), last_seen=LATER, attempts=2)


def test_a_first_batch_is_no_repeated_one(store: Store) -> None:
    assert not record(store, some(3)).repeated


def test_another_day_with_the_same_content_is_no_repeated_one(store: Store) -> None:
    record(store, some(3))

    assert not record(store, some(3, day=TUESDAY)).repeated


def test_announcements_that_come_later_are_added(store: Store) -> None:
    record(store, some(2), state=BatchState.PARTIAL)
    recorded = record(store, some(5), seen=LATER)

    assert (recorded.added, recorded.repeated) == (3, False)
    assert recorded.batch.state is BatchState.OK
    assert len(store.ledger.announcements_of("cs.AI", MONDAY)) == 5


def test_announcements_that_are_no_longer_listed_stay(store: Store) -> None:
    record(store, some(5))
    recorded = record(store, some(2), seen=LATER)

    assert recorded.added == 0
    assert store.ledger.announcements_of("cs.AI", MONDAY) == some(5)
    assert recorded.batch.counts == ((Kind.NEW, 5),)


def test_the_release_day_of_the_first_recording_stays(store: Store) -> None:
    record(store, some(2, released=MONDAY), state=BatchState.PARTIAL)
    record(store, some(3, released=TUESDAY), seen=LATER)

    released = [a.released for a in store.ledger.announcements_of("cs.AI", MONDAY)]
    assert released == [MONDAY, MONDAY, TUESDAY]


def test_a_listing_that_is_corrected_corrects_the_row_and_keeps_its_release_day(store: Store) -> None:
    record(store, [make_announcement(kind=Kind.CROSS, released=MONDAY)])
    corrected = make_announcement(kind=Kind.NEW, version=2, released=TUESDAY)
    recorded = record(store, [corrected], seen=LATER)

    assert (recorded.added, recorded.mended, recorded.repeated) == (0, 1, False)
    assert store.ledger.announcements_of("cs.AI", MONDAY) == (replace(corrected, released=MONDAY),)
    assert recorded.batch.counts == ((Kind.NEW, 1),)
    assert store.revision() == 2


def test_a_paper_listed_twice_in_one_batch_is_recorded_once_as_the_kind_that_goes_before(
    store: Store,
) -> None:
    twice = [make_announcement(kind=kind) for kind in (Kind.REPLACE, Kind.NEW, Kind.CROSS)]
    recorded = record(store, twice)

    assert recorded.added == 1
    assert store.ledger.announcements_of("cs.AI", MONDAY) == (make_announcement(kind=Kind.NEW),)
    assert record(store, twice, seen=LATER).repeated


def test_a_paper_announced_in_three_categories_is_stored_once(store: Store) -> None:
    for category, kind in (("cs.AI", Kind.NEW), ("cs.LG", Kind.CROSS), ("stat.ML", Kind.CROSS)):
        record(store, [make_announcement(category=category, kind=kind)])

    assert len(rows_of(store, schema.papers)) == 1
    assert len(rows_of(store, schema.announcements)) == 3


def test_a_batch_takes_one_revision_whatever_it_holds(store: Store) -> None:
    record(store, some(3))
    record(store, some(3, "cs.LG"))

    with read(store.engine) as connection:
        numbers = connection.execute(select(schema.announcements.c.category, schema.announcements.c.revision))
        assert set(map(tuple, numbers)) == {("cs.AI", 1), ("cs.LG", 2)}
    assert store.revision() == 2


@pytest.mark.parametrize("state", [BatchState.FAILED, BatchState.STALE])
def test_a_failure_does_not_spoil_a_good_batch(state: BatchState, store: Store) -> None:
    record(store, some(3))
    before = content(store)
    store.ledger.note_batch(make_note(state, seen=LATER))

    assert store.ledger.find_batch("cs.AI", MONDAY) == make_batch(some(3), last_seen=LATER, attempts=2)
    assert content(store) == before


def test_a_failure_before_the_first_good_batch_is_kept_with_its_reason(store: Store) -> None:
    noted = store.ledger.note_batch(make_note(reason="503 four times"))

    assert (noted.batch.state, noted.batch.reason) == (BatchState.FAILED, "503 four times")
    assert not noted.repeated
    assert store.ledger.find_batch("cs.AI", MONDAY) == noted.batch
    assert store.revision() == 0


def test_two_failures_are_no_repeated_batch(store: Store) -> None:
    store.ledger.note_batch(make_note())

    assert not store.ledger.note_batch(make_note(seen=LATER)).repeated


def test_a_good_batch_after_failures_counts_them(store: Store) -> None:
    store.ledger.note_batch(make_note())
    store.ledger.note_batch(make_note())
    recorded = record(store, some(3), seen=LATER)

    assert recorded.batch == make_batch(some(3), first_seen=NOON, last_seen=LATER, attempts=3)


def test_a_partial_batch_never_loses_count_of_what_it_holds(store: Store) -> None:
    """An empty answer after a partial one brings no announcements, and takes none away."""
    record(store, some(3), state=BatchState.PARTIAL)
    recorded = store.ledger.record_batch(make_batch(state=BatchState.PARTIAL, seen=LATER), (), ())

    assert (recorded.batch.state, recorded.batch.counts) == (BatchState.PARTIAL, ((Kind.NEW, 3),))


def test_a_transaction_that_fails_half_way_leaves_nothing(store: Store) -> None:
    """The second announcement's paper is missing: by then the papers and a revision were written."""
    announcements = some(2)
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        store.ledger.record_batch(make_batch(announcements), [make_paper("2601.00001")], announcements)

    assert content(store) == {"papers": [], "announcements": [], "digests": [], "revisions": [(0, 0)]}
    assert rows_of(store, schema.batches) == []
    assert record(store, announcements).added == 2


def test_a_process_killed_half_way_leaves_nothing_and_holds_up_nobody(
    store: Store, database_url: str
) -> None:
    record(store, some(1))
    before = content(store)
    command = [sys.executable, "-c", KILLED_HALF_WAY, database_url]
    process = subprocess.run(command, cwd=Path(__file__).parents[1], check=False)

    assert process.returncode == -signal.SIGKILL
    assert content(store) == before
    assert record(store, some(2), seen=LATER).added == 1


def test_what_was_recorded_is_there_for_whoever_opens_the_store_next(store: Store, database_url: str) -> None:
    record(store, some(3))
    other = open_store(database_url)

    assert other.ledger.announcements_of("cs.AI", MONDAY) == some(3)
    other.close()


def imply(store: Store, *papers: str, day: date = MONDAY) -> tuple[Announcement, ...]:
    """Record a batch of cs.AI that shows new papers with a cross-list to cs.LG; give what that implies."""
    shown = [make_announcement(paper, "cs.AI", day) for paper in (*papers, "2601.00009")]
    crosses = [make_announcement(paper, "cs.LG", day, Kind.CROSS) for paper in papers]
    implied = tuple(replace(cross, origin=Origin.REBUILT) for cross in crosses)
    store.ledger.record_batch(make_batch(shown), [make_paper(a.paper) for a in shown], shown, implied)
    return implied


def test_what_another_listing_implies_is_put_in_and_marked(store: Store) -> None:
    implied = imply(store, "2601.00001", "2601.00002")

    assert store.ledger.announcements_of("cs.LG", MONDAY) == implied
    assert store.ledger.find_batch("cs.LG", MONDAY) is None


def test_a_batch_that_lacks_what_another_listing_implies_is_no_longer_whole(store: Store) -> None:
    record(store, [make_announcement("2601.00005", "cs.LG")])
    imply(store, "2601.00001")

    batch = store.ledger.find_batch("cs.LG", MONDAY)
    assert batch is not None
    assert (batch.state, dict(batch.counts)) == (BatchState.PARTIAL, {Kind.NEW: 1, Kind.CROSS: 1})
    assert "2601.00001" in batch.reason


def test_a_listing_that_shows_what_was_implied_makes_the_batch_whole(store: Store) -> None:
    imply(store, "2601.00001")
    listed = [make_announcement("2601.00001", "cs.LG", kind=Kind.CROSS)]

    assert record(store, listed).batch.state is BatchState.OK
    assert store.ledger.announcements_of("cs.LG", MONDAY) == tuple(listed)


def test_a_paper_that_the_category_has_announced_is_not_implied_again(store: Store) -> None:
    record(store, [make_announcement("2601.00001", "cs.LG")])
    imply(store, "2601.00001", day=TUESDAY)

    assert store.ledger.announcements_of("cs.LG", TUESDAY) == ()


@pytest.mark.parametrize("guessed", [MONDAY, TUESDAY])
def test_an_estimate_gives_way_to_what_another_listing_implies(store: Store, guessed: date) -> None:
    estimate = replace(make_announcement("2601.00001", "cs.LG", guessed, Kind.CROSS), origin=Origin.ESTIMATED)
    store.ledger.record_rebuilt((), [make_paper()], [estimate])
    before = store.revision()

    implied = imply(store, "2601.00001", day=TUESDAY)

    assert store.ledger.announcements_of("cs.LG", TUESDAY) == implied
    assert store.ledger.announcements_of("cs.LG", MONDAY) == ()
    assert store.revision() > before


def test_a_day_never_asked_for_has_no_batch(store: Store) -> None:
    record(store, some(1))

    assert store.ledger.find_batch("cs.AI", TUESDAY) is None
    assert store.ledger.find_batch("cs.LG", MONDAY) is None


def test_the_batches_of_a_day_come_by_category(store: Store) -> None:
    for category, day in (("cs.AI", MONDAY), ("cs.LG", MONDAY), ("cs.AI", TUESDAY)):
        record(store, some(1, category, day))

    assert store.ledger.batches_of(MONDAY) == {
        category: make_batch(some(1, category)) for category in ("cs.AI", "cs.LG")
    }


def test_earlier_batches_are_the_categorys_own_newest_first(store: Store) -> None:
    days = [MONDAY + timedelta(days=n) for n in range(EARLIER + 3)]
    for day in days:
        record(store, some(1, day=day))
    record(store, some(1, "cs.LG"))

    found = store.ledger.earlier_batches("cs.AI", days[-1])

    assert [batch.day for batch in found] == sorted(days[:-1], reverse=True)[:EARLIER]
    assert {batch.category for batch in found} == {"cs.AI"}


def test_all_batches_come_newest_day_first_then_by_category(store: Store) -> None:
    for category, day in (("cs.LG", MONDAY), ("cs.AI", TUESDAY), ("cs.AI", MONDAY)):
        record(store, some(1, category, day))

    everything = [(batch.day, batch.category) for batch in store.ledger.batches()]
    assert everything == [(TUESDAY, "cs.AI"), (MONDAY, "cs.AI"), (MONDAY, "cs.LG")]
    assert [batch.day for batch in store.ledger.batches(since=TUESDAY)] == [TUESDAY]


def test_the_newest_day_is_that_of_an_announcement(store: Store) -> None:
    assert store.ledger.newest_day() is None
    record(store, some(1))
    store.ledger.note_batch(make_note(day=TUESDAY))

    assert store.ledger.newest_day() == MONDAY


def test_the_latest_batches_are_each_categorys_last_good_one(store: Store) -> None:
    record(store, some(1))
    record(store, some(2, day=TUESDAY))
    record(store, some(1, "cs.LG"))
    store.ledger.note_batch(make_note(category="cs.LG", day=TUESDAY))
    store.ledger.note_batch(make_note(category="cs.CL"))

    assert store.ledger.latest_batches() == {
        "cs.AI": make_batch(some(2, day=TUESDAY)),
        "cs.LG": make_batch(some(1, "cs.LG")),
    }


LISTINGS = st.lists(
    st.builds(
        make_announcement,
        st.sampled_from([f"2601.{n:05}" for n in range(1, 5)]),
        kind=st.sampled_from(list(Kind)),
        version=st.integers(1, 2),
    ),
    max_size=4,
    unique_by=lambda a: a.paper,
)
SIGHTINGS = st.lists(st.tuples(LISTINGS, st.sampled_from(list(BatchState))), min_size=1, max_size=4)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SIGHTINGS)
def test_law_however_a_day_is_seen_nothing_is_lost_and_its_counts_are_its_rows(
    store: Store, sightings: list[tuple[list[Announcement], BatchState]]
) -> None:
    empty_store(store)
    seen: set[str] = set()
    for announcements, state in sightings:
        batch: Batch = make_batch(announcements, state=state, category="cs.AI", day=MONDAY)
        papers: list[Paper] = [make_paper(a.paper, version=a.version) for a in announcements]
        recorded = store.ledger.record_batch(batch, papers, announcements)
        seen |= {a.paper for a in announcements}
        rows = store.ledger.announcements_of("cs.AI", MONDAY)

        assert {a.paper for a in rows} == seen
        assert recorded.batch.counts == count_kinds(rows)
        assert store.ledger.find_batch("cs.AI", MONDAY) == recorded.batch
