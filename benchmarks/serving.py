"""Measures how fast a feed is served, beside nginx.

A store gets one category of invented papers, whose feed is served by: nginx as static files, packed before;
feedsvc under granian and under waitress; feedsvc behind nginx with proxy_cache; and the naive way, a
Flask application under granian that queries and runs feedgen for each request. Each has one process for
requests. wrk asks each in turn, again and again, for the whole feed plain, for it under gzip, and for a 304.
The figures are the medians of requests a second. Needs nginx and wrk.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import accumulate
from pathlib import Path
from random import Random
from statistics import median
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from feedgen.feed import FeedGenerator
from flask import Flask, Response, request

from benchmarks.table import Benchmark, Growth, Point, Row, Scale
from feedsvc.ledger import count_kinds, fingerprint_batch
from feedsvc.paper import Announcement, Author, Batch, BatchState, Kind, Paper
from feedsvc.service import make_service
from feedsvc.settings import load_settings

PATH = "/feeds/cs.AI.xml"
DAY = date(2026, 1, 14)
NOW = datetime(2026, 1, 14, 17, tzinfo=UTC)
PAPERS = 140
WORDS = 90
VOCABULARY = 9_000
CONNECTIONS = 16
SECONDS = 1
GRANIAN, WAITRESS = "granian", "waitress"
NAIVE = "query and feedgen each time"
STATIC = "nginx, files"
CACHED = "granian behind nginx with proxy_cache"
OURS = (GRANIAN, WAITRESS, CACHED)
QUESTIONS = ("200 plain", "200 gzip", "304")
RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
WRONG = re.compile(r"Non-2xx or 3xx responses: (\d+)")
ENGINE = "benchmarks.serving:make_naive"


class StoppedClock:
    """A clock for filling the store."""

    def now(self) -> datetime:
        """Give the day of the papers."""
        return NOW

    def sleep(self, seconds: float) -> None:
        """Wait for nothing."""


def measure(scale: Scale) -> Iterator[Row]:
    """Give a row for each way to serve and each question."""
    with servers(scale.size) as (addresses, size):
        rates = compare(addresses, scale.rounds)
    for server in OURS:
        for question in QUESTIONS:
            yield Row(
                what=f"{question}, {size / 1000:.0f} kB, {server}",
                unit="requests/s",
                ours=rates[server, question],
                naive=rates.get((NAIVE, question)),
                limit=rates[STATIC, question],
                naive_way=NAIVE,
                limit_way=STATIC,
            )


def measure_sizes(scale: Scale) -> Iterator[Point]:
    """Give the requests a second for a feed of so many papers, by its size in kB."""
    with servers(scale.size) as (addresses, size):
        chosen = {server: addresses[server] for server in (STATIC, GRANIAN)}
        for (server, question), rate in compare(chosen, scale.rounds).items():
            if question != "200 plain":
                yield Point(f"{server}, {question}", size / 1000, rate)


def measure_processes(scale: Scale) -> Iterator[Point]:
    """Give the requests a second of so many processes of granian."""
    with servers(PAPERS, scale.size) as (addresses, _):
        for (_, question), rate in compare({GRANIAN: addresses[GRANIAN]}, scale.rounds).items():
            yield Point(question, scale.size, rate)


@contextlib.contextmanager
def servers(papers: int, workers: int = 1) -> Iterator[tuple[dict[str, str], int]]:
    """Run all servers of a feed; give its address at each, and its size. Ends the program without nginx."""
    for program in ("nginx", "wrk"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is not installed")
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        body = fill_store(folder, papers)
        lay_out_static(folder, body)
        yield start_servers(folder, stack, workers), len(body)


def compare(addresses: Mapping[str, str], rounds: int) -> dict[tuple[str, str], float]:
    """Ask every server every question in turn, and give the medians of requests a second."""
    rates: dict[tuple[str, str], list[float]] = {}
    for address in addresses.values():
        warm_up(address)
    for _ in range(rounds):
        for server, address in addresses.items():
            for question, headers in questions(address).items():
                # It knows no tags, and plain answers take it as long.
                if server == NAIVE and question != "200 gzip":
                    continue
                rates.setdefault((server, question), []).append(ask(address, headers, SECONDS))
    return {key: median(found) for key, found in rates.items()}


def warm_up(address: str) -> None:
    """Ask each question once, so that everything is where it will be."""
    for headers in questions(address).values():
        with contextlib.suppress(HTTPError), urlopen(Request(address, headers=headers)) as answer:
            answer.read()


def questions(address: str) -> dict[str, dict[str, str]]:
    """Give the headers of each question; the tag is that under gzip."""
    with urlopen(Request(address, headers={"Accept-Encoding": "gzip"})) as answer:
        tag = answer.headers.get("ETag", "")
    asked = (
        {"Accept-Encoding": "identity"},
        {"Accept-Encoding": "gzip"},
        {"Accept-Encoding": "gzip", "If-None-Match": tag},
    )
    return dict(zip(QUESTIONS, asked, strict=True))


def ask(address: str, headers: Mapping[str, str], seconds: int) -> float:
    """Give how many requests a second are answered."""
    options = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", *options, address]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rate = RATE.search(printed)
    if rate is None or WRONG.search(printed):
        sys.exit(f"{address}: {printed}")
    return float(rate[1])


def fill_store(folder: Path, count: int = PAPERS) -> bytes:
    """Put the papers into a store, build its documents, and give the feed."""
    settings = load_settings(**_values(folder))
    service = make_service(settings, StoppedClock())
    papers = list(invent_papers(count))
    announcements = tuple(Announcement(DAY, "cs.AI", p.id, 1, Kind.NEW, DAY) for p in papers)
    batch = Batch(
        day=DAY,
        category="cs.AI",
        state=BatchState.OK,
        source="listing",
        fingerprint=fingerprint_batch(announcements),
        counts=count_kinds(announcements),
        first_seen=NOW,
        last_seen=NOW,
    )
    service.store.ledger.record_batch(batch, papers, announcements)
    service.pipeline.digester.digest_papers()
    service.publisher.build_documents()
    document = service.store.documents.find(("cs.AI", "xml", "en"))
    service.close()
    if document is None:
        sys.exit("no document was built")
    return document.body


def _values(folder: Path) -> dict[str, object]:
    (folder / "feeds").mkdir(exist_ok=True)
    return {
        "database_url": f"sqlite:///{folder}/store.sqlite3",
        "feeds_dir": folder / "feeds",
        "categories": "cs.AI",
        "base_url": "https://feeds.example.org",
    }


def invent_papers(count: int = PAPERS) -> Iterator[Paper]:
    """Give papers whose words are as frequent as those of a language are."""
    random = Random(7)
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    words = ["".join(random.choices(letters, k=random.randint(2, 11))) for _ in range(VOCABULARY)]
    weights = list(accumulate(1 / rank for rank in range(1, VOCABULARY + 1)))
    for number in range(1, count + 1):
        sentences = [" ".join(random.choices(words, cum_weights=weights, k=WORDS // 5)) for _ in range(5)]
        yield Paper(
            id=f"2601.{number:05}",
            version=1,
            title=" ".join(random.choices(words, cum_weights=weights, k=9)).capitalize(),
            abstract=" ".join(f"{sentence.capitalize()}." for sentence in sentences),
            authors=tuple(Author(f"{a.capitalize()} {b.capitalize()}") for a, b in _pairs(random, words)),
            categories=("cs.AI", "cs.LG"),
        )


def _pairs(random: Random, words: list[str]) -> list[tuple[str, str]]:
    return [(random.choice(words), random.choice(words)) for _ in range(random.randint(1, 6))]


def lay_out_static(folder: Path, body: bytes) -> None:
    """Write the feed as nginx sends it."""
    path = folder / "static" / PATH.lstrip("/")
    path.parent.mkdir(parents=True)
    path.write_bytes(body)
    path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(body, 5, mtime=0))


def start_servers(folder: Path, stack: contextlib.ExitStack, workers: int = 1) -> dict[str, str]:
    """Start all servers and give the address of the feed at each; granian with so many processes."""
    names = (GRANIAN, WAITRESS, NAIVE, STATIC, CACHED)
    ports = {name: free_port() for name in names}
    environment = os.environ | {f"FEEDSVC_{k.upper()}": str(v) for k, v in _values(folder).items()}
    environment["FEEDSVC_LOG_LEVEL"] = "ERROR"
    first, second, third, fourth, fifth = ports.values()
    stack.enter_context(run(granian("feedsvc.wsgi:make_app", first, workers), environment))
    web = [sys.executable, "-m", "feedsvc", "web"]
    stack.enter_context(run(web, environment | {"FEEDSVC_PORT": str(second)}))
    stack.enter_context(run(granian(ENGINE, third), environment | {"NAIVE_STORE": f"{folder}/store.sqlite3"}))
    stack.enter_context(run(nginx(folder, fourth, fifth, first), environment))
    addresses = {name: f"http://127.0.0.1:{port}{PATH}" for name, port in ports.items()}
    for address in addresses.values():
        wait_for(address)
    return {STATIC: addresses.pop(STATIC), **addresses}


def granian(factory: str, port: int, workers: int = 1) -> list[str]:
    """Give the command of a server of so many processes with one thread each."""
    options = ["--interface", "wsgi", "--workers", str(workers), "--blocking-threads", "1", "--no-ws"]
    return [sys.executable, "-m", "granian", *options, "--port", str(port), "--factory", factory]


def nginx(folder: Path, static: int, caching: int, upstream: int) -> list[str]:
    """Write nginx's configuration and give its command."""
    path = folder / "nginx.conf"
    path.write_text(
        f"""
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr error;
events {{ worker_connections 512; }}
http {{
  access_log off; sendfile on; keepalive_requests 1000000;
  types {{ application/atom+xml xml; }}
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  proxy_cache_path {folder}/cache keys_zone=feeds:1m;
  upstream feedsvc {{ server 127.0.0.1:{upstream}; keepalive 8; }}
  server {{ listen 127.0.0.1:{static}; root {folder}/static; gzip_static on; }}
  server {{
    listen 127.0.0.1:{caching};
    location / {{
      proxy_pass http://feedsvc; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_cache feeds; proxy_cache_revalidate on; proxy_cache_lock on;
    }}
  }}
}}
""",
        "utf-8",
    )
    return ["nginx", "-c", str(path), "-e", "stderr"]


