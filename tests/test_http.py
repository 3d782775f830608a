"""The outbound client against a real server on loopback that does whatever servers should not."""

from __future__ import annotations

import gzip
import os
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.errors import BrokenAnswer, SettingsError, UpstreamError
from feedsvc.http import (
    LONGEST_RETRY_AFTER_SECONDS,
    Answer,
    Client,
    IntervalPace,
    Outcome,
    SystemClock,
    is_arxiv,
)
from tests.loopback import NOON, FakeClock, Reply, Server, write

# Nothing here waits so long, however busy the machine is.
PATIENT_SECONDS = 30.0
# For what comes late on purpose: long against the pauses of a dribble.
IMPATIENT_SECONDS = 0.5


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def reset(peer: socket.socket) -> None:
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # While a file is open on it, `close` would leave the connection as it is.
    os.close(peer.detach())


def hang(server: Server) -> Reply:
    def reply(_peer: socket.socket) -> None:
        server.stopping.wait(5)

    return reply


def drip(server: Server, head: bytes) -> Reply:
    def reply(peer: socket.socket) -> None:
        peer.sendall(head)
        while not server.stopping.wait(0.05):
            peer.sendall(b"x")

    return reply


@contextmanager
def open_client(
    clock: FakeClock,
    *,
    attempts: int = 3,
    max_bytes: int = 1_000_000,
    timeout_seconds: float = PATIENT_SECONDS,
    pace: IntervalPace | None = None,
    **more: object,
) -> Iterator[Client]:
    client = Client(
        pace or IntervalPace(0, clock),
        clock,
        user_agent="feedsvc/1.0 (+mailto:me@example.org)",
        accept="application/atom+xml",
        timeout_seconds=timeout_seconds,
        attempts=attempts,
        max_bytes=max_bytes,
        **more,  # type: ignore[arg-type]
    )
    with client:
        yield client


def test_an_answer_has_status_type_body_and_address(server: Server, clock: FakeClock) -> None:
    server.replies = [write(b"<feed>1</feed>")]
    with open_client(clock) as client:
        answer = client.get(f"{server.url}/rss/cs.AI")

    assert answer == Answer(200, "application/atom+xml", b"<feed>1</feed>", f"{server.url}/rss/cs.AI")
    assert clock.slept == []


def test_parameters_go_into_the_query_with_commas_as_they_are(server: Server, clock: FakeClock) -> None:
    server.replies = [write()]
    with open_client(clock) as client:
        client.get(f"{server.url}/api/query", {"id_list": "2601.00001v1,hep-th/9901001", "x": "a b&c"})
        client.get(f"{server.url}/api/query?a=1", {"b": "2"})

    assert server.requests[0].startswith(
        "GET /api/query?id_list=2601.00001v1,hep-th/9901001&x=a+b%26c HTTP/1.1"
    )
    assert server.requests[1].startswith("GET /api/query?a=1&b=2 ")


def test_every_request_says_who_asks_and_what_is_understood(server: Server, clock: FakeClock) -> None:
    server.replies = [write()]
    with open_client(clock) as client:
        client.get(server.url)

    lines = server.requests[0].split("\r\n")
    assert "User-Agent: feedsvc/1.0 (+mailto:me@example.org)" in lines
    assert "Accept: application/atom+xml" in lines
    assert "Accept-Encoding: gzip" in lines


@pytest.mark.parametrize("agent", ["feedsvc\r\nX: y", "feedsvc (+ünter@example.org)"])
def test_a_user_agent_that_no_header_can_carry_is_refused_at_start(agent: str, clock: FakeClock) -> None:
    with pytest.raises(SettingsError, match="User-Agent"):
        Client(
            IntervalPace(0, clock),
            clock,
            user_agent=agent,
            accept="",
            timeout_seconds=1,
            attempts=1,
            max_bytes=1,
        )


def test_a_compressed_body_is_unpacked(server: Server, clock: FakeClock) -> None:
    server.replies = [write(gzip.compress(b"<feed/>" * 1000), headers=("Content-Encoding: gzip",))]
    with open_client(clock) as client:
        assert client.get(server.url).body == b"<feed/>" * 1000


def test_a_connection_is_kept_for_the_next_request(server: Server, clock: FakeClock) -> None:
    server.replies = [
        write(b"one"),
        write(b"two"),
        write(gzip.compress(b"3"), headers=("Content-Encoding: gzip",)),
    ]
    with open_client(clock) as client:
        bodies = [client.get(f"{server.url}/{n}").body for n in range(3)]

    assert (bodies, server.connections) == ([b"one", b"two", b"3"], 1)


