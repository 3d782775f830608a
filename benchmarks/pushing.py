"""Measures how fast deliveries are sent.

The sink is a process of its own on loopback that reads each request and answers 204. Subscribers are spread
over addresses of 127.0.0.0/8. Signed documents of 12 and 300 kB are sent

- by the hub's own step, from the rows of a SQLite store to the rows that say what came of it;
- by the hub's wire alone, without a store;
- by urllib3 in threads with kept connections, the plain way with what the project has anyway;
- by httpx2 (which goes on with httpx), if it is installed, 16 at once.

And once more by the hub's own step with 5% of the subscribers dead (nobody listens) and 5% slow (they answer
after two seconds). The limit is signing each document, and nothing else.
"""

from __future__ import annotations

import asyncio
import gzip
import multiprocessing
import os
import resource
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.util import find_spec
from multiprocessing.connection import Connection
from random import Random

import urllib3

from benchmarks.table import Benchmark, Growth, Point, Row, Scale
from feedsvc.feed.catalogue import Catalogue
from feedsvc.feed.topic import Topics
from feedsvc.http import SystemClock
from feedsvc.paper import Document
from feedsvc.pipeline.deliver import Deliverer, DeliveryOptions
from feedsvc.pipeline.payloads import Payloads
from feedsvc.store import Store, open_store
from feedsvc.store.documents import Stamp
from feedsvc.store.engine import write
from feedsvc.store.hub_tables import make_key, subscriptions
from feedsvc.websub.address import Allowance
from feedsvc.websub.signing import sign_body
from feedsvc.websub.wire import Wire

HERE = Allowance(frozenset(), loopback=True)
HUB = "https://feeds.example.org/hub"
TOPIC = "https://feeds.example.org/feeds/cs.AI.xml"
SECRET = "a secret of usual length, 32 B.."
SIZES = (12_000, 300_000)
FEWER = 6  # times, of the larger ones
WANTED = {12_000: 9_000, 300_000: 1_500}
HOSTS = 250
SLOW_SECONDS = 2.0


class Sink(asyncio.Protocol):
    """Reads requests by their Content-Length and answers each; `/slow` after a while."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._left = 0
        self._head = b""
        self._is_slow = False

    def data_received(self, data: bytes) -> None:
        while data:
            if self._left:
                taken = min(self._left, len(data))
                self._left, data = self._left - taken, data[taken:]
                if not self._left:
                    self._answer()
                continue
            self._head += data
            head, end, data = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            self._head = b""
            self._is_slow = head.startswith(b"POST /slow")
            lowered = head.lower()
            start = lowered.index(b"content-length:") + 15
            self._left = int(lowered[start:].split(b"\r\n", 1)[0])

    def _answer(self) -> None:
        if self._is_slow:
            asyncio.get_running_loop().call_later(SLOW_SECONDS, self._write)
        else:
            self._write()

    def _write(self) -> None:
        self._transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")  # type: ignore[attr-defined]


def run_sink(sender: Connection) -> None:
    """Serve until the process is ended."""

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(Sink, "0.0.0.0", 0, backlog=4096)
        sender.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    raise_limit()
    asyncio.run(serve())


def raise_limit() -> None:
    """Allow as many open connections as the system does."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 16_384), most))


@dataclass(frozen=True)
class Rate:
    """Deliveries and the seconds they took: by the clock, and of this process's own work."""

    deliveries: int
    seconds: float
    cpu: float

    @property
    def a_second(self) -> float:
        """Deliveries a second."""
        return self.deliveries / self.seconds

    def __str__(self) -> str:
        return (
            f"{self.a_second:8,.0f} a second   {self.cpu / self.deliveries * 1e6:6.0f} µs of processor each"
        )


def clock(work: Callable[[], int]) -> Rate:
    """Run something that gives how many deliveries it made."""
    started, cpu = time.perf_counter(), time.process_time()
    deliveries = work()
    return Rate(deliveries, time.perf_counter() - started, time.process_time() - cpu)


