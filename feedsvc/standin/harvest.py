"""What a request for a list of records asks for, and the page that answers it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from feedsvc.standin.corpus import Corpus
from feedsvc.standin.metadata import FORMATS, Format
from feedsvc.standin.records import Record, list_records
from feedsvc.standin.refusals import Code, Refusal
from feedsvc.standin.sets import check_set

EARLIEST = date(2007, 5, 23)
_ALLOWED = ("verb", "metadataPrefix", "from", "until", "set")

Arguments = Mapping[str, str]
Resumption = tuple[Arguments, int]
"""What a token says: the arguments of a request, and how many records to skip."""


@dataclass(frozen=True, slots=True)
class Harvest:
    """A list that is asked for, checked; `echoed` is what an answer shows of the request."""

    arguments: Arguments
    echoed: Arguments
    form: Format
    first: date
    last: date
    wanted: str
    skip: int


@dataclass(frozen=True, slots=True)
class Page:
    """The records of one answer and what its token says; None ends the list.

    `is_beyond` marks a page past the last record, which only a fault leads to.
    """

    form: Format
    echoed: Arguments
    here: Resumption
    records: tuple[Record, ...]
    next: Resumption | None
    is_beyond: bool = False

    def empty(self) -> Page:
        """Give the page without records, with a token that leads to it again."""
        return replace(self, records=(), next=self.here)

    def prolong(self) -> Page:
        """Give the page with a token that leads past its last record."""
        arguments, skip = self.here
        return replace(self, next=(arguments, skip + len(self.records)))


def find_format(prefix: str, echoed: Arguments) -> Format:
    """Give a format by its prefix. Raises Refusal."""
    if prefix not in FORMATS:
        raise Refusal(Code.BAD_FORMAT, "Did not recognize requested format", echoed)
    return FORMATS[prefix]


def read_harvest(arguments: Arguments, skip: int, now: datetime, echoed: Arguments | None = None) -> Harvest:
    """Check the arguments of a list request, the token's where one came. Raises Refusal in arXiv's words.

    `echoed` is what answers show of the request where it differs from the arguments.
    """
    if "metadataPrefix" not in arguments:
        raise Refusal(Code.BAD_ARGUMENT, "metadataPrefix required.")
    if not arguments.keys() <= set(_ALLOWED):
        raise Refusal(Code.BAD_ARGUMENT, f"Unallowed parameter. Allowed parameters: {', '.join(_ALLOWED)}")
    given = {name: arguments[name] for name in _order(arguments) if arguments[name]}
    form = find_format(arguments["metadataPrefix"], echoed or {"verb": arguments["verb"]})
    first, last = _read_span(given, now)
    wanted = check_set(given["set"]) if "set" in given else ""
    return Harvest(given, echoed or given, form, first, last, wanted, skip)


def take_page(corpus: Corpus, harvest: Harvest, size: int, now: datetime) -> Page:
    """Give a page of at most so many records. Raises Refusal where there are none.

    As arXiv does it, what is left after a page is asked for from the date of its first record on, with as
    many records skipped as the page shows of that date; so records that change meanwhile shift the others.
    """
    found = list_records(corpus, now, harvest.first, harvest.last, harvest.wanted)[harvest.skip :]
    if not found:
        raise Refusal(Code.NO_RECORDS, echoed=harvest.echoed)
    page, rest = tuple(found[:size]), found[size:]
    here = (harvest.arguments, harvest.skip)
    resumption = _resume_after(page, rest[0].datestamp, here) if rest else None
    return Page(harvest.form, harvest.echoed, here, page, resumption)


def _resume_after(page: tuple[Record, ...], datestamp: date, here: Resumption) -> Resumption:
    arguments, skip = here
    shown = sum(record.datestamp == datestamp for record in page)
    if shown == len(page):
        return arguments, skip + shown
    return {**arguments, "from": datestamp.isoformat()}, shown


def _order(arguments: Arguments) -> tuple[str, ...]:
    return tuple(name for name in _ALLOWED if name in arguments)


def _read_span(given: Arguments, now: datetime) -> tuple[date, date]:
    today = now.date()
    first = _read_day(given, "from") or EARLIEST
    last = _read_day(given, "until") or today
    if first > last:
        raise Refusal(Code.BAD_ARGUMENT, "until date must be greater than or equal to from date")
    if first < EARLIEST:
        raise Refusal(Code.BAD_ARGUMENT, "start date too early")
    if last > today:
        raise Refusal(Code.BAD_ARGUMENT, "until date too late")
    return first, last


def _read_day(given: Arguments, name: str) -> date | None:
    text = given.get(name)
    if text is None:
        return None
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError as error:
        raise Refusal(Code.BAD_ARGUMENT, f"{name} date format must be YYYY-MM-DD") from error
