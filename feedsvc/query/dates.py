"""Spans of days as the keyword language writes them. Pure; the newest day is handed in, never looked up."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta
from enum import StrEnum

from feedsvc.told import tell

MOST_YEARS = 100
SPAN_EXPECTED = tell(
    "expected a date such as 2026-01-14, 2026-01 or 2026, a span such as 2026-01..2026-02 or 2026-01..,"
    " or an age such as 7d"
)
_AGE = re.compile(r"(?P<count>\d{1,6})(?P<unit>[dwmy])")
_DATE = re.compile(r"(?P<year>[12]\d{3})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d))?)?")


class DateError(ValueError):
    """A date, a span or an age cannot be read; `expected` says what could be."""

    def __init__(self, expected: str) -> None:
        super().__init__(expected)
        self.expected = expected


class Unit(StrEnum):
    """What an age is counted in."""

    DAY = "d"
    MONTH = "m"


def read_age(text: str) -> tuple[int, Unit] | None:
    """Read `7d`, `2w`, `3m` or `1y` in days or months; None if it is something else.

    Raises DateError for an age of nothing or of more than a hundred years.
    """
    found = _AGE.fullmatch(text)
    if found is None:
        return None
    factor, unit = {"d": (1, Unit.DAY), "w": (7, Unit.DAY), "m": (1, Unit.MONTH), "y": (12, Unit.MONTH)}[
        found["unit"]
    ]
    count = int(found["count"]) * factor
    if not 1 <= count <= MOST_YEARS * (365 if unit is Unit.DAY else 12):
        raise DateError(tell("expected an age from 1d to {most}y", most=MOST_YEARS))
    return count, unit


def count_back(newest: date, count: int, unit: Unit) -> date:
    """Give the first of so many days, or months, that end with the newest day."""
    if unit is Unit.DAY:
        return newest - timedelta(days=count - 1)
    months = newest.year * 12 + newest.month - 1 - count
    year, month = months // 12, months % 12 + 1
    last = monthrange(year, month)[1]
    return date(year, month, min(newest.day, last)) + timedelta(days=1)


def read_span(text: str) -> tuple[date, date]:
    """Read a day, a month, a year, or two of them with `..` between; an end left open is date.min or .max.

    Raises DateError.
    """
    first, dots, last = (part.strip() for part in text.partition(".."))
    if not first and not last:
        raise DateError(SPAN_EXPECTED)
    since = _read_date(first)[0] if first else date.min
    until = _read_date(last if dots else first)[1] if last or not dots else date.max
    if since > until:
        raise DateError(tell("expected the earlier date before the '..'"))
    return since, until


def spell_span(first: date, last: date) -> str:
    """Write a span in the fewest signs: as years, else as months, else as days."""
    if (first, last) == (date.min, date.max):
        raise ValueError("every day: expected at least one end")
    forms = ("%Y", "%Y-%m", "%Y-%m-%d")
    return next(text for form in forms if read_span(text := _spell(form, first, last)) == (first, last))


def _spell(form: str, first: date, last: date) -> str:
    since = "" if first == date.min else first.strftime(form)
    until = "" if last == date.max else last.strftime(form)
    return since if since == until else f"{since}..{until}"


def _read_date(text: str) -> tuple[date, date]:
    """Give the first and the last day that a date stands for."""
    found = _DATE.fullmatch(text)
    if found is None:
        raise DateError(SPAN_EXPECTED)
    year, month, day = int(found["year"]), found["month"], found["day"]
    if month is None:
        return date(year, 1, 1), date(year, 12, 31)
    if not 1 <= int(month) <= 12:
        raise DateError(tell("expected a month from 01 to 12, not {month}", month=month))
    length = monthrange(year, int(month))[1]
    if day is None:
        return date(year, int(month), 1), date(year, int(month), length)
    if not 1 <= int(day) <= length:
        raise DateError(tell("expected a day from 01 to {length}, not {day}", length=length, day=day))
    return (only := date(year, int(month), int(day))), only
