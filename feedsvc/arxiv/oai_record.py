"""The values that OAI-PMH's answers hold of one paper, whichever of arXiv's formats they came in.

They are made by the hundred thousand, so they are tuples with names: made in a third of a dataclass's time.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from feedsvc.paper import Author, Paper

DUBLIN_CORE = "oai_dc"


class UnreadableRecord(Exception):
    """One record lacks what it cannot do without; the text says what."""


class OaiHeader(NamedTuple):
    """What stands above a record's metadata; see `OaiRecord`."""

    id: str
    datestamp: date
    sets: tuple[str, ...]
    is_deleted: bool


class OaiVersion(NamedTuple):
    """One version of a paper: its number, when it was submitted, and the size of its source as told.

    `source_type` is a row of arXiv's letters, mostly none; `I` marks a version that withdraws the paper.
    """

    number: int
    date: datetime
    size: str = ""
    source_type: str = ""

    @property
    def is_withdrawn(self) -> bool:
        """Whether this version withdraws the paper."""
        return "I" in self.source_type


class OaiMetadata(NamedTuple):
    """What a record says of a paper, in the words of the newest version; `prefix` names the record's format.

    `created` and `updated` are days as told, by formats that list no versions. In `oai_dc` they are those of
    the first version and of the newest one, if there are more. In `arXiv` they cannot be relied on: arXiv's
    former server meant the same, the present one the newest version and the metadata's last change.
    """

    prefix: str
    title: str
    abstract: str
    authors: tuple[Author, ...]
    categories: tuple[str, ...]
    comments: str | None = None
    doi: str | None = None
    journal_ref: str | None = None
    license: str | None = None
    created: date | None = None
    updated: date | None = None


class OaiRecord(NamedTuple):
    """One paper's record. `datestamp` is the day in UTC on which anything in it last changed.

    A deleted record and a bare header have no metadata. Versions come with `arXivRaw` alone, in order.
    """

    id: str
    datestamp: date
    sets: tuple[str, ...] = ()
    is_deleted: bool = False
    metadata: OaiMetadata | None = None
    versions: tuple[OaiVersion, ...] = ()

    @property
    def paper(self) -> Paper | None:
        """The newest version; None where the record does not tell which one that is."""
        return self.make_paper(self.versions[-1].number) if self.versions else None

    def make_paper(self, version: int) -> Paper | None:
        """Give the paper under a version that the caller knows; None for a record without metadata.

        Whatever the version, the text is the newest one's. Submission and revision are told where the record
        lists the versions.
        """
        told = self.metadata
        if told is None:
            return None
        dates = {known.number: known.date for known in self.versions}
        return Paper(
            id=self.id,
            version=version,
            title=told.title,
            abstract=told.abstract,
            authors=told.authors,
            categories=told.categories,
            comments=told.comments,
            doi=told.doi,
            journal_ref=told.journal_ref,
            license=told.license,
            submitted=dates.get(1),
            revised=dates.get(version) if version > 1 else None,
            complete=told.prefix != DUBLIN_CORE,
        )
