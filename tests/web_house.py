"""A whole web application over a real store with a few invented papers, for the tests of the web's parts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from feedsvc.feed.catalogue import load_catalogue
from feedsvc.feed.topic import Topics
from feedsvc.ledger import count_kinds, fingerprint_batch
from feedsvc.paper import Announcement, Author, Batch, BatchState, Kind, Paper
from feedsvc.pipeline.deliver import DeliveryOptions
from feedsvc.pipeline.publish import Publisher
from feedsvc.pipeline.push import Pusher
from feedsvc.render import load_formats
from feedsvc.service import make_ordering, make_publisher, make_pusher, make_saved
from feedsvc.settings import Settings, load_settings
from feedsvc.store import Store, open_store
from feedsvc.web import create_app
from tests.databases import make_database

DAY = date(2026, 1, 14)
NOON = datetime(2026, 1, 14, 17, 0, tzinfo=UTC)
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
DEFINITION = """
title = "Random walks"
description = "Walks that nobody steers."
query = '"random walk" OR ti:wandering'
"""


@dataclass
class StoppedClock:
    """A clock that stands where it is put."""

    moment: datetime = NOON
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        """Give the moment."""
        return self.moment

    def sleep(self, seconds: float) -> None:
        """Note how long somebody wanted to wait."""
        self.slept.append(seconds)


@dataclass
class House:
    """The parts of one application."""

    settings: Settings
    clock: StoppedClock
    store: Store
    publisher: Publisher
    pusher: Pusher
    app: Flask

    @property
    def client(self) -> FlaskClient:
        """A client that keeps nothing between requests."""
        return self.app.test_client(use_cookies=False)


def make_paper(number: int, title: str, *categories: str) -> Paper:
    """Invent a paper."""
    return Paper(
        id=f"2601.{number:05}",
        version=1,
        title=title,
        abstract=f"We study {title.lower()}. It was hard before. Now it is easier.",
        authors=(Author("Ada Lovelace"), Author("Jiří Novák")),
        categories=categories,
    )


PAPERS = (
    make_paper(1, "A random walk through a library", "cs.AI", "math.NA"),
    make_paper(2, "Wandering & <waiting>", "cs.AI"),
    make_paper(3, "Still standing", "cs.CL", "cs.AI"),
    make_paper(4, "Strings without knots", "hep-th"),
)


@contextmanager
def open_house(folder: Path, **values: object) -> Iterator[House]:
    """Build everything over a store in a folder, with one day announced and every ready document made."""
    feeds = folder / "feeds"
    feeds.mkdir()
    (feeds / "random-walks.toml").write_text(DEFINITION, "utf-8")
    chosen: dict[str, object] = {
        "base_url": "https://feeds.example.org",
        "categories": "cs.AI,cs.CL,math.NA,hep-th",
        "languages": "en,zh",
        "feeds_dir": feeds,
    }
    with make_database(folder) as database_url:
        settings = load_settings(**(chosen | {"database_url": database_url} | values))
        clock = StoppedClock()
        store = open_store(settings.database_url, make_ordering(settings, clock))
        store.migrate()
        announce(store, "cs.AI", *PAPERS[:3])
        announce(store, "cs.CL", PAPERS[2])
        announce(store, "hep-th", PAPERS[3])
        try:
            yield _furnish(settings, store, clock)
        finally:
            store.close()


def _furnish(settings: Settings, store: Store, clock: StoppedClock) -> House:
    defined = load_catalogue(settings.feeds_dir, settings.categories)
    saved = make_saved(settings, store, defined, clock)
    catalogue = replace(defined, find_saved=saved.define)
    formats = load_formats()
    topics = Topics(settings.base, catalogue, settings.languages, tuple(formats))
    publisher = make_publisher(settings, store, catalogue, saved, topics, formats, clock)
    publisher.build_documents()
    app = create_app(settings, store, catalogue, publisher, saved, clock=clock)
    pusher = make_pusher(
        settings,
        store,
        topics,
        publisher,
        clock,
        DeliveryOptions(workers=4, signature=settings.hub.signature),
    )
    return House(settings, clock, store, publisher, pusher, app)


def announce(store: Store, category: str, *papers: Paper, day: date = DAY) -> None:
    """Record that a category announced papers: new in their primary category, crosses elsewhere."""
    announcements = tuple(
        Announcement(day, category, paper.id, paper.version, _kind_in(category, paper), day)
        for paper in papers
    )
    batch = Batch(
        day=day,
        category=category,
        state=BatchState.OK,
        source="listing",
        fingerprint=fingerprint_batch(announcements),
        counts=count_kinds(announcements),
        first_seen=NOON,
        last_seen=NOON,
    )
    store.ledger.record_batch(batch, papers, announcements)


def settle_day(house: House, day: date = DAY) -> None:
    """Record that the other followed categories announced nothing on a day, so that it is whole."""
    for category in house.settings.categories:
        if house.store.ledger.find_batch(category, day) is None:
            announce(house.store, category, day=day)


def _kind_in(category: str, paper: Paper) -> Kind:
    return Kind.NEW if paper.primary == category else Kind.CROSS