@contextlib.contextmanager
def run(command: list[str], environment: Mapping[str, str]) -> Iterator[None]:
    """Run a server while the context lasts."""
    server = subprocess.Popen(command, env=dict(environment), stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        server.terminate()
        server.wait(20)


def wait_for(address: str) -> None:
    """Wait until a server answers."""
    for _ in range(400):
        try:
            with urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"{address} does not answer")


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_naive() -> Flask:
    """Make the application that builds the feed for each request."""
    app = Flask("naive")

    @app.get(PATH)
    def show() -> Response:
        with contextlib.closing(sqlite3.connect(os.environ["NAIVE_STORE"])) as connection:
            rows = connection.execute(
                "SELECT p.paper, p.title, p.abstract FROM announcements a JOIN papers p ON p.paper = a.paper "
                "WHERE a.category = 'cs.AI' ORDER BY a.day DESC, a.paper DESC LIMIT 200"
            ).fetchall()
        feed = FeedGenerator()
        feed.id("urn:naive")
        feed.title("cs.AI")
        for paper, title, abstract in rows:
            entry = feed.add_entry(order="append")
            entry.id(f"https://arxiv.org/abs/{paper}")
            entry.link(href=f"https://arxiv.org/abs/{paper}")
            entry.title(title)
            entry.summary(abstract)
            entry.updated(NOW)
        body = feed.atom_str()
        headers = {"Content-Type": "application/atom+xml"}
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            body, headers["Content-Encoding"] = gzip.compress(body, 6), "gzip"
        return Response(body, headers=headers)

    return app


BENCHMARK = Benchmark(
    name="serve",
    title="answering for a feed",
    counts="papers in it",
    measure=measure,
    scale=Scale(PAPERS, 5),
    growths=(
        Growth(
            "answering, by the size of the document",
            "kB",
            "requests/s",
            measure_sizes,
            (1, 10, 40, 140, 600),
            3,
        ),
        Growth("answering, by web processes", "processes", "requests/s", measure_processes, (1, 2), 3),
    ),
)
