"""History from the dump and by OAI-PMH: whole, once, and gone on with wherever it was cut off."""

from __future__ import annotations

import logging
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from pydantic import HttpUrl
from sqlalchemy import Table, select

from feedsvc.arxiv.oai import OaiPage
from feedsvc.arxiv.oai_source import OaiSource
from feedsvc.arxiv.source import open_client
from feedsvc.calendar import day_of_submission
from feedsvc.errors import BrokenAnswer, TokenExpired, UpstreamError
from feedsvc.paper import Announcement, Kind, Origin, Paper
from feedsvc.pipeline.backfill import ATTEMPTS, Backfill, Span
from feedsvc.pipeline.progress import Progress, Tell
from feedsvc.settings import ArxivSettings
from feedsvc.standin.clock import StandinClock
from feedsvc.standin.corpus import Corpus
from feedsvc.standin.faults import Fault, FaultKind, FaultQueue
from feedsvc.standin.log import RequestLog
from feedsvc.standin.server import create_standin, run_standin
from feedsvc.standin.synthetic import make_corpus
from feedsvc.store import Store, open_store, schema
from feedsvc.store.engine import read
from feedsvc.store.pace import StorePace
from feedsvc.taxonomy import load_taxonomy
from tests.builders import NOON, make_announcement, make_batch, make_paper
from tests.dumps import Record, make_record, make_records, write_dump

CATEGORIES = ("cs.AI", "cs.CL", "math.CO", "hep-th")
ALL = frozenset(load_taxonomy().categories)
FIRST, LAST = date(2026, 1, 5), date(2026, 3, 6)
PAGE_SIZE = 20

KILLED_AT_ANY_POINT = """
import sys
from pathlib import Path
from feedsvc.http import SystemClock
from feedsvc.pipeline.backfill import Backfill
from feedsvc.store import open_store
from feedsvc.taxonomy import load_taxonomy

if __name__ == "__main__":
    left = iter(range(int(sys.argv[3])))

    def tell(progress):
        print(progress, flush=True)
        if next(left, None) is None:
            sys.stdin.read()

    backfill = Backfill(open_store(sys.argv[1]), SystemClock(), load_taxonomy().categories, tell)
    backfill.import_dump(Path(sys.argv[2]), 10)
"""


class Clock:
    """A clock that goes on by a second whenever it is looked at."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now

    def now(self) -> datetime:
        """Give the time."""
        self._now += timedelta(seconds=1)
        return self._now

    def sleep(self, seconds: float) -> None:
        """Wait for nothing."""


@cache
def corpus() -> Corpus:
    """Give eight weeks of invented announcements."""
    return make_corpus(3, FIRST, 40, CATEGORIES, 6)


@dataclass
class Archive:
    """A stand-in that has announced all of the corpus, and the hands that trouble it."""

    source: OaiSource
    time: StandinClock
    faults: FaultQueue
    log: RequestLog

    def asked(self) -> list[dict[str, str]]:
        """Give what each request asked for."""
        return [dict(parse_qsl(record.query)) for record in self.log.records()]


@contextmanager
def run_archive(folder: Path) -> Iterator[Archive]:
    time, faults, log = StandinClock(corpus().timeline), FaultQueue(), RequestLog()
    time.move_to(datetime(2026, 3, 9, 12, tzinfo=UTC))
    paces = open_store(f"sqlite:///{folder}/paces.sqlite3")
    paces.migrate()
    with run_standin(create_standin(corpus(), time, faults, log, page_size=PAGE_SIZE)) as standin:
        url = HttpUrl(f"{standin.url}/oai")
        settings = ArxivSettings(
            feed_url=url, api_url=url, oai_url=url, interval_seconds=0, timeout_seconds=30
        )
        client = open_client(settings, StorePace(paces.engine, Clock(), 0, 60), Clock(), "0")
        yield Archive(OaiSource(client, settings), time, faults, log)
    paces.close()


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with run_archive(tmp_path) as running:
        yield running


class CutOff:
    """A source whose answers end after so many pages."""

    def __init__(self, source: OaiSource, pages: int) -> None:
        self._source = source
        self._left = pages

    def list_records(
        self, since: date, until: date | None, set_spec: str | None, prefix: str
    ) -> Iterator[OaiPage]:
        return self._cut(self._source.list_records(since, until, set_spec, prefix))

    def resume(self, token: str, prefix: str) -> Iterator[OaiPage]:
        return self._cut(self._source.resume(token, prefix))

    def _cut(self, pages: Iterator[OaiPage]) -> Iterator[OaiPage]:
        for page in pages:
            if not self._left:
                raise UpstreamError("arXiv is down")
            self._left -= 1
            yield page


def harvest(
    store: Store,
    archive: Archive,
    pages: int = 10_000,
    *,
    since: date = FIRST,
    until: date | None = LAST,
    set_spec: str | None = None,
    tell: Tell = lambda progress: None,
    categories: Sequence[str] = CATEGORIES,
) -> Progress:
    backfill = Backfill(store, Clock(), categories, tell)
    return backfill.harvest_records(CutOff(archive.source, pages), since, until, set_spec)


def import_dump(store: Store, path: Path, tell: Tell = lambda progress: None) -> Progress:
    return Backfill(store, Clock(), ALL, tell).import_dump(path, 10)


def rows_of(store: Store, table: Table) -> list[tuple[object, ...]]:
    with read(store.engine) as connection:
        return sorted((tuple(row) for row in connection.execute(select(table))), key=repr)


def facts_of(store: Store) -> tuple[object, ...]:
    """Give all papers and announcements, but for the number of the change that brought them."""
    return tuple([row[:-1] for row in rows_of(store, t)] for t in (schema.papers, schema.announcements))


def announcements_of(store: Store) -> list[Announcement]:
    papers = [str(row[0]) for row in rows_of(store, schema.papers)]
    return [subject.announcement for subject in store.announcements.of_papers(papers)]


def truth() -> tuple[dict[str, Paper], set[Announcement]]:
    """Give the corpus's papers in their newest versions, and all that history can tell of announcements."""
    papers = {paper.id: paper for paper in corpus().current_papers(LAST)}
    rows = set()
    for paper in papers.values():
        assert paper.submitted
        day = day_of_submission(paper.submitted)
        for category in paper.categories:
            kind = Kind.NEW if category == paper.primary else Kind.CROSS
            rows.add(Announcement(day, category, paper.id, paper.version, kind, None, Origin.ESTIMATED))
    return papers, rows


