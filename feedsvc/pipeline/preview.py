"""What a query would have caught: the answer to "shall I subscribe to this?"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import islice

from feedsvc.feed.address import define_query
from feedsvc.feed.catalogue import Catalogue
from feedsvc.paper import Announcement, Paper
from feedsvc.query import Query
from feedsvc.query.ast import all_of
from feedsvc.store import Store

MOST_READ = 2_000


@dataclass(frozen=True, slots=True)
class Catch:
    """A paper that a query takes in, by its newest announcement that it does."""

    paper: Paper
    announcement: Announcement


@dataclass(frozen=True, slots=True)
class Preview:
    """The newest catches, how many there are in all, and the days on which they were announced.

    `is_all` is false where there are more than were counted. Before `reach`, if there is such a day, nothing
    was looked for: every word is too common.
    """

    catches: tuple[Catch, ...]
    papers: int
    days: tuple[date, ...]
    is_all: bool
    reach: date | None


def preview_query(store: Store, catalogue: Catalogue, query: Query, within: Query, limit: int) -> Preview:
    """Give what the feed of a query would have caught, within what another takes in (dates, say)."""
    feed = define_query(query, catalogue).make_feed()
    wanted = all_of((feed.query, within))
    found = list(islice(store.announcements.matching(wanted, by_release=False), MOST_READ))
    newest: dict[str, Announcement] = {}
    for announcement in found:
        newest.setdefault(announcement.paper, announcement)
    shown = list(newest.values())[:limit]
    papers = store.papers.load((a.paper, a.version) for a in shown)
    return Preview(
        catches=tuple(Catch(papers[a.paper, a.version], a) for a in shown),
        papers=len(newest),
        days=tuple(sorted({a.day for a in found}, reverse=True)),
        is_all=len(found) < MOST_READ,
        reach=store.announcements.reach(wanted),
    )
