"""The web application: feeds, the subscription index, status, health. No SQL and no rendering of feeds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from typing import Protocol

from flask import Blueprint, Flask

from feedsvc.feed.catalogue import Catalogue
from feedsvc.feed.topic import Topics
from feedsvc.http import Clock
from feedsvc.pipeline.publish import Publisher
from feedsvc.pipeline.saved import SavedFeeds
from feedsvc.pipeline.watch import Watch
from feedsvc.render import Format, load_formats
from feedsvc.settings import Settings
from feedsvc.store import Store
from feedsvc.web.badges import BadgeViews
from feedsvc.web.basket import BasketViews
from feedsvc.web.clients import Clients
from feedsvc.web.counter import Counter
from feedsvc.web.directory import Directory, make_directory
from feedsvc.web.errors import register_errors
from feedsvc.web.feedpage import FeedPages
from feedsvc.web.feeds import FeedViews
from feedsvc.web.front import Front
from feedsvc.web.health import HealthViews
from feedsvc.web.hub import HubViews
from feedsvc.web.index import IndexViews
from feedsvc.web.library import LibraryViews
from feedsvc.web.limits import Limits
from feedsvc.web.metrics import MetricViews, StoreCollector
from feedsvc.web.openapi import OpenApiViews
from feedsvc.web.packing import Packings
from feedsvc.web.pages import PageLanguage, register_language
from feedsvc.web.papers import PaperViews
from feedsvc.web.pulse import Pulse
from feedsvc.web.responses import is_static, prepare_responses
from feedsvc.web.saved import SavedViews
from feedsvc.web.search import SearchViews
from feedsvc.web.site import Site, UnderPrefix
from feedsvc.web.status import StatusViews
from feedsvc.web.subscribers import Subscribers

STATIC_SECONDS = 3600
MOST_SENT_BYTES = 16_384
MOST_MADE_BYTES = 32_000_000
"""So many bytes of pages and of documents made on demand are kept packed, beside those of ready ones."""


def create_app(
    settings: Settings,
    store: Store,
    catalogue: Catalogue,
    publisher: Publisher,
    saved: SavedFeeds,
    *,
    clock: Clock,
) -> Flask:
    """Make the application; nothing is asked of the store yet.

    It lives under the path of the base address and needs no header of a proxy's.
    """
    app = Flask(__name__)
    _configure(app)
    site = Site(settings.base)
    packings, made_packings = Packings(), Packings(MOST_MADE_BYTES)
    subscribers = Subscribers(store, clock, store.subscriptions.count_by_feed)
    counter, pulse = Counter(packings), Pulse(store.documents.edition, publisher.complete_languages)
    front = Front(counter, pulse, clock, store.documents, site.protections, subscribers.note)
    clients = Clients(settings.trusted_proxies)
    limits = Limits(settings.limits, clients, clock)
    house = House(settings, store, catalogue, publisher, saved, clock, site, subscribers, limits, clients)
    feeds = house.make_feeds(counter, Counter(made_packings), pulse, front)
    for views in (feeds, *house.make_pages(), *house.make_services()):
        app.register_blueprint(views.blueprint())
    register_errors(app)
    limits.watch_posts(app)
    register_language(app, settings.languages)
    app.after_request(site.protect)
    prepare_responses(app, made_packings, clock)
    _put_before(app, front, site)
    return app


class Views(Protocol):
    """Routes, and what they need."""

    def blueprint(self) -> Blueprint:
        """Give the routes."""
        ...


@dataclass(frozen=True)
class House:
    """What views are made of."""

    settings: Settings
    store: Store
    catalogue: Catalogue
    publisher: Publisher
    saved: SavedFeeds
    clock: Clock
    site: Site
    subscribers: Subscribers
    limits: Limits
    clients: Clients
    formats: Mapping[str, Format] = field(default_factory=load_formats)

    @cached_property
    def directory(self) -> Directory:
        """What the index lists."""
        return make_directory(self.catalogue, self.settings.categories)

    @cached_property
    def watch(self) -> Watch:
        """What looks over the ledger."""
        return Watch(self.store, self.clock, self.settings.categories, self.settings.late_after)

    def make_feeds(self, counter: Counter, made_counter: Counter, pulse: Pulse, front: Front) -> FeedViews:
        """Make what is below `/feeds/`."""
        languages = self.settings.languages
        return FeedViews(
            self.site,
            self.catalogue,
            self.directory,
            self.publisher,
            self.saved,
            self.clock,
            languages,
            tuple(self.formats),
            counter,
            made_counter,
            pulse,
            front,
            FeedPages(self.site, self.store, self.publisher, self.formats, languages),
            self.subscribers,
            self.limits,
            self.settings.hub_urls,
        )

    def make_pages(self) -> Iterator[Views]:
        """Make the other pages for people."""
        site, store, formats, saving = self.site, self.store, self.formats, self.settings.saving
        languages, directory, catalogue = self.settings.languages, self.directory, self.catalogue
        yield IndexViews(site, directory, store, self.saved, saving, formats, languages, self.subscribers)
        yield BasketViews(site, catalogue, directory, formats, languages)
        yield SearchViews(site, catalogue, store, self.publisher, saving, formats, languages, self.limits)
        yield BadgeViews(site, catalogue, self.subscribers, languages)
        yield PaperViews(site, store, catalogue, self.limits)
        yield SavedViews(site, self.saved, saving, tuple(formats))
        yield LibraryViews(site, store, catalogue, tuple(formats))
        yield StatusViews(self.watch, directory)

    def make_services(self) -> Iterator[Views]:
        """Make what programs ask."""
        settings = self.settings
        yield MetricViews(StoreCollector(self.store, self.watch, settings.languages[0]))
        yield HealthViews(self.store)
        yield OpenApiViews(self.site)
        if settings.hub.is_served:
            topics = Topics(settings.base, self.catalogue, settings.languages, tuple(self.formats))
            yield HubViews(self.store, topics, settings.hub, self.clients, self.clock)


def _put_before(app: Flask, front: Front, site: Site) -> None:
    """Have the front asked first, below the path of the base address."""
    app.wsgi_app = front.wrap(app.wsgi_app)  # type: ignore[method-assign, assignment]
    if site.prefix:
        app.wsgi_app = UnderPrefix(app.wsgi_app, site.prefix)  # type: ignore[method-assign]


def _configure(app: Flask) -> None:
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = STATIC_SECONDS
    app.config["MAX_CONTENT_LENGTH"] = MOST_SENT_BYTES
    # Werkzeug would answer a slash too many with a redirect to whatever host the client named.
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = False
    app.url_map.converters["language"] = PageLanguage
    app.jinja_env.globals["release"] = version("feedsvc")
    app.jinja_env.globals["is_static"] = is_static
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
