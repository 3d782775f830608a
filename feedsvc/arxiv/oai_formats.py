"""The formats in which OAI-PMH's records describe a paper: arXiv, arXivRaw, arXivOld and oai_dc.

Sources: https://info.arxiv.org/help/oa/index.html, http://arxiv.org/OAI/arXivRaw.xsd
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

from lxml import etree

from feedsvc.arxiv.authors import make_authors, split_authors, tidy_name
from feedsvc.arxiv.oai_record import DUBLIN_CORE, OaiHeader, OaiMetadata, OaiVersion, UnreadableRecord
from feedsvc.arxiv.wire import fold_text, read_time
from feedsvc.errors import InvalidIdError
from feedsvc.paper import ArxivId, Author
from feedsvc.taxonomy import load_taxonomy

_ARXIV = "{http://arxiv.org/OAI/arXiv/}"
_RAW = "{http://arxiv.org/OAI/arXivRaw/}"
_OLD = "{http://arxiv.org/OAI/arXivOld/}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_RAW_VERSION = f"{_RAW}version"
_DATE = f"{_RAW}date"
_SIZE = f"{_RAW}size"
_SOURCE_TYPE = f"{_RAW}source_type"
_CREATED = f"{_ARXIV}created"
_UPDATED = f"{_ARXIV}updated"
_KEYNAME = f"{_ARXIV}keyname"
_FORENAMES = f"{_ARXIV}forenames"
_SUFFIX = f"{_ARXIV}suffix"
_AFFILIATION = f"{_ARXIV}affiliation"
_NUMBER = attrgetter("number")
_VERSION = re.compile(r"v([1-9]\d{0,3})", re.ASCII)
_ABS_LINK = re.compile(r"https?://arxiv\.org/abs/")

Texts = dict[Any, str | None]


class _Names(NamedTuple):
    """The names of the fields that arXiv's own formats share, in one format's namespace."""

    id: str
    authors: str
    categories: str
    texts: tuple[str, ...]


def _name_fields(namespace: str) -> _Names:
    texts = ("title", "abstract", "comments", "doi", "journal-ref", "license")
    return _Names(
        f"{namespace}id",
        f"{namespace}authors",
        f"{namespace}categories",
        tuple([namespace + field for field in texts]),
    )


_ARXIV_NAMES = _name_fields(_ARXIV)
_RAW_NAMES = _name_fields(_RAW)
_OLD_NAMES = _name_fields(_OLD)
Described = tuple[OaiMetadata, tuple[OaiVersion, ...]]


def read_payload(payload: etree._Element, header: OaiHeader) -> Described:
    """Read what stands in a record's `metadata`, and the versions where it lists them.

    Raises UnreadableRecord.
    """
    reader = _READERS.get(str(payload.tag))
    if reader is None:
        raise UnreadableRecord(f"metadata as {payload.tag!r}, expected one of arXiv's formats")
    metadata, versions = reader(payload, header)
    if not (metadata.title and metadata.categories):
        raise UnreadableRecord("no category" if metadata.title else "no title")
    return metadata, versions


def read_id(text: str) -> str:
    """Give the paper's identifier. Raises UnreadableRecord."""
    try:
        return ArxivId.parse(text).paper
    except InvalidIdError as error:
        raise UnreadableRecord(str(error)) from error


def read_day(text: str | None) -> date | None:
    """Give the date that a text begins with; None for none, and for nonsense."""
    try:
        return date.fromisoformat((text or "").strip()[:10])
    except ValueError:
        return None


def _read_arxiv(payload: etree._Element, header: OaiHeader) -> Described:
    told: Texts = {}
    named: list[tuple[str, list[str]]] = []
    for child in payload[:]:
        if (tag := child.tag) == _ARXIV_NAMES.authors:
            named += map(_read_author, child[:])
        else:
            told[tag] = child.text
    authors = make_authors(named)
    days = read_day(told.get(_CREATED)), read_day(told.get(_UPDATED))
    return _describe("arXiv", _ARXIV_NAMES, told, header, authors, *days), ()


def _read_raw(payload: etree._Element, header: OaiHeader) -> Described:
    told: Texts = {}
    versions = []
    for child in payload[:]:
        if (tag := child.tag) == _RAW_VERSION:
            versions.append(_read_version(child))
        else:
            told[tag] = child.text
    if not versions:
        raise UnreadableRecord("no version")
    versions.sort(key=_NUMBER)
    authors = split_authors(told.get(_RAW_NAMES.authors) or "")
    return _describe("arXivRaw", _RAW_NAMES, told, header, authors), tuple(versions)


def _read_old(payload: etree._Element, header: OaiHeader) -> Described:
    told = _read_children(payload)
    authors = split_authors(told.get(_OLD_NAMES.authors) or "")
    return _describe("arXivOld", _OLD_NAMES, told, header, authors), ()


def _read_children(element: etree._Element) -> Texts:
    # A slice is made at once: lxml's iterators take longer to begin than to give a few children.
    return {child.tag: child.text for child in element[:]}


