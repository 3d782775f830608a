"""What is wrong with a service, and what to do about it: a rule a function. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address

from feedsvc.http import is_arxiv
from feedsvc.lateness import Survey, tell_survey
from feedsvc.render.entry import ORIGINAL_LANGUAGE
from feedsvc.render.phrases import has_phrases
from feedsvc.settings import Settings
from feedsvc.store.figures import DocumentFigures
from feedsvc.store.jobs import JobFigures
from feedsvc.store.orders import OrderState
from feedsvc.store.subscriptions import HubFigures

FREE_BYTES = 1_000_000_000
MOST_SKEW = timedelta(minutes=5)
MOST_INCOMPLETE = 1_000
MOST_ORDERS = 2_000
QUEUE_PATIENCE = timedelta(hours=1)
FAILING_SHARE, FAILING_AMONG = 0.5, 4


class Weight(StrEnum):
    """Whether somebody has to do something."""

    WRONG = "wrong"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a subject, and what to do about it."""

    weight: Weight
    subject: str
    what: str
    todo: str


@dataclass(frozen=True)
class Facts:
    """What was seen; None stands for what could not be looked at, or was not asked for.

    What ends in `error`, and `feed_problems`, are sentences. `skew` is how far this clock is ahead
    of arXiv's. `orders` are a model's digests of the last 60 days by language and state.
    """

    now: datetime
    settings: Settings | None = None
    settings_error: str = ""
    store_error: str = ""
    feed_problems: tuple[str, ...] = ()
    free_bytes: int | None = None
    store_bytes: int = 0
    skew: timedelta | None = None
    upstream_error: str = ""
    survey: Survey | None = None
    documents: tuple[DocumentFigures, ...] = ()
    incomplete: int = 0
    undigested: int = 0
    orders: tuple[tuple[str, OrderState, int], ...] = ()
    hub: HubFigures | None = None
    jobs: JobFigures | None = None


def examine(facts: Facts) -> list[Finding]:
    """Give what every rule finds, what has to be done first."""
    found = [finding for rule in RULES for finding in rule(facts)]
    return sorted(found, key=lambda finding: finding.weight is not Weight.WRONG)


def judge_settings(facts: Facts) -> Iterator[Finding]:
    """Settings that cannot be read: unknown keys, wrong values."""
    if facts.settings_error:
        todo = "mend feedsvc.toml or the environment; README.md lists the settings"
        yield Finding(Weight.WRONG, "settings", facts.settings_error, todo)


def judge_base_url(facts: Facts) -> Iterator[Finding]:
    """A public address that nobody else can reach, though others may reach the server."""
    settings = facts.settings
    if settings is None or not _is_loopback((settings.base_url and settings.base_url.host) or settings.host):
        return
    what = f"every link begins with {settings.base}, which leads to this very machine"
    todo = "set FEEDSVC_BASE_URL to the public address"
    if _is_loopback(settings.host):
        yield Finding(Weight.NOTE, "base_url", what, f"nothing to try it here; for others, {todo}")
    else:
        yield Finding(Weight.WRONG, "base_url", what, todo)


def judge_contact(facts: Facts) -> Iterator[Finding]:
    """No address under which arXiv could write to us."""
    if facts.settings is None:
        return
    arxiv = facts.settings.arxiv
    if not arxiv.contact and is_arxiv(arxiv.feed_url.host or ""):
        what = "arXiv is not told whom to write to"
        yield Finding(Weight.WRONG, "contact", what, "set FEEDSVC_ARXIV__CONTACT to a mail or web address")


