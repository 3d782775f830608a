"""Where the time of a delivery goes: `python -m benchmarks.delivering [--deliveries N]`.

The sink is a process of its own on loopback that reads each request and answers 204: nginx with one process,
if it is installed, else Python. Subscribers are spread over 250 addresses of 127.0.0.0/8. Signed documents of
12 and 300 kB are sent

- by the hub's own step, from the rows of a SQLite store to the rows that say what came of it;
- by the same where every subscriber is a host of its own, so that no connection is kept;
- by the hub's wire alone, without a store;
- by bare sockets that wait for nothing but answers: what the machine and its sink allow.

And once more by the hub's own step with 5% of the subscribers dead (nobody listens) and 5% slow (they answer
after two seconds), each a host of its own: then the rate is that of the sound ones, until the last of them is
served. The rows alone, queued, taken and settled with nothing sent, say what the store costs. Then what a
million subscribers cost is worked out from the rates.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import resource
import selectors
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random

from benchmarks.pushing import (
    HERE,
    HOSTS,
    HUB,
    SECRET,
    SIZES,
    Rate,
    callback,
    clock,
    fill_store,
    measure_wire,
    running_sink,
)
from benchmarks.serving import free_port
from feedsvc.feed.catalogue import Catalogue
from feedsvc.feed.topic import Topics
from feedsvc.http import SystemClock
from feedsvc.pipeline.deliver import Deliverer, DeliveryOptions, choose_patience
from feedsvc.pipeline.payloads import Payloads
from feedsvc.store import Store, open_store
from feedsvc.store.deliveries import Sent
from feedsvc.websub.signing import sign_body
from feedsvc.websub.wire import Wire

KINDS = ("few", "own", "troubled")
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class Watched(Deliverer):
    """Keeps when the last of the sound subscribers was served, and how many there were."""

    served = 0
    served_at = 0.0

    def finish(self, sent: Sequence[Sent]) -> None:
        """Keep what came of deliveries."""
        super().finish(sent)
        served = [each for each in sent if each.etag and "/slow/" not in each.delivery.target.callback]
        if served:
            self.served += len(served)
            self.served_at = time.perf_counter()


def deliver_all(store: Store, options: DeliveryOptions) -> Watched:
    """Send what is due by the hub's own step."""
    topics = Topics("https://feeds.example.org", Catalogue({}), ("en",), ("xml",))
    payloads = Payloads(store.documents.find, store.deliveries.find_marks, diff=False)
    wall = SystemClock()
    deliverer = Watched(store, wall, topics, [HUB], [], payloads, options, Random(1))

    async def run() -> None:
        async with Wire(HERE, "feedsvc/benchmark") as wire:
            await deliverer.deliver_due(wire)

    asyncio.run(run())
    return deliverer


def address_each(number: int, port: int, slow_port: int, kind: str) -> list[str]:
    """Give callbacks: on `few` hosts; each on its `own`; or on few, with 5% `troubled` in each way."""
    if kind == "own":
        places = (f"{each // 62_500 + 20}.{each // 250 % 250}.{each % 250 + 1}" for each in range(number))
        return [f"http://127.{place}:{port}/cb" for place in places]
    callbacks = [callback(each, port) for each in range(number)]
    for each in range(0, number, 20) if kind == "troubled" else ():
        place = f"{each // 20 % 250}.{each // 20 // 250 + 1}"
        callbacks[each] = f"http://127.9.{place}:1/dead"
        callbacks[each + 1] = f"http://127.8.{place}:{slow_port}/slow/{each}"
    return callbacks


