"""What tells one state of a document from another: marks of its entries. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from feedsvc.paper import Entry


@dataclass(frozen=True, slots=True)
class Built:
    """What a round of building did, in documents."""

    changed: int = 0
    same: int = 0
    untouched: int = 0
    refused: int = 0


def mark_entry(entry: Entry) -> str:
    """Give a short name of an entry's state, as far as it is worth telling: version, kind, time.

    A digest that comes late and metadata that are mended leave it as it is.
    """
    state = f"{entry.paper.id} {entry.paper.version} {entry.kind} {entry.updated.isoformat()}"
    return _shorten(state)


def mark_day(day: date, entries: Iterable[Entry]) -> str:
    """Give a short name of a day's state, which is that of its entries."""
    return _shorten(" ".join((day.isoformat(), *map(mark_entry, entries))))


def _shorten(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()[:12]