def _describe(
    prefix: str,
    names: _Names,
    told: Texts,
    header: OaiHeader,
    authors: tuple[Author, ...],
    created: date | None = None,
    updated: date | None = None,
) -> OaiMetadata:
    """Read the fields that arXiv's own formats share."""
    _check_id(told.get(names.id) or "", header)
    title, abstract, comments, doi, journal_ref, license = [
        fold_text(text) if (text := told.get(name)) else None for name in names.texts
    ]
    categories = tuple(dict.fromkeys((told.get(names.categories) or "").split()))
    # By place, which takes half the time of keywords.
    return OaiMetadata(
        prefix,
        title or "",
        abstract or "",
        authors,
        categories,
        comments or None,
        doi or None,
        journal_ref or None,
        license or None,
        created,
        updated,
    )


def _check_id(text: str, header: OaiHeader) -> None:
    if text != header.id and read_id(text) != header.id:
        raise UnreadableRecord(f"the metadata of {text}")


def _read_author(element: etree._Element) -> tuple[str, list[str]]:
    """Give a name and affiliations as they are written."""
    keyname = forenames = suffix = ""
    affiliations = []
    for child in element[:]:
        tag = child.tag
        if tag == _KEYNAME:
            keyname = child.text or ""
        elif tag == _FORENAMES:
            forenames = child.text or ""
        elif tag == _AFFILIATION:
            affiliations.append(child.text or "")
        elif tag == _SUFFIX:
            suffix = child.text or ""
    return f"{forenames} {keyname} {suffix}".strip(), affiliations


def _read_version(element: etree._Element) -> OaiVersion:
    told = size = source_type = None
    for child in element[:]:
        tag = child.tag
        if tag == _DATE:
            told = child.text
        elif tag == _SIZE:
            size = child.text
        elif tag == _SOURCE_TYPE:
            source_type = child.text
    number, submitted = _read_number(element.get("version", "")), read_time(told)
    if number is None or submitted is None:
        named = f"{element.get('version')!r} of {told!r}"
        raise UnreadableRecord(f"the version {named}, expected one like 'v1' and a date")
    return OaiVersion(number, submitted, (size or "").strip(), (source_type or "").strip())


@lru_cache(100)
def _read_number(text: str) -> int | None:
    found = _VERSION.fullmatch(text)
    return int(found[1]) if found else None


def _read_dublin_core(payload: etree._Element, header: OaiHeader) -> Described:
    """Read what Dublin Core has room for: its fields repeat, and mix what arXiv keeps apart."""

    def list_texts(name: str) -> list[str]:
        return [fold_text(child.text) for child in payload.iterchildren(f"{_DC}{name}")]

    links, dois, references = _sort_identifiers(list_texts("identifier"))
    _check_id("".join(links[:1]), header)
    abstract, comments, *_ = [*list_texts("description"), "", ""]
    created, updated, *_ = [*map(read_day, list_texts("date")), None, None]
    metadata = OaiMetadata(
        prefix=DUBLIN_CORE,
        title="".join(list_texts("title")[:1]),
        abstract=abstract,
        authors=tuple(Author(name) for name in map(_turn_name, list_texts("creator")) if name),
        categories=_find_categories(list_texts("subject"), header.sets),
        comments=comments.removeprefix("Comment:").strip() or None,
        doi=" ".join(dois) or None,
        journal_ref=" ".join(references) or None,
        license="".join(list_texts("rights")[:1]) or None,
        created=created,
        updated=updated,
    )
    return metadata, ()


def _sort_identifiers(identifiers: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """Give the links to arXiv, the DOIs, and the references to journals."""
    links = [text for text in identifiers if _ABS_LINK.match(text)]
    dois = [text.removeprefix("doi:") for text in identifiers if text.startswith("doi:")]
    references = [text for text in identifiers if not (_ABS_LINK.match(text) or text.startswith("doi:"))]
    return links, dois, references


def _turn_name(text: str) -> str:
    keyname, _, forenames = text.partition(",")
    return tidy_name(f"{forenames} {keyname}")


def _find_categories(subjects: Sequence[str], sets: Sequence[str]) -> tuple[str, ...]:
    """Give the categories that the sets name one by one, as they do today, else those of the subjects."""
    of_sets = [".".join(spec.split(":")[1:]) for spec in sets]
    if of_sets and all(map(load_taxonomy().resolve, of_sets)):
        return tuple(dict.fromkeys(of_sets))
    return tuple(_full_names()[subject] for subject in subjects if subject in _full_names())


@cache
def _full_names() -> dict[str, str]:
    """Give the categories by names such as `Mathematics - Logic` and `Nuclear Theory`."""
    taxonomy = load_taxonomy()
    named = {}
    for category, name in taxonomy.names.items():
        archive = taxonomy.archives.get(category.partition(".")[0])
        named[f"{archive.name} - {name}" if archive and "." in category else name] = category
    return named


# Any other format of arXiv's is read by one more line here.
_READERS: dict[str, Callable[[etree._Element, OaiHeader], Described]] = {
    f"{_ARXIV}arXiv": _read_arxiv,
    f"{_RAW}arXivRaw": _read_raw,
    f"{_OLD}arXivOld": _read_old,
    "{http://www.openarchives.org/OAI/2.0/oai_dc/}dc": _read_dublin_core,
}
