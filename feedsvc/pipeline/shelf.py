"""Documents made on demand, kept in bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from threading import Lock

from feedsvc.paper import Document, DocumentKey

MOST_BYTES = 64_000_000
ENTRY_BYTES = 2_000
"""What keeping a document takes besides its bytes, about: without it the smallest would never be too many."""

TURNS = 64


class Shelf:
    """A cache of at most 64 MB: what was not asked for longest goes first. Safe to use from threads."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[DocumentKey, tuple[int, Document]] = OrderedDict()
        self._lock = Lock()
        self._turns = [Lock() for _ in range(TURNS)]

    def __len__(self) -> int:
        """Give how many documents are kept."""
        return len(self._kept)

    @property
    def size(self) -> int:
        """How many bytes they take, about."""
        return self._bytes

    def turn(self, key: DocumentKey) -> Lock:
        """Give the lock under which a document is made, so that it is made once; some share one."""
        return self._turns[hash(key) % len(self._turns)]

    def find(self, key: DocumentKey, revision: int) -> Document | None:
        """Give a document if it was made at this revision of the store."""
        with self._lock:
            made, document = self._kept.get(key, (None, None))
            if made != revision:
                return None
            self._kept.move_to_end(key)
            return document

    def keep(self, key: DocumentKey, revision: int, document: Document) -> Document:
        """Keep a document and give it, with the time of its last change if its bytes did not change."""
        with self._lock:
            _, known = self._kept.pop(key, (0, None))
            if known is not None:
                self._bytes -= _size(known)
                if known.etag == document.etag:
                    document = replace(document, changed_at=known.changed_at)
            self._kept[key] = (revision, document)
            self._bytes += _size(document)
            while self._bytes > self._most_bytes and len(self._kept) > 1:
                _, (_, gone) = self._kept.popitem(last=False)
                self._bytes -= _size(gone)
        return document


def _size(document: Document) -> int:
    return len(document.body) + len(document.packed) + ENTRY_BYTES
