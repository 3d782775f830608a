"""Works out which announcements a paper's history must have had, where no listing of the day was seen. Pure.

What sources tell: when each version was submitted, which categories the paper has now, and the date of its
last change. What they do not: the day of each announcement, and when a category was added. So some rows are
exact, and the others say that they are estimated (see Origin).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from feedsvc.calendar import day_of_submission, is_weekday
from feedsvc.paper import Announcement, Kind, Origin
from feedsvc.taxonomy import load_taxonomy

DAY = timedelta(days=1)
FIRST_KINDS = frozenset({Kind.NEW, Kind.CROSS})
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


@dataclass(frozen=True, slots=True)
class _Span:
    """A version that was announced, with the first and the last day on which it can have been."""

    version: int
    lower: date
    upper: date


@dataclass(frozen=True, slots=True)
class _Window:
    """The days on which an announcement can have been made, and what speaks for single ones.

    `named` are those that a source names: the day of a submission, the date of the last change if nothing
    else explains it. On `explained` ones something else is known to have happened. With `late` the last day
    is the likeliest, else the first.
    """

    lower: date
    upper: date
    named: frozenset[date]
    explained: frozenset[date] = frozenset()
    late: bool = False


@dataclass(frozen=True, slots=True)
class _Choice:
    """The day of an announcement, how it is known, and the missed days on which it can have been made."""

    day: date
    origin: Origin
    possible: Collection[date] = ()


def rebuild_history(
    history: PaperHistory,
    place: str,
    known: Collection[Announcement],
    coverage: Coverage,
    lacked_on: date | None = None,
) -> Iterator[Announcement]:
    """Give the announcements of a paper in one category that the ledger should have and has not.

    `known` are those it has there; `lacked_on` is the last day on which the paper was announced elsewhere
    without being in the category. A day is exact where a source names it and it is the only gap that can
    hold the announcement: had it been made on any other day, that day's batch would show it.
    """
    spans = _announced_versions(history)
    entry = min((a for a in known if a.kind in FIRST_KINDS), key=lambda a: a.day, default=None)
    is_ours = lacked_on is not None or spans[0].lower >= _earliest(history, coverage)
    doubtful: Collection[date] = ()
    if entry is None and is_ours:
        choice = _choose_entry(history, place, spans, known, coverage, lacked_on)
        if choice is None:
            return
        entry, doubtful = _enter(history, place, spans, choice, lacked_on), choice.possible
        yield entry
    for span in spans[1:]:
        if any(a.version == span.version for a in known) or (entry and span.version <= entry.version):
            continue
        lower = max(span.lower, entry.day + DAY) if entry else span.lower
        named = frozenset((span.lower, history.changed))
        choice = _choose_day(_Window(lower, max(lower, span.upper), named), coverage)
        if choice is not None and span.lower >= coverage.first:
            kind = kind_of(2, is_primary=place == history.places()[0])
            origin = Origin.ESTIMATED if choice.day in doubtful else choice.origin
            yield Announcement(choice.day, place, history.paper, span.version, kind, None, origin)


def _announced_versions(history: PaperHistory) -> list[_Span]:
    """Give the versions that were announced, oldest first.

    One that was replaced before the freeze never was. A version came before the next one did, and the newest
    by the record's last change.
    """
    days = [(version, day_of_submission(submitted)) for version, submitted in history.versions]
    return [
        _Span(version, day, max(day, min(following - DAY, history.changed)))
        for (version, day), (_, following) in pairwise([*days, (0, date.max)])
        if day < following
    ]


def _earliest(history: PaperHistory, coverage: Coverage) -> date:
    """Give the day from which on a submission counts as ours to announce.

    A single version that was sent in shortly before our time may have been held back into it; one that was
    replaced since, or sent in long before, had been announced by then.
    """
    may_be_held = len(history.versions) == 1
    return coverage.first - LONGEST_HOLD_BEFORE if may_be_held else coverage.first


def _choose_entry(
    history: PaperHistory,
    place: str,
    spans: Sequence[_Span],
    known: Collection[Announcement],
    coverage: Coverage,
    lacked_on: date | None,
) -> _Choice | None:
    """Choose the day on which a paper came into a category: with its first version, or by a later cross-list.

    What the ledger has of it there already came later.
    """
    # What came with a version is told by that: more likely, a category was added on another day.
    explained = frozenset(span.lower for span in spans[1:])
    change = frozenset((history.changed,)) - explained
    last = min((history.changed, *(a.day - DAY for a in known)))
    if lacked_on is not None:
        lower, upper = lacked_on + DAY, _weekday_by(last)
        is_certain = lower >= coverage.first or upper in coverage.gaps
        window = _Window(lower, upper, change, explained, late=True)
        return _choose_day(window, coverage) if is_certain else None
    sent_for, upper = spans[0].lower, spans[0].upper
    primary, *others = history.places()
    # Of several categories, another one may have made the last change.
    named = frozenset((sent_for,)) | (frozenset() if others else change)
    if place != primary:
        # Nothing tells whether it was there from the first version on, unless nothing happened since.
        upper = max(upper, last)
        named = change or named
    return _choose_day(_Window(sent_for, upper, named, explained), coverage)


def _choose_day(window: _Window, coverage: Coverage) -> _Choice | None:
    """Choose the day of an announcement; None where nothing can be told yet."""
    lower, upper = _weekday_from(window.lower), _weekday_by(window.upper)
    if lower > min(upper, coverage.last) or upper < coverage.first:
        return None
    likeliest = (upper,) if window.late else (lower, upper)
    gaps = coverage.gaps_within(lower, upper)
    # It may have been made on a day whose listing is still to be judged.
    is_open = upper > coverage.last
    if gaps:
        days = [*gaps, upper] if is_open else gaps
        likely = [day for day in days if day not in window.explained] or gaps
        day = next((day for day in likeliest if day in likely), likely[0])
        is_only = len(gaps) == 1 and not is_open and lower >= coverage.first
        is_exact = is_only and (day in window.named or lower == upper)
        return _Choice(day, Origin.REBUILT if is_exact else Origin.ESTIMATED, gaps)
    # Every day it can have been on is settled, and yet it is missing: the listing left it out.
    if is_open or lower < coverage.first:
        return None
    return _Choice(likeliest[0], Origin.REBUILT if lower == upper else Origin.ESTIMATED)


def _enter(
    history: PaperHistory, place: str, spans: Sequence[_Span], choice: _Choice, lacked_on: date | None
) -> Announcement:
    """Give a paper's first announcement in a category, in the version that was the newest one that day."""
    is_new = lacked_on is None and place == history.places()[0]
    version = max((s.version for s in spans if s.lower <= choice.day), default=spans[0].version)
    kind = kind_of(1, is_primary=is_new)
    return Announcement(
        choice.day, place, history.paper, spans[0].version if is_new else version, kind, None, choice.origin
    )


def _weekday_from(day: date) -> date:
    while not is_weekday(day):
        day += DAY
    return day


def _weekday_by(day: date) -> date:
    while not is_weekday(day):
        day -= DAY
    return day
