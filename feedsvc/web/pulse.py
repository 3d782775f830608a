"""What every answer needs to know of the store, asked for a few times a second at most."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock

from feedsvc.errors import StoreError

INTERVAL = timedelta(milliseconds=250)
# Whether a day is whole is a longer question.
COMPLETE_FOR = timedelta(seconds=2)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Beat:
    """The state of the store at a moment.

    While `edition` stays, so do the bytes of all documents; `complete` are the languages whose documents
    lacked nothing that was awaited, at `complete_at`. The store was asked at `asked_at`, or should have been.
    """

    edition: int
    complete: frozenset[str]
    complete_at: datetime = field(compare=False)
    asked_at: datetime = field(compare=False)

    def holds(self, now: datetime) -> bool:
        """Tell whether this need not be asked again yet."""
        return abs(now - self.asked_at) < INTERVAL

    def find_completion(self, language: str) -> datetime | None:
        """Give when the documents of a language were seen to lack nothing; None if they lacked something."""
        return self.complete_at if language in self.complete else None

    def with_nothing_complete(self) -> Beat:
        """Give the same for who has something that is out of date."""
        return replace(self, complete=frozenset())


class Pulse:
    """Asks the store at most every quarter of a second, however many requests there are.

    So long may another process's new document go unnoticed. Safe to use from threads: one asks, the others
    go by what was known before.
    """

    def __init__(
        self, read_edition: Callable[[], int], find_complete: Callable[[datetime], frozenset[str]]
    ) -> None:
        self._read_edition = read_edition
        self._find_complete = find_complete
        self._known: Beat | None = None
        self._complete: tuple[frozenset[str], datetime] | None = None
        self._lock = Lock()

    def beat(self, now: datetime) -> Beat:
        """Give the state of the store. Raises StoreError if it could never be asked."""
        known = self._known
        if known is not None and (known.holds(now) or self._lock.locked()):
            return known
        with self._lock:
            if self._known is None or self._known is known:
                self._known = self._ask(now, known)
            return self._known

    def _ask(self, now: datetime, known: Beat | None) -> Beat:
        try:
            return Beat(self._read_edition(), *self._list_complete(now), now)
        except StoreError as error:
            if known is None:
                raise
            # What is at hand is still the newest that anybody knows of.
            log.warning("the store does not answer: %s", error, extra={"action": "beat"})
            return replace(known, asked_at=now)

    def _list_complete(self, now: datetime) -> tuple[frozenset[str], datetime]:
        if self._complete is None or abs(now - self._complete[1]) >= COMPLETE_FOR:
            self._complete = self._find_complete(now), now
        return self._complete
