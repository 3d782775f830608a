"""Answers as arXiv's listing server does: RSS 2.0 and Atom, its refusals included."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from email.utils import format_datetime
from typing import Literal

from lxml import etree

from feedsvc.calendar import EASTERN
from feedsvc.errors import AddressError
from feedsvc.paper import Author
from feedsvc.standin.accents import write_tex
from feedsvc.standin.corpus import Moment
from feedsvc.standin.faults import Fault, spoil_items
from feedsvc.standin.listing import Item, Listing, select_listing
from feedsvc.standin.markup import (
    ARXIV,
    ATOM,
    CONTENT,
    DC,
    LANGUAGE,
    Answer,
    add_element,
    finish,
    spell_categories,
)

Format = Literal["rss", "atom"]
RSS_VERSIONS = frozenset({"2.0", ""})
EDITOR = "rss-help@arxiv.org"
EDITOR_OF_ERRORS = "rss-help.arxiv.org"


@dataclass(frozen=True, slots=True)
class Head:
    """What stands above the items; `is_error` tells a refusal, which is a feed as well."""

    address: str
    title: str
    subtitle: str
    built: datetime
    day: date
    is_error: bool = False

    @property
    def midnight(self) -> datetime:
        """The start of the day, Eastern."""
        return datetime.combine(self.day, time(), EASTERN)


def answer_listing(
    form: Format, query: str, moment: Moment, version: str = "", fault: Fault | None = None
) -> Answer:
    """Answer `/rss/QUERY` or `/atom/QUERY`; a refused query gives status 400 and a feed that says why."""
    write = _write_rss if form == "rss" else _write_atom
    content_type = f"application/{form}+xml"
    try:
        if form == "rss" and version not in RSS_VERSIONS:
            raise AddressError(
                f"Unsupported feed version 'RSS {version}' requested. Valid options are: RSS 2.0, Atom 1.0."
            )
        listing = select_listing(query, moment)
    except AddressError as error:
        head = _head_error(f"http://rss.arxiv.org/{form}/{query}", str(error), moment)
        return finish(write(head, ()), content_type, status=400)
    items = spoil_items(listing.items, fault)
    return finish(write(_head(form, listing, moment), items), content_type)


def _head(form: Format, listing: Listing, moment: Moment) -> Head:
    names = ", ".join(listing.places)
    return Head(
        address=f"http://rss.arxiv.org/{form}/{'+'.join(listing.places)}",
        title=f"{names} updates on arXiv.org",
        subtitle=f"{names} updates on the arXiv.org e-print archive.",
        built=moment.now,
        day=moment.day,
    )


def _head_error(address: str, message: str, moment: Moment) -> Head:
    title = f"Feed error for query: {address}"
    return Head(address, title, message, moment.now, moment.day, is_error=True)


def _write_rss(head: Head, items: tuple[Item, ...]) -> etree._Element:
    root = etree.Element(
        "rss", version="2.0", nsmap={"arxiv": ARXIV, "dc": DC, "atom": ATOM, "content": CONTENT}
    )
    channel = add_element(root, "channel")
    add_element(channel, "title", head.title)
    add_element(channel, "link", head.address)
    add_element(channel, "description", head.subtitle)
    add_element(channel, f"{{{ATOM}}}link", href=head.address, rel="self", type="application/rss+xml")
    add_element(channel, "docs", "http://www.rssboard.org/rss-specification")
    add_element(channel, "language", LANGUAGE)
    add_element(channel, "lastBuildDate", format_datetime(head.built))
    add_element(channel, "managingEditor", EDITOR_OF_ERRORS if head.is_error else EDITOR)
    add_element(channel, "pubDate", format_datetime(head.midnight))
    if not head.is_error:
        skipped = add_element(channel, "skipDays")
        add_element(skipped, "day", "Saturday")
        add_element(skipped, "day", "Sunday")
    for item in items:
        _add_item(channel, item, head)
    return root


def _add_item(channel: etree._Element, item: Item, head: Head) -> None:
    paper = item.paper
    element = add_element(channel, "item")
    add_element(element, "title", paper.title)
    add_element(element, "link", paper.abs_url)
    add_element(element, "description", _describe(item))
    add_element(element, "guid", f"oai:arXiv.org:{paper.id}v{paper.version}", isPermaLink="false")
    for category in spell_categories(paper):
        add_element(element, "category", category)
    add_element(element, "pubDate", format_datetime(head.midnight))
    _add_details(element, item, ("DOI", paper.doi), ("journal_reference", paper.journal_ref))


def _write_atom(head: Head, items: tuple[Item, ...]) -> etree._Element:
    root = etree.Element(f"{{{ATOM}}}feed", nsmap={"arxiv": ARXIV, "dc": DC, None: ATOM})
    root.set("{http://www.w3.org/XML/1998/namespace}lang", LANGUAGE)
    add_element(root, f"{{{ATOM}}}id", head.address)
    add_element(root, f"{{{ATOM}}}title", head.title)
    add_element(root, f"{{{ATOM}}}updated", head.built.isoformat())
    add_element(root, f"{{{ATOM}}}link", href=head.address, rel="self", type="application/atom+xml")
    add_element(root, f"{{{ATOM}}}subtitle", head.subtitle)
    for item in items:
        _add_entry(root, item, head)
    return root


def _add_entry(root: etree._Element, item: Item, head: Head) -> None:
    paper = item.paper
    element = add_element(root, f"{{{ATOM}}}entry")
    add_element(element, f"{{{ATOM}}}id", f"oai:arXiv.org:{paper.id}v{paper.version}")
    add_element(element, f"{{{ATOM}}}title", paper.title)
    add_element(element, f"{{{ATOM}}}updated", head.built.isoformat())
    add_element(element, f"{{{ATOM}}}link", href=paper.abs_url, rel="alternate", type="text/html")
    add_element(element, f"{{{ATOM}}}summary", _describe(item))
    for category in spell_categories(paper):
        add_element(element, f"{{{ATOM}}}category", term=category)
    add_element(element, f"{{{ATOM}}}published", head.midnight.isoformat())
    _add_details(element, item, ("journal_reference", paper.journal_ref), ("DOI", paper.doi))


def _add_details(element: etree._Element, item: Item, *references: tuple[str, str | None]) -> None:
    """Add what both formats end with; only the order of the references differs."""
    add_element(element, f"{{{ARXIV}}}announce_type", item.kind)
    if item.paper.license:
        add_element(element, f"{{{DC}}}rights", item.paper.license)
    for name, text in references:
        if text:
            add_element(element, f"{{{ARXIV}}}{name}", text)
    add_element(element, f"{{{DC}}}creator", ", ".join(_name_creator(a) for a in item.paper.authors))


def _describe(item: Item) -> str:
    paper = item.paper
    return f"arXiv:{paper.id}v{paper.version} Announce Type: {item.kind} \nAbstract: {paper.abstract}"


def _name_creator(author: Author) -> str:
    named = f"{author.name} ({', '.join(author.affiliations)})" if author.affiliations else author.name
    return write_tex(named)
