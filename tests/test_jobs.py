"""Workers on PostgreSQL: what wakes them, what they never do twice at once, and what a dead one leaves."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event, Lock, Thread

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from feedsvc.cli import main
from feedsvc.commands.opening import run_worker
from feedsvc.errors import StoreError
from feedsvc.jobs import Rhythm
from feedsvc.jobs.worker import JobRunner, work_off
from feedsvc.schedule import make_waker
from feedsvc.service import prepare_jobs
from feedsvc.steps import Step
from feedsvc.store import Store, open_store
from feedsvc.store.engine import write_aside
from tests.builders import make_paper
from tests.cluster_server import run_database_server

PATIENCE = 60.0
QUICK = Rhythm(
    poll=timedelta(seconds=0.1),
    heartbeat=timedelta(seconds=0.5),
    stalled_after=timedelta(seconds=3),
    retry=timedelta(seconds=0.2),
    sweep=timedelta(seconds=0.5),
    recover=timedelta(seconds=0.5),
)
WORK_IN_ANOTHER_PROCESS = """
import sys
from tests.test_jobs import work_in_process

work_in_process(sys.argv[1])
"""


@dataclass
class Bench:
    """A place to run steps at, which notes what was run and what ran at once."""

    store: Store
    works: Callable[[Step], object] = lambda step: None
    begun: list[Step] = field(default_factory=list)
    at_once: list[tuple[Step, ...]] = field(default_factory=list)
    running: list[Step] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)
    stopping: Event = field(default_factory=Event)

    def run_step(self, step: Step) -> object:
        with self.lock:
            self.begun.append(step)
            self.running.append(step)
            self.at_once.append(tuple(self.running))
        try:
            return self.works(step)
        finally:
            with self.lock:
                self.running.remove(step)

    def stop(self) -> None:
        self.stopping.set()


@pytest.fixture
def jobs_url(postgres_url: str) -> str:
    """Give the URL of an empty store with the job engine's tables, whose connections bear its own name."""
    url = f"{postgres_url}&application_name={postgres_url.rpartition('test_')[2]}"
    store = open_store(url)
    store.migrate()
    prepare_jobs(store)
    store.close()
    return url


@pytest.fixture
def store(jobs_url: str) -> Iterator[Store]:
    opened = open_store(jobs_url)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def _quiet() -> None:
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


@contextmanager
def working(bench: Bench, concurrency: int = 2, rhythm: Rhythm = QUICK) -> Iterator[Event]:
    """Have a worker run in a thread; gives what stops it."""
    stopped = Event()
    thread = Thread(target=work_off, args=(bench, stopped, Event(), concurrency, rhythm))
    thread.start()
    try:
        yield stopped
    finally:
        stopped.set()
        thread.join(PATIENCE)
    assert not thread.is_alive()


def wait_for(look: Callable[[], object], patience: float = PATIENCE) -> None:
    until = time.monotonic() + patience
    while not look():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.02)


def count_jobs(store: Store, *statuses: str) -> int:
    """Count the jobs, or those in some states."""
    with write_aside(store.engine) as connection:
        rows = connection.execute(text("SELECT CAST(status AS text) AS status FROM procrastinate_jobs")).all()
    return sum(not statuses or row.status in statuses for row in rows)


def cut_connections(url: str, store: Store) -> int:
    """Cut all connections to a store but the one that asks for it; give how many."""
    cut = text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE application_name = :name AND pid <> pg_backend_pid()"
    )
    with write_aside(store.engine) as connection:
        number: int = connection.execute(cut, {"name": url.rpartition("=")[2]}).scalar_one()
        return number


def test_a_worker_runs_what_it_is_woken_for_and_leaves_no_job_behind(store: Store) -> None:
    bench = Bench(store)
    with working(bench):
        store.papers.save([make_paper()])
        wait_for(lambda: Step.DIGEST in bench.begun and Step.SKETCH in bench.begun)
        store.jobs.wake([Step.VERIFY])
        wait_for(lambda: Step.VERIFY in bench.begun)
        wait_for(lambda: count_jobs(store) == 1)

    # Building waits for some seconds of changes.
    assert bench.begun.count(Step.DIGEST) == 1


def test_a_worker_is_woken_at_once_and_does_not_have_to_look(store: Store) -> None:
    bench = Bench(store)
    with working(bench, rhythm=Rhythm(poll=timedelta(hours=1))):
        wait_for(lambda: (counted := store.jobs.count()) and counted.workers)
        time.sleep(0.5)
        store.jobs.wake([Step.FETCH])
        wait_for(lambda: Step.FETCH in bench.begun)


