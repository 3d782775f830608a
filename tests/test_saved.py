"""Saving feeds: what can be saved, by whom it can be changed, and when it sleeps."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from feedsvc.errors import GivenUpError, QueryError, SavedFeedError, UnknownFeedError
from feedsvc.feed.catalogue import Catalogue, load_catalogue
from feedsvc.feed.saved import define_saved
from feedsvc.pipeline.saved import SavedFeeds, SavingLimits
from feedsvc.store import Store, schema
from feedsvc.store.engine import read
from tests.builders import make_announcement, make_batch, make_paper
from tests.web_house import DEFINITION, NOON, StoppedClock

LIMITS = SavingLimits(most=3, sleep_after=timedelta(days=90))


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    """Give a catalogue with one defined feed, `random-walks`."""
    (tmp_path / "random-walks.toml").write_text(DEFINITION, "utf-8")
    return load_catalogue(tmp_path)


@pytest.fixture
def clock() -> StoppedClock:
    """Give a clock that stands at noon."""
    return StoppedClock()


@pytest.fixture
def saved(store: Store, catalogue: Catalogue, clock: StoppedClock) -> SavedFeeds:
    """Give the saved feeds of an empty store; there may be three."""
    return SavedFeeds(store, catalogue, clock, LIMITS)


def test_a_saved_feed_has_its_name_and_its_query_in_canonical_text(saved: SavedFeeds) -> None:
    feed, _ = saved.save(" Slow-Walks ", 'ti:walk AND "very slow"', "Slow  walks\n")

    definition = saved.define("slow-walks")

    assert (feed.name, feed.title, feed.query) == ("slow-walks", "Slow walks", '"very slow" ti:walk')
    assert definition is not None
    assert definition.make_feed().path("xml") == "/feeds/slow-walks.xml"


def test_papers_like_one_that_is_not_stored_cannot_be_looked_for(saved: SavedFeeds) -> None:
    with pytest.raises(QueryError, match=r"2601\.99999 is not stored here") as caught:
        saved.save("near-walks", "walk like:2601.99999")

    assert caught.value.position == len("walk like:")
    assert [*saved.awake()] == []


def test_nor_can_a_feed_be_changed_to_look_for_them(saved: SavedFeeds) -> None:
    feed, _ = saved.save("slow-walks", "walk")

    with pytest.raises(QueryError, match=r"2601\.99999 is not stored here"):
        saved.change(feed, "walk like:2601.99999")

    assert [each.query for each in saved.awake()] == ["walk"]


def test_papers_like_one_that_is_stored_can_be_looked_for(saved: SavedFeeds, store: Store) -> None:
    paper = make_paper()
    announcement = make_announcement(paper.id)
    store.ledger.record_batch(make_batch([announcement]), [paper], [announcement])

    feed, _ = saved.save("near-walks", f"like:{paper.id}")

    assert feed.query == f"like:{paper.id}"


def test_without_a_title_the_query_is_the_title(saved: SavedFeeds) -> None:
    feed, _ = saved.save("slow-walks", "walk slow")

    assert feed.title == "slow walk"


@pytest.mark.parametrize(("title", "description"), [("", ""), ("Walks", "abs:walk")])
def test_a_feed_is_described_by_its_query_unless_that_is_its_title(
    saved: SavedFeeds, title: str, description: str
) -> None:
    feed, _ = saved.save("walks", "abs:walk", title)

    assert define_saved(feed).make_feed().description == description


def test_a_title_holds_no_characters_that_cannot_be_seen(saved: SavedFeeds) -> None:
    feed, _ = saved.save("slow-walks", "walk", "\u202eslow\u0000 walks")

    assert feed.title == "slow walks"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "no feed name"),
        ("x", "no feed name"),
        ("Slow walks", "no feed name"),
        ("cs-ai.xml", "no feed name"),
        ("search", "reserved"),
        ("hep-th", "category or archive"),
        ("pt-br", "language"),
        ("random-walks", "is a feed already"),
        ("a" * 61, "too long"),
    ],
)
def test_a_name_that_means_something_else_is_refused(name: str, why: str, saved: SavedFeeds) -> None:
    with pytest.raises(SavedFeedError, match=why) as caught:
        saved.save(name, "walk")

    assert caught.value.field == "name"


def test_a_query_that_cannot_be_read_is_refused_with_its_place(saved: SavedFeeds) -> None:
    with pytest.raises(QueryError) as caught:
        saved.save("slow-walks", "walk (slow")

    assert caught.value.position == 5


def test_a_query_is_needed(saved: SavedFeeds) -> None:
    with pytest.raises(SavedFeedError, match="no query"):
        saved.save("slow-walks", "  ")


def test_a_title_may_have_120_letters(saved: SavedFeeds) -> None:
    saved.save("slow-walks", "walk", "a" * 120)
    with pytest.raises(SavedFeedError, match="at most 120 letters"):
        saved.save("slower-walks", "walk", "a" * 121)


def test_a_name_is_had_once(saved: SavedFeeds) -> None:
    saved.save("slow-walks", "walk")
    with pytest.raises(SavedFeedError, match="is taken"):
        saved.save("slow-walks", "run")

    assert [feed.query for feed in saved.awake()] == ["walk"]


def test_so_many_feeds_may_be_saved_and_no_more(saved: SavedFeeds) -> None:
    for number in range(3):
        saved.save(f"walk-{number}", "walk")
    with pytest.raises(SavedFeedError, match="3 feeds are saved"):
        saved.save("walk-3", "walk")

    saved.delete(next(iter(saved.awake())))
    saved.save("walk-3", "walk")


def test_of_a_secret_only_a_hash_is_kept(saved: SavedFeeds, store: Store) -> None:
    _, secret = saved.save("slow-walks", "walk")

    with read(store.engine) as connection:
        row = connection.execute(select(schema.saved_feeds)).one()
    assert len(secret) >= 32
    assert secret not in str(row)


def test_only_the_secret_of_a_feed_opens_it(saved: SavedFeeds) -> None:
    feed, secret = saved.save("slow-walks", "walk")
    _, other = saved.save("fast-walks", "run")

    assert saved.open("slow-walks", secret) == feed
    for name, wrong in [("slow-walks", other), ("slow-walks", ""), ("no-walks", secret), ("no-walks", "")]:
        with pytest.raises(UnknownFeedError):
            saved.open(name, wrong)


def test_a_changed_feed_keeps_its_address_and_its_secret(saved: SavedFeeds) -> None:
    feed, secret = saved.save("slow-walks", "walk", "Walks")
    changed = saved.change(feed, "walk OR stroll", "Strolls")

    assert (changed.name, changed.title, changed.query) == ("slow-walks", "Strolls", "stroll OR walk")
    assert saved.open("slow-walks", secret) == changed


def test_a_deleted_feed_is_gone_and_its_name_stays_taken(saved: SavedFeeds) -> None:
    feed, secret = saved.save("slow-walks", "walk")
    saved.delete(feed)

    with pytest.raises(GivenUpError, match="was deleted"):
        saved.define("slow-walks")
    with pytest.raises(UnknownFeedError):
        saved.open("slow-walks", secret)
    with pytest.raises(UnknownFeedError):
        saved.open("slow-walks", "")
    with pytest.raises(SavedFeedError, match="is taken"):
        saved.save("slow-walks", "run")


def test_what_nobody_asks_for_in_ninety_days_sleeps_and_wakes_when_asked_for(
    saved: SavedFeeds, clock: StoppedClock
) -> None:
    saved.save("slow-walks", "walk")
    saved.save("fast-walks", "run")
    clock.moment = NOON + timedelta(days=60)
    saved.note_asked("cs.AI+random-walks+slow-walks")
    clock.moment = NOON + timedelta(days=91)

    assert [feed.name for feed in saved.awake()] == ["slow-walks"]
    assert saved.define("fast-walks") is not None
    saved.note_asked("fast-walks")
    assert [feed.name for feed in saved.awake()] == ["fast-walks", "slow-walks"]


def test_that_somebody_asked_is_noted_once_a_day(
    saved: SavedFeeds, clock: StoppedClock, store: Store
) -> None:
    saved.save("slow-walks", "walk")
    clock.moment = NOON + timedelta(hours=23)
    saved.note_asked("slow-walks")
    before = store.saved.find("slow-walks")
    clock.moment = NOON + timedelta(hours=24)
    saved.note_asked("slow-walks")
    after = store.saved.find("slow-walks")

    assert before is not None
    assert after is not None
    assert (before.asked_at, after.asked_at) == (NOON, clock.moment)
