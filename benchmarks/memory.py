"""Measures what a web process holds when everything was asked for: memory.py.

Every category and archive gets a document of 300 kB in three formats, of invented words. A web process under
granian is asked for each of them under every coding, twice, and its memory is read at the end of each step.
Needs Linux.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from random import Random
from urllib.request import Request, urlopen

from benchmarks.serving import StoppedClock, free_port, granian, invent_papers, run, wait_for
from feedsvc.coding import CODINGS, GZIP, pack
from feedsvc.paper import Document
from feedsvc.render import load_formats
from feedsvc.service import make_service
from feedsvc.settings import load_settings
from feedsvc.store.documents import Stamp

SIZE = 300_000
CHANGED = datetime(2026, 1, 14, 17, tzinfo=UTC)


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        (folder / "feeds").mkdir()
        values = {"database_url": f"sqlite:///{folder}/store.sqlite3", "feeds_dir": str(folder / "feeds")}
        paths = fill_store(values)
        print(f"{len(paths)} documents of {SIZE / 1000:.0f} kB, {os.cpu_count()} cores")
        port = free_port()
        environment = os.environ | {f"FEEDSVC_{k.upper()}": v for k, v in values.items()}
        environment["FEEDSVC_LOG_LEVEL"] = "ERROR"
        stack.enter_context(run(granian("feedsvc.wsgi:make_app", port), environment))
        wait_for(f"http://127.0.0.1:{port}/healthz")
        print(f"{'at the start':30} {read_memory():6.0f} MB")
        for coding in (*reversed(CODINGS), *CODINGS):
            size = sum(ask(f"http://127.0.0.1:{port}{path}", coding) for path in paths)
            print(f"{f'all under {coding}':30} {read_memory():6.0f} MB, {size / 1e6:.0f} MB sent", flush=True)


def fill_store(values: dict[str, str]) -> list[str]:
    """Put the documents into a store, and give their addresses."""
    service = make_service(load_settings(**values), StoppedClock())
    words = " ".join(f"{paper.title} {paper.abstract}" for paper in invent_papers()).split()
    random = Random(3)
    paths = []
    for feed in service.publisher.ready_feeds():
        for suffix, format_ in load_formats().items():
            body = "".join(invent_entries(random, words)).encode()[:SIZE]
            document = Document(
                feed=feed.name,
                format=suffix,
                language="en",
                content_type=format_.content_type,
                body=body,
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
    return max(map(_resident, _descendants(os.getpid())))


def _descendants(parent: int) -> list[int]:
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text("ascii").split()
    return [found for child in map(int, children) for found in (child, *_descendants(child))]


def _resident(process: int) -> float:
    lines = Path(f"/proc/{process}/status").read_text("ascii").splitlines()
    return next((int(line.split()[1]) / 1000 for line in lines if line.startswith("VmRSS")), 0.0)


if __name__ == "__main__":
    sys.exit(main())