def test_two_workers_never_run_one_step_at_once_nor_two_that_ask_arxiv(store: Store) -> None:
    bench = Bench(store, works=lambda step: time.sleep(0.05))
    with working(bench, 4), working(bench, 4):
        until = time.monotonic() + 3
        while time.monotonic() < until:
            store.jobs.wake(Step)
            time.sleep(0.01)

    asking = {Step.FETCH, Step.COMPLETE, Step.CATCH_UP}
    assert all(len(set(steps)) == len(steps) for steps in bench.at_once)
    assert all(len(asking.intersection(steps)) <= 1 for steps in bench.at_once)
    assert len(bench.begun) > 3 * len(Step)
    assert max(map(len, bench.at_once)) > 2


def test_papers_are_completed_when_all_listings_were_read(store: Store) -> None:
    bench = Bench(store)
    with working(bench):
        store.jobs.wake([Step.FETCH])
        wait_for(lambda: bench.begun == [Step.FETCH, Step.COMPLETE])


def test_one_place_runs_the_most_urgent_step_first(store: Store) -> None:
    bench = Bench(store)
    store.jobs.wake(Step)
    with working(bench, concurrency=1):
        wait_for(lambda: len(bench.begun) == len(Step))

    assert bench.begun[: len(Step)] == list(Step)


def test_a_step_that_fails_is_tried_again_and_counted(store: Store) -> None:
    def fail_twice(step: Step) -> None:
        if len(bench.begun) <= 2:
            raise RuntimeError("not yet")

    bench = Bench(store, works=fail_twice)
    with working(bench):
        store.jobs.wake([Step.DIGEST])
        wait_for(lambda: len(bench.begun) == 3)
        wait_for(lambda: count_jobs(store, "doing") == 0)

    counted = store.jobs.count()
    assert counted is not None
    assert (counted.waiting, counted.failed) == (0, 2)


def test_a_step_that_goes_on_failing_is_tried_less_and_less_often() -> None:
    rhythm = Rhythm()
    pauses = [rhythm.pause_after(attempts) for attempts in range(100)]

    assert pauses[:3] == [timedelta(seconds=10), timedelta(seconds=20), timedelta(seconds=40)]
    assert pauses[-1] == rhythm.longest_retry


def test_a_model_gives_its_place_up_now_and_then(store: Store) -> None:
    JobRunner(Bench(store, works=lambda step: 3), Event()).run(Step.WRITE)
    more = count_jobs(store, "todo")
    with write_aside(store.engine) as connection:
        connection.execute(text("DELETE FROM procrastinate_jobs"))
    JobRunner(Bench(store, works=lambda step: 0), Event()).run(Step.WRITE)

    assert (more, count_jobs(store)) == (1, 0)


def test_a_worker_that_is_stopped_ends_its_step_and_leaves_it_to_another(store: Store) -> None:
    bench = Bench(store)
    bench.works = lambda step: bench.stopping.wait(PATIENCE)
    with working(bench) as stopped:
        store.jobs.wake([Step.BUILD])
        wait_for(lambda: bench.running)
        stopped.set()

    counted = store.jobs.count()
    assert counted is not None
    assert (counted.waiting, counted.running, counted.workers) == (1, 0, 0)


def test_two_schedulers_leave_one_job_a_step(store: Store) -> None:
    def nothing() -> None: ...

    schedulers = [
        make_waker(
            store.jobs.wake,
            tuple(Step),
            datetime.now(UTC),
            timedelta(seconds=1),
            recover=(nothing, timedelta(hours=1)),
        )
        for _ in range(2)
    ]
    for scheduler in schedulers:
        scheduler.start()
    wait_for(lambda: count_jobs(store) == len(Step))
    time.sleep(1.5)
    for scheduler in schedulers:
        scheduler.shutdown()

    assert count_jobs(store) == len(Step)


def test_a_scheduler_outlives_a_database_that_is_away(caplog: pytest.LogCaptureFixture) -> None:
    woken: list[int] = []

    def wake(steps: object) -> None:
        woken.append(1)
        raise StoreError("the database is away")

    scheduler = make_waker(
        wake,
        [Step.FETCH],
        datetime.now(UTC),
        timedelta(seconds=0.2),
        recover=(lambda: None, timedelta(hours=1)),
    )
    scheduler.start()
    wait_for(lambda: len(woken) >= 3)
    scheduler.shutdown()

    assert "sweep: the database is away" in caplog.text


def work_in_process(url: str) -> None:
    """Say that a step has begun, and never end it."""

    def begin(step: Step) -> None:
        print(step.value, flush=True)
        time.sleep(3600)

    work_off(Bench(open_store(url), works=begin), Event(), Event(), 1, QUICK)


