"""Filling in history: papers announced before anybody listened, from arXiv's dump or by OAI-PMH.

    dump, or OAI-PMH's pages --> history.estimate_history --> store, each chunk with the place behind it

What the store holds already stays, so that taking in the same again, or less than before, changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

from feedsvc.arxiv.dump import UnreadableLine, open_dump, read_dumped
from feedsvc.arxiv.oai import OaiPage
from feedsvc.errors import BrokenAnswer, TokenExpired
from feedsvc.history import estimate_history
from feedsvc.http import Clock
from feedsvc.paper import Announcement, Paper
from feedsvc.pipeline.ahead import work_ahead
from feedsvc.pipeline.harvest import PREFIX, ResumableSource, Told, read_papers
from feedsvc.pipeline.progress import Progress, Recorder, Step, Tell
from feedsvc.store import Store
from feedsvc.store.bulk import NOTHING, Chunk, make_chunk

log = logging.getLogger(__name__)

# Some 50 ms of the store's one place for writers.
LINES_A_CHUNK = 500
# How often a month's list is taken up before it is given up.
ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Scope:
    """Which estimates are wanted: in these categories, of days before the ledger's first own one.

    What was announced since then is for the catch-up, which knows which days are missing. Rows are made for
    the database that `backend` names.
    """

    categories: frozenset[str]
    before: date
    backend: str

    def make_chunk(self, told: Iterable[Told]) -> Chunk:
        """Give the rows of papers and their first announcements; a paper of no wanted category has none."""
        papers: list[Paper] = []
        announcements: list[Announcement] = []
        for history, paper in told:
            estimates = list(estimate_history(history, self.categories))
            if estimates:
                papers.append(paper)
                announcements += [estimate for estimate in estimates if estimate.day < self.before]
        return make_chunk(papers, announcements, self.backend)


@dataclass(frozen=True, slots=True)
class _Reading:
    """What some lines of a dump amount to; `line` is the number of the last one."""

    chunk: Chunk
    line: int
    records: int
    skipped: tuple[str, ...]
    share: float


class Backfill:
    """Fills in the history of some categories; `tell` hears after each chunk how far it is."""

    def __init__(self, store: Store, clock: Clock, categories: Collection[str], tell: Tell) -> None:
        self._store = store
        self._clock = clock
        self._categories = frozenset(categories)
        self._tell = tell

    def import_dump(self, path: Path, lines_a_chunk: int = LINES_A_CHUNK) -> Progress:
        """Take in arXiv's dump; a run that was cut short goes on behind the last line that was stored.

        Raises BrokenAnswer for a file that is no dump or breaks off, and StoreError.
        """
        with open_dump(path) as dump:
            recorder = self._recorder(f"dump {dump.fingerprint}")
        after = int(recorder.token or 0)
        with work_ahead(_read_chunks, path, after, self._scope(), lines_a_chunk) as readings:
            for reading in readings:
                _log_skipped(path.name, reading.skipped)
                recorder.record(
                    reading.chunk,
                    Step(reading.records, len(reading.skipped), reading.share, token=str(reading.line)),
                )
        recorder.record(NOTHING, Step(token=recorder.token, share=1.0, is_last=True))
        return recorder.progress

    def harvest_records(
        self, source: ResumableSource, since: date, until: date | None, set_spec: str | None
    ) -> Progress:
        """Take in every paper whose record changed from a day to another, both included; None means today.

        It goes month by month and page by page; a run that was cut short goes on behind the last page that
        was stored, or with its month where the token is too old. Raises UpstreamError, AnswerError and
        StoreError.
        """
        recorder = self._recorder(f"oai {set_spec or '*'} {since} {until or '*'}")
        span = Span(since, until or self._clock.now().date())
        month, token = _read_place(recorder.token, span)
        harvest = _Harvest(source, span, until is None, set_spec, recorder, self._scope())
        while month is not None:
            harvest.take_month(month, token)
            month, token = span.month_after(month), None
        return recorder.progress

    def _recorder(self, name: str) -> Recorder:
        return Recorder(self._store, self._clock, name, self._tell)

    def _scope(self) -> Scope:
        before = self._store.ledger.first_day() or date.max
        return Scope(self._categories, before, self._store.bulk.backend)


def _read_chunks(path: Path, after: int, scope: Scope, size: int) -> Iterator[_Reading]:
    """Give what the lines behind a number amount to. Raises BrokenAnswer where none of them is a record."""
    is_dump = after > 0
    with open_dump(path) as dump:
        lines = dump.lines(after)
        while some := list(islice(lines, size)):
            reading = _read_lines(some, scope, dump.share())
            is_dump = is_dump or reading.records > 0
            if not is_dump and reading.skipped:
                raise BrokenAnswer(
                    f"{path}: not one of {len(some)} lines can be read, {reading.skipped[0]}: "
                    "expected arXiv's dump, a JSON object a line"
                )
            yield reading


def _read_lines(lines: Sequence[tuple[int, bytes]], scope: Scope, share: float) -> _Reading:
    told: list[Told] = []
    skipped: list[str] = []
    for number, line in lines:
        try:
            if not line.isspace():
                told.append(read_dumped(line))
        except UnreadableLine as reason:
            skipped.append(f"line {number}: {reason}")
    return _Reading(scope.make_chunk(told), lines[-1][0], len(told), tuple(skipped), share)


@dataclass(frozen=True, slots=True)
class Span:
    """Days from one to another, both included, cut into calendar months, each named by its first day here."""

    first: date
    last: date

    def end_of(self, month: date) -> date:
        """Give a month's last day here."""
        following = (month.replace(day=1) + timedelta(days=32)).replace(day=1)
        return min(following - timedelta(days=1), self.last)

    def month_after(self, month: date) -> date | None:
        """Give the month behind a month; None behind the last."""
        following = self.end_of(month) + timedelta(days=1)
        return following if following <= self.last else None

    def share(self, month: date, part: float) -> float:
        """Give how much of the days is over with a part of a month."""
        days = (self.end_of(month) - month).days + 1
        return ((month - self.first).days + days * part) / ((self.last - self.first).days + 1)


