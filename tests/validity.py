"""Holds documents against the rules of their formats, as a strict public validator would.

`find_faults` gives what is wrong with a document, in words; nothing for a valid one. The rules are those of

- Atom: the RELAX NG schema of RFC 4287 (`data/atom.rng`), what its text adds, RFC 5005 for archives;
- RSS 2.0: the specification and the profile of the RSS Advisory Board;
- JSON Feed 1.1, OPML 2.0: their specifications;
- Markdown: one heading, and every link into the document has its anchor;

and for all of them: no character that XML forbids or discourages, and no markup that could run. That papers
announced at one instant share their `updated` is accepted, though validators warn of it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

from lxml import etree

from tests.validity_json import find_json_faults
from tests.validity_values import (
    XHTML,
    Faults,
    check_markup,
    find_bad_characters,
    find_repeated,
    is_iri,
    is_language,
    is_media_type,
    is_rfc_822,
    is_rfc_3339,
    is_web_address,
    parse_xml,
)

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"
ARXIV = "{http://arxiv.org/schemas/atom}"
HISTORY = "{http://purl.org/syndication/history/1.0}"
SCHEMA = Path(__file__).parent / "data" / "atom.rng"

# https://www.iana.org/assignments/link-relations/, those that can stand in a feed.
RELATIONS = (
    *("self", "alternate", "related", "via", "enclosure", "license", "hub", "replies", "edit"),
    *("current", "prev-archive", "next-archive", "first", "last", "next", "previous"),
)
CHANNEL_ONCE = (
    *("title", "link", "description", "language", "copyright", "managingEditor", "webMaster", "pubDate"),
    *("lastBuildDate", "generator", "docs", "cloud", "ttl", "image", "rating", "textInput", "skipHours"),
)
ITEM_ONCE = ("title", "link", "description", "author", "comments", "enclosure", "guid", "pubDate", "source")

_E_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+( \([^()]+\))?")


def find_faults(suffix: str, document: bytes) -> list[str]:
    """Give the faults of a document; `suffix` is that of its address."""
    try:
        text = document.decode("utf-8")
    except UnicodeDecodeError as error:
        return [f"not UTF-8: {error}"]
    faults = list(find_bad_characters(text))
    try:
        faults.extend(_CHECKS[suffix](document))
    except (etree.XMLSyntaxError, ValueError) as error:
        faults.append(f"not well-formed: {error}")
    return faults


@cache
def read_schema() -> etree.RelaxNG:
    """Read the grammar of RFC 4287."""
    return etree.RelaxNG(etree.parse(SCHEMA))


def _find_atom_faults(document: bytes) -> Faults:
    root = parse_xml(document)
    schema = read_schema()
    if not schema.validate(root):
        yield f"schema: {schema.error_log.last_error}"
    for language in root.xpath("//@xml:lang"):
        if not is_language(language):
            yield f"{language!r} is no language"
    yield from _check_atom_level(root, "feed")
    if len([link for link in root.findall(f"{ATOM}link") if link.get("rel") == "self"]) != 1:
        yield "feed: not one link to itself"
    entries = root.findall(f"{ATOM}entry")
    yield from find_repeated("entry id", (entry.findtext(f"{ATOM}id") for entry in entries))
    for entry in entries:
        yield from _check_atom_entry(entry, has_author=root.find(f"{ATOM}author") is not None)
    yield from _check_archive(root, {str(link.get("rel")) for link in root.findall(f"{ATOM}link")})


def _check_atom_level(parent: etree._Element, name: str) -> Faults:
    """Check what feeds and entries have alike."""
    id_ = parent.findtext(f"{ATOM}id")
    if not is_iri(id_):
        yield f"{name}: id {id_!r} is no absolute IRI"
    if not (parent.findtext(f"{ATOM}title") or "").strip():
        yield f"{name}: no title"
    for tag in ("updated", "published"):
        for date in parent.findall(ATOM + tag):
            if not is_rfc_3339(date.text):
                yield f"{name}: {tag} {date.text!r} is no date of RFC 3339"
    for author in parent.findall(f"{ATOM}author"):
        if not (author.findtext(f"{ATOM}name") or "").strip():
            yield f"{name}: an author without a name"
    links = parent.findall(f"{ATOM}link")
    yield from (f"{name}: {fault}" for link in links for fault in _check_link(link))
    alternates = [link for link in links if link.get("rel", "alternate") == "alternate"]
    if not alternates:
        yield f"{name}: no alternate link"
    yield from find_repeated(
        f"{name} alternate", (f"{a.get('type')} {a.get('hreflang')}" for a in alternates)
    )


def _check_link(link: etree._Element) -> Faults:
    if not is_iri(link.get("href")):
        yield f"link {link.get('href')!r} is no absolute IRI"
    if link.get("rel", "alternate") not in RELATIONS:
        yield f"relation {link.get('rel')!r} is not registered"
    if not is_media_type(link.get("type", "text/html")):
        yield f"{link.get('type')!r} is no media type"


def _check_atom_entry(entry: etree._Element, *, has_author: bool) -> Faults:
    name = f"entry {entry.findtext(f'{ATOM}id')}"
    yield from _check_atom_level(entry, name)
    if not has_author and entry.find(f"{ATOM}author") is None:
        yield f"{name}: no author"
    published, updated = (entry.findtext(ATOM + tag) for tag in ("published", "updated"))
    instants = [datetime.fromisoformat(str(d)) for d in (published, updated) if is_rfc_3339(d)]
    if instants != sorted(instants):
        yield f"{name}: published after it was updated"
    for category in entry.findall(f"{ATOM}category"):
        if not category.get("term") or not is_iri(category.get("scheme", "x:x")):
            yield f"{name}: category without a term, or its scheme is no IRI"
    content = entry.find(f"{ATOM}content")
    if content is None:
        yield f"{name}: no content"
    elif content.get("type") != "xhtml" or [child.tag for child in content] != [f"{XHTML}div"]:
        yield f"{name}: content is not one div of XHTML"
    else:
        yield from (f"{name}: {fault}" for fault in check_markup(content[0], XHTML))


def _check_archive(parent: etree._Element, relations: set[str]) -> Faults:
    """RFC 5005, section 4: an archive names the feed it belongs to; only an archive has a later one."""
    is_archive = parent.find(f"{HISTORY}archive") is not None
    if is_archive and "current" not in relations:
        yield "archive: no link to the current feed"
    if not is_archive and relations & {"current", "next-archive"}:
        yield "archive: links of an archive, but no mark of one"


def _find_rss_faults(document: bytes) -> Faults:
    root = parse_xml(document)
    if root.tag != "rss" or root.get("version") != "2.0" or [child.tag for child in root] != ["channel"]:
        yield "rss: not one channel of version 2.0"
        return
    channel = root[0]
    yield from _check_known(channel, "channel", CHANNEL_ONCE, {"category", "item"})
    for tag in ("title", "link", "description"):
        if not (channel.findtext(tag) or "").strip():
            yield f"channel: no {tag}"
    yield from _check_rss_values(channel, "channel")
    links = channel.findall(f"{ATOM}link")
    yield from (f"channel: {fault}" for link in links for fault in _check_link(link))
    selves = [link for link in links if link.get("rel") == "self"]
    if len(selves) != 1 or selves[0].get("type") != "application/rss+xml":
        yield "channel: not one atom:link to itself, of type application/rss+xml"
    items = channel.findall("item")
    yield from find_repeated("guid", (item.findtext("guid") for item in items))
    for item in items:
        yield from _check_item(item)
    yield from _check_archive(channel, {str(link.get("rel")) for link in links})


def _check_known(parent: etree._Element, name: str, once: Iterable[str], often: set[str]) -> Faults:
    """Check that elements without a namespace are known ones, as often as they may stand, and not empty."""
    times = Counter(str(child.tag) for child in parent)
    for tag, count in times.items():
        is_foreign = tag.startswith("{") and not tag.startswith(CONTENT)
        if not is_foreign and tag not in {*once, *often, f"{CONTENT}encoded"}:
            yield f"{name}: unknown element {tag}"
        if not is_foreign and tag not in often and count > 1:
            yield f"{name}: {tag} {count} times"
    for child in parent:
        if child.tag in ("category", f"{DUBLIN_CORE}creator") and not (child.text or "").strip():
            yield f"{name}: {child.tag!s} is empty"


_RSS_VALUES: Mapping[str, Callable[[str | None], bool]] = {
    "link": is_web_address,
    "docs": is_web_address,
    "comments": is_web_address,
    "pubDate": is_rfc_822,
    "lastBuildDate": is_rfc_822,
    "language": is_language,
    "author": lambda text: _E_MAIL.fullmatch(text or "") is not None,
    "managingEditor": lambda text: _E_MAIL.fullmatch(text or "") is not None,
    "webMaster": lambda text: _E_MAIL.fullmatch(text or "") is not None,
    "ttl": lambda text: (text or "").isdecimal(),
}


def _check_rss_values(parent: etree._Element, name: str) -> Faults:
    for child in parent:
        is_right = _RSS_VALUES.get(str(child.tag))
        if is_right is not None and not is_right(child.text):
            yield f"{name}: {child.tag!r} {child.text!r}"


def _check_item(item: etree._Element) -> Faults:
    guid = item.find("guid")
    name = f"item {item.findtext('guid')}"
    yield from _check_known(item, name, ITEM_ONCE, {"category"})
    yield from _check_rss_values(item, name)
    if not (item.findtext("title") or item.findtext("description") or "").strip():
        yield f"{name}: neither title nor description"
    if guid is None or not guid.text:
        yield f"{name}: no guid"
    elif guid.get("isPermaLink", "true") not in ("true", "false"):
        yield f"{name}: isPermaLink {guid.get('isPermaLink')!r}"
    elif guid.get("isPermaLink", "true") == "true" and not is_web_address(guid.text):
        yield f"{name}: guid is no permalink"
    if item.find("pubDate") is None:
        yield f"{name}: no pubDate"
    content = item.findtext(f"{CONTENT}encoded")
    if not (content or "").strip():
        yield f"{name}: no content:encoded"
    else:
        fragment = parse_xml(f"<div>{content}</div>".encode())
        yield from (f"{name}: {fault}" for fault in check_markup(fragment, ""))


def _find_opml_faults(document: bytes) -> Faults:
    root = parse_xml(document)
    if (
        root.tag != "opml"
        or root.get("version") != "2.0"
        or [child.tag for child in root] != ["head", "body"]
    ):
        yield "opml: not a head and a body of version 2.0"
        return
    head, body = root
    if not (head.findtext("title") or "").strip():
        yield "head: no title"
    for element in head:
        if element.tag in ("dateCreated", "dateModified") and not is_rfc_822(element.text):
            yield f"head: {element.tag} {element.text!r}"
    if not len(body):
        yield "body: no outline"
    for outline in body.iter():
        if outline is not body:
            yield from _check_outline(outline)
    yield from find_repeated(
        "xmlUrl", (outline.get("xmlUrl") for outline in body.iter() if outline.get("xmlUrl"))
    )


def _check_outline(outline: etree._Element) -> Faults:
    name = f"outline {outline.get('text')!r}"
    if outline.tag != "outline":
        yield f"body: element {outline.tag!r}"
    if not (outline.get("text") or "").strip():
        yield f"{name}: no text"
    if outline.get("type") == "rss" and not is_web_address(outline.get("xmlUrl")):
        yield f"{name}: xmlUrl {outline.get('xmlUrl')!r}"
    if outline.get("type") != "rss" and "xmlUrl" in outline.attrib:
        yield f"{name}: a feed that is not of type rss"
    if not is_web_address(outline.get("htmlUrl", "https://a.example/")):
        yield f"{name}: htmlUrl {outline.get('htmlUrl')!r}"


def _find_markdown_faults(document: bytes) -> Faults:
    text = document.decode()
    if len(re.findall(r"^# \S", text, re.MULTILINE)) != 1 or not text.startswith("# "):
        yield "markdown: not one heading at its beginning"
    anchors = re.findall(r'<a id="([^"]*)"></a>', text)
    yield from find_repeated("anchor", anchors)
    for target in re.findall(r"(?<!\\)\]\(#([^)]*)\)", text):
        if target not in anchors:
            yield f"markdown: link to {target!r}, which is not there"
    for tag in re.findall(r"(?<!\\)<(?![a-z]+://)/?[^>]*>", _without_code(text)):
        if not re.fullmatch(r'<a id="[^"<>]*">|</a>|</?su[bp]>', tag):
            yield f"markdown: markup {tag}"


def _without_code(text: str) -> str:
    return re.sub(r"(?<![\\`])(`+)(?!`).*?(?<!`)\1(?!`)", "", text)


_CHECKS: Mapping[str, Callable[[bytes], Faults]] = {
    "xml": _find_atom_faults,
    "rss": _find_rss_faults,
    "json": find_json_faults,
    "opml": _find_opml_faults,
    "md": _find_markdown_faults,
}
