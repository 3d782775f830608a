"""Building documents: what is due, what stays, what is refused."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Barrier

import feedparser
import pytest

from feedsvc.coding import pack
from feedsvc.feed import KINDS, Definition, Feed, Naming
from feedsvc.feed.catalogue import Catalogue, load_catalogue
from feedsvc.paper import Digest, Document, Entry, Kind
from feedsvc.pipeline import press
from feedsvc.pipeline.publish import Publisher
from feedsvc.query import parse
from feedsvc.query.ast import AnnouncedWithin, Unit, all_of
from feedsvc.render import Format, Head, load_formats
from feedsvc.render.entry import EntryView
from feedsvc.store import Store
from tests.builders import make_announcement, make_batch, make_paper

MONDAY, TUESDAY = date(2026, 1, 5), date(2026, 1, 6)
LATER = datetime(2026, 1, 7, 12, tzinfo=UTC)


class StandingClock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 5, 6, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        raise AssertionError("building never waits")


class TroubledFormat:
    """The real Atom format, until it is told to fail."""

    suffix = "xml"
    content_type = "application/atom+xml; charset=utf-8"

    def __init__(self) -> None:
        self._atom = load_formats()["xml"]
        self.is_broken = False
        self.rendered: list[str] = []

    def render_fragment(self, entry: Entry, language: str, *, brief: bool = False) -> bytes:
        self.rendered.append(entry.paper.id)
        return self._atom.render_fragment(entry, language, brief=brief)

    def render_view(self, view: EntryView, language: str) -> bytes:
        return self._atom.render_view(view, language)

    def assemble(self, head: Head, fragments: Sequence[bytes]) -> bytes:
        whole = self._atom.assemble(head, fragments)
        return whole[:-20] if self.is_broken else whole

    def check(self, document: bytes) -> None:
        self._atom.check(document)


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    folder = tmp_path / "feeds"
    folder.mkdir()
    (folder / "counting.toml").write_text('title = "Counting"\nquery = "counting"\n')
    return load_catalogue(folder)


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def atom() -> TroubledFormat:
    return TroubledFormat()


@pytest.fixture
def publisher(store: Store, catalogue: Catalogue, clock: StandingClock, atom: TroubledFormat) -> Publisher:
    return make_publisher(store, catalogue, clock, {"xml": atom})


def make_publisher(
    store: Store, catalogue: Catalogue, clock: StandingClock, formats: Mapping[str, Format], base: str = ""
) -> Publisher:
    return Publisher(
        store,
        catalogue,
        formats,
        clock,
        base=base or "https://feeds.example.org",
        languages=("en", "zh"),
        categories=("cs.AI", "cs.LG"),
    )


def announce(store: Store, category: str, day: date, *papers: str, abstract: str = "Nothing.") -> None:
    announcements = [make_announcement(paper, category=category, day=day, released=day) for paper in papers]
    store.ledger.record_batch(
        make_batch(announcements),
        [make_paper(paper, abstract=abstract) for paper in papers],
        announcements,
    )


def find(store: Store, name: str, language: str = "en") -> Document:
    document = store.documents.find((name, "xml", language))
    assert document is not None
    return document


def ids(document: Document) -> list[str]:
    return [entry.id.rpartition("/")[2] for entry in feedparser.parse(document.body).entries]


def test_categories_archives_and_definitions_are_kept_ready(publisher: Publisher) -> None:
    assert {feed.name for feed in publisher.ready_feeds()} == {"cs.AI", "cs.LG", "cs", "counting"}


def test_a_feed_in_another_language_tells_it_in_its_title(store: Store, publisher: Publisher) -> None:
    announce(store, "cs.AI", MONDAY, "2601.00001")
    publisher.build_documents()

    titles = [feedparser.parse(find(store, "cs.AI", language).body).feed.title for language in ("en", "zh")]
    assert titles == ["Artificial Intelligence (cs.AI)", "人工智能 (cs.AI) · 中文"]


def test_a_translated_feed_has_its_own_words_and_is_built_anew_with_others(
    store: Store, catalogue: Catalogue, clock: StandingClock, atom: TroubledFormat
) -> None:
    announce(store, "cs.AI", MONDAY, "2601.00001", abstract="On counting.")

    def tell(*namings: Naming) -> list[tuple[str, str]]:
        counting = replace(catalogue.definitions["counting"], namings=namings)
        named = replace(catalogue, definitions={"counting": counting})
        make_publisher(store, named, clock, {"xml": atom}).build_documents()
        heads = [feedparser.parse(find(store, "counting", each).body).feed for each in ("en", "zh")]
        return [(head.title, head.get("subtitle", "")) for head in heads]

    assert tell() == [("Counting", ""), ("Counting · 中文", "")]
    assert tell(Naming("zh", "计数", "数数。")) == [("Counting", ""), ("计数 · 中文", "数数。")]


def test_only_touched_documents_are_built_again(
    store: Store, publisher: Publisher, atom: TroubledFormat
) -> None:
    announce(store, "cs.AI", MONDAY, "2601.00001")
    announce(store, "cs.LG", MONDAY, "2601.00002")
    publisher.build_documents()
    announce(store, "cs.LG", TUESDAY, "2601.00003")

    built = publisher.build_documents()

    assert (built.changed, built.untouched) == (4, 4)
    assert ids(find(store, "cs.AI")) == ["2601.00001"]


def test_a_document_whose_bytes_stay_is_not_packed_again(
    store: Store, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    announce(store, "cs.AI", MONDAY, "2601.00001")
    publisher.build_documents()
    packed: list[bytes] = []

    def count(body: bytes, coding: str) -> bytes:
        packed.append(body)
        return pack(body, coding)

    monkeypatch.setattr(press, "pack", count)
    # Another category of the same paper's touches the documents that hold it, and changes none of cs.AI.
    announce(store, "cs.AI", MONDAY, "2601.00001", abstract="Nothing.")
    announce(store, "cs.LG", MONDAY, "2601.00001")
    built = publisher.build_documents()

    assert built.same > 0
    assert len(packed) == built.changed


def test_an_entry_is_rendered_once_for_all_the_documents_it_stands_in(
    store: Store, publisher: Publisher, atom: TroubledFormat
) -> None:
    announce(store, "cs.AI", MONDAY, "2601.00001", abstract="On counting.")

    publisher.build_documents()

    assert "2601.00001" in ids(find(store, "counting")) + ids(find(store, "cs"))
    assert atom.rendered == ["2601.00001", "2601.00001"]  # once a language


def test_building_twice_changes_nothing(store: Store, publisher: Publisher) -> None:
    announce(store, "cs.AI", MONDAY, "2601.00001")
    publisher.build_documents()

    built = publisher.build_documents()

    assert (built.changed, built.same, built.refused) == (0, 0, 0)


def test_a_late_digest_changes_content_and_not_updated(
    store: Store, publisher: Publisher, clock: StandingClock
) -> None:
    announce(store, "cs.AI", MONDAY, "2601.00001")
    publisher.build_documents()
    before = find(store, "cs.AI")
    clock.moment = LATER
    store.digests.save(
        [Digest("2601.00001", 1, "en", "a model", ("Known.",), ("Ours is new.",), ("It works.",))]
    )

    publisher.build_documents()

    after = find(store, "cs.AI")
    assert b"Ours is new." in after.body
    old, new = feedparser.parse(before.body), feedparser.parse(after.body)
    assert (new.feed.updated, new.entries[0].updated) == (old.feed.updated, old.entries[0].updated)
    assert after.changed_at == LATER


def test_another_base_address_is_another_recipe(
    store: Store, catalogue: Catalogue, clock: StandingClock, publisher: Publisher, atom: TroubledFormat
) -> None:
    announce(store, "cs.AI", MONDAY, "2601.00001")
    publisher.build_documents()

    moved = make_publisher(store, catalogue, clock, {"xml": atom}, base="https://other.example.org")
    moved.build_documents()

    assert b"https://other.example.org/feeds/cs.AI.xml" in find(store, "cs.AI").body


def test_a_document_that_is_not_well_formed_never_replaces_a_good_one(
    store: Store, publisher: Publisher, atom: TroubledFormat, caplog: pytest.LogCaptureFixture
) -> None:
    announce(store, "cs.AI", MONDAY, "2601.00001")
    publisher.build_documents()
    before = find(store, "cs.AI")
    announce(store, "cs.AI", TUESDAY, "2601.00002")
    atom.is_broken = True

    with caplog.at_level(logging.CRITICAL):
        built = publisher.build_documents()

    assert built.refused > 0
    assert find(store, "cs.AI") == before


def test_what_was_refused_is_built_when_it_can_be(
    store: Store, publisher: Publisher, atom: TroubledFormat, caplog: pytest.LogCaptureFixture
) -> None:
    announce(store, "cs.AI", MONDAY, "2601.00001")
    atom.is_broken = True
    with caplog.at_level(logging.CRITICAL):
        publisher.build_documents()
    atom.is_broken = False

    publisher.build_documents()

    assert ids(find(store, "cs.AI")) == ["2601.00001"]


def test_an_empty_document_never_replaces_one_with_entries(
    store: Store, publisher: Publisher, caplog: pytest.LogCaptureFixture
) -> None:
    announce(store, "cs.AI", MONDAY, "2601.00001", abstract="On counting.")
    publisher.build_documents()
    before = find(store, "counting")
    store.papers.save([make_paper("2601.00001", abstract="On weighing.")])

    built = publisher.build_documents()

    assert built.refused == 2  # one a language
    assert find(store, "counting") == before


def test_a_paper_that_no_longer_matches_leaves_the_document(store: Store, publisher: Publisher) -> None:
    announce(store, "cs.AI", MONDAY, "2601.00001", "2601.00002", abstract="On counting.")
    publisher.build_documents()
    store.papers.save([make_paper("2601.00001", abstract="On weighing.")])

    publisher.build_documents()

    assert ids(find(store, "counting")) == ["2601.00002"]


def test_a_new_day_in_the_ledger_moves_relative_dates_on(
    store: Store, clock: StandingClock, atom: TroubledFormat
) -> None:
    """What grew too old falls out, be it the last entry, although no row of its own changed."""
    query = all_of((parse("counting"), AnnouncedWithin(1, Unit.DAY)))
    definition = Definition("recent", "Recent", ((query, KINDS),))
    publisher = make_publisher(store, Catalogue({"recent": definition}), clock, {"xml": atom})
    announce(store, "cs.AI", MONDAY, "2601.00001", abstract="On counting.")
    publisher.build_documents()
    assert ids(find(store, "recent")) == ["2601.00001"]
    announce(store, "cs.AI", TUESDAY, "2601.00002", abstract="On weighing.")

    publisher.build_documents()

    assert ids(find(store, "recent")) == []
    assert publisher.build_documents().untouched > 0


def test_a_feed_that_is_no_more_takes_its_document_along(
    store: Store, catalogue: Catalogue, clock: StandingClock, publisher: Publisher, atom: TroubledFormat
) -> None:
    announce(store, "cs.AI", MONDAY, "2601.00001")
    publisher.build_documents()

    make_publisher(store, Catalogue({}), clock, {"xml": atom}).build_documents()

    assert store.documents.find(("counting", "xml", "en")) is None


def test_a_feed_that_is_not_kept_ready_is_made_on_demand_and_kept_until_something_changes(
    store: Store, publisher: Publisher, catalogue: Catalogue, atom: TroubledFormat
) -> None:
    announce(store, "cs.AI", MONDAY, "2601.00001")
    feed: Feed = catalogue.define("math.NA").make_feed()

    first, again = publisher.find_document(feed, "xml"), publisher.find_document(feed, "xml")

    assert first is again
    announce(store, "math.NA", MONDAY, "2601.00009")
    assert ids(publisher.find_document(feed, "xml")) == ["2601.00009"]


def test_a_document_over_three_megabytes_keeps_the_first_sentence_of_each_section(
    store: Store, publisher: Publisher
) -> None:
    papers = [f"2601.{number:05}" for number in range(1, 301)]
    announce(store, "cs.AI", MONDAY, *papers)
    long = tuple(f"Sentence {number} of many that follow." for number in range(300))
    store.digests.save(
        [Digest(paper, 1, "en", "extractive", long, ("New.",), ("Done.",)) for paper in papers]
    )

    publisher.build_documents()

    document = find(store, "cs.AI")
    assert len(ids(document)) == 300
    assert b"Sentence 0 of many" in document.body
    assert b"Sentence 1 of many" not in document.body
    assert len(document.body) <= 3_000_000


@pytest.fixture(autouse=True)
def quiet_log() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_kinds_default_to_new_and_cross(publisher: Publisher, store: Store) -> None:
    announcements = [
        make_announcement("2601.00001", kind=Kind.REPLACE, version=2, day=MONDAY, released=MONDAY)
    ]
    store.ledger.record_batch(make_batch(announcements), [make_paper("2601.00001", version=2)], announcements)
    publisher.build_documents()

    assert ids(find(store, "cs.AI")) == []


def test_a_day_is_complete_a_while_after_its_last_batch(store: Store, publisher: Publisher) -> None:
    noon = datetime(2026, 1, 5, 17, tzinfo=UTC)
    announce(store, "cs.AI", MONDAY, "2601.00001")
    assert not publisher.is_complete(noon + timedelta(hours=1))

    announce(store, "cs.LG", MONDAY, "2601.00002")

    assert not publisher.is_complete(noon + timedelta(minutes=1))
    assert publisher.is_complete(noon + timedelta(hours=1))
    assert not publisher.is_complete(noon + timedelta(days=1))


def test_what_two_ask_for_at_once_is_made_once(
    store: Store, publisher: Publisher, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    announce(store, "math.NA", MONDAY, "2601.00009")
    feed, compose = catalogue.define("math.NA").make_feed(), publisher._contents.compose_feed
    made: list[Feed] = []
    waiting = Barrier(2)

    def compose_slowly(asked: Feed, language: str, *, alone: bool = False) -> tuple[Entry, ...]:
        made.append(asked)
        waiting.wait(30)
        time.sleep(0.2)
        return compose(asked, language, alone=alone)

    monkeypatch.setattr(publisher._contents, "compose_feed", compose_slowly)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(publisher.find_document, feed, "xml")
        waiting.wait(30)
        again = pool.submit(publisher.find_document, feed, "xml")
        assert first.result(30) is again.result(30)
    assert len(made) == 1
