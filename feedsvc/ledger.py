"""Judges batches: what state one is in, and when it must be asked for again. Pure; `now` is handed in."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from statistics import median

from feedsvc.calendar import day_of_submission, is_announcement_expected, is_weekday, switches_at
from feedsvc.paper import Announcement, Batch, BatchState, Kind, Origin
from feedsvc.taxonomy import load_taxonomy

LISTING_CAP = 2000
# The source of a batch that no listing told of.
REBUILT_SOURCE = "oai"
SETTLED = frozenset({BatchState.OK, BatchState.QUIET})
FIRST_WAIT = timedelta(minutes=5)
LONGEST_WAIT = timedelta(hours=2)
# A category with so few papers a day may well have none at all.
SMALL = 5
# From so many settled batches on it is known what a category's usual day is.
KNOWN_AFTER = 3
# Of a category of this size and more, a batch of less than a quarter of the usual one is not believed.
SIZEABLE = 20
FEW = 4


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a listing amounts to, and why, in words for the operator."""

    state: BatchState
    reason: str = ""


def fingerprint_batch(announcements: Iterable[Announcement]) -> str:
    """Give a hash that is equal for equal batches, whatever their day and the order of their items."""
    rows = sorted(f"{a.paper}v{a.version} {a.kind}" for a in announcements)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def count_kinds(announcements: Iterable[Announcement]) -> tuple[tuple[Kind, int], ...]:
    """Give the number of announcements of each kind that occurs, in arXiv's order of kinds."""
    counts = Counter(a.kind for a in announcements)
    return tuple((kind, counts[kind]) for kind in Kind if counts[kind])


def judge_batch(
    day: date,
    announcements: Sequence[Announcement],
    skipped: Sequence[str],
    earlier: Sequence[Batch],
    repeats: int = 0,
    *,
    is_out: bool = True,
) -> Verdict:
    """Judge what a listing shows for a category's day.

    `skipped` says which items could not be read. `earlier` are the category's batches of other days, newest
    first: the same content under a new date is an old batch served again, whatever date it bears. `repeats`
    counts the announcements that the category made on another day already: of a true batch that is none.
    `is_out` tells that another category's listing of the day was seen whole.
    """
    if not announcements:
        return _judge_empty(day, skipped, earlier, is_out=is_out)
    fingerprint = fingerprint_batch(announcements)
    twin = next((b for b in earlier if b.day != day and b.fingerprint == fingerprint), None)
    if twin:
        return Verdict(BatchState.STALE, f"the batch of {twin.day} served again under the date {day}")
    if repeats * 2 > len(announcements):
        return Verdict(BatchState.STALE, f"{repeats} of {len(announcements)} were announced on another day")
    if skipped:
        return Verdict(BatchState.PARTIAL, f"{len(skipped)} items could not be read, the first: {skipped[0]}")
    if len(announcements) >= LISTING_CAP:
        return Verdict(BatchState.PARTIAL, f"{len(announcements)} items: the listing's cap drops new papers")
    return _judge_size(len(announcements), usual_size(earlier))


def is_whole_before(day: date, last: Batch) -> bool:
    """Tell whether a category's last batch before a day is that of the weekday before, and settled."""
    before = day - timedelta(days=1)
    while not is_weekday(before):
        before -= timedelta(days=1)
    return last.day == before and last.state in SETTLED


def judge_age(day: date, submitted: Sequence[datetime]) -> Verdict:
    """Judge a listing by when its new papers and versions were sent in.

    Those of an earlier day make an old batch (some are held back for days; of a true batch, most are not),
    and none can have been sent in after the day was announced.
    """
    days = [day_of_submission(moment) for moment in submitted]
    if late := sum(sent_for > day for sent_for in days):
        return Verdict(BatchState.FAILED, f"{late} of {len(days)} versions were sent in after {day}")
    if (old := sum(sent_for < day for sent_for in days)) * 2 > len(days):
        return Verdict(BatchState.STALE, f"{old} of {len(days)} versions were sent in for an earlier day")
    return Verdict(BatchState.OK)


def _judge_size(size: int, usual: int) -> Verdict:
    if usual >= SIZEABLE and size * FEW < usual:
        return Verdict(BatchState.PARTIAL, f"{size} announcements, where about {usual} are usual")
    return Verdict(BatchState.OK)


