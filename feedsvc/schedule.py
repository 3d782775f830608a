"""When the steps run: APScheduler runs them here, or has workers woken; the store's rows say what is due."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from feedsvc.calendar import EASTERN
from feedsvc.errors import StoreError
from feedsvc.steps import Step

log = logging.getLogger(__name__)

SWEEP = timedelta(minutes=1)
PUSH_EVERY = timedelta(seconds=2)
MISFIRE_GRACE = timedelta(hours=6)


def make_scheduler(
    run_due: Callable[[], None],
    first: datetime,
    sweep: timedelta = SWEEP,
    *,
    write_digests: Callable[[], object] | None = None,
    push_due: Callable[[], object] | None = None,
) -> BackgroundScheduler:
    """Make a scheduler that runs `run_due` at `first`, after each announcement, and every `sweep`.

    `push_due`, if there is a hub, is a job of its own every two seconds: a long fetch holds up no delivery.

    One job with two triggers, so that two runs never overlap: arXiv's feed switches at midnight Eastern,
    Monday to Friday, and the first run is a minute later. Missed runs are made up for once within six
    hours, as one. Jobs are declared here each time, never kept in a job store: two processes on one could
    run a job twice. Give it to one process only, and start it there.

    `write_digests` waits for a model, for hours perhaps: it is a job of its own, in a thread of its own.
    """
    scheduler = _make_empty()
    trigger = OrTrigger([_after_announcement(), IntervalTrigger(seconds=int(sweep.total_seconds()))])
    scheduler.add_job(
        run_due, trigger, id="run_due", name="fetch, digest and build what is due", next_run_time=first
    )
    if write_digests is not None:
        every_sweep = IntervalTrigger(seconds=int(sweep.total_seconds()))
        scheduler.add_job(write_digests, every_sweep, id="write_digests", name="have a model write digests")
    if push_due is not None:
        seconds = int(PUSH_EVERY.total_seconds())
        scheduler.add_job(push_due, IntervalTrigger(seconds=seconds), id="push_due", name="push what is due")
    return scheduler


def make_waker(
    wake: Callable[[Collection[Step]], object],
    steps: Collection[Step],
    first: datetime,
    sweep: timedelta = SWEEP,
    *,
    recover: tuple[Callable[[], object], timedelta],
    look: tuple[Callable[[], Collection[Step]], timedelta] | None = None,
) -> BackgroundScheduler:
    """Make a scheduler that runs nothing itself: it has workers woken for steps. Any number may run at once.

    For all steps at `first` and at every `sweep`, which finds whatever nobody was woken for; for listings
    after each announcement. `look`, if there is a hub, says again and again which of its steps have something
    to do: a delivery that failed is due at a time of its own. `recover` is run as often as is said beside it.
    """
    scheduler = _make_empty()

    def add(job: Callable[[], object], name: str, trigger: object, **when: object) -> None:
        scheduler.add_job(_outlive(job, name), trigger, id=name, **when)

    every_sweep = IntervalTrigger(seconds=sweep.total_seconds())
    add(lambda: wake(steps), "sweep", every_sweep, next_run_time=first)
    add(lambda: wake([Step.FETCH]), "announcement", _after_announcement())
    add(recover[0], "recover", IntervalTrigger(seconds=recover[1].total_seconds()))
    if look is not None:
        find, interval = look
        add(lambda: wake(find()), "look", IntervalTrigger(seconds=interval.total_seconds()))
    return scheduler


def _make_empty() -> BackgroundScheduler:
    return BackgroundScheduler(
        timezone=EASTERN,
        job_defaults={
            "coalesce": True,
            "max_instances": 1,
            "misfire_grace_time": int(MISFIRE_GRACE.total_seconds()),
        },
    )


def _after_announcement() -> CronTrigger:
    return CronTrigger(day_of_week="mon-fri", hour=0, minute=1, timezone=EASTERN)


def _outlive(job: Callable[[], object], name: str) -> Callable[[], None]:
    """Give a job that only says so when the database is away: it comes again anyway."""

    def run() -> None:
        try:
            job()
        except StoreError as error:
            log.warning("%s: %s", name, error, extra={"action": name})

    return run
