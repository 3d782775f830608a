"""The hub's tables, which came after the schema's first step. Instants that are only compared are seconds."""

from __future__ import annotations

import hashlib

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Date,
    Float,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from feedsvc.store.schema import UtcDateTime

metadata = MetaData()

# What was asked of the hub and waits to be confirmed by its callback, or is to be told to one.
intents = Table(
    "hub_intents",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("mode", String(16), nullable=False),
    Column("topic", Text, nullable=False),
    Column("callback", Text, nullable=False),
    Column("host", String(255), nullable=False),
    Column("client", String(64), nullable=False),
    Column("feed", Text, nullable=False),
    Column("format", String(16), nullable=False),
    Column("language", String(16), nullable=False),
    Column("lease_seconds", Integer, nullable=False),
    Column("secret", Text),
    Column("reason", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Float, nullable=False),
    Column("held_until", Float, nullable=False),
    Index("hub_intents_by_due", "due_at"),
    Index("hub_intents_by_host", "host"),
    Index("hub_intents_by_client", "client"),
)

# `key` is a hash of topic and callback, which are too long for an index of their own.
subscriptions = Table(
    "hub_subscriptions",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("key", String(64), nullable=False, unique=True),
    Column("topic", Text, nullable=False),
    Column("callback", Text, nullable=False),
    Column("host", String(255), nullable=False),
    Column("feed", Text, nullable=False),
    Column("format", String(16), nullable=False),
    Column("language", String(16), nullable=False),
    Column("secret", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("delivered_etag", String(64)),
    Column("delivered_at", UtcDateTime),
    Column("failures", Integer, nullable=False),
    Column("last_failure", Text, nullable=False),
    Index("hub_subscriptions_by_document", "feed", "format", "language", "number"),
    Index("hub_subscriptions_by_host", "host"),
    Index("hub_subscriptions_by_end", "expires_at"),
    sqlite_autoincrement=True,  # no number is ever given out again
)

# A document that changed, until each of its subscribers has a delivery. Subscriptions behind number `after`
# have none yet; those behind `until` came later than the change.
notices = Table(
    "hub_notices",
    metadata,
    Column("feed", Text, nullable=False),
    Column("format", String(16), nullable=False),
    Column("language", String(16), nullable=False),
    Column("etag", String(64), nullable=False),
    Column("after", Integer, nullable=False),
    Column("until", Integer, nullable=False),
    PrimaryKeyConstraint("feed", "format", "language"),
)

# At most one for a subscription, so that nothing but the newest document is ever due. `behind` is 1 for
# subscribers who failed the last time: they wait until the others are served.
deliveries = Table(
    "hub_deliveries",
    metadata,
    Column("subscription", Integer, primary_key=True, autoincrement=False),
    Column("host", String(255), nullable=False),
    Column("etag", String(64), nullable=False),
    Column("queued_at", Float, nullable=False),
    Column("due_at", Float, nullable=False),
    Column("held_until", Float, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("behind", Integer, nullable=False),
    Index("hub_deliveries_by_due", "behind", "due_at", "subscription"),
    Index("hub_deliveries_by_queue", "queued_at"),
)

# The last states of each document, by a mark for each entry in its order: what is new since which.
marked = Table(
    "hub_marks",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("feed", Text, nullable=False),
    Column("format", String(16), nullable=False),
    Column("language", String(16), nullable=False),
    Column("etag", String(64), nullable=False),
    Column("marks", JSON, nullable=False),
    Index("hub_marks_by_document", "feed", "format", "language", "number"),
)

# Which other hubs are still to be told of a topic's change; `key` is a hash of both.
pings = Table(
    "hub_pings",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("hub", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Float, nullable=False),
    Column("held_until", Float, nullable=False),
)

# How often each came about, whichever process it was in.
outcomes = Table(
    "hub_outcomes",
    metadata,
    Column("day", Date, nullable=False),
    Column("what", String(16), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("count", Integer, nullable=False),
    PrimaryKeyConstraint("day", "what", "outcome"),
)


def create_hub_tables(connection: Connection) -> None:
    """Take the schema's step to a hub."""
    metadata.create_all(connection)


def make_key(first: str, second: str) -> str:
    """Give what a row is found by whose two texts are too long for an index."""
    return hashlib.sha256(f"{first}\0{second}".encode()).hexdigest()
