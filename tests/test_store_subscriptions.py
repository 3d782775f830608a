"""Subscriptions and intents: kept by topic and callback, changed only by what was confirmed, bounded."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from feedsvc.store import Store
from feedsvc.websub.request import Mode
from feedsvc.websub.values import HubLimits, Intent
from tests.builders import NOON
from tests.hub_rows import TOPIC, make_intent, make_target, subscribe

LIMITS = HubLimits()
HOUR = timedelta(hours=1)


def take_one(store: Store) -> Intent:
    (intent,) = store.intents.take(NOON, 60, 10)
    return intent


def test_an_intent_comes_back_as_it_was_asked(store: Store) -> None:
    asked = make_intent(secret="s", client="192.0.2.1")
    store.intents.add(asked, LIMITS, NOON)

    taken = take_one(store)

    assert taken == replace(asked, number=taken.number, held_until=taken.held_until)
    assert store.intents.count() == 1


def test_what_one_worker_holds_no_other_gets_until_it_is_taken_for_dead(store: Store) -> None:
    store.intents.add(make_intent(), LIMITS, NOON)
    assert store.intents.has_due(NOON)

    assert len(store.intents.take(NOON, 60, 10)) == 1
    assert (store.intents.take(NOON, 60, 10), store.intents.has_due(NOON)) == ((), False)
    assert len(store.intents.take(NOON + timedelta(seconds=60), 60, 10)) == 1


@pytest.mark.parametrize(
    ("limits", "what"),
    [
        (HubLimits(waiting=1), "all requests"),
        (HubLimits(waiting_per_host=1), "requests for reader.example"),
        (HubLimits(waiting_per_client=1), "requests from your address"),
    ],
)
def test_the_queue_is_bounded_in_all_by_host_and_by_client(
    limits: HubLimits, what: str, store: Store
) -> None:
    assert store.intents.add(make_intent(client="a"), limits, NOON) is None

    assert store.intents.add(make_intent(client="a"), limits, NOON) == what
    assert store.intents.count() == 1


def test_another_host_and_another_client_have_room_of_their_own(store: Store) -> None:
    limits = HubLimits(waiting_per_host=1, waiting_per_client=1)
    store.intents.add(make_intent(client="a"), limits, NOON)

    other = make_intent("https://other.example/", client="b")
    assert store.intents.add(other, limits, NOON) is None


def test_an_intent_can_wait_for_another_attempt(store: Store) -> None:
    store.intents.add(make_intent(), LIMITS, NOON)
    store.intents.postpone(take_one(store), 30, NOON)

    assert store.intents.take(NOON, 60, 10) == ()
    (again,) = store.intents.take(NOON + timedelta(seconds=30), 60, 10)
    assert again.attempts == 1


def test_nothing_is_subscribed_before_it_is_confirmed(store: Store) -> None:
    store.intents.add(make_intent(), LIMITS, NOON)
    assert store.subscriptions.find(TOPIC, make_target().callback) is None

    store.subscriptions.confirm(take_one(store), NOON, LIMITS)

    found = store.subscriptions.find(TOPIC, make_target().callback)
    assert found is not None
    assert found.expires_at == NOON + timedelta(seconds=3600)
    assert store.intents.count() == 0


def test_a_failed_intent_changes_no_subscription(store: Store) -> None:
    known = subscribe(store, secret="old")
    store.intents.add(make_intent(secret="new"), LIMITS, NOON)

    store.intents.finish(take_one(store), "refused", NOON)

    assert store.subscriptions.find(TOPIC, known.target.callback) == known


def test_a_confirmed_renewal_replaces_lease_and_secret_of_the_same_subscription(store: Store) -> None:
    known = subscribe(store, secret="old")

    renewed = subscribe(store, now=NOON + HOUR, secret=None)

    assert renewed.number == known.number
    assert (renewed.secret, renewed.expires_at) == (None, NOON + 2 * HOUR)
    assert store.subscriptions.sum_up().subscriptions == 1


def test_another_topic_or_callback_is_another_subscription(store: Store) -> None:
    subscribe(store)
    subscribe(store, "https://reader.example/other")
    subscribe(store, topic=TOPIC.replace("cs.AI", "cs.LG"))

    figures = store.subscriptions.sum_up()
    assert (figures.subscriptions, figures.topics) == (3, 2)


def test_a_confirmed_unsubscription_ends_it(store: Store) -> None:
    known = subscribe(store)
    store.intents.add(make_intent(mode=Mode.UNSUBSCRIBE), LIMITS, NOON)

    store.subscriptions.confirm(take_one(store), NOON, LIMITS)

    assert store.subscriptions.find(TOPIC, known.target.callback) is None


@pytest.mark.parametrize(
    ("limits", "what"),
    [
        (HubLimits(subscriptions=1), "this hub"),
        (HubLimits(per_host=1), "the host reader.example"),
        (HubLimits(per_topic=1), "this topic"),
    ],
)
def test_subscriptions_are_bounded_in_all_by_host_and_by_topic(
    limits: HubLimits, what: str, store: Store
) -> None:
    subscribe(store)
    store.intents.add(make_intent("https://reader.example/2"), LIMITS, NOON)

    refusal = store.subscriptions.confirm(take_one(store), NOON, limits)

    assert refusal == f"{what} has 1 subscriptions, and can have no more"
    assert store.subscriptions.sum_up().subscriptions == 1


def test_who_is_subscribed_can_renew_even_where_there_is_no_room(store: Store) -> None:
    subscribe(store)
    store.intents.add(make_intent(), LIMITS, NOON)

    assert store.subscriptions.confirm(take_one(store), NOON, HubLimits(subscriptions=1)) is None


def test_a_lease_ends_on_time(store: Store) -> None:
    subscribe(store)
    assert store.subscriptions.topics(NOON + HOUR - timedelta(seconds=1)) != {}

    assert store.subscriptions.topics(NOON + HOUR) == {}
    assert store.subscriptions.drop_expired(NOON + HOUR) == 1
    assert store.subscriptions.sum_up().subscriptions == 0


def test_who_is_ended_by_us_is_told_why(store: Store) -> None:
    known = subscribe(store)

    store.subscriptions.end([known.target], "the feed is no more", NOON)

    told = take_one(store)
    assert (told.mode, told.reason, told.target) == (Mode.DENIED, "the feed is no more", known.target)
    assert store.subscriptions.sum_up().subscriptions == 0


def test_subscriptions_are_walked_in_the_order_of_their_age(store: Store) -> None:
    callbacks = [f"https://reader.example/{number}" for number in (3, 1, 2)]
    for callback in callbacks:
        subscribe(store, callback)

    assert [each.target.callback for each in store.subscriptions.walk()] == callbacks
    assert list(store.subscriptions.walk(failing=True)) == []


def test_a_secret_is_in_no_text_that_a_log_could_show(store: Store) -> None:
    known = subscribe(store, secret="hush")

    assert "hush" not in repr(known)
    assert "hush" not in repr(make_intent(secret="hush"))


def test_subscriptions_are_counted_by_feed_in_all_formats(store: Store) -> None:
    assert store.subscriptions.count_by_feed() == {}

    subscribe(store)
    subscribe(store, topic=TOPIC.replace(".xml", ".json"))

    assert store.subscriptions.count_by_feed() == {"cs.AI": 2}
