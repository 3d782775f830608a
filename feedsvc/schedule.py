"""When the pipeline runs: APScheduler wakes it, the store's rows say what there is to do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from feedsvc.calendar import EASTERN

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
    scheduler = BackgroundScheduler(
        timezone=EASTERN,
        job_defaults={
            "coalesce": True,
            "max_instances": 1,
            "misfire_grace_time": int(MISFIRE_GRACE.total_seconds()),
        },
    )
    after_announcement = CronTrigger(day_of_week="mon-fri", hour=0, minute=1, timezone=EASTERN)
    trigger = OrTrigger([after_announcement, IntervalTrigger(seconds=int(sweep.total_seconds()))])
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
