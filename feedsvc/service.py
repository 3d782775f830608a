"""Puts the parts together: the one place where settings become objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from random import Random
from resource import RLIMIT_NOFILE, getrlimit

from flask import Flask

from feedsvc.arxiv.oai_source import OaiSource
from feedsvc.arxiv.source import ArxivSource, open_client
from feedsvc.digest import Summarizer
from feedsvc.digest.extractive import ExtractiveSummarizer
from feedsvc.digest.llm.endpoint import Endpoint
from feedsvc.digest.llm.purse import Prices
from feedsvc.digest.llm.recall import Recall
from feedsvc.digest.llm.writer import ModelWriter
from feedsvc.exchange import PATIENCE
from feedsvc.feed.catalogue import Catalogue, load_catalogue
from feedsvc.feed.saved import define_saved
from feedsvc.feed.topic import Topics
from feedsvc.http import Client, Clock
from feedsvc.pipeline import Pipeline
from feedsvc.pipeline.catchup import CatchUp
from feedsvc.pipeline.deliver import Deliverer, DeliveryOptions, choose_patience
from feedsvc.pipeline.digests import Digester
from feedsvc.pipeline.harvest import Harvester
from feedsvc.pipeline.ingest import Ingest
from feedsvc.pipeline.intents import Verifier
from feedsvc.pipeline.payloads import Payloads
from feedsvc.pipeline.pings import Pinger
from feedsvc.pipeline.publish import Publisher
from feedsvc.pipeline.push import Pusher, TopicJudge, find_subscribed
from feedsvc.pipeline.saved import SavedFeeds, SavingLimits
from feedsvc.pipeline.sketches import Sketcher
from feedsvc.pipeline.watch import count_request
from feedsvc.pipeline.writing import DailyPurse, Writing
from feedsvc.render import Format, load_formats
from feedsvc.render.entry import ORIGINAL_LANGUAGE
from feedsvc.settings import Settings
from feedsvc.steps import Step
from feedsvc.store import Store, open_store
from feedsvc.store.orders import Ordering
from feedsvc.store.pace import StorePace
from feedsvc.web import create_app
from feedsvc.web.hub import allow_callbacks, limit_hub

# A lease is renewed while its request lasts: a dead holder keeps the others waiting for so long at most.
LEASE_SECONDS = 60.0
# A request is over by PATIENCE, so that a longer lease is a dead holder's in any case.
LEASE_TIMEOUTS = PATIENCE + 2
# A worker's place is not given away for hours: what is left is written when nothing more urgent waits.
LONGEST_WRITING = timedelta(minutes=2)


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

    def run_step(self, step: Step) -> object:
        """Do whatever a step has to do now; nothing if this service has nothing to do with it."""
        run = self.steps.get(step)
        return run() if run is not None else None

    @property
    def steps(self) -> dict[Step, Callable[[], object]]:
        """What each step does, without those that this service has nothing to do with."""
        pipeline = self.pipeline
        steps: dict[Step, Callable[[], object]] = {
            Step.FETCH: pipeline.fetch_batches,
            Step.DIGEST: pipeline.make_digests,
            Step.BUILD: pipeline.build_documents,
            Step.SKETCH: pipeline.sketch_papers,
            Step.COMPLETE: pipeline.complete_papers,
            Step.CATCH_UP: pipeline.close_gaps,
        }
        if self.settings.hub.mode != "off":
            steps |= {Step.VERIFY: self.pusher.verify_due, Step.DELIVER: self.pusher.deliver_due}
        if pipeline.writing.has_writer:
            steps[Step.WRITE] = partial(pipeline.write_digests, LONGEST_WRITING)
        return steps

    def stop(self) -> None:
        """End steps that are under way as soon as they may be left; what they leave undone is due again."""
        self.pipeline.stop()
        self.pusher.stop()

    def close(self) -> None:
        """Let go of the database, and of the model."""
        self.pipeline.writing.close()
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
    store = open_store(settings.database_url, make_ordering(settings, clock))
    store.migrate()
    prepare_jobs(store)
    saved = make_saved(settings, store, defined, clock)
    catalogue = replace(defined, find_saved=saved.define)
    formats = load_formats()
    topics = Topics(settings.base, catalogue, settings.languages, tuple(formats))
    publisher = make_publisher(settings, store, catalogue, saved, topics, formats, clock)
    return Service(
        settings=settings,
        store=store,
        catalogue=catalogue,
        publisher=publisher,
        pipeline=make_pipeline(settings, store, publisher, clock, summarizer, report),
        pusher=make_pusher(settings, store, topics, publisher, clock),
        app=create_app(settings, store, catalogue, publisher, saved, clock=clock),
    )


def make_publisher(
    settings: Settings,
    store: Store,
    catalogue: Catalogue,
    saved: SavedFeeds,
    topics: Topics,
    formats: Mapping[str, Format],
    clock: Clock,
) -> Publisher:
    """Make what builds the documents of all feeds, the saved and the subscribed ones included."""
    return Publisher(
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


def make_pipeline(
    settings: Settings,
    store: Store,
    publisher: Publisher,
    clock: Clock,
    summarizer: Summarizer | None,
    report: Callable[[str], None],
) -> Pipeline:
    """Make the steps from arXiv to the documents; without a summarizer digests are extracted."""
    client = make_client(settings, store, clock)
    ingest = Ingest(store, ArxivSource(client, settings.arxiv), clock, settings.categories)
    harvester = Harvester(OaiSource(client, settings.arxiv))
    catch_up = CatchUp(store, harvester, clock, settings.categories)
    languages = tuple(dict.fromkeys((ORIGINAL_LANGUAGE, *settings.languages)))
    digester = Digester(store, summarizer or ExtractiveSummarizer(), languages)
    writing = Writing(store, make_writer(settings, store, clock), clock, settings.llm.concurrency)
    return Pipeline(ingest, digester, Sketcher(store), publisher, catch_up, writing, clock, report)


def prepare_jobs(store: Store) -> str | None:
    """Bring the job engine's schema up to date, where the store may have one; give its last change's name.

    None on SQLite, and without the extra `postgres`. Raises StoreError.
    """
    if not store.jobs.is_possible:
        return None
    try:
        from feedsvc.jobs.engine import read_schema
    except ImportError:
        return None
    return store.jobs.prepare(*read_schema())


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
    file_limit, _ = getrlimit(RLIMIT_NOFILE)
    chosen = options or DeliveryOptions(signature=hub.signature, patient=choose_patience(file_limit))
    return Pusher(
        store,
        clock,
        topics,
        Verifier(store, clock, TopicJudge(topics, publisher), limit_hub(hub), random),
        Deliverer(store, clock, topics, settings.hub_urls, settings.other_hubs, payloads, chosen, random),
        Pinger(store, clock, random),
        allow_callbacks(hub),
        f"feedsvc/{version('feedsvc')} (+{settings.base}/)",
    )


def make_saved(settings: Settings, store: Store, catalogue: Catalogue, clock: Clock) -> SavedFeeds:
    """Make what looks after the feeds that visitors save."""
    saving = settings.saving
    limits = SavingLimits(saving.most, timedelta(days=saving.sleep_days))
    return SavedFeeds(store, catalogue, clock, limits)


def make_ordering(settings: Settings, clock: Clock) -> Ordering | None:
    """Tell the store which digests are ordered of a model; None if there is none."""
    languages = settings.written_languages
    return Ordering(languages, settings.llm.hold, clock) if languages else None


def make_writer(settings: Settings, store: Store, clock: Clock) -> ModelWriter | None:
    """Make what has a model write digests; None if there is none."""
    llm = settings.llm
    if llm.base_url is None:
        return None
    endpoint = Endpoint(
        str(llm.base_url).rstrip("/"),
        llm.model,
        llm.key.get_secret_value(),
        clock,
        timeout_seconds=llm.timeout_seconds,
        attempts=llm.attempts,
    )
    purse = DailyPurse(store, clock, llm.model, llm.tokens_per_day, llm.millionths_per_day)
    prices = Prices(llm.reading_price, llm.writing_price)
    return ModelWriter(endpoint, Recall(store.answers, llm.model), purse, prices, most_tokens=llm.max_tokens)


def make_record_source(settings: Settings, store: Store, clock: Clock) -> OaiSource:
    """Make the way to arXiv's lists of records, as polite as every other."""
    return OaiSource(make_client(settings, store, clock), settings.arxiv)


def make_client(settings: Settings, store: Store, clock: Clock) -> Client:
    """Make the polite client for arXiv that all processes on one store share."""
    arxiv = settings.arxiv
    lease = min(LEASE_SECONDS, arxiv.timeout_seconds * LEASE_TIMEOUTS)
    pace = StorePace(store.engine, clock, arxiv.interval_seconds, lease)
    return open_client(arxiv, pace, clock, version("feedsvc"), partial(count_request, store, clock))
