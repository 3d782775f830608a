"""Which batches should be there and are not, how late they are, and all that in words. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import groupby

from feedsvc.calendar import announced_day, is_announcement_expected, is_weekday, switches_at
from feedsvc.ledger import SETTLED, next_attempt
from feedsvc.paper import Batch, Kind
from feedsvc.told import Told, quote, tell, tell_all

DAYS = 14
TWO_DAYS = timedelta(days=2)


class Overall(StrEnum):
    """What there is to say of the whole ledger."""

    FINE = "fine"
    LATE = "late"


class Standing(StrEnum):
    """How a category stands on a day: its batch's state, or why there is none."""

    OK = "ok"
    QUIET = "quiet"
    STALE = "stale"
    PARTIAL = "partial"
    FAILED = "failed"
    AWAITED = "awaited"  # it should be there, and was never asked for
    NONE = "none"  # nothing should be there

    @property
    def letter(self) -> str:
        """One character that tells it from the others."""
        return "·" if self is Standing.NONE else self.value[0].upper()


MEANINGS: Mapping[Standing, str] = {
    Standing.OK: "complete",
    Standing.QUIET: "nothing was announced",
    Standing.STALE: "arXiv served an earlier batch",
    Standing.PARTIAL: "something is missing",
    Standing.FAILED: "no answer that could be used",
    Standing.AWAITED: "not asked for yet",
    Standing.NONE: "nothing to be expected",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A category's day; `late_by` is the time since arXiv's switch to that day, None where nothing is late.

    `is_owed` tells that the category should have a settled batch on this day.
    """

    category: str
    day: date
    is_owed: bool
    batch: Batch | None = None
    late_by: timedelta | None = None

    @property
    def standing(self) -> Standing:
        """How the category stands."""
        if self.batch is not None:
            return Standing(self.batch.state.value)
        return Standing.AWAITED if self.is_owed else Standing.NONE

    @property
    def is_settled(self) -> bool:
        """Whether nothing more has to be asked for."""
        return self.batch is not None and self.batch.state in SETTLED

    @property
    def counts(self) -> Mapping[Kind, int]:
        """The announcements by kind."""
        return dict(self.batch.counts) if self.batch else {}

    @property
    def size(self) -> int:
        """The number of announcements."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Survey:
    """The last days of the followed categories: `days` newest first, `rows` a cell a day by category."""

    now: datetime
    late_after: timedelta
    days: tuple[date, ...]
    rows: Mapping[str, tuple[Cell, ...]]

    def cells(self) -> Iterator[Cell]:
        """Give every cell: newest day first, then by category."""
        for column in zip(*self.rows.values(), strict=True):
            yield from column

    def owed(self, day: date) -> tuple[Cell, ...]:
        """Give the cells of a day that should be settled."""
        return tuple(cell for cell in self.cells() if cell.day == day and cell.is_owed)

    @property
    def late(self) -> tuple[Cell, ...]:
        """The cells that are late, in the order of `cells`."""
        return tuple(cell for cell in self.cells() if cell.late_by is not None)

    @property
    def pending(self) -> tuple[Cell, ...]:
        """The cells that were asked for, are not settled, and not late, in the order of `cells`."""
        return tuple(c for c in self.cells() if c.batch and not c.is_settled and c.late_by is None)

    @property
    def late_days(self) -> tuple[tuple[date, tuple[Cell, ...]], ...]:
        """The cells that are late by day, newest first."""
        return tuple((day, tuple(cells)) for day, cells in groupby(self.late, lambda cell: cell.day))

    @property
    def overall(self) -> Overall:
        """Late if any category's day is."""
        return Overall.LATE if self.late else Overall.FINE

    @property
    def newest_batch_day(self) -> date | None:
        """The newest day with announcements of which some category's batch is complete."""
        return next((cell.day for cell in self.cells() if cell.is_settled and cell.size), None)

    @property
    def complete_day(self) -> date | None:
        """The newest shown day of which everything is there that should be."""
        return next((day for day in self.days if _is_complete(self.owed(day))), None)


def first_day(now: datetime, days: int) -> date:
    """Give the first of so many calendar days, of which the newest announced one is the last."""
    return announced_day(now) - timedelta(days=days - 1)


def survey_ledger(
    batches: Iterable[Batch],
    since: date | None,
    categories: Collection[str],
    now: datetime,
    late_after: timedelta,
    days: int = DAYS,
) -> Survey:
    """Hold what the ledger has of the last so many calendar days against what should be there.

    Every followed category owes every day on which arXiv's calendar expects announcements, from the ledger's
    first day on (`since`); where the ledger is empty, the newest such day alone. A day is late if it is not
    settled so long after midnight Eastern, when arXiv's feed switches to it.
    """
    held = {(batch.category, batch.day): batch for batch in batches}
    shown = _shown_days(first_day(now, days), announced_day(now), {day for _, day in held})
    owed = _owed_days(shown, since, announced_day(now))
    rows = {}
    for category in sorted(categories):
        cells = (Cell(category, day, day in owed, held.get((category, day))) for day in shown)
        rows[category] = tuple(_judge_cell(cell, now, late_after) for cell in cells)
    return Survey(now, late_after, shown, rows)


def _owed_days(shown: Iterable[date], since: date | None, last: date) -> frozenset[date]:
    expected = [day for day in shown if day <= last and is_announcement_expected(day)]
    return frozenset(expected[:1] if since is None else (day for day in expected if day >= since))


def _shown_days(first: date, last: date, with_batches: Collection[date]) -> tuple[date, ...]:
    weekdays = {first + timedelta(days=n) for n in range((last - first).days + 1)}
    days = {day for day in weekdays if is_weekday(day)} | {day for day in with_batches if day >= first}
    return tuple(sorted(days, reverse=True))


def _judge_cell(cell: Cell, now: datetime, late_after: timedelta) -> Cell:
    passed = now - switches_at(cell.day)
    is_late = cell.is_owed and not cell.is_settled and passed >= late_after
    return Cell(cell.category, cell.day, cell.is_owed, cell.batch, passed) if is_late else cell


def _is_complete(owed: Collection[Cell]) -> bool:
    return bool(owed) and all(cell.is_settled for cell in owed)


def tell_survey(survey: Survey) -> Told:
    """Say in a sentence or two how the ledger stands."""
    if survey.late:
        return _tell_late(survey.late)
    complete, coming = _tell_complete(survey.complete_day), _tell_coming(survey)
    return tell("{complete} {coming}", complete=complete, coming=coming) if coming else complete


def _tell_late(late: Collection[Cell]) -> Told:
    longest = _find_longest(late)
    if len(late) == 1:
        return tell("1 batch is late, by {longest}.", longest=longest)
    return tell("{count} batches are late, the oldest by {longest}.", count=len(late), longest=longest)


def _find_longest(late: Iterable[Cell]) -> Told:
    return write_span(max(cell.late_by for cell in late if cell.late_by is not None))


def _tell_complete(day: date | None) -> Told:
    if day is None:
        return tell("No day is complete yet.")
    return tell("Everything is there up to {day}.", day=write_day(day))


def _tell_coming(survey: Survey) -> Told | None:
    day = next((day for day in survey.days if survey.owed(day)), None)
    if day is None or day == survey.complete_day:
        return None
    owed = survey.owed(day)
    there = sum(cell.is_settled for cell in owed)
    pattern = "{day} is coming in: {there} of {owed} categories are there."
    return tell(pattern, day=write_day(day), there=there, owed=len(owed))


def tell_late_day(day: date, late: Collection[Cell], survey: Survey) -> Told:
    """Say how much of a day is late."""
    count, owed = len(late), len(survey.owed(day))
    pattern = "{day}: {count} of {owed} categories late, by {longest}"
    return tell(pattern, day=write_day(day), count=count, owed=owed, longest=_find_longest(late))


def tell_cell(cell: Cell, now: datetime) -> Told:
    """Say in a sentence how a category's day stands: what is wrong, what was done, and what comes next."""
    category, day = cell.category, write_day(cell.day)
    what = _tell_batch(cell, cell.batch, now) if cell.batch else _tell_nothing(cell)
    if cell.late_by is not None:
        late = "{category} of {day} is {span} late: {what}"
        return tell(late, category=category, day=day, span=write_span(cell.late_by), what=what)
    if cell.batch is None:
        return tell("{category} of {day}: {what}", category=category, day=day, what=what)
    standing = quote(cell.standing.value)
    return tell(
        "{category} of {day} is {standing}: {what}", category=category, day=day, standing=standing, what=what
    )


def _tell_nothing(cell: Cell) -> Told:
    return tell("never asked for") if cell.is_owed else tell("nothing is announced")


def _tell_batch(cell: Cell, batch: Batch, now: datetime) -> Told:
    reason = " ".join(batch.reason.split())
    return tell(
        "{what}; {asked}, {following}",
        what=quote(reason) if reason else _tell_counts(cell),
        asked=_tell_attempts(batch.attempts),
        following=_tell_next(cell, batch, now),
    )


def _tell_counts(cell: Cell) -> Told:
    counts = [
        tell("{count} {kind}", count=count, kind=quote(kind.value)) for kind, count in cell.counts.items()
    ]
    return tell_all(counts) if counts else tell("no announcements")


def _tell_attempts(attempts: int) -> Told:
    return tell("asked once") if attempts == 1 else tell("asked {count} times", count=attempts)


def _tell_next(cell: Cell, batch: Batch, now: datetime) -> Told:
    if cell.is_settled:
        return tell("last at {time}", time=write_time(batch.last_seen))
    following = next_attempt(batch)
    return tell("next at {time}", time=write_time(following)) if following > now else tell("due now")


def write_day(day: date) -> Told:
    """Write a day as people do: Tuesday 6 January."""
    return tell("{day:%A} {day.day} {day:%B}", day=day)


def write_time(moment: datetime) -> str:
    """Write an instant's time of day: 13:05 UTC."""
    return f"{moment:%H:%M} UTC"


def write_span(span: timedelta) -> Told:
    """Write how long something takes: in hours, from two days on in days."""
    if span >= TWO_DAYS:
        return tell("{count} days", count=span // timedelta(days=1))
    return tell("{count} h", count=span // timedelta(hours=1))


def list_facts(survey: Survey) -> dict[str, object]:
    """Give everything that a survey holds as values that JSON knows."""
    return {
        "verdict": survey.overall.value,
        "sentence": tell_survey(survey),
        "now": survey.now.isoformat(),
        "late_after_hours": survey.late_after / timedelta(hours=1),
        "complete_day": survey.complete_day.isoformat() if survey.complete_day else None,
        "late": [_cell_facts(cell, survey.now) for cell in survey.late],
        "days": [_day_facts(survey, day) for day in survey.days],
        "batches": [
            _cell_facts(cell, survey.now) for cell in survey.cells() if cell.standing is not Standing.NONE
        ],
    }


def _day_facts(survey: Survey, day: date) -> dict[str, object]:
    owed = survey.owed(day)
    return {
        "day": day.isoformat(),
        "expected": is_announcement_expected(day),
        "categories": len(owed),
        "settled": sum(cell.is_settled for cell in owed),
    }


def _cell_facts(cell: Cell, now: datetime) -> dict[str, object]:
    facts: dict[str, object] = {
        "category": cell.category,
        "day": cell.day.isoformat(),
        "state": cell.standing.value,
        "owed": cell.is_owed,
        "late_hours": round(cell.late_by / timedelta(hours=1), 1) if cell.late_by is not None else None,
        "counts": {kind.value: count for kind, count in cell.counts.items()},
    }
    if cell.batch is not None:
        facts |= _batch_facts(cell.batch)
    if cell.late_by is not None:
        facts["sentence"] = tell_cell(cell, now)
    return facts


def _batch_facts(batch: Batch) -> dict[str, object]:
    return {
        "reason": batch.reason,
        "source": batch.source,
        "attempts": batch.attempts,
        "first_attempt": batch.first_seen.isoformat(),
        "last_attempt": batch.last_seen.isoformat(),
        "next_attempt": None if batch.state in SETTLED else next_attempt(batch).isoformat(),
    }