def test_a_kept_connection_that_the_server_closed_is_opened_anew(server: Server, clock: FakeClock) -> None:
    def reply_and_close(peer: socket.socket) -> None:
        write()(peer)
        peer.shutdown(socket.SHUT_RDWR)

    server.replies = [reply_and_close]
    with open_client(clock) as client:
        client.get(server.url)
        time.sleep(0.05)
        client.get(server.url)

    assert (server.connections, clock.slept) == (2, [])


@pytest.mark.parametrize(
    "status",
    ["406 Not Acceptable", "429 Too Many Requests", "500 Oops", "502 Bad", "503 Unavailable", "504 Late"],
)
def test_a_status_that_passes_is_asked_again(server: Server, clock: FakeClock, status: str) -> None:
    server.replies = [write(status=status), write(b"good")]
    with open_client(clock) as client:
        assert client.get(server.url).body == b"good"

    assert len(clock.slept) == 1


@pytest.mark.parametrize("status", ["400 Bad Request", "403 Forbidden", "404 Not Found", "410 Gone"])
def test_a_status_that_stays_is_given_at_once(server: Server, clock: FakeClock, status: str) -> None:
    server.replies = [write(b"why", status=status)]
    with open_client(clock) as client:
        answer = client.get(server.url)

    assert (answer.status, answer.body, clock.slept) == (int(status[:3]), b"why", [])


def test_the_pause_doubles_and_varies_at_random(server: Server, clock: FakeClock) -> None:
    server.replies = [write(status="503 Unavailable")]
    with open_client(clock, attempts=5, random=Random(7)) as client, pytest.raises(UpstreamError):
        client.get(server.url)

    random = Random(7)
    assert clock.slept == [longest * random.uniform(0.5, 1.0) for longest in (5, 10, 20, 40)]


def test_the_pause_has_an_end(server: Server, clock: FakeClock) -> None:
    server.replies = [write(status="503 Unavailable")]
    with open_client(clock, attempts=12) as client, pytest.raises(UpstreamError):
        client.get(server.url)

    assert 150 <= max(clock.slept) <= 300


def test_after_the_last_attempt_the_error_names_address_and_cause(server: Server, clock: FakeClock) -> None:
    server.replies = [write(status="503 Unavailable")]
    with open_client(clock, attempts=2) as client, pytest.raises(UpstreamError) as caught:
        client.get(f"{server.url}/rss/cs.AI")

    assert str(caught.value) == f"{server.url}/rss/cs.AI failed 2 times, last: HTTP 503"
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("retry_after", "waits"),
    [
        ("77", 77),
        (format_datetime(NOON + timedelta(minutes=5), usegmt=True), 300),
        ("86400", LONGEST_RETRY_AFTER_SECONDS),
        ("9" * 400, LONGEST_RETRY_AFTER_SECONDS),
        (format_datetime(NOON + timedelta(days=400), usegmt=True), LONGEST_RETRY_AFTER_SECONDS),
    ],
)
def test_retry_after_is_honoured_up_to_an_hour(
    server: Server, clock: FakeClock, retry_after: str, waits: float
) -> None:
    server.replies = [write(status="503 Wait", headers=(f"Retry-After: {retry_after}",)), write()]
    with open_client(clock) as client:
        client.get(server.url)

    assert clock.slept == [waits]


@pytest.mark.parametrize(
    "retry_after", ["soon", "-5", "1", "²", "", format_datetime(NOON - timedelta(days=1), usegmt=True)]
)
def test_a_retry_after_that_says_less_than_the_pause_changes_nothing(
    server: Server, clock: FakeClock, retry_after: str
) -> None:
    server.replies = [write(status="429 Slow", headers=(f"Retry-After: {retry_after}",)), write()]
    with open_client(clock) as client:
        client.get(server.url)

    assert 2.5 <= clock.slept[0] <= 5


def test_an_answer_that_never_comes_is_asked_again(server: Server, clock: FakeClock) -> None:
    server.replies = [hang(server), write(b"good")]
    with open_client(clock, attempts=20, timeout_seconds=IMPATIENT_SECONDS) as client:
        assert client.get(server.url).body == b"good"


