"""Atom documents. `python -m tests.test_atom` writes the golden files anew: look at them before a commit."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from feedsvc.paper import Author, Entry, Kind
from feedsvc.render import Head
from feedsvc.render.atom import ARXIV, ATOM, FORMAT, HISTORY, make_feed
from feedsvc.render.atom import make_entry as make_atom_entry
from feedsvc.render.entry import describe_entry
from tests.builders import make_paper
from tests.render_entries import (
    ARCHIVE_HEAD,
    ENTRIES,
    EXTRACTIVE,
    FULL,
    HEAD,
    TEXTS,
    TRANSLATED,
    WITHDRAWN,
    make_entry,
    make_head,
)

DATA = Path(__file__).parent / "data"
GOLDEN: dict[str, tuple[Head, list[Entry]]] = {
    "empty": (HEAD, []),
    "archive": (ARCHIVE_HEAD, [make_entry(digest=EXTRACTIVE)]),
    "extractive": (HEAD, [make_entry(digest=EXTRACTIVE), make_entry(WITHDRAWN, kind=Kind.REPLACE)]),
    "original": (make_head(stylesheet_url="/feed.css"), [make_entry(kind=Kind.CROSS)]),
    "translated": (
        make_head(language="zh", hub_url="https://feeds.example/hub"),
        [make_entry(digest=TRANSLATED, kind=Kind.REPLACE_CROSS), make_entry(make_paper(), EXTRACTIVE)],
    ),
}
NAMESPACES = {"a": ATOM, "x": ARXIV, "h": "http://www.w3.org/1999/xhtml"}


def render(head: Head, entries: list[Entry], *, brief: bool = False) -> bytes:
    """Make a document the way the pipeline does: each entry for itself, then the whole."""
    return FORMAT.assemble(
        head, [FORMAT.render_fragment(entry, head.language, brief=brief) for entry in entries]
    )


def find(document: bytes, path: str) -> Any:
    """Evaluate an XPath on a document."""
    return etree.fromstring(document).xpath(path, namespaces=NAMESPACES)


@cache
def grammar() -> etree.RelaxNG:
    """Read the grammar of RFC 4287."""
    return etree.RelaxNG(etree.parse(DATA / "atom.rng"))


@pytest.mark.parametrize("name", GOLDEN)
def test_the_bytes_are_those_that_were_looked_at(name: str) -> None:
    assert render(*GOLDEN[name]) == (DATA / "atom" / f"{name}.xml").read_bytes()


@pytest.mark.parametrize("name", GOLDEN)
def test_a_document_follows_the_grammar_of_rfc_4287(name: str) -> None:
    grammar().assertValid(etree.fromstring(render(*GOLDEN[name])))


@pytest.mark.parametrize(
    ("typed", "broken"),
    [
        (b"<updated>2026-01-14T01:00:00+00:00</updated>", b"<updated>yesterday</updated>"),
        (b"<published>2026", b"<published>in 2026"),
        (b' rel="self"', b' rel="self" fruit="apple"'),
        (b"<name>feedsvc</name>", b"<name>feedsvc</name><age>3</age>"),
        (b'<content type="xhtml">', b'<content type="xhtml">loose text'),
        (b"<rights>", b"<rights/><rights>"),
    ],
)
def test_the_grammar_refuses_what_the_rfc_forbids(typed: bytes, broken: bytes) -> None:
    document = render(*GOLDEN["original"])
    assert typed in document

    assert not grammar().validate(etree.fromstring(document.replace(typed, broken, 1)))


@pytest.mark.parametrize("name", GOLDEN)
def test_feedparser_has_nothing_to_complain_of(name: str) -> None:
    head, entries = GOLDEN[name]
    feed = feedparser.parse(render(head, entries))

    assert not feed.bozo
    assert feed.version == "atom10"
    assert [entry.id for entry in feed.entries] == [entry.paper.abs_url for entry in entries]


@settings(max_examples=30, deadline=None)
@given(st.lists(ENTRIES, max_size=4), TEXTS, st.sampled_from(("en", "zh")))
def test_fragments_make_the_very_bytes_of_feedgen_in_one_go(
    entries: list[Entry], title: str, language: str
) -> None:
    head = make_head(
        language=language, title=title, stylesheet_url="/feed.css", hub_url="https://hub.example/"
    )
    views = [make_atom_entry(describe_entry(entry, language), language) for entry in entries]

    assert render(head, entries) == make_feed(head, views).atom_str()


def test_many_fragments_make_the_very_bytes_of_feedgen_in_one_go() -> None:
    entries = [make_entry(make_paper(f"2601.{number:05}")) for number in range(1, 301)]
    views = [make_atom_entry(describe_entry(entry, "en"), "en") for entry in entries]

    assert render(HEAD, entries) == make_feed(HEAD, views).atom_str()


@settings(max_examples=40, deadline=None)
@given(ENTRIES, st.booleans())
def test_any_text_makes_a_valid_document(entry: Entry, brief: bool) -> None:
    document = render(HEAD, [entry], brief=brief)

    grammar().assertValid(etree.fromstring(document))
    FORMAT.check(document)


@settings(max_examples=30, deadline=None)
@given(ENTRIES)
def test_feedparser_reads_the_text_that_was_written(entry: Entry) -> None:
    view = describe_entry(entry, "en")
    feed = feedparser.parse(render(HEAD, [entry]), sanitize_html=False, resolve_relative_uris=False)
    read = feed.entries[0]

    assert not feed.bozo
    assert read.title == view.title
    assert [author.get("name") for author in read.get("authors", [])] == [a.name for a in view.authors]
    assert _text_in(f"<div>{read.content[0].value}</div>") == _text_in(f"<div>{view.content}</div>")


def _text_in(markup: str) -> list[str]:
    return "".join(etree.fromstring(markup).itertext()).split()


@settings(max_examples=30, deadline=None)
@given(ENTRIES)
def test_nothing_in_a_document_can_be_executed(entry: Entry) -> None:
    document = render(HEAD, [entry])
    elements = find(document, "//h:*")

    assert {etree.QName(element).localname for element in elements} <= {
        *("div", "p", "h3", "a", "small", "strong", "span", "code", "sub", "sup", "br")
    }
    assert {str(name) for element in elements for name in element.attrib} <= {"href", "lang"}
    assert all(href.startswith(("http://", "https://")) for href in find(document, "//h:a/@href"))


def test_a_reader_gets_every_link_with_its_relation_and_type() -> None:
    links = feedparser.parse(render(*GOLDEN["original"])).entries[0].links

    assert [(link.rel, link.get("type"), link.href) for link in links] == [
        ("alternate", "text/html", "https://arxiv.org/abs/2601.06098"),
        ("related", "application/pdf", "https://arxiv.org/pdf/2601.06098v2"),
        ("related", "text/html", "https://arxiv.org/html/2601.06098v2"),
        ("related", "text/html", "https://doi.org/10.1000/182"),
        ("license", "text/html", "http://creativecommons.org/licenses/by-nc-sa/4.0/"),
    ]


def test_categories_have_scheme_and_name_the_primary_one_first() -> None:
    tags = feedparser.parse(render(*GOLDEN["original"])).entries[0].tags

    assert [(tag.term, tag.scheme, tag.label) for tag in tags] == [
        ("cs.AI", ARXIV, "Artificial Intelligence"),
        ("math.NA", ARXIV, "Numerical Analysis"),
    ]


def test_arxiv_fields_stand_in_arxivs_namespace() -> None:
    fields = find(render(*GOLDEN["original"]), "//a:entry/x:*")

    assert [(etree.QName(field).localname, field.text) for field in fields] == [
        ("primary_category", None),
        ("version", "2"),
        ("announce_type", "cross"),
        ("doi", "10.1000/182"),
        ("journal_ref", "J. Claims 3 (2026) 1-12"),
        ("comment", "12 pages, 3 figures"),
        ("license", "http://creativecommons.org/licenses/by-nc-sa/4.0/"),
    ]


def test_each_author_has_an_element_and_keeps_the_affiliations() -> None:
    authors = find(render(*GOLDEN["original"]), "//a:entry/a:author")

    assert [list(author.itertext()) for author in authors] == [
        ["Ann Ärlig", "KTH", "MIT, Cambridge"],
        ["李 小龙"],
    ]


def test_a_title_is_plain_text_marked_with_its_language_where_that_differs() -> None:
    titles = find(render(*GOLDEN["translated"]), "//a:entry/a:title")

    assert [
        (title.get("type"), title.get("{http://www.w3.org/XML/1998/namespace}lang")) for title in titles
    ] == [
        ("text", None),
        ("text", "en"),
    ]


def test_the_head_names_feed_language_hub_and_generator() -> None:
    feed = feedparser.parse(render(*GOLDEN["translated"])).feed

    assert (feed.id, feed.title, feed.language) == (HEAD.id, "Artificial Intelligence", "zh")
    assert {link.rel: link.href for link in feed.links} == {
        "self": HEAD.self_url,
        "alternate": HEAD.page_url,
        "hub": "https://feeds.example/hub",
    }
    assert (feed.generator_detail.name, feed.generator_detail.version) == ("feedsvc", "0.1.0")


def test_an_archive_is_marked_and_names_its_neighbours_and_the_feed() -> None:
    document = render(*GOLDEN["archive"])
    links = {link.rel: (link.href, link.type) for link in feedparser.parse(document).feed.links}

    assert etree.fromstring(document).find(f"{{{HISTORY}}}archive") is not None
    assert {rel: links[rel] for rel in ("current", "prev-archive", "next-archive")} == {
        "current": (ARCHIVE_HEAD.current_url, "application/atom+xml"),
        "prev-archive": (ARCHIVE_HEAD.previous_url, "application/atom+xml"),
        "next-archive": (ARCHIVE_HEAD.next_url, "application/atom+xml"),
    }


def test_a_feed_names_what_came_before_and_is_no_archive() -> None:
    document = render(make_head(previous_url=ARCHIVE_HEAD.previous_url), [])

    assert find(document, "/a:feed/a:link[@rel='prev-archive']/@href") == [ARCHIVE_HEAD.previous_url]
    assert HISTORY.encode() not in document


def test_a_stylesheet_stands_before_the_root_only_where_asked_for() -> None:
    plain, styled = render(HEAD, []), render(make_head(stylesheet_url='/a.css?b=1&c="2"'), [])

    assert b"xml-stylesheet" not in plain
    assert b"""\n<?xml-stylesheet type="text/css" href='/a.css?b=1&amp;c="2"'?><feed """ in styled


def test_entries_keep_the_order_they_are_given_in() -> None:
    ids = [f"2601.{number:05}" for number in (3, 1, 2)]
    document = render(HEAD, [make_entry(make_paper(id_)) for id_ in ids])

    assert find(document, "//a:entry/a:id/text()") == [f"https://arxiv.org/abs/{id_}" for id_ in ids]


def test_three_thousand_authors_and_a_huge_abstract_make_a_valid_entry() -> None:
    authors = tuple(Author(f"Author {number}", ("CERN",)) for number in range(3000))
    paper = make_paper(authors=authors, abstract="A long sentence with $x$ & <y>. " * 3500)
    document = render(HEAD, [make_entry(paper)])

    grammar().assertValid(etree.fromstring(document))
    assert len(find(document, "//a:entry/a:author")) == 3000


def test_a_brief_document_is_smaller_and_valid() -> None:
    entries = [
        make_entry(digest=EXTRACTIVE),
        make_entry(make_paper(abstract="One sentence is quite enough here, or so it says. " * 9)),
    ]
    whole, brief = render(HEAD, entries), render(HEAD, entries, brief=True)

    grammar().assertValid(etree.fromstring(brief))
    assert b"Claims are bold." in brief
    assert b"Bounds are rare." in whole
    assert b"Bounds are rare." not in brief
    assert brief.count(b"One sentence") == 1


@pytest.mark.parametrize(
    "document",
    [b"", b"<feed", b"<html/>", b"<feed/>", render(HEAD, [make_entry(), make_entry(FULL)])],
    ids=["empty", "cut", "html", "no namespace", "an id twice"],
)
def test_a_document_that_is_broken_or_repeats_an_id_is_refused(document: bytes) -> None:
    with pytest.raises(ValueError, match="expected"):
        FORMAT.check(document)


def test_another_process_locale_time_zone_and_hash_seed_make_the_same_bytes() -> None:
    code = "import sys; from tests.test_atom import *; sys.stdout.buffer.write(render(*GOLDEN['translated']))"
    environment = {**os.environ, "TZ": "Asia/Tokyo", "LC_ALL": "de_DE.UTF-8", "PYTHONHASHSEED": "7"}
    other = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, env=environment, cwd=DATA.parents[1]
    )

    assert other.stdout == render(*GOLDEN["translated"])


if __name__ == "__main__":
    for name_, (head_, entries_) in GOLDEN.items():
        (DATA / "atom" / f"{name_}.xml").write_bytes(render(head_, entries_))
