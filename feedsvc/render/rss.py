"""RSS 2.0 (https://www.rssboard.org/rss-specification, with the profile at /rss-profile), written by feedgen.

What feedgen 1.0 does otherwise than we need, besides what `atom` mends:

- its dates are written under a process-wide locale, which other threads may need: ours are not its;
- it names authors by e-mail address only: they are `dc:creator`, one each;
- its channel's link is the last one it was told: the page for people is told last.

A title is plain text, and yet many readers take it for HTML: what looks like a tag is escaped once more.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from html import escape

from feedgen.entry import FeedEntry
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.feed import FeedGenerator
from lxml import etree

from feedsvc.paper import Entry
from feedsvc.render import Head
from feedsvc.render.atom import ARXIV, ATOM, HEADS, HISTORY
from feedsvc.render.characters import clean_line
from feedsvc.render.entry import EntryView, describe_entry

MEDIA_TYPE = "application/rss+xml"
DUBLIN_CORE = "http://purl.org/dc/elements/1.1/"
CONTENT = "http://purl.org/rss/1.0/modules/content/"

_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
_TAIL = b"</channel></rss>"
_TAG = re.compile(r"<(?=[A-Za-z/!?])|&(?=#?\w+;)")


class ChannelExtension(BaseExtension):  # type: ignore[misc]
    """What a channel has besides feedgen's elements: when it last changed, its hubs, its archives."""

    head: Head

    def extend_ns(self) -> dict[str, str]:
        """Give the namespaces, which the root then declares once for all items."""
        return {"arxiv": ARXIV, "dc": DUBLIN_CORE} | ({"fh": HISTORY} if self.head.current_url else {})

    def extend_rss(self, rss: etree._Element) -> etree._Element:
        """Complete the channel."""
        etree.SubElement(rss[0], "lastBuildDate").text = format_datetime(self.head.updated)
        for hub in self.head.hub_urls:
            etree.SubElement(rss[0], f"{{{ATOM}}}link", {"rel": "hub", "href": hub})
        for relation, url in self.head.archive_links.items():
            etree.SubElement(rss[0], f"{{{ATOM}}}link", {"rel": relation, "href": url, "type": MEDIA_TYPE})
        if self.head.current_url:
            etree.SubElement(rss[0], f"{{{HISTORY}}}archive")
        return rss


class ItemExtension(BaseEntryExtension):  # type: ignore[misc]
    """What an item has besides feedgen's elements."""

    view: EntryView

    def extend_rss(self, item: etree._Element) -> etree._Element:
        """Add authors, the date, and arXiv's own fields."""
        for author in self.view.authors:
            etree.SubElement(item, f"{{{DUBLIN_CORE}}}creator").text = author.name
        etree.SubElement(item, "pubDate").text = format_datetime(self.view.published)
        kind, version = self.view.kind, self.view.version
        told = [("announce_type", kind.value if kind else ""), ("version", str(version or ""))]
        told += [("doi", doi) for doi in self.view.dois]
        told += [("journal_ref", self.view.journal_ref or ""), ("comment", self.view.comment or "")]
        for name, text in told:
            if text:
                etree.SubElement(item, f"{{{ARXIV}}}{name}").text = text
        if self.view.license:
            etree.SubElement(item, f"{{{DUBLIN_CORE}}}rights").text = self.view.license
        return item


class RssFormat:
    """Writes RSS documents."""

    suffix = "rss"
    content_type = f"{MEDIA_TYPE}; charset=utf-8"

    def render_fragment(self, entry: Entry, language: str, *, brief: bool = False) -> bytes:
        """Write one entry; `brief` keeps only the first sentence of each section."""
        return self.render_view(describe_entry(entry, language, brief=brief), language)

    def render_view(self, view: EntryView, language: str) -> bytes:
        """Write what was described already, be it no paper, as an item."""
        root = etree.Element(
            "rss", nsmap={"arxiv": ARXIV, "dc": DUBLIN_CORE, "atom": ATOM, "content": CONTENT}
        )
        root.append(make_item(view).rss_entry())
        written = etree.tostring(root, encoding="UTF-8", xml_declaration=False)
        return written[written.index(b"<item") :].removesuffix(b"</rss>")

    def assemble(self, head: Head, fragments: Sequence[bytes]) -> bytes:
        """Put a document together from its entries' fragments, in their order."""
        undated = _write_undated(replace(head, updated=_NO_TIME))
        channel = undated.replace(_tell_time(_NO_TIME), _tell_time(head.updated), 1)
        return b"".join((channel, *fragments, _TAIL))

    def check(self, document: bytes) -> None:
        """Raise ValueError for bytes that are no RSS feed, or name an item twice."""
        try:
            root = etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True))
        except etree.XMLSyntaxError as error:
            raise ValueError(f"not well-formed: {error}; expected an RSS feed") from error
        if root.tag != "rss" or root.find("channel") is None:
            raise ValueError(f"root element {root.tag!r}: expected an RSS feed")
        ids = Counter(element.text for element in root.iterfind("channel/item/guid"))
        repeated = [id_ for id_, times in ids.items() if times > 1]
        if repeated:
            raise ValueError(f"items {repeated!r} stand more than once: expected every guid once")


FORMAT = RssFormat()


def make_item(view: EntryView) -> FeedEntry:
    """Give feedgen's entry for a view, ready to be written as an item."""
    entry = FeedEntry()
    entry.title(_TAG.sub(lambda sign: escape(sign[0]), view.title))
    entry.link(href=view.page_url)
    entry.description(view.summary or view.title, isSummary=True)
    entry.content(view.content, type="CDATA" if "]]>" not in view.content else None)
    entry.guid(view.id, permalink=view.id == view.page_url)
    entry.category([{"term": label.term, "scheme": ARXIV} for label in view.categories])
    entry.register_extension("arxiv", ItemExtension)
    entry.arxiv.view = view
    return entry


def make_channel(head: Head, items: Sequence[FeedEntry] = ()) -> FeedGenerator:
    """Give feedgen's feed with these items, in their order."""
    feed = FeedGenerator()
    feed.title(clean_line(head.title) or head.id)
    feed.link(href=head.self_url, rel="self", type=MEDIA_TYPE)
    feed.link(href=head.page_url, rel="alternate")
    feed.description(clean_line(head.subtitle) or clean_line(head.title) or head.id)
    feed.generator(f"feedsvc {head.generator_version}")
    feed.language(head.language)
    # Private to feedgen, which else writes the present time, under another locale.
    feed._FeedGenerator__rss_lastBuildDate = None
    feed.register_extension("arxiv", ChannelExtension, ItemExtension)
    feed.arxiv.head = head
    for item in items:
        feed.add_entry(item, order="append")
    return feed


# A channel changes with every item, but only its time: the rest is written once.
@lru_cache(HEADS)
def _write_undated(head: Head) -> bytes:
    channel = _write(make_channel(head)).removesuffix(_TAIL)
    if not head.stylesheet_url:
        return channel
    declaration, _, root = channel.partition(b"\n")
    style = f'<?xml-stylesheet type="text/css" href="{escape(head.stylesheet_url)}"?>'
    return b"\n".join((declaration, style.encode() + root))


def _tell_time(moment: datetime) -> bytes:
    return f"<lastBuildDate>{format_datetime(moment)}</lastBuildDate>".encode()


def _write(feed: FeedGenerator) -> bytes:
    return bytes(feed.rss_str())
