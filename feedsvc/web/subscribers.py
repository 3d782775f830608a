"""How many people read a feed: what aggregators say of their subscribers, and the hub's leases."""

from __future__ import annotations

import logging
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import date
from threading import Lock

from feedsvc.errors import StoreError
from feedsvc.http import Clock
from feedsvc.paper import DocumentKey
from feedsvc.store import Store

log = logging.getLogger(__name__)

# No feed of arXiv's has nearly so many in one place: who tells of more is not to be believed.
MOST_TOLD = 100_000
MOST_REMEMBERED = 10_000
# Those that tell of their readers. Invented names would raise what is shown of a feed, one after the other;
# under one of these a forged number lasts until the aggregator itself comes again.
AGGREGATORS = (
    "bazqux",
    "bloglovin",
    "feedbin",
    "feedhq",
    "feedly",
    "feedspot",
    "inoreader",
    "netvibes",
    "newsblur",
    "superfeedr",
    "theoldreader",
)
# "Feedly/1.0 (…; 16 subscribers; …)", "Mozilla/5.0 (compatible; theoldreader.com; 2 subscribers; …)"
_TOLD = re.compile(r"(?<![\w.,])(\d{1,9}) subscribers?\b", re.IGNORECASE)
_NAME = re.compile(rf"\b(?:{'|'.join(AGGREGATORS)})(?![a-z0-9])", re.IGNORECASE)


def read_told(user_agent: str) -> tuple[str, int] | None:
    """Read a known aggregator's name and how many subscribers it tells of; None for everybody else."""
    told, name = _TOLD.search(user_agent), _NAME.search(user_agent)
    if told is None or name is None:
        return None
    count = int(told[1])
    return (name[0].lower(), count) if count <= MOST_TOLD else None


class Subscribers:
    """Counts subscribers by feed; `count_leases` gives how many the hub has."""

    def __init__(
        self, store: Store, clock: Clock, count_leases: Callable[[], Mapping[str, int]] = dict
    ) -> None:
        self._store = store
        self._clock = clock
        self._count_leases = count_leases
        self._written: OrderedDict[tuple[DocumentKey, str], tuple[int, date]] = OrderedDict()
        self._lock = Lock()

    def note(self, key: DocumentKey, user_agent: str) -> None:
        """Keep what an aggregator says that asks for a document; once a day, or when it says something else.

        Only feeds in their default options are counted. That somebody cannot be counted now is no reason not
        to answer.
        """
        told = read_told(user_agent)
        if told is None or "?" in key[0] or "/" in key[0]:
            return
        agent, count = told
        today = self._clock.now().date()
        if self._is_written((key, agent), (count, today)):
            return
        try:
            self._store.subscribers.note(key, agent, count, today)
        except StoreError as error:
            log.warning("subscribers of %s are not counted: %s", key[0], error, extra={"action": "count"})

    def count(self) -> dict[str, int]:
        """Give how many subscribers each feed is known to have; one without any is absent."""
        counts = self._store.subscribers.count(self._clock.now().date())
        for feed, leases in self._count_leases().items():
            counts[feed] = counts.get(feed, 0) + leases
        return {feed: count for feed, count in counts.items() if count}

    def _is_written(self, place: tuple[DocumentKey, str], told: tuple[int, date]) -> bool:
        with self._lock:
            if self._written.get(place) == told:
                return True
            self._written[place] = told
            self._written.move_to_end(place)
            if len(self._written) > MOST_REMEMBERED:
                self._written.popitem(last=False)
        return False
