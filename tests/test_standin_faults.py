"""The queue of faults."""

from __future__ import annotations

from datetime import UTC, date, datetime
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.standin.faults import (
    PIECES,
    Fault,
    FaultKind,
    FaultQueue,
    Trait,
    split_answer,
    spoil_items,
    spoil_moment,
)
from feedsvc.standin.markup import Answer
from tests.standin_papers import MONDAY, TUESDAY, moment_on, small_corpus

BROKEN = Fault(FaultKind.UNAVAILABLE)


@pytest.mark.parametrize(
    ("fault", "path", "categories", "is_met"),
    [
        (BROKEN, "/rss/cs.AI", ["cs.AI"], True),
        (Fault(FaultKind.RESET, path="/atom"), "/atom/cs.AI", [], True),
        (Fault(FaultKind.RESET, path="/atom"), "/rss/cs.AI", [], False),
        (Fault(FaultKind.RESET, category="cs.AI"), "/rss/cs.LG+cs.AI", ["cs.LG", "cs.AI"], True),
        (Fault(FaultKind.RESET, category="cs.AI"), "/rss/cs.LG", ["cs.LG"], False),
        (Fault(FaultKind.RESET, path="/rss", category="cs.AI"), "/atom/cs.AI", ["cs.AI"], False),
    ],
)
def test_a_fault_is_met_by_path_and_category(
    fault: Fault, path: str, categories: list[str], is_met: bool
) -> None:
    assert FaultQueue([fault]).take(path, categories) == (fault if is_met else None)


@pytest.mark.parametrize("kind", ["stale_batch", "late_batch", "missing_rows", "duplicated", "absurd_date"])
def test_a_fault_of_listings_spares_everything_else(kind: str) -> None:
    queue = FaultQueue([Fault(FaultKind(kind))])

    assert queue.take("/api/query", ["cs.AI"]) is None
    assert queue.take("/oai", []) is None
    assert queue.take("/atom/cs.AI", ["cs.AI"]) is not None


@pytest.mark.parametrize(
    ("kind", "trait"),
    [("token_expired", "resumed"), ("page_repeated", "resumed"), ("empty_last_page", "last_page")],
)
def test_a_fault_of_oai_pmh_waits_for_a_request_that_can_meet_it(kind: str, trait: str) -> None:
    queue = FaultQueue([Fault(FaultKind(kind), path="/oai")])

    assert queue.take("/oai", [], set(Trait) - {Trait(trait)}) is None
    assert queue.take("/oai", [], {Trait(trait)}) is not None


def test_a_fault_is_met_as_often_as_it_counts() -> None:
    queue = FaultQueue([Fault(FaultKind.TOO_MANY, count=2)])
    met = [queue.take("/rss/cs.AI", []) for _ in range(3)]

    assert [fault and fault.kind for fault in met] == [FaultKind.TOO_MANY, FaultKind.TOO_MANY, None]


def test_the_first_fault_that_fits_is_met_first() -> None:
    queue = FaultQueue([Fault(FaultKind.RESET, path="/api"), Fault(FaultKind.HANG), BROKEN])

    met = [queue.take("/rss/cs.AI", []) for _ in range(2)]
    assert met == [Fault(FaultKind.HANG), BROKEN]
    assert queue.pending() == (Fault(FaultKind.RESET, path="/api"),)


def test_pending_faults_say_how_often_they_are_still_to_come() -> None:
    queue = FaultQueue([Fault(FaultKind.TOO_MANY, count=3)])
    queue.take("/", [])

    assert queue.pending() == (Fault(FaultKind.TOO_MANY, count=2),)


def test_a_cleared_queue_is_empty() -> None:
    queue = FaultQueue([BROKEN])
    queue.clear()

    assert queue.take("/", []) is None


def test_a_fault_is_met_by_no_more_threads_than_it_counts() -> None:
    queue = FaultQueue([Fault(FaultKind.TOO_MANY, count=50)])
    met: list[Fault | None] = []
    threads = [Thread(target=lambda: met.extend(queue.take("/", []) for _ in range(20))) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(met), sum(fault is not None for fault in met)) == (160, 50)


def test_a_stale_batch_shows_the_day_before_under_the_day() -> None:
    moment = spoil_moment(moment_on(small_corpus(), TUESDAY), Fault(FaultKind.STALE_BATCH))

    assert (moment.day, moment.shown) == (TUESDAY, MONDAY)


def test_a_stale_batch_on_the_first_day_shows_nothing() -> None:
    assert spoil_moment(moment_on(small_corpus(), MONDAY), Fault(FaultKind.STALE_BATCH)).shown is None


def test_a_late_batch_shows_the_day_before_as_that_day() -> None:
    moment = spoil_moment(moment_on(small_corpus(), TUESDAY), Fault(FaultKind.LATE_BATCH))

    assert (moment.day, moment.shown) == (MONDAY, MONDAY)


def test_an_absurd_date_leaves_the_items_alone() -> None:
    absurd = Fault(FaultKind.ABSURD_DATE, day=date(2099, 12, 31))
    moment = spoil_moment(moment_on(small_corpus(), TUESDAY), absurd)

    assert (moment.day, moment.shown) == (date(2099, 12, 31), TUESDAY)
    assert moment.now == datetime(2099, 12, 31, 5, 0, tzinfo=UTC)


@given(st.integers(0, 400), st.floats(0, 1))
def test_missing_rows_leave_the_share_that_is_asked_for_in_order(count: int, share: float) -> None:
    left = spoil_items(range(count), Fault(FaultKind.MISSING_ROWS, share=share))

    assert len(left) == round(count * (1 - share))
    assert list(left) == sorted(set(left))


def test_of_334_rows_12_may_be_left_from_beginning_to_end() -> None:
    left = spoil_items(range(334), Fault(FaultKind.MISSING_ROWS, share=322 / 334))

    assert len(left) == 12
    assert left[0] < 30
    assert left[-1] > 300


def test_duplicated_items_stand_side_by_side() -> None:
    assert spoil_items("ab", Fault(FaultKind.DUPLICATED)) == ("a", "a", "b", "b")


@pytest.mark.parametrize("fault", [None, Fault(FaultKind.STALE_BATCH), Fault(FaultKind.HANG)])
def test_other_faults_leave_the_items(fault: Fault | None) -> None:
    assert spoil_items("ab", fault) == ("a", "b")


@given(st.binary(max_size=300))
def test_a_dribble_is_the_whole_answer_in_few_pieces(body: bytes) -> None:
    pieces = list(split_answer(Answer(200, "text/xml", body)))

    assert b"".join(pieces) == body
    assert len(pieces) <= PIECES
    assert all(pieces)
