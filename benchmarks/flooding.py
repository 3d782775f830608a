"""Measures a web process under ever new queries: flooding.py [--queries N] [--under granian|waitress].

A store gets 140 invented papers. Some clients ask for feeds of queries of which no two are alike, as fast as
they are answered; beside them one asks for a known feed, again and again. Printed are the memory of the
web process and how long the known feed took, before and meanwhile. Limits are off, or the flood would end as
429. Needs Linux.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from itertools import islice
from pathlib import Path
from random import Random

from benchmarks.memory import read_memory
from benchmarks.serving import PATH, fill_store, free_port, granian, invent_papers, run, wait_for

CLIENTS = 4
THREADS = 8
CODINGS = ("gzip", "br", "zstd", "identity")
STEPS = 10
PAUSE = 0.01


class Known:
    """Asks for a known feed again and again, and keeps how long each answer took, in milliseconds."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self.took: list[float] = []

    def __enter__(self) -> Known:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _ask(self) -> None:
        connection = HTTPConnection("127.0.0.1", self._port)
        while not self._stopped.wait(PAUSE):
            began = time.perf_counter()
            ask(connection, PATH, "gzip")
            self.took.append((time.perf_counter() - began) * 1000)
        connection.close()


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description="a web process under ever new queries")
    parser.add_argument("--queries", type=int, default=100_000)
    parser.add_argument("--under", choices=("granian", "waitress"), default="granian")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        port = free_port()
        stack.enter_context(run(*serve(Path(name), port, options.under)))
        wait_for(f"http://127.0.0.1:{port}{PATH}")
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {options.under}")
        with Known(port) as known:
            time.sleep(3)
        print(f"{'before':>10} {read_memory():6.0f} MB, known feed {describe(known.took)}", flush=True)
        flood(port, list(islice(invent_queries(), options.queries)))


def serve(folder: Path, port: int, under: str) -> tuple[list[str], dict[str, str]]:
    """Fill a store, and give the command and the environment of its web process."""
    fill_store(folder)
    values = {
        "DATABASE_URL": f"sqlite:///{folder}/store.sqlite3",
        "FEEDS_DIR": str(folder / "feeds"),
        "CATEGORIES": "cs.AI",
        "PORT": str(port),
        "BASE_URL": "https://feeds.example.org",
        "LOG_LEVEL": "ERROR",
        "LIMITS__QUERIES_PER_MINUTE": "0",
    }
    command = [sys.executable, "-m", "feedsvc", "web"]
    if under == "granian":
        command = granian("feedsvc.wsgi:make_app", port)
        # While some threads make something, another answers who asks for what is known.
        command[command.index("--blocking-threads") + 1] = str(THREADS)
    return command, os.environ | {f"FEEDSVC_{name}": value for name, value in values.items()}


def flood(port: int, queries: list[str]) -> None:
    """Ask for every query once, and print a line for each tenth."""
    began, size = time.perf_counter(), max(1, len(queries) // STEPS)
    for start in range(0, len(queries), size):
        part = queries[start : start + size]
        with Known(port) as known:
            threads = [
                threading.Thread(target=ask_all, args=(port, part[n::CLIENTS])) for n in range(CLIENTS)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        done, seconds = start + len(part), time.perf_counter() - began
        told = f"{read_memory():6.0f} MB, known feed {describe(known.took)}"
        print(f"{done:10,} {told}; {done / seconds:.0f} queries/s, {seconds:.0f} s", flush=True)


def ask_all(port: int, paths: list[str]) -> None:
    """Ask for some addresses over one connection, each under another coding than the one before."""
    connection = HTTPConnection("127.0.0.1", port)
    for number, path in enumerate(paths):
        ask(connection, path, CODINGS[number % len(CODINGS)])
    connection.close()


def ask(connection: HTTPConnection, path: str, coding: str) -> None:
    """Ask for an address, which has to be there."""
    connection.request("GET", path, headers={"Accept-Encoding": coding})
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        sys.exit(f"{path}: {answer.status}")


def invent_queries() -> Iterator[str]:
    """Give addresses of feeds, no two alike: one in ten finds many papers, the others find few or none."""
    texts = (paper.abstract.lower().split() for paper in invent_papers())
    words = sorted({word for text in texts for word in text if word.isalpha()})
    random = Random(11)
    for number in range(10**9):
        one, two = random.choice(words), random.choice(words)
        if number % 10 == 0:
            yield f"/feeds/search.xml?q={'+OR+'.join(sorted((one, two, f'zz{number}')))}"
        elif number % 2:
            yield f"/feeds/search.xml?q={one}+-zz{number}"
        else:
            yield f"/feeds/keyword/{one}-{two}-{number}.xml"


def describe(took: list[float]) -> str:
    """Give the median, the 99th centile and the worst of some milliseconds."""
    ordered = sorted(took)
    middle, late = (ordered[int(len(ordered) * share)] for share in (0.5, 0.99))
    return f"{middle:.1f} ms, 99% {late:.1f} ms, worst {ordered[-1]:.0f} ms"


if __name__ == "__main__":
    main()
