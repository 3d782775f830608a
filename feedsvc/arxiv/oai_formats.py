"""The formats in which OAI-PMH's records describe a paper: arXiv, arXivRaw, arXivOld and oai_dc.

Sources: https://info.arxiv.org/help/oa/index.html, http://arxiv.org/OAI/arXivRaw.xsd
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any

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
_KEYNAME = f"{_ARXIV}keyname"
_FORENAMES = f"{_ARXIV}forenames"
_SUFFIX = f"{_ARXIV}suffix"
_AFFILIATION = f"{_ARXIV}affiliation"
_VERSION = re.compile(r"v([1-9]\d{0,3})", re.ASCII)
_ABS_LINK = re.compile(r"https?://arxiv\.org/abs/")

Texts = dict[Any, str | None]
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
    told = _read_children(payload)
    elements = (author for group in payload.iterchildren(f"{_ARXIV}authors") for author in group)
    authors = make_authors([_read_author(element) for element in elements])
    days = read_day(told.get(f"{_ARXIV}created")), read_day(told.get(f"{_ARXIV}updated"))
    return _describe("arXiv", _ARXIV, told, header, authors, *days), ()


def _read_raw(payload: etree._Element, header: OaiHeader) -> Described:
    told = _read_children(payload)
    versions = list(map(_read_version, payload.iterchildren(_RAW_VERSION)))
    if not versions:
        raise UnreadableRecord("no version")
    versions.sort(key=attrgetter("number"))
    authors = split_authors(told.get(f"{_RAW}authors") or "")
    return _describe("arXivRaw", _RAW, told, header, authors), tuple(versions)


def _read_old(payload: etree._Element, header: OaiHeader) -> Described:
    told = _read_children(payload)
    authors = split_authors(told.get(f"{_OLD}authors") or "")
    return _describe("arXivOld", _OLD, told, header, authors), ()


def _read_children(element: etree._Element) -> Texts:
    return {child.tag: child.text for child in element}


def _describe(
    prefix: str,
    namespace: str,
    told: Texts,
    header: OaiHeader,
    authors: tuple[Author, ...],
    created: date | None = None,
    updated: date | None = None,
) -> OaiMetadata:
    """Read the fields that arXiv's own formats share."""
    _check_id(told.get(f"{namespace}id") or "", header)
    return OaiMetadata(
        prefix=prefix,
        title=fold_text(told.get(f"{namespace}title")),
        abstract=fold_text(told.get(f"{namespace}abstract")),
        authors=authors,
        categories=tuple(dict.fromkeys((told.get(f"{namespace}categories") or "").split())),
        comments=fold_text(told.get(f"{namespace}comments")) or None,
        doi=fold_text(told.get(f"{namespace}doi")) or None,
        journal_ref=fold_text(told.get(f"{namespace}journal-ref")) or None,
        license=fold_text(told.get(f"{namespace}license")) or None,
        created=created,
        updated=updated,
    )


def _check_id(text: str, header: OaiHeader) -> None:
    if text != header.id and read_id(text) != header.id:
        raise UnreadableRecord(f"the metadata of {text}")


def _read_author(element: etree._Element) -> tuple[str, list[str]]:
    """Give a name and affiliations as they are written."""
    keyname = forenames = suffix = ""
    affiliations = []
    for child in element:
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
    told = _read_children(element)
    number = _read_number(element.get("version", ""))
    submitted = read_time(told.get(_DATE))
    if number is None or submitted is None:
        named = f"{element.get('version')!r} of {told.get(_DATE)!r}"
        raise UnreadableRecord(f"the version {named}, expected one like 'v1' and a date")
    size, source_type = told.get(_SIZE) or "", told.get(_SOURCE_TYPE) or ""
    return OaiVersion(number, submitted, size.strip(), source_type.strip())


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
