"""Rows of the hub for tests: targets, intents, and subscriptions that were confirmed."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from feedsvc.store import Store
from feedsvc.websub.request import Mode
from feedsvc.websub.values import HubLimits, Intent, Subscription, Target
from tests.builders import NOON

TOPIC = "https://feeds.example.org/feeds/cs.AI.xml"
CALLBACK = "https://reader.example/callback"


def make_target(callback: str = CALLBACK, topic: str = TOPIC) -> Target:
    """Make the target of a category's document in English."""
    feed, _, format_ = topic.rpartition("/")[2].rpartition(".")
    return Target(topic, callback, urlsplit(callback).hostname or "", (feed, format_, "en"))


def make_intent(
    callback: str = CALLBACK,
    topic: str = TOPIC,
    mode: Mode = Mode.SUBSCRIBE,
    *,
    secret: str | None = None,
    client: str = "",
    lease_seconds: int = 3600,
) -> Intent:
    """Make an intent for an hour."""
    return Intent(make_target(callback, topic), mode, lease_seconds, secret, client)


def subscribe(
    store: Store,
    callback: str = CALLBACK,
    topic: str = TOPIC,
    *,
    now: datetime = NOON,
    secret: str | None = None,
    lease_seconds: int = 3600,
) -> Subscription:
    """Have a subscription confirmed."""
    intent = make_intent(callback, topic, secret=secret, lease_seconds=lease_seconds)
    assert store.subscriptions.confirm(intent, now, HubLimits()) is None
    found = store.subscriptions.find(topic, callback)
    assert found is not None
    return found
