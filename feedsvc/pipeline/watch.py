"""Watching over the ledger: how its last days stand, and what was asked of arXiv."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from feedsvc.errors import StoreError
from feedsvc.http import Clock, Outcome
from feedsvc.lateness import DAYS, Survey, first_day, survey_ledger
from feedsvc.store import Store

log = logging.getLogger(__name__)


class Watch:
    """Looks at the store and changes nothing; `late_after` is how long a batch may take."""

    def __init__(self, store: Store, clock: Clock, categories: Sequence[str], late_after: timedelta) -> None:
        self._store = store
        self._clock = clock
        self._categories = tuple(categories)
        self._late_after = late_after

    def survey(self, days: int = DAYS) -> Survey:
        """Give how the followed categories stand on the last so many calendar days, in two store calls."""
        now = self._clock.now()
        ledger = self._store.ledger
        batches = ledger.batches(first_day(now, days))
        return survey_ledger(batches, ledger.first_day(), self._categories, now, self._late_after, days)


def count_request(store: Store, clock: Clock, outcome: Outcome) -> None:
    """Count a request by its host and status; one that cannot be counted is not lost for that."""
    host = urlsplit(outcome.url).hostname or ""
    label = "error" if outcome.status is None else str(outcome.status)
    try:
        store.requests.count_request(host, label, clock.now())
    except StoreError as error:
        log.warning("a request to %s is not counted: %s", host, error, extra={"action": "count"})
