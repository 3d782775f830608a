"""Values for tests, complete in every field that a test does not care about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import delete, text

from feedsvc.coding import GZIP, pack
from feedsvc.ledger import count_kinds, fingerprint_batch
from feedsvc.paper import Announcement, Author, Batch, BatchState, Digest, Document, Kind, Paper
from feedsvc.store import Store, schema
from feedsvc.store.engine import write

MONDAY = date(2026, 1, 5)
NOON = datetime(2026, 1, 5, 17, 0, tzinfo=UTC)


def make_paper(id: str = "2601.00001", version: int = 1, **fields: Any) -> Paper:
    """Make a paper as a listing tells of it."""
    paper = Paper(
        id=id,
        version=version,
        title=f"On the matter of {id}",
        abstract=f"We look into {id}. Nothing is found. More work is needed.",
        authors=(Author("Ada Lovelace"), Author("Charles Babbage", ("Cambridge",))),
        categories=("cs.AI", "cs.LG"),
    )
    return replace(paper, **fields)


def make_announcement(
    paper_id: str = "2601.00001",
    category: str = "cs.AI",
    day: date = MONDAY,
    kind: Kind = Kind.NEW,
    version: int = 1,
    released: date | None = MONDAY,
) -> Announcement:
    """Make an announcement, released on Monday, 5 January 2026."""
    return Announcement(day, category, paper_id, version, kind, released)


def make_batch(
    announcements: Sequence[Announcement] = (),
    *,
    category: str = "cs.AI",
    day: date = MONDAY,
    state: BatchState = BatchState.OK,
    seen: datetime = NOON,
    **fields: Any,
) -> Batch:
    """Make the batch that shows these announcements, seen once; its category and day are the first's."""
    if announcements:
        category, day = announcements[0].category, announcements[0].day
    batch = Batch(
        day=day,
        category=category,
        state=state,
        source="rss",
        fingerprint=fingerprint_batch(announcements),
        counts=count_kinds(announcements),
        first_seen=seen,
        last_seen=seen,
    )
    return replace(batch, **fields)


def make_note(state: BatchState = BatchState.FAILED, **fields: Any) -> Batch:
    """Make the batch that says only that the day was asked for in vain."""
    return make_batch(state=state, **{"source": "listing", "fingerprint": "", "reason": "in vain"} | fields)


def make_digest(
    paper_id: str = "2601.00001", version: int = 1, language: str = "en", **fields: Any
) -> Digest:
    """Make an extractive digest of what `make_paper` makes."""
    digest = Digest(
        paper=paper_id,
        version=version,
        language=language,
        method="extractive",
        background=(f"We look into {paper_id}.",),
        innovation=("Nothing is found.",),
        conclusion=("More work is needed.",),
    )
    return replace(digest, **fields)


def make_document(feed: str = "cs.AI", format: str = "xml", language: str = "en", **fields: Any) -> Document:
    """Make a document; its bytes are no feed."""
    document = Document(
        feed=feed,
        format=format,
        language=language,
        content_type="application/atom+xml",
        packed=pack(fields.pop("body", b"<feed/>"), GZIP),
        etag="one",
        changed_at=NOON,
    )
    return replace(document, **fields)


def empty_store(store: Store) -> None:
    """Take every paper, announcement, batch and digest out of a store, and the words with them."""
    with write(store.engine) as connection:
        for table in (schema.announcements, schema.digests, schema.batches, schema.papers):
            connection.execute(delete(table))
        connection.execute(text("DELETE FROM words"))
