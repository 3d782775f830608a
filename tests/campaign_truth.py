"""What a campaign left, held against what was really announced, and against good manners."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise

from feedsvc.calendar import day_of_submission
from feedsvc.history import FIRST_KINDS, LONGEST_HOLD_BEFORE
from feedsvc.ledger import SETTLED
from feedsvc.paper import Announcement, Kind, Origin
from feedsvc.standin.corpus import Corpus
from feedsvc.standin.faults import FaultKind
from feedsvc.standin.log import RequestRecord
from feedsvc.store import Store

INTERVAL_SECONDS = 3.0
TOLERANCE_SECONDS = 0.01
# How long a client may take from an answer's last byte until it has noted what that says.
NOTING = timedelta(seconds=1)
BEFORE, AFTER = timedelta(days=30), timedelta(days=15)
# What the log says of each kind of trouble that a client can notice at once.
TRACES = {
    FaultKind.UNAVAILABLE: "HTTP 503",
    FaultKind.TOO_MANY: "HTTP 429",
    FaultKind.CUT_OFF: "not one whole XML document",
    FaultKind.TRUNCATED: "IncompleteRead",
    FaultKind.HTML_PAGE: "a web page",
    FaultKind.STALE_BATCH: "served again|announced on another day|sent in for an earlier day",
    FaultKind.EMPTY_PAGE: "partial.*empty|an empty page",
    FaultKind.LATE_BATCH: "arXiv serves",
    FaultKind.RESET: "reset",
    FaultKind.BROKEN_OFF: "reset|IncompleteRead",
    FaultKind.HANG: "nothing came for",
    FaultKind.ABSURD_DATE: "is dated|does not say which day",
    FaultKind.TOKEN_EXPIRED: "badResumptionToken",
    FaultKind.PAGE_REPEATED: "does not go on",
}
OFTEN = 8

Place = tuple[str, str]
"""Category, paper."""
Told = tuple[date, int, Kind]
"""Day, version, kind."""


@dataclass
class Figures:
    """What happened, and what is left at the end.

    `announcements` is the truth. Of the ledger's rows `exact` are right in every respect; `rebuilt` and
    `flagged` are those that no listing showed, the latter with a day or kind that no source told. Of these
    `misdated` stand for an announcement on another day or of another kind, and `surplus` for none. Of the
    truth `untold` is not in the ledger, since no source told of it.
    """

    kills: int = 0
    seconds: float = 0.0
    requests: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    announcements: int = 0
    exact: int = 0
    rebuilt: int = 0
    flagged: int = 0
    misdated: int = 0
    surplus: int = 0
    untold: int = 0
    documents_read: int = 0
    states_seen: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    impolite: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether nothing is as it should not be."""
        return not (self.wrong or self.unsettled or self.unseen or self.impolite or self.broken)

    def print(self) -> None:
        """Print the figures, one a line."""
        for name, value in vars(self).items():
            shown = dict(sorted(value.items())) if isinstance(value, Counter) else value
            print(f"{name.replace('_', ' '):<16} {shown}")


def compare_ledger(figures: Figures, corpus: Corpus, store: Store, categories: Sequence[str]) -> None:
    """Count and list what the ledger has of every paper in every category, and what it should have."""
    truth = _collect_truth(corpus, categories)
    rows = _collect_rows(corpus, store, categories)
    for place in truth.keys() | rows.keys():
        _compare_place(figures, corpus, place, truth.get(place, set()), rows.get(place, []))


