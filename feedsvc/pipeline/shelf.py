"""Documents made on demand, kept in bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import date, datetime
from threading import Lock

from feedsvc.feed import Feed
from feedsvc.paper import Document, DocumentKey

MOST_BYTES = 64_000_000
ENTRY_BYTES = 2_000
"""What keeping a document takes besides its bytes, about: without it the smallest would never be too many."""

PAPER_BYTES = 100
"""What it takes to know of one paper that the document holds it."""

TURNS = 64


@dataclass(frozen=True, slots=True)
class Made:
    """A document of a feed, by which recipe it was made, and the papers it holds.

    At `checked_at` it was as good as new, at the store's revision. `days` are the only days whose
    announcements it tells of; None if there is no such bound.
    """

    document: Document
    feed: Feed
    revision: int
    checked_at: datetime
    recipe: str
    papers: frozenset[str]
    days: frozenset[date] | None


class Shelf:
    """A cache of at most 64 MB: what was not asked for longest goes first. Safe to use from threads."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[DocumentKey, Made] = OrderedDict()
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

    def find(self, key: DocumentKey) -> Made | None:
        """Give what was kept last."""
        with self._lock:
            made = self._kept.get(key)
            if made is not None:
                self._kept.move_to_end(key)
            return made

    def keep(self, key: DocumentKey, made: Made) -> Made:
        """Keep a document, in place of the former one, and give it."""
        with self._lock:
            known = self._kept.pop(key, None)
            self._bytes += _size(made) - (_size(known) if known else 0)
            self._kept[key] = made
            while self._bytes > self._most_bytes and len(self._kept) > 1:
                _, gone = self._kept.popitem(last=False)
                self._bytes -= _size(gone)
        return made


def _size(made: Made) -> int:
    document = made.document
    return len(document.packed) + ENTRY_BYTES + PAPER_BYTES * len(made.papers)