def callback(number: int, port: int, *, is_slow: bool = False) -> str:
    """Give the address of a subscriber, of one of many hosts."""
    host = f"127.0.{number % HOSTS // 250 + 1}.{number % HOSTS % 250 + 1}"
    return f"http://{host}:{port}/{'slow' if is_slow else 'cb'}/{number}"


def fill_store(store: Store, callbacks: list[str], body: bytes) -> None:
    """Subscribe so many to a document, which is then due to all of them."""
    clock = SystemClock()
    store.migrate()
    now = clock.now()
    rows = [
        {
            "key": make_key(TOPIC, url),
            "topic": TOPIC,
            "callback": url,
            "host": url.split("/")[2].partition(":")[0],
            "feed": "cs.AI",
            "format": "xml",
            "language": "en",
            "secret": SECRET,
            "created_at": now,
            "expires_at": now + timedelta(days=10),
            "failures": 0,
            "last_failure": "",
        }
        for url in callbacks
    ]
    with write(store.engine) as connection:
        connection.execute(subscriptions.insert(), rows)
    packed = gzip.compress(body, 1)
    document = Document("cs.AI", "xml", "en", "application/atom+xml", packed, "etag", now)
    store.documents.save(document, Stamp("recipe", 1, 1), marks=["a"])


def deliver_all(store: Store, options: DeliveryOptions) -> int:
    """Send what is due by the hub's own step; give how many were delivered."""
    topics = Topics("https://feeds.example.org", Catalogue({}), ("en",), ("xml",))
    payloads = Payloads(store.documents.find, store.deliveries.find_marks, diff=False)
    clock = SystemClock()
    deliverer = Deliverer(store, clock, topics, [HUB], [], payloads, options, Random(1))

    async def run() -> None:
        async with Wire(HERE, "feedsvc/benchmark") as wire:
            await deliverer.deliver_due(wire)

    asyncio.run(run())
    delivered = store.subscriptions.sum_up().outcomes.get(("delivery", "204"), 0)
    assert delivered, "nothing was delivered"
    return delivered


def measure_hub(port: int, body: bytes, number: int, *, troubled: bool = False) -> Rate:
    """Measure the hub's own step; of troubled subscribers 5% are dead and 5% slow, each a host of its own."""
    callbacks = [callback(each, port) for each in range(number)]
    if troubled:
        for each in range(0, number, 20):
            callbacks[each] = f"http://127.9.{each // 20 % 250}.{each // 20 // 250 + 1}:1/dead"
            slow = callback(each + 1, port, is_slow=True).replace("127.0.1.", f"127.8.{each // 20 % 250}.")
            callbacks[each + 1] = slow
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/hub.sqlite3")
        fill_store(store, callbacks, body)
        rate = clock(lambda: deliver_all(store, DeliveryOptions()))
        store.close()
    return rate


def measure_wire(port: int, body: bytes, number: int) -> Rate:
    """Measure the hub's wire alone, 64 at once."""

    async def run() -> None:
        async with Wire(HERE, "feedsvc/benchmark") as wire:
            await work_at_once(number, 64, lambda each: post(wire, each))

    async def post(wire: Wire, each: int) -> None:
        headers = {"Content-Type": "application/atom+xml", "X-Hub-Signature": sign_body(body, SECRET)}
        reply = await wire.post(callback(each, port), headers, body, is_kept=True)
        assert reply.is_success, reply

    return clock(lambda: (asyncio.run(run()), number)[1])


async def work_at_once(number: int, workers: int, action: Callable[[int], Awaitable[None]]) -> None:
    """Do something for each number, so many at once."""
    numbers = iter(range(number))

    async def work() -> None:
        for each in numbers:
            await action(each)

    await asyncio.gather(*(work() for _ in range(workers)))


