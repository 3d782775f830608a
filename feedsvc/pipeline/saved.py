"""Feeds that visitors save: saving, changing and deleting them, and which of them are awake."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest

from feedsvc.errors import (
    GivenUpError,
    SavedFeedError,
    StoreError,
    UnknownFeedError,
    UnknownPaperError,
)
from feedsvc.feed import Definition
from feedsvc.feed.catalogue import Catalogue, check_name
from feedsvc.feed.saved import (
    SavedFeed,
    check_saved_name,
    check_saved_query,
    check_saved_title,
    define_saved,
)
from feedsvc.http import Clock
from feedsvc.query import parse, point_at
from feedsvc.query.ast import LikePaper, given_papers
from feedsvc.store import Store
from feedsvc.told import tell

log = logging.getLogger(__name__)

SECRET_BYTES = 24
# When a feed was last asked for is kept to the day: a reader that polls every hour writes nothing.
NOTED_EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SavingLimits:
    """How many feeds there may be, and how long one that nobody asks for is built ahead."""

    most: int = 10_000
    sleep_after: timedelta = timedelta(days=90)


class SavedFeeds:
    """The saved feeds of a store."""

    def __init__(self, store: Store, catalogue: Catalogue, clock: Clock, limits: SavingLimits) -> None:
        self._store = store
        self._catalogue = catalogue
        self._clock = clock
        self._limits = limits

    def save(self, name: str, query: str, title: str = "") -> tuple[SavedFeed, str]:
        """Save a query under a name; give the feed, and the secret that whoever changes it must know.

        Raises SavedFeedError and QueryError.
        """
        canonical = self._check_query(query)
        now = self._clock.now()
        feed = SavedFeed(
            name=check_saved_name(name, self._catalogue),
            title=check_saved_title(title, canonical),
            query=canonical,
            saved_at=now,
            asked_at=now,
        )
        secret = secrets.token_urlsafe(SECRET_BYTES)
        match self._store.saved.add(feed, _hash(secret), self._limits.most):
            case False:
                raise SavedFeedError("name", tell("{name!r} is taken: expected another name", name=feed.name))
            case None:
                told = tell("{most} feeds are saved here: no more can be", most=self._limits.most)
                raise SavedFeedError("name", told)
        log.info("feed %s saved: %s", feed.name, feed.query, extra={"action": "save"})
        return feed, secret

    def open(self, name: str, secret: str) -> SavedFeed:
        """Give the saved feed that a secret is for. Raises UnknownFeedError where it is for none."""
        if "\0" in name:
            raise UnknownFeedError(name)  # PostgreSQL takes no such text, not even to look for it
        feed, known = self._store.saved.find(name), self._store.saved.read_secret(name)
        # Compared in every case, and in the same time: an answer must not tell which names there are.
        is_right = compare_digest(known or _hash(""), _hash(secret))
        if feed is None or not is_right:
            raise UnknownFeedError(name)
        return feed

    def change(self, feed: SavedFeed, query: str, title: str = "") -> SavedFeed:
        """Give a saved feed another query and title; its address stays. Raises SavedFeedError, QueryError."""
        canonical = self._check_query(query)
        self._store.saved.change(feed.name, check_saved_title(title, canonical), canonical)
        return self._store.saved.find(feed.name) or feed

    def _check_query(self, text: str) -> str:
        """Give a query in its canonical text; what it is to find papers like has to be stored here."""
        canonical = check_saved_query(text)
        given = sorted(given_papers(parse(canonical)))
        if given and (unknown := self._store.likeness.find_unknown(given)):
            raise point_at(text, LikePaper(unknown[0]), UnknownPaperError(unknown[0]).told)
        return canonical

    def delete(self, feed: SavedFeed) -> None:
        """Delete a saved feed. Nobody else can have its name."""
        self._store.saved.delete(feed.name, self._clock.now())
        log.info("feed %s deleted", feed.name, extra={"action": "delete"})

    def define(self, name: str) -> Definition | None:
        """Give the definition of a saved feed, awake or not. Raises GivenUpError for a deleted one."""
        feed = self._store.saved.find(name)
        if feed is None and self._store.saved.is_given_up(name):
            raise GivenUpError(name)
        return None if feed is None else define_saved(feed)

    def awake(self) -> Iterable[SavedFeed]:
        """Give the saved feeds that are built ahead, by name."""
        return self._store.saved.awake(self._clock.now() - self._limits.sleep_after)

    def note_asked(self, place: str) -> None:
        """Keep that somebody asked for a feed, and so for whatever saved ones it is joined of."""
        now = self._clock.now()
        for name in place.split("+"):
            if not check_name(name) and name not in self._catalogue.definitions:
                self._note_asked(name, now)

    def _note_asked(self, name: str, now: datetime) -> None:
        try:
            feed = self._store.saved.find(name)
            if feed is not None and now - feed.asked_at >= NOTED_EVERY:
                self._store.saved.note_asked(name, now)
        except StoreError as error:
            # Whoever asked gets the feed all the same.
            log.warning("that %s was asked for is not noted: %s", name, error, extra={"action": "note"})


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
