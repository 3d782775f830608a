"""RSS 2.0 documents: what the Advisory Board's profile asks, and what feedparser reads."""

from __future__ import annotations

import locale
from email.utils import parsedate_to_datetime
from html import unescape

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from feedsvc.paper import Author, Entry, Kind
from feedsvc.render import Head
from feedsvc.render.atom import HISTORY
from feedsvc.render.rss import DUBLIN_CORE, FORMAT
from tests.builders import make_paper
from tests.render_entries import (
    ANNOUNCED,
    ARCHIVE_HEAD,
    ENTRIES,
    EXTRACTIVE,
    FULL,
    HEAD,
    TEXTS,
    TRANSLATED,
    make_entry,
    make_head,
)

# Ours of the profile's elements, and how often each may stand in an item; others are in namespaces.
CHANNEL = ["description", "docs", "generator", "language", "lastBuildDate", "link", "title"]
ITEM = {"title": 1, "link": 1, "description": 1, "guid": 1, "pubDate": 1, "category": 99}


def render(head: Head, entries: list[Entry], *, brief: bool = False) -> bytes:
    """Make a document the way the pipeline does."""
    fragments = [FORMAT.render_fragment(entry, head.language, brief=brief) for entry in entries]
    document = FORMAT.assemble(head, fragments)
    FORMAT.check(document)
    return document


def read(head: Head, entries: list[Entry]) -> feedparser.FeedParserDict:
    """Read a document with feedparser, which must have nothing to complain of."""
    feed = feedparser.parse(render(head, entries))
    assert not feed.bozo
    assert feed.version == "rss20"
    return feed


def check_profile(document: bytes) -> None:
    """Hold a document against the profile: known elements, as often as they may, with good values."""
    channel = etree.fromstring(document).find("channel")
    assert channel is not None
    plain = [str(element.tag) for element in channel if "}" not in str(element.tag) and element.tag != "item"]
    assert sorted(plain) == CHANNEL
    selves = channel.findall("{http://www.w3.org/2005/Atom}link[@rel='self']")
    assert len(selves) == 1
    for item in channel.iterfind("item"):
        tags = [str(element.tag) for element in item if "}" not in str(element.tag)]
        assert set(tags) <= set(ITEM)
        assert all(tags.count(tag) <= most for tag, most in ITEM.items())
        guid = item.find("guid")
        assert guid is not None
        assert guid.get("isPermaLink") == "true"
        assert (guid.text or "").startswith("https://")
        assert parsedate_to_datetime(item.findtext("pubDate") or "").tzinfo


@pytest.mark.parametrize("digest", [None, EXTRACTIVE, TRANSLATED])
def test_a_document_keeps_to_the_profile(digest: object) -> None:
    entry = make_entry(digest=digest)  # type: ignore[arg-type]
    check_profile(render(make_head(hub_url="https://feeds.example/hub", stylesheet_url="/feed.css"), [entry]))


@settings(max_examples=30, deadline=None)
@given(st.lists(ENTRIES, max_size=3, unique_by=lambda e: e.paper.id), TEXTS)
def test_law_whatever_is_in_a_paper_the_document_keeps_to_the_profile(
    entries: list[Entry], title: str
) -> None:
    check_profile(render(make_head(title=title), entries))


def test_each_author_is_a_creator() -> None:
    authors = [
        element.text
        for element in etree.fromstring(render(HEAD, [make_entry()])).iter(f"{{{DUBLIN_CORE}}}creator")
    ]

    assert authors == ["Ann Ärlig", "李 小龙"]
    assert [author.name for author in read(HEAD, [make_entry()]).entries[0].authors] == authors


def test_readers_find_title_link_time_and_content() -> None:
    (entry,) = read(HEAD, [make_entry(digest=EXTRACTIVE, kind=Kind.CROSS)]).entries

    assert unescape(entry.title) == "A 𝒪(n log n) bound on <b>bold</b> claims & the ℓ₁-norm"
    assert (entry.id, entry.link) == ("https://arxiv.org/abs/2601.06098",) * 2
    assert entry.published == "Wed, 14 Jan 2026 01:00:00 +0000"
    assert "<h3>Background</h3>" in entry.content[0].value
    assert entry.summary.startswith("We bound")
    assert entry.arxiv_announce_type == "cross"


@pytest.mark.parametrize("title", ["When p<q and q>r", "a < b & c", "&lt; means less"])
def test_a_comparison_in_a_title_is_not_taken_for_a_tag(title: str) -> None:
    document = render(HEAD, [make_entry(make_paper(title=title))])

    # What a browser would make of it is the title, whether the reader unescaped it once or not.
    assert unescape(unescape(feedparser.parse(document).entries[0].title)) == unescape(title)


def test_the_channel_says_who_it_is() -> None:
    feed = read(make_head(hub_url="https://feeds.example/hub"), []).feed
    links = {link.rel: link.href for link in feed.links}

    assert feed.title == "Artificial Intelligence"
    assert feed.link == HEAD.page_url
    assert links["self"] == HEAD.self_url
    assert links["hub"] == "https://feeds.example/hub"
    assert parsedate_to_datetime(feed.updated) == ANNOUNCED


def test_nothing_says_now_and_no_locale_is_touched() -> None:
    before = locale.setlocale(locale.LC_ALL)
    assert render(HEAD, [make_entry()]) == render(HEAD, [make_entry()])
    assert b"14 Jan 2026" in render(HEAD, [])
    assert locale.setlocale(locale.LC_ALL) == before


def test_brief_documents_are_shorter() -> None:
    entry = make_entry(digest=EXTRACTIVE)

    assert len(render(HEAD, [entry], brief=True)) < len(render(HEAD, [entry]))


def test_three_thousand_authors_and_no_author_at_all_are_written() -> None:
    many = make_paper("2601.00001", authors=tuple(Author(f"Author {n}") for n in range(3000)))
    none = make_paper("2601.00002", authors=())

    check_profile(render(HEAD, [make_entry(many), make_entry(none)]))


@pytest.mark.parametrize(
    "document", [b"", b"<rss>", b"<feed/>", b"<rss version='2.0'/>", b"<html><body/></html>"]
)
def test_what_is_no_feed_is_refused(document: bytes) -> None:
    with pytest.raises(ValueError, match="expected an RSS feed"):
        FORMAT.check(document)


def test_an_item_that_stands_twice_is_refused() -> None:
    fragment = FORMAT.render_fragment(make_entry(FULL), "en")

    with pytest.raises(ValueError, match="more than once"):
        FORMAT.check(FORMAT.assemble(HEAD, [fragment, fragment]))


def test_an_archive_is_marked_and_names_its_neighbours_and_the_feed() -> None:
    document = render(ARCHIVE_HEAD, [make_entry(digest=EXTRACTIVE)])
    channel = etree.fromstring(document).find("channel")
    assert channel is not None
    links = {e.get("rel"): e.get("href") for e in channel.iterfind("{http://www.w3.org/2005/Atom}link")}

    check_profile(document)
    assert channel.find(f"{{{HISTORY}}}archive") is not None
    assert links == {
        "self": ARCHIVE_HEAD.self_url,
        "current": ARCHIVE_HEAD.current_url,
        "prev-archive": ARCHIVE_HEAD.previous_url,
        "next-archive": ARCHIVE_HEAD.next_url,
    }
