"""The links with which readers take a feed over."""

from __future__ import annotations

import pytest

from feedsvc.errors import AddressError
from feedsvc.web.readers import offer_readers, read_own

ADDRESS = "https://feeds.example.org/feeds/search.xml?q=a+b&limit=5"
ESCAPED = "https%3A%2F%2Ffeeds.example.org%2Ffeeds%2Fsearch.xml%3Fq%3Da%2Bb%26limit%3D5"


def test_each_reader_is_given_the_whole_address_escaped() -> None:
    links = {reader.name: reader.link for reader in offer_readers(ADDRESS)}

    assert links == {
        "feed:": f"feed:{ADDRESS}",
        "Feedly": f"https://feedly.com/i/subscription/feed/{ESCAPED}",
        "Inoreader": f"https://www.inoreader.com/?add_feed={ESCAPED}",
        "NewsBlur": f"https://www.newsblur.com/?url={ESCAPED}",
    }


def test_a_reader_of_ones_own_is_offered_at_its_address() -> None:
    links = {reader.name: reader.link for reader in offer_readers(ADDRESS, "https://rss.example.org/r/")}

    assert links["FreshRSS"] == f"https://rss.example.org/r/i/?c=feed&a=add&url_rss={ESCAPED}"
    assert links["Miniflux"] == f"https://rss.example.org/r/bookmarklet?uri={ESCAPED}"


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("", ""),
        (" rss.example.org ", "https://rss.example.org"),
        ("http://[::1]:8080/rss?x=1#y", "http://[::1]:8080/rss"),
    ],
)
def test_an_address_is_read_as_people_type_it(typed: str, read: str) -> None:
    assert read_own(typed) == read


@pytest.mark.parametrize(
    "typed",
    [
        "javascript://x",
        "https://",
        "a b.org",
        "http://[",
        "ftp://example.org",
        "https://rss.example@evil.example",
        "https://ada:secret@rss.example",
        "ada@rss.example",
    ],
)
def test_what_is_no_address_of_a_reader_is_refused(typed: str) -> None:
    with pytest.raises(AddressError, match="expected the address of a reader"):
        read_own(typed)
