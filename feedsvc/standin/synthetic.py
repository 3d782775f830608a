"""Makes long corpora of invented papers, as arXiv announces its own: late, revised, held back, withdrawn.

The pages are the truth of such a corpus; whatever is told of a paper elsewhere follows from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from random import Random

from feedsvc.calendar import EASTERN, FREEZE, is_announcement_expected, switches_at
from feedsvc.paper import Kind, Paper
from feedsvc.standin.corpus import Corpus, Row, Step, sort_rows
from feedsvc.standin.prose import Text, name_authors, revise_text, write_text
from feedsvc.taxonomy import load_taxonomy

SPREAD = 0.15  # by how much a day has more or fewer papers than usual
OLDER = 0.15  # papers from before the first day that are announced again, for one that is new
HELD = 0.03
REVISED = 0.3
WITHDRAWN = 0.04  # of the revisions
LATE = 0.08  # cross-listed days or weeks after they were new
QUIET_DAYS = 0.25  # days on which the last category has a paper of its own
EXTRA_CATEGORIES = (0, 0, 0, 1, 1, 2)
SECONDS_PER_NUMBER = 86
LICENSES = (
    "http://arxiv.org/licenses/nonexclusive-distrib/1.0/",
    "http://creativecommons.org/licenses/by/4.0/",
)


def make_corpus(
    seed: int, first_day: date, days: int, categories: Sequence[str], papers_a_day: int
) -> Corpus:
    """Invent a corpus over so many announcement days from a date on, the same for the same arguments.

    New papers a day are about as many as asked for. The first category gets most of them; the last one, of
    several, is empty on most days. Each date, weekends and holidays included, is a step from its midnight
    Eastern on. Raises ValueError for what is no category, and for less than one day.
    """
    plan = _Plan(Random(seed), _list_days(first_day, days), _check_categories(categories))
    drafts = [draft for index in range(days) for draft in plan.draft_day(index, papers_a_day)]
    pages: dict[date, dict[str, list[Row]]] = {day: {} for day in plan.days}
    papers: dict[tuple[str, int], Paper] = {}
    for name, draft in _number(drafts):
        for index, category, row in draft.lay_out(name):
            pages[plan.days[index]].setdefault(category, []).append(row)
        papers.update({(name, paper.version): paper for paper in draft.write_versions(name)})
    return Corpus(
        papers=papers,
        timeline=tuple(_list_steps(first_day, plan.days[-1])),
        pages={day: {c: sort_rows(rows) for c, rows in page.items()} for day, page in pages.items()},
    )


@dataclass(slots=True)
class _Revision:
    """A version: when it was submitted, and the number of the day on which it is announced, if it is."""

    submitted: datetime
    index: int | None
    text: Text
    is_withdrawn: bool = False


@dataclass(slots=True)
class _Draft:
    """A paper being invented; days are counted from the first one.

    `categories` are those of its first announcement, `late` the others with the days on which they came.
    """

    template: Paper
    categories: tuple[str, ...]
    revisions: list[_Revision]
    late: dict[str, int] = field(default_factory=dict)

    def lay_out(self, name: str) -> Iterator[tuple[int, str, Row]]:
        """Give the rows of all announcements with their days."""
        listed = list(self.categories)
        version = sum(revision.index is None for revision in self.revisions)
        new = {r.index: number for number, r in enumerate(self.revisions, 1) if r.index is not None}
        for index in sorted({*new, *self.late.values()}):
            if index in new:
                version = new[index]
                for category in listed:
                    yield index, category, Row(name, version, _find_kind(version, category == listed[0]))
            for category in (c for c, day in self.late.items() if day == index):
                yield index, category, Row(name, version, Kind.CROSS)
                listed.append(category)

    def write_versions(self, name: str) -> Iterator[Paper]:
        """Give every version, also those from before the first day."""
        first = self.revisions[0].submitted
        for number, revision in enumerate(self.revisions, start=1):
            is_withdrawn = revision.is_withdrawn
            pages = f"Sample paper, {1 + len(revision.text.abstract) % 40} pages"
            yield replace(
                self.template,
                id=name,
                version=number,
                title=revision.text.title,
                abstract=revision.text.abstract,
                categories=(*self.categories, *self.late),
                comments="This paper has been withdrawn by its authors. Sample paper"
                if is_withdrawn
                else pages,
                submitted=first,
                revised=revision.submitted if number > 1 else None,
            )


def _find_kind(version: int, is_primary: bool) -> Kind:
    if version == 1:
        return Kind.NEW if is_primary else Kind.CROSS
    return Kind.REPLACE if is_primary else Kind.REPLACE_CROSS


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is drawn by lot, always in the same order."""

    random: Random
    days: tuple[date, ...]
    categories: tuple[str, ...]

    @property
    def busy(self) -> tuple[str, ...]:
        """The categories that have papers every day."""
        return self.categories[:-1] or self.categories

    def draft_day(self, index: int, papers: int) -> Iterator[_Draft]:
        """Invent what is announced for the first time in this corpus on a day."""
        for _ in range(self._vary(papers)):
            yield self._draft_new(index, self._draw_categories())
        if len(self.categories) > 1 and self.random.random() < QUIET_DAYS:
            yield self._draft_new(index, self.categories[-1:])
        for _ in range(self._vary(papers * OLDER)):
            yield self._draft_older(index)

    def _vary(self, papers: float) -> int:
        return round(papers * self.random.uniform(1 - SPREAD, 1 + SPREAD))

    def _draw_categories(self) -> tuple[str, ...]:
        """Draw the primary category, the first ones more often, and up to two others."""
        weights = list(accumulate(1 / rank for rank in range(1, len(self.busy) + 1)))
        primary = self.random.choices(self.busy, cum_weights=weights)[0]
        others = [category for category in self.busy if category != primary]
        extra = self.random.choice(EXTRA_CATEGORIES)
        return (primary, *self.random.sample(others, min(extra, len(others))))

    def _draft_new(self, index: int, categories: tuple[str, ...]) -> _Draft:
        is_held = self.random.random() < HELD
        submitted = self._draw_instant(index)
        if is_held:
            submitted -= timedelta(days=self.random.randint(14, 45))
        draft = self._start_draft(categories, [_Revision(submitted, index, write_text(self.random))])
        if self.random.random() < REVISED:
            self._add_revisions(draft, index)
        if self.random.random() < LATE and not draft.revisions[-1].is_withdrawn:
            self._add_late(draft, index + self.random.randint(1, 20))
        return draft

    def _draft_older(self, index: int) -> _Draft:
        """Invent a paper that was announced long before, and comes back revised, or in one more category."""
        submitted = self._draw_instant(0) - timedelta(days=self.random.randint(60, 700))
        revisions = [_Revision(submitted, None, write_text(self.random))]
        for _ in range(self.random.choice((0, 0, 1, 2))):
            submitted += timedelta(days=self.random.randint(5, 20), hours=1)
            revisions.append(_Revision(submitted, None, revise_text(revisions[-1].text, self.random)))
        draft = self._start_draft(self._draw_categories(), revisions)
        if self.random.random() < LATE and self._add_late(draft, index):
            return draft
        self._add_revision(draft, index)
        return draft

    def _start_draft(self, categories: tuple[str, ...], revisions: list[_Revision]) -> _Draft:
        draw = self.random.random
        template = Paper(
            id="",
            version=1,
            title="",
            abstract="",
            authors=name_authors(self.random),
            categories=categories,
            license=self.random.choice(LICENSES),
            doi=f"10.5555/sample.{self.random.randint(1, 999_999)}" if draw() < 0.1 else None,
            journal_ref=f"Journal of Samples {self.random.randint(1, 99)} (2026)" if draw() < 0.1 else None,
            complete=True,
        )
        return _Draft(template, categories, revisions)

    def _add_revisions(self, draft: _Draft, index: int) -> None:
        for chance in (1.0, REVISED):
            index += self.random.randint(1, 15)
            if index >= len(self.days) or self.random.random() > chance or draft.revisions[-1].is_withdrawn:
                return
            self._add_revision(draft, index)

    def _add_revision(self, draft: _Draft, index: int) -> None:
        text = revise_text(draft.revisions[-1].text, self.random)
        is_withdrawn = self.random.random() < WITHDRAWN
        draft.revisions.append(_Revision(self._draw_instant(index), index, text, is_withdrawn))

    def _add_late(self, draft: _Draft, index: int) -> bool:
        """Cross-list a paper to one more category on a later day, if both are there."""
        others = [category for category in self.busy if category not in draft.categories]
        if index >= len(self.days) or not others:
            return False
        draft.late[self.random.choice(others)] = index
        return True

    def _draw_instant(self, index: int) -> datetime:
        """Draw when something was submitted that is announced on a day: mostly shortly before its freeze."""
        start, end = _find_window(self.days[index])
        length = int((end - start).total_seconds()) - 1
        return start + timedelta(seconds=int(self.random.triangular(0, length, 0.9 * length)))


