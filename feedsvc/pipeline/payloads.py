"""What is delivered: a document's bytes, whole or only what is new to a subscriber."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field, replace

from feedsvc.paper import Document, DocumentKey
from feedsvc.render.excerpt import keep_entries

MOST_VARIANTS = 16
# What is kept of documents at a time, and what each costs besides its bytes.
MOST_BYTES = 256_000_000
BYTES_EACH = 2_000

FindMarks = Callable[[DocumentKey, str], tuple[str, ...] | None]


@dataclass(slots=True)
class Payload:
    """A document as it is delivered, its bytes beside it instead of packed in it.

    `variants` holds its excerpts by what the subscriber has already.
    """

    document: Document
    body: bytes
    marks: tuple[str, ...] | None
    variants: dict[str, bytes | None] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How many bytes are held; an excerpt may be the whole body, which is held once."""
        excerpts = (text for text in self.variants.values() if text is not None and text is not self.body)
        return BYTES_EACH + len(self.body) + sum(map(len, excerpts))


class Payloads:
    """The newest state of each document that was asked for, as far as this process knows and has room.

    No more is read once 256 MB are held; one document is held however large it is.
    """

    def __init__(
        self,
        find_document: Callable[[DocumentKey], Document | None],
        find_marks: FindMarks,
        *,
        diff: bool,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._find_document = find_document
        self._find_marks = find_marks
        self._diff = diff
        self._most_bytes = most_bytes
        self._payloads: dict[DocumentKey, Payload | None] = {}
        self.bytes_held = 0

    def refresh(
        self, wanted: Mapping[DocumentKey, set[str | None]], in_use: Container[DocumentKey] = ()
    ) -> None:
        """Read the documents anew, and cut the excerpts for what subscribers have (None: nothing).

        What was wanted longest ago makes room, unless it is `in_use`. Of more than there is room for, those
        that come last in `wanted` are not known afterwards.
        """
        fresh: set[DocumentKey] = set()
        for key, held in wanted.items():
            is_kept = key in in_use and key in self._payloads
            if is_kept or self._make_room(fresh, in_use) or len(self._payloads) == 0:
                self._read(key, held)
                fresh.add(key)
            else:
                # What is known of it may be out of date.
                self._forget(key)

    def _read(self, key: DocumentKey, held: set[str | None]) -> None:
        document, known = self._find_document(key), self._payloads.get(key)
        size_before = _size(known) if key in self._payloads else 0
        if document is None:
            known = None
        elif known is None or known.document.etag != document.etag:
            marks = self._find_marks(key, document.etag) if self._diff else None
            known = Payload(replace(document, packed=b""), document.body, marks)
        if known is not None and self._diff:
            self._cut(known, key, held)
        self._payloads.pop(key, None)
        self._payloads[key] = known
        self.bytes_held += _size(known) - size_before

    def _make_room(self, fresh: Container[DocumentKey], in_use: Container[DocumentKey]) -> bool:
        """Forget what is not needed, the oldest first, while too much is held; give whether there is room."""
        for key in list(self._payloads):
            if self.bytes_held < self._most_bytes:
                return True
            if key not in fresh and key not in in_use:
                self._forget(key)
        return self.bytes_held < self._most_bytes

    def _forget(self, key: DocumentKey) -> None:
        if key in self._payloads:
            self.bytes_held -= _size(self._payloads.pop(key))

    def knows(self, key: DocumentKey) -> bool:
        """Tell whether a document, or that there is none, is known: there may have been no room for it."""
        return key in self._payloads

    def find(self, key: DocumentKey, held: str | None) -> tuple[Document, bytes | None] | None:
        """Give a document and the bytes to send; None for bytes where a subscriber has everything.

        None where there is no such document, or where it is not known.
        """
        payload = self._payloads.get(key)
        if payload is None:
            return None
        return payload.document, payload.variants.get(held or "", payload.body)

    def _cut(self, payload: Payload, key: DocumentKey, held: set[str | None]) -> None:
        for etag in held:
            if etag and etag not in payload.variants and len(payload.variants) < MOST_VARIANTS:
                payload.variants[etag] = self._excerpt(payload, key, etag)

    def _excerpt(self, payload: Payload, key: DocumentKey, held: str) -> bytes | None:
        had = self._find_marks(key, held)
        if had is None or payload.marks is None:
            return payload.body
        kept = [mark not in had for mark in payload.marks]
        return keep_entries(payload.document.format, payload.body, kept) if any(kept) else None


def _size(payload: Payload | None) -> int:
    return BYTES_EACH if payload is None else payload.size
