"""Fetching batches and papers from arXiv and recording them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from feedsvc.arxiv.listing import Listing
from feedsvc.calendar import announced_day, eastern_date, is_weekday, switches_at
from feedsvc.errors import AnswerError, ErrorAnswer, StoppedError, UpstreamError
from feedsvc.http import Clock
from feedsvc.ledger import (
    SETTLED,
    Verdict,
    count_kinds,
    fingerprint_batch,
    imply_crosslists,
    is_due,
    is_whole_before,
    judge_age,
    judge_batch,
)
from feedsvc.logs import log_job
from feedsvc.paper import Announcement, Batch, BatchState, Kind, Paper
from feedsvc.store import Store
from feedsvc.store.ledger import Recorded

log = logging.getLogger(__name__)

IDS_A_REQUEST = 100
ASK_AGAIN = timedelta(hours=6)
# After a failure of the API.
API_REST = timedelta(minutes=30)
# arXiv's own first day.
FIRST_DAY = date(1991, 8, 14)
# The date of a listing that is older than this is not believed unseen.
OLD = timedelta(days=7)
# So many papers tell a batch's age: those of which a version was sent in for it. Cross-lists may be old.
AGE_SAMPLE = 50
DATED = frozenset({Kind.NEW, Kind.REPLACE, Kind.REPLACE_CROSS})


class Source(Protocol):
    """How papers arrive. Both methods may raise UpstreamError and AnswerError."""

    def fetch_listing(self, category: str) -> Listing:
        """Give the listing that arXiv serves for a category now."""
        ...

    def fetch_papers(self, ids: Sequence[str]) -> tuple[Paper, ...]:
        """Give what the API knows of paper versions such as `2601.06098v1`; unknown ones are absent."""
        ...


@dataclass(frozen=True, slots=True)
class Fetched:
    """What fetching one category brought: the batch as the ledger now holds it, and what was new.

    `reached` is false where arXiv did not answer at all, so that asking for others is as vain.
    """

    category: str
    batch: Batch
    added: int = 0
    repeated: bool = False
    reached: bool = True


class Ingest:
    """Brings the ledger up to what arXiv serves."""

    def __init__(self, store: Store, source: Source, clock: Clock, categories: Sequence[str]) -> None:
        self._store = store
        self._source = source
        self._clock = clock
        self.categories = tuple(categories)
        self._api_rests_until = datetime.min.replace(tzinfo=UTC)
        self.is_api_well = True

    def due_categories(self) -> tuple[str, ...]:
        """Give the followed categories whose newest day is not settled and may be asked for now."""
        now = self._clock.now()
        day = announced_day(now)
        batches = self._store.ledger.batches_of(day)
        due = tuple(c for c in self.categories if is_due(batches.get(c), now))
        is_out = now >= switches_at(day) or any(batch.state in SETTLED for batch in batches.values())
        # In the evening the papers are public, but arXiv's feed may well switch at midnight only: one
        # category is asked for the others.
        return due if is_out else due[:1] if due and due[0] == self.categories[0] else ()

    def fetch_batches(self, categories: Sequence[str] | None = None) -> Iterator[Fetched]:
        """Fetch and record the named categories, by default all that are followed, one by one.

        It ends when it is told to stop: what was not asked for is due as before.
        """
        for category in self.categories if categories is None else categories:
            try:
                fetched = self._fetch_logged(category)
            except StoppedError:
                return
            yield fetched

    def _fetch_logged(self, category: str) -> Fetched:
        with log_job(self._clock, "fetch", category=category) as counts:
            fetched = self.fetch_batch(category)
            counts |= {"new rows": fetched.added, **{str(kind): n for kind, n in fetched.batch.counts}}
        return fetched

    def fetch_batch(self, category: str) -> Fetched:
        """Fetch a category's listing and record it; what cannot be used is noted, never raised.

        Raises StoppedError if we are told to stop before arXiv was asked.
        """
        now = self._clock.now()
        expected = announced_day(now)
        try:
            listing = self._source.fetch_listing(category)
        except StoppedError:
            raise
        except UpstreamError as error:
            noted = self._note(category, expected, Verdict(BatchState.FAILED, str(error)), now)
            return replace(noted, reached=False)
        except AnswerError as error:
            return self._note(category, expected, Verdict(BatchState.FAILED, str(error)), now)
        if not FIRST_DAY <= listing.day <= expected or not is_weekday(listing.day):
            return self._note(category, expected, _judge_date(listing, expected), now)
        if listing.day != expected:
            late = Verdict(BatchState.STALE, f"arXiv serves {listing.day} where {expected} is expected")
            self._note(category, expected, late, now)
        return self._record(category, listing, now)

    def _record(self, category: str, listing: Listing, now: datetime) -> Fetched:
        released = eastern_date(now)
        announcements = tuple(
            Announcement(listing.day, category, item.paper.id, item.paper.version, item.kind, released)
            for item in listing.items
        )
        verdict = self._judge(category, listing, announcements)
        if verdict.state in (BatchState.STALE, BatchState.FAILED):
            return self._note(category, listing.day, verdict, now)
        batch = Batch(
            day=listing.day,
            category=category,
            state=verdict.state,
            source=listing.source,
            fingerprint=fingerprint_batch(announcements),
            counts=count_kinds(announcements),
            first_seen=now,
            last_seen=now,
            reason=verdict.reason,
        )
        papers = [item.paper for item in listing.items]
        shown = zip(announcements, (paper.categories for paper in papers), strict=True)
        implied = tuple(imply_crosslists(shown, self.categories))
        recorded = self._store.ledger.record_batch(batch, papers, announcements, implied)
        return _report(recorded, is_usual=self._is_first_empty(category, listing))

    def _is_first_empty(self, category: str, listing: Listing) -> bool:
        """Tell an empty listing of a category's first day: a new store cannot know whether it is whole."""
        is_empty = not listing.items and not listing.skipped
        return is_empty and not self._store.ledger.earlier_batches(category, listing.day)

    def _judge(self, category: str, listing: Listing, announcements: Sequence[Announcement]) -> Verdict:
        ledger = self._store.ledger
        earlier = ledger.earlier_batches(category, listing.day)
        repeats = ledger.count_repeats(category, listing.day, announcements)
        is_out = ledger.is_seen(listing.day, besides=category)
        verdict = judge_batch(listing.day, announcements, listing.skipped, earlier, repeats, is_out=is_out)
        is_before_whole = not earlier or is_whole_before(listing.day, earlier[0])
        is_recent = listing.day >= announced_day(self._clock.now()) - OLD
        if verdict.state is BatchState.STALE or (is_before_whole and is_recent and not repeats):
            return verdict
        # An old batch cannot be known by its content where that was never seen, or in part without its
        # being noticed: the API tells its age.
        age = self._judge_age(listing)
        return verdict if age.state is BatchState.OK else age

    def _judge_age(self, listing: Listing) -> Verdict:
        dated = [f"{item.paper.id}v{item.paper.version}" for item in listing.items if item.kind in DATED]
        if not dated:
            return Verdict(BatchState.OK)
        try:
            papers = self._source.fetch_papers(dated[:AGE_SAMPLE])
        except (UpstreamError, AnswerError) as error:
            return Verdict(BatchState.FAILED, f"its age could not be told: {error}")
        sent = (paper.revised or paper.submitted for paper in papers)
        return judge_age(listing.day, [moment for moment in sent if moment])

    def _note(self, category: str, day: date, verdict: Verdict, now: datetime) -> Fetched:
        batch = Batch(day, category, verdict.state, "listing", "", (), now, now, reason=verdict.reason)
        return _report(self._store.ledger.note_batch(batch))

    def fill_papers(self, limit: int = 2000) -> int:
        """Ask the API for what listings do not tell; give how many papers changed.

        A paper that the API does not know yet is asked for again six hours later.
        """
        now = self._clock.now()
        if now < self._api_rests_until:
            return 0
        due = self._store.papers.incomplete(now - ASK_AGAIN, limit)
        changed = 0
        for start in range(0, len(due), IDS_A_REQUEST):
            keys = due[start : start + IDS_A_REQUEST]
            try:
                papers = self._source.fetch_papers([f"{paper}v{version}" for paper, version in keys])
            except (UpstreamError, AnswerError) as error:
                log.warning("papers could not be completed: %s", error)
                self.is_api_well = False
                self._api_rests_until = self._clock.now() + API_REST
                if isinstance(error, ErrorAnswer):
                    # Should one of these be what it stumbles over, the others must not wait behind it.
                    self._store.papers.note_asked(keys, now)
                break
            self.is_api_well = True
            wanted = [paper for paper in papers if (paper.id, paper.version) in keys]
            changed += self._store.papers.save(wanted)
            self._store.papers.note_asked(keys, now)
        return changed


def _judge_date(listing: Listing, expected: date) -> Verdict:
    if not is_weekday(listing.day) and not listing.items:
        return Verdict(BatchState.STALE, f"an empty page of a weekend, {listing.day}")
    return Verdict(BatchState.FAILED, f"the listing is dated {listing.day} where {expected} is expected")


def _report(recorded: Recorded, *, is_usual: bool = False) -> Fetched:
    batch = recorded.batch
    level = logging.INFO if is_usual or batch.state in SETTLED else logging.WARNING
    log.log(
        level,
        "%s %s: %s, %d new rows%s",
        batch.category,
        batch.day,
        batch.state,
        recorded.added,
        f" ({batch.reason})" if batch.reason else "",
        extra={"action": "batch", "category": batch.category, "state": batch.state.value},
    )
    return Fetched(batch.category, batch, recorded.added, recorded.repeated)