def judge_languages(facts: Facts) -> Iterator[Finding]:
    """Languages of the feeds in which nobody writes, or of which this release has no phrases."""
    settings = facts.settings
    if settings is None:
        return
    for language in settings.languages:
        if not has_phrases(language):
            what = (
                f"of {language!r} there are no phrases: headings, dates and labels of its feeds are English"
            )
            yield Finding(Weight.NOTE, "languages", what, "nothing, if digests in it are all you want")
        is_original = language.partition("-")[0].lower() == ORIGINAL_LANGUAGE
        if not is_original and language not in settings.written_languages:
            what = f"no model writes digests in {language!r}: its feeds hold originals"
            wanted = "LANGUAGES" if settings.llm.base_url else "BASE_URL"
            yield Finding(Weight.NOTE, "languages", what, f"set FEEDSVC_LLM__{wanted}, see README.md")


def judge_feeds(facts: Facts) -> Iterator[Finding]:
    """Feed definitions that cannot be used, or a folder that is not there."""
    for problem in facts.feed_problems:
        yield Finding(Weight.WRONG, "feeds_dir", problem, "mend it; `feedsvc feeds check` reads all again")


def judge_store(facts: Facts) -> Iterator[Finding]:
    """A store that does not answer, or has another schema."""
    if facts.store_error:
        todo = "mend FEEDSVC_DATABASE_URL, start the database, or run `feedsvc migrate`"
        yield Finding(Weight.WRONG, "store", facts.store_error, todo)


def judge_disk(facts: Facts) -> Iterator[Finding]:
    """Less free space than a gigabyte, or than a backup of the store needs."""
    free = facts.free_bytes
    if free is None:
        return
    told = f"{free:,} bytes are free where the store is, which has {facts.store_bytes:,}"
    if free < FREE_BYTES:
        yield Finding(Weight.WRONG, "disk", told, "make room: a store that cannot be written stands still")
    elif free < facts.store_bytes:
        yield Finding(Weight.NOTE, "disk", told, "keep backups elsewhere: one would not fit here")


def judge_clock(facts: Facts) -> Iterator[Finding]:
    """A clock that is not arXiv's, by which days and lateness are reckoned."""
    if facts.skew is not None and abs(facts.skew) > MOST_SKEW:
        way = "ahead of" if facts.skew > timedelta() else "behind"
        what = f"this machine's clock is {abs(facts.skew)} {way} arXiv's"
        yield Finding(Weight.WRONG, "clock", what, "have the clock set by NTP")


def judge_upstream(facts: Facts) -> Iterator[Finding]:
    """An arXiv that could not be asked."""
    if facts.upstream_error:
        todo = "see that this machine may connect to arXiv, and FEEDSVC_ARXIV__API_URL"
        yield Finding(Weight.WRONG, "arXiv", facts.upstream_error, todo)


def judge_batches(facts: Facts) -> Iterator[Finding]:
    """Batches that are late."""
    if facts.survey is not None and facts.survey.late:
        todo = "see `feedsvc status` for the reasons, and that `serve` or `worker` (with `schedule`) runs"
        yield Finding(Weight.WRONG, "batches", tell_survey(facts.survey), todo)


def judge_documents(facts: Facts) -> Iterator[Finding]:
    """Documents that do not know of the newest change."""
    behind, all_ = sum(d.behind for d in facts.documents), sum(d.documents for d in facts.documents)
    if behind:
        what = f"{behind:,} of {all_:,} documents were built before the newest change"
        todo = "run `feedsvc build`; one that stays behind was refused, see `refuse` in the log"
        yield Finding(Weight.NOTE, "documents", what, todo)


def judge_papers(facts: Facts) -> Iterator[Finding]:
    """Papers that wait for arXiv's API, or for a digest."""
    if facts.incomplete > MOST_INCOMPLETE:
        what = f"{facts.incomplete:,} papers still wait to be asked for at arXiv's API"
        yield Finding(Weight.NOTE, "papers", what, "nothing after a backfill; else see that the worker runs")
    if facts.undigested:
        what = f"{facts.undigested:,} papers have no digest"
        yield Finding(Weight.NOTE, "digests", what, "run `feedsvc digest`")


