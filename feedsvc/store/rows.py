"""Between values and rows, one pair of functions a table."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from feedsvc.paper import Announcement, Author, Batch, BatchState, Digest, Document, Kind, Origin, Paper
from feedsvc.store.place import place_of

_KINDS = {kind.value: kind for kind in Kind}
_ORIGINS = {origin.value: origin for origin in Origin}


def paper_row(paper: Paper) -> dict[str, Any]:
    """Give a paper version as a row of `papers`, without its revision."""
    return {
        "paper": paper.id,
        "version": paper.version,
        "title": paper.title,
        "abstract": paper.abstract,
        "authors": [[author.name, *author.affiliations] for author in paper.authors],
        "categories": list(paper.categories),
        "comments": paper.comments,
        "doi": paper.doi,
        "journal_ref": paper.journal_ref,
        "license": paper.license,
        "submitted": paper.submitted,
        "revised": paper.revised,
        "complete": paper.complete,
    }


def read_paper(row: Row[Any]) -> Paper:
    """Give the paper version that a row of `papers` holds."""
    return Paper(
        id=row.paper,
        version=row.version,
        title=row.title,
        abstract=row.abstract,
        authors=tuple(Author(name, tuple(affiliations)) for name, *affiliations in row.authors),
        categories=tuple(row.categories),
        comments=row.comments,
        doi=row.doi,
        journal_ref=row.journal_ref,
        license=row.license,
        submitted=row.submitted,
        revised=row.revised,
        complete=row.complete,
    )


def announcement_row(announcement: Announcement) -> dict[str, Any]:
    """Give an announcement as a row of `announcements`, without its revision."""
    return {
        "day": announcement.day,
        "category": announcement.category,
        "paper": announcement.paper,
        "version": announcement.version,
        "place": place_of(announcement.day, announcement.paper, announcement.version),
        "kind": announcement.kind.value,
        "released": announcement.released,
        "origin": announcement.origin.value,
    }


def read_announcement(row: Row[Any]) -> Announcement:
    """Give the announcement that a row of `announcements` holds."""
    # Found in a table: a search makes a hundred of these, and calling an enumeration costs three times that.
    kind, origin = _KINDS[row.kind], _ORIGINS[row.origin]
    return Announcement(row.day, row.category, row.paper, row.version, kind, row.released, origin)


def batch_row(batch: Batch) -> dict[str, Any]:
    """Give a batch as a row of `batches`."""
    return {
        "category": batch.category,
        "day": batch.day,
        "state": batch.state.value,
        "source": batch.source,
        "fingerprint": batch.fingerprint,
        "counts": {kind.value: count for kind, count in batch.counts},
        "first_seen": batch.first_seen,
        "last_seen": batch.last_seen,
        "attempts": batch.attempts,
        "reason": batch.reason,
    }


def read_batch(row: Row[Any]) -> Batch:
    """Give the batch that a row of `batches` holds."""
    counts = tuple((Kind(kind), count) for kind, count in row.counts.items())
    return Batch(
        day=row.day,
        category=row.category,
        state=BatchState(row.state),
        source=row.source,
        fingerprint=row.fingerprint,
        counts=tuple(sorted(counts, key=lambda item: item[0].rank)),
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        attempts=row.attempts,
        reason=row.reason,
    )


def digest_row(digest: Digest) -> dict[str, Any]:
    """Give a digest as a row of `digests`, without its revision."""
    return {
        "paper": digest.paper,
        "version": digest.version,
        "language": digest.language,
        "method": digest.method,
        "title": digest.title,
        "background": list(digest.background),
        "innovation": list(digest.innovation),
        "conclusion": list(digest.conclusion),
    }


def read_digest(row: Row[Any]) -> Digest:
    """Give the digest that a row of `digests` holds."""
    return Digest(
        paper=row.paper,
        version=row.version,
        language=row.language,
        method=row.method,
        background=tuple(row.background),
        innovation=tuple(row.innovation),
        conclusion=tuple(row.conclusion),
        title=row.title,
    )


def read_document(row: Row[Any]) -> Document:
    """Give the document that a row of `documents` holds."""
    return Document(
        feed=row.feed,
        format=row.format,
        language=row.language,
        content_type=row.content_type,
        packed=row.packed,
        etag=row.etag,
        changed_at=row.changed_at,
    )
