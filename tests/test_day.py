"""A day as one digest. `python -m tests.test_day` writes the golden files anew: look before a commit."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from feedsvc.calendar import announced_at
from feedsvc.paper import Author, Entry, Kind
from feedsvc.render import load_formats
from feedsvc.render.day import DayDigest, collect_day, describe_day
from feedsvc.render.entry import EntryView, Link, name_authors
from feedsvc.render.phrases import load_phrases
from tests.builders import make_digest, make_paper
from tests.render_entries import ENTRIES, EXTRACTIVE, FULL, HEAD, TRANSLATED, WITHDRAWN, make_entry, make_head

DATA = Path(__file__).parent / "data"
DAY = date(2026, 1, 14)
ID = "urn:uuid:33cf8044-f046-5f43-a875-eb1042811d33"
LINKS = (
    Link("https://feeds.example/feeds/cs.AI/2026-01-14", "alternate", "text/html"),
    Link("https://feeds.example/feeds/cs.AI/2026-01-14.md", "alternate", "text/markdown"),
)
ENTRIES_OF_DAY = [
    make_entry(WITHDRAWN, kind=Kind.REPLACE),
    make_entry(make_paper(), kind=Kind.CROSS),
    make_entry(digest=EXTRACTIVE),
    make_entry(make_paper("2601.00002"), make_digest("2601.00002")),
]
FORMATS = load_formats()


def collect(*entries: Entry, language: str = "en") -> DayDigest:
    return collect_day("Artificial Intelligence (cs.AI)", DAY, entries, language)


def describe(*entries: Entry, language: str = "en") -> EntryView:
    return describe_day(collect(*entries, language=language), ID, LINKS)


def render(suffix: str, language: str = "en") -> bytes:
    format_ = FORMATS[suffix]
    view = describe(*ENTRIES_OF_DAY, make_entry(digest=TRANSLATED), language=language)
    return format_.assemble(make_head(language=language), [format_.render_view(view, language)])


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_bytes_are_those_that_were_looked_at(suffix: str) -> None:
    assert render(suffix) == (DATA / "daily" / f"daily.{suffix}").read_bytes()


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_accepts_a_day_as_an_entry(suffix: str) -> None:
    FORMATS[suffix].check(render(suffix, "zh"))


def test_new_papers_come_first_then_cross_lists_then_replacements() -> None:
    digest = collect(*ENTRIES_OF_DAY)

    assert [group.heading for group in digest.groups] == ["New papers", "Cross-lists", "Replacements"]
    assert [group.kind for group in digest.groups] == [Kind.NEW, Kind.CROSS, Kind.REPLACE]


def test_papers_are_numbered_through_all_groups_in_their_order() -> None:
    numbered = [
        (number, view.id.partition("/abs/")[2])
        for group in collect(*ENTRIES_OF_DAY).groups
        for number, view in group.papers
    ]

    assert numbered == [(1, "2601.06098"), (2, "2601.00002"), (3, "2601.00001"), (4, "hep-th/9901001")]


def test_all_and_each_kind_are_counted_in_the_language() -> None:
    assert collect(*ENTRIES_OF_DAY).counts == (
        "Papers: 4",
        "New papers: 2",
        "Cross-lists: 1",
        "Replacements: 1",
    )
    assert collect(make_entry(), language="zh").counts == ("论文：1", "新论文：1")
    assert collect().counts == ("Papers: 0",)


def test_what_is_said_of_every_digest_is_said_once() -> None:
    none = make_entry(make_paper("2601.00002"))
    alike = collect(make_entry(digest=EXTRACTIVE), make_entry(make_paper(), make_digest()), none)
    unlike = collect(make_entry(digest=EXTRACTIVE), make_entry(digest=TRANSLATED))

    assert alike.remark == load_phrases("en").extractive
    assert unlike.remark is None


def test_the_first_twenty_authors_are_named_and_the_others_counted() -> None:
    authors = [Author(f"A{number}") for number in range(2_020)]

    assert name_authors(authors, load_phrases("en")).endswith("A18, A19, and 2,000 more")
    assert name_authors(authors[:20], load_phrases("en")).endswith("A18, A19")


def test_an_entry_of_a_day_has_the_instant_of_its_announcement_and_is_no_paper() -> None:
    view = describe(*ENTRIES_OF_DAY)

    assert (view.id, view.title) == (ID, "Artificial Intelligence (cs.AI): 14 January 2026")
    assert view.published == view.updated == announced_at(DAY)
    assert (view.kind, view.version, view.authors, view.categories) == (None, None, (), ())
    assert view.summary == "Papers: 4 · New papers: 2 · Cross-lists: 1 · Replacements: 1"


def test_a_reader_finds_the_day_behind_the_entry_and_its_id_is_no_address() -> None:
    atom, rss = (feedparser.parse(render(suffix)).entries[0] for suffix in ("xml", "rss"))

    assert atom.link == rss.link == LINKS[0].href
    assert (atom.id, rss.id) == (ID, ID)
    assert not rss.guidislink


def test_a_language_without_phrases_is_marked_where_english_stands_in() -> None:
    content = describe(make_entry(digest=EXTRACTIVE), language="fr").content

    assert content.startswith('<div lang="en"><p>Papers: 1')


def test_what_is_not_in_the_language_around_it_is_marked() -> None:
    content = describe(make_entry(digest=TRANSLATED), language="zh").content

    assert '<p lang="en"><strong>原标题</strong>' in content
    assert "<p><strong>背景</strong>：背景一。" in content


@settings(max_examples=30)
@given(st.lists(ENTRIES, max_size=3), st.sampled_from(("en", "zh")))
def test_law_whatever_is_in_a_paper_the_entry_is_valid_and_nothing_in_it_can_be_executed(
    entries: list[Entry], language: str
) -> None:
    atom = FORMATS["xml"]
    view = describe(*entries, language=language)
    document = etree.fromstring(atom.assemble(HEAD, [atom.render_view(view, language)]))

    etree.RelaxNG(etree.parse(DATA / "atom.rng")).assertValid(document)
    elements = document.xpath("//h:*", namespaces={"h": "http://www.w3.org/1999/xhtml"})
    assert {etree.QName(element).localname for element in elements} <= {
        *("div", "p", "h2", "h3", "a", "em", "strong", "small", "code", "sub", "sup")
    }
    assert {name for element in elements for name in element.attrib} <= {"href", "lang"}
    assert all(e.get("href", "https://").startswith(("http://", "https://")) for e in elements)


def test_a_paper_is_shown_with_categories_links_and_sections() -> None:
    text = "".join(
        etree.fromstring(f"<div>{describe(make_entry(FULL, EXTRACTIVE)).content}</div>").itertext()
    )

    for told in ("1. A 𝒪(n log n)", "cs.AI, math.NA · Abstract page · PDF · HTML", "Ann Ärlig, 李 小龙"):
        assert told in text
    assert "Background: Claims are bold. Bounds are rare." in text


if __name__ == "__main__":
    (DATA / "daily").mkdir(exist_ok=True)
    for suffix_ in FORMATS:
        (DATA / "daily" / f"daily.{suffix_}").write_bytes(render(suffix_))
