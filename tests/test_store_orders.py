"""Orders of a model's digests: placed with what is announced, each one worker's, and papers held back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from feedsvc.paper import Kind
from feedsvc.store import Store, open_store
from feedsvc.store.orders import Ordering, OrderState
from tests.builders import MONDAY, NOON, make_announcement, make_batch, make_digest, make_paper
from tests.loopback import FakeClock

HOLD = timedelta(minutes=90)
LEASE = timedelta(minutes=15)
KEY = ("2601.00001", 1)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """Give an empty store that orders digests in English and Chinese."""
    opened = open_store(database_url, Ordering(("en", "zh"), HOLD, FakeClock()))
    opened.migrate()
    yield opened
    opened.close()


def announce(store: Store, paper: str = "2601.00001", version: int = 1, **fields: object) -> None:
    announcement = make_announcement(paper, version=version, **fields)  # type: ignore[arg-type]
    store.ledger.record_batch(make_batch([announcement]), [make_paper(paper, version)], [announcement])


def taken(store: Store, minutes: int = 0, limit: int = 10) -> list[tuple[str, str]]:
    now = NOON + timedelta(minutes=minutes)
    return [(order.paper, order.language) for order in store.orders.take(now, LEASE, limit)]


def test_what_is_announced_is_ordered_in_every_language(store: Store) -> None:
    announce(store)

    assert store.orders.count() == {("en", OrderState.AWAITED): 1, ("zh", OrderState.AWAITED): 1}
    assert "zh" in store.orders.awaited_languages()


def test_only_what_is_translated_is_held_back(store: Store) -> None:
    announce(store)

    assert store.orders.held([KEY[0]], "zh") == {KEY}
    assert store.orders.held([KEY[0]], "en") == frozenset()


def test_history_is_not_ordered(store: Store) -> None:
    announce(store, released=None)

    assert store.orders.count() == {}


def test_a_replacement_is_ordered_only_if_it_costs_nothing_and_is_not_held_back(store: Store) -> None:
    announce(store, version=2, kind=Kind.REPLACE)
    announce(store, "2601.00002")
    free = {order.paper: order.free for order in store.orders.take(NOON, LEASE, 10)}

    assert free == {"2601.00001": True, "2601.00002": False}
    assert store.orders.held([KEY[0]], "zh") == frozenset()


def test_a_paper_is_ordered_once_however_often_it_is_announced(store: Store) -> None:
    announce(store)
    store.orders.close(store.orders.take(NOON, LEASE, 1)[0], OrderState.REFUSED)
    announce(store)
    announce(store, category="cs.LG", kind=Kind.CROSS)

    assert store.orders.count() == {("en", OrderState.AWAITED): 1, ("zh", OrderState.REFUSED): 1}


def test_what_stands_in_feeds_already_is_not_held_back(database_url: str) -> None:
    """A paper announced before there was a model, and cross-listed since."""
    before = open_store(database_url)
    before.migrate()
    announce(before)
    before.close()
    store = open_store(database_url, Ordering(("zh",), HOLD, FakeClock()))
    announce(store, category="cs.LG", kind=Kind.CROSS, day=MONDAY + timedelta(days=1))

    assert "zh" in store.orders.awaited_languages()
    assert store.orders.held([KEY[0]], "zh") == frozenset()
    store.close()


def test_a_paper_that_has_a_written_digest_is_not_ordered(store: Store) -> None:
    store.papers.save([make_paper()])
    store.digests.save([make_digest(language="zh", method="by hand")])
    announce(store)

    assert store.orders.count() == {("en", OrderState.AWAITED): 1}


def test_a_store_without_an_ordering_orders_nothing(database_url: str) -> None:
    plain = open_store(database_url)
    plain.migrate()
    announce(plain)

    assert plain.orders.count() == {}
    plain.close()


def test_what_holds_papers_back_is_taken_first(store: Store) -> None:
    announce(store)
    announce(store, "2601.00002")

    assert [language for _, language in taken(store)] == ["zh", "zh", "en", "en"]


def test_an_order_is_one_workers_until_its_lease_ends(store: Store) -> None:
    announce(store)

    assert len(taken(store, limit=1)) == 1
    assert taken(store) == [("2601.00001", "en")]
    assert taken(store, minutes=14) == []
    assert len(taken(store, minutes=15)) == 2


def test_a_postponed_order_waits(store: Store) -> None:
    announce(store)
    for order in store.orders.take(NOON, LEASE, 10):
        store.orders.postpone(order, NOON + timedelta(hours=1))

    assert taken(store, minutes=59) == []
    assert len(taken(store, minutes=60)) == 2


def test_a_models_digest_closes_its_order_and_lets_its_paper_go(store: Store) -> None:
    announce(store)
    store.digests.save([make_digest(language="zh", method="fake")])

    assert store.orders.count()["zh", OrderState.MADE] == 1
    assert store.orders.held([KEY[0]], "zh") == frozenset()
    assert "zh" not in store.orders.awaited_languages()


def test_an_extractive_digest_closes_no_order(store: Store) -> None:
    announce(store)
    store.digests.save([make_digest()])

    assert "en" in store.orders.awaited_languages()


def test_an_extractive_digest_does_not_replace_a_models(store: Store) -> None:
    announce(store)
    written = make_digest(method="fake")
    store.digests.save([written])

    assert store.digests.save([make_digest()]) == 0
    assert store.digests.load([KEY], ["en"]) == {KEY: written}


def test_a_paper_is_let_go_when_its_time_is_over_and_that_is_a_change(store: Store) -> None:
    announce(store)
    before = store.revision()

    assert store.orders.release(NOON + HOLD - timedelta(seconds=1)) == 0
    assert store.revision() == before
    assert store.orders.release(NOON + HOLD) == 1
    assert store.revision() == before + 1
    assert [s.paper.id for s in store.announcements.changed_since(before, 10)] == ["2601.00001"]
    assert store.orders.release(NOON + HOLD) == 0


def test_a_digest_is_still_awaited_when_its_paper_was_let_go(store: Store) -> None:
    announce(store)
    store.orders.release(NOON + HOLD)

    assert "zh" in store.orders.awaited_languages()


def test_a_refused_digest_lets_its_paper_go(store: Store) -> None:
    announce(store)
    order = store.orders.take(NOON, LEASE, 1)[0]
    before = store.revision()
    store.orders.close(order, OrderState.REFUSED)

    assert store.orders.held([KEY[0]], "zh") == frozenset()
    assert store.revision() == before + 1


def test_closing_what_held_nothing_back_changes_no_document(store: Store) -> None:
    announce(store)
    order = store.orders.take(NOON, LEASE, 2)[1]
    before = store.revision()
    store.orders.close(order, OrderState.UNPAID)

    assert store.revision() == before
    assert store.orders.count()["en", OrderState.UNPAID] == 1


def test_old_orders_are_forgotten_unless_they_hold_something_back(store: Store) -> None:
    announce(store)

    assert store.orders.forget(NOON) == 0
    assert store.orders.forget(NOON + timedelta(days=60)) == 1
    assert store.orders.held([KEY[0]], "zh") == {KEY}