def measure_hub(callbacks: list[str], body: bytes) -> Rate:
    """Measure the hub's own step, until the last of the sound subscribers was served."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/hub.sqlite3")
        fill_store(store, callbacks, body)
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        started, cpu = time.perf_counter(), time.process_time()
        watched = deliver_all(store, DeliveryOptions(patient=choose_patience(limit)))
        rate = Rate(watched.served, watched.served_at - started, time.process_time() - cpu)
        store.close()
    return rate


def measure_store(callbacks: list[str], body: bytes) -> Rate:
    """Measure the rows alone: queued, taken and settled, and nothing sent."""
    wall = SystemClock()
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/hub.sqlite3")
        fill_store(store, callbacks, body)

        def settle() -> int:
            rows, done = store.deliveries, 0
            for key in rows.noticed():
                while rows.spread(key, wall.now()):
                    pass
            while taken := rows.take(wall.now(), 60.0, 2000):
                rows.finish([Sent(each, "204", etag=each.etag) for each in taken], wall.now())
                done += len(taken)
            return done

        rate = clock(settle)
        store.close()
    return rate


def measure_sockets(port: int, body: bytes, number: int) -> Rate:
    """Measure 64 kept sockets that are written to as soon as they were answered."""
    lines = [socket.create_connection(("127.0.1.1", port)) for _ in range(64)]
    ready = selectors.DefaultSelector()

    def send(line: socket.socket) -> None:
        head = (
            f"POST /cb HTTP/1.1\r\nHost: sink\r\nX-Hub-Signature: {sign_body(body, SECRET)}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        line.sendall(head.encode())
        line.sendall(body)

    def run() -> int:
        for line in lines:
            send(line)
            ready.register(line, selectors.EVENT_READ, line)
        for done in range(number):
            if not answered:
                answered.extend(key.data for key, _ in ready.select())
            line = answered.pop()
            assert b" 204 " in line.recv(4096)
            if done < number - len(lines):
                send(line)
        return number

    answered: list[socket.socket] = []
    rate = clock(run)
    for line in lines:
        line.close()
    return rate


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--deliveries", type=int, default=10_000, help="of 12 kB; a sixth of that of 300 kB")
    chosen = parser.parse_args()
    logging.disable(logging.INFO)
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with (
        tempfile.TemporaryDirectory() as folder,
        running_sink() as slow_port,
        open_nginx(Path(folder)) as port,
    ):
        for size in SIZES:
            number = chosen.deliveries if size == SIZES[0] else chosen.deliveries // 6
            compare(port or slow_port, slow_port, size, number)


@contextmanager
def open_nginx(folder: Path) -> Iterator[int]:
    """Run nginx as a sink and give its port; 0 where there is none."""
    if shutil.which("nginx") is None:
        yield 0
        return
    port = free_port()
    temporary = "".join(f"{name}_temp_path {folder}/{name}; " for name in TEMPORARY)
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/pid; worker_rlimit_nofile 16384;"
        "events { worker_connections 8192; } http { access_log off; keepalive_requests 1000000000;"
        f"client_max_body_size 10m; client_body_buffer_size 512k; {temporary}"
        f"server {{ listen 0.0.0.0:{port} backlog=4096; location / {{ return 204; }} }} }}"
    )
    command = ["nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "errors")]
    server = subprocess.Popen(command)
    try:
        wait_for_port(port)
        yield port
    finally:
        server.terminate()
        server.wait(20)


def wait_for_port(port: int) -> None:
    """Wait until somebody listens."""
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit(f"nobody listens on port {port}")


def compare(port: int, slow_port: int, size: int, number: int) -> None:
    """Measure every way with documents of a size."""
    body = os.urandom(size)
    print(f"signed documents of {size // 1000} kB, {number} subscribers on {HOSTS} hosts")
    few, own, troubled = (address_each(number, port, slow_port, kind) for kind in KINDS)
    hub = measure_hub(few, body)
    print(f"  the hub, store and all   {hub}", flush=True)
    print(f"  with 5% dead, 5% slow    {measure_hub(troubled, body)}", flush=True)
    print(f"  each a host of its own   {measure_hub(own, body)}", flush=True)
    print(f"  its store alone          {measure_store(few, body)}", flush=True)
    print(f"  bare sockets             {measure_sockets(port, body, number)}", flush=True)
    print(f"  its wire alone           {measure_wire(port, body, number)}", flush=True)
    signing = clock(lambda: sum(1 for _ in range(500) if sign_body(body, SECRET)))
    print(f"  signing alone            {signing}")
    minutes, gigabytes = 1_000_000 / hub.a_second / 60, size / 1000
    print(f"  a million subscribers: {minutes:.1f} minutes, {gigabytes:.0f} GB", flush=True)


if __name__ == "__main__":
    main()
