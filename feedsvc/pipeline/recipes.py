"""What a document is made by, apart from the rows that a feed takes in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from feedsvc.feed import Feed
from feedsvc.pipeline.days import is_settled
from feedsvc.pipeline.press import Site
from feedsvc.query.ast import given_papers
from feedsvc.store import Store

# To be raised when documents of the same entries come out otherwise, so that each is built anew.
LAYOUT = "6"


class Recipes:
    """Writes recipes: as long as a feed's stays and no row changes that it takes in, so do its documents."""

    def __init__(self, store: Store, site: Site, categories: Sequence[str]) -> None:
        self._store = store
        self._site = site
        self._categories = tuple(categories)

    def write_recipe(self, feed: Feed) -> str:
        """Give the hash of all that goes into a feed's documents besides rows, as the ledger stands now."""
        # A new day in the ledger moves relative dates on: entries fall out although no row of theirs changed.
        query = self._store.announcements.resolve(feed.query)
        parts = (
            feed.name,
            feed.title,
            feed.description,
            *(text for each in feed.namings for text in (each.language, each.title, each.description)),
            str(query),
            str(feed.limit),
            self._site.base,
            *self._site.hubs,
            *self._tell_days(feed),
            *self._tell_likeness(feed),
        )
        return hashlib.sha256("\0".join((*parts, self._site.release, LAYOUT)).encode()).hexdigest()

    def _tell_days(self, feed: Feed) -> Iterator[str]:
        """Tell of the days around, where documents depend on them: they come without a row of the feed's."""
        if feed.day is not None:
            yield from map(str, self._store.announcements.days_around(feed.day))
        newest = self._store.ledger.newest_day() if feed.is_daily else None
        if newest is not None:
            # A daily feed waits for the newest day to be whole, and no longer once another day has begun.
            yield str(newest)
            yield str(is_settled(self._store, newest, self._categories))

    def _tell_likeness(self, feed: Feed) -> Iterator[str]:
        """Tell when reasons were worked out anew for which papers are like others."""
        if given := given_papers(feed.query):
            yield str(self._store.likeness.newest_change(given))
