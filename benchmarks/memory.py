"""Measures what a web process holds when everything was asked for.

Every category and archive gets a document of 300 kB in three formats, of invented words. A web process under
granian is asked for so many of them under every coding, twice, and its memory is read before and after.
Needs Linux.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from itertools import islice, product
from pathlib import Path
from random import Random
from urllib.request import Request, urlopen

from benchmarks.serving import StoppedClock, free_port, granian, invent_papers, run, wait_for
from benchmarks.table import Benchmark, Growth, Point, Row, Scale
from feedsvc.coding import CODINGS, GZIP, pack
from feedsvc.paper import Document
from feedsvc.render import load_formats
from feedsvc.service import make_service
from feedsvc.settings import load_settings
from feedsvc.store.documents import Stamp

SIZE = 300_000
CHANGED = datetime(2026, 1, 14, 17, tzinfo=UTC)


def measure(scale: Scale) -> Iterator[Row]:
    """Give the rows of the start and the end."""
    before, after, sent = watch(scale)
    yield Row("a web process at the start", "MB", before)
    yield Row(f"after {scale.size:,} documents under every coding, {sent:.0f} MB sent", "MB", after)


def measure_growth(scale: Scale) -> Iterator[Point]:
    """Give the memory that so many documents end at."""
    yield Point("a web process", scale.size, watch(scale)[1])


def watch(scale: Scale) -> tuple[float, float, float]:
    """Ask for so many documents, and give the MB held before and after, and those that were sent."""
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        (folder / "feeds").mkdir()
        values = {"database_url": f"sqlite:///{folder}/store.sqlite3", "feeds_dir": str(folder / "feeds")}
        paths = fill_store(values, scale.size)
        port = free_port()
        environment = os.environ | {f"FEEDSVC_{k.upper()}": v for k, v in values.items()}
        environment["FEEDSVC_LOG_LEVEL"] = "ERROR"
        stack.enter_context(run(granian("feedsvc.wsgi:make_app", port), environment))
        wait_for(f"http://127.0.0.1:{port}/healthz")
        before = read_memory()
        codings = (*reversed(CODINGS), *CODINGS) * scale.rounds
        sent = sum(ask(f"http://127.0.0.1:{port}{path}", coding) for coding in codings for path in paths)
        return before, read_memory(), sent / 1e6


def fill_store(values: dict[str, str], count: int) -> list[str]:
    """Put so many documents into a store, at most, and give their addresses."""
    service = make_service(load_settings(**values), StoppedClock())
    words = " ".join(f"{paper.title} {paper.abstract}" for paper in invent_papers()).split()
    random = Random(3)
    paths = []
    places = product(service.publisher.ready_feeds(), load_formats().items())
    for feed, (suffix, format_) in islice(places, count):
        body = "".join(invent_entries(random, words)).encode()[:SIZE]
        document = Document(
            feed=feed.name,
            format=suffix,
            language="en",
            content_type=format_.content_type,
            packed=pack(body, GZIP),
            etag=sha256(body).hexdigest()[:32],
            changed_at=CHANGED,
        )
        service.store.documents.save(document, Stamp("", 0, 200))
        paths.append(feed.path(suffix))
    service.close()
    return paths


def invent_entries(random: Random, words: list[str]) -> Iterator[str]:
    """Give text and markup in such shares that a document packs as real ones do, to about a fifth."""
    markup = "".join(f"<{word}><{word[::-1]}/></{word}>" for word in words[:60])
    for _ in range(SIZE // len(markup)):
        yield markup + " ".join(random.choices(words, k=len(markup) // 7))


def ask(address: str, coding: str) -> int:
    """Ask for a document and give its size as it was sent."""
    with urlopen(Request(address, headers={"Accept-Encoding": coding})) as answer:
        return len(answer.read())


def read_memory() -> float:
    """Give the resident MB of the largest process below this one."""
    return max(map(read_resident, list_descendants(os.getpid())))


def list_descendants(parent: int) -> list[int]:
    """Give the processes that a process started, and those that they did."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text("ascii").split()
    return [found for child in map(int, children) for found in (child, *list_descendants(child))]


def read_resident(process: int) -> float:
    """Give the MB of memory that a process holds. Raises OSError for one that is gone."""
    lines = Path(f"/proc/{process}/status").read_text("ascii").splitlines()
    return next((int(line.split()[1]) / 1000 for line in lines if line.startswith("VmRSS")), 0.0)


BENCHMARK = Benchmark(
    name="memory",
    title="what a web process holds",
    counts="documents of 300 kB",
    measure=measure,
    scale=Scale(480, 1),
    growths=(Growth("memory", "documents of 300 kB", "MB", measure_growth, (30, 120, 240, 480)),),
)
