"""The stand-in's own time: a corpus's time line, gone along step by step, or stood on at any instant."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from threading import Lock

from feedsvc.calendar import eastern_date, switches_at
from feedsvc.standin.corpus import Step


def stand_still() -> float:
    """Count no seconds: a clock with this moves only when it is advanced."""
    return 0.0


class StandinClock:
    """A clock that starts at the first step and may be used from many threads.

    `elapsed` counts real seconds from any origin (`time.monotonic` makes the clock tick); without it time
    stands still until it is moved. Before the first step, and past the last one, the listings carry each
    calendar day, with nothing announced.
    """

    def __init__(self, timeline: tuple[Step, ...], elapsed: Callable[[], float] = stand_still) -> None:
        if not timeline:
            raise ValueError("a time line without steps: expected at least one")
        self._timeline = timeline
        self._elapsed = elapsed
        self._lock = Lock()
        self._set(timeline[0].at)

    def now(self) -> datetime:
        """Give the stand-in's time, in UTC."""
        with self._lock:
            return self._read()

    def day_at(self, moment: datetime) -> date:
        """Give the day that arXiv's listings carry at a moment."""
        index = self._index(moment)
        today = eastern_date(moment)
        if index < 0:
            return today
        step = self._timeline[index]
        is_over = index == len(self._timeline) - 1 and today > eastern_date(step.at)
        return today if is_over else step.day

    def steps_left(self) -> int:
        """Count the steps still ahead."""
        return len(self._timeline) - 1 - self._index(self.now())

    def advance(self, steps: int = 1) -> None:
        """Go on by so many steps."""
        with self._lock:
            for _ in range(steps):
                self._set(self._next(self._read()))

    def move_to(self, moment: datetime) -> None:
        """Stand at an instant, earlier or later. Raises ValueError for one without a time zone."""
        if moment.tzinfo is None:
            raise ValueError(f"{moment!r} has no time zone: expected an aware datetime")
        with self._lock:
            self._set(moment.astimezone(UTC))

    def advance_by(self, span: timedelta) -> None:
        """Go on by a span of time."""
        with self._lock:
            self._set(self._read() + span)

    def _next(self, moment: datetime) -> datetime:
        index = self._index(moment) + 1
        if index < len(self._timeline):
            return self._timeline[index].at
        return switches_at(eastern_date(moment) + timedelta(days=1))

    def _index(self, moment: datetime) -> int:
        """Give the place of the step that holds at a moment; -1 before the first one."""
        return bisect_right(self._timeline, moment, key=lambda step: step.at) - 1

    def _read(self) -> datetime:
        return self._base + timedelta(seconds=self._elapsed() - self._mark)

    def _set(self, moment: datetime) -> None:
        self._base = moment
        self._mark = self._elapsed()
