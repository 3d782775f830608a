"""Deliveries: queued with the document, taken by one, the newest only, none lost and none out of order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from feedsvc.store import Store
from feedsvc.store.deliveries import Sent
from feedsvc.store.documents import Stamp
from feedsvc.store.marks import KEPT
from feedsvc.websub.values import Delivery
from tests.builders import NOON, make_document
from tests.hub_rows import TOPIC, subscribe

KEY = ("cs.AI", "xml", "en")
STAMP = Stamp("recipe", 7, 3)
SECOND = timedelta(seconds=1)


def publish(store: Store, etag: str, marks: Sequence[str] = ()) -> None:
    """Save a document with one entry more than ever, or with these marks."""
    document = make_document(etag=etag, body=etag.encode())
    store.documents.save(document, STAMP, marks=marks or [f"entry of {etag}"])


def spread(store: Store, now: datetime = NOON) -> None:
    for key in store.deliveries.noticed():
        while store.deliveries.spread(key, now, most=2):
            pass


def take(store: Store, now: datetime = NOON, without: Sequence[str] = ()) -> tuple[Delivery, ...]:
    return store.deliveries.take(now, 60, 100, without)


def deliver(store: Store, delivery: Delivery, etag: str | None = None, now: datetime = NOON) -> None:
    store.deliveries.finish([Sent(delivery, "200", etag=etag or delivery.etag)], now)


def test_a_changed_document_is_due_to_each_of_its_subscribers(store: Store) -> None:
    for number in range(5):
        subscribe(store, f"https://reader.example/{number}")
    subscribe(store, topic=TOPIC.replace("cs.AI", "cs.LG"))
    publish(store, "one")

    spread(store)

    taken = take(store)
    assert [each.target.callback[-1] for each in taken] == list("01234")
    assert {each.etag for each in taken} == {"one"}


def test_it_is_queued_in_the_transaction_that_saves_the_document(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If keeping the notice fails, there is no document either."""
    subscribe(store)
    monkeypatch.setattr(
        "feedsvc.store.documents.note_marks", lambda *_: (_ for _ in ()).throw(RuntimeError("killed"))
    )

    with pytest.raises(RuntimeError, match="killed"):
        publish(store, "one")

    assert store.documents.find(KEY) is None
    assert store.deliveries.noticed() == ()


def test_spreading_goes_on_where_it_was(store: Store) -> None:
    for number in range(5):
        subscribe(store, f"https://reader.example/{number}")
    publish(store, "one")

    assert store.deliveries.spread(KEY, NOON, most=2)
    assert len(take(store)) == 2
    assert store.deliveries.spread(KEY, NOON, most=2)
    assert not store.deliveries.spread(KEY, NOON, most=2)

    assert len(take(store)) == 3
    assert store.deliveries.noticed() == ()


def test_the_same_bytes_are_due_to_nobody(store: Store) -> None:
    subscribe(store)
    publish(store, "one")
    spread(store)
    deliver(store, take(store)[0])

    publish(store, "one")

    assert store.deliveries.noticed() == ()


def test_a_late_digest_or_an_entry_that_fell_out_is_due_to_nobody(store: Store) -> None:
    publish(store, "one", ["a", "b"])
    spread(store)

    publish(store, "two", ["a", "b"])
    publish(store, "three", ["a"])

    assert store.deliveries.noticed() == ()


def test_a_new_entry_is_due(store: Store) -> None:
    publish(store, "one", ["a", "b"])
    spread(store)

    publish(store, "two", ["c", "a"])

    assert store.deliveries.noticed() == (KEY,)


def test_only_the_newest_state_is_ever_due(store: Store) -> None:
    subscribe(store)
    for etag in ("one", "two", "three"):
        publish(store, etag)
        spread(store)

    assert [each.etag for each in take(store)] == ["three"]


def test_a_delivery_is_done_when_it_was_delivered(store: Store) -> None:
    known = subscribe(store)
    publish(store, "one")
    spread(store)

    deliver(store, take(store)[0])

    assert not store.deliveries.has_due(NOON + timedelta(days=1))
    found = store.subscriptions.find(TOPIC, known.target.callback)
    assert found is not None
    assert (found.delivered_etag, found.delivered_at) == ("one", NOON)


def test_what_a_killed_worker_held_is_due_again_when_its_time_is_over(store: Store) -> None:
    subscribe(store)
    publish(store, "one")
    spread(store)
    assert len(take(store)) == 1

    assert take(store, NOON + 59 * SECOND) == ()
    assert [each.etag for each in take(store, NOON + 60 * SECOND)] == ["one"]


def test_a_newer_state_waits_until_the_older_one_is_on_no_wire(store: Store) -> None:
    """Else it could be overtaken by the older one."""
    subscribe(store)
    publish(store, "one")
    spread(store)
    (held,) = take(store)
    publish(store, "two")
    spread(store)
    assert take(store, NOON + SECOND) == ()

    deliver(store, held)

    assert [each.etag for each in take(store, NOON + SECOND)] == ["two"]


def test_a_newer_state_that_was_sent_already_is_not_sent_twice(store: Store) -> None:
    subscribe(store)
    publish(store, "one")
    spread(store)
    (held,) = take(store)
    publish(store, "two")

    deliver(store, held, etag="two")
    spread(store)

    assert take(store, NOON + SECOND) == ()


