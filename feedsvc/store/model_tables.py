"""The tables of digests that a language model makes: what was ordered, answered, found wrong and spent."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from feedsvc.store.schema import UtcDateTime, metadata

# A digest that a model is to make, or of a `free` order only to recall, and whether its paper is held back
# from its language until then.
orders = Table(
    "orders",
    metadata,
    Column("paper", String(32), nullable=False),
    Column("version", Integer, nullable=False),
    Column("language", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("free", Boolean, nullable=False),
    Column("held", Boolean, nullable=False),
    Column("held_until", UtcDateTime, nullable=False),
    Column("ordered_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    PrimaryKeyConstraint("paper", "version", "language"),
    Index("orders_by_state", "state", "due_at"),
    Index("orders_by_hold", "held", "held_until"),
    Index("orders_by_revision", "revision"),
)

# What came of asking, by a hash of all that was asked.
answers = Table(
    "answers",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("text", Text, nullable=False),
)

# What the checks found wrong with digests, attempt by attempt.
findings = Table(
    "findings",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("paper", String(32), nullable=False),
    Column("version", Integer, nullable=False),
    Column("language", String(16), nullable=False),
    Column("model", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("rule", String(16), nullable=False),
    Column("place", String(32), nullable=False),
    Column("message", Text, nullable=False),
    Column("found_at", UtcDateTime, nullable=False),
    Index("findings_by_rule", "rule"),
    Index("findings_by_paper", "paper", "version"),
)

# What was set aside or spent a day on each model; several processes spend from one row.
spendings = Table(
    "spendings",
    metadata,
    Column("day", Date, nullable=False),
    Column("model", String(255), nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("millionths", BigInteger, nullable=False),
    PrimaryKeyConstraint("day", "model"),
)


def create_model_tables(connection: Connection) -> None:
    """Make the tables, where they are not there yet."""
    metadata.create_all(connection, tables=[orders, answers, findings, spendings])