def _compare_place(
    figures: Figures, corpus: Corpus, place: Place, truth: set[Told], rows: Sequence[Announcement]
) -> None:
    figures.announcements += len(truth)
    figures.rebuilt += sum(row.origin is Origin.REBUILT for row in rows)
    figures.flagged += sum(row.origin is Origin.ESTIMATED for row in rows)
    right = truth & {_tell(row) for row in rows}
    figures.exact += len(right)
    missing = sorted(truth - right)
    others = [row for row in rows if _tell(row) not in right]
    certain = [row for row in others if row.origin is not Origin.ESTIMATED or not truth]
    figures.wrong += [f"{place}: {_tell(row)} as {row.origin}, truly {sorted(truth)}" for row in certain]
    estimates = len(others) - len(certain)
    figures.misdated += min(estimates, len(missing))
    figures.surplus += max(0, estimates - len(missing))
    untold = missing[: max(0, len(missing) - estimates)]
    for told in untold:
        if can_be_told(corpus, place[1], told[2]):
            figures.wrong.append(f"{place}: {told} is missing")
        else:
            figures.untold += 1


def can_be_told(corpus: Corpus, paper: str, kind: Kind) -> bool:
    """Tell whether any source tells of an announcement whose listing was missed.

    None does of a cross-list of a paper from before the ledger's time: OAI-PMH then shows that something in
    the record of a paper unknown to us changed, as it does for hundreds of old papers a day whose journal
    references are filled in. Nor of a paper that moderators held back into our time, if it was replaced
    before OAI-PMH was asked: it then looks like one that had been announced before.
    """
    submitted = corpus.papers[paper, 1].submitted
    assert submitted is not None
    if kind not in FIRST_KINDS:
        return True
    first_day, sent_for = min(corpus.pages), day_of_submission(submitted)
    is_replaced = (paper, 2) in corpus.papers
    return sent_for >= first_day or (sent_for >= first_day - LONGEST_HOLD_BEFORE and not is_replaced)


def _collect_truth(corpus: Corpus, categories: Iterable[str]) -> dict[Place, set[Told]]:
    truth: dict[Place, set[Told]] = {}
    for day in corpus.pages:
        for category in categories:
            for row in corpus.page(day, category):
                truth.setdefault((category, row.paper), set()).add((day, row.version, row.kind))
    return truth


def _collect_rows(
    corpus: Corpus, store: Store, categories: Iterable[str]
) -> Mapping[Place, list[Announcement]]:
    first, last = min(corpus.pages) - BEFORE, max(corpus.pages) + AFTER
    days = [first + timedelta(days=n) for n in range((last - first).days)]
    rows: dict[Place, list[Announcement]] = {}
    for category in categories:
        for row in (row for day in days for row in store.ledger.announcements_of(category, day)):
            rows.setdefault((category, row.paper), []).append(row)
    return rows


def _tell(row: Announcement) -> Told:
    return row.day, row.version, row.kind


def find_unsettled(corpus: Corpus, store: Store) -> Iterator[str]:
    """Find the batches of announced days that are not known to be whole."""
    for batch in store.ledger.batches():
        if batch.day in corpus.pages and batch.state not in SETTLED:
            yield f"{batch.category} {batch.day}: {batch.state}, {batch.reason}"


def find_unseen(faults: Mapping[str, int], log: str) -> list[str]:
    """Find the kinds of trouble that came often and left no trace in the log."""
    often = [kind for kind in TRACES if faults.get(str(kind), 0) >= OFTEN]
    return [str(kind) for kind in often if not re.search(TRACES[kind], log)]


def find_impolite(records: Iterable[RequestRecord], kills: Sequence[datetime]) -> Iterator[str]:
    """Find requests that came too soon after another, in the stand-in's time, or overlapped it.

    Who was killed right after an answer had no time to note what it said in Retry-After.
    """
    ordered = sorted(records, key=lambda record: (record.clock_started, record.started))
    for before, after in pairwise(ordered):
        # Of a request whose client was killed in the middle only the start is the client's doing.
        ended = before.clock_ended if before.is_whole else before.clock_started
        waited = (after.clock_started - ended).total_seconds()
        is_noted = not any(timedelta() <= kill - before.ended < NOTING for kill in kills)
        asked = max(INTERVAL_SECONDS, before.retry_after or 0.0 if is_noted else 0.0)
        if waited < asked - TOLERANCE_SECONDS:
            yield f"{after.path} {waited:.2f} s after {before.path}, which asked for {asked:.0f}"
