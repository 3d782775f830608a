"""RSS and Atom, compared byte for byte with recorded answers."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

import feedparser
import pytest
from lxml import etree

from feedsvc.paper import Author, Kind, Paper
from feedsvc.standin.corpus import Moment
from feedsvc.standin.feeds import Format, answer_listing
from feedsvc.standin.markup import ARXIV, ATOM, DC, spell_categories
from feedsvc.taxonomy import load_taxonomy
from tests.standin_papers import MONDAY, TUESDAY, corpus_of, moment_on, small_corpus

CORPUS = small_corpus()
THURSDAY = date(2011, 2, 3)
SATURDAY = date(2011, 2, 5)
AFTER_MIDNIGHT = datetime(2011, 2, 3, 5, 0, 3, tzinfo=UTC)
ON_SATURDAY = datetime(2011, 2, 5, 15, 0, tzinfo=UTC)
FORMATS: tuple[Format, ...] = ("rss", "atom")


def see(day: date, now: datetime) -> Moment:
    return Moment(CORPUS, now, day, day)


@pytest.mark.parametrize(
    ("form", "query", "version", "status", "day", "now", "file"),
    [
        ("rss", "cs.XX", "", 400, THURSDAY, AFTER_MIDNIGHT, "rss/gen_rss20_error_bad_category.xml"),
        ("rss", "cs", "1.0", 400, THURSDAY, AFTER_MIDNIGHT, "rss/gen_rss20_error_old_version.xml"),
        ("rss", "math", "", 200, SATURDAY, ON_SATURDAY, "rss/gen_rss20_math_empty_saturday.xml"),
        ("atom", "heplat", "", 400, THURSDAY, AFTER_MIDNIGHT, "atom/gen_atom_error_bad_archive.xml"),
        ("atom", "math", "", 200, SATURDAY, ON_SATURDAY, "atom/gen_atom_math_empty_saturday.xml"),
    ],
)
def test_a_refusal_and_an_empty_day_have_the_recorded_bytes(
    form: Format, query: str, version: str, status: int, day: date, now: datetime, file: str, shared: Path
) -> None:
    answer = answer_listing(form, query, see(day, now), version)

    assert answer.body == (shared / "samples" / "arxiv" / file).read_bytes()
    assert (answer.status, answer.content_type) == (status, f"application/{form}+xml")


@pytest.mark.parametrize(
    ("form", "query", "file"),
    [
        ("rss", "cs", "rss/gen_rss20_cs_2011-02-03.xml"),
        ("rss", "hep-th+hep-ph", "rss/gen_rss20_hep-th+hep-ph_2011-02-03.xml"),
        ("rss", "math", "rss/gen_rss20_math_2011-02-03.xml"),
        ("atom", "quant-ph", "atom/gen_atom_quant-ph_2011-02-03.xml"),
        ("atom", "astro-ph", "atom/gen_atom_astro-ph_2011-02-03.xml"),
    ],
)
def test_papers_read_from_a_recorded_listing_give_the_recorded_bytes(
    form: Format, query: str, file: str, shared: Path
) -> None:
    """Left out: papers of 2011 with one of the two names that a category has today."""
    content = (shared / "samples" / "arxiv" / file).read_bytes()
    recorded, papers = read_recorded(content)
    page = {next(iter(load_taxonomy().archives[query.partition("+")[0]].categories)): papers}
    moment = moment_on(corpus_of(THURSDAY, page), THURSDAY, AFTER_MIDNIGHT)
    head, *items = split_items(answer_listing(form, query, moment).body)

    assert len(items) >= 0.8 * content.count(b"announce_type>") / 2
    assert items == recorded
    assert head == split_items(content)[0]


def split_items(content: bytes) -> list[bytes]:
    """Cut a document into what stands before the items and each item's bytes."""
    head = re.split(rb"<(?:item|entry)>", content, maxsplit=1)[0]
    return [head, *re.findall(rb"<(?:item|entry)>.*?</(?:item|entry)>", content, re.DOTALL)]


