"""One request at a time and none too soon, whoever shares the store."""

from __future__ import annotations

import heapq
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from threading import Condition, Event, Thread
from threading import enumerate as enumerate_threads

import pytest
from sqlalchemy import select, update

from feedsvc.errors import StoreError
from feedsvc.http import SystemClock
from feedsvc.service import make_client
from feedsvc.settings import load_settings
from feedsvc.store import Store, schema
from feedsvc.store.engine import read, write
from feedsvc.store.pace import Renewal, StorePace
from tests.builders import NOON

INTERVAL = 3.0
LEASE = 60.0

TAKE_TURNS = """
import sys, threading, time
from feedsvc.http import SystemClock
from feedsvc.store import open_store
from feedsvc.store.pace import StorePace

url, interval, turns = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
store = open_store(url)
pace = StorePace(store.engine, SystemClock(threading.Event()), interval, lease_seconds=60.0)
for _ in range(turns):
    with pace.turn():
        begun = time.time()
        time.sleep(0.01)
        print(begun, time.time(), flush=True)
store.close()
"""
DIE_IN_A_TURN = """
import os, signal, sys, threading
from feedsvc.http import SystemClock
from feedsvc.store import open_store
from feedsvc.store.pace import StorePace

store = open_store(sys.argv[1])
with StorePace(store.engine, SystemClock(threading.Event()), 3.0, lease_seconds=60.0).turn():
    os.kill(os.getpid(), signal.SIGKILL)
"""


class VirtualClock:
    """Time that passes only while everybody sleeps."""

    def __init__(self, moment: datetime = NOON, sleepers: int = 1) -> None:
        self.moment = moment
        self.slept: list[float] = []
        self._sleepers = sleepers
        self._ends: list[datetime] = []
        self._changed = Condition()

    def now(self) -> datetime:
        """Give the present instant."""
        return self.moment

    def sleep(self, seconds: float) -> None:
        """Wait until the clock stands at the end of the sleep."""
        with self._changed:
            self.slept.append(seconds)
            end = self.moment + timedelta(seconds=seconds)
            heapq.heappush(self._ends, end)
            self._pass()
            self._changed.wait_for(lambda: self.moment >= end)

    def leave(self) -> None:
        """Say that one thread will sleep no more."""
        with self._changed:
            self._sleepers -= 1
            self._pass()

    def _pass(self) -> None:
        if len(self._ends) < max(self._sleepers, 1):
            return
        self.moment = self._ends[0]
        while self._ends and self._ends[0] <= self.moment:
            heapq.heappop(self._ends)
        self._changed.notify_all()


def make_pace(store: Store, clock: VirtualClock, interval: float = INTERVAL) -> StorePace:
    """Make a pace on the store."""
    return StorePace(store.engine, clock, interval, LEASE)


def seconds_since_noon(clock: VirtualClock) -> float:
    """Tell how far the clock went."""
    return (clock.moment - NOON).total_seconds()


def lease(store: Store) -> tuple[str | None, float, float]:
    """Give the holder, and until when it holds, and from when on the next may, after noon."""
    with read(store.engine) as connection:
        row = connection.execute(select(schema.paces)).one()
    return row.holder, row.held_until - NOON.timestamp(), row.free_at - NOON.timestamp()


def test_the_first_turn_comes_at_once(store: Store) -> None:
    clock = VirtualClock()
    with make_pace(store, clock).turn():
        pass

    assert clock.slept == []


def test_the_next_turn_comes_an_interval_after_the_end_of_the_last(store: Store) -> None:
    clock = VirtualClock()
    pace = make_pace(store, clock)
    with pace.turn():
        clock.moment += timedelta(seconds=10)
    with pace.turn():
        assert seconds_since_noon(clock) == pytest.approx(13)


def test_time_that_has_passed_since_counts(store: Store) -> None:
    clock = VirtualClock()
    pace = make_pace(store, clock)
    with pace.turn():
        pass
    clock.moment += timedelta(seconds=2)
    with pace.turn():
        assert clock.slept == [pytest.approx(1)]


def test_an_interval_of_nothing_never_waits(store: Store) -> None:
    clock = VirtualClock()
    pace = make_pace(store, clock, interval=0)
    for _ in range(3):
        with pace.turn():
            pass

    assert clock.slept == []


def test_a_turn_that_failed_is_given_back_with_its_pause(store: Store) -> None:
    clock = VirtualClock()
    pace = make_pace(store, clock)
    with pytest.raises(RuntimeError), pace.turn():
        raise RuntimeError
    with pace.turn():
        assert seconds_since_noon(clock) == pytest.approx(INTERVAL)


