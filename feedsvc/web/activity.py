"""How much each listed feed took in lately, for the index: a few statements, however many feeds there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from feedsvc.calendar import is_weekday
from feedsvc.store import Store
from feedsvc.taxonomy import load_taxonomy
from feedsvc.web.site import ATOM

DAYS = 10
WEEK = timedelta(days=7)
HEIGHT = 16
STEP = 6


@dataclass(frozen=True, slots=True)
class Activity:
    """Papers that a feed took in: on the newest day, in the week to it, and on the last weekdays."""

    today: int
    week: int
    days: tuple[int, ...]
    last: date | None = None

    @property
    def path(self) -> str:
        """The days as bars: the `d` of an SVG path, 60 units wide and 16 high."""
        most = max(self.days, default=0) or 1
        heights = (max(2, round(count / most * HEIGHT)) if count else 0 for count in self.days)
        bars = (f"M{STEP * n + 3} {HEIGHT}v-{height}" for n, height in enumerate(heights) if height)
        return "".join(bars)


NOTHING = Activity(0, 0, (0,) * DAYS)


class ActivityReader:
    """Reads the activity of all ready feeds; what it found stays good until store or documents change."""

    def __init__(self, store: Store, language: str) -> None:
        self._store = store
        self._language = language
        self._kept: tuple[tuple[int, int], Mapping[str, Activity]] = ((-1, -1), {})

    def read(self) -> Mapping[str, Activity]:
        """Give the activity of categories, archives and ready feeds by name."""
        # Documents are built behind the change that they show, and one of a feed that is saved without any.
        state = (self._store.revision(), self._store.documents.edition())
        if self._kept[0] != state:
            self._kept = (state, self._count())
        return self._kept[1]

    def _count(self) -> Mapping[str, Activity]:
        newest = self._store.ledger.newest_day()
        if newest is None:
            return {}
        days = tuple(_last_weekdays(newest))
        papers: dict[str, dict[date, set[str]]] = defaultdict(lambda: defaultdict(set))
        day_of: dict[str, date] = {}
        archives = _archives_by_category()
        for day, category, paper in self._store.figures.list_recent(days[0]):
            for place in (category, *archives.get(category, ())):
                papers[place][day].add(paper)
            day_of[paper] = max(day, day_of.get(paper, day))
        for feed, held in self._store.figures.list_holdings(ATOM, self._language).items():
            if feed not in papers:
                for paper in set(held) & day_of.keys():
                    papers[feed][day_of[paper]].add(paper)
        return {place: _sum_days(found, newest, days) for place, found in papers.items()}


def _sum_days(found: Mapping[date, set[str]], newest: date, days: tuple[date, ...]) -> Activity:
    week = [papers for day, papers in found.items() if day > newest - WEEK]
    return Activity(
        today=len(found.get(newest, ())),
        week=len(set().union(*week)),
        days=tuple(len(found.get(day, ())) for day in days),
        last=max(found),
    )


def _last_weekdays(newest: date) -> Iterator[date]:
    """Give the last weekdays up to a day, the earliest first."""
    span = (newest - timedelta(days=back) for back in range(2 * DAYS, -1, -1))
    weekdays = [day for day in span if is_weekday(day)]
    return iter(weekdays[-DAYS:])


def _archives_by_category() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for archive in load_taxonomy().archives.values():
        for category in archive.categories:
            if category != archive.id:
                found[category].append(archive.id)
    return found