@dataclass(frozen=True, slots=True)
class _Harvest:
    source: ResumableSource
    span: Span
    is_open: bool
    set_spec: str | None
    recorder: Recorder
    scope: Scope

    def take_month(self, month: date, token: str | None) -> None:
        """Take in a month's records, from a token on if there is one."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                for page in self._list_pages(month, token):
                    self._record(page, month)
                    token = page.token
                return
            except (TokenExpired, BrokenAnswer) as error:
                if attempt == ATTEMPTS:
                    raise
                token = None if isinstance(error, TokenExpired) else token
                where = "goes on" if token else "is begun anew"
                log.warning("%s %s: %s", f"{month:%B %Y}", where, error, extra={"action": "backfill"})

    def _list_pages(self, month: date, token: str | None) -> Iterator[OaiPage]:
        if token:
            return self.source.resume(token, PREFIX)
        end = self.span.end_of(month)
        # Today by our clock may be tomorrow by arXiv's, which refuses that.
        until = None if self.is_open and end == self.span.last else end
        return self.source.list_records(month, until, self.set_spec, PREFIX)

    def _record(self, page: OaiPage, month: date) -> None:
        _log_skipped(f"{month:%B %Y}", page.skipped)
        told = read_papers(page)
        following = self.span.month_after(month)
        self.recorder.record(
            self.scope.make_chunk(told),
            Step(
                records=len(told),
                skipped=len(page.skipped),
                share=self.span.share(month, _part_done(page)),
                token=f"{month} {page.token}" if page.token else f"{following or month} ",
                is_last=page.token is None and following is None,
            ),
        )


def _part_done(page: OaiPage) -> float:
    """Give which part of a list is done with a page, as far as arXiv tells."""
    if page.token is None:
        return 1.0
    if page.list_size and page.cursor is not None:
        return min(1.0, (page.cursor + len(page.records)) / page.list_size)
    return 0.0


def _read_place(place: str | None, span: Span) -> tuple[date | None, str | None]:
    """Read where a harvest stands: in which month, and with which token if not at its beginning."""
    month, _, token = (place or f"{span.first} ").partition(" ")
    return date.fromisoformat(month), token or None


def _log_skipped(where: str, reasons: Iterable[str]) -> None:
    for reason in reasons:
        log.warning("%s: %s", where, reason, extra={"action": "skip"})