def test_a_pace_of_another_process_is_the_same_pace(store: Store) -> None:
    clock = VirtualClock()
    with make_pace(store, clock).turn():
        pass
    with make_pace(store, clock).turn():
        assert seconds_since_noon(clock) == pytest.approx(INTERVAL)


def test_a_dead_holder_keeps_the_turn_until_its_lease_ends_which_is_said(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    clock = VirtualClock()
    dead = make_pace(store, clock).turn()
    dead.__enter__()
    with make_pace(store, clock).turn():
        assert seconds_since_noon(clock) == pytest.approx(LEASE)
        assert max(clock.slept) <= 0.5
    assert [record.getMessage() for record in caplog.records] == [
        "another process has the turn to ask arXiv, or died with it: waiting for up to 60 s more"
    ]


def test_a_process_killed_in_its_turn_is_such_a_holder(store: Store, database_url: str) -> None:
    process = subprocess.run([sys.executable, "-c", DIE_IN_A_TURN, database_url], check=False)
    clock = VirtualClock(datetime.now(UTC))
    begun = clock.moment
    with make_pace(store, clock).turn():
        waited = (clock.moment - begun).total_seconds()

    assert process.returncode < 0
    assert LEASE - 10 < waited <= LEASE


def test_the_lease_of_every_process_ends_within_a_minute(store: Store) -> None:
    clock = VirtualClock()
    with make_client(load_settings(), store, clock) as client:
        dead = client._pace.turn(lambda: None)
        dead.__enter__()
        with make_pace(store, clock).turn():
            assert 0 < seconds_since_noon(clock) <= 60


def test_a_request_that_takes_longer_than_its_lease_keeps_the_turn(store: Store) -> None:
    lease_seconds = 3.0
    pace = StorePace(store.engine, SystemClock(), 0.0, lease_seconds)
    lost, done = Event(), Event()
    begun: list[float] = []

    def wait_for_turn() -> None:
        with StorePace(store.engine, SystemClock(), 0.0, lease_seconds).turn():
            begun.append(time.monotonic())
        done.set()

    with pace.turn(lost.set):
        other = Thread(target=wait_for_turn)
        other.start()
        time.sleep(1.5 * lease_seconds)
        ended = time.monotonic()
    other.join()

    assert done.is_set()
    assert begun[0] >= ended
    assert not lost.is_set()


@pytest.mark.parametrize("fault", ["away", "silent"])
def test_a_lease_that_cannot_be_renewed_ends_its_request_before_it_ends_itself(fault: str) -> None:
    lease_seconds = 6.0
    lost, answered = Event(), Event()
    ended: list[float] = []

    def lose() -> None:
        ended.append(time.monotonic())
        lost.set()

    def renew() -> bool:
        if fault == "away":
            raise StoreError("the database is locked")
        return answered.wait(60)

    begun = time.monotonic()
    with Renewal(renew, lose, lease_seconds).during(begun):
        assert lost.wait(60)
        answered.set()

    assert lease_seconds * 0.8 < ended[0] - begun < lease_seconds


def test_a_lease_that_the_store_was_slow_to_give_ends_so_much_sooner() -> None:
    lease_seconds = 6.0
    lost, answered = Event(), Event()
    ended: list[float] = []

    def lose() -> None:
        ended.append(time.monotonic())
        lost.set()

    begun = time.monotonic() - lease_seconds * 2 / 3
    with Renewal(lambda: answered.wait(60), lose, lease_seconds).during(begun):
        assert lost.wait(60)
        answered.set()

    assert ended[0] - begun < lease_seconds


def test_a_turn_begins_when_the_store_is_asked_for_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[float] = []
    hold, during = StorePace._try_hold, Renewal.during

    def hold_slowly(self: StorePace, holder: str) -> float:
        wait = hold(self, holder)
        time.sleep(0.3)
        return wait

    def note(self: Renewal, instant: float) -> AbstractContextManager[None]:
        begun.append(instant)
        return during(self, instant)

    monkeypatch.setattr(StorePace, "_try_hold", hold_slowly)
    monkeypatch.setattr(Renewal, "during", note)
    asked = time.monotonic()
    with make_pace(store, VirtualClock()).turn():
        taken = time.monotonic()

    assert asked <= begun[0] <= taken - 0.3


def test_a_lease_that_is_anothers_by_now_ends_the_request_and_is_left_alone(store: Store) -> None:
    lost = Event()
    with StorePace(store.engine, SystemClock(), 0.0, 1.0).turn(lost.set):
        with write(store.engine) as connection:
            connection.execute(update(schema.paces).values(holder="another", held_until=4e9))
        assert lost.wait(60)

    assert lease(store)[0] == "another"


def test_a_short_request_renews_nothing_and_leaves_no_thread() -> None:
    renewed, lost = Event(), Event()

    def renew() -> bool:
        renewed.set()
        return True

    with Renewal(renew, lost.set, 60.0).during(time.monotonic()):
        pass

    assert not renewed.is_set()
    assert not lost.is_set()
    assert "lease" not in [thread.name for thread in enumerate_threads()]


def test_a_holder_that_outlives_its_lease_does_not_end_the_next_ones(store: Store) -> None:
    clock = VirtualClock()
    with make_pace(store, clock).turn():
        clock.moment += timedelta(seconds=LEASE + 1)
        other = make_pace(store, clock).turn()
        other.__enter__()
        held = lease(store)

    assert lease(store) == held
    other.__exit__(None, None, None)
    assert lease(store)[0] is None


def test_a_clock_that_was_set_back_does_not_stop_everything(store: Store) -> None:
    """A machine that began in 2030 and then learnt the date would ask nothing for years."""
    clock = VirtualClock(NOON + timedelta(days=1500))
    with make_pace(store, clock).turn():
        pass
    clock.moment = NOON
    with make_pace(store, clock).turn():
        assert seconds_since_noon(clock) == 0


def test_threads_take_turns_one_at_a_time_and_none_too_soon(store: Store) -> None:
    threads, turns = 4, 5
    clock = VirtualClock(sleepers=threads)
    pace = make_pace(store, clock)
    spans: list[tuple[datetime, datetime]] = []

    def work() -> None:
        for _ in range(turns):
            with pace.turn():
                begun = clock.now()
                clock.sleep(0.7)
                spans.append((begun, clock.now()))
        clock.leave()

    workers = [Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    pauses = [(later[0] - earlier[1]).total_seconds() for earlier, later in pairwise(sorted(spans))]
    assert len(spans) == threads * turns
    assert min(pauses) >= INTERVAL - 0.001


def test_processes_take_turns_one_at_a_time_and_none_too_soon(store: Store, database_url: str) -> None:
    interval, turns = 0.05, 6
    command = [sys.executable, "-c", TAKE_TURNS, database_url, str(interval), str(turns)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = "".join(process.communicate(timeout=120)[0] for process in processes)
    spans = sorted(tuple(map(float, line.split())) for line in said.splitlines())

    assert [process.returncode for process in processes] == [0, 0]
    assert len(spans) == 2 * turns
    assert all(later[0] - earlier[1] >= interval - 0.001 for earlier, later in pairwise(spans))


def test_a_wait_that_arxiv_asked_for_holds_for_everybody_on_the_store(store: Store) -> None:
    clock = VirtualClock()
    StorePace(store.engine, clock, INTERVAL, LEASE).postpone(600.0)

    with StorePace(store.engine, clock, INTERVAL, LEASE).turn():
        assert clock.moment - NOON == timedelta(seconds=600)


def test_a_shorter_wait_never_cuts_a_longer_one(store: Store) -> None:
    clock = VirtualClock()
    pace = StorePace(store.engine, clock, INTERVAL, LEASE)
    pace.postpone(600.0)
    pace.postpone(5.0)

    with pace.turn():
        assert clock.moment - NOON == timedelta(seconds=600)


def test_a_wait_that_arxiv_asked_for_outlasts_a_turn_that_had_begun(store: Store) -> None:
    clock = VirtualClock()
    pace = make_pace(store, clock)
    with pace.turn():
        make_pace(store, clock).postpone(600.0)
    with pace.turn():
        assert seconds_since_noon(clock) == pytest.approx(600)


def test_a_turn_is_given_back_once_a_database_that_was_away_is_there_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = VirtualClock()
    pace = make_pace(store, clock)
    away = ["away", "away"]

    def release(self: StorePace, holder: str) -> None:
        if away:
            raise StoreError(away.pop())
        give_back(self, holder)

    give_back = StorePace._release
    monkeypatch.setattr(StorePace, "_release", release)
    with pace.turn():
        pass

    assert (away, lease(store)[0]) == ([], None)