def _number(drafts: list[_Draft]) -> Iterator[tuple[str, _Draft]]:
    """Give papers their identifiers, in the order in which they were submitted."""
    last: dict[str, int] = {}
    for draft in sorted(drafts, key=lambda draft: draft.revisions[0].submitted):
        submitted = draft.revisions[0].submitted
        month = f"{submitted:%y%m}"
        start = datetime(submitted.year, submitted.month, 1, tzinfo=UTC)
        number = 1 + int((submitted - start).total_seconds()) // SECONDS_PER_NUMBER
        last[month] = max(last.get(month, 0) + 1, number)
        yield f"{month}.{last[month]:05}", draft


def _find_window(day: date) -> tuple[datetime, datetime]:
    """Give the span in which something must be submitted to be announced on a day: from freeze to freeze."""
    before = day - timedelta(days=1)
    while not is_announcement_expected(before):
        before -= timedelta(days=1)
    return _find_freeze(before), _find_freeze(day)


def _find_freeze(day: date) -> datetime:
    freeze = day - timedelta(days=3 if day.weekday() == 0 else 1)
    return datetime.combine(freeze, FREEZE, EASTERN).astimezone(UTC)


def _list_days(first_day: date, days: int) -> tuple[date, ...]:
    if days < 1:
        raise ValueError(f"{days!r} days: expected at least one")
    found: list[date] = []
    day = first_day
    while len(found) < days:
        if is_announcement_expected(day):
            found.append(day)
        day += timedelta(days=1)
    return tuple(found)


def _list_steps(first_day: date, last_day: date) -> Iterator[Step]:
    for number in range((last_day - first_day).days + 1):
        day = first_day + timedelta(days=number)
        yield Step(switches_at(day), day)


def _check_categories(categories: Sequence[str]) -> tuple[str, ...]:
    taxonomy = load_taxonomy()
    unknown = [category for category in categories if taxonomy.resolve(category) is None]
    if unknown or not categories:
        raise ValueError(f"{unknown or categories!r}: expected categories like cs.AI")
    return tuple(dict.fromkeys(taxonomy.canonical[category.lower()] for category in categories))
