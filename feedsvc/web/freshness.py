"""How long a document may be kept by readers and caches: until shortly after the next announcement. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil
from zlib import crc32

from feedsvc.calendar import next_switch

LEAST = timedelta(minutes=15)
MOST = timedelta(days=1)
# What is fetched at the switch needs a few minutes to become documents; then not every reader at once.
PREPARATION = timedelta(minutes=5)
SPREAD = timedelta(minutes=5)


def max_age(feed: str, now: datetime, *, is_complete: bool, is_closed: bool = False) -> int:
    """Give the seconds for which a feed's document may be kept: a quarter of an hour to a day.

    `is_complete` tells that nothing more of the newest day is awaited; `is_closed`, that the document is of
    a day that is over, which only a repair may still reach.
    """
    if is_closed:
        return ceil(MOST.total_seconds())
    if not is_complete:
        return ceil(LEAST.total_seconds())
    ends = next_switch(now) + PREPARATION + _delay(feed)
    return ceil(min(max(ends - now, LEAST), MOST).total_seconds())


def _delay(feed: str) -> timedelta:
    """Give a feed's own share of the spread, always the same."""
    return SPREAD * (crc32(feed.encode()) / 2**32)
