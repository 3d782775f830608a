"""Figures for Prometheus, read from the store when they are asked for: whichever process did the work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime

from flask import Blueprint, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from feedsvc.calendar import announced_at
from feedsvc.lateness import Overall, Standing, Survey
from feedsvc.paper import Kind
from feedsvc.pipeline.watch import DigestFigures, Watch
from feedsvc.store import Store
from feedsvc.store.figures import DocumentFigures
from feedsvc.store.jobs import JobFigures
from feedsvc.store.subscriptions import HubFigures

# Batches are told of by how many announced days ago they are, so that labels do not grow with the years.
DAYS_BACK = 5
UNDIGESTED_AMONG = 10_000


class StoreCollector(Collector):
    """Reads the store in a fixed number of calls, none of which reads a large table whole."""

    def __init__(self, store: Store, watch: Watch, language: str) -> None:
        self._store = store
        self._watch = watch
        self._language = language

    def collect(self) -> Iterator[Metric]:
        """Give every figure. Raises StoreError."""
        survey = self._watch.survey()
        yield from _measure_lateness(survey)
        yield from _count_batches(survey)
        yield from self._count_rows()
        yield from _measure_documents(self._store.figures.sum_documents())
        yield self._count_requests()
        yield from _count_digests(self._watch.count_digests())
        yield from _measure_hub(self._store.subscriptions.sum_up(), survey.now)
        jobs = self._store.jobs.count()
        if jobs is not None:
            yield from _count_jobs(jobs)

    def _count_rows(self) -> Iterator[Metric]:
        figures = self._store.figures
        undigested = figures.count_undigested(self._language, UNDIGESTED_AMONG)
        yield _gauge("papers", "Paper versions in the store, about.", figures.count_papers())
        yield _gauge("announcements", "Announcements in the ledger, about.", figures.count_announcements())
        yield _gauge(
            "papers_incomplete", "Paper versions known from listings only.", figures.count_incomplete()
        )
        yield _gauge(
            "papers_undigested",
            f"Paper versions without a digest in the default language, up to {UNDIGESTED_AMONG}.",
            undigested,
        )

    def _count_requests(self) -> Metric:
        family = CounterMetricFamily(
            "feedsvc_requests", "Requests to arXiv by HTTP status.", labels=("host", "outcome")
        )
        for labels, number in self._store.requests.requests_by_outcome().items():
            family.add_metric(labels, number)
        return family


class MetricViews:
    """The figures as Prometheus reads them."""

    def __init__(self, collector: Collector) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(collector)

    def blueprint(self) -> Blueprint:
        """Give the routes."""
        blueprint = Blueprint("metrics", __name__)
        blueprint.add_url_rule("/metrics", view_func=self.show_metrics)
        return blueprint

    def show_metrics(self) -> Response:
        """Read the figures now."""
        headers = {"Cache-Control": "no-store"}
        return Response(
            generate_latest(self._registry), content_type=CONTENT_TYPE_PLAIN_0_0_4, headers=headers
        )


def _measure_lateness(survey: Survey) -> Iterator[Metric]:
    yield _gauge("late", "Whether any batch is late: 1 or 0.", survey.overall is Overall.LATE)
    yield _gauge("late_batches", "Batches that are late, of the last two weeks.", len(survey.late))
    ages = (
        ("newest_batch_age_seconds", "the newest complete batch", survey.newest_batch_day),
        ("complete_day_age_seconds", "the newest day of which every batch is complete", survey.complete_day),
    )
    for name, what, day in ages:
        if day is not None:
            yield _gauge(name, f"Seconds since arXiv announced {what}.", _age(day, survey.now))


def _age(day: date, now: datetime) -> float:
    return (now - announced_at(day)).total_seconds()


def _count_batches(survey: Survey) -> Iterator[Metric]:
    batches = _labelled("batches", "Followed categories by state, of the newest days.", "days_back", "state")
    rows = _labelled("batch_announcements", "Announcements by kind, of the newest days.", "days_back", "kind")
    for back, day in enumerate([day for day in survey.days if survey.owed(day)][:DAYS_BACK]):
        owed = survey.owed(day)
        states = Counter(cell.standing for cell in owed)
        for standing in Standing:
            if standing is not Standing.NONE:
                batches.add_metric((str(back), standing.value), states[standing])
        for kind in Kind:
            rows.add_metric((str(back), kind.value), sum(cell.counts.get(kind, 0) for cell in owed))
    return iter((batches, rows))


def _measure_documents(figures: Iterable[DocumentFigures]) -> Iterator[Metric]:
    families = {
        "documents": _labelled("documents", "Documents that are kept ready.", "format"),
        "behind": _labelled("documents_behind", "Documents built before the newest change.", "format"),
        "bytes": _labelled("documents_bytes", "Size of all documents, unpacked.", "format"),
        "largest_bytes": _labelled("largest_document_bytes", "Size of the largest document.", "format"),
        "entries": _labelled("documents_entries", "Entries of all documents.", "format"),
        "most_entries": _labelled("fullest_document_entries", "Entries of the fullest document.", "format"),
    }
    for each in figures:
        for field, family in families.items():
            family.add_metric((each.format,), getattr(each, field))
    return iter(families.values())


def _count_digests(figures: DigestFigures) -> Iterator[Metric]:
    orders = _labelled(
        "model_digests", "Digests ordered of a model in the last 60 days, by state.", "language", "state"
    )
    for (language, state), number in figures.orders.items():
        orders.add_metric((language, state.value), number)
    findings = CounterMetricFamily(
        "feedsvc_findings", "What was wrong with digests of a model, by rule.", labels=("rule",)
    )
    for rule, number in figures.findings.items():
        findings.add_metric((rule,), number)
    tokens = _labelled("model_tokens_today", "Tokens set aside or spent today.", "model")
    money = _labelled("model_money_today", "Money set aside or spent today, as the prices are.", "model")
    for model, spent in figures.spent.items():
        tokens.add_metric((model,), spent.tokens)
        money.add_metric((model,), spent.money)
    return iter((orders, findings, tokens, money))


def _measure_hub(figures: HubFigures, now: datetime) -> Iterator[Metric]:
    waited = 0.0 if figures.oldest is None else max(0.0, now.timestamp() - figures.oldest)
    yield _gauge("subscriptions", "WebSub subscriptions.", figures.subscriptions)
    yield _gauge("subscribed_topics", "Topics that have a subscription.", figures.topics)
    yield _gauge("subscriptions_failing", "Those whose last delivery failed.", figures.failing)
    yield _gauge("intents_waiting", "Requests to the hub not verified yet.", figures.intents)
    yield _gauge("deliveries_waiting", "Deliveries not done yet.", figures.deliveries)
    yield _gauge("deliveries_oldest_seconds", "Since the oldest of these was queued.", waited)
    family = CounterMetricFamily(
        "feedsvc_hub_requests",
        "Requests of the hub's by what they were for, and status.",
        labels=("what", "outcome"),
    )
    for labels, number in figures.outcomes.items():
        family.add_metric(labels, number)
    yield family


def _count_jobs(figures: JobFigures) -> Iterator[Metric]:
    jobs = _labelled("jobs", "Jobs by state; those that failed are of the last day.", "state")
    for state in ("waiting", "running", "stalled", "failed"):
        jobs.add_metric((state,), getattr(figures, state))
    yield jobs
    yield _gauge("workers", "Workers that gave a sign of life lately.", figures.workers)


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(f"feedsvc_{name}", about, float(value))


def _labelled(name: str, about: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"feedsvc_{name}", about, labels=labels)
