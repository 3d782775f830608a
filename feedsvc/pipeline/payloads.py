"""What is delivered: a document's bytes, whole or only what is new to a subscriber."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from feedsvc.paper import Document, DocumentKey
from feedsvc.render.excerpt import keep_entries

MOST_VARIANTS = 16
MOST_PAYLOADS = 500

FindMarks = Callable[[DocumentKey, str], tuple[str, ...] | None]


@dataclass(slots=True)
class Payload:
    """A document as it is delivered. `variants` holds its excerpts by what the subscriber has already."""

    document: Document
    marks: tuple[str, ...] | None
    variants: dict[str, bytes | None] = field(default_factory=dict)


class Payloads:
    """The newest state of each document that was asked for, as far as this process knows."""

    def __init__(
        self, find_document: Callable[[DocumentKey], Document | None], find_marks: FindMarks, *, diff: bool
    ) -> None:
        self._find_document = find_document
        self._find_marks = find_marks
        self._diff = diff
        self._payloads: dict[DocumentKey, Payload | None] = {}

    def refresh(self, wanted: Mapping[DocumentKey, set[str | None]]) -> None:
        """Read the documents anew, and cut the excerpts for what subscribers have (None: nothing)."""
        while len(self._payloads) > MOST_PAYLOADS:
            self._payloads.pop(next(key for key in self._payloads))
        for key, held in wanted.items():
            document = self._find_document(key)
            if document is None:
                self._payloads[key] = None
                continue
            known = self._payloads.get(key)
            if known is None or known.document.etag != document.etag:
                marks = self._find_marks(key, document.etag) if self._diff else None
                known = Payload(document, marks)
            if self._diff:
                self._cut(known, key, held)
            self._payloads[key] = known

    def knows(self, key: DocumentKey) -> bool:
        """Tell whether a document, or that there is none, is known: what was read may have made room."""
        return key in self._payloads

    def find(self, key: DocumentKey, held: str | None) -> tuple[Document, bytes | None] | None:
        """Give a document and the bytes to send; None for bytes where a subscriber has everything.

        None where there is no such document, or where it is not known.
        """
        payload = self._payloads.get(key)
        if payload is None:
            return None
        return payload.document, payload.variants.get(held or "", payload.document.body)

    def _cut(self, payload: Payload, key: DocumentKey, held: set[str | None]) -> None:
        for etag in held:
            if etag and etag not in payload.variants and len(payload.variants) < MOST_VARIANTS:
                payload.variants[etag] = self._excerpt(payload, key, etag)

    def _excerpt(self, payload: Payload, key: DocumentKey, held: str) -> bytes | None:
        had = self._find_marks(key, held)
        body = payload.document.body
        if had is None or payload.marks is None:
            return body
        kept = [mark not in had for mark in payload.marks]
        return keep_entries(payload.document.format, body, kept) if any(kept) else None
