"""Atom 1.0 (RFC 4287), the canonical format, written by feedgen.

What feedgen 1.0 does otherwise than we need is mended here and nowhere else:

- an entry's links lose everything but their address: `ArxivEntryExtension` writes them;
- an author can have no affiliation: the extension adds it, as RFC 4287 section 3.2 lets it;
- times that nobody sets are "now": every time is set, from what is handed in;
- entries are prepended: they are appended;
- a whole feed is rendered each time: an entry is rendered once and cut out of its root, which gives the same
  bytes as the whole feed in one go.

Its RSS dates are made under a process-wide locale; Atom's are not, so nothing here touches the locale.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from xml.sax.saxutils import quoteattr

from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree

from feedsvc.paper import Entry
from feedsvc.render import Head
from feedsvc.render.characters import clean_line
from feedsvc.render.entry import EntryView, describe_entry

ATOM = "http://www.w3.org/2005/Atom"
ARXIV = "http://arxiv.org/schemas/atom"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
HISTORY = "http://purl.org/syndication/history/1.0"
MEDIA_TYPE = "application/atom+xml"

HEADS = 2_000

_TAIL = b"</feed>"
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)


class ArxivExtension(BaseExtension):  # type: ignore[misc]
    """What a feed has besides feedgen's elements: namespaces, a stylesheet before the root, `fh:archive`."""

    stylesheet_url: str | None = None
    is_archive = False

    def extend_ns(self) -> dict[str, str]:
        """Give the namespaces, which the root then declares once for all entries."""
        return {"arxiv": ARXIV} | ({"fh": HISTORY} if self.is_archive else {})

    def extend_atom(self, feed: etree._Element) -> etree._Element:
        """Put the processing instruction before the root element, and the mark of an archive into it."""
        if self.is_archive:
            etree.SubElement(feed, f"{{{HISTORY}}}archive")
        if self.stylesheet_url:
            text = f'type="text/css" href={quoteattr(self.stylesheet_url)}'
            feed.addprevious(etree.ProcessingInstruction("xml-stylesheet", text))
        return feed


class ArxivEntryExtension(BaseEntryExtension):  # type: ignore[misc]
    """What an entry has besides feedgen's elements."""

    view: EntryView
    language: str

    def extend_atom(self, entry: etree._Element) -> etree._Element:
        """Complete the title and the authors, and add links and arXiv's own fields."""
        self._complete_title(entry)
        self._add_affiliations(entry)
        for link in self.view.links:
            attributes = {"href": link.href, "rel": link.rel, "type": link.type, "title": link.title}
            etree.SubElement(entry, "link", {name: text for name, text in attributes.items() if text})
        primary = self.view.categories[:1]
        for label in primary:
            _add(entry, "primary_category", None, {"term": label.term, "scheme": ARXIV})
        _add(entry, "version", str(self.view.version or ""))
        _add(entry, "announce_type", self.view.kind and self.view.kind.value)
        for doi in self.view.dois:
            _add(entry, "doi", doi)
        _add(entry, "journal_ref", self.view.journal_ref)
        _add(entry, "comment", self.view.comment)
        _add(entry, "license", self.view.license)
        return entry

    def _complete_title(self, entry: etree._Element) -> None:
        title = entry.find("title")
        assert title is not None
        title.set("type", "text")
        if self.view.title_language.lower() != self.language.lower():
            title.set(XML_LANG, self.view.title_language)

    def _add_affiliations(self, entry: etree._Element) -> None:
        for element, author in zip(entry.findall("author"), self.view.authors, strict=True):
            for place in author.affiliations:
                _add(element, "affiliation", place)


def _add(
    parent: etree._Element, name: str, text: str | None, attributes: dict[str, str] | None = None
) -> None:
    if text or attributes:
        element = etree.SubElement(parent, f"{{{ARXIV}}}{name}", attributes or {}, nsmap={"arxiv": ARXIV})
        element.text = text


