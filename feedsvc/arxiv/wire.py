"""What the readers of arXiv's answers share: nothing but sound XML gets through, and text is tidied alike."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from io import BytesIO

from lxml import etree

from feedsvc.accents import decode_accents
from feedsvc.errors import BrokenAnswer

_YEARS = range(1991, 3000)  # arXiv's first, and an end to nonsense
_GMT = re.compile(
    r"(?:[A-Z][a-z]{2}, )?(?P<day>\d{1,2}) (?P<month>[A-Z][a-z]{2}) (?P<year>\d{4}) (?P<time>[\d:]{8}) GMT",
    re.ASCII,
)
_MONTHS = {
    name: f"{number:02}"
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}
_ASIDE = re.compile(rb"\s+|<\?.*?\?>|<!--.*?-->", re.DOTALL)
_ENCODING = re.compile(
    rb"\A(?:\xef\xbb\xbf)?<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([^\"']{0,40})", re.IGNORECASE
)
_WEB_PAGE = re.compile(rb"<(?:!DOCTYPE\s+)?html\b", re.IGNORECASE)
_PAGE_TITLE = re.compile(rb"<title[^<>]{0,200}>(.{0,200}?)</title>", re.DOTALL | re.IGNORECASE)


def fold_text(text: str | None) -> str:
    """Decode TeX accents and make every run of white space one blank; give nothing for None."""
    if not text:
        return ""
    line = decode_accents(text).replace("\n", " ").strip()
    # Blanks are the only white space that counts as printable: nearly all text is folded by now.
    return line if line.isprintable() and "  " not in line else " ".join(line.split())


def read_time(text: str | None) -> datetime | None:
    """Give the instant of an RFC 3339 or RFC 822 date, in UTC; None for none, and for nonsense."""
    readers: tuple[Callable[[str], datetime], ...] = (datetime.fromisoformat, parsedate_to_datetime)
    written = (text or "").strip()
    written = written if written[:4].isdigit() else _turn_date(written)
    for read in readers:
        try:
            moment = read(written)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        return moment.astimezone(UTC) if moment.tzinfo and moment.year in _YEARS else None
    return None


def _turn_date(text: str) -> str:
    """Write `Mon, 7 Mar 2016 14:13:24 GMT` as RFC 3339 does, which is read many times as fast."""
    found = _GMT.fullmatch(text)
    if found is None or found["month"] not in _MONTHS:
        return text
    day, month, year, time = found.groups()
    return f"{year}-{_MONTHS[month]}-{day:0>2}T{time}Z"


def check_xml(body: bytes) -> str:
    """Read an answer to its end and give the name of its root element, as `{namespace}name`.

    Raises BrokenAnswer for whatever is not one whole XML document in UTF-8 without a DTD.
    """
    root = ""
    for element in open_elements(body):
        root = str(element.tag)
        element.clear()
    return root


def open_elements(body: bytes, *tags: str) -> Iterator[etree._Element]:
    """Give the elements of these names, or all of them, as each one ends.

    No entity is ever replaced, no DTD read. Raises BrokenAnswer as `check_xml` does.
    """
    _refuse_other_documents(body)
    _refuse_other_encodings(body)
    reading = etree.iterparse(
        BytesIO(body),
        tag=tags or None,
        encoding="utf-8",
        load_dtd=False,
        no_network=True,
        remove_comments=True,
        remove_pis=True,
        resolve_entities=False,
        huge_tree=False,
    )
    try:
        for _, element in reading:
            yield element
    except etree.XMLSyntaxError as error:
        raise BrokenAnswer(f"{len(body)} bytes are not one whole XML document: {error.msg}") from error


def read_texts(element: etree._Element) -> dict[str, str]:
    """Give the text of each child by its name without namespace; of several of one name, the last one's."""
    return {str(child.tag).rpartition("}")[2]: child.text or "" for child in element}


def _refuse_other_documents(body: bytes) -> None:
    start = _find_start(body)
    if _WEB_PAGE.match(body, start):
        title = _PAGE_TITLE.search(body)
        name = " ".join(title[1].decode("utf-8", "replace").split()) if title else ""
        raise BrokenAnswer(f"a web page with the title {name!r} came: expected a feed")
    if body[start : start + 9].upper() == b"<!DOCTYPE":
        declared = body[start : start + 40].decode("utf-8", "replace")
        raise BrokenAnswer(f"refused unread for its document type {declared!r}: expected a feed without one")


def _find_start(body: bytes) -> int:
    """Give the place of the first markup that is no comment and no processing instruction."""
    place = len(BOM_UTF8) if body.startswith(BOM_UTF8) else 0
    while aside := _ASIDE.match(body, place):
        place = aside.end()
    return place


def _refuse_other_encodings(body: bytes) -> None:
    declared = _ENCODING.match(body)
    if declared and declared[1].lower() not in (b"utf-8", b"us-ascii", b"ascii"):
        raise BrokenAnswer(
            f"the encoding {declared[1].decode('ascii', 'replace')!r} is declared: expected UTF-8"
        )
