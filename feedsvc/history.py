"""Works out which announcements a paper's history must have had, where no listing of the day was seen. Pure.

What sources tell: when each version was submitted, which categories the paper has now, and the date of its
last change. What they do not: the day of each announcement, and when a category was added. So some rows are
exact, and the others say that they are estimated (see Origin).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from feedsvc.calendar import day_of_submission
from feedsvc.paper import Announcement, Kind, Origin
from feedsvc.taxonomy import load_taxonomy

# Moderators seldom hold a paper longer; of an older one that changed, more likely only the metadata did.
LONGEST_HOLD_BEFORE = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class PaperHistory:
    """A paper as an archive's harvest tells of it.

    `versions` holds each version's number and instant of submission, oldest first; `categories` are today's,
    the primary one first. `changed` is the date of the record's last change: the last announcement, or a
    later mending of its metadata.
    """

    paper: str
    categories: tuple[str, ...]
    versions: tuple[tuple[int, datetime], ...]
    changed: date

    @property
    def newest(self) -> int:
        """The number of the newest version."""
        return self.versions[-1][0]

    def places(self) -> tuple[str, ...]:
        """Give the categories under their canonical ids, each once, the primary one first."""
        resolve = load_taxonomy().resolve
        return tuple(dict.fromkeys(resolve(category) or category for category in self.categories))


def kind_of(version: int, *, is_primary: bool) -> Kind:
    """Give the kind under which a version is announced in the primary or in another category."""
    if version == 1:
        return Kind.NEW if is_primary else Kind.CROSS
    return Kind.REPLACE if is_primary else Kind.REPLACE_CROSS


def estimate_history(history: PaperHistory, followed: Collection[str]) -> Iterator[Announcement]:
    """Give what a paper's first announcement must have been, in each followed category, long ago.

    The day is that of the first version's submission, the version is the newest one: of earlier ones an
    archive keeps no metadata. Every row is estimated and has no release day.
    """
    day = day_of_submission(history.versions[0][1])
    places = history.places()
    for place in places:
        if place in followed:
            kind = kind_of(1, is_primary=place == places[0])
            yield Announcement(day, place, history.paper, history.newest, kind, None, Origin.ESTIMATED)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the ledger knows of one category's days: those from `first` to `last` but for the `gaps`."""

    first: date
    last: date
    gaps: frozenset[date]

    def gaps_within(self, lower: date, upper: date) -> list[date]:
        """Give the gaps from one day to another, both included."""
        return sorted(day for day in self.gaps if lower <= day <= upper)


def rebuild_history(
    history: PaperHistory,
    place: str,
    known: Collection[Announcement],
    coverage: Coverage,
    was_listed: bool | None,
) -> Iterator[Announcement]:
    """Give the announcements of a paper in one category that the ledger should have and has not.

    `known` are those it has there; `was_listed` tells whether the paper was in the category when it was last
    seen, None if it never was seen. A day is exact where only one gap can hold the announcement: had it
    been made on any other day, that day's batch would show it.
    """
    if was_listed is False and not known:
        yield from _rebuild_later_crosslist(history, place, coverage)
        return
    is_primary = place == history.places()[0]
    for number, (version, lower, upper) in enumerate(_announced_versions(history)):
        is_first = number == 0
        if bool(known) if is_first else any(a.version == version for a in known):
            continue
        found = _choose_day(lower, upper, coverage, earliest=_earliest(history, coverage, is_first=is_first))
        if found is not None:
            day, origin = found
            kind = kind_of(1 if is_first else 2, is_primary=is_primary)
            yield Announcement(day, place, history.paper, version, kind, None, origin)


def _announced_versions(history: PaperHistory) -> Iterator[tuple[int, date, date]]:
    """Give each version that was announced, with the first and the last day on which it can have been.

    One that was replaced before the freeze never was announced. A version came before the next one did, and
    the newest by the record's last change.
    """
    days = [(version, day_of_submission(submitted)) for version, submitted in history.versions]
    for (version, day), (_, following) in pairwise([*days, (0, date.max)]):
        if day < following:
            yield version, day, max(day, min(following, history.changed))


def _earliest(history: PaperHistory, coverage: Coverage, *, is_first: bool) -> date:
    """Give the day from which on a submission counts as ours to announce.

    A single version that was sent in shortly before our time may have been held back into it; one that was
    replaced since, or sent in long before, had been announced by then.
    """
    may_be_held = is_first and len(history.versions) == 1
    return coverage.first - LONGEST_HOLD_BEFORE if may_be_held else coverage.first


def _choose_day(lower: date, upper: date, coverage: Coverage, earliest: date) -> tuple[date, Origin] | None:
    """Choose the day of an announcement made from one day to another; None where it is not ours to tell."""
    if lower < earliest or lower > coverage.last or upper < coverage.first:
        return None
    gaps = coverage.gaps_within(lower, upper)
    if len(gaps) == 1:
        return gaps[0], Origin.REBUILT if lower >= coverage.first else Origin.ESTIMATED
    if gaps:
        return lower if lower in gaps else upper if upper in gaps else gaps[0], Origin.ESTIMATED
    # Every day it can have been on is settled, and yet it is missing: the listing left it out.
    if lower < coverage.first:
        return None
    return lower, Origin.REBUILT if lower == upper else Origin.ESTIMATED


def _rebuild_later_crosslist(history: PaperHistory, place: str, coverage: Coverage) -> Iterator[Announcement]:
    """Give the cross-list of a paper that was seen without this category before: it made the last change."""
    day = history.changed
    if day not in coverage.gaps:
        return
    versions = [number for number, submitted in history.versions if day_of_submission(submitted) <= day]
    exact = coverage.gaps_within(coverage.first, day) == [day]
    origin = Origin.REBUILT if exact else Origin.ESTIMATED
    yield Announcement(day, place, history.paper, max(versions, default=1), Kind.CROSS, None, origin)
