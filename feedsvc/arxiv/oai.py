"""OAI-PMH's answers: papers with every field, many at a time, by the day on which they last changed.

Source: http://www.openarchives.org/OAI/openarchivesprotocol.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from lxml import etree

from feedsvc.arxiv.oai_formats import read_day, read_id, read_payload
from feedsvc.arxiv.oai_record import OaiRecord, UnreadableRecord
from feedsvc.arxiv.wire import check_xml, fold_text, open_elements, read_texts, read_time
from feedsvc.errors import BrokenAnswer, ErrorAnswer, TokenExpired

_OAI = "{http://www.openarchives.org/OAI/2.0/}"
OAI_ROOT = f"{_OAI}OAI-PMH"
_RECORD = f"{_OAI}record"
_HEADER = f"{_OAI}header"
_METADATA = f"{_OAI}metadata"
_SET = f"{_OAI}setSpec"
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
    records: list[OaiRecord] = []
    skipped: list[str] = []
    root = None
    for element in open_elements(body, _RECORD, OAI_ROOT):
        if element.tag == _RECORD:
            _collect(element, _read_record, records, skipped)
            element.clear()
        else:
            root = element
    if root is None:
        raise BrokenAnswer(
            f"a document with the root {check_xml(body)!r} came: expected an answer of OAI-PMH"
        )
    for header in root.iterfind(f"{_OAI}ListIdentifiers/{_HEADER}"):
        _collect(header, _read_header, records, skipped)
    return _read_page(root, tuple(records), tuple(skipped))


def _collect(
    element: etree._Element,
    read: Callable[[etree._Element], OaiRecord],
    records: list[OaiRecord],
    skipped: list[str],
) -> None:
    try:
        records.append(read(element))
    except UnreadableRecord as reason:
        skipped.append(str(reason))


def _read_record(record: etree._Element) -> OaiRecord:
    parts = {child.tag: child for child in record}
    if _HEADER not in parts:
        raise UnreadableRecord("a record without a header")
    bare = _read_header(parts[_HEADER])
    if bare.is_deleted:
        return bare
    payload = next(iter(parts.get(_METADATA, ())), None)
    if payload is None:
        raise UnreadableRecord(f"{bare.id}: no metadata")
    try:
        metadata, versions = read_payload(payload, bare)
    except UnreadableRecord as reason:
        raise UnreadableRecord(f"{bare.id}: {reason}") from reason
    return OaiRecord(bare.id, bare.datestamp, bare.sets, False, metadata, versions)


def _read_header(header: etree._Element) -> OaiRecord:
    """Read a header as a record without metadata."""
    told: dict[str, str] = {}
    sets = []
    for child in header:
        text = (child.text or "").strip()
        if child.tag == _SET:
            sets.append(text)
        else:
            told[str(child.tag)] = text
    paper = read_id(told.get(f"{_OAI}identifier", ""))
    datestamp = read_day(told.get(f"{_OAI}datestamp"))
    if datestamp is None:
        raise UnreadableRecord(f"{paper}: no datestamp like 2026-01-14")
    return OaiRecord(paper, datestamp, tuple(sets), header.get("status") == "deleted")


def _read_page(root: etree._Element, records: tuple[OaiRecord, ...], skipped: tuple[str, ...]) -> OaiPage:
    """Read what is left of an answer once its records are taken out."""
    none_match = _read_errors(root)
    verb = _find_verb(root)
    if not (verb or none_match):
        raise BrokenAnswer(f"an answer of OAI-PMH came that holds {', '.join(read_texts(root)) or 'nothing'}")
    asked = _read_attributes(root.find(f"{_OAI}request"))
    token = root.find(f"*/{_OAI}resumptionToken")
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
        sets=tuple(_read_set(element) for element in root.iterfind(f"*/{_OAI}set")),
        formats=tuple(fold_text(element.text) for element in root.iterfind(f"*/*/{_OAI}metadataPrefix")),
        earliest=read_day(root.findtext(f"*/{_OAI}earliestDatestamp")),
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
