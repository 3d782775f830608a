"""Deliveries over real HTTP: retries, order, slow and dead hosts, a killed process, excerpts, other hubs."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from random import Random
from threading import Event, Lock
from urllib.parse import parse_qsl

import pytest

from feedsvc.feed.catalogue import Catalogue
from feedsvc.feed.topic import Topics
from feedsvc.paper import Entry, Kind
from feedsvc.pipeline.deliver import Deliverer, DeliveryOptions, choose_patience
from feedsvc.pipeline.intents import Judge, Verifier
from feedsvc.pipeline.payloads import MOST_BYTES, Payloads
from feedsvc.pipeline.pings import Pinger
from feedsvc.pipeline.push import Pusher
from feedsvc.pipeline.states import mark_entry
from feedsvc.render import Head, load_formats
from feedsvc.serve import PATIENCE, SPARE
from feedsvc.store import Store, open_store
from feedsvc.store.documents import Stamp
from feedsvc.websub.address import Allowance
from feedsvc.websub.post import MOST_KEPT
from feedsvc.websub.retries import VERIFICATIONS
from feedsvc.websub.values import HubLimits, Target
from tests.builders import NOON, make_document, make_paper
from tests.hub_rows import TOPIC, make_intent, subscribe
from tests.loopback import FakeClock
from tests.subscriber import Subscriber, run_subscriber

HUB = "https://feeds.example.org/hub"
LEASE = 30 * 86_400
DAY = timedelta(days=1)
PUSH_IN_ANOTHER_PROCESS = """
import sys
from tests.test_push import push_for_ever

