"""OPML 2.0: a list of feeds for readers to take over. http://opml.org/spec2.opml"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from lxml import etree
from lxml.builder import E

from feedsvc.render.characters import clean_line


@dataclass(frozen=True, slots=True)
class Outline:
    """A feed in a list; those of one `group` stand together under its name."""

    title: str
    xml_url: str
    html_url: str
    group: str | None = None


def render_opml(title: str, feeds: Iterable[Outline], *, updated: datetime | None = None) -> bytes:
    """Write a list of feeds, groups in the order of their first feed, feeds as given.

    `updated` is when the list last changed; without it the document names no time.
    """
    head = [E.title(clean_line(title))]
    if updated is not None:
        head.append(E.dateModified(format_datetime(updated)))
    groups: dict[str | None, list[etree._Element]] = {}
    for feed in feeds:
        groups.setdefault(feed.group, []).append(_render_outline(feed))
    body = E.body(*(node for name, outlines in groups.items() for node in _render_group(name, outlines)))
    document = E.opml(E.head(*head), body, version="2.0")
    return etree.tostring(document, encoding="UTF-8", xml_declaration=True, pretty_print=True)


def _render_group(name: str | None, outlines: list[etree._Element]) -> list[etree._Element]:
    text = clean_line(name or "")
    return [E.outline(*outlines, text=text)] if text else outlines


def _render_outline(feed: Outline) -> etree._Element:
    title = clean_line(feed.title) or feed.xml_url
    return E.outline(type="rss", text=title, title=title, xmlUrl=feed.xml_url, htmlUrl=feed.html_url)
