"""Puts the parts together: the one place where settings become objects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from random import Random

from flask import Flask

from feedsvc.arxiv.oai_source import OaiSource
from feedsvc.arxiv.source import ArxivSource, open_client
from feedsvc.digest import Summarizer
from feedsvc.digest.extractive import ExtractiveSummarizer
from feedsvc.exchange import PATIENCE
from feedsvc.feed.catalogue import Catalogue, load_catalogue
from feedsvc.feed.saved import define_saved
from feedsvc.feed.topic import Topics
from feedsvc.http import Client, Clock
from feedsvc.pipeline import Pipeline
from feedsvc.pipeline.catchup import CatchUp
from feedsvc.pipeline.deliver import Deliverer, DeliveryOptions
from feedsvc.pipeline.digests import Digester
from feedsvc.pipeline.harvest import Harvester
from feedsvc.pipeline.ingest import Ingest
from feedsvc.pipeline.intents import Verifier
from feedsvc.pipeline.payloads import Payloads
from feedsvc.pipeline.pings import Pinger
from feedsvc.pipeline.publish import ORIGINAL_LANGUAGE, Publisher
from feedsvc.pipeline.push import Pusher, TopicJudge, find_subscribed
from feedsvc.pipeline.saved import SavedFeeds, SavingLimits
from feedsvc.pipeline.sketches import Sketcher
from feedsvc.pipeline.watch import count_request
from feedsvc.render import load_formats
from feedsvc.settings import Settings
from feedsvc.store import Store, open_store
from feedsvc.store.pace import StorePace
from feedsvc.web import create_app
from feedsvc.web.hub import allow_callbacks, limit_hub

# A request is over by PATIENCE: a lease that lasts longer is a dead holder's.
LEASE_TIMEOUTS = PATIENCE + 2


@dataclass(frozen=True, slots=True)
class Service:
    """All parts of one running service, sharing a store."""

    settings: Settings
    store: Store
    catalogue: Catalogue
    publisher: Publisher
    pipeline: Pipeline
    pusher: Pusher
    app: Flask

    def close(self) -> None:
        """Let go of the database."""
        self.store.close()


def make_service(
    settings: Settings,
    clock: Clock,
    *,
    summarizer: Summarizer | None = None,
    report: Callable[[str], None] = lambda line: None,
) -> Service:
    """Make a service; nothing runs yet, and the schema is brought up to date.

    Raises SettingsError for feed definitions or a database URL that cannot be used, and StoreError.
    """
    defined = load_catalogue(settings.feeds_dir, settings.categories)
    store = open_store(settings.database_url)
    store.migrate()
    saved = make_saved(settings, store, defined, clock)
    catalogue = replace(defined, find_saved=saved.define)
    formats = load_formats()
    topics = Topics(settings.base, catalogue, settings.languages, tuple(formats))
    publisher = Publisher(
        store,
        catalogue,
        formats,
        clock,
        base=settings.base,
        languages=settings.languages,
        categories=settings.categories,
        saved=lambda: map(define_saved, saved.awake()),
        hubs=settings.hub_urls,
        subscribed=partial(find_subscribed, store, topics, clock),
    )
    client = make_client(settings, store, clock)
    ingest = Ingest(store, ArxivSource(client, settings.arxiv), clock, settings.categories)
    harvester = Harvester(OaiSource(client, settings.arxiv))
    catch_up = CatchUp(store, harvester, clock, settings.categories)
    languages = tuple(dict.fromkeys((ORIGINAL_LANGUAGE, *settings.languages)))
    digester = Digester(store, summarizer or ExtractiveSummarizer(), languages)
    return Service(
        settings=settings,
        store=store,
        catalogue=catalogue,
        publisher=publisher,
        pipeline=Pipeline(ingest, digester, Sketcher(store), publisher, catch_up, clock, report),
        pusher=make_pusher(settings, store, topics, publisher, clock),
        app=create_app(settings, store, catalogue, publisher, saved, clock=clock),
    )


def make_pusher(
    settings: Settings,
    store: Store,
    topics: Topics,
    publisher: Publisher,
    clock: Clock,
    options: DeliveryOptions | None = None,
) -> Pusher:
    """Make what verifies subscriptions and delivers documents; `options` stand for the settings' own."""
    hub, random = settings.hub, Random()
    payloads = Payloads(store.documents.find, store.deliveries.find_marks, diff=hub.diff)
    chosen = options or DeliveryOptions(signature=hub.signature)
    return Pusher(
        store,
        clock,
        topics,
        Verifier(store, clock, TopicJudge(topics, publisher), limit_hub(hub), random),
        Deliverer(store, clock, topics, settings.hub_urls, payloads, chosen, random),
        Pinger(store, clock, random),
        allow_callbacks(hub),
        f"feedsvc/{version('feedsvc')} (+{settings.base}/)",
    )


def make_saved(settings: Settings, store: Store, catalogue: Catalogue, clock: Clock) -> SavedFeeds:
    """Make what looks after the feeds that visitors save."""
    saving = settings.saving
    limits = SavingLimits(saving.most, timedelta(days=saving.sleep_days))
    return SavedFeeds(store, catalogue, clock, limits)


def make_record_source(settings: Settings, store: Store, clock: Clock) -> OaiSource:
    """Make the way to arXiv's lists of records, as polite as every other."""
    return OaiSource(make_client(settings, store, clock), settings.arxiv)


def make_client(settings: Settings, store: Store, clock: Clock) -> Client:
    """Make the polite client for arXiv that all processes on one store share."""
    arxiv = settings.arxiv
    pace = StorePace(store.engine, clock, arxiv.interval_seconds, arxiv.timeout_seconds * LEASE_TIMEOUTS)
    return open_client(arxiv, pace, clock, version("feedsvc"), partial(count_request, store, clock))
