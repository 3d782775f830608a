"""Which addresses are topics: those of documents of ours, and each in one spelling."""

from __future__ import annotations

import pytest

from feedsvc.errors import AddressError, UnfollowedError
from feedsvc.feed.catalogue import Catalogue
from feedsvc.feed.topic import Topics

BASE = "https://example.org/arxiv"
TOPICS = Topics(BASE, Catalogue({}, frozenset({"cs.AI", "cs.CL"})), ("en", "zh"), ("json", "rss", "xml"))


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("cs.AI.xml", ("cs.AI", "xml", "en")),
        ("zh/cs.AI.json", ("cs.AI", "json", "zh")),
        ("cs.AI+cs.CL.rss", ("cs.AI+cs.CL", "rss", "en")),
        ("cs.AI.xml?announce=new&limit=5", ("cs.AI?announce=new&limit=5", "xml", "en")),
        ("keyword/random-walk.xml", ("keyword/random-walk", "xml", "en")),
        ("search.xml?q=ti:walk+-abs:run", ("search?q=ti:walk+-abs:run", "xml", "en")),
        ("like/2601.06098.xml", ("like/2601.06098", "xml", "en")),
        ("keyword/%E5%9B%BE.xml", ("keyword/图", "xml", "en")),
    ],
)
def test_a_topic_is_a_document_and_its_address_is_written_back(
    path: str, document: tuple[str, str, str]
) -> None:
    topic = TOPICS.find(f"{BASE}/feeds/{path}")

    assert topic.document == document
    assert TOPICS.write_url(document) == topic.url == f"{BASE}/feeds/{path}"


@pytest.mark.parametrize(
    "path", ["CS.AI.xml", "en/cs.AI.xml", "cs.CL+cs.AI.xml", "cs.AI.atom", "cs.AI.xml?limit=200", "cs.AI"]
)
def test_another_spelling_is_none(path: str) -> None:
    with pytest.raises(AddressError):
        TOPICS.find(f"{BASE}/feeds/{path}")


@pytest.mark.parametrize("url", ["", "cs.AI.xml", "https://example.org/feeds/cs.AI.xml", f"{BASE}/status"])
def test_what_is_not_ours_is_none(url: str) -> None:
    with pytest.raises(AddressError, match="no topic of this hub"):
        TOPICS.find(url)


def test_a_category_that_nobody_follows_is_none() -> None:
    with pytest.raises(UnfollowedError):
        TOPICS.find(f"{BASE}/feeds/hep-th.xml")