def _judge_empty(day: date, skipped: Sequence[str], earlier: Sequence[Batch], *, is_out: bool) -> Verdict:
    if skipped:
        return Verdict(
            BatchState.PARTIAL, f"none of {len(skipped)} items could be read, the first: {skipped[0]}"
        )
    if not is_announcement_expected(day):
        return Verdict(BatchState.QUIET, "no announcement is expected on this day")
    usual = usual_size(earlier)
    is_known = sum(batch.state in SETTLED for batch in earlier) >= KNOWN_AFTER
    if is_known and is_out and usual < SMALL:
        return Verdict(BatchState.QUIET, "nothing announced")
    if is_known and usual >= SMALL:
        return Verdict(BatchState.PARTIAL, f"empty, where about {usual} announcements are usual")
    doubt = "no other category shows the day yet" if is_known else "it is not known yet what is usual"
    return Verdict(BatchState.PARTIAL, f"empty, and {doubt}")


def usual_size(earlier: Sequence[Batch]) -> int:
    """Give the median size of a category's settled batches; 0 where none is known."""
    sizes = [sum(count for _, count in b.counts) for b in earlier if b.state in SETTLED]
    return int(median(sizes)) if sizes else 0


def judge_missing(batch: Batch, rows: Iterable[Announcement], listed: Collection[str]) -> Batch:
    """Judge a listing that seemed complete by what other categories' listings say should be in it.

    `rows` is all that the ledger holds of the day, `listed` the papers that this listing showed.
    """
    missing = [row.paper for row in rows if row.origin is Origin.REBUILT and row.paper not in listed]
    if not missing or batch.state is not BatchState.OK:
        return batch
    reason = (
        f"{len(missing)} papers that other listings show as cross-lists are missing, the first {missing[0]}"
    )
    return replace(batch, state=BatchState.PARTIAL, reason=reason)


def renew_batch(known: Batch | None, seen: Batch) -> Batch:
    """Decide what the ledger keeps of a batch seen again: what is better is never made worse.

    An `ok` batch stays `ok`, announcements count for more than none, and only announcements unsettle a
    quiet day. When it was last seen, and how often it was asked for, always goes on.
    """
    if known is None:
        return seen
    attempts = known.attempts + 1
    if _is_better(known, seen):
        return replace(known, last_seen=seen.last_seen, attempts=attempts)
    return replace(seen, first_seen=known.first_seen, attempts=attempts)


def _is_better(known: Batch, seen: Batch) -> bool:
    if known.state is BatchState.OK:
        return seen.state is not BatchState.OK
    if seen.counts:
        return False
    return bool(known.counts) or (known.state is BatchState.QUIET and seen.state not in SETTLED)


def is_due(batch: Batch | None, now: datetime) -> bool:
    """Tell whether a category's newest day must be asked for (again); one never asked for always is.

    What was asked for in the evening, before arXiv's feed switched to the day, is asked for anew after that.
    """
    if batch is None:
        return True
    if batch.state in SETTLED:
        return False
    is_first_after_switch = batch.last_seen < switches_at(batch.day) <= now
    return is_first_after_switch or now >= next_attempt(batch)


def imply_crosslists(
    listed: Iterable[tuple[Announcement, Sequence[str]]], followed: Collection[str]
) -> Iterator[Announcement]:
    """Give the cross-lists that follow from new papers and the categories that a listing shows with them.

    arXiv announces these the same day. It does not announce them for replacements, nor for papers that are
    cross-listed later: those were no new papers that day.
    """
    resolve = load_taxonomy().resolve
    for announcement, categories in listed:
        if announcement.kind is not Kind.NEW:
            continue
        others = {place for category in categories if (place := resolve(category))}
        for category in sorted((others - {announcement.category}) & set(followed)):
            yield replace(announcement, category=category, kind=Kind.CROSS, origin=Origin.REBUILT)


def next_attempt(batch: Batch) -> datetime:
    """Give the instant at which an unsettled batch is asked for again: soon at first, then ever later."""
    wait: timedelta = FIRST_WAIT * 2 ** min(batch.attempts - 1, 10)
    return batch.last_seen + min(wait, LONGEST_WAIT)
