"""JSON Feed 1.1 documents: every member that the specification knows, of the type it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedsvc.paper import Entry, Kind
from feedsvc.render import Head
from feedsvc.render.jsonfeed import FORMAT, VERSION
from tests.builders import make_paper
from tests.render_entries import (
    ARCHIVE_HEAD,
    ENTRIES,
    EXTRACTIVE,
    HEAD,
    TEXTS,
    TRANSLATED,
    make_entry,
    make_head,
)


def is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def is_address(value: object) -> bool:
    return isinstance(value, str) and value.startswith(("https://", "http://", "x:"))


def is_instant(value: object) -> bool:
    return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None


def are_people(value: object) -> bool:
    return isinstance(value, list) and all(
        set(person) == {"name"} and is_text(person["name"]) for person in value
    )


FEED: dict[str, Callable[[Any], bool]] = {
    "version": lambda value: value == VERSION,
    "title": is_text,
    "home_page_url": is_address,
    "feed_url": is_address,
    "next_url": is_address,
    "description": is_text,
    "authors": are_people,
    "language": is_text,
    "hubs": lambda value: all(set(hub) == {"type", "url"} for hub in value),
    "items": lambda value: isinstance(value, list),
}
ITEM: dict[str, Callable[[Any], bool]] = {
    "id": is_text,
    "url": is_address,
    "title": is_text,
    "content_html": is_text,
    "summary": is_text,
    "date_published": is_instant,
    "date_modified": is_instant,
    "authors": are_people,
    "tags": lambda value: all(map(is_text, value)),
}


def render(head: Head, entries: list[Entry], *, brief: bool = False) -> dict[str, Any]:
    """Make a document the way the pipeline does, check it, and read it."""
    fragments = [FORMAT.render_fragment(entry, head.language, brief=brief) for entry in entries]
    document = FORMAT.assemble(head, fragments)
    FORMAT.check(document)
    read: dict[str, Any] = json.loads(document)
    check(read, FEED)
    for item in read["items"]:
        check(item, ITEM)
        assert {"id", "content_html"} <= set(item)
    return read


def check(values: dict[str, Any], schema: dict[str, Callable[[Any], bool]]) -> None:
    """Hold an object against the members it may have; extensions begin with a low line."""
    for name, value in values.items():
        assert name.startswith("_") or schema[name](value), f"{name}: {value!r}"


@settings(max_examples=30, deadline=None)
@given(st.lists(ENTRIES, max_size=3, unique_by=lambda e: e.paper.id), TEXTS)
def test_law_whatever_is_in_a_paper_the_document_follows_the_specification(
    entries: list[Entry], title: str
) -> None:
    read = render(make_head(title=title), entries)

    assert [item["id"] for item in read["items"]] == [entry.paper.abs_url for entry in entries]


def test_an_item_says_all_there_is() -> None:
    (item,) = render(HEAD, [make_entry(digest=EXTRACTIVE, kind=Kind.CROSS)])["items"]

    assert item["title"].startswith("A 𝒪(n log n) bound on <b>bold</b>")
    assert item["date_published"] == "2026-01-14T01:00:00+00:00"
    assert item["authors"] == [{"name": "Ann Ärlig"}, {"name": "李 小龙"}]
    assert item["tags"] == ["cs.AI", "math.NA"]
    assert item["summary"] == "We bound x²."
    assert item["_arxiv"] | {"about": ""} == {
        "about": "",
        "version": 2,
        "announce_type": "cross",
        "primary_category": "cs.AI",
        "pdf": "https://arxiv.org/pdf/2601.06098v2",
        "html": "https://arxiv.org/html/2601.06098v2",
        "doi": "10.1000/182",
        "journal_ref": "J. Claims 3 (2026) 1-12",
        "comment": "12 pages, 3 figures",
        "license": "http://creativecommons.org/licenses/by-nc-sa/4.0/",
    }


def test_the_feed_says_who_it_is_and_who_tells_of_changes() -> None:
    read = render(make_head(hub_url="https://feeds.example/hub"), [])

    assert read["feed_url"] == HEAD.self_url
    assert read["hubs"] == [{"type": "WebSub", "url": "https://feeds.example/hub"}]
    assert read["items"] == []


def test_an_archive_leads_on_to_older_ones_and_says_what_it_is() -> None:
    read = render(ARCHIVE_HEAD, [])

    assert read["next_url"] == ARCHIVE_HEAD.previous_url
    assert read["_feedsvc"] | {"id": "", "updated": "", "version": ""} == {
        **{"id": "", "updated": "", "version": ""},
        "archive": True,
        "current": ARCHIVE_HEAD.current_url,
        "prev_archive": ARCHIVE_HEAD.previous_url,
        "next_archive": ARCHIVE_HEAD.next_url,
    }


def test_a_feed_leads_on_to_its_newest_archive_and_is_none() -> None:
    read = render(make_head(previous_url="https://feeds.example/feeds/cs.AI/2026-01-14.json"), [])

    assert read["next_url"] == "https://feeds.example/feeds/cs.AI/2026-01-14.json"
    assert "archive" not in read["_feedsvc"]


def test_a_translation_has_its_title_and_language() -> None:
    read = render(make_head(language="zh"), [make_entry(digest=TRANSLATED)])

    assert read["language"] == "zh"
    assert read["items"][0]["title"] == "关于 ℓ₁ 范数的界"


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b'{"version": "1"}', b"<feed/>"])
def test_what_is_no_feed_is_refused(document: bytes) -> None:
    with pytest.raises(ValueError, match="expected a JSON Feed"):
        FORMAT.check(document)


def test_an_item_that_stands_twice_is_refused() -> None:
    fragment = FORMAT.render_fragment(make_entry(make_paper()), "en")

    with pytest.raises(ValueError, match="more than once"):
        FORMAT.check(FORMAT.assemble(HEAD, [fragment, fragment]))