def test_silence_to_the_end_is_said_so(server: Server, clock: FakeClock) -> None:
    server.replies = [hang(server)]
    with (
        open_client(clock, attempts=1, timeout_seconds=IMPATIENT_SECONDS) as client,
        pytest.raises(UpstreamError, match="nothing came for"),
    ):
        client.get(server.url)


def test_a_reset_connection_is_asked_again(server: Server, clock: FakeClock) -> None:
    server.replies = [reset, write(b"good")]
    with open_client(clock) as client:
        assert client.get(server.url).body == b"good"


def test_a_server_that_is_not_there_is_an_upstream_error(clock: FakeClock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with open_client(clock) as client, pytest.raises(UpstreamError, match="refused"):
        client.get(f"http://127.0.0.1:{port}/")

    assert len(clock.slept) == 2


@pytest.mark.parametrize(
    "spoiled",
    [
        write(b"<feed>", length=1000),
        write(gzip.compress(b"<feed>" * 99)[:40], headers=("Content-Encoding: gzip",), length=200),
        write(b"no gzip at all", headers=("Content-Encoding: gzip",)),
        lambda peer: peer.sendall(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<feed\r\nzz\r\n"
        ),
        lambda peer: peer.sendall(b"garbage\r\n\r\n"),
        lambda peer: peer.sendall(b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 70_000 + b"\r\n\r\n"),
        lambda peer: peer.sendall(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n"),
    ],
    ids=["length", "packed length", "no gzip", "chunks", "no HTTP", "long header", "many headers"],
)
def test_a_body_cut_off_or_garbled_is_asked_again(server: Server, clock: FakeClock, spoiled: Reply) -> None:
    server.replies = [spoiled, write(b"whole")]
    with open_client(clock) as client:
        assert client.get(server.url).body == b"whole"

    assert len(clock.slept) == 1


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n",
        b"HTTP/1.1 200 OK\r\nX: ",
        b"",
    ],
    ids=["no length", "length", "chunk", "header", "status line"],
)
def test_an_endless_dribble_ends(server: Server, clock: FakeClock, head: bytes) -> None:
    server.replies = [drip(server, head)]
    with (
        open_client(clock, attempts=1, timeout_seconds=IMPATIENT_SECONDS) as client,
        pytest.raises(UpstreamError, match="the answer took over"),
    ):
        client.get(server.url)


class LosingPace(IntervalPace):
    """Loses its first turn when the request has been under way for a moment."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(0, clock)
        self._is_first = True

    @contextmanager
    def turn(self, lose: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Give a turn."""
        timer = threading.Timer(IMPATIENT_SECONDS, lose)
        if self._is_first:
            self._is_first = False
            timer.start()
        with super().turn():
            yield
        timer.cancel()


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\n\r\n"], ids=["no answer", "body"])
def test_a_request_whose_turn_is_lost_ends_at_once_and_is_asked_again(
    server: Server, clock: FakeClock, head: bytes
) -> None:
    server.replies = [drip(server, head), write(b"whole")]
    outcomes: list[Outcome] = []
    begun = time.monotonic()
    with open_client(clock, pace=LosingPace(clock), observer=outcomes.append) as client:
        assert client.get(server.url).body == b"whole"

    assert time.monotonic() - begun < PATIENT_SECONDS
    assert [outcome.error for outcome in outcomes] == ["the turn to ask was lost meanwhile", None]


class LostPace(IntervalPace):
    """Loses its first turn before the request is sent."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(0, clock)
        self._is_first = True

    @contextmanager
    def turn(self, lose: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Give a turn."""
        with super().turn():
            if self._is_first:
                self._is_first = False
                lose()
            yield


def test_a_request_whose_turn_is_lost_before_it_is_sent_is_not_sent(server: Server, clock: FakeClock) -> None:
    server.replies = [write(b"whole")]
    outcomes: list[Outcome] = []
    with open_client(clock, pace=LostPace(clock), observer=outcomes.append) as client:
        assert client.get(server.url).body == b"whole"

    assert [outcome.error for outcome in outcomes] == ["the turn to ask was lost meanwhile", None]
    assert len(server.requests) == 1


def test_a_turn_that_is_lost_after_the_answer_costs_the_next_request_nothing(
    server: Server, clock: FakeClock
) -> None:
    lost: list[Callable[[], None]] = []

    class LatePace(IntervalPace):
        @contextmanager
        def turn(self, lose: Callable[[], None] = lambda: None) -> Iterator[None]:
            lost.append(lose)
            with super().turn():
                yield

    server.replies = [write(b"one"), write(b"two")]
    outcomes: list[Outcome] = []
    with open_client(clock, pace=LatePace(0, clock), observer=outcomes.append) as client:
        client.get(server.url)
        lost[0]()
        client.get(server.url)

    assert [outcome.error for outcome in outcomes] == [None, None]