def judge_orders(facts: Facts) -> Iterator[Finding]:
    """Digests of a model that wait, were refused, or could not be had."""
    told = {
        OrderState.AWAITED: "raise FEEDSVC_LLM__CONCURRENCY, or see that the model's server answers",
        OrderState.FAILED: "see that the server at FEEDSVC_LLM__BASE_URL answers",
        OrderState.UNPAID: "raise the day's budget, or leave it: the abstract's own sentences stand",
        OrderState.REFUSED: "nothing for a few; for many take a better model: their own sentences stand",
    }
    for language, state, number in facts.orders:
        if number and state in told and (state is not OrderState.AWAITED or number > MOST_ORDERS):
            weight = Weight.WRONG if state is OrderState.FAILED else Weight.NOTE
            yield Finding(weight, "model", f"{number:,} digests in {language} {state.value}", told[state])


def judge_queue(facts: Facts) -> Iterator[Finding]:
    """Deliveries that nobody makes."""
    if facts.hub is None or facts.hub.oldest is None:
        return
    waited = timedelta(seconds=int(facts.now.timestamp() - facts.hub.oldest))
    if waited > QUEUE_PATIENCE:
        what = f"{facts.hub.deliveries:,} deliveries wait, the oldest for {waited}"
        todo = "see that a worker runs; `feedsvc subscriptions --failing` tells who does not answer"
        yield Finding(Weight.WRONG, "deliveries", what, todo)


def judge_subscribers(facts: Facts) -> Iterator[Finding]:
    """Subscribers whose last delivery failed: one or a few are their own affair, most are ours."""
    if facts.hub is None or not facts.hub.failing:
        return
    failing, all_ = facts.hub.failing, facts.hub.subscriptions
    what = f"the last delivery of {failing:,} of {all_:,} subscriptions failed"
    if all_ >= FAILING_AMONG and failing > all_ * FAILING_SHARE:
        yield Finding(Weight.WRONG, "subscriptions", what, "see that this machine may connect to others")
    else:
        yield Finding(Weight.NOTE, "subscriptions", what, "`feedsvc subscriptions --failing` names them")


def judge_intents(facts: Facts) -> Iterator[Finding]:
    """So many requests to the hub wait that further ones are soon refused."""
    if facts.hub is None or facts.settings is None:
        return
    waiting, most = facts.hub.intents, facts.settings.hub.most_waiting
    if waiting * 2 > most:
        what = f"{waiting:,} requests wait to be verified, of {most:,} that may"
        yield Finding(Weight.WRONG, "hub", what, "see that a worker runs; many may be somebody's attack")


def judge_jobs(facts: Facts) -> Iterator[Finding]:
    """Jobs that nobody runs, that dead workers hold, or that failed."""
    jobs = facts.jobs
    if jobs is None:
        return
    if jobs.stalled:
        what = f"{jobs.stalled:,} jobs are held by workers that are dead"
        yield Finding(Weight.WRONG, "jobs", what, "see that `feedsvc schedule` runs: it takes them back")
    if jobs.waiting and not jobs.workers:
        what = f"{jobs.waiting:,} jobs wait, and no worker is there"
        todo = "start `feedsvc worker` and `feedsvc schedule`, unless `feedsvc serve` does everything"
        yield Finding(Weight.NOTE, "jobs", what, todo)
    if jobs.failed:
        what = f"{jobs.failed:,} jobs failed in the last day"
        yield Finding(Weight.NOTE, "jobs", what, "each is tried again; the workers' logs say why")


Rule = Callable[[Facts], Iterator[Finding]]
RULES: tuple[Rule, ...] = (
    judge_settings,
    judge_base_url,
    judge_contact,
    judge_languages,
    judge_feeds,
    judge_store,
    judge_disk,
    judge_clock,
    judge_upstream,
    judge_batches,
    judge_documents,
    judge_papers,
    judge_orders,
    judge_queue,
    judge_subscribers,
    judge_intents,
    judge_jobs,
)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
