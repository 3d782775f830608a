"""How far a long harvest is, and keeping that with the rows it brings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from feedsvc.http import Clock
from feedsvc.store import Store
from feedsvc.store.bulk import Chunk, Stored
from feedsvc.store.harvests import Harvest

Tell = Callable[["Progress"], None]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a harvest is.

    `records` counts from its beginning, the other numbers since this process took it up: rows written,
    records that could not be read, records a second. `share` of the whole, 0 to 1, is done. `left` is None as
    long as nothing can be said.
    """

    records: int = 0
    papers: int = 0
    mended: int = 0
    announcements: int = 0
    skipped: int = 0
    share: float = 0.0
    rate: float = 0.0
    left: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What a chunk stands for: so many records, and how far the harvest is with it."""

    records: int = 0
    skipped: int = 0
    share: float = 0.0
    token: str | None = None
    is_last: bool = False


class Recorder:
    """Stores one harvest chunk by chunk, each in a transaction with the place to go on from."""

    def __init__(self, store: Store, clock: Clock, name: str, tell: Tell) -> None:
        """Take up the harvest of this name where it was, or begin anew if it came to its end."""
        self._store = store
        self._clock = clock
        self._tell = tell
        self._began = clock.now()
        known = store.harvests.find(name)
        self._harvest = known if known and not known.done else Harvest(name, self._began, self._began)
        self._taken_up = self._harvest.records
        self._share_before: float | None = None
        self.progress = Progress(records=self._taken_up)

    @property
    def token(self) -> str | None:
        """Where to go on from; None at the beginning."""
        return self._harvest.token

    def record(self, chunk: Chunk, step: Step) -> None:
        """Store a chunk, and the place behind it; tell how far that is."""
        harvest = replace(
            self._harvest,
            token=step.token,
            records=self._harvest.records + step.records,
            touched_at=self._clock.now(),
            done=step.is_last,
        )
        stored = self._store.bulk.record(chunk, harvest)
        self._harvest = harvest
        self.progress = self._advance(stored, step)
        self._tell(self.progress)

    def _advance(self, stored: Stored, step: Step) -> Progress:
        if self._share_before is None:
            self._share_before = step.share
        elapsed = (self._clock.now() - self._began).total_seconds()
        gained = step.share - self._share_before
        records = self._harvest.records
        return Progress(
            records=records,
            papers=self.progress.papers + stored.papers,
            mended=self.progress.mended + stored.mended,
            announcements=self.progress.announcements + stored.announcements,
            skipped=self.progress.skipped + step.skipped,
            share=step.share,
            rate=(records - self._taken_up) / elapsed if elapsed > 0 else 0.0,
            left=_estimate_left(elapsed, gained, step.share),
        )


def _estimate_left(elapsed: float, gained: float, share: float) -> timedelta | None:
    if share >= 1:
        return timedelta(0)
    return timedelta(seconds=round(elapsed * (1 - share) / gained)) if gained > 0 else None
