"""How batches are judged, what is kept of one seen again, and when one is asked for again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.calendar import switches_at
from feedsvc.ledger import (
    FIRST_WAIT,
    KNOWN_AFTER,
    LISTING_CAP,
    LONGEST_WAIT,
    SETTLED,
    SMALL,
    Verdict,
    count_kinds,
    fingerprint_batch,
    imply_crosslists,
    is_due,
    is_whole_before,
    judge_age,
    judge_batch,
    judge_missing,
    next_attempt,
    renew_batch,
    usual_size,
)
from feedsvc.paper import Announcement, Batch, BatchState, Kind, Origin
from tests.builders import MONDAY, NOON, make_announcement, make_batch, make_note

TUESDAY = MONDAY + timedelta(days=1)
FRIDAY_BEFORE = date(2026, 1, 2)
AFTER_THANKSGIVING = date(2026, 11, 27)
LATER = NOON + timedelta(hours=1)


def some(count: int, day: date = MONDAY) -> tuple[Announcement, ...]:
    """Make announcements of so many new papers."""
    return tuple(make_announcement(f"2601.{number:05}", day=day) for number in range(1, count + 1))


def sized(count: int, day: date, state: BatchState = BatchState.OK) -> Batch:
    """Make a batch of so many new papers without any of them."""
    return make_batch(day=day, state=state, counts=((Kind.NEW, count),), fingerprint=f"{day}")


def judge(
    announcements: Sequence[Announcement] = (),
    skipped: Sequence[str] = (),
    earlier: Sequence[Batch] = (),
    day: date = MONDAY,
) -> Verdict:
    """Judge a Monday's listing."""
    return judge_batch(day, announcements, skipped, earlier)


def test_announcements_that_were_all_read_are_a_good_batch() -> None:
    assert judge(some(3)) == Verdict(BatchState.OK)


def test_the_content_of_another_day_is_that_batch_served_again() -> None:
    """A fresh date proves nothing: arXiv has served an old batch under a new one."""
    verdict = judge(some(3, TUESDAY), earlier=[make_batch(some(3))], day=TUESDAY)

    assert verdict == Verdict(
        BatchState.STALE, "the batch of 2026-01-05 served again under the date 2026-01-06"
    )


def test_the_content_of_the_same_day_is_no_old_batch() -> None:
    assert judge(some(3), earlier=[make_batch(some(3))]).state is BatchState.OK


def test_a_batch_that_was_seen_in_part_is_known_again_under_another_date() -> None:
    earlier = [make_batch(some(3), state=BatchState.PARTIAL)]

    assert judge(some(3, TUESDAY), earlier=earlier, day=TUESDAY).state is BatchState.STALE


def test_a_batch_mostly_announced_on_another_day_is_stale_though_it_is_not_the_same() -> None:
    assert judge_batch(TUESDAY, some(10), (), (), repeats=6).state is BatchState.STALE


def test_a_few_announcements_of_another_day_do_not_spoil_a_batch() -> None:
    assert judge_batch(TUESDAY, some(10), (), (), repeats=5).state is BatchState.OK


def test_new_papers_mostly_sent_in_for_an_earlier_day_make_an_old_batch() -> None:
    monday, tuesday = NOON - timedelta(days=3), NOON - timedelta(hours=1)

    assert judge_age(TUESDAY, [monday, monday, tuesday]).state is BatchState.STALE
    assert judge_age(TUESDAY, [monday, tuesday, tuesday]).state is BatchState.OK


@pytest.mark.parametrize(
    ("last", "is_whole"),
    [
        (make_batch(day=FRIDAY_BEFORE), True),
        (make_batch(day=FRIDAY_BEFORE, state=BatchState.PARTIAL), False),
        (make_batch(day=FRIDAY_BEFORE - timedelta(days=1)), False),
    ],
)
def test_only_the_weekday_before_tells_that_nothing_was_missed(last: Batch, is_whole: bool) -> None:
    assert is_whole_before(MONDAY, last) == is_whole


def test_a_paper_sent_in_after_the_day_makes_the_date_wrong() -> None:
    assert (
        judge_age(TUESDAY, [NOON - timedelta(hours=1), NOON + timedelta(days=2)]).state is BatchState.FAILED
    )


def test_every_earlier_batch_is_compared() -> None:
    earlier = [sized(3, MONDAY), replace(make_batch(some(3)), day=FRIDAY_BEFORE)]

    assert "the batch of 2026-01-02" in judge(some(3, TUESDAY), earlier=earlier, day=TUESDAY).reason


