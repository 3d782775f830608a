"""Answers kept as files: which answer some bytes are, and their papers as records for JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from feedsvc.arxiv.api import parse_api
from feedsvc.arxiv.listing import parse_listing
from feedsvc.arxiv.oai import OAI_ROOT, parse_oai
from feedsvc.arxiv.oai_record import OaiRecord, OaiVersion
from feedsvc.arxiv.wire import read_xml
from feedsvc.errors import BrokenAnswer, ErrorAnswer
from feedsvc.paper import Kind, Paper

Record = dict[str, object]

KEYS = (
    "id",
    "version",
    "title",
    "abstract",
    "authors",
    "categories",
    "kind",
    "comments",
    "doi",
    "journal_ref",
    "license",
    "submitted",
    "revised",
    "source",
)
_ATOM_ROOT = "{http://www.w3.org/2005/Atom}feed"
_FOUND = "{http://a9.com/-/spec/opensearch/1.1/}totalResults"
_RDF_ROOT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}RDF"


@dataclass(frozen=True, slots=True)
class RecordedAnswer:
    """One answer's records, to be iterated over, and a reason for each paper in it that could not be read."""

    source: str
    records: tuple[Record, ...]
    skipped: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)


def read_answer(body: bytes) -> RecordedAnswer:
    """Recognise an answer of arXiv's and give one record a paper, in its order.

    A record's keys are `id, version, title, abstract, authors, categories, kind, comments, doi, journal_ref,
    license, submitted, revised, source`; what the source does not tell is None. OAI-PMH's have `datestamp,
    sets, deleted, created, updated, versions` too (see `OaiRecord`). Raises ErrorAnswer where arXiv reports
    an error, BrokenAnswer for what is no answer that is read here.
    """
    form = _recognise(body)
    reader = _READERS.get(form)
    if reader is None:
        raise BrokenAnswer(
            f"a document with the root {form!r} came: "
            "expected a listing of arXiv's, or an answer of its API or OAI-PMH"
        )
    return reader(body)


def _recognise(body: bytes) -> str:
    """Give a key of the readers, else the name of the root element."""
    root = read_xml(body)
    return "api" if root.tag == _ATOM_ROOT and root.find(_FOUND) is not None else str(root.tag)


def _read_listing(body: bytes) -> RecordedAnswer:
    listing = parse_listing(body)
    records = tuple(_write_record(item.paper, item.kind, listing.source) for item in listing.items)
    return RecordedAnswer(listing.source, records, listing.skipped)


def _read_api(body: bytes) -> RecordedAnswer:
    page = parse_api(body)
    return RecordedAnswer(
        "api", tuple(_write_record(paper, None, "api") for paper in page.papers), page.skipped
    )


def _write_record(paper: Paper, kind: Kind | None, source: str) -> Record:
    return {
        "id": paper.id,
        "version": paper.version,
        "title": paper.title,
        "abstract": paper.abstract,
        "authors": [
            {"name": author.name, "affiliations": list(author.affiliations)} for author in paper.authors
        ],
        "categories": list(paper.categories),
        "kind": kind and str(kind),
        "comments": paper.comments,
        "doi": paper.doi,
        "journal_ref": paper.journal_ref,
        "license": paper.license,
        "submitted": _write_time(paper.submitted),
        "revised": _write_time(paper.revised),
        "source": source,
    }


def _read_oai(body: bytes) -> RecordedAnswer:
    page = parse_oai(body)
    if page.none_match:
        # To a harvest this is an empty list; of an answer by itself it is all there is to say.
        raise ErrorAnswer(page.none_match)
    return RecordedAnswer("oai", tuple(map(_write_oai_record, page.records)), page.skipped)


def _write_oai_record(record: OaiRecord) -> Record:
    paper, told = record.paper or record.make_paper(1), record.metadata
    described = _write_record(paper, None, "oai") if paper else dict.fromkeys(KEYS)
    return described | {
        "id": record.id,
        "version": paper.version if paper and record.versions else None,
        "source": "oai",
        "datestamp": record.datestamp.isoformat(),
        "sets": list(record.sets),
        "deleted": record.is_deleted,
        "created": told.created.isoformat() if told and told.created else None,
        "updated": told.updated.isoformat() if told and told.updated else None,
        "versions": [_write_version(version) for version in record.versions] or None,
    }


def _write_version(version: OaiVersion) -> Record:
    return {
        "version": version.number,
        "date": _write_time(version.date),
        "size": version.size,
        "source_type": version.source_type or None,
        "withdrawn": version.is_withdrawn,
    }


def _write_time(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None


# Another source of papers is read by one more line here.
_READERS: dict[str, Callable[[bytes], RecordedAnswer]] = {
    "rss": _read_listing,
    _ATOM_ROOT: _read_listing,
    _RDF_ROOT: _read_listing,
    "api": _read_api,
    OAI_ROOT: _read_oai,
}
