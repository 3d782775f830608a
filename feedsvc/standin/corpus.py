"""What the stand-in knows: papers by version, and the pages on which arXiv would have listed them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple

from feedsvc.paper import Kind, Paper


class Row(NamedTuple):
    """One line of a listing page."""

    paper: str
    version: int
    kind: Kind


Pages = Mapping[date, Mapping[str, tuple[Row, ...]]]


def sort_rows(rows: list[Row]) -> tuple[Row, ...]:
    """Put rows in the order of arXiv's pages: by kind, then by identifier as text (the old scheme last)."""
    return tuple(sorted(rows, key=lambda row: (row.kind.rank, row.paper)))


@dataclass(frozen=True, slots=True)
class Step:
    """One stop on the time line: from `at` (UTC) on, the listings carry `day`."""

    at: datetime
    day: date


@dataclass(frozen=True)
class Corpus:
    """Every paper version, the time line, and for each day the page of each category.

    Several steps may carry the same day: then the day's pages are served again. `touched` holds the weekdays
    on which a paper's record changed although nothing was announced, `removed` that on which it was deleted.
    """

    papers: Mapping[tuple[str, int], Paper]
    timeline: tuple[Step, ...]
    pages: Pages
    touched: Mapping[str, tuple[date, ...]] = field(default_factory=dict)
    removed: Mapping[str, date] = field(default_factory=dict)

    def page(self, day: date, category: str) -> tuple[Row, ...]:
        """Give a category's page on a day; empty where nothing was announced."""
        return self.pages.get(day, {}).get(category, ())

    def day_before(self, day: date) -> date | None:
        """Give the last day with announcements before this one."""
        return max((known for known in self.pages if known < day), default=None)

    def paper_on(self, key: tuple[str, int], day: date) -> Paper:
        """Give a paper version with the categories it had on a day: later cross-lists are left out."""
        paper = self.papers[key]
        had = tuple(c for c in paper.categories if self._first_listed.get((paper.id, c), day) <= day)
        return replace(paper, categories=had or paper.categories)

    def find_paper(self, paper: str, version: int | None, day: date) -> Paper | None:
        """Give a version announced by a day, the newest one if none is named; None if there is none."""
        if self.is_removed(paper, day):
            return None
        wanted = version or self.newest_version(paper, day)
        announced = self._announced.get((paper, wanted))
        return self.paper_on((paper, wanted), day) if announced and announced <= day else None

    def newest_version(self, paper: str, day: date) -> int:
        """Give the newest version announced by a day; 0 if there is none."""
        return max((v for v in self._versions.get(paper, ()) if self._announced[paper, v] <= day), default=0)

    def is_removed(self, paper: str, day: date) -> bool:
        """Tell whether a paper is deleted by a day."""
        return paper in self.removed and self.removed[paper] <= day

    def last_change(self, paper: str, day: date) -> date | None:
        """Give the last day, up to one, on which a paper's record changed; None if it is not known yet."""
        days = self._changes.get(paper, ())
        index = bisect_right(days, day)
        return days[index - 1] if index else None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every paper that is ever announced, in the order of the identifiers as text."""
        return tuple(sorted(self._versions))

    def current_papers(self, day: date) -> tuple[Paper, ...]:
        """Give every paper announced by a day in its newest version, in the order of the identifiers."""
        found = (self.find_paper(paper, None, day) for paper in self.names)
        return tuple(paper for paper in found if paper is not None)

    @cached_property
    def _announced(self) -> dict[tuple[str, int], date]:
        days: dict[tuple[str, int], date] = {}
        for day in sorted(self.pages):
            for rows in self.pages[day].values():
                for row in rows:
                    days.setdefault((row.paper, row.version), day)
        return days

    @cached_property
    def _first_listed(self) -> dict[tuple[str, str], date]:
        days: dict[tuple[str, str], date] = {}
        for day in sorted(self.pages):
            for category, rows in self.pages[day].items():
                for row in rows:
                    days.setdefault((row.paper, category), day)
        return days

    @cached_property
    def _changes(self) -> dict[str, list[date]]:
        days: dict[str, set[date]] = {}
        for day, page in self.pages.items():
            for row in (row for rows in page.values() for row in rows):
                days.setdefault(row.paper, set()).add(day)
        return {paper: self._change_days(paper, announced) for paper, announced in days.items()}

    def _change_days(self, paper: str, announced: set[date]) -> list[date]:
        first, last = min(announced), self.removed.get(paper, date.max)
        touched = {day for day in self.touched.get(paper, ()) if day > first}
        removed = {last} if last > first and paper in self.removed else set()
        return sorted(day for day in announced | touched | removed if day <= last)

    @cached_property
    def _versions(self) -> dict[str, list[int]]:
        versions: dict[str, list[int]] = {}
        for paper, version in self._announced:
            versions.setdefault(paper, []).append(version)
        return versions


@dataclass(frozen=True, slots=True)
class Moment:
    """What one request sees: the instant, the day its answer carries, and the day whose pages it shows.

    `shown` differs from `day` only under a fault; None shows nothing.
    """

    corpus: Corpus
    now: datetime
    day: date
    shown: date | None