def test_an_old_batch_is_told_even_where_items_could_not_be_read() -> None:
    verdict = judge(some(3, TUESDAY), skipped=["item 4"], earlier=[make_batch(some(3))], day=TUESDAY)

    assert verdict.state is BatchState.STALE


def test_items_that_could_not_be_read_make_a_batch_partial() -> None:
    verdict = judge(some(3), skipped=["item 4: no title", "item 5: no id"])

    assert verdict == Verdict(BatchState.PARTIAL, "2 items could not be read, the first: item 4: no title")


def test_a_listing_at_its_cap_is_partial() -> None:
    """Above 2000 items arXiv drops new papers first."""
    assert judge(some(LISTING_CAP - 1)).state is BatchState.OK
    assert judge(some(LISTING_CAP)) == Verdict(
        BatchState.PARTIAL, "2000 items: the listing's cap drops new papers"
    )


def test_nothing_on_a_day_without_announcements_is_quiet() -> None:
    verdict = judge(earlier=[sized(300, date(2026, 11, 25))], day=AFTER_THANKSGIVING)

    assert verdict == Verdict(BatchState.QUIET, "no announcement is expected on this day")


def test_announcements_on_a_day_where_none_are_expected_are_taken() -> None:
    """arXiv's table of holidays is no reason to lose what arXiv announced."""
    assert judge(some(3, AFTER_THANKSGIVING), day=AFTER_THANKSGIVING).state is BatchState.OK


def known(size: int) -> list[Batch]:
    """Give as many settled batches of a size as make a category known."""
    return [sized(size, FRIDAY_BEFORE - timedelta(days=n)) for n in range(KNOWN_AFTER)]


def test_nothing_in_a_small_category_is_quiet_once_others_show_the_day() -> None:
    assert judge(earlier=known(SMALL - 1)) == Verdict(BatchState.QUIET, "nothing announced")


@pytest.mark.parametrize("size", [SMALL - 1, SMALL])
def test_two_empty_batches_are_not_one_served_again(size: int) -> None:
    empty = replace(sized(0, FRIDAY_BEFORE, BatchState.QUIET), fingerprint=fingerprint_batch(()))

    assert judge(earlier=[empty, *known(size)[1:]]).state is not BatchState.STALE


def test_nothing_in_a_small_category_is_not_believed_before_others_show_the_day() -> None:
    """An arXiv that is late serves empty listings of everything."""
    assert judge_batch(MONDAY, (), (), known(SMALL - 1), is_out=False) == Verdict(
        BatchState.PARTIAL, "empty, and no other category shows the day yet"
    )


def test_nothing_in_a_category_with_several_papers_a_day_is_missing() -> None:
    assert judge(earlier=known(SMALL)) == Verdict(
        BatchState.PARTIAL, "empty, where about 5 announcements are usual"
    )


def test_nothing_in_a_category_that_nobody_knows_yet_is_asked_for_again() -> None:
    assert judge() == Verdict(BatchState.PARTIAL, "empty, and it is not known yet what is usual")


def test_quiet_days_count_when_it_comes_to_what_is_usual() -> None:
    quiet = [sized(0, MONDAY - timedelta(days=n), BatchState.QUIET) for n in range(2)]

    assert usual_size([*quiet, sized(30, FRIDAY_BEFORE)]) == 0


def test_only_unreadable_items_are_partial_even_on_a_day_without_announcements() -> None:
    verdict = judge(skipped=["item 1: no id"], day=AFTER_THANKSGIVING)

    assert verdict == Verdict(BatchState.PARTIAL, "none of 1 items could be read, the first: item 1: no id")


def test_the_usual_size_is_the_median_of_good_batches() -> None:
    days = [MONDAY + timedelta(days=n) for n in range(4)]
    good = [sized(count, day) for count, day in zip((10, 400, 20), days, strict=False)]

    assert usual_size([*good, sized(9_000, days[3], BatchState.PARTIAL)]) == 20


def test_the_usual_size_counts_every_kind() -> None:
    batch = make_batch(day=MONDAY, counts=((Kind.NEW, 3), (Kind.REPLACE, 4)))

    assert usual_size([batch]) == 7


def test_the_usual_size_of_the_unknown_is_nothing() -> None:
    assert usual_size([]) == 0
    assert usual_size([make_batch(state=BatchState.QUIET)]) == 0