def read_recorded(content: bytes) -> tuple[list[bytes], list[tuple[Paper, Kind]]]:
    """Read the items that can be made again, with their bytes."""
    _, *texts = split_items(content)
    elements = [e for e in etree.fromstring(content).iter("item", f"{{{ATOM}}}entry")]
    read = [(text, *read_item(element)) for text, element in zip(texts, elements, strict=True)]
    kept = [row for row in read if spell_categories(row[1]) == row[3]]
    return [text.rstrip(b"\n") if text is texts[-1] else text for text, *_ in kept], [
        row[1:3] for row in kept
    ]


def read_item(item: etree._Element) -> tuple[Paper, Kind, list[str]]:
    named = re.fullmatch(r"oai:arXiv\.org:(.+)v(\d+)", text_of(item, "guid", f"{{{ATOM}}}id"))
    assert named is not None
    categories = [c.get("term") or c.text or "" for c in item.iter("category", f"{{{ATOM}}}category")]
    canonical = dict.fromkeys(load_taxonomy().resolve(c) or c for c in categories)
    paper = Paper(
        id=named[1],
        version=int(named[2]),
        title=text_of(item, "title", f"{{{ATOM}}}title"),
        abstract=text_of(item, "description", f"{{{ATOM}}}summary").partition("\nAbstract: ")[2],
        authors=(Author(text_of(item, f"{{{DC}}}creator")),),
        categories=tuple(canonical),
        doi=item.findtext(f"{{{ARXIV}}}DOI"),
        journal_ref=item.findtext(f"{{{ARXIV}}}journal_reference"),
        license=item.findtext(f"{{{DC}}}rights"),
    )
    return paper, Kind(text_of(item, f"{{{ARXIV}}}announce_type")), categories


def text_of(item: etree._Element, *tags: str) -> str:
    return next(text for tag in tags if (text := item.findtext(tag)) is not None)


@pytest.mark.parametrize("form", FORMATS)
def test_creators_are_joined_by_commas_with_affiliations_and_tex_accents(form: Format) -> None:
    body = answer_listing(form, "hep-th", moment_on(CORPUS, TUESDAY)).body
    creator = etree.fromstring(body).findtext(f".//{{{DC}}}creator")

    assert creator == r"{\L}ucja T\"orngren (Here, There, Elsewhere)"


@pytest.mark.parametrize("form", FORMATS)
def test_categories_follow_the_primary_one_by_name_those_with_two_names_under_both(form: Format) -> None:
    body = answer_listing(form, "math", moment_on(CORPUS, MONDAY)).body
    elements = etree.fromstring(body).iter("category", f"{{{ATOM}}}category")

    assert [e.get("term") or e.text for e in elements] == ["math.NA", "cs.LG", "cs.NA"]


@pytest.mark.parametrize("form", FORMATS)
def test_a_feed_reader_finds_nothing_wrong(form: Format) -> None:
    parsed = feedparser.parse(answer_listing(form, "cs", moment_on(CORPUS, MONDAY)).body)

    assert not parsed.bozo
    assert [entry.arxiv_announce_type for entry in parsed.entries] == ["new"] * 4
    assert parsed.entries[0].id == "oai:arXiv.org:2601.90001v1"


@pytest.mark.parametrize("form", FORMATS)
def test_times_are_those_of_the_moment_handed_in(form: Format) -> None:
    now = datetime(2026, 7, 6, 4, 0, 19, 866337, tzinfo=UTC)
    moment = Moment(CORPUS, now, date(2026, 7, 6), MONDAY)
    body = answer_listing(form, "cs.AI", moment).body.decode()

    if form == "rss":
        assert "<lastBuildDate>Mon, 06 Jul 2026 04:00:19 +0000</lastBuildDate>" in body
        assert body.count("<pubDate>Mon, 06 Jul 2026 00:00:00 -0400</pubDate>") == 3
    else:
        assert body.count("<updated>2026-07-06T04:00:19.866337+00:00</updated>") == 3
        assert body.count("<published>2026-07-06T00:00:00-04:00</published>") == 2


def test_a_query_that_xml_cannot_hold_is_refused_in_xml() -> None:
    answer = answer_listing("atom", "cs\x00\ud800", moment_on(CORPUS, MONDAY))

    assert answer.status == 400
    assert etree.fromstring(answer.body).findtext(f"{{{ATOM}}}id") == "http://rss.arxiv.org/atom/cs"
