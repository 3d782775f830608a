"""The query API's answers: papers with every field, some at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree

from feedsvc.arxiv.authors import make_authors
from feedsvc.arxiv.wire import fold_text, read_time, read_xml
from feedsvc.errors import BrokenAnswer, ErrorAnswer, InvalidIdError
from feedsvc.paper import ArxivId, Author, Paper

_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"
_ENTRY = f"{_ATOM}entry"
_AUTHOR = f"{_ATOM}author"
_NAME = f"{_ATOM}name"
_AFFILIATION = f"{_ARXIV}affiliation"
_CATEGORY = f"{_ATOM}category"
_PRIMARY = f"{_ARXIV}primary_category"
_OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"
_COUNTS = tuple(f"{_OPENSEARCH}{name}" for name in ("totalResults", "startIndex", "itemsPerPage"))
_ERRORS = "/api/errors"

Texts = dict[Any, str | None]


@dataclass(frozen=True, slots=True)
class ApiPage:
    """One page of an answer: of `total` papers found, those from place `start` on, at most `per_page`.

    `skipped` holds a reason for each entry that could not be read.
    """

    total: int
    start: int
    per_page: int
    papers: tuple[Paper, ...]
    skipped: tuple[str, ...] = ()


class _UnreadableEntry(Exception):
    """One entry lacks what a paper cannot do without; the text says what."""


def build_id_query(ids: Sequence[ArxivId]) -> dict[str, str]:
    """Give the parameters that ask for these papers, all on one page, in the version that an id names.

    Source: https://info.arxiv.org/help/api/user-manual.html
    """
    return {"id_list": ",".join(map(str, ids)), "start": "0", "max_results": str(len(ids))}


def parse_api(body: bytes) -> ApiPage:
    """Read the bytes of one page.

    An entry that cannot be read costs none of the others. Raises ErrorAnswer with arXiv's own sentence where
    it answers one, BrokenAnswer for what is no whole page.
    """
    counts: dict[str, int] = {}
    papers: list[Paper] = []
    skipped: list[str] = []
    root = read_xml(body)
    for element in root.iterchildren(_ENTRY, *_COUNTS):
        if element.tag != _ENTRY:
            counts[str(element.tag)] = _read_count(element)
            continue
        try:
            papers.append(_read_entry(element))
        except _UnreadableEntry as reason:
            skipped.append(str(reason))
    if counts.keys() != set(_COUNTS):
        raise BrokenAnswer(f"a document with the root {root.tag!r} came: expected an answer of the query API")
    total, start, per_page = (counts[name] for name in _COUNTS)
    return ApiPage(total, start, per_page, tuple(papers), tuple(skipped))


def _read_count(element: etree._Element) -> int:
    text = (element.text or "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise BrokenAnswer(f"{text!r} came as {etree.QName(element).localname}: expected a number")
    return int(text)


def _read_entry(entry: etree._Element) -> Paper:
    told, categories, authors = _sort_fields(entry)
    where = (told.get(f"{_ATOM}id") or "").strip()
    title, abstract = fold_text(told.get(f"{_ATOM}title")), fold_text(told.get(f"{_ATOM}summary"))
    if _ERRORS in where:
        raise ErrorAnswer(abstract or title)
    arxiv_id = _read_id(where)
    if not (title and categories):
        raise _UnreadableEntry(f"{where}: {'no category' if title else 'no title'}")
    return Paper(
        id=arxiv_id.paper,
        version=arxiv_id.version or 1,
        title=title,
        abstract=abstract,
        authors=authors,
        categories=categories,
        comments=fold_text(told.get(f"{_ARXIV}comment")) or None,
        doi=fold_text(told.get(f"{_ARXIV}doi")) or None,
        journal_ref=fold_text(told.get(f"{_ARXIV}journal_ref")) or None,
        submitted=read_time(told.get(f"{_ATOM}published")),
        revised=read_time(told.get(f"{_ATOM}updated")),
        complete=True,
    )


def _sort_fields(entry: etree._Element) -> tuple[Texts, tuple[str, ...], tuple[Author, ...]]:
    """Give the texts of what stands once, the categories, the primary one first, each once, the authors."""
    told: Texts = {}
    categories: list[str] = []
    authors: list[tuple[str, Sequence[str]]] = []
    for child in entry[:]:
        tag = child.tag
        if tag == _AUTHOR:
            authors.append(_read_author(child))
        elif tag == _CATEGORY:
            categories.append(child.get("term", "").strip())
        elif tag == _PRIMARY:
            categories.insert(0, child.get("term", "").strip())
        else:
            told[tag] = child.text
    return told, tuple(filter(None, dict.fromkeys(categories))), make_authors(authors)


def _read_author(element: etree._Element) -> tuple[str, list[str]]:
    """Give a name and affiliations as they are written."""
    name, affiliations = "", []
    for child in element[:]:
        tag = child.tag
        if tag == _NAME:
            name = child.text or ""
        elif tag == _AFFILIATION:
            affiliations.append(child.text or "")
    return name, affiliations


def _read_id(where: str) -> ArxivId:
    try:
        return ArxivId.parse(where)
    except InvalidIdError as error:
        raise _UnreadableEntry(str(error)) from error
