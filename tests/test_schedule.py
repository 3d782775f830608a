"""When the pipeline is woken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event, Lock

import pytest
from apscheduler.job import Job
from apscheduler.triggers.combining import OrTrigger

from feedsvc.calendar import EASTERN
from feedsvc.schedule import make_scheduler, make_waker
from feedsvc.steps import Step

NOW = datetime(2026, 1, 9, 12, tzinfo=UTC)


def find_job(run_due: Callable[[], None] = lambda: None, sweep: timedelta = timedelta(minutes=1)) -> Job:
    scheduler = make_scheduler(run_due, NOW, sweep)
    scheduler.start(paused=True)
    (job,) = scheduler.get_jobs()
    scheduler.shutdown()
    return job


def announcement_run_after(moment: datetime) -> datetime:
    trigger = find_job().trigger
    assert isinstance(trigger, OrTrigger)
    fires: datetime = trigger.triggers[0].get_next_fire_time(None, moment)
    return fires


def test_pushing_is_a_job_of_its_own() -> None:
    scheduler = make_scheduler(lambda: None, NOW, push_due=lambda: None)
    scheduler.start(paused=True)
    intervals = {job.id: str(job.trigger) for job in scheduler.get_jobs()}
    scheduler.shutdown()

    assert intervals["push_due"] == "interval[0:00:02]"
    assert len(intervals) == 2


def test_what_is_to_be_pushed_and_what_a_model_writes_are_not_taken_for_one_another() -> None:
    with pytest.raises(TypeError):
        make_scheduler(lambda: None, NOW, timedelta(minutes=1), lambda: None)  # type: ignore[call-arg]


def test_it_runs_a_minute_after_midnight_eastern_on_weekdays() -> None:
    thursday_noon = datetime(2026, 1, 8, 12, tzinfo=EASTERN)

    assert announcement_run_after(thursday_noon) == datetime(2026, 1, 9, 0, 1, tzinfo=EASTERN)


def test_it_waits_over_the_weekend() -> None:
    friday_noon = datetime(2026, 1, 9, 12, tzinfo=EASTERN)

    assert announcement_run_after(friday_noon) == datetime(2026, 1, 12, 0, 1, tzinfo=EASTERN)


def test_it_follows_eastern_time_over_the_change_of_clocks() -> None:
    before = announcement_run_after(datetime(2026, 3, 6, 12, tzinfo=EASTERN) - timedelta(days=1))
    after = announcement_run_after(datetime(2026, 3, 8, 12, tzinfo=EASTERN))

    assert before.astimezone(UTC).hour == 5
    assert after.astimezone(UTC).hour == 4


def test_missed_runs_are_made_up_for_once() -> None:
    job = find_job()

    assert (job.coalesce, job.max_instances) == (True, 1)
    assert job.misfire_grace_time >= 3600


def test_it_first_runs_when_told_and_then_sweeps() -> None:
    twice = Event()
    runs: list[int] = []

    def run() -> None:
        runs.append(len(runs))
        if len(runs) == 2:
            twice.set()

    scheduler = make_scheduler(run, datetime.now(UTC), timedelta(seconds=1))
    scheduler.start()
    try:
        assert twice.wait(60)
    finally:
        scheduler.shutdown()


def test_two_runs_never_overlap() -> None:
    lock, overlapped, three = Lock(), Event(), Event()
    runs: list[int] = []

    def run() -> None:
        if not lock.acquire(blocking=False):
            overlapped.set()
            return
        Event().wait(1.2)
        runs.append(1)
        lock.release()
        if len(runs) == 2:
            three.set()

    scheduler = make_scheduler(run, datetime.now(UTC), timedelta(seconds=1))
    scheduler.start()
    try:
        assert three.wait(60)
    finally:
        scheduler.shutdown()
    assert not overlapped.is_set()


def test_a_model_writes_in_a_job_of_its_own_every_sweep() -> None:
    scheduler = make_scheduler(lambda: None, NOW, timedelta(minutes=1), write_digests=lambda: None)
    scheduler.start(paused=True)
    jobs = {job.id: job for job in scheduler.get_jobs()}
    scheduler.shutdown()

    assert jobs.keys() == {"run_due", "write_digests"}
    assert jobs["write_digests"].trigger.interval == timedelta(minutes=1)
    assert jobs["write_digests"].max_instances == 1


def list_waking(look: bool = False) -> dict[str, Job]:
    """Give the jobs of a scheduler that only wakes, by name."""
    scheduler = make_waker(
        lambda steps: None,
        list(Step),
        NOW,
        recover=(lambda: None, timedelta(seconds=10)),
        look=(lambda: [Step.DELIVER], timedelta(seconds=2)) if look else None,
    )
    scheduler.start(paused=True)
    jobs = {job.id: job for job in scheduler.get_jobs()}
    scheduler.shutdown()
    return jobs


def test_workers_are_woken_for_listings_a_minute_after_midnight_eastern() -> None:
    trigger = list_waking()["announcement"].trigger
    fires = trigger.get_next_fire_time(None, datetime(2026, 1, 9, 12, tzinfo=EASTERN))

    assert fires == datetime(2026, 1, 12, 0, 1, tzinfo=EASTERN)


def test_workers_are_woken_for_everything_every_minute() -> None:
    assert list_waking()["sweep"].trigger.interval == timedelta(minutes=1)


def test_what_the_hub_owes_is_looked_after_where_there_is_a_hub() -> None:
    assert list_waking().keys() == {"sweep", "announcement", "recover"}
    assert list_waking(look=True)["look"].trigger.interval == timedelta(seconds=2)
