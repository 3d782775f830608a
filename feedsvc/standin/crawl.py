"""Loads a folder of crawled listing pages, one file of JSON lines a day, as a corpus.

A row holds `topic, html_url, authors, title, abstract`, in page order per topic; a file's name is its date
(`20260114.jsonl`, or `.jsonl.gz`). What the pages do not say is inferred (the kinds: see `sections`) or made
up: versions count from 1 for new papers and from 2 for replaced ones, and a paper was submitted as far into
its identifier's month as its number goes.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from feedsvc.calendar import announced_at, is_announcement_expected
from feedsvc.errors import FeedsvcError, SettingsError
from feedsvc.paper import ArxivId, Kind, Paper, order_id
from feedsvc.standin.authors import parse_authors
from feedsvc.standin.corpus import Corpus, Row, Step, sort_rows
from feedsvc.standin.sections import REPLACEMENTS, History, read_sections
from feedsvc.taxonomy import load_taxonomy

CRAWLED_AT = time(0, 30)
SECONDS_PER_NUMBER = 86
_NAME = re.compile(r"(\d{8})\.jsonl(\.gz)?")


class CrawledRow(BaseModel):
    """One paper on one topic's page."""

    model_config = ConfigDict(frozen=True)

    topic: str
    html_url: str
    authors: str
    title: str
    abstract: str


def load_crawl(folder: Path) -> Corpus:
    """Read a folder of daily files, each one step of the time line.

    Where several files show the same day (a weekend), the first one says what was announced.
    Raises SettingsError naming the file.
    """
    files = _list_files(folder)
    draft = _Draft()
    for dated, file in files:
        day = find_day(dated)
        if day not in draft.pages:
            draft.add_day(day, _group_by_topic(file))
    steps = (Step(datetime.combine(dated, CRAWLED_AT, UTC), find_day(dated)) for dated, _ in files)
    return Corpus(draft.write_papers(), tuple(steps), draft.pages)


def find_day(dated: date) -> date:
    """Give the day that a page shows which was crawled in a date's first hour, UTC: the last one before."""
    day = dated - timedelta(days=1)
    while not is_announcement_expected(day):
        day -= timedelta(days=1)
    return day


def _list_files(folder: Path) -> list[tuple[date, Path]]:
    named = ((_NAME.fullmatch(file.name), file) for file in folder.glob("*.jsonl*"))
    try:
        files = sorted((date.fromisoformat(name[1]), file) for name, file in named if name)
    except ValueError as error:
        raise SettingsError(f"{str(folder)!r}: {error}: expected files named by their dates") from error
    if not files:
        raise SettingsError(f"{str(folder)!r} holds no daily file: expected ones like 20260114.jsonl.gz")
    return files


def _group_by_topic(file: Path) -> dict[str, dict[str, CrawledRow]]:
    """Read a file's rows by category and paper; a paper twice on a page counts where it stands first."""
    topics: dict[str, dict[str, CrawledRow]] = {}
    for number, line in enumerate(_read_text(file).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = CrawledRow.model_validate_json(line)
            category = load_taxonomy().resolve(row.topic)
            if category is None:
                raise SettingsError(f"{row.topic!r} is no category: expected one like cs.AI")
            topics.setdefault(category, {}).setdefault(ArxivId.parse(row.html_url).paper, row)
        except (ValidationError, FeedsvcError) as error:
            raise SettingsError(f"{file.name} line {number}: {error}") from error
    return topics


def _read_text(file: Path) -> str:
    try:
        content = file.read_bytes()
        return (gzip.decompress(content) if file.suffix == ".gz" else content).decode()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise SettingsError(f"{file.name} cannot be read: {error}") from error


Topics = Mapping[str, Mapping[str, CrawledRow]]


@dataclass
class _Draft:
    """A corpus being put together, day by day."""

    pages: dict[date, dict[str, tuple[Row, ...]]] = field(default_factory=dict)
    history: History = field(default_factory=History)
    rows: dict[tuple[str, int], tuple[date, CrawledRow]] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)

    def add_day(self, day: date, topics: Topics) -> None:
        papers = {topic: list(rows) for topic, rows in topics.items()}
        kinds = read_sections(papers, _find_earliest(day), self.history)
        self.history = self.history.extend(papers, kinds)
        self._count_versions(papers, kinds)
        self.pages[day] = {
            topic: sort_rows(
                [Row(p, self.versions[p], k) for p, k in zip(papers[topic], kinds[topic], strict=True)]
            )
            for topic in topics
        }
        for rows in topics.values():
            for paper, row in rows.items():
                self.rows.setdefault((paper, self.versions[paper]), (day, row))

    def _count_versions(
        self, papers: Mapping[str, Sequence[str]], kinds: Mapping[str, Sequence[Kind]]
    ) -> None:
        shown = [pair for topic in papers for pair in zip(papers[topic], kinds[topic], strict=True)]
        replaced = {paper for paper, kind in shown if kind in REPLACEMENTS}
        for paper in {paper for paper, _ in shown}:
            self.versions[paper] = self.versions.get(paper, 1) + (paper in replaced)

    def write_papers(self) -> dict[tuple[str, int], Paper]:
        return {
            (paper, version): _write_paper(row, ArxivId(paper, version), day, self._list_categories(paper))
            for (paper, version), (day, row) in self.rows.items()
        }

    def _list_categories(self, paper: str) -> tuple[str, ...]:
        """Give the topics that show a paper, the one with the paper as new or replaced first."""
        primary = self.history.primaries.get(paper)
        return tuple(sorted(self.history.topics[paper], key=lambda topic: topic != primary))


def _find_earliest(day: date) -> tuple[int, int]:
    """Give the least identifier that can be new on a day: the month before may have been late."""
    return day.year * 12 + day.month - 1, 0


def _write_paper(row: CrawledRow, named: ArxivId, day: date, categories: Iterable[str]) -> Paper:
    version = named.version or 1
    return Paper(
        id=named.paper,
        version=version,
        title=row.title,
        abstract=row.abstract,
        authors=parse_authors(row.authors),
        categories=tuple(categories),
        submitted=_guess_submission(named.paper),
        revised=announced_at(day) - timedelta(hours=12) if version > 1 else None,
        complete=True,
    )


def _guess_submission(paper: str) -> datetime:
    months, number = order_id(paper)
    year, month = divmod(months - 1, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC) + timedelta(seconds=SECONDS_PER_NUMBER * number)
