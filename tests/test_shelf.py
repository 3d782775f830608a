"""The cache of documents made on demand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from feedsvc.paper import Document
from feedsvc.pipeline.shelf import ENTRY_BYTES, Shelf

NOW = datetime(2026, 1, 5, 6, tzinfo=UTC)


def make_document(name: str, body: bytes = b"body", etag: str = "tag") -> Document:
    return Document(name, "xml", "en", "application/atom+xml", body, b"", etag, NOW)


def key(name: str) -> tuple[str, str, str]:
    return (name, "xml", "en")


def test_a_document_is_found_at_the_revision_it_was_made_at() -> None:
    shelf = Shelf()
    document = shelf.keep(key("a"), 7, make_document("a"))

    assert shelf.find(key("a"), 7) == document


def test_a_document_of_an_earlier_revision_is_not_given() -> None:
    shelf = Shelf()
    shelf.keep(key("a"), 7, make_document("a"))

    assert shelf.find(key("a"), 8) is None


def test_unchanged_bytes_keep_the_time_of_their_change() -> None:
    shelf = Shelf()
    shelf.keep(key("a"), 7, make_document("a"))

    again = shelf.keep(key("a"), 8, replace(make_document("a"), changed_at=NOW + timedelta(hours=1)))

    assert again.changed_at == NOW


def test_memory_is_bounded_and_what_was_asked_for_longest_ago_goes_first() -> None:
    shelf = Shelf(most_bytes=3 * (10 + ENTRY_BYTES))
    for name in ("a", "b", "c"):
        shelf.keep(key(name), 1, make_document(name, b"0123456789"))
    shelf.find(key("a"), 1)

    shelf.keep(key("d"), 1, make_document("d", b"0123456789"))

    assert [name for name in "abcd" if shelf.find(key(name), 1)] == ["a", "c", "d"]


def test_a_document_larger_than_the_bound_is_served_but_only_alone() -> None:
    shelf = Shelf(most_bytes=ENTRY_BYTES + 5)
    shelf.keep(key("a"), 1, make_document("a", b"012"))
    shelf.keep(key("b"), 1, make_document("b", b"0123456789"))

    assert shelf.find(key("a"), 1) is None
    assert shelf.find(key("b"), 1) is not None


def test_documents_without_bytes_are_bounded_too() -> None:
    shelf = Shelf(most_bytes=100_000)
    for number in range(1_000):
        shelf.keep(key(str(number)), 1, make_document(str(number), b""))

    assert len(shelf) == 100_000 // ENTRY_BYTES
    assert shelf.size <= 100_000
