"""The values everything else speaks of. Frozen, without I/O; every datetime is aware and in UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from enum import StrEnum

from feedsvc.coding import measure_gzip, unpack_gzip
from feedsvc.errors import InvalidIdError
from feedsvc.taxonomy import load_taxonomy

NEW_SCHEME = r"\d{4}\.\d{4,5}"
OLD_SCHEME = r"[a-z][a-z-]*(?:\.[A-Z]{2})?/\d{7}"
_ID = re.compile(
    rf"(?:https?://(?:[a-z]+\.)?arxiv\.org/(?:abs|pdf|html)/|oai:arXiv\.org:|arxiv:)?"
    rf"(?P<paper>{NEW_SCHEME}|{OLD_SCHEME})(?:v(?P<version>[1-9]\d{{0,3}}))?(?:\.pdf)?",
    re.IGNORECASE | re.ASCII,
)
_WITHDRAWN = re.compile(
    r"\W*((this|the) (paper|article|submission|manuscript|work|p?reprint) (has been|was|is)"
    r"( (being|temporarily))? withdrawn|withdrawn\b(?! from))",
    re.IGNORECASE,
)


class Kind(StrEnum):
    """How a paper is announced in a category, in arXiv's words and in arXiv's order of precedence."""

    NEW = "new"
    CROSS = "cross"
    REPLACE = "replace"
    REPLACE_CROSS = "replace-cross"

    @property
    def rank(self) -> int:
        """0 for the kind that wins where a paper has several on one day."""
        return _RANKS[self]


_ABSTRACTS = "https://arxiv.org/abs/"
_RANKS = {kind: rank for rank, kind in enumerate(Kind)}


class BatchState(StrEnum):
    """What the ledger thinks of one category's announcements on one day."""

    OK = "ok"
    QUIET = "quiet"
    STALE = "stale"
    PARTIAL = "partial"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ArxivId:
    """A paper's identifier in the scheme of 2007 or the older one, with a version where one is given.

    Source: https://info.arxiv.org/help/arxiv_identifier.html
    """

    paper: str
    version: int | None = None

    @classmethod
    def parse(cls, text: str) -> ArxivId:
        """Read an identifier as people write it: bare, `arXiv:…`, `oai:arXiv.org:…` or a link to arXiv.

        The old scheme's subject class is dropped (`math.GT/0309136` is `math/0309136`).
        Raises InvalidIdError.
        """
        found = _ID.fullmatch(text.strip())
        if found is None:
            raise InvalidIdError(text)
        paper, version = found.groups()
        if "/" in paper:
            paper = re.sub(r"\.[A-Za-z]{2}/", "/", paper).lower()
        month = paper.find("/") + 3
        if not "01" <= paper[month : month + 2] <= "12":
            raise InvalidIdError(text)
        return cls(paper, int(version) if version else None)

    @property
    def abs_url(self) -> str:
        """The abstract page, without a version."""
        return f"{_ABSTRACTS}{self.paper}"

    def __str__(self) -> str:
        return self.paper if self.version is None else f"{self.paper}v{self.version}"


def order_id(paper: str) -> tuple[int, int]:
    """Give a key that sorts paper identifiers of both schemes in the order arXiv gave them out."""
    digits = _digits(paper)
    year, month = int(digits[:2]), int(digits[2:4])
    century = 1900 if "/" in paper and year > 90 else 2000
    return (century + year) * 12 + month, int(digits[4:])


def _digits(paper: str) -> str:
    return paper.rpartition("/")[2].replace(".", "")


@dataclass(frozen=True, slots=True)
class Author:
    """One author as the paper names them, in Unicode, affiliations apart."""

    name: str
    affiliations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Paper:
    """One version of a paper. Text is Unicode without TeX accents; mathematics stays TeX.

    `categories` holds the primary one first. `complete` tells that a source with every field (the API,
    OAI-PMH) was read, not only a listing, whose missing fields are None.
    """

    id: str
    version: int
    title: str
    abstract: str
    authors: tuple[Author, ...]
    categories: tuple[str, ...]
    comments: str | None = None
    doi: str | None = None
    journal_ref: str | None = None
    license: str | None = None
    submitted: datetime | None = None
    revised: datetime | None = None
    complete: bool = False

    def __post_init__(self) -> None:
        _check_utc(self.submitted, self.revised)

    @property
    def primary(self) -> str:
        """The primary category."""
        return self.categories[0]

    @property
    def abs_url(self) -> str:
        """The abstract page, without a version: the entry's id everywhere."""
        return f"{_ABSTRACTS}{self.id}"

    @property
    def pdf_url(self) -> str:
        """The PDF of this version."""
        return f"https://arxiv.org/pdf/{self.id}v{self.version}"

    @property
    def is_withdrawn(self) -> bool:
        """Whether the comment says so: no listing and no API field does."""
        return bool(self.comments and _WITHDRAWN.match(self.comments))


