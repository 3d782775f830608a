"""The tables. Every change of them is a step in `migrations`, appended, never edited."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.engine import Dialect

metadata = MetaData()

ARXIV = "arxiv"
"""The one row of `paces`: all of arXiv's hosts share a pace."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC; SQLite keeps no time zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse what is not UTC, so that nothing else ever gets into a table."""
        if value is not None and value.tzinfo is not UTC:
            raise ValueError(f"{value!r} is not in UTC: expected an aware datetime with tzinfo=UTC")
        return value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the instant back in UTC, whatever zone the driver spoke."""
        if value is None:
            return None
        return (
            value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=UTC)
        )


# One row: the number of the newest change of content. What a change wrote carries the number it had,
# so that "what came since" is a comparison and a document knows how far it was built. `dropped` is the number
# of the newest one that took an announcement out, since no row is left to tell of it.
revisions = Table(
    "revisions",
    metadata,
    Column("value", Integer, nullable=False),
    Column("dropped", Integer, nullable=False, server_default="0"),
)

papers = Table(
    "papers",
    metadata,
    Column("paper", String(32), nullable=False),
    Column("version", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("abstract", Text, nullable=False),
    Column("authors", JSON, nullable=False),
    Column("categories", JSON, nullable=False),
    Column("comments", Text),
    Column("doi", Text),
    Column("journal_ref", Text),
    Column("license", Text),
    Column("submitted", UtcDateTime),
    Column("revised", UtcDateTime),
    Column("complete", Boolean, nullable=False),
    Column("asked_at", UtcDateTime),
    Column("revision", Integer, nullable=False),
    PrimaryKeyConstraint("paper", "version"),
    Index("papers_by_revision", "revision"),
    Index("papers_incomplete", "complete", "asked_at"),
)

announcements = Table(
    "announcements",
    metadata,
    Column("day", Date, nullable=False),
    Column("category", String(32), nullable=False),
    Column("paper", String(32), nullable=False),
    Column("version", Integer, nullable=False),
    Column("place", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("released", Date),
    Column("origin", String(16), nullable=False),
    Column("revision", Integer, nullable=False),
    PrimaryKeyConstraint("category", "day", "paper"),
    ForeignKeyConstraint(["paper", "version"], ["papers.paper", "papers.version"]),
    Index("announcements_by_paper", "paper", "version"),
    Index("announcements_by_place", "place"),
    Index("announcements_by_release", "released", "place"),
    Index("announcements_by_category_release", "category", "released"),
    Index("announcements_by_revision", "revision"),
)

batches = Table(
    "batches",
    metadata,
    Column("category", String(32), nullable=False),
    Column("day", Date, nullable=False),
    Column("state", String(16), nullable=False),
    Column("source", String(16), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("counts", JSON, nullable=False),
    Column("first_seen", UtcDateTime, nullable=False),
    Column("last_seen", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("category", "day"),
    Index("batches_by_day", "day"),
)

digests = Table(
    "digests",
    metadata,
    Column("paper", String(32), nullable=False),
    Column("version", Integer, nullable=False),
    Column("language", String(16), nullable=False),
    Column("method", Text, nullable=False),
    Column("title", Text),
    Column("background", JSON, nullable=False),
    Column("innovation", JSON, nullable=False),
    Column("conclusion", JSON, nullable=False),
    Column("revision", Integer, nullable=False),
    PrimaryKeyConstraint("paper", "version", "language"),
    ForeignKeyConstraint(["paper", "version"], ["papers.paper", "papers.version"]),
    Index("digests_by_revision", "revision"),
)

# What recent papers are compared by: see `likeness`. `version` was read, at the revision `read_at`.
sketches = Table(
    "sketches",
    metadata,
    Column("paper", String(32), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("since", Date, nullable=False),
    Column("tally", Integer, nullable=False),
    Column("read_at", Integer, nullable=False),
    Column("packed", LargeBinary, nullable=False),
    Column("revision", Integer, nullable=False),
    Index("sketches_by_since", "since"),
    Index("sketches_by_revision", "revision"),
)

# How many papers have each word: number 0 goes on counting, the others are what sketches were weighed by.
tallies = Table(
    "tallies",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("papers", Integer, nullable=False),
    Column("packed", LargeBinary, nullable=False),
)

documents = Table(
    "documents",
    metadata,
    Column("feed", Text, nullable=False),
    Column("format", String(16), nullable=False),
    Column("language", String(16), nullable=False),
    Column("recipe", String(64), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("papers", JSON, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("etag", String(64), nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    # The body is kept under gzip alone: plain it is five times as large, and seldom asked for.
    Column("size", Integer, nullable=False),
    Column("packed", LargeBinary, nullable=False),
    # The number in `editions` when the bytes changed last.
    Column("edition", Integer, nullable=False, server_default="0"),
    PrimaryKeyConstraint("feed", "format", "language"),
    Index("documents_by_edition", "edition"),
)

# One row: how often the bytes of any document changed, so that who keeps some knows when to look again, and
# the number when a document was dropped last, since no row is left to tell of it.
editions = Table(
    "editions",
    metadata,
    Column("value", Integer, nullable=False),
    Column("dropped", Integer, nullable=False, server_default="0"),
)

# What visitors saved. One that was deleted keeps its row, so that nobody else gets its name and its readers.
saved_feeds = Table(
    "saved_feeds",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("title", Text, nullable=False),
    Column("query", Text, nullable=False),
    Column("secret", String(64), nullable=False),
    Column("saved_at", UtcDateTime, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("deleted_at", UtcDateTime),
    Index("saved_feeds_by_asking", "asked_at"),
)

# How far a harvest over many pages has come, so that one that was killed goes on where it was.
harvests = Table(
    "harvests",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("token", Text),
    Column("records", Integer, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("touched_at", UtcDateTime, nullable=False),
    Column("done", Boolean, nullable=False),
)

# One row: who may talk to arXiv now, and when somebody last did.
paces = Table(
    "paces",
    metadata,
    Column("host", String(64), primary_key=True),
    Column("holder", String(64)),
    Column("held_until", Float, nullable=False),
    Column("free_at", Float, nullable=False),
)

# How many requests each host was sent a day, and how they went; several processes count here.
requests = Table(
    "requests",
    metadata,
    Column("day", Date, nullable=False),
    Column("host", String(255), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("count", Integer, nullable=False),
    PrimaryKeyConstraint("day", "host", "outcome"),
)

# How many subscribers an aggregator says that it has for a document. Nobody else is told of here.
subscribers = Table(
    "subscribers",
    metadata,
    Column("feed", Text, nullable=False),
    Column("format", String(16), nullable=False),
    Column("language", String(16), nullable=False),
    Column("agent", String(32), nullable=False),
    Column("count", Integer, nullable=False),
    Column("told_on", Date, nullable=False),
    PrimaryKeyConstraint("feed", "format", "language", "agent"),
)
