"""The invented papers that ship with the package, and the hand-written Chinese digests of some of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib import resources
from typing import Self

from pydantic import BaseModel, ConfigDict, TypeAdapter, model_validator

from feedsvc.calendar import switches_at
from feedsvc.paper import Author, Digest, Kind, Paper
from feedsvc.standin.corpus import Corpus, Row, Step, sort_rows


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SampleAuthor(_Value):
    """One author."""

    name: str
    affiliations: tuple[str, ...] = ()


class SampleAnnouncement(_Value):
    """A version announced on a day; with a category, only a later cross-list there."""

    day: date
    version: int
    category: str | None = None


class SampleRevision(_Value):
    """What a later version changes."""

    version: int
    revised: datetime
    title: str | None = None
    abstract: str | None = None
    comments: str | None = None


class SampleDigest(_Value):
    """A digest in Chinese, of the first version."""

    title: str
    background: tuple[str, ...]
    innovation: tuple[str, ...]
    conclusion: tuple[str, ...]


class SamplePaper(_Value):
    """One invented paper as the sample files hold it."""

    id: str
    title: str
    abstract: str
    authors: tuple[SampleAuthor, ...]
    categories: tuple[str, ...]
    comments: str
    license: str
    submitted: datetime
    announcements: tuple[SampleAnnouncement, ...]
    revisions: tuple[SampleRevision, ...] = ()
    doi: str | None = None
    journal_ref: str | None = None
    zh: SampleDigest | None = None

    @property
    def late(self) -> dict[str, date]:
        """The days of the later cross-lists, by category."""
        return {item.category: item.day for item in self.announcements if item.category}

    @model_validator(mode="after")
    def _check_announcements(self) -> Self:
        written = {1, *(revision.version for revision in self.revisions)}
        for item in self.announcements:
            if item.version not in written:
                raise ValueError(f"{self.id!r} announces version {item.version}: expected one of {written}")
            if item.category not in {None, *self.categories[1:]}:
                raise ValueError(
                    f"{self.id!r} is cross-listed to {item.category!r}: expected a category of it"
                )
        return self


_FILE = TypeAdapter(tuple[SamplePaper, ...])


def load_sample() -> Corpus:
    """Read the bundled papers."""
    return build_corpus(read_sample_papers())


def load_sample_digests() -> dict[str, Digest]:
    """Give the bundled Chinese digests by paper."""
    return {paper.id: _digest(paper.id, paper.zh) for paper in read_sample_papers() if paper.zh}


def read_sample_papers() -> tuple[SamplePaper, ...]:
    """Read every bundled sample file, in the order of their names."""
    folder = resources.files("feedsvc.standin").joinpath("sample")
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".json")), key=lambda f: f.name)
    return tuple(paper for file in files for paper in parse_sample(file.read_text("utf-8")))


def parse_sample(text: str) -> tuple[SamplePaper, ...]:
    """Read one sample file. Raises pydantic's ValidationError naming the place."""
    return _FILE.validate_json(text)


def build_corpus(papers: Iterable[SamplePaper]) -> Corpus:
    """Lay sample papers out on pages; every announcement day is one step, at its midnight Eastern."""
    papers = tuple(papers)
    pages: dict[date, dict[str, list[Row]]] = {}
    for paper in papers:
        for day, category, row in _lay_out(paper):
            pages.setdefault(day, {}).setdefault(category, []).append(row)
    return Corpus(
        papers={(p.id, p.version): p for paper in papers for p in _versions(paper)},
        timeline=tuple(Step(switches_at(day), day) for day in sorted(pages)),
        pages={day: {c: sort_rows(rows) for c, rows in page.items()} for day, page in pages.items()},
    )


def _versions(sample: SamplePaper) -> Iterator[Paper]:
    """Give each version's full text: a revision keeps what it does not change."""
    paper = Paper(
        id=sample.id,
        version=1,
        title=sample.title,
        abstract=sample.abstract,
        authors=tuple(Author(a.name, a.affiliations) for a in sample.authors),
        categories=sample.categories,
        comments=sample.comments,
        doi=sample.doi,
        journal_ref=sample.journal_ref,
        license=sample.license,
        submitted=sample.submitted.astimezone(UTC),
        complete=True,
    )
    yield paper
    for revision in sorted(sample.revisions, key=lambda r: r.version):
        paper = _revise(paper, revision)
        yield paper


def _revise(paper: Paper, revision: SampleRevision) -> Paper:
    return replace(
        paper,
        version=revision.version,
        revised=revision.revised.astimezone(UTC),
        title=revision.title or paper.title,
        abstract=revision.abstract or paper.abstract,
        comments=revision.comments or paper.comments,
    )


def _lay_out(sample: SamplePaper) -> Iterator[tuple[date, str, Row]]:
    for item in sample.announcements:
        if item.category:
            yield item.day, item.category, Row(sample.id, item.version, Kind.CROSS)
            continue
        first, other = (Kind.NEW, Kind.CROSS) if item.version == 1 else (Kind.REPLACE, Kind.REPLACE_CROSS)
        yield item.day, sample.categories[0], Row(sample.id, item.version, first)
        for category in sample.categories[1:]:
            if category not in sample.late or sample.late[category] < item.day:
                yield item.day, category, Row(sample.id, item.version, other)


def _digest(paper: str, sample: SampleDigest) -> Digest:
    return Digest(
        paper=paper,
        version=1,
        language="zh",
        method="hand-written sample",
        background=sample.background,
        innovation=sample.innovation,
        conclusion=sample.conclusion,
        title=sample.title,
    )
