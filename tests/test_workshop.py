"""Documents made on demand: kept as long as nothing touches them, and never longer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from feedsvc.coding import GZIP, pack
from feedsvc.feed import Feed
from feedsvc.feed.address import resolve
from feedsvc.feed.catalogue import Catalogue
from feedsvc.paper import BatchState, Document, Entry, Kind, Origin
from feedsvc.pipeline import press, workshop
from feedsvc.pipeline.contents import Contents
from feedsvc.pipeline.publish import Publisher
from feedsvc.pipeline.workshop import AtHand
from feedsvc.render import load_formats
from feedsvc.store import Store, open_store, schema
from feedsvc.store.engine import write
from feedsvc.store.orders import Ordering, OrderState
from tests.builders import MONDAY, make_announcement, make_batch, make_digest, make_paper

LANGUAGES = ("en", "zh")
CATEGORIES = ("cs.AI", "cs.LG")
FORMATS = ("xml", "rss", "json", "md")
DAYS = tuple(MONDAY + timedelta(days=n) for n in range(3))
NOON = datetime(2026, 1, 8, 12, tzinfo=UTC)
HOLD = timedelta(minutes=90)
PAPERS = tuple(f"2601.{number:05}" for number in range(1, 7))
ADDRESSES = (
    "cs.AI+cs.LG.xml",
    "zh/cs.AI+cs.LG.json",
    "cs.AI.xml?limit=2",
    "cs.AI.xml?announce=replace",
    f"cs.AI/{DAYS[0]}.md",
    f"cs.AI/{DAYS[1]}.xml",
    f"zh/cs.LG/{DAYS[1]}.md",
    "daily/cs.AI.xml",
    "zh/daily/cs.LG.xml",
    "keyword/walks.xml",
    "author/ada lovelace.rss",
    "search.xml?q=announced:1d",
    "search.xml?q=announced:1d -walks",
    "search.xml?q=like:2601.00001",
)


class MovingClock:
    """A clock that goes on by a second whenever it is asked."""

    def __init__(self) -> None:
        self.moment = NOON

    def now(self) -> datetime:
        self.moment += timedelta(seconds=1)
        return self.moment

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody waits here")


def open_ordering(url: str) -> Store:
    """Give an empty store that holds papers back from Chinese until they are translated."""
    store = open_store(url, Ordering(("zh",), HOLD, MovingClock()))
    store.migrate()
    return store


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with closing(open_ordering(database_url)) as opened:
        yield opened


@pytest.fixture
def publisher(store: Store) -> Publisher:
    return open_publisher(store)


@pytest.fixture
def composed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give the names of the feeds that are put together from now on."""
    names: list[str] = []
    compose = Contents.compose_feed

    def note(self: Contents, feed: Feed, language: str, *, alone: bool = False) -> tuple[Entry, ...]:
        names.append(feed.name)
        return compose(self, feed, language, alone=alone)

    monkeypatch.setattr(Contents, "compose_feed", note)
    return names


def open_publisher(store: Store) -> Publisher:
    return Publisher(
        store,
        Catalogue({}),
        load_formats(),
        MovingClock(),
        base="https://feeds.example.org",
        languages=LANGUAGES,
        categories=CATEGORIES,
    )


def read(url: str) -> tuple[Feed, str, str | None]:
    path, _, parameters = url.partition("?")
    address = resolve(path, parse_qsl(parameters), Catalogue({}), LANGUAGES, FORMATS)
    return address.feed, address.format, address.language


def find(publisher: Publisher, url: str) -> Document:
    return publisher.find_document(*read(url))


def announce(
    store: Store, paper: str, category: str = "cs.AI", day: int = 0, kind: Kind = Kind.NEW, version: int = 1
) -> None:
    row = make_announcement(paper, category, DAYS[day], kind, version, released=DAYS[day])
    store.ledger.record_batch(make_batch([row]), [make_paper(paper, version)], [row])


def guess(store: Store, paper: str, category: str, day: int) -> None:
    """Rebuild an announcement that no listing told of: another day's takes its place."""
    row = make_announcement(paper, category, DAYS[day], released=None)
    store.ledger.record_rebuilt((), [make_paper(paper)], [replace(row, origin=Origin.ESTIMATED)])


def settle(store: Store, category: str, day: int) -> None:
    if store.ledger.find_batch(category, DAYS[day]) is None:
        quiet = make_batch(category=category, day=DAYS[day], state=BatchState.QUIET)
        store.ledger.record_batch(quiet, (), ())


def rename(store: Store, paper: str, title: str) -> None:
    if store.papers.find(paper, 1) is not None:
        store.papers.save([make_paper(paper, title=title, comments=title)])


def write_digest(store: Store, paper: str, language: str, method: str) -> None:
    if store.papers.find(paper, 1) is not None:
        digest = make_digest(paper, language=language, method=method, title=f"{method} {language}")
        store.digests.save([digest])


