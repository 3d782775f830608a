"""What stands in a feed: the store's rows as entries."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from feedsvc.errors import UnknownPaperError
from feedsvc.feed import LIMIT, Feed
from feedsvc.feed.window import compose_entries, stand_papers
from feedsvc.paper import Entry
from feedsvc.pipeline.days import check_day, choose_days, choose_papers, limit_query
from feedsvc.query import Query
from feedsvc.query.ast import given_papers
from feedsvc.query.subject import Subject
from feedsvc.render.entry import ORIGINAL_LANGUAGE
from feedsvc.store import Store


class Contents:
    """Puts the entries of any feed together, in any language."""

    def __init__(self, store: Store, categories: Sequence[str]) -> None:
        self._store = store
        self._categories = tuple(categories)

    def check_given(self, feed: Feed) -> None:
        """Raise UnknownPaperError if a feed is about papers like one that is not stored.

        Raises UnknownDayError for a day of which nothing is known.
        """
        if feed.day is not None:
            check_day(self._store, feed.day)
        given = sorted(given_papers(feed.query))
        if given and (unknown := self._store.likeness.find_unknown(given)):
            raise UnknownPaperError(unknown[0])

    def list_days(self, feed: Feed, language: str, *, alone: bool = False) -> tuple[date, ...] | None:
        """Give the days, newest first, of whose announcements alone a document tells; None if of any.

        With `alone`, a day's tells of that day.
        """
        if feed.is_daily:
            return choose_days(self._store, feed, language, self._categories)
        return (feed.day,) if alone and feed.day is not None else None

    def compose_feed(self, feed: Feed, language: str, *, alone: bool = False) -> tuple[Entry, ...]:
        """Give the entries of a feed's document, newest first; a daily feed's are those of its days.

        Those of a day tell how papers stood at its end; with `alone`, only what was announced on it.
        """
        if feed.is_daily:
            days = map(feed.on_day, self.list_days(feed, language) or ())
            return tuple(entry for day in days for entry in self.compose_feed(day, language, alone=True))
        query = self._store.announcements.resolve(feed.query)
        chosen = choose_papers(self._store, query, feed.day)
        if not chosen:
            return ()
        taken = self._take_in(limit_query(query, feed.day, alone=alone), chosen, language)
        standings = stand_papers(each.announcement for each in taken)[
            : feed.limit if feed.limit < LIMIT else None
        ]
        papers = {(each.paper.id, each.paper.version): each.paper for each in taken}
        languages = tuple(dict.fromkeys((language, ORIGINAL_LANGUAGE)))
        digests = self._store.digests.load([standing.key for standing in standings], languages)
        return self._give_reasons(compose_entries(standings, papers, digests), given_papers(feed.query))

    def _give_reasons(self, entries: tuple[Entry, ...], given: frozenset[str]) -> tuple[Entry, ...]:
        """Say of each entry what it is like, where a feed asks for papers like others."""
        if not given:
            return entries
        reasons = self._store.likeness.explain(given, [entry.paper for entry in entries])
        return tuple(replace(entry, likeness=reasons.get(entry.paper.id)) for entry in entries)

    def _take_in(self, query: Query, papers: Collection[str], language: str) -> list[Subject]:
        """Give what a query takes in of some papers, but for what is held back from a language."""
        held = self._store.orders.held(papers, language) if language != ORIGINAL_LANGUAGE else frozenset()
        taken = filter(query.matches, self._store.announcements.of_papers(papers))
        return [each for each in taken if (each.paper.id, each.paper.version) not in held]