@given(st.permutations(some(5)))
def test_a_fingerprint_does_not_depend_on_order(announcements: list[Announcement]) -> None:
    assert fingerprint_batch(announcements) == fingerprint_batch(some(5))


def test_a_fingerprint_does_not_depend_on_the_day() -> None:
    assert fingerprint_batch(some(5, TUESDAY)) == fingerprint_batch(some(5))


@pytest.mark.parametrize(
    "change",
    [{"paper": "2601.09999"}, {"version": 2}, {"kind": Kind.CROSS}],
    ids=["paper", "version", "kind"],
)
def test_a_fingerprint_tells_contents_apart(change: dict[str, Any]) -> None:
    first, *rest = some(5)

    changed = [replace(first, **change), *rest]

    assert fingerprint_batch(changed) != fingerprint_batch(some(5))


def test_kinds_are_counted_in_arxivs_order_without_those_that_are_absent() -> None:
    kinds = [Kind.REPLACE_CROSS, Kind.NEW, Kind.CROSS, Kind.NEW]

    assert count_kinds(make_announcement(kind=kind) for kind in kinds) == (
        (Kind.NEW, 2),
        (Kind.CROSS, 1),
        (Kind.REPLACE_CROSS, 1),
    )


def test_a_first_batch_is_kept_as_seen() -> None:
    seen = make_batch(some(3))

    assert renew_batch(None, seen) == seen


@pytest.mark.parametrize(
    "seen",
    [
        make_batch(some(2), state=BatchState.PARTIAL, seen=LATER),
        make_batch(state=BatchState.QUIET, seen=LATER),
        make_note(BatchState.STALE, seen=LATER),
        make_note(BatchState.FAILED, seen=LATER),
    ],
    ids=lambda batch: str(batch.state),
)
def test_a_good_batch_is_never_made_worse(seen: Batch) -> None:
    known = make_batch(some(3))

    assert renew_batch(known, seen) == replace(known, last_seen=LATER, attempts=2)


def test_a_good_batch_seen_again_takes_its_new_content() -> None:
    kept = renew_batch(make_batch(some(3)), make_batch(some(4), seen=LATER))

    assert kept == make_batch(some(4), first_seen=NOON, last_seen=LATER, attempts=2)


@pytest.mark.parametrize("state", [BatchState.FAILED, BatchState.STALE, BatchState.PARTIAL, BatchState.QUIET])
def test_a_good_batch_mends_every_other(state: BatchState) -> None:
    kept = renew_batch(make_note(state), make_batch(some(3), seen=LATER))

    assert kept == make_batch(some(3), first_seen=NOON, last_seen=LATER, attempts=2)


def test_a_quiet_day_stays_quiet_when_it_cannot_be_asked_for() -> None:
    known = make_batch(state=BatchState.QUIET)

    for state in (BatchState.FAILED, BatchState.STALE, BatchState.PARTIAL):
        assert renew_batch(known, make_note(state)).state is BatchState.QUIET


def test_a_quiet_day_on_which_announcements_turn_up_is_unsettled() -> None:
    """Else what the partial batch lacks would never be asked for again."""
    kept = renew_batch(make_batch(state=BatchState.QUIET), make_batch(some(3), state=BatchState.PARTIAL))

    assert (kept.state, kept.counts) == (BatchState.PARTIAL, ((Kind.NEW, 3),))


@pytest.mark.parametrize(
    "seen",
    [make_note(BatchState.FAILED), make_note(BatchState.STALE), make_batch(state=BatchState.QUIET)],
    ids=lambda batch: str(batch.state),
)
def test_a_partial_batch_is_not_made_worse_by_one_without_announcements(seen: Batch) -> None:
    known = make_batch(some(3), state=BatchState.PARTIAL, reason="1 items could not be read")

    assert renew_batch(known, seen) == replace(known, attempts=2)


def test_of_two_failures_the_later_says_why() -> None:
    kept = renew_batch(
        make_note(reason="time-out"), make_note(BatchState.STALE, seen=LATER, reason="served again")
    )

    assert (kept.state, kept.reason, kept.first_seen, kept.last_seen, kept.attempts) == (
        BatchState.STALE,
        "served again",
        NOON,
        LATER,
        2,
    )


BATCHES = st.builds(
    lambda state, count: make_batch(some(count), state=state) if count else make_batch(state=state),
    st.sampled_from(list(BatchState)),
    st.integers(0, 3),
)