def merge_paper(known: Paper | None, seen: Paper) -> Paper:
    """Decide what to keep of two readings of one paper version: a field is never lost to a poorer source.

    A complete reading wins over a listing's, else the later one wins; the other fills its gaps. A later
    reading that lists further categories is believed: papers are cross-listed for years.
    """
    if known is None:
        return seen
    if known.complete and not seen.complete:
        wider = _canonical(seen.categories) > _canonical(known.categories)
        return _fill(replace(known, categories=seen.categories) if wider else known, seen)
    return _fill(seen, known)


def _canonical(categories: tuple[str, ...]) -> set[str]:
    taxonomy = load_taxonomy()
    return {taxonomy.resolve(category) or category for category in categories}


def _fill(better: Paper, other: Paper) -> Paper:
    gaps = {
        f.name: getattr(other, f.name) for f in fields(Paper) if getattr(better, f.name) in (None, "", ())
    }
    return replace(better, **gaps) if gaps else better


class Origin(StrEnum):
    """How the ledger knows of an announcement."""

    LISTED = "listed"  # a listing showed it
    REBUILT = "rebuilt"  # other sources tell paper, category, day and kind
    ESTIMATED = "estimated"  # the paper is certain; its day or kind no source tells


@dataclass(frozen=True, slots=True)
class Announcement:
    """One row of the ledger: a paper version announced in a category on a day.

    `released` is the Eastern date on which it was recorded; None for history that was filled in later.
    """

    day: date
    category: str
    paper: str
    version: int
    kind: Kind
    released: date | None = None
    origin: Origin = Origin.LISTED


@dataclass(frozen=True, slots=True)
class Batch:
    """All announcements of one category on one day, and what the ledger thinks of them."""

    day: date
    category: str
    state: BatchState
    source: str
    fingerprint: str
    counts: tuple[tuple[Kind, int], ...]
    first_seen: datetime
    last_seen: datetime
    attempts: int = 1
    reason: str = ""

    def __post_init__(self) -> None:
        _check_utc(self.first_seen, self.last_seen)


@dataclass(frozen=True, slots=True)
class Digest:
    """The summary of one paper version in one language; each section is a row of sentences.

    `method` is `extractive` (the abstract's own sentences), or names who wrote it. `title` is the
    translated title, None where the original stands.
    """

    paper: str
    version: int
    language: str
    method: str
    background: tuple[str, ...]
    innovation: tuple[str, ...]
    conclusion: tuple[str, ...]
    title: str | None = None

    @property
    def is_extractive(self) -> bool:
        """Whether the sections are the abstract itself, sentence for sentence."""
        return self.method == "extractive"


@dataclass(frozen=True, slots=True)
class Likeness:
    """Why a paper is in a feed of papers like others: the one it is most like, and words they share."""

    paper: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One paper as it stands in a feed: the version last taken in, kind and times as the feed saw them."""

    paper: Paper
    kind: Kind
    published: datetime
    updated: datetime
    digest: Digest | None = None
    likeness: Likeness | None = None

    def __post_init__(self) -> None:
        _check_utc(self.published, self.updated)


DocumentKey = tuple[str, str, str]
"""What names a document: feed, format, language."""


@dataclass(frozen=True, slots=True)
class Document:
    """The finished bytes of a feed in one format and language; `packed` is the body under gzip.

    `etag` is strong, without quotes, of the unpacked body. `changed_at` is when the content last changed.
    """

    feed: str
    format: str
    language: str
    content_type: str
    packed: bytes
    etag: str
    changed_at: datetime

    def __post_init__(self) -> None:
        _check_utc(self.changed_at)

    @property
    def body(self) -> bytes:
        """The plain bytes, unpacked each time: who sends them under gzip never needs them."""
        return unpack_gzip(self.packed)

    @property
    def size(self) -> int:
        """How many bytes the body has."""
        return measure_gzip(self.packed)


def _check_utc(*moments: datetime | None) -> None:
    for moment in moments:
        if moment is not None and moment.tzinfo is not UTC:
            raise ValueError(f"{moment!r} is not in UTC: expected an aware datetime with tzinfo=UTC")
