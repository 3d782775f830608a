"""The request log: what it says of a client's manners must be true."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from urllib.parse import urlsplit

import pytest
import urllib3

from feedsvc.standin.clock import StandinClock
from feedsvc.standin.faults import Fault, FaultKind
from feedsvc.standin.log import RequestLog, RequestRecord
from tests.standin_papers import serving, small_corpus

CORPUS = small_corpus()
START = CORPUS.timeline[0].at
PACE = timedelta(seconds=3)


@pytest.fixture(scope="module")
def http() -> Iterator[urllib3.PoolManager]:
    with urllib3.PoolManager(retries=False) as pool:
        yield pool


@pytest.fixture
def log() -> RequestLog:
    return RequestLog()


@pytest.fixture
def clock() -> StandinClock:
    return StandinClock(CORPUS.timeline)


def wait_for(log: RequestLog, count: int) -> tuple[RequestRecord, ...]:
    """Give the records once there are so many; a client that hangs up is noticed a little later."""
    until = time.monotonic() + 60
    while len(log.records()) < count and time.monotonic() < until:
        time.sleep(0.005)
    return log.records()


def find_rude(records: Sequence[RequestRecord]) -> list[str]:
    """Name the requests that began before the one before them ended, or less than the pace after that."""
    ordered = sorted(records, key=lambda record: record.started)
    return [
        after.path
        for before, after in pairwise(ordered)
        if after.started < before.ended or after.clock_started - before.clock_ended < PACE
    ]


KINDS = sorted(set(FaultKind) - {"hang", "dribble"})


@pytest.mark.parametrize("kind", KINDS)
def test_the_pace_of_a_client_is_seen_by_the_clock_under_every_fault(
    kind: FaultKind, http: urllib3.PoolManager, log: RequestLog, clock: StandinClock
) -> None:
    with serving(CORPUS, Fault(kind, count=3), clock=clock, log=log) as standin:
        for number in range(6):
            with suppress(urllib3.exceptions.ProtocolError):
                http.request("GET", f"{standin.url}/rss/cs.AI?n={number}")
            clock.advance_by(PACE)
        records = log.records()

    assert [record.query for record in records] == [f"n={number}" for number in range(6)]
    assert [record.clock_started for record in records] == [START + number * PACE for number in range(6)]
    assert [record.clock_ended for record in records] == [START + number * PACE for number in range(6)]
    assert find_rude(records) == []


def test_a_client_that_does_not_wait_long_enough_is_seen(
    http: urllib3.PoolManager, log: RequestLog, clock: StandinClock
) -> None:
    with serving(CORPUS, clock=clock, log=log) as standin:
        for path, pause in (("/rss/cs", 3), ("/atom/cs", 2.9), ("/rss/math", 3)):
            http.request("GET", standin.url + path)
            clock.advance_by(timedelta(seconds=pause))

    assert find_rude(log.records()) == ["/rss/math"]


def test_two_requests_at_once_are_seen(http: urllib3.PoolManager, log: RequestLog) -> None:
    with serving(CORPUS, Fault(FaultKind.HANG, seconds=120), log=log) as standin:
        address = urlsplit(standin.url)
        with socket.create_connection((address.hostname or "", address.port or 0), timeout=60) as slow:
            slow.sendall(b"GET /rss/cs HTTP/1.1\r\nHost: standin\r\n\r\n")
            while http.request("GET", f"{standin.url}/control").json()["faults"]:
                time.sleep(0.005)
            http.request("GET", f"{standin.url}/atom/cs")
        records = wait_for(log, 2)

    assert find_rude(records) == ["/atom/cs"]
    assert [record.path for record in records] == ["/atom/cs", "/rss/cs"]


def test_a_record_covers_the_real_time_that_a_request_took(
    http: urllib3.PoolManager, log: RequestLog
) -> None:
    with serving(CORPUS, Fault(FaultKind.HANG, seconds=0.2), log=log) as standin:
        before = datetime.now(UTC)
        http.request("GET", f"{standin.url}/rss/cs.AI")
        after = datetime.now(UTC)
    (record,) = log.records()

    assert before <= record.started
    assert record.ended <= after
    assert record.ended - record.started >= timedelta(seconds=0.2)
    assert (record.fault, record.is_whole) == ("hang", True)


def test_a_dribbled_answer_lasts_until_its_last_byte(http: urllib3.PoolManager, log: RequestLog) -> None:
    with serving(CORPUS, Fault(FaultKind.DRIBBLE, seconds=0.02), log=log) as standin:
        http.request("GET", f"{standin.url}/rss/cs.AI")
    (record,) = log.records()

    assert record.ended - record.started >= timedelta(seconds=0.02 * 15)


def test_a_request_is_on_record_before_its_last_byte_arrives(log: RequestLog, clock: StandinClock) -> None:
    """And with the clock as it stood then, though it moves on the moment the answer is there."""
    with serving(CORPUS, clock=clock, log=log) as standin:
        address = urlsplit(standin.url)
        for number in range(30):
            with socket.create_connection((address.hostname or "", address.port or 0), timeout=60) as line:
                line.sendall(b"GET /rss/cs HTTP/1.1\r\nHost: standin\r\n\r\n")
                received = b""
                while not received.endswith(b"</rss>\n"):
                    received += line.recv(65536)
                clock.advance_by(PACE)
                assert len(log.records()) == number + 1
        records = log.records()

    assert [record.clock_ended - record.clock_started for record in records] == [timedelta()] * 30


@pytest.mark.parametrize(
    "fault", [Fault(FaultKind.HANG, seconds=120), Fault(FaultKind.DRIBBLE, seconds=6), Fault(FaultKind.RESET)]
)
def test_an_answer_that_the_client_did_not_get_is_marked(
    fault: Fault, http: urllib3.PoolManager, log: RequestLog
) -> None:
    with serving(CORPUS, fault, log=log) as standin:
        with pytest.raises(urllib3.exceptions.HTTPError):
            http.request("GET", f"{standin.url}/rss/cs", timeout=0.1)
        (record,) = wait_for(log, 1)

    assert (record.is_whole, record.fault) == (False, fault.kind)


def test_a_refusal_is_on_record_with_what_it_asked_for(http: urllib3.PoolManager, log: RequestLog) -> None:
    with serving(
        CORPUS, Fault(FaultKind.UNAVAILABLE, seconds=30), Fault(FaultKind.TOO_MANY), log=log
    ) as standin:
        for _ in range(3):
            http.request("GET", f"{standin.url}/rss/cs")

    assert [(record.status, record.retry_after) for record in log.records()] == [
        (503, 30.0),
        (429, None),
        (200, None),
    ]


def test_a_head_request_is_on_record_too(http: urllib3.PoolManager, log: RequestLog) -> None:
    with serving(CORPUS, log=log) as standin:
        http.request("HEAD", f"{standin.url}/rss/cs")

    assert [(record.method, record.is_whole) for record in log.records()] == [("HEAD", True)]


def test_what_is_asked_of_the_stand_in_itself_is_not_on_record(
    http: urllib3.PoolManager, log: RequestLog
) -> None:
    with serving(CORPUS, log=log) as standin:
        http.request("GET", f"{standin.url}/control")

    assert log.records() == ()


def test_requests_of_many_threads_are_all_on_record(http: urllib3.PoolManager, log: RequestLog) -> None:
    with serving(CORPUS, log=log) as standin, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: http.request("GET", f"{standin.url}/rss/cs"), range(40)))
        assert len(log.records()) == 40
