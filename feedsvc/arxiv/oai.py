"""OAI-PMH's answers: papers with every field, many at a time, by the day on which they last changed.

Source: http://www.openarchives.org/OAI/openarchivesprotocol.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from lxml import etree

from feedsvc.arxiv.oai_formats import read_day, read_id, read_payload
from feedsvc.arxiv.oai_record import OaiHeader, OaiRecord, UnreadableRecord
from feedsvc.arxiv.wire import fold_text, read_texts, read_time, read_xml
from feedsvc.errors import BrokenAnswer, ErrorAnswer, TokenExpired

_OAI = "{http://www.openarchives.org/OAI/2.0/}"
OAI_ROOT = f"{_OAI}OAI-PMH"
_RECORD = f"{_OAI}record"
_HEADER = f"{_OAI}header"
_METADATA = f"{_OAI}metadata"
_IDENTIFIER = f"{_OAI}identifier"
_DATESTAMP = f"{_OAI}datestamp"
_SET = f"{_OAI}setSpec"
_TOKEN = f"{_OAI}resumptionToken"
_VERBS = ("GetRecord", "Identify", "ListIdentifiers", "ListMetadataFormats", "ListRecords", "ListSets")


@dataclass(frozen=True, slots=True)
class OaiPage:
    """One answer, or one page of a longer one, which `token` goes on from; None ends the list.

    `list_size` and `cursor` (the place of the page's first record) are told by arXiv's former server only.
    `skipped` holds a reason for each record that could not be read. `sets` are specifications and names,
    `formats` metadata prefixes, `earliest` is the first datestamp of all, where these were asked for.
    `none_match` is what arXiv says in place of a list that is empty.
    """

    verb: str
    metadata_prefix: str | None = None
    response_date: datetime | None = None
    records: tuple[OaiRecord, ...] = ()
    token: str | None = None
    list_size: int | None = None
    cursor: int | None = None
    skipped: tuple[str, ...] = ()
    sets: tuple[tuple[str, str], ...] = ()
    formats: tuple[str, ...] = ()
    earliest: date | None = None
    none_match: str = ""


def parse_oai(body: bytes) -> OaiPage:
    """Read the bytes of one answer, to whichever verb.

    A record that cannot be read costs none of the others; that none match makes an empty page. Raises
    TokenExpired for a token that arXiv no longer takes, ErrorAnswer with its code and sentence for its other
    errors, BrokenAnswer for what is no whole answer.
    """
    root = read_xml(body)
    if root.tag != OAI_ROOT:
        raise BrokenAnswer(f"a document with the root {root.tag!r} came: expected an answer of OAI-PMH")
    records: list[OaiRecord] = []
    skipped: list[str] = []
    for answer in root:
        for element in answer.iterchildren(_RECORD, _HEADER):
            try:
                records.append(_read_record(element))
            except UnreadableRecord as reason:
                skipped.append(str(reason))
    return _read_page(root, tuple(records), tuple(skipped))


def _read_record(element: etree._Element) -> OaiRecord:
    """Read a record, or a header that stands for one."""
    if element.tag == _HEADER:
        return OaiRecord(*_read_header(element))
    parts = {child.tag: child for child in element[:]}
    if _HEADER not in parts:
        raise UnreadableRecord("a record without a header")
    header = _read_header(parts[_HEADER])
    if header.is_deleted:
        return OaiRecord(*header)
    payloads = parts[_METADATA][:1] if _METADATA in parts else ()
    if not payloads:
        raise UnreadableRecord(f"{header.id}: no metadata")
    try:
        metadata, versions = read_payload(payloads[0], header)
    except UnreadableRecord as reason:
        raise UnreadableRecord(f"{header.id}: {reason}") from reason
    return OaiRecord(header.id, header.datestamp, header.sets, False, metadata, versions)


def _read_header(element: etree._Element) -> OaiHeader:
    identifier = stamp = ""
    sets = []
    for child in element[:]:
        tag, text = child.tag, (child.text or "").strip()
        if tag == _SET:
            sets.append(text)
        elif tag == _IDENTIFIER:
            identifier = text
        elif tag == _DATESTAMP:
            stamp = text
    paper = read_id(identifier)
    datestamp = read_day(stamp)
    if datestamp is None:
        raise UnreadableRecord(f"{paper}: no datestamp like 2026-01-14")
    return OaiHeader(paper, datestamp, tuple(sets), element.get("status") == "deleted")


def _read_page(root: etree._Element, records: tuple[OaiRecord, ...], skipped: tuple[str, ...]) -> OaiPage:
    """Read what is left of an answer once its records are taken out."""
    none_match = _read_errors(root)
    verb = _find_verb(root)
    if not (verb or none_match):
        raise BrokenAnswer(f"an answer of OAI-PMH came that holds {', '.join(read_texts(root)) or 'nothing'}")
    asked = _read_attributes(root.find(f"{_OAI}request"))
    # `find` would look at every record in Python.
    token = next((found for answer in root for found in answer.iterchildren(_TOKEN)), None)
    ends = _read_attributes(token)
    return OaiPage(
        verb=verb or asked.get("verb", ""),
        metadata_prefix=_find_prefix(records) or asked.get("metadataPrefix"),
        response_date=read_time(root.findtext(f"{_OAI}responseDate")),
        records=records,
        token=None if token is None else (token.text or "").strip() or None,
        list_size=_read_count(ends.get("completeListSize", "")),
        cursor=_read_count(ends.get("cursor", "")),
        skipped=skipped,
        sets=tuple(_read_set(element) for element in root.iterfind(f"{_OAI}ListSets/{_OAI}set")),
        formats=tuple(
            fold_text(element.text)
            for element in root.iterfind(f"{_OAI}ListMetadataFormats/*/{_OAI}metadataPrefix")
        ),
        earliest=read_day(root.findtext(f"{_OAI}Identify/{_OAI}earliestDatestamp")),
        none_match=none_match,
    )


def _read_errors(root: etree._Element) -> str:
    """Give what is said where none match, else nothing. Raises what the answer's other errors say."""
    errors = [(error.get("code", ""), fold_text(error.text)) for error in root.iterchildren(f"{_OAI}error")]
    for code, text in errors:
        if code == "badResumptionToken":
            raise TokenExpired(f"{code}: {text}")
        if code != "noRecordsMatch":
            raise ErrorAnswer(f"{code}: {text}")
    return next((f"{code}: {text}" for code, text in errors), "")


def _find_verb(root: etree._Element) -> str:
    return next((name for name in read_texts(root) if name in _VERBS), "")


def _find_prefix(records: Iterable[OaiRecord]) -> str | None:
    return next((record.metadata.prefix for record in records if record.metadata), None)


def _read_attributes(element: etree._Element | None) -> dict[str, str]:
    return {} if element is None else {str(name): str(value) for name, value in element.items()}


def _read_count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _read_set(element: etree._Element) -> tuple[str, str]:
    told = read_texts(element)
    return fold_text(told.get("setSpec")), fold_text(told.get("setName"))