def test_a_worker_killed_over_a_step_leaves_it_to_another(store: Store, jobs_url: str) -> None:
    store.jobs.wake([Step.BUILD])
    command = [sys.executable, "-c", WORK_IN_ANOTHER_PROCESS, jobs_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "build\n"
        os.kill(process.pid, signal.SIGKILL)
    bench = Bench(store)
    with working(bench):
        wait_for(lambda: store.jobs.release_stalled(QUICK.stalled_after) == (Step.BUILD,))
        wait_for(lambda: bench.begun == [Step.BUILD])


def test_a_worker_that_is_told_to_stop_shows_signs_of_life_until_its_step_has_ended(
    store: Store, jobs_url: str
) -> None:
    begun, may_end, stopped = Event(), Event(), Event()

    def dawdle(step: Step) -> None:
        begun.set()
        may_end.wait(PATIENCE)

    bench = Bench(store, works=dawdle)
    store.jobs.wake([Step.FETCH])
    thread = Thread(target=work_off, args=(bench, stopped, Event(), 1, QUICK))
    thread.start()
    assert begun.wait(PATIENCE)
    stopped.set()
    assert bench.stopping.wait(PATIENCE)
    time.sleep(2 * QUICK.stalled_after.total_seconds())

    assert store.jobs.release_stalled(QUICK.stalled_after) == ()
    may_end.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_a_worker_that_is_told_to_stop_while_it_starts_ends(store: Store) -> None:
    stopped = Event()
    stopped.set()
    # A daemon: one that never ends must not keep the tests from ending.
    thread = Thread(target=work_off, args=(Bench(store), stopped, Event(), 1, QUICK), daemon=True)
    thread.start()
    thread.join(PATIENCE / 3)

    assert not thread.is_alive()


@contextmanager
def open_further(url: str, benches: list[Bench], ended: Event) -> Iterator[Bench]:
    """Give one more bench, with a store of its own, and note it."""
    opened = open_store(url)
    benches.append(Bench(opened))
    try:
        yield benches[-1]
    finally:
        opened.close()


def test_a_worker_whose_connections_are_cut_begins_anew(store: Store, jobs_url: str) -> None:
    benches: list[Bench] = []

    open_bench = partial(open_further, jobs_url, benches)
    stopped = Event()
    thread = Thread(target=run_worker, args=(open_bench, stopped, 2, QUICK))
    thread.start()
    for _ in range(3):
        steps_before = sum(len(bench.begun) for bench in benches)
        wait_for(lambda: (counted := store.jobs.count()) and counted.workers)
        # The worker that is counted may be the one before, whose connections are gone.
        wait_for(lambda: cut_connections(jobs_url, store))

        def wake_and_look(before: int = steps_before) -> bool:
            store.jobs.wake([Step.VERIFY])
            store.jobs.release_stalled(QUICK.stalled_after)
            return sum(len(bench.begun) for bench in benches) > before

        wait_for(wake_and_look)
    stopped.set()
    thread.join(PATIENCE)

    assert not thread.is_alive()


def test_a_worker_goes_on_when_the_database_was_killed_and_started_again() -> None:
    benches: list[Bench] = []
    with run_database_server() as server:
        if server is None:
            pytest.skip("no programs of PostgreSQL's to start a server of one's own with")
        url = server.url
        store = open_store(url)
        store.migrate()
        prepare_jobs(store)

        open_bench = partial(open_further, url, benches)
        stopped = Event()
        thread = Thread(target=run_worker, args=(open_bench, stopped, 2, QUICK))
        thread.start()
        wait_for(lambda: (counted := store.jobs.count()) and counted.workers)
        server.restart("immediate")

        def wake_and_look() -> bool:
            store.jobs.wake([Step.VERIFY])
            store.jobs.release_stalled(QUICK.stalled_after)
            return any(bench.begun for bench in benches)

        wait_for(wake_and_look)
        stopped.set()
        thread.join(PATIENCE)
        store.close()

    assert not thread.is_alive()


def test_a_worker_that_cannot_reach_the_database_at_first_says_so(store: Store) -> None:
    def open_bench(ended: Event) -> AbstractContextManager[Bench]:
        raise StoreError("no such database")

    with pytest.raises(StoreError, match="no such database"):
        run_worker(open_bench, Event(), 2, QUICK)


def test_an_engine_that_is_not_installed_is_said_in_a_line(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FEEDSVC_DATABASE_URL", postgres_url)
    (tmp_path / "feeds").mkdir()
    for name in [name for name in sys.modules if name.partition(".")[0] == "procrastinate"]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("feedsvc.jobs.engine", "feedsvc.jobs.worker"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "procrastinate", None)
    results = [CliRunner().invoke(main, [words]) for words in ("worker", "schedule")]

    assert [result.exit_code for result in results] == [1, 1]
    assert all("expected `pip install -r requirements-postgres.lock`" in result.output for result in results)


@pytest.mark.parametrize("words", [("schedule",), ("worker", "--concurrency", "2")])
def test_a_store_on_sqlite_has_one_worker_and_says_so(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FEEDSVC_DATABASE_URL", f"sqlite:///{tmp_path}/store.sqlite3")
    result = CliRunner().invoke(main, words)

    assert result.exit_code == 1
    assert "is for PostgreSQL: a store on SQLite has one `feedsvc worker`" in result.output