def test_a_harvest_brings_every_paper_and_one_first_announcement_a_category(
    store: Store, archive: Archive
) -> None:
    papers, rows = truth()
    progress = harvest(store, archive)

    assert (progress.papers, progress.announcements) == (len(papers), len(rows))
    assert set(announcements_of(store)) == rows
    assert {key: paper.title for key, paper in papers.items()} == {
        paper.id: paper.title
        for paper in store.papers.load([(p.id, p.version) for p in papers.values()]).values()
        if paper.complete
    }


def test_it_asks_month_by_month(store: Store, archive: Archive) -> None:
    harvest(store, archive, since=date(2026, 1, 20), until=date(2026, 3, 2))
    asked = [(given["from"], given["until"]) for given in archive.asked() if "from" in given]

    assert asked == [("2026-01-20", "2026-01-31"), ("2026-02-01", "2026-02-28"), ("2026-03-01", "2026-03-02")]


def test_only_the_named_set_is_asked_for(store: Store, archive: Archive) -> None:
    harvest(store, archive, set_spec="math:math:CO")

    assert {given["set"] for given in archive.asked() if "from" in given} == {"math:math:CO"}
    assert all("math.CO" in str(row[5]) for row in rows_of(store, schema.papers))


def test_without_an_end_it_goes_up_to_today(store: Store, archive: Archive) -> None:
    backfill = Backfill(store, Clock(datetime(2026, 2, 9, tzinfo=UTC)), CATEGORIES, lambda progress: None)
    backfill.harvest_records(archive.source, date(2026, 1, 20), None, None)
    asked = [(given["from"], given.get("until")) for given in archive.asked() if "from" in given]

    assert asked == [("2026-01-20", "2026-01-31"), ("2026-02-01", None)]


def test_papers_of_no_followed_category_are_passed_over(store: Store, archive: Archive) -> None:
    harvest(store, archive, categories=("hep-th",))

    assert {announcement.category for announcement in announcements_of(store)} == {"hep-th"}
    assert all("hep-th" in str(row[5]) for row in rows_of(store, schema.papers))


def test_the_same_harvest_again_changes_nothing(store: Store, archive: Archive) -> None:
    harvest(store, archive)
    before = facts_of(store), store.revision()
    again = harvest(store, archive)

    assert (again.papers, again.mended, again.announcements) == (0, 0, 0)
    assert (facts_of(store), store.revision()) == before


