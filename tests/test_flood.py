"""A flood of different queries: what is kept for them is bounded, and known feeds do not notice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from feedsvc.coding import pack
from feedsvc.pipeline.shelf import ENTRY_BYTES, Shelf
from tests.web_house import House, open_house

QUERIES = 1_000
KNOWN = ("/feeds/cs.AI.xml", "/feeds/hep-th.json", "/feeds/zh/random-walks.rss")
CODINGS = ("gzip", "br", "zstd", "identity")
NO_LIMITS = {"queries_per_minute": 0}
ROOM = 500_000


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_house(tmp_path, limits=NO_LIMITS) as opened:
        yield opened


class Statements:
    """Counts what a store is asked."""

    def __init__(self, house: House) -> None:
        self.count = 0
        event.listen(house.store.engine, "before_cursor_execute", self._note)

    def _note(self, *_: Any) -> None:
        self.count += 1


def watch_packing(monkeypatch: pytest.MonkeyPatch, packed: list[str]) -> None:
    def note(body: bytes, coding: str) -> bytes:
        packed.append(coding)
        return pack(body, coding)

    monkeypatch.setattr("feedsvc.web.delivery.pack", note)


def ask(house: House, path: str, coding: str = "gzip") -> None:
    answer = house.client.get(path, headers={"Accept-Encoding": coding})
    assert answer.status_code == 200
    assert answer.headers.get("Content-Encoding", "identity") == coding


def test_a_flood_of_queries_is_bounded_and_known_feeds_stay_in_memory(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(ROOM)
    monkeypatch.setattr(house.publisher._workshop, "_shelf", shelf)
    packed: list[str] = []
    watch_packing(monkeypatch, packed)
    for path in KNOWN:
        for coding in CODINGS:
            ask(house, path, coding)
    statements = Statements(house)
    for number in range(QUERIES):
        ask(house, f"/feeds/keyword/word-{number}.xml", CODINGS[number % len(CODINGS)])
        assert shelf.size <= ROOM
    asked, made = statements.count, len(packed)

    for path in KNOWN:
        for coding in CODINGS:
            ask(house, path, coding)

    assert len(shelf) <= ROOM // ENTRY_BYTES < QUERIES
    assert asked > QUERIES, "the flood did reach the store"
    assert statements.count == asked, "known feeds are answered without the store"
    assert len(packed) == made, "nor is any of them packed again"


@pytest.mark.parametrize("path", ["keyword/walks", "keyword/nowhere", "search", "author/lovelace"])
def test_a_query_that_nobody_asked_before_takes_few_statements(house: House, path: str) -> None:
    ask(house, "/feeds/keyword/warm.xml")
    statements = Statements(house)

    ask(house, f"/feeds/{path}.xml{'?q=walks+-zz1' if path == 'search' else ''}")

    # Among them the beginnings of at most seven transactions.
    assert 0 < statements.count <= 18


def test_what_queries_are_packed_for_does_not_push_out_what_known_feeds_are(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed: list[str] = []
    monkeypatch.setattr("feedsvc.web.MOST_MADE_BYTES", 1)
    watch_packing(monkeypatch, packed)
    ask(house, KNOWN[0], "br")
    for number in range(50):
        ask(house, f"/feeds/keyword/word-{number}.xml", "br")
    # The front forgets in an hour; then the framework answers, out of the same bytes.
    house.clock.moment = house.clock.moment.replace(hour=23)
    before = len(packed)
    ask(house, KNOWN[0], "br")

    assert before == 51
    assert len(packed) == before
