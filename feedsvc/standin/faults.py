"""Ways in which arXiv's answers go wrong, and the queue of those the stand-in has been told to show."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from threading import Lock
from typing import Annotated, ClassVar, TypeVar

from pydantic import ConfigDict, Field

from feedsvc.calendar import switches_at
from feedsvc.standin.corpus import Moment
from feedsvc.standin.markup import Answer

PIECES = 20
"""In how many pieces at most an answer dribbles, which bounds the time it takes."""

T = TypeVar("T")


class FaultKind(StrEnum):
    """What goes wrong."""

    UNAVAILABLE = "unavailable"  # 503
    TOO_MANY = "too_many"  # 429
    NOT_ACCEPTABLE = "not_acceptable"  # 406
    HTML_PAGE = "html_page"  # 200, but a web page
    EMPTY_PAGE = "empty_page"  # no items; from the API and OAI-PMH, as if there were more
    CUT_OFF = "cut_off"  # half of the document, as if it were all
    TRUNCATED = "truncated"  # half of the document, with the length of the whole announced
    RESET = "reset"  # the connection is reset before the first byte
    BROKEN_OFF = "broken_off"  # the connection is reset in the middle of the answer
    HANG = "hang"  # the answer waits
    DRIBBLE = "dribble"  # the answer comes in few bytes at long intervals
    # Listings only:
    STALE_BATCH = "stale_batch"  # the items of the day before under the day's date
    LATE_BATCH = "late_batch"  # the day before, under its own date
    MISSING_ROWS = "missing_rows"  # a share of the items is left out
    DUPLICATED = "duplicated"  # every item twice
    ABSURD_DATE = "absurd_date"  # the right items under an impossible date
    # OAI-PMH only:
    TOKEN_EXPIRED = "token_expired"  # a token is no longer taken
    PAGE_REPEATED = "page_repeated"  # a token gives the page before once more
    EMPTY_LAST_PAGE = "empty_last_page"  # the last page has a token, which leads to an empty page


class Trait(StrEnum):
    """What a request for a list of OAI-PMH's is like, as far as faults ask."""

    RESUMED = "resumed"  # it comes with a token
    LAST_PAGE = "last_page"  # nothing follows what it asks for


_LISTINGS = ("/rss/", "/atom/")
_PLACES = {
    FaultKind.STALE_BATCH: _LISTINGS,
    FaultKind.LATE_BATCH: _LISTINGS,
    FaultKind.MISSING_ROWS: _LISTINGS,
    FaultKind.DUPLICATED: _LISTINGS,
    FaultKind.ABSURD_DATE: _LISTINGS,
}
_TRAITS = {
    FaultKind.TOKEN_EXPIRED: Trait.RESUMED,
    FaultKind.PAGE_REPEATED: Trait.RESUMED,
    FaultKind.EMPTY_LAST_PAGE: Trait.LAST_PAGE,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Something to go wrong for the next `count` requests under a path, of one category if one is named.

    A request that a kind of fault says nothing to is spared and does not count. `seconds` is how long a
    `hang` waits, and a `dribble` between two pieces, and what a refusal says in Retry-After unless it is 0.
    `share` is what `missing_rows` leaves out, `day` the date of an `absurd_date`.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    kind: FaultKind
    path: str = "/"
    category: str | None = None
    count: Annotated[int, Field(ge=1)] = 1
    seconds: Annotated[float, Field(ge=0)] = 0.0
    share: Annotated[float, Field(ge=0, le=1)] = 0.5
    day: date = date(1970, 1, 1)

    def matches(
        self, path: str, categories: Collection[str], traits: AbstractSet[Trait] = frozenset()
    ) -> bool:
        """Tell whether a request is meant."""
        return (
            path.startswith(self.path)
            and path.startswith(_PLACES.get(self.kind, "/"))
            and (self.kind not in _TRAITS or _TRAITS[self.kind] in traits)
            and (self.category is None or self.category in categories)
        )


class FaultQueue:
    """The faults still to come, in the order in which they were added; may be used from many threads."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._faults = list(faults)
        self._lock = Lock()

    def add(self, faults: Iterable[Fault]) -> None:
        """Put more faults in the queue."""
        with self._lock:
            self._faults.extend(faults)

    def clear(self) -> None:
        """Forget every fault."""
        with self._lock:
            self._faults.clear()

    def pending(self) -> tuple[Fault, ...]:
        """Give the faults still to come, each with the count that is left."""
        with self._lock:
            return tuple(self._faults)

    def take(
        self, path: str, categories: Collection[str], traits: AbstractSet[Trait] = frozenset()
    ) -> Fault | None:
        """Give the first fault that a request meets, and count it."""
        with self._lock:
            for index, fault in enumerate(self._faults):
                if fault.matches(path, categories, traits):
                    self._faults[index : index + 1] = _count_down(fault)
                    return fault
        return None


def _count_down(fault: Fault) -> list[Fault]:
    return [replace(fault, count=fault.count - 1)] if fault.count > 1 else []


_HTML = b"""<!DOCTYPE html>
<html><head><title>arXiv.org: under maintenance</title></head>
<body><h1>Under maintenance</h1><p>Please come back later.</p></body></html>
"""
_REFUSALS = {
    FaultKind.UNAVAILABLE: (503, b"Service Unavailable\n"),
    FaultKind.TOO_MANY: (429, b"Rate exceeded.\n"),
    FaultKind.NOT_ACCEPTABLE: (406, b"Not Acceptable\n"),
}


def write_refusal(fault: Fault | None) -> Answer | None:
    """Give the answer that a fault puts in the place of the right one; None if it leaves that to be made."""
    if fault is None:
        return None
    if fault.kind is FaultKind.HTML_PAGE:
        return Answer(200, "text/html; charset=utf-8", _HTML)
    if fault.kind not in _REFUSALS:
        return None
    status, body = _REFUSALS[fault.kind]
    wait = (("Retry-After", str(round(fault.seconds))),) if fault.seconds else ()
    return Answer(status, "text/plain; charset=utf-8", body, wait)


def spoil_moment(moment: Moment, fault: Fault | None) -> Moment:
    """Give what a request sees under a fault."""
    if fault is None:
        return moment
    if fault.kind is FaultKind.EMPTY_PAGE:
        return replace(moment, shown=None)
    before = moment.corpus.day_before(moment.day)
    if fault.kind is FaultKind.STALE_BATCH:
        return replace(moment, shown=before)
    if fault.kind is FaultKind.LATE_BATCH:
        return replace(moment, day=before or moment.day, shown=before)
    if fault.kind is FaultKind.ABSURD_DATE:
        return replace(moment, now=switches_at(fault.day), day=fault.day)
    return moment


def spoil_items(items: Sequence[T], fault: Fault | None) -> tuple[T, ...]:
    """Give what a listing shows of its items under a fault; what is left out is spread over all of them."""
    if fault and fault.kind is FaultKind.MISSING_ROWS:
        left = round(len(items) * (1 - fault.share))
        return tuple(items[index * len(items) // left] for index in range(left))
    if fault and fault.kind is FaultKind.DUPLICATED:
        return tuple(item for item in items for _ in range(2))
    return tuple(items)


def cut_answer(answer: Answer) -> Answer:
    """Give half of an answer, breaking off in the middle of a document."""
    return replace(answer, body=answer.body[: len(answer.body) // 2])


def split_answer(answer: Answer) -> Iterator[bytes]:
    """Give an answer in at most so many pieces as a dribble has."""
    size = max(1, -(-len(answer.body) // PIECES))
    return (answer.body[start : start + size] for start in range(0, len(answer.body), size))