@pytest.mark.parametrize("pages", [0, 1, 2, 5])
def test_cut_off_after_any_page_it_goes_on_from_the_token_of_that_page(
    store: Store, archive: Archive, pages: int
) -> None:
    with pytest.raises(UpstreamError):
        harvest(store, archive, pages)
    asked = len(archive.asked())
    harvest(store, archive)
    first = archive.asked()[asked]

    assert ("resumptionToken" in first) == (pages > 0)
    assert set(announcements_of(store)) == truth()[1]
    known = store.harvests.find(f"oai * {FIRST} {LAST}")
    assert known
    assert known.records == len(truth()[0])


def test_a_token_that_is_too_old_begins_the_month_anew(store: Store, archive: Archive) -> None:
    with pytest.raises(UpstreamError):
        harvest(store, archive, 2)
    archive.time.advance_by(timedelta(days=1))
    asked = len(archive.asked())
    harvest(store, archive)

    assert "resumptionToken" in archive.asked()[asked]
    assert archive.asked()[asked + 1]["from"] == FIRST.isoformat()
    assert set(announcements_of(store)) == truth()[1]


@pytest.mark.parametrize(
    "kind", [FaultKind.TOKEN_EXPIRED, FaultKind.PAGE_REPEATED, FaultKind.EMPTY_LAST_PAGE, FaultKind.CUT_OFF]
)
def test_what_arxiv_gets_wrong_once_costs_nothing(store: Store, archive: Archive, kind: FaultKind) -> None:
    archive.faults.add([Fault(kind)])
    harvest(store, archive)

    assert set(announcements_of(store)) == truth()[1]


def test_a_list_that_never_comes_to_its_end_is_given_up(store: Store, archive: Archive) -> None:
    class Forgetful(CutOff):
        def _cut(self, pages: Iterator[OaiPage]) -> Iterator[OaiPage]:
            yield next(pages)
            raise TokenExpired("badResumptionToken: Token expired.")

    backfill = Backfill(store, Clock(), CATEGORIES, lambda progress: None)
    with pytest.raises(TokenExpired):
        backfill.harvest_records(Forgetful(archive.source, 0), FIRST, LAST, None)

    assert len([given for given in archive.asked() if "from" in given]) == ATTEMPTS


def test_progress_goes_on_to_the_end(store: Store, archive: Archive) -> None:
    told: list[Progress] = []
    last = harvest(store, archive, tell=told.append)

    assert [progress.records for progress in told] == sorted(progress.records for progress in told)
    assert [progress.share for progress in told] == sorted(progress.share for progress in told)
    assert (told[-1], told[-1].share, told[-1].left) == (last, 1.0, timedelta(0))
    assert last.rate > 0


def test_what_listings_announced_is_not_announced_a_second_time(store: Store, archive: Archive) -> None:
    papers, rows = truth()
    paper = next(paper for paper in papers.values() if len(paper.categories) > 1)
    assert paper.submitted
    day = day_of_submission(paper.submitted) + timedelta(days=1)
    listed = make_announcement(paper.id, paper.primary, day)
    batch = make_batch([listed], seen=datetime(2026, 3, 2, tzinfo=UTC))
    store.ledger.record_batch(batch, [make_paper(paper.id)], [listed])
    harvest(store, archive)

    own = {a for a in announcements_of(store) if a.paper == paper.id}
    expected = {a for a in rows if a.paper == paper.id and a.category != paper.primary and a.day < day}
    assert own == {listed} | expected


def test_days_that_the_ledger_owes_itself_are_left_to_the_catch_up(store: Store, archive: Archive) -> None:
    first = date(2026, 2, 2)
    store.ledger.note_batch(make_batch(category="cs.AI", day=first))
    harvest(store, archive)

    papers, rows = truth()
    assert set(announcements_of(store)) == {row for row in rows if row.day < first}
    assert len(rows_of(store, schema.papers)) == len(papers)


def test_a_span_is_cut_into_months() -> None:
    span = Span(date(2025, 11, 20), date(2026, 2, 3))
    months = [span.first]
    while following := span.month_after(months[-1]):
        months.append(following)

    assert [(month, span.end_of(month)) for month in months] == [
        (date(2025, 11, 20), date(2025, 11, 30)),
        (date(2025, 12, 1), date(2025, 12, 31)),
        (date(2026, 1, 1), date(2026, 1, 31)),
        (date(2026, 2, 1), date(2026, 2, 3)),
    ]
    assert [span.share(months[0], 0), span.share(months[-1], 1)] == [0, 1]


