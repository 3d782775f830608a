"""What the hub keeps: intents that wait, subscriptions, and what is due to whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from feedsvc.paper import DocumentKey
from feedsvc.websub.request import Mode


@dataclass(frozen=True, slots=True)
class Target:
    """A subscription's identity: topic and callback; and what they are here: a document and a host."""

    topic: str
    callback: str
    host: str
    document: DocumentKey


@dataclass(frozen=True, slots=True)
class Intent:
    """Something to be asked or told of a callback; `lease_seconds` is granted already.

    `client` is the address that asked; it goes when the intent does.
    """

    target: Target
    mode: Mode
    lease_seconds: int = 0
    secret: str | None = field(default=None, repr=False)
    client: str = ""
    reason: str = ""
    attempts: int = 0
    number: int = 0
    held_until: float = 0.0


@dataclass(frozen=True, slots=True)
class Subscription:
    """A confirmed subscription and how it goes; `failures` in a row, `delivered_at` None if never."""

    target: Target
    secret: str | None = field(repr=False)
    created_at: datetime
    expires_at: datetime
    delivered_etag: str | None
    delivered_at: datetime | None
    failures: int
    last_failure: str
    number: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """A document that is due to a subscriber, held by one worker until an instant.

    `etag` is what was due when it was taken, `delivered_etag` what the subscriber last got.
    """

    number: int
    target: Target
    secret: str | None = field(repr=False)
    etag: str
    delivered_etag: str | None
    attempts: int
    held_until: float


@dataclass(frozen=True, slots=True)
class Ping:
    """Another hub, to be told that a topic of ours has changed."""

    hub: str
    topic: str
    attempts: int
    held_until: float


@dataclass(frozen=True, slots=True)
class HubLimits:
    """How much may wait for verification, and how many subscriptions there may be."""

    waiting: int = 10_000
    waiting_per_host: int = 200
    waiting_per_client: int = 200
    subscriptions: int = 1_000_000
    per_host: int = 100_000
    per_topic: int = 500_000
