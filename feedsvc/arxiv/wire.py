"""What the readers of arXiv's answers share: nothing but sound XML gets through, and text is tidied alike."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

from lxml import etree

from feedsvc.accents import decode_accents
from feedsvc.errors import BrokenAnswer

_FIRST_YEAR, _LAST_YEAR = 1991, 2999  # arXiv's first, and an end to nonsense
_DAY = re.compile(r"(?:[A-Z][a-z]{2}, )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) ", re.ASCII)
_MONTHS = {
    name: f"{number:02}"
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}
# From here on it is quicker to look for lines, and for each kind of white space, than at each character.
_LONG = 200
_RARE_BLANKS = "\t\n\v\f\r\x1c\x1d\x1e\x1f"
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
    line = (text if "\\" not in text and text.isascii() else decode_accents(text)).strip()
    if len(line) > _LONG:
        return _fold_lines(line)
    # No white space is printable but the blank.
    return line if line.isprintable() and "  " not in line else " ".join(line.split())


def _fold_lines(text: str) -> str:
    """Fold a long text line by line, several times as fast as word by word."""
    line = " ".join(map(str.strip, text.split("\n"))) if "\n" in text else text
    return " ".join(line.split()) if "  " in line or _has_rare_blank(line) else line


def _has_rare_blank(line: str) -> bool:
    # The first takes a quarter of the second's time.
    return any(map(line.__contains__, _RARE_BLANKS)) if line.isascii() else not line.isprintable()


def read_time(text: str | None) -> datetime | None:
    """Give the instant of an RFC 3339 or RFC 822 date, in UTC; None for none, and for nonsense."""
    written = (text or "").strip()
    try:
        moment = datetime.fromisoformat(_turn_date(written) if written[-4:] == " GMT" else written)
    except ValueError:
        try:
            moment = parsedate_to_datetime(written)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    if moment.tzinfo is None or not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        return None
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


def _turn_date(text: str) -> str:
    """Write `Mon, 7 Mar 2016 14:13:24 GMT` as RFC 3339 does, which is read many times as fast."""
    return f"{_turn_day(text[:-12])}{text[-12:-4]}Z"


@lru_cache(20_000)  # days, more than arXiv has seen
def _turn_day(text: str) -> str:
    """Give what is no date for what is none."""
    found = _DAY.fullmatch(text)
    return f"{found[3]}-{_MONTHS.get(found[2])}-{found[1]:0>2}T" if found else ""


def check_xml(body: bytes) -> str:
    """Read an answer to its end and give the name of its root element, as `{namespace}name`.

    Raises BrokenAnswer as `read_xml` does.
    """
    return str(read_xml(body).tag)


def read_xml(body: bytes) -> etree._Element:
    """Read an answer and give its root element; no entity is ever replaced, no DTD read.

    Raises BrokenAnswer for whatever is not one whole XML document in UTF-8 without a DTD.
    """
    _refuse_other_documents(body)
    _refuse_other_encodings(body)
    parser = etree.XMLParser(
        encoding="utf-8",
        load_dtd=False,
        no_network=True,
        remove_blank_text=True,
        remove_comments=True,
        remove_pis=True,
        resolve_entities=False,
        huge_tree=False,
    )
    try:
        return etree.fromstring(body, parser)
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