push_for_ever(sys.argv[1])
"""


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def reader() -> Iterator[Subscriber]:
    with run_subscriber() as subscriber:
        yield subscriber


def make_pusher(
    store: Store,
    clock: FakeClock,
    options: DeliveryOptions | None = None,
    *,
    diff: bool = False,
    hubs: Sequence[str] = (HUB,),
    most_bytes: int = MOST_BYTES,
    judge: Judge = lambda target: None,
) -> Pusher:
    topics = Topics("https://feeds.example.org", Catalogue({}), ("en",), tuple(load_formats()))
    payloads = Payloads(store.documents.find, store.deliveries.find_marks, diff=diff, most_bytes=most_bytes)
    return Pusher(
        store,
        clock,
        topics,
        Verifier(store, clock, judge, HubLimits(), Random(1)),
        Deliverer(
            *(store, clock, topics, hubs, [hub for hub in hubs if hub != HUB], payloads),
            *(options or DeliveryOptions(workers=8), Random(1)),
        ),
        Pinger(store, clock, Random(1)),
        Allowance(frozenset(), loopback=True),
        "feedsvc/test",
    )


def make_entries(*numbers: int) -> list[Entry]:
    times = [NOON + timedelta(hours=number) for number in numbers]
    papers = [make_paper(f"2601.{number:05}") for number in numbers]
    return [Entry(paper, Kind.NEW, time, time) for paper, time in zip(papers, times, strict=True)]


def publish(store: Store, *numbers: int, format: str = "xml") -> bytes:
    """Save the feed of cs.AI with these papers; give its bytes."""
    entries = make_entries(*numbers)
    renderer = load_formats()[format]
    url = TOPIC.replace(".xml", f".{format}")
    head = Head("urn:x", "AI", "", entries[0].updated, url, "https://feeds.example.org/", "en", "0", (HUB,))
    body = renderer.assemble(head, [renderer.render_fragment(entry, "en") for entry in entries])
    document = make_document(
        format=format, body=body, etag=str(hash(body)), content_type=renderer.content_type
    )
    store.documents.save(document, Stamp("recipe", 7, 3), marks=list(map(mark_entry, entries)))
    return body


def push_for_ever(url: str) -> None:
    """What the process does that is killed."""
    make_pusher(open_store(url), FakeClock()).push_due()


def ids(*numbers: int) -> list[str]:
    return [f"https://arxiv.org/abs/2601.{number:05}" for number in numbers]


# What came of a delivery


@pytest.mark.parametrize("status", [300, 302, 400, 404, 429, 500, 503])
def test_whatever_is_not_2xx_is_tried_again_later(
    store: Store, clock: FakeClock, reader: Subscriber, status: int
) -> None:
    subscribe(store, reader.url)
    reader.answers = [status]
    publish(store, 1)
    pusher = make_pusher(store, clock)
    pusher.push_due()
    assert (reader.attempts, reader.delivered) == (1, [])

    clock.time += timedelta(seconds=60)
    pusher.push_due()

    assert [delivery.entries for delivery in reader.delivered] == [ids(1)]


def test_a_redirected_delivery_is_not_followed(store: Store, clock: FakeClock, reader: Subscriber) -> None:
    with run_subscriber(answers=[307], headers={"Location": reader.url}) as mover:
        subscribe(store, mover.url)
        publish(store, 1)
        make_pusher(store, clock).push_due()

    assert (mover.attempts, reader.attempts) == (1, 0)


def test_a_subscriber_that_is_down_for_a_day_gets_the_newest_document_and_nothing_older(
    store: Store, clock: FakeClock, reader: Subscriber
) -> None:
    subscribe(store, reader.url, lease_seconds=LEASE)
    pusher = make_pusher(store, clock)
    reader.is_down = True
    publish(store, 1)
    for hour in range(24):
        if hour == 12:
            publish(store, 2, 1)
        pusher.push_due()
        clock.time += timedelta(hours=1)
    assert 5 <= reader.attempts <= 24
    reader.is_down = False

    for _ in range(7):
        pusher.push_due()
        clock.time += timedelta(hours=1)

    assert [delivery.entries for delivery in reader.delivered] == [ids(2, 1)]


def test_retries_end_and_the_next_update_is_sent_all_the_same(
    store: Store, clock: FakeClock, reader: Subscriber
) -> None:
    subscribe(store, reader.url, lease_seconds=LEASE)
    pusher = make_pusher(store, clock)
    reader.is_down = True
    publish(store, 1)
    for _ in range(40):
        pusher.push_due()
        clock.time += timedelta(hours=6)
    assert reader.attempts == 20
    reader.is_down = False

    publish(store, 2, 1)
    pusher.push_due()

    assert [delivery.entries for delivery in reader.delivered] == [ids(2, 1)]


def test_only_the_newest_document_is_delivered(store: Store, clock: FakeClock, reader: Subscriber) -> None:
    subscribe(store, reader.url)
    for newest in range(1, 6):
        publish(store, *range(newest, 0, -1))

    make_pusher(store, clock).push_due()

    assert [delivery.entries for delivery in reader.delivered] == [ids(5, 4, 3, 2, 1)]


# Hosts


def test_each_of_many_subscribers_gets_it_once(store: Store, clock: FakeClock, reader: Subscriber) -> None:
    for number in range(60):
        subscribe(store, f"{reader.url}?{number}")
    publish(store, 1)

    assert make_pusher(store, clock).push_due() == 60

    assert len({delivery.path for delivery in reader.delivered}) == reader.attempts == 60


def test_a_slow_host_and_a_dead_one_delay_nobody(store: Store, clock: FakeClock, reader: Subscriber) -> None:
    """While the slow one has not answered yet, everybody else has the document."""
    done_meanwhile: list[int] = []

    def answer_last(_body: bytes) -> int:
        deadline = time.monotonic() + 4
        while len(reader.delivered) < 40 and time.monotonic() < deadline:
            time.sleep(0.01)
        done_meanwhile.append(len(reader.delivered))
        return 200

    with run_subscriber("127.0.0.2", react=answer_last) as slow:
        subscribe(store, slow.url)
        for number in range(20):
            subscribe(store, f"http://127.0.0.3:{find_closed_port()}/{number}")
        for number in range(40):
            subscribe(store, f"{reader.url}?{number}")
        publish(store, 1)

        make_pusher(store, clock, DeliveryOptions(workers=2, slow_seconds=0.05)).push_due()

    assert done_meanwhile == [40]


@pytest.mark.parametrize(
    ("file_limit", "patience"), [(256, 100), (1024, 224), (4096, 1500), (1_048_576, 1500), (-1, 1500)]
)
def test_no_more_wait_for_slow_hosts_than_files_may_be_open(file_limit: int, patience: int) -> None:
    assert choose_patience(file_limit) == patience


def test_files_are_left_for_a_web_server_in_the_same_process() -> None:
    limit, workers = 1024, DeliveryOptions().workers

    assert choose_patience(limit) + workers + MOST_KEPT + PATIENCE.connections + SPARE < limit


def test_a_document_that_had_to_make_room_for_others_is_read_again_and_delivered(
    store: Store, clock: FakeClock, reader: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feedsvc.pipeline.deliver.TAKEN_AT_ONCE", 2)
    for suffix in ("xml", "rss", "json"):
        for number in range(4):
            subscribe(store, f"{reader.url}?{suffix}{number}", TOPIC.replace(".xml", f".{suffix}"))
    for suffix in ("xml", "rss", "json"):
        publish(store, 1, format=suffix)

    def answer_late(_body: bytes) -> int:
        time.sleep(0.05)
        return 200

    reader.react = answer_late
    make_pusher(store, clock, DeliveryOptions(workers=1), most_bytes=0).push_due()

    assert reader.attempts == 12
    assert all(each.delivered_at for each in store.subscriptions.walk())
    assert store.subscriptions.sum_up().deliveries == 0


def test_a_delivery_that_brings_an_error_of_ours_stops_no_other(
    store: Store, clock: FakeClock, reader: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sign(_body: bytes, _secret: str, _method: str) -> str:
        raise RecursionError

    monkeypatch.setattr("feedsvc.pipeline.deliver.sign_body", sign)
    for number in range(4):
        subscribe(store, f"{reader.url}?bad{number}", secret="s")
        subscribe(store, f"{reader.url}?good{number}")
    publish(store, 1)

    make_pusher(store, clock, DeliveryOptions(workers=2)).push_due()

    assert {each.path for each in reader.delivered} == {f"/callback?good{number}" for number in range(4)}
    failed = [each for each in store.subscriptions.walk() if each.failures]
    assert {each.last_failure for each in failed} == {"RecursionError"}
    assert store.subscriptions.sum_up().deliveries == len(failed) == 4


def test_a_verification_that_brings_an_error_of_ours_stops_no_other(
    store: Store, clock: FakeClock, reader: Subscriber
) -> None:
    def judge(target: Target) -> str | None:
        if "bad" in target.callback:
            raise RecursionError
        return None

    pusher = make_pusher(store, clock, judge=judge)
    for number in range(4):
        for word in ("bad", "good"):
            intent = make_intent(f"{reader.url}?{word}{number}")
            assert store.intents.add(intent, HubLimits(), clock.now()) is None
    pusher.push_due()

    assert {each.target.callback for each in store.subscriptions.walk()} == {
        f"{reader.url}?good{number}" for number in range(4)
    }
    assert store.intents.count() == 4

    for _ in range(VERIFICATIONS.attempts):
        clock.time += timedelta(seconds=VERIFICATIONS.longest)
        pusher.push_due()

    assert store.intents.count() == 0


def test_a_host_that_does_not_answer_is_left_alone_after_a_few_attempts(
    store: Store, clock: FakeClock
) -> None:
    port = find_closed_port()
    for number in range(100):
        subscribe(store, f"http://127.0.0.1:{port}/{number}")
    publish(store, 1)

    make_pusher(store, clock, DeliveryOptions(workers=4, per_host=2)).push_due()

    tried = sum(each.failures for each in store.subscriptions.walk())
    assert 5 <= tried <= 8
    assert store.subscriptions.sum_up().deliveries == 100


def test_a_host_has_no_more_than_a_few_requests_at_a_time(store: Store, clock: FakeClock) -> None:
    at_once, most, lock = [0], [0], Lock()

    def count(_body: bytes) -> int:
        with lock:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
        time.sleep(0.02)
        with lock:
            at_once[0] -= 1
        return 200

    with run_subscriber(react=count) as crowded:
        for number in range(20):
            subscribe(store, f"{crowded.url}?{number}")
        publish(store, 1)

        make_pusher(store, clock, DeliveryOptions(workers=16, per_host=3)).push_due()

    assert 1 < most[0] <= 3
    assert crowded.attempts == 20


def find_closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port: int = closed.getsockname()[1]
        return port


# A process that is killed


def test_a_process_killed_in_mid_delivery_delivers_again_after_restart(
    store: Store, database_url: str, clock: FakeClock
) -> None:
    killed = Event()

    def answer_only_after_the_kill(_body: bytes) -> int:
        killed.wait(60)
        return 200

    with run_subscriber(react=answer_only_after_the_kill) as reached:
        subscribe(store, reached.url)
        publish(store, 1)
        worker = subprocess.Popen(
            [sys.executable, "-c", PUSH_IN_ANOTHER_PROCESS, database_url],
            cwd=Path(__file__).resolve().parents[1],
        )
        while not reached.attempts and worker.poll() is None:
            time.sleep(0.02)
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
        killed.set()
        assert (reached.attempts, store.subscriptions.sum_up().deliveries) == (1, 1)

        pusher = make_pusher(store, clock)
        pusher.push_due()
        assert reached.attempts == 1
        clock.time += timedelta(seconds=61)
        pusher.push_due()

        assert (reached.attempts, store.subscriptions.sum_up().deliveries) == (2, 0)


def test_a_pusher_that_is_stopped_leaves_the_rest_due(
    store: Store, clock: FakeClock, reader: Subscriber
) -> None:
    for number in range(10):
        subscribe(store, f"{reader.url}?{number}")
    publish(store, 1)
    pusher = make_pusher(store, clock)
    pusher.stop()

    pusher.push_due()
    make_pusher(store, clock).push_due()

    assert len({delivery.path for delivery in reader.delivered}) == 10


# Excerpts


@pytest.mark.parametrize("format", ["xml", "rss", "json"])
def test_by_setting_a_delivery_holds_only_what_is_new_since_the_last(
    store: Store, clock: FakeClock, reader: Subscriber, format: str
) -> None:
    topic = TOPIC.replace(".xml", f".{format}")
    subscribe(store, reader.url, topic)
    pusher = make_pusher(store, clock, diff=True)
    for papers in ((2, 1), (4, 3, 2, 1)):
        publish(store, *papers, format=format)
        pusher.push_due()

    assert [delivery.entries for delivery in reader.delivered] == [ids(2, 1), ids(4, 3)]
    load_formats()[format].check(reader.delivered[1].body)


def test_an_excerpt_tells_all_that_a_subscriber_missed(
    store: Store, clock: FakeClock, reader: Subscriber
) -> None:
    subscribe(store, reader.url, lease_seconds=LEASE)
    pusher = make_pusher(store, clock, diff=True)
    publish(store, 1)
    pusher.push_due()
    reader.answers = [500]
    publish(store, 2, 1)
    pusher.push_due()

    publish(store, 3, 2, 1)
    pusher.push_due()

    assert [delivery.entries for delivery in reader.delivered] == [ids(1), ids(3, 2)]


def test_who_has_a_state_that_is_no_longer_known_gets_the_whole_document(
    store: Store, clock: FakeClock, reader: Subscriber
) -> None:
    subscribe(store, reader.url, lease_seconds=LEASE)
    pusher = make_pusher(store, clock, diff=True)
    publish(store, 1)
    pusher.push_due()
    for newest in range(2, 12):
        publish(store, *range(newest, 0, -1))

    pusher.push_due()

    assert reader.delivered[-1].entries == ids(*range(11, 0, -1))


# Other hubs


@pytest.mark.parametrize(
    "topic", ["https://former.example.org/feeds/cs.AI.xml", "https://feeds.example.org/feeds/zh/cs.AI.xml"]
)
def test_settings_that_know_a_topic_no_more_end_no_subscription(
    store: Store, clock: FakeClock, reader: Subscriber, topic: str
) -> None:
    subscribe(store, reader.url, topic, lease_seconds=LEASE)

    make_pusher(store, clock).push_due()
    assert store.subscriptions.find(topic, reader.url)
    assert reader.asked == []

    clock.time += timedelta(seconds=LEASE)
    make_pusher(store, clock).push_due()
    assert store.subscriptions.find(topic, reader.url) is None


def test_other_hubs_are_told_of_each_changed_topic(store: Store, clock: FakeClock) -> None:
    told: list[list[tuple[str, str]]] = []

    def take(body: bytes) -> int:
        told.append(parse_qsl(body.decode()))
        return 204

    publish(store, 1)
    publish(store, 1, format="rss")
    with run_subscriber(react=take) as other:
        make_pusher(store, clock, hubs=(HUB, other.url)).push_due()

    assert sorted(told) == [
        [("hub.mode", "publish"), ("hub.url", TOPIC.replace(".xml", ".rss"))],
        [("hub.mode", "publish"), ("hub.url", TOPIC)],
    ]


def test_other_hubs_are_told_where_there_is_no_own_one(store: Store, clock: FakeClock) -> None:
    told: list[bytes] = []

    def take(body: bytes) -> int:
        told.append(body)
        return 204

    publish(store, 1)
    with run_subscriber(react=take) as other:
        make_pusher(store, clock, hubs=(other.url,)).push_due()

    assert [dict(parse_qsl(body.decode()))["hub.url"] for body in told] == [TOPIC]


def test_another_hub_that_is_down_is_told_later(store: Store, clock: FakeClock) -> None:
    publish(store, 1)
    statuses = [503, 204]
    with run_subscriber(react=lambda _: statuses.pop(0)) as other:
        pusher = make_pusher(store, clock, hubs=(HUB, other.url))
        pusher.push_due()
        clock.time += timedelta(minutes=1)

        pusher.push_due()

    assert store.subscriptions.sum_up().outcomes == {("ping", "204"): 1, ("ping", "503"): 1}
