"""What a harvest finds: each paper's record as it stands at an instant, and the history of its versions."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from feedsvc.calendar import announced_day
from feedsvc.paper import Paper
from feedsvc.standin.corpus import Corpus
from feedsvc.standin.sets import is_within, spell_sets

LARGEST = 4000


@dataclass(frozen=True, slots=True)
class Record:
    """A paper in its newest announced version, and the date, in UTC, of the record's last change.

    A day's papers go public at 20:00 Eastern the evening before, which in UTC is that day's first hour or
    second: so the date of an announcement is its day.
    """

    paper: Paper
    datestamp: date
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Version:
    """One entry of a paper's history; a withdrawn version has no size and the source type `I`."""

    number: int
    submitted: datetime
    kilobytes: int
    source_type: str | None


def list_records(corpus: Corpus, now: datetime, first: date, last: date, wanted: str = "") -> list[Record]:
    """Give the records last changed from one date to another, of one set if one is named.

    They are in the order of datestamp and identifier.
    """
    found = (find_record(corpus, paper, now) for paper in corpus.names)
    records = [
        record
        for record in found
        if record
        and first <= record.datestamp <= last
        and (not wanted or is_within(spell_sets(record.paper), wanted))
    ]
    return sorted(records, key=lambda record: (record.datestamp, record.paper.id))


def find_record(corpus: Corpus, paper: str, now: datetime) -> Record | None:
    """Give a paper's record; None before the paper is announced."""
    day = announced_day(now)
    datestamp = corpus.last_change(paper, day)
    if datestamp is None:
        return None
    version = corpus.newest_version(paper, day)
    return Record(corpus.paper_on((paper, version), day), datestamp, corpus.is_removed(paper, day))


def list_versions(corpus: Corpus, paper: Paper) -> Iterator[Version]:
    """Give a paper's history up to the version in hand.

    Of a version that the corpus does not hold, the first one is as old as the paper says, others as this one.
    """
    for number in range(1, paper.version + 1):
        known = corpus.papers.get((paper.id, number), paper)
        submitted = (known.revised if number > 1 else None) or known.submitted
        if submitted:
            yield _describe_version(known, number, submitted)


def _describe_version(paper: Paper, number: int, submitted: datetime) -> Version:
    if paper.is_withdrawn:
        return Version(number, submitted, 0, "I")
    # Nothing tells the size of an invented source; it only has to stay the same.
    noise = zlib.crc32(f"{paper.id}v{number}".encode())
    return Version(number, submitted, 1 + noise % LARGEST, "D" if noise % 3 == 0 else None)
