"""Lists of feeds as OPML."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from lxml import etree

from feedsvc.render.opml import Outline, render_opml
from tests.render_entries import TEXTS

FEEDS = (
    Outline(
        "Artificial Intelligence",
        "https://a.example/cs.AI.xml",
        "https://a.example/cs.AI",
        "Computer Science",
    ),
    Outline("Probability", "https://a.example/math.PR.xml", "https://a.example/math.PR", "Mathematics"),
    Outline(
        "Learning & <more>",
        "https://a.example/cs.LG.xml?a=1&b=2",
        "https://a.example/cs.LG",
        "Computer Science",
    ),
    Outline("Everything", "https://a.example/all.xml", "https://a.example/all"),
)


def test_the_document_is_opml_2_with_its_title() -> None:
    root = etree.fromstring(render_opml("arXiv & feeds", FEEDS))

    assert (root.tag, root.get("version")) == ("opml", "2.0")
    assert root.findtext("head/title") == "arXiv & feeds"


def test_feeds_stand_in_their_groups_in_the_order_given() -> None:
    body = etree.fromstring(render_opml("feeds", FEEDS)).find("body")

    assert body is not None
    assert [(outline.get("text"), [feed.get("text") for feed in outline]) for outline in body] == [
        ("Computer Science", ["Artificial Intelligence", "Learning & <more>"]),
        ("Mathematics", ["Probability"]),
        ("Everything", []),
    ]


def test_a_feed_has_the_attributes_that_readers_look_for() -> None:
    outline = etree.fromstring(render_opml("feeds", FEEDS[3:])).find("body/outline")

    assert outline is not None
    assert dict(outline.attrib) == {
        "type": "rss",
        "text": "Everything",
        "title": "Everything",
        "xmlUrl": "https://a.example/all.xml",
        "htmlUrl": "https://a.example/all",
    }


def test_nothing_says_now() -> None:
    assert b"date" not in render_opml("feeds", FEEDS)


def test_the_time_of_the_last_change_is_written_as_rfc_822_wants() -> None:
    updated = datetime(2026, 1, 4, 1, 2, 3, tzinfo=UTC)
    root = etree.fromstring(render_opml("feeds", FEEDS, updated=updated))

    assert root.findtext("head/dateModified") == "Sun, 04 Jan 2026 01:02:03 +0000"


@given(TEXTS, TEXTS)
def test_any_title_makes_a_well_formed_list(title: str, group: str) -> None:
    root = etree.fromstring(
        render_opml(title, [Outline(title, "https://a.example", "https://a.example", group)])
    )

    text = root.xpath("string(//outline[@type]/@text)")
    assert text == (root.findtext("head/title") or "https://a.example")


def test_a_feed_without_a_title_goes_by_its_address_and_a_group_without_a_name_is_none() -> None:
    feed = Outline("\x00", "https://a.example/a.xml", "https://a.example/a", " ")
    (outline,) = etree.fromstring(render_opml("feeds", [feed])).iterfind("body/outline")

    assert outline.get("text") == "https://a.example/a.xml"