def close_orders(store: Store, _: str) -> None:
    for order in store.orders.take(NOON + timedelta(hours=1), HOLD, 1):
        store.orders.close(order, OrderState.REFUSED)


PAPER, CATEGORY, DAY = st.sampled_from(PAPERS), st.sampled_from(CATEGORIES), st.integers(0, 2)
CHANGES: st.SearchStrategy[tuple[Callable[..., None], tuple[object, ...]]] = st.one_of(
    st.tuples(
        st.just(announce),
        st.tuples(PAPER, CATEGORY, DAY, st.sampled_from((Kind.NEW, Kind.CROSS, Kind.REPLACE)), st.just(1)),
    ),
    st.tuples(st.just(announce), st.tuples(PAPER, CATEGORY, DAY, st.just(Kind.REPLACE), st.just(2))),
    st.tuples(st.just(guess), st.tuples(PAPER, CATEGORY, DAY)),
    st.tuples(st.just(settle), st.tuples(CATEGORY, DAY)),
    st.tuples(st.just(rename), st.tuples(PAPER, st.sampled_from(("On walks", "On rest", "Nothing")))),
    st.tuples(
        st.just(write_digest),
        st.tuples(PAPER, st.sampled_from(LANGUAGES), st.sampled_from(("extractive", "a-model"))),
    ),
    st.tuples(st.just(close_orders), st.tuples(PAPER)),
)
numbers = count()


@given(changes=st.lists(CHANGES, min_size=2, max_size=12), asked=st.sets(st.integers(0, 12), min_size=1))
@settings(max_examples=15)
def test_law_what_is_kept_is_what_would_be_made_anew(
    tmp_path_factory: pytest.TempPathFactory,
    changes: list[tuple[Callable[..., None], tuple[object, ...]]],
    asked: set[int],
) -> None:
    """Whatever changes in between, and however long ago a document was asked for."""
    folder = tmp_path_factory.getbasetemp()
    with closing(open_ordering(f"sqlite:///{folder}/workshop-{next(numbers)}.sqlite3")) as store:
        for number, day in enumerate(DAYS[:2], 1):
            announce(store, f"2601.{number:05}", day=DAYS.index(day))
            announce(store, f"2601.{number:05}", "cs.LG", day=DAYS.index(day))
        publisher = open_publisher(store)
        for number, (change, values) in enumerate(changes):
            if number in asked:
                for url in ADDRESSES:
                    find(publisher, url)
            change(store, *values)
        anew = open_publisher(store)
        for url in ADDRESSES:
            assert find(publisher, url).body == find(anew, url).body, url


def test_what_no_change_touches_is_not_made_again(
    store: Store, publisher: Publisher, composed: list[str]
) -> None:
    announce(store, PAPERS[0])
    made = find(publisher, "search.xml?q=00001 -00002")
    announce(store, PAPERS[1])
    announce(store, PAPERS[2], "cs.LG")

    assert find(publisher, "search.xml?q=00001 -00002") is made
    assert len(composed) == 1


@pytest.mark.parametrize(("paper", "kind", "version"), [(2, Kind.NEW, 1), (0, Kind.REPLACE, 2)])
def test_a_day_that_is_over_is_not_made_again_for_what_another_brings(
    store: Store, publisher: Publisher, composed: list[str], paper: int, kind: Kind, version: int
) -> None:
    announce(store, PAPERS[0])
    announce(store, PAPERS[1], day=1)
    paths = [f"cs.AI/{DAYS[0]}.{suffix}" for suffix in ("md", "xml")]
    made = [find(publisher, path) for path in paths]
    announce(store, PAPERS[paper], day=1, kind=kind, version=version)

    assert [find(publisher, path) for path in paths] == made
    assert len(composed) == len(paths)


def test_a_daily_feed_whose_newest_day_is_not_whole_is_not_made_again_for_it(
    store: Store, publisher: Publisher, composed: list[str]
) -> None:
    announce(store, PAPERS[0])
    announce(store, PAPERS[1], day=1)
    made = find(publisher, "daily/cs.AI.xml")
    once = len(composed)
    announce(store, PAPERS[2], day=1)

    assert find(publisher, "daily/cs.AI.xml") is made
    assert len(composed) == once


def test_an_announcement_that_is_taken_out_is_noticed(store: Store, publisher: Publisher) -> None:
    guess(store, PAPERS[0], "cs.AI", 0)
    announce(store, PAPERS[1])
    assert PAPERS[0].encode() in find(publisher, f"cs.AI/{DAYS[0]}.md").body
    announce(store, PAPERS[0], day=1)

    assert PAPERS[0].encode() not in find(publisher, f"cs.AI/{DAYS[0]}.md").body


