"""What every answer needs to know of the store, asked for a few times a second at most."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from feedsvc.errors import StoreError

INTERVAL = timedelta(milliseconds=250)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Beat:
    """The state of the store at a moment.

    While `edition` stays, so do the bytes of all documents; `is_complete` tells that nothing more of the
    newest day is awaited.
    """

    edition: int
    is_complete: bool


class Pulse:
    """Asks the store at most every quarter of a second, however many requests there are.

    So long may another process's new document go unnoticed. Safe to use from threads: one asks, the others
    go by what was known before.
    """

    def __init__(self, read_edition: Callable[[], int], is_complete: Callable[[datetime], bool]) -> None:
        self._read_edition = read_edition
        self._is_complete = is_complete
        self._known: tuple[datetime, Beat] | None = None
        self._lock = Lock()

    def beat(self, now: datetime) -> Beat:
        """Give the state of the store. Raises StoreError if it could never be asked."""
        known = self._known
        if known is not None and (abs(now - known[0]) < INTERVAL or self._lock.locked()):
            return known[1]
        with self._lock:
            if self._known is known:
                self._known = now, self._ask(now, known)
            return self._known[1] if self._known else self._ask(now, known)

    def _ask(self, now: datetime, known: tuple[datetime, Beat] | None) -> Beat:
        try:
            return Beat(self._read_edition(), self._is_complete(now))
        except StoreError as error:
            if known is None:
                raise
            # What is at hand is still the newest that anybody knows of.
            log.warning("the store does not answer: %s", error, extra={"action": "beat"})
            return known[1]
