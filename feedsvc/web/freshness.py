"""How long a document may be kept by readers and caches: until shortly after the next announcement. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from math import ceil
from zlib import crc32

from feedsvc.calendar import next_switch
from feedsvc.web.negotiation import write_http_date

LEAST = timedelta(minutes=15)
MOST = timedelta(days=1)
# What is fetched at the switch needs a few minutes to become documents; then not every reader at once.
PREPARATION = timedelta(minutes=5)
SPREAD = timedelta(minutes=5)
_MAX_AGE = re.compile(r"max-age=(\d+)")


def max_age(feed: str, now: datetime, complete_at: datetime | None) -> int:
    """Give the seconds for which a feed's document may be kept: a quarter of an hour to a day.

    At `complete_at`, shortly before or None, nothing more of the newest day was awaited, nor any digest: it
    may have been another day then.
    """
    if complete_at is None:
        return ceil(LEAST.total_seconds())
    ends = next_switch(complete_at) + PREPARATION + _delay(feed)
    return ceil(min(max(ends - now, LEAST), MOST).total_seconds())


def tell_expiry(headers: Mapping[str, str], now: datetime) -> dict[str, str]:
    """Give the header Expires that says what Cache-Control does, for caches that know only that one.

    Nothing where an answer tells already, or may not be kept.
    """
    found = _MAX_AGE.search(headers.get("Cache-Control", ""))
    if found is None or "Expires" in headers:
        return {}
    return {"Expires": write_http_date(now + timedelta(seconds=int(found[1])))}


def _delay(feed: str) -> timedelta:
    """Give a feed's own share of the spread, always the same."""
    return SPREAD * (crc32(feed.encode()) / 2**32)
