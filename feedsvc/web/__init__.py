"""The web application: feeds, the subscription index, status, health. No SQL and no rendering of feeds."""

from __future__ import annotations

from importlib.metadata import version

from flask import Flask

from feedsvc.feed.catalogue import Catalogue
from feedsvc.feed.topic import Topics
from feedsvc.http import Clock
from feedsvc.pipeline.publish import Publisher
from feedsvc.pipeline.saved import SavedFeeds
from feedsvc.pipeline.watch import Watch
from feedsvc.render import load_formats
from feedsvc.settings import Settings
from feedsvc.store import Store
from feedsvc.web.badges import BadgeViews
from feedsvc.web.basket import BasketViews
from feedsvc.web.counter import Counter
from feedsvc.web.directory import make_directory
from feedsvc.web.errors import register_errors
from feedsvc.web.feedpage import FeedPages
from feedsvc.web.feeds import FeedViews
from feedsvc.web.front import Front
from feedsvc.web.health import HealthViews
from feedsvc.web.hub import HubViews
from feedsvc.web.index import IndexViews
from feedsvc.web.library import LibraryViews
from feedsvc.web.metrics import MetricViews, StoreCollector
from feedsvc.web.packing import Packings
from feedsvc.web.pages import register_language
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
    formats = load_formats()
    directory = make_directory(catalogue, settings.categories)
    languages = settings.languages
    subscribers = Subscribers(store, clock, store.subscriptions.count_by_feed)
    packings = Packings()
    counter, pulse = Counter(packings), Pulse(store.documents.edition, publisher.complete_languages)
    front = Front(counter, pulse, clock, store.documents.find_tag, site.protections, subscribers.note)
    feeds = FeedViews(
        site,
        catalogue,
        directory,
        publisher,
        saved,
        clock,
        languages,
        tuple(formats),
        counter,
        pulse,
        front,
        FeedPages(site, store, publisher, clock, formats, languages),
        subscribers,
        settings.hub_urls,
    )
    index = IndexViews(site, directory, store, saved, settings.saving, formats, languages, subscribers)
    basket = BasketViews(site, catalogue, directory, formats)
    search = SearchViews(site, catalogue, directory, store, publisher, settings.saving, formats, languages)
    badges = BadgeViews(site, catalogue, directory, subscribers, languages)
    papers = PaperViews(site, store, catalogue)
    saving = SavedViews(site, saved, settings.saving, tuple(formats))
    watch = Watch(store, clock, settings.categories, settings.late_after)
    metrics = MetricViews(StoreCollector(store, watch, languages[0]))
    library = LibraryViews(site, store, catalogue, tuple(formats))
    status = StatusViews(watch, directory)
    people = (index, basket, search, feeds, badges, papers, saving, library, status)
    for views in (*people, metrics, HealthViews(store)):
        app.register_blueprint(views.blueprint())
    if settings.hub.mode != "off":
        topics = Topics(settings.base, catalogue, settings.languages, tuple(formats))
        app.register_blueprint(HubViews(store, topics, settings.hub, clock).blueprint())
    register_errors(app)
    register_language(app)
    app.after_request(site.protect)
    prepare_responses(app, packings, clock)
    app.wsgi_app = front.wrap(app.wsgi_app)  # type: ignore[method-assign, assignment]
    if site.prefix:
        app.wsgi_app = UnderPrefix(app.wsgi_app, site.prefix)  # type: ignore[method-assign]
    return app


def _configure(app: Flask) -> None:
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = STATIC_SECONDS
    app.config["MAX_CONTENT_LENGTH"] = MOST_SENT_BYTES
    # Werkzeug would answer a slash too many with a redirect to whatever host the client named.
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = False
    app.jinja_env.globals["release"] = version("feedsvc")
    app.jinja_env.globals["is_static"] = is_static
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