def test_a_compressed_bomb_is_cut_at_the_limit_and_not_asked_again(server: Server, clock: FakeClock) -> None:
    bomb = gzip.compress(bytes(10_000_000)) * 100
    server.replies = [write(bomb, headers=("Content-Encoding: gzip",))]
    tracemalloc.start()
    with open_client(clock) as client, pytest.raises(UpstreamError, match="more than 1000000 bytes"):
        client.get(server.url)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 20_000_000
    assert len(server.requests) == 1


def test_a_body_of_exactly_the_limit_is_taken(server: Server, clock: FakeClock) -> None:
    server.replies = [write(b"x" * 1000)]
    with open_client(clock, max_bytes=1000) as client:
        assert len(client.get(server.url).body) == 1000
    with (
        open_client(clock, max_bytes=999) as client,
        pytest.raises(UpstreamError, match="more than 999 bytes"),
    ):
        client.get(server.url)


def redirect(target: str) -> Reply:
    return write(b"", "301 Moved", (f"Location: {target}",))


def test_redirects_are_followed_and_the_answer_says_where_it_is_from(
    server: Server, clock: FakeClock
) -> None:
    server.replies = [redirect("/two"), redirect(f"{server.url}/three"), redirect("four"), write(b"here")]
    with open_client(clock) as client:
        answer = client.get(f"{server.url}/one")

    assert (answer.body, answer.url) == (b"here", f"{server.url}/four")


def test_a_fourth_redirect_is_not_followed(server: Server, clock: FakeClock) -> None:
    server.replies = [redirect("/again")]
    with open_client(clock) as client, pytest.raises(UpstreamError, match="more than 3 redirects"):
        client.get(server.url)

    assert len(server.requests) == 4


@pytest.mark.parametrize("target", ["file:///etc/hosts", "ftp://127.0.0.1/", "gopher://x", "//[::"])
def test_a_redirect_leads_only_to_a_web_address(server: Server, clock: FakeClock, target: str) -> None:
    server.replies = [redirect(target)]
    with open_client(clock) as client, pytest.raises(UpstreamError, match="no web address"):
        client.get(server.url)


@pytest.mark.parametrize("url", ["", "cs.AI", "file:///etc/hosts", "http://", "http://[::", "javascript:1"])
def test_only_web_addresses_are_asked(clock: FakeClock, url: str) -> None:
    with open_client(clock) as client, pytest.raises(UpstreamError, match="no web address"):
        client.get(url)


def test_an_answer_that_its_reader_finds_broken_is_asked_again(server: Server, clock: FakeClock) -> None:
    server.replies = [write(b"half"), write(b"whole")]

    def parse(answer: Answer) -> str:
        if answer.body == b"half":
            raise BrokenAnswer("half of it")
        return answer.body.decode()

    with open_client(clock) as client:
        assert client.read(server.url, None, parse) == "whole"
    assert len(clock.slept) == 1