def test_who_failed_gets_the_next_state_at_once(store: Store) -> None:
    subscribe(store)
    publish(store, "one")
    spread(store)
    store.deliveries.finish([Sent(take(store)[0], "500", again_after=3600.0, reason="HTTP 500")], NOON)
    assert take(store, NOON + SECOND) == ()

    publish(store, "two")
    spread(store, NOON + SECOND)

    (due,) = take(store, NOON + SECOND)
    assert (due.etag, due.attempts) == ("two", 0)


def test_a_failure_is_kept_with_its_reason_until_a_success(store: Store) -> None:
    known = subscribe(store)
    publish(store, "one")
    spread(store)
    store.deliveries.finish([Sent(take(store)[0], "500", again_after=10.0, reason="HTTP 500")], NOON)

    (failing,) = store.subscriptions.walk(failing=True)
    assert (failing.failures, failing.last_failure) == (1, "HTTP 500")
    (again,) = take(store, NOON + 10 * SECOND)
    assert again.attempts == 1

    deliver(store, again)
    found = store.subscriptions.find(TOPIC, known.target.callback)
    assert found is not None
    assert (found.failures, found.last_failure) == (0, "")


def test_a_given_up_delivery_leaves_the_subscription(store: Store) -> None:
    subscribe(store)
    publish(store, "one")
    spread(store)

    store.deliveries.finish([Sent(take(store)[0], "500", reason="HTTP 500")], NOON)

    assert not store.deliveries.has_due(NOON + timedelta(days=1))
    assert store.subscriptions.sum_up().subscriptions == 1


def test_a_postponed_delivery_counts_as_no_attempt(store: Store) -> None:
    subscribe(store)
    publish(store, "one")
    spread(store)
    store.deliveries.finish([Sent(take(store)[0], "left", again_after=5.0, is_attempt=False)], NOON)

    (again,) = take(store, NOON + 5 * SECOND)

    assert again.attempts == 0
    assert store.subscriptions.sum_up().outcomes == {("verification", "confirmed"): 1}


def test_a_subscriber_that_is_gone_is_dropped_with_what_is_due(store: Store) -> None:
    subscribe(store)
    publish(store, "one")
    spread(store)

    store.deliveries.finish([Sent(take(store)[0], "410", is_gone=True)], NOON)

    figures = store.subscriptions.sum_up()
    assert (figures.subscriptions, figures.deliveries) == (0, 0)


def test_nothing_is_due_after_the_end_of_a_lease(store: Store) -> None:
    subscribe(store)
    publish(store, "one")
    spread(store)

    assert take(store, NOON + timedelta(hours=1)) == ()


def test_who_lets_a_delivery_go_too_late_does_not_disturb_its_next_holder(store: Store) -> None:
    subscribe(store)
    publish(store, "one")
    spread(store)
    (dead,) = take(store)
    later = NOON + 60 * SECOND
    (holder,) = take(store, later)

    store.deliveries.finish([Sent(dead, "500", again_after=0.0)], later)

    assert take(store, later) == ()
    deliver(store, holder)
    assert not store.deliveries.has_due(NOON + timedelta(days=1))


def test_hosts_can_be_left_out(store: Store) -> None:
    subscribe(store, "https://a.example/")
    subscribe(store, "https://b.example/")
    publish(store, "one")
    spread(store)

    assert [each.target.host for each in take(store, without=["a.example"])] == ["b.example"]


def test_who_failed_last_time_stands_behind_those_who_did_not(store: Store) -> None:
    subscribe(store, "https://dead.example/")
    subscribe(store, "https://well.example/")
    publish(store, "one")
    spread(store)
    dead, well = take(store)
    store.deliveries.finish([Sent(dead, "silent", again_after=1.0), Sent(well, "200", etag="one")], NOON)
    publish(store, "two")
    spread(store, NOON + SECOND)

    assert [each.target.host for each in take(store, NOON + SECOND)] == ["well.example", "dead.example"]


def test_outcomes_are_counted(store: Store) -> None:
    subscribe(store)
    publish(store, "one")
    spread(store)
    deliver(store, take(store)[0])

    assert store.subscriptions.sum_up().outcomes == {("delivery", "200"): 1, ("verification", "confirmed"): 1}


def test_the_last_states_of_a_subscribed_document_are_kept(store: Store) -> None:
    subscribe(store)
    for number in range(KEPT + 2):
        publish(store, str(number), [f"m{number}", "old"])

    assert store.deliveries.find_marks(KEY, "1") is None
    assert store.deliveries.find_marks(KEY, "2") == ("m2", "old")


def test_of_a_document_without_subscribers_only_the_last_state_is_kept(store: Store) -> None:
    publish(store, "one", ["a"])
    publish(store, "two", ["b"])

    assert store.deliveries.find_marks(KEY, "one") is None
    assert store.deliveries.find_marks(KEY, "two") == ("b",)


def test_a_document_that_is_no_more_is_due_to_nobody(store: Store) -> None:
    subscribe(store)
    publish(store, "one")

    store.documents.keep_only([])

    assert store.deliveries.noticed() == ()


def test_who_subscribes_after_the_change_is_due_the_next_one(store: Store) -> None:
    publish(store, "one")
    subscribe(store)
    spread(store)
    assert take(store) == ()

    publish(store, "two")
    spread(store)

    assert [each.etag for each in take(store)] == ["two"]