class AtomFormat:
    """Writes Atom documents."""

    suffix = "xml"
    content_type = f"{MEDIA_TYPE}; charset=utf-8"

    def render_fragment(self, entry: Entry, language: str, *, brief: bool = False) -> bytes:
        """Write one entry; `brief` keeps only the first sentence of each section."""
        return self.render_view(describe_entry(entry, language, brief=brief), language)

    def render_view(self, view: EntryView, language: str) -> bytes:
        """Write what was described already, be it no paper, as an entry."""
        # A root with the namespaces of a feed's, which is quicker to make than a feed, and is cut off again.
        root = etree.Element("feed", {"xmlns": ATOM}, nsmap={"arxiv": ARXIV})
        root.append(make_entry(view, language).atom_entry())
        written = etree.tostring(root, encoding="UTF-8", xml_declaration=False)
        return written[written.index(b"<entry") :].removesuffix(_TAIL)

    def assemble(self, head: Head, fragments: Sequence[bytes]) -> bytes:
        """Put a document together from its entries' fragments, in their order."""
        undated = _write_undated(replace(head, updated=_NO_TIME))
        written = undated.replace(_tell_time(_NO_TIME), _tell_time(head.updated), 1)
        return b"".join((written, *fragments, _TAIL))

    def check(self, document: bytes) -> None:
        """Raise ValueError for bytes that are no Atom feed, or name an entry twice."""
        try:
            root = etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True))
        except etree.XMLSyntaxError as error:
            raise ValueError(f"not well-formed: {error}; expected an Atom feed") from error
        if root.tag != f"{{{ATOM}}}feed":
            raise ValueError(f"root element {root.tag!r}: expected an Atom feed")
        ids = Counter(element.text for element in root.iterfind(f"{{{ATOM}}}entry/{{{ATOM}}}id"))
        repeated = [id_ for id_, times in ids.items() if times > 1]
        if repeated:
            raise ValueError(f"entries {repeated!r} stand more than once: expected every id once")


FORMAT = AtomFormat()


def make_entry(view: EntryView, language: str) -> FeedEntry:
    """Give feedgen's entry for a view, ready to be added to a feed in this language."""
    entry = FeedEntry()
    entry.id(view.id)
    entry.title(view.title)
    entry.published(view.published)
    entry.updated(view.updated)
    entry.author([{"name": author.name} for author in view.authors])
    entry.category([{"term": c.term, "scheme": ARXIV, "label": c.name} for c in view.categories])
    entry.rights(view.license)
    entry.content(view.content, type="xhtml")
    entry.register_extension("arxiv", ArxivEntryExtension)
    entry.arxiv.view = view
    entry.arxiv.language = language
    return entry


def make_feed(head: Head, entries: Sequence[FeedEntry] = ()) -> FeedGenerator:
    """Give feedgen's feed with these entries, in their order."""
    feed = FeedGenerator()
    feed.id(head.id)
    feed.title(clean_line(head.title) or head.id)
    feed.subtitle(clean_line(head.subtitle) or None)
    feed.updated(head.updated)
    feed.author(name=clean_line(head.author))
    feed.link(href=head.self_url, rel="self", type=MEDIA_TYPE)
    feed.link(href=head.page_url, rel="alternate", type="text/html")
    for hub in head.hub_urls:
        feed.link(href=hub, rel="hub")
    for relation, url in head.archive_links.items():
        feed.link(href=url, rel=relation, type=MEDIA_TYPE)
    feed.generator("feedsvc", version=head.generator_version)
    feed.language(head.language)
    feed.register_extension("arxiv", ArxivExtension, ArxivEntryExtension)
    feed.arxiv.stylesheet_url = head.stylesheet_url
    feed.arxiv.is_archive = head.current_url is not None
    for entry in entries:
        feed.add_entry(entry, order="append")
    return feed


# A feed's head changes with every entry, but only its time: the rest is written once.
@lru_cache(HEADS)
def _write_undated(head: Head) -> bytes:
    return _write(make_feed(head)).removesuffix(_TAIL)


def _tell_time(moment: datetime) -> bytes:
    return f"<updated>{moment.isoformat()}</updated>".encode()


def _write(feed: FeedGenerator) -> bytes:
    return bytes(feed.atom_str())