def test_what_is_asked_again_is_logged_with_its_reason(
    server: Server, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    server.replies = [write(status="503 Wait"), write(b"half"), write(b"whole")]

    def parse(answer: Answer) -> bytes:
        if answer.body == b"half":
            raise BrokenAnswer("half of it")
        return answer.body

    with caplog.at_level("INFO"), open_client(clock) as client:
        client.read(server.url, None, parse)

    first, second = (record.getMessage() for record in caplog.records)
    assert first.startswith("asked again in ")
    assert first.endswith(f"{server.url}: HTTP 503")
    assert second.endswith(": half of it")


def test_what_stays_broken_is_raised_as_its_reader_said(server: Server, clock: FakeClock) -> None:
    server.replies = [write()]

    def parse(answer: Answer) -> str:
        raise BrokenAnswer("half of it")

    with open_client(clock) as client, pytest.raises(BrokenAnswer, match="half of it"):
        client.read(server.url, None, parse)
    assert len(server.requests) == 3


def test_every_request_is_reported(server: Server, clock: FakeClock) -> None:
    outcomes: list[Outcome] = []
    server.replies = [write(status="503 Wait"), reset, redirect("/end"), write()]
    with open_client(clock, observer=outcomes.append) as client:
        client.get(server.url)

    assert [(o.attempt, o.status) for o in outcomes] == [(1, 503), (2, None), (3, 301), (3, 200)]
    assert [bool(o.error) for o in outcomes] == [False, True, False, False]
    assert [o.url for o in outcomes] == [server.url] * 3 + [f"{server.url}/end"]


def test_requests_of_many_threads_go_out_one_at_a_time(server: Server, clock: FakeClock) -> None:
    busy = threading.Lock()
    overlaps: list[str] = []

    def reply(peer: socket.socket) -> None:
        if not busy.acquire(blocking=False):
            overlaps.append("two at once")
            return
        time.sleep(0.02)
        write()(peer)
        busy.release()

    server.replies = [reply]
    with open_client(clock) as client:
        threads = [threading.Thread(target=client.get, args=(server.url,)) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert (overlaps, len(server.requests)) == ([], 5)


def test_turns_are_an_interval_apart(clock: FakeClock) -> None:
    pace = IntervalPace(3, clock)
    with pace.turn():
        clock.time += timedelta(seconds=10)
    with pace.turn():
        pass
    clock.time += timedelta(seconds=1)
    with pace.turn():
        pass
    clock.time += timedelta(seconds=5)
    with pace.turn():
        pass

    assert clock.slept == [3, 2]


def test_a_turn_that_failed_counts_too(clock: FakeClock) -> None:
    pace = IntervalPace(3, clock)
    with pytest.raises(RuntimeError), pace.turn():
        raise RuntimeError
    with pace.turn():
        pass

    assert clock.slept == [3]


def test_a_clock_set_back_makes_nobody_wait_longer_than_the_interval(clock: FakeClock) -> None:
    pace = IntervalPace(3, clock)
    with pace.turn():
        pass
    clock.time -= timedelta(days=1)
    with pace.turn():
        pass

    assert clock.slept == [3]


@pytest.mark.parametrize("host", ["rss.arxiv.org", "export.arxiv.org.", "ARXIV.ORG", "a.b.arxiv.org"])
def test_arxivs_hosts_are_known(host: str) -> None:
    assert is_arxiv(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "notarxiv.org", "arxiv.org.example.org", ""])
def test_other_hosts_are_not_arxivs(host: str) -> None:
    assert not is_arxiv(host)


def test_arxiv_is_asked_every_three_seconds_at_most_whatever_the_pace(
    server: Server, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *more, **kw: real("127.0.0.1", *more, **kw))
    server.replies = [write()]
    with open_client(clock) as client:
        for _ in range(3):
            client.get(f"http://rss.arxiv.org:{server.port}/rss/cs.AI")

    assert clock.slept == [3, 3]


def test_the_systems_clock_is_in_utc_and_sleeps() -> None:
    clock = SystemClock()
    before = clock.now()
    clock.sleep(0.01)

    assert before.tzinfo is UTC
    assert clock.now() - before >= timedelta(seconds=0.01)


def test_a_stopped_clock_lets_nobody_sleep(server: Server) -> None:
    stopped = threading.Event()
    server.replies = [write(status="503 Wait", headers=("Retry-After: 3600",))]
    threading.Timer(0.1, stopped.set).start()
    with open_client(SystemClock(stopped)) as client, pytest.raises(UpstreamError, match="stopped"):  # type: ignore[arg-type]
        client.get(server.url)

    assert len(server.requests) == 1


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path, clock: FakeClock) -> None:
    server = Server(make_certificate(tmp_path))
    server.replies = [write(b"secret")]
    try:
        with open_client(clock) as client, pytest.raises(UpstreamError, match="not trusted"):
            client.get(server.url)
    finally:
        server.close()

    assert server.requests == []
    assert clock.slept == []


def make_certificate(folder: Path) -> ssl.SSLContext:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    made = f"-newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1 -keyout {key} -out {certificate}"
    subprocess.run([openssl, "req", "-x509", *made.split()], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


@given(st.integers(0, 6), st.floats(0, 10))
def test_no_two_turns_are_closer_than_the_interval(turns: int, interval: float) -> None:
    clock = FakeClock()
    pace = IntervalPace(interval, clock)
    starts = []
    for _ in range(turns):
        with pace.turn():
            starts.append(clock.now())

    gaps = [(later - sooner).total_seconds() for sooner, later in pairwise(starts)]
    assert all(gap >= interval - 1e-6 for gap in gaps)
