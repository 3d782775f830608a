"""Real days, category by category: what a feed of papers like one has taken in stays, whatever comes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from feedsvc.paper import Kind, Paper
from feedsvc.pipeline.sketches import Sketcher
from feedsvc.store import Store
from tests.builders import make_announcement, make_batch, make_paper

Listed = tuple[date, str, list[Paper]]


def read_days(folder: Path) -> Iterator[Listed]:
    """Give each page's papers by day and category, always as they were seen first.

    The crawls do not tell versions: a later abstract is another version's.
    """
    seen: dict[str, Paper] = {}
    for path in sorted(folder.glob("*.jsonl.gz"))[::3]:
        day = date.fromisoformat(path.name[:8])
        pages: dict[str, dict[str, Paper]] = {}
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                name = row["html_url"].rpartition("/")[2]
                paper = make_paper(name, title=row["title"], abstract=row["abstract"])
                pages.setdefault(row["topic"], {})[name] = seen.setdefault(name, paper)
        for category, papers in pages.items():
            yield day, category, list(papers.values())


def record(store: Store, day: date, category: str, papers: list[Paper]) -> None:
    """Record a page, all of it as new."""
    rows = [make_announcement(paper.id, category, day, Kind.NEW, released=day) for paper in papers]
    store.ledger.record_batch(make_batch(rows), papers, rows)


def test_no_entry_comes_late_or_goes_as_real_days_are_recorded(store: Store, shared: Path) -> None:
    sketcher = Sketcher(store)
    pages = list(read_days(shared / "data" / "arxiv_days"))
    given = [paper.id for _, _, papers in pages[:5] for paper in papers[::25]]
    seen: dict[str, dict[str, float]] = {paper: {} for paper in given}
    known: set[str] = set()
    for day, category, papers in pages:
        record(store, day, category, papers)
        sketcher.sketch_papers()
        fresh = {paper.id for paper in papers} - known
        known |= fresh
        for paper in given:
            if paper in known:
                found = {each: match.likeness for each, match in store.likeness.find(paper).items()}
                if paper in fresh:
                    seen[paper] = found
                assert found.keys() - seen[paper].keys() <= fresh
                assert found.items() >= seen[paper].items()
                seen[paper] = found

    sizes = sorted(len(found) for found in seen.values())
    assert sum(sizes) > 3 * len(given)
    assert sizes[-1] < 100