def measure_threads(port: int, body: bytes, number: int, threads: int) -> Rate:
    """Measure urllib3 with kept connections, shared by threads."""
    pool = urllib3.PoolManager(num_pools=2 * HOSTS, maxsize=threads)
    numbers = iter(range(number))
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                each = next(numbers, None)
            if each is None:
                return
            headers = {"Content-Type": "application/atom+xml", "X-Hub-Signature": sign_body(body, SECRET)}
            pool.request("POST", callback(each, port), body=body, headers=headers, retries=False)

    def run() -> int:
        workers = [threading.Thread(target=work) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return number

    return clock(run)


def measure_httpx(port: int, body: bytes, number: int, at_once: int) -> Rate:
    """Measure httpx2's asynchronous client with its defaults."""
    import httpx2  # type: ignore[import-not-found, unused-ignore]

    async def run() -> None:
        async with httpx2.AsyncClient() as client:

            async def post(each: int) -> None:
                signed = {"Content-Type": "application/atom+xml", "X-Hub-Signature": sign_body(body, SECRET)}
                await client.post(callback(each, port), content=body, headers=signed)

            await work_at_once(number, at_once, post)

    return clock(lambda: (asyncio.run(run()), number)[1])


def measure_signing(body: bytes, number: int) -> Rate:
    """Measure signing alone."""
    return clock(lambda: sum(1 for _ in range(number) if sign_body(body, SECRET)))


@contextmanager
def running_sink() -> Iterator[int]:
    """Run the sink; give its port."""
    raise_limit()
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    sink = context.Process(target=run_sink, args=(sender,), daemon=True)
    sink.start()
    try:
        yield receiver.recv()
    finally:
        sink.terminate()
        sink.join()


def measure(scale: Scale) -> Iterator[Row]:
    """Give the rows of each size of document."""
    with running_sink() as port:
        for size in SIZES:
            yield from compare(port, size, scale.size if size == SIZES[0] else max(2, scale.size // FEWER))


def measure_growth(scale: Scale) -> Iterator[Point]:
    """Give the seconds until so many subscribers have a document of 12 kB."""
    body = os.urandom(SIZES[0])
    with running_sink() as port:
        yield Point("feedsvc", scale.size, measure_hub(port, body, scale.size).seconds)
        yield Point("signing alone", scale.size, measure_signing(body, scale.size).seconds)
        few = max(1, scale.size // 5)
        naive = measure_threads(port, body, few, 16)
        yield Point("urllib3, 16 threads", scale.size, scale.size / naive.a_second)


def compare(port: int, size: int, number: int) -> Iterator[Row]:
    """Give the rows of every way of ours with documents of a size."""
    body = os.urandom(size)
    ours = {
        "store and all": measure_hub(port, body, number),
        "5% dead, 5% slow": measure_hub(port, body, number, troubled=True),
        "without a store": measure_wire(port, body, number),
    }
    limit = measure_signing(body, number)
    has_httpx = find_spec("httpx2") is not None
    few = max(1, number // 10)
    naive = measure_httpx(port, body, few, 16) if has_httpx else measure_threads(port, body, few, 16)
    for what, rate in ours.items():
        wanted = WANTED[size] if what == "store and all" else None
        yield Row(
            what=f"{size // 1000} kB to {number:,} subscribers, {what}",
            unit="deliveries/s",
            ours=rate.a_second,
            naive=naive.a_second,
            limit=limit.a_second,
            naive_way="httpx2, 16 at once" if has_httpx else "urllib3, 16 threads",
            limit_way="signing alone",
            wanted=wanted,
            against="ours" if wanted else "",
        )


BENCHMARK = Benchmark(
    name="push",
    title="telling subscribers",
    counts=f"subscribers, a {FEWER}th of them of the larger documents",
    measure=measure,
    scale=Scale(10_000, 1),
    growths=(
        Growth("telling subscribers", "subscribers", "s", measure_growth, (100, 1_000, 10_000, 30_000)),
    ),
)
