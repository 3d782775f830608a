"""What is kept of documents to be delivered: the newest state, and no more bytes than there is room for."""

from __future__ import annotations

from feedsvc.paper import Document, DocumentKey
from feedsvc.pipeline.payloads import BYTES_EACH, Payloads
from tests.builders import make_document

SIZE = 10_000


class Shop:
    """Documents by their feeds' names, and how often each was asked for."""

    def __init__(self, *names: str) -> None:
        self.documents = {name: make_document(feed=name, body=b"x" * SIZE, etag=name) for name in names}
        self.asked: list[str] = []

    def find(self, key: DocumentKey) -> Document | None:
        self.asked.append(key[0])
        return self.documents.get(key[0])


def want(*names: str) -> dict[DocumentKey, set[str | None]]:
    return {(name, "xml", "en"): {None} for name in names}


def known(payloads: Payloads, *names: str) -> list[str]:
    return [name for name in names if payloads.knows((name, "xml", "en"))]


def open_payloads(shop: Shop, room: int) -> Payloads:
    return Payloads(shop.find, lambda key, etag: None, diff=False, most_bytes=room * (SIZE + BYTES_EACH))


def test_no_more_documents_are_held_than_there_is_room_for() -> None:
    shop = Shop(*"abcdef")
    payloads = open_payloads(shop, room=3)

    payloads.refresh(want(*"abcdef"))

    assert known(payloads, *"abcdef") == ["a", "b", "c"]
    assert payloads.bytes_held == 3 * (SIZE + BYTES_EACH)
    assert shop.asked == ["a", "b", "c"]


def test_what_was_wanted_longest_ago_makes_room() -> None:
    payloads = open_payloads(Shop(*"abcd"), room=3)
    payloads.refresh(want("a", "b", "c"))
    payloads.refresh(want("a"))

    payloads.refresh(want("d", "a"))

    assert known(payloads, *"abcd") == ["a", "d"]
    assert payloads.bytes_held == 2 * (SIZE + BYTES_EACH)


def test_what_is_in_use_makes_no_room() -> None:
    payloads = open_payloads(Shop(*"abcd"), room=2)
    payloads.refresh(want("a", "b"))

    payloads.refresh(want("c", "d"), in_use={("a", "xml", "en")})

    assert known(payloads, *"abcd") == ["a", "c"]


def test_what_is_in_use_is_read_anew_though_there_is_no_room() -> None:
    shop = Shop("a", "b")
    payloads = open_payloads(shop, room=0)
    payloads.refresh(want("a"))
    shop.documents["a"] = make_document(feed="a", body=b"new", etag="new")

    payloads.refresh(want("b", "a"), in_use={("a", "xml", "en")})

    found = payloads.find(("a", "xml", "en"), None)
    assert found is not None
    assert found[1] == b"new"
    assert known(payloads, "a", "b") == ["a"]


def test_one_document_is_held_however_large_it_is() -> None:
    payloads = open_payloads(Shop("a", "b"), room=0)

    for name in ("a", "b", "a"):
        payloads.refresh(want(name))
        assert known(payloads, "a", "b") == [name]


def test_what_there_is_no_room_to_read_anew_is_not_known() -> None:
    payloads = open_payloads(Shop(*"abc"), room=2)
    payloads.refresh(want("c"))

    payloads.refresh(want(*"abc"))

    assert known(payloads, *"abc") == ["a", "b"]


def test_a_document_that_is_no_more_takes_next_to_nothing() -> None:
    shop = Shop("a")
    payloads = open_payloads(shop, room=2)
    payloads.refresh(want("a"))
    shop.documents.clear()

    payloads.refresh(want("a"))

    assert payloads.find(("a", "xml", "en"), None) is None
    assert payloads.bytes_held == BYTES_EACH


def test_nothing_is_held_of_a_document_under_gzip() -> None:
    payloads = open_payloads(Shop("a"), room=2)

    payloads.refresh(want("a"))

    found = payloads.find(("a", "xml", "en"), None)
    assert found is not None
    assert (found[0].packed, found[1]) == (b"", b"x" * SIZE)


def test_excerpts_are_counted() -> None:
    shop = Shop("a")
    marks = {"a": ("1", "2"), "old": ("1",)}
    entry = b"<entry>" + b"y" * SIZE + b"</entry>"
    shop.documents["a"] = make_document(feed="a", body=entry * 2, etag="a")
    payloads = Payloads(shop.find, lambda key, etag: marks.get(etag), diff=True)

    payloads.refresh({("a", "xml", "en"): {None, "old", "older still"}})

    assert payloads.bytes_held == BYTES_EACH + 3 * len(entry)
