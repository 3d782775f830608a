"""What the rules of several formats have in common: addresses, dates, languages, harmless markup."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from lxml import etree

XHTML = "{http://www.w3.org/1999/xhtml}"
MATHML = "{http://www.w3.org/1998/Math/MathML}"
HTML = frozenset(
    (
        *("a", "br", "code", "div", "em", "h2", "h3", "h4"),
        *("p", "small", "span", "strong", "sub", "sup"),
    )
)
MATHS = frozenset(
    (
        *("math", "semantics", "annotation", "mrow", "mi", "mo", "mn", "mtext", "mspace", "msub", "msup"),
        *("msubsup", "munder", "mover", "munderover", "mfrac", "msqrt", "mroot", "mtable", "mtr", "mtd"),
        *("mstyle", "mpadded", "mphantom", "menclose"),
    )
)

_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?:[^\s<>\"{}|\\^`%\x00-\x1f]|%[0-9A-Fa-f]{2})+")
_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]+(; ?charset=[A-Za-z0-9-]+)?")
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_RFC_822 = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} "
    r"\d\d:\d\d:\d\d (GMT|[+-]\d{4})"
)
_BAD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")

Faults = Iterator[str]


def is_iri(text: str | None) -> bool:
    """Tell whether text is an absolute IRI, with a host where the scheme asks for one."""
    if not text or not _IRI.fullmatch(text):
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    if parts.scheme == "urn" and text.startswith("urn:uuid:"):
        return _UUID.fullmatch(text) is not None
    return bool(parts.hostname) if parts.scheme in ("http", "https") else True


def is_web_address(text: str | None) -> bool:
    """Tell whether text is an absolute http or https address."""
    return is_iri(text) and str(text).startswith(("http://", "https://"))


def is_rfc_3339(text: str | None) -> bool:
    """Tell whether text is a date of RFC 3339 that the calendar has."""
    if not _RFC_3339.fullmatch(text or ""):
        return False
    try:
        return datetime.fromisoformat(str(text)) is not None
    except ValueError:
        return False


def is_rfc_822(text: str | None) -> bool:
    """Tell whether text is a date of RFC 822 with a year of four digits and its right weekday."""
    if not _RFC_822.fullmatch(text or ""):
        return False
    try:
        return parsedate_to_datetime(str(text)).strftime("%a") == str(text)[:3]
    except ValueError:
        return False


def is_language(text: str | None) -> bool:
    """Tell whether text has the form of a language tag (BCP 47)."""
    return _LANGUAGE.fullmatch(text or "") is not None


def is_media_type(text: str | None) -> bool:
    """Tell whether text has the form of a media type."""
    return _MEDIA_TYPE.fullmatch(text or "") is not None


def find_bad_characters(text: str) -> Faults:
    """Name the characters that XML forbids or discourages."""
    yield from (f"character {ord(found[0]):#x} at {found.start()}" for found in _BAD.finditer(text))


def parse_xml(document: bytes) -> etree._Element:
    """Read a document; raises lxml's XMLSyntaxError."""
    return etree.fromstring(
        document, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    )


def check_markup(root: etree._Element, namespace: str) -> Faults:
    """Check that content is made of known elements and attributes, and links only to the web."""
    known = {namespace + name for name in HTML} | {MATHML + name for name in MATHS}
    for element in root.iter():
        if not isinstance(element.tag, str) or element.tag not in known:
            yield f"markup: element {element.tag!r}"
            continue
        if not element.tag.startswith(MATHML):
            yield from _check_attributes(element)
        elif any(name.startswith("on") or name in ("href", "style") for name in map(str, element.attrib)):
            yield "markup: mathematics that could run"


def _check_attributes(element: etree._Element) -> Faults:
    allowed = {"href", "lang"} if str(element.tag).rpartition("}")[2] == "a" else {"lang"}
    if wrong := set(map(str, element.attrib)) - allowed:
        yield f"markup: attributes {sorted(wrong)}"
    if not is_language(element.get("lang", "en")):
        yield f"markup: {element.get('lang')!r} is no language"
    if "href" in element.attrib and not is_web_address(element.get("href")):
        yield f"markup: link to {element.get('href')!r}"


def find_repeated(what: str, values: Iterable[str | None]) -> Faults:
    """Name the values that stand more than once."""
    for value, times in Counter(values).items():
        if times > 1:
            yield f"{what} {value!r} stands {times} times"
