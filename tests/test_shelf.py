"""The cache of documents made on demand."""

from __future__ import annotations

from datetime import UTC, datetime

from feedsvc.feed.catalogue import Catalogue
from feedsvc.paper import Document
from feedsvc.pipeline.shelf import ENTRY_BYTES, PAPER_BYTES, Made, Shelf

FEED = Catalogue({}).define("cs.AI").make_feed()
NOW = datetime(2026, 1, 5, 6, tzinfo=UTC)


def make_document(name: str, body: bytes = b"body", etag: str = "tag") -> Document:
    return Document(name, "xml", "en", "application/atom+xml", body, etag, NOW)


def key(name: str) -> tuple[str, str, str]:
    return (name, "xml", "en")


def make(name: str, body: bytes = b"body", papers: int = 0) -> Made:
    held = frozenset(map(str, range(papers)))
    return Made(make_document(name, body), FEED, 1, NOW, "recipe", held, None)


def test_what_was_kept_last_is_found() -> None:
    shelf = Shelf()
    shelf.keep(key("a"), make("a"))
    made = shelf.keep(key("a"), make("a", b"another"))

    assert shelf.find(key("a")) is made
    assert shelf.find(key("b")) is None


def test_memory_is_bounded_and_what_was_asked_for_longest_ago_goes_first() -> None:
    shelf = Shelf(most_bytes=3 * (10 + ENTRY_BYTES))
    for name in ("a", "b", "c"):
        shelf.keep(key(name), make(name, b"0123456789"))
    shelf.find(key("a"))

    shelf.keep(key("d"), make("d", b"0123456789"))

    assert [name for name in "abcd" if shelf.find(key(name))] == ["a", "c", "d"]


def test_a_document_larger_than_the_bound_is_served_but_only_alone() -> None:
    shelf = Shelf(most_bytes=ENTRY_BYTES + 5)
    shelf.keep(key("a"), make("a", b"012"))
    shelf.keep(key("b"), make("b", b"0123456789"))

    assert shelf.find(key("a")) is None
    assert shelf.find(key("b")) is not None


def test_documents_without_bytes_are_bounded_too() -> None:
    shelf = Shelf(most_bytes=100_000)
    for number in range(1_000):
        shelf.keep(key(str(number)), make(str(number), b""))

    assert len(shelf) == 100_000 // ENTRY_BYTES
    assert shelf.size <= 100_000


def test_what_is_known_of_papers_is_bounded_too() -> None:
    shelf = Shelf(most_bytes=100_000)
    for number in range(100):
        shelf.keep(key(str(number)), make(str(number), b"", papers=100))

    assert len(shelf) == 100_000 // (ENTRY_BYTES + 100 * PAPER_BYTES)