@given(BATCHES, BATCHES)
def test_announcements_are_never_forgotten_for_none(known: Batch, seen: Batch) -> None:
    kept = renew_batch(known, seen)

    assert bool(kept.counts) == bool(known.counts or seen.counts) or known.state is BatchState.OK


@given(BATCHES, BATCHES)
def test_every_attempt_counts(known: Batch, seen: Batch) -> None:
    kept = renew_batch(known, replace(seen, last_seen=LATER))

    assert (kept.attempts, kept.first_seen, kept.last_seen) == (2, NOON, LATER)


def test_a_day_never_asked_for_is_due() -> None:
    assert is_due(None, NOON)


@pytest.mark.parametrize("state", sorted(SETTLED))
def test_a_settled_batch_is_never_due(state: BatchState) -> None:
    assert not is_due(make_batch(state=state), NOON + timedelta(days=9))


@pytest.mark.parametrize("state", sorted(set(BatchState) - SETTLED))
def test_an_unsettled_batch_is_due_from_its_next_attempt_on(state: BatchState) -> None:
    batch = make_batch(state=state)

    assert not is_due(batch, next_attempt(batch) - timedelta(microseconds=1))
    assert is_due(batch, next_attempt(batch))


def test_waits_double_from_five_minutes_to_two_hours() -> None:
    attempts = (1, 2, 3, 4, 5, 6, 7, 500)
    waits = [next_attempt(make_note(attempts=n)) - NOON for n in attempts]

    assert [wait.total_seconds() / 60 for wait in waits] == [5, 10, 20, 40, 80, 120, 120, 120]
    assert (min(waits), max(waits)) == (FIRST_WAIT, LONGEST_WAIT)


def test_a_wait_begins_when_the_batch_was_last_asked_for() -> None:
    batch = make_note(seen=NOON, last_seen=LATER)

    assert next_attempt(batch) == LATER + FIRST_WAIT


def test_far_fewer_announcements_than_usual_are_not_believed() -> None:
    usual = [sized(100, FRIDAY_BEFORE - timedelta(days=n)) for n in range(3)]
    verdict = judge(some(12), earlier=usual)

    assert verdict.state is BatchState.PARTIAL
    assert "12" in verdict.reason
    assert "100" in verdict.reason


def test_a_quarter_of_the_usual_is_still_believed() -> None:
    usual = [sized(100, FRIDAY_BEFORE - timedelta(days=n)) for n in range(3)]

    assert judge(some(25), earlier=usual).state is BatchState.OK


def test_a_new_paper_implies_its_cross_lists_in_followed_categories() -> None:
    listed = [(make_announcement(category="cs.LG"), ("cs.LG", "cs.AI", "cs.NA", "math.NA", "hep-th"))]

    implied = list(imply_crosslists(listed, {"cs.AI", "cs.LG", "math.NA"}))
    assert [(a.category, a.kind, a.origin) for a in implied] == [
        ("cs.AI", Kind.CROSS, Origin.REBUILT),
        ("math.NA", Kind.CROSS, Origin.REBUILT),
    ]


@pytest.mark.parametrize("kind", [Kind.CROSS, Kind.REPLACE, Kind.REPLACE_CROSS])
def test_only_a_new_paper_implies_anything(kind: Kind) -> None:
    listed = [(make_announcement(category="cs.LG", kind=kind), ("cs.LG", "cs.AI"))]

    assert list(imply_crosslists(listed, {"cs.AI", "cs.LG"})) == []


def test_a_listing_without_what_others_show_as_its_cross_lists_is_partial() -> None:
    rows = [make_announcement(), replace(make_announcement("2601.00002"), origin=Origin.REBUILT)]

    judged = judge_missing(make_batch(rows), rows, {"2601.00001"})
    assert judged.state is BatchState.PARTIAL
    assert "2601.00002" in judged.reason


def test_a_listing_that_shows_them_stays_as_it_is() -> None:
    rows = [make_announcement(), replace(make_announcement("2601.00002"), origin=Origin.REBUILT)]
    batch = make_batch(rows)

    assert judge_missing(batch, rows, {"2601.00001", "2601.00002"}) == batch


def test_what_was_asked_for_in_the_evening_is_asked_for_anew_after_the_switch() -> None:
    evening = make_note(BatchState.STALE, seen=switches_at(MONDAY) - timedelta(minutes=10), attempts=6)

    assert not is_due(evening, switches_at(MONDAY) - timedelta(minutes=1))
    assert is_due(evening, switches_at(MONDAY))
