"""A whole application with every kind of page on it, for tests that look at pages as browsers do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from feedsvc.digest.extractive import ExtractiveSummarizer
from feedsvc.paper import BatchState
from tests.builders import make_note
from tests.web_house import DAY, NOON, PAPERS, House, announce, make_paper, open_house

KINDS = (
    "/",
    "/?filter=nothing-is-called-so",
    "/basket?feeds=cs.AI,hep-th,random-walks&own=rss.example.org",
    "/search?q=walk",
    "/search?q=walk+(tree",
    "/feeds/cs.AI",
    "/feeds/zh/cs.AI",
    "/papers/2601.00001",
    "/like",
    "/status",
    "/feeds/cs.AX.xml",
)
"""A page of every kind that a GET can reach."""
PAGES = (
    *KINDS,
    "/?filter=walk",
    "/?sort=readers",
    "/basket",
    "/search",
    "/feeds/cs.AI?announce=new,cross,replace,replace-cross",
    "/feeds/keyword/unheard-of",
    "/feeds/cs.AI/2026-01-14",
    "/nothing-here",
)
"""These, and those that show something else on one of them."""


@contextmanager
def open_pages(folder: Path, **values: object) -> Iterator[House]:
    """Open a house with digests, a replacement, mathematics and something that is late."""
    with open_house(folder, saving={"mode": "open"}, **values) as house:
        maths = make_paper(5, r"On $\sum_{n} \frac{1}{n^2}$ and $\alpha$-decay", "cs.AI")
        announce(house.store, "cs.AI", maths, day=DAY - timedelta(1))
        announce(house.store, "cs.AI", replace(PAPERS[0], version=2), day=DAY + timedelta(1))
        papers = [*PAPERS, maths, replace(PAPERS[0], version=2)]
        digests = [ExtractiveSummarizer().summarize(paper, "en") for paper in papers]
        house.store.digests.save([digest for digest in digests if digest])
        late = make_note(
            BatchState.FAILED,
            category="math.NA",
            day=DAY,
            first_seen=NOON,
            last_seen=NOON,
            reason="no answer",
        )
        house.store.ledger.note_batch(late)
        house.publisher.build_documents()
        yield house
