"""Making the ledger whole from OAI-PMH: days that no listing was seen of, and what listings left out."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Protocol

from feedsvc.calendar import announced_day, eastern_date, is_weekday, switches_at
from feedsvc.errors import AnswerError, TokenExpired, UpstreamError
from feedsvc.history import Coverage, rebuild_history
from feedsvc.http import Clock
from feedsvc.ledger import REBUILT_SOURCE, count_kinds, fingerprint_batch
from feedsvc.paper import Announcement, Batch, BatchState, Paper
from feedsvc.pipeline.harvest import Told, ToldPage
from feedsvc.query import Subject
from feedsvc.store import Store
from feedsvc.store.harvests import Harvest
from feedsvc.store.versions import chunked

log = logging.getLogger(__name__)

HARVEST = "catch-up"
OVERLAP = timedelta(days=7)
# A day's listing is waited for so long before other sources are asked.
GRACE = timedelta(hours=6)
TRY_AGAIN = timedelta(minutes=30)
AUDIT_EVERY = timedelta(hours=24)
# A list that was cut short is gone on with for so long. Its tokens count records, and every record that
# changes meanwhile moves those behind it up by one, past the place.
RESUME_WITHIN = timedelta(hours=2)
# A day on which nothing at all changed may not have come yet, unless it is as long ago as this.
LONG_PAST = timedelta(days=3)
PAPERS_A_TRANSACTION = 200


class HarvestSource(Protocol):
    """Papers by the day on which they last changed. May raise UpstreamError and AnswerError at any page."""

    def harvest_papers(self, since: date) -> Iterator[ToldPage]:
        """Give every paper whose record changed since a day, newest version, page by page."""
        ...

    def resume(self, token: str) -> Iterator[ToldPage]:
        """Give the pages that the token of an earlier one leads to. Raises TokenExpired for one of old."""
        ...


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """What a harvest brought: missing announcements, days it settled, and whether it came to its end."""

    added: int = 0
    settled: int = 0
    whole: bool = True


class CatchUp:
    """Closes the ledger's gaps, and once a day looks whether listings left anything out."""

    def __init__(self, store: Store, source: HarvestSource, clock: Clock, categories: Sequence[str]) -> None:
        self._store = store
        self._source = source
        self._clock = clock
        self._categories = tuple(categories)

    def run_due(self) -> CaughtUp | None:
        """Harvest if a day is missing, or if the last harvest is a day old; None if neither is the case.

        One that was cut short, by an error or by being killed, is gone on with behind its last page.
        """
        now = self._clock.now()
        last = self._store.harvests.find(HARVEST)
        if not self._is_due(last, self._coverages(now), now):
            return None
        try:
            return self._go_on(last, now) or self._begin(now)
        except (UpstreamError, AnswerError) as error:
            log.warning("the ledger's gaps could not be closed: %s", error, extra={"action": "catch-up"})
            return CaughtUp(whole=False)

    def _go_on(self, last: Harvest | None, now: datetime) -> CaughtUp | None:
        """Harvest on from where the last one was cut short; None where it was not, or was long ago.

        What it settles is what was missing when it was begun: its list may tell nothing later.
        """
        if last is None or last.done or last.token is None or now - last.started_at > RESUME_WITHIN:
            return None
        self._store.harvests.save(replace(last, touched_at=now))
        try:
            return self._take(last, self._source.resume(last.token))
        except TokenExpired:
            return None

    def _begin(self, now: datetime) -> CaughtUp:
        harvest = Harvest(HARVEST, now, now)
        self._store.harvests.save(harvest)
        return self._take(harvest, self._source.harvest_papers(_first_asked(self._coverages(now))))

    def _take(self, harvest: Harvest, pages: Iterator[ToldPage]) -> CaughtUp:
        coverages = self._coverages(harvest.started_at)
        added, newest = self._record_pages(harvest, pages, coverages)
        if newest is None:
            log.warning("OAI-PMH tells of no paper in a week: not believed", extra={"action": "catch-up"})
            return CaughtUp(whole=False)
        settled = self._settle(coverages, newest, harvest.started_at)
        self._store.harvests.save(replace(harvest, touched_at=self._clock.now(), done=True))
        return CaughtUp(added, settled)

    def _coverages(self, now: datetime) -> dict[str, Coverage]:
        first = self._store.ledger.first_day()
        last = _last_judged(now)
        if first is None or last < first:
            return {}
        days = [d for n in range((last - first).days + 1) if is_weekday(d := first + timedelta(days=n))]
        return {
            category: Coverage(first, last, self._store.ledger.unsettled_days(category, days))
            for category in self._categories
        }

    def _is_due(self, last: Harvest | None, coverages: Mapping[str, Coverage], now: datetime) -> bool:
        if not coverages:
            return False
        has_gaps = any(coverage.gaps for coverage in coverages.values())
        if last is None:
            return has_gaps or any(coverage.first < coverage.last for coverage in coverages.values())
        return now - last.touched_at >= (TRY_AGAIN if has_gaps or not last.done else AUDIT_EVERY)

    def _record_pages(
        self, harvest: Harvest, pages: Iterator[ToldPage], coverages: Mapping[str, Coverage]
    ) -> tuple[int, date | None]:
        """Record what is missing, and after each page where to go on.

        Give how many rows that were, and the newest change told of, if any.
        """
        added, changes = 0, set[date]()
        for page in pages:
            changes.update(history.changed for history, _ in page.told)
            for told in chunked(page.told, PAPERS_A_TRANSACTION):
                added += self._add_missing(told, coverages)
            self._store.harvests.save(replace(harvest, touched_at=self._clock.now(), token=page.token))
        return added, max(changes, default=None)

    def _add_missing(self, told: Sequence[Told], coverages: Mapping[str, Coverage]) -> int:
        """Record what the ledger should have of some papers and has not."""
        released = eastern_date(self._clock.now())
        known: dict[str, list[Subject]] = {}
        for subject in self._store.announcements.of_papers(history.paper for history, _ in told):
            known.setdefault(subject.announcement.paper, []).append(subject)
        missing: list[Announcement] = []
        for history, _ in told:
            subjects = known.get(history.paper, [])
            for place in history.places():
                if place in coverages:
                    rows = [s.announcement for s in subjects if s.announcement.category == place]
                    lacked_on = _last_without(place, subjects)
                    missing += rebuild_history(history, place, rows, coverages[place], lacked_on)
        if not missing:
            return 0
        rows = [replace(announcement, released=released) for announcement in missing]
        return self._store.ledger.record_rebuilt((), self._papers_of(rows, dict(_by_id(told))), rows)

    def _papers_of(self, rows: Iterable[Announcement], told: Mapping[str, Paper]) -> list[Paper]:
        """Give the versions that rows need and the store lacks; the API will tell the text of older ones."""
        keys = {(row.paper, row.version) for row in rows}
        unknown = sorted(keys - self._store.papers.load(keys).keys())
        papers = []
        for id_, version in unknown:
            newest = told[id_]
            is_newest = version == newest.version
            papers.append(newest if is_newest else replace(newest, version=version, complete=False))
        return papers

    def _settle(self, coverages: Mapping[str, Coverage], newest: date, now: datetime) -> int:
        """Settle the days that the harvest can have told all about."""
        settled = 0
        for category, coverage in coverages.items():
            told = [
                day for day in sorted(coverage.gaps) if day <= newest or now - switches_at(day) > LONG_PAST
            ]
            batches = [self._settled_batch(category, day, now) for day in told]
            self._store.ledger.record_rebuilt(batches, (), ())
            settled += len(batches)
        return settled

    def _settled_batch(self, category: str, day: date, now: datetime) -> Batch:
        rows = self._store.ledger.announcements_of(category, day)
        return Batch(
            day=day,
            category=category,
            state=BatchState.OK if rows else BatchState.QUIET,
            source=REBUILT_SOURCE,
            fingerprint=fingerprint_batch(rows),
            counts=count_kinds(rows),
            first_seen=now,
            last_seen=now,
            reason="made whole from OAI-PMH" if rows else "OAI-PMH tells of no announcement",
        )


def _first_asked(coverages: Mapping[str, Coverage]) -> date:
    """Give the day from which changes are asked for: a week before the first gap, or the last week."""
    gaps = [day for coverage in coverages.values() for day in coverage.gaps]
    last = max(coverage.last for coverage in coverages.values())
    return min(gaps, default=last) - OVERLAP


def _last_judged(now: datetime) -> date:
    """Give the newest day whose listing has been waited for long enough."""
    day = announced_day(now)
    while not is_weekday(day) or now < switches_at(day) + GRACE:
        day -= timedelta(days=1)
    return day


def _last_without(place: str, subjects: Iterable[Subject]) -> date | None:
    """Give the last day on which a paper was announced without being in a category; None if there is none."""
    days = (s.announcement.day for s in subjects if place not in s.wording.categories)
    return max(days, default=None)


def _by_id(told: Sequence[Told]) -> Iterator[tuple[str, Paper]]:
    return ((history.paper, paper) for history, paper in told)
