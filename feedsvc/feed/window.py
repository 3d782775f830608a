"""Which papers a feed's document holds, and how each stands in it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby, islice

from feedsvc.calendar import announced_at
from feedsvc.paper import Announcement, Digest, Entry, Paper, order_id

WHOLE_RELEASE_DAYS = 2
LEAST_ENTRIES = 200
WHOLE_DAYS = 2
MOST_DAYS = 30


def select_papers(by_release: Iterable[Announcement], by_day: Iterable[Announcement]) -> frozenset[str]:
    """Choose the papers of a document: the two newest release days whole, then earlier ones up to 200.

    Both arguments hold what the feed takes in: `by_release` newest release day first, `by_day` newest day
    first; each is read only as far as needed. A feed's limit is no matter here: which entries come first is
    known only when all of a paper's announcements are.
    """
    chosen = set(_newest_releases(by_release))
    earlier = iter(by_day)
    while len(chosen) < LEAST_ENTRIES and (announcement := next(earlier, None)):
        chosen.add(announcement.paper)
    return frozenset(chosen)


def select_days(by_day: Iterable[Announcement]) -> tuple[date, ...]:
    """Choose the days of a daily feed, newest first: two, then earlier ones while all hold up to 200 papers.

    There are no more than 30. `by_day` holds what the feed takes in, newest day first; it is read only as far
    as needed.
    """
    days: list[date] = []
    held = 0
    for day, rows in islice(groupby(by_day, lambda announcement: announcement.day), MOST_DAYS):
        held += len({row.paper for row in rows})
        if len(days) >= WHOLE_DAYS and held > LEAST_ENTRIES:
            break
        days.append(day)
    return tuple(days)


def _newest_releases(by_release: Iterable[Announcement]) -> Iterable[str]:
    days: set[date] = set()
    for announcement in by_release:
        if announcement.released is None:
            return
        days.add(announcement.released)
        if len(days) > WHOLE_RELEASE_DAYS:
            return
        yield announcement.paper


@dataclass(frozen=True, slots=True)
class Standing:
    """A paper's first and last announcement among those a feed takes in."""

    first: Announcement
    last: Announcement

    @property
    def key(self) -> tuple[str, int]:
        """The paper version that the entry shows: the one announced last."""
        return self.last.paper, self.last.version


def stand_papers(taken: Iterable[Announcement]) -> tuple[Standing, ...]:
    """Work out each paper's standing, in the order of a document.

    Newest change first; on one day in arXiv's order of kinds, then the later id first. The order in which
    the announcements come is no matter.
    """
    rows: dict[str, list[Announcement]] = {}
    for announcement in taken:
        rows.setdefault(announcement.paper, []).append(announcement)
    standings = [Standing(min(found, key=_first), max(found, key=_last)) for found in rows.values()]
    return tuple(sorted(standings, key=_document_order, reverse=True))


def _first(announcement: Announcement) -> tuple[date, int, str]:
    return announcement.day, announcement.kind.rank, announcement.category


def _last(announcement: Announcement) -> tuple[date, int, str]:
    return announcement.day, announcement.version, announcement.category


def _document_order(standing: Standing) -> tuple[date, int, tuple[int, int], str]:
    # The old scheme numbered each archive by itself: the id tells such papers apart.
    paper = standing.last.paper
    return standing.last.day, -standing.first.kind.rank, order_id(paper), paper


def compose_entries(
    standings: Iterable[Standing],
    papers: Mapping[tuple[str, int], Paper],
    digests: Mapping[tuple[str, int], Digest],
) -> tuple[Entry, ...]:
    """Make the entries of a document, in the order of the standings."""
    return tuple(
        Entry(
            paper=papers[standing.key],
            kind=standing.first.kind,
            published=announced_at(standing.first.day),
            updated=announced_at(standing.last.day),
            digest=digests.get(standing.key),
        )
        for standing in standings
    )