def ask_while_made(publisher: Publisher, monkeypatch: pytest.MonkeyPatch, made: str, asked: str) -> AtHand:
    """Ask for a document without waiting while one is being made."""
    compose, found = Contents.compose_feed, list[AtHand]()

    def compose_meanwhile(
        self: Contents, feed: Feed, language: str, *, alone: bool = False
    ) -> tuple[Entry, ...]:
        monkeypatch.setattr(Contents, "compose_feed", compose)
        found.append(publisher.find_at_hand(*read(asked)))
        return compose(self, feed, language, alone=alone)

    monkeypatch.setattr(Contents, "compose_feed", compose_meanwhile)
    # One thread is both: it must not wait for itself.
    monkeypatch.setattr(publisher._workshop._shelf, "turn", lambda key: nullcontext())
    find(publisher, made)
    return found[0]


def test_who_does_not_wait_is_given_the_former_while_one_is_made_anew(
    store: Store, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    announce(store, PAPERS[0])
    former = find(publisher, "keyword/matter.xml")
    announce(store, PAPERS[1])

    meanwhile = ask_while_made(publisher, monkeypatch, "keyword/matter.xml", "keyword/matter.xml")

    assert meanwhile == AtHand(former, is_former=True)
    assert find(publisher, "keyword/matter.xml").etag != former.etag


def test_what_nobody_makes_anew_is_made_for_who_does_not_wait(
    store: Store, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    announce(store, PAPERS[0])
    former = find(publisher, "keyword/matter.xml")
    announce(store, PAPERS[1])

    meanwhile = ask_while_made(publisher, monkeypatch, "keyword/nothing.xml", "keyword/matter.xml")

    assert not meanwhile.is_former
    assert meanwhile.document.etag != former.etag


def test_while_several_are_made_who_does_not_wait_is_given_the_former_of_another(
    store: Store, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    announce(store, PAPERS[0])
    former = find(publisher, "keyword/matter.xml")
    announce(store, PAPERS[1])
    monkeypatch.setattr(workshop, "PLACES", 1)

    meanwhile = ask_while_made(publisher, monkeypatch, "keyword/nothing.xml", "keyword/matter.xml")

    assert meanwhile == AtHand(former, is_former=True)


def test_the_former_is_given_for_a_minute_only(
    store: Store, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    announce(store, PAPERS[0])
    former = find(publisher, "keyword/matter.xml")
    announce(store, PAPERS[1])
    monkeypatch.setattr(workshop, "PLACES", 1)
    monkeypatch.setattr(workshop, "GOOD_FOR", timedelta(0))

    meanwhile = ask_while_made(publisher, monkeypatch, "keyword/nothing.xml", "keyword/matter.xml")

    assert not meanwhile.is_former
    assert meanwhile.document.etag != former.etag


def test_of_a_store_put_back_nothing_later_is_kept(store: Store, publisher: Publisher) -> None:
    announce(store, PAPERS[0])
    announce(store, PAPERS[1])
    made = find(publisher, "keyword/matter.xml")
    with write(store.engine) as connection:
        connection.execute(update(schema.revisions).values(value=0))
    write_digest(store, PAPERS[0], "en", "a-model")

    assert find(publisher, "keyword/matter.xml").etag != made.etag


def test_what_a_change_touches_is_made_again(store: Store, publisher: Publisher) -> None:
    announce(store, PAPERS[0])
    made = find(publisher, "keyword/00002.xml")
    announce(store, PAPERS[1])

    assert find(publisher, "keyword/00002.xml").etag != made.etag


def test_a_paper_that_no_longer_matches_is_taken_out(store: Store, publisher: Publisher) -> None:
    announce(store, PAPERS[0])
    rename(store, PAPERS[0], "On walks")
    assert b"00001" in find(publisher, "keyword/walks.xml").body
    rename(store, PAPERS[0], "On rest")

    assert b"00001" not in find(publisher, "keyword/walks.xml").body


def test_the_same_bytes_keep_the_time_of_their_change_and_are_packed_once(
    store: Store, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed: list[str] = []

    def note(body: bytes, coding: str) -> bytes:
        packed.append(coding)
        return pack(body, coding)

    monkeypatch.setattr(press, "pack", note)
    announce(store, PAPERS[0])
    made = find(publisher, "cs.AI+cs.LG.xml")
    write_digest(store, PAPERS[0], "zh", "a-model")

    assert find(publisher, "cs.AI+cs.LG.xml") is made
    assert packed == [GZIP]


def test_a_daily_feed_ends_with_the_ledgers_newest_day_once_another_has_begun(
    store: Store, publisher: Publisher
) -> None:
    """The day is never whole, and the next one brings nothing that the feed takes in."""
    announce(store, PAPERS[0])
    assert PAPERS[0].encode() not in find(publisher, "daily/cs.AI.xml").body
    announce(store, PAPERS[1], "cs.LG", day=1)

    assert PAPERS[0].encode() in find(publisher, "daily/cs.AI.xml").body