@pytest.mark.parametrize("name", ["dump.json", "dump.json.gz"])
def test_a_dump_brings_its_papers_with_their_first_announcements(
    store: Store, tmp_path: Path, name: str
) -> None:
    path = write_dump(tmp_path / name, make_records(35))
    progress = import_dump(store, path)

    assert (progress.records, progress.papers, progress.share, progress.left) == (35, 35, 1.0, timedelta(0))
    day = date(2007, 4, 4)
    assert set(store.ledger.announcements_of("hep-ph", day)) == {
        Announcement(day, "hep-ph", f"0704.{n:04}", 1 + (n - 1) % 2, Kind.NEW, None, Origin.ESTIMATED)
        for n in range(5, 36, 5)
    }
    assert {a.kind for a in store.ledger.announcements_of("hep-ex", day)} == {Kind.CROSS}


def test_the_same_dump_again_changes_nothing(store: Store, tmp_path: Path) -> None:
    path = write_dump(tmp_path / "dump.json", make_records(35))
    import_dump(store, path)
    before = facts_of(store), store.revision()
    again = import_dump(store, path)

    assert (again.records, again.papers, again.announcements) == (35, 0, 0)
    assert (facts_of(store), store.revision()) == before


def test_bad_lines_are_told_with_their_numbers_and_cost_no_others(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    records: list[Record | bytes] = [*make_records(12), b"{", b"", make_record(13, title=""), make_record(14)]
    path = write_dump(tmp_path / "dump.json", records)
    with caplog.at_level(logging.WARNING):
        progress = import_dump(store, path)

    assert (progress.records, progress.skipped) == (13, 2)
    assert [record.getMessage().split(": ")[1:3] for record in caplog.records] == [
        ["line 13", "no JSON"],
        ["line 15", "no title"],
    ]


def test_a_file_without_a_single_record_is_no_dump(store: Store, tmp_path: Path) -> None:
    path = write_dump(tmp_path / "dump.json", [b"one", b"two"])
    with pytest.raises(BrokenAnswer, match="not one of 2 lines can be read, line 1: no JSON"):
        import_dump(store, path)


def test_a_packed_dump_that_breaks_off_is_kept_as_far_as_it_goes(store: Store, tmp_path: Path) -> None:
    path = write_dump(tmp_path / "dump.json.gz", make_records(900))
    whole = path.read_bytes()
    path.write_bytes(whole[:-500])
    with pytest.raises(BrokenAnswer, match="breaks off behind line"):
        import_dump(store, path)

    kept = len(rows_of(store, schema.papers))
    path.write_bytes(whole)

    assert 0 < kept < 900
    assert import_dump(store, path).papers == 900 - kept


def test_a_dump_cut_short_goes_on_behind_its_last_stored_line(store: Store, tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    def stop(progress: Progress) -> None:
        if progress.records == 20:
            raise Stop

    path = write_dump(tmp_path / "dump.json", make_records(35))
    with pytest.raises(Stop):
        import_dump(store, path, stop)
    told: list[Progress] = []
    import_dump(store, path, tell=told.append)

    assert [progress.records for progress in told] == [30, 35, 35]
    assert len(rows_of(store, schema.papers)) == 35


def test_killed_at_any_point_and_gone_on_with_an_import_ends_as_if_it_had_not_been(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    path = write_dump(tmp_path / "dump.json", make_records(900))
    whole = open_store(f"sqlite:///{tmp_path}/whole.sqlite3")
    whole.migrate()
    import_dump(whole, path)
    lot = random.Random(5)
    for _ in range(3):
        _import_and_kill(database_url, path, lot.randint(1, 15), lot.random() / 50)
    import_dump(store, path)

    assert facts_of(store) == facts_of(whole)
    assert store.revision() == whole.revision()
    whole.close()


def _import_and_kill(url: str, path: Path, after: int, delay: float) -> None:
    """Import in a process of its own, and kill it so long after so many chunks.

    It waits for that a few chunks later, should we be slow.
    """
    command = [sys.executable, "-c", KILLED_AT_ANY_POINT, url, str(path), str(after + 10)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for seen, _ in enumerate(process.stdout, start=1):
            if seen == after:
                time.sleep(delay)
                process.kill()
    assert process.returncode == -signal.SIGKILL
