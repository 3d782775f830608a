"""A few invented papers, and a stand-in over them, for the tests of the stand-in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

from feedsvc.paper import Author, Kind, Paper
from feedsvc.standin.clock import StandinClock
from feedsvc.standin.corpus import Corpus, Moment, Row, Step
from feedsvc.standin.faults import Fault, FaultQueue
from feedsvc.standin.log import RequestLog
from feedsvc.standin.sample import SamplePaper, build_corpus
from feedsvc.standin.server import RunningStandin, create_standin, run_standin

MONDAY = date(2026, 1, 5)
TUESDAY = date(2026, 1, 6)
WEDNESDAY = date(2026, 1, 7)
NOON = datetime(2026, 1, 7, 17, 0, tzinfo=UTC)
LICENSE = "http://creativecommons.org/licenses/by/4.0/"


def sample_paper(
    number: int, categories: Sequence[str], announcements: Sequence[Mapping[str, Any]], **other: Any
) -> SamplePaper:
    """Make an invented paper with as many versions as its announcements speak of."""
    versions = range(2, 1 + max(item["version"] for item in announcements))
    fields = {
        "id": f"2601.{90000 + number}",
        "title": f"Paper number {number}",
        "abstract": f"About the number {number}.",
        "authors": [{"name": f"Ada Number{number}"}, {"name": "Kurt Gödel"}],
        "categories": categories,
        "comments": f"Sample paper {number}",
        "license": LICENSE,
        "submitted": f"2026-01-02T10:11:{number:02}Z",
        "announcements": announcements,
        "revisions": [{"version": v, "revised": f"2026-01-05T1{v}:00:00Z"} for v in versions],
    }
    return SamplePaper.model_validate(fields | other)


def new_on(day: date) -> list[dict[str, Any]]:
    """Announce a first version."""
    return [{"day": day, "version": 1}]


def small_corpus() -> Corpus:
    """Six papers on three days: cross-lists early and late, a replacement, an alias, affiliations."""
    replaced = [*new_on(MONDAY), {"day": TUESDAY, "version": 2}]
    late = [*new_on(MONDAY), {"day": TUESDAY, "version": 1, "category": "stat.ML"}]
    return build_corpus(
        (
            sample_paper(1, ["cs.AI", "cs.LG"], new_on(MONDAY)),
            sample_paper(2, ["cs.LG", "cs.AI"], replaced, title="Learning to count"),
            sample_paper(
                3, ["math.NA", "cs.LG"], new_on(MONDAY), doi="10.1/x", journal_ref="J. Num. 1 (2026)"
            ),
            sample_paper(4, ["hep-th"], new_on(TUESDAY), authors=[AFFILIATED]),
            sample_paper(5, ["cs.LG", "stat.ML"], late),
            sample_paper(6, ["cs.AI"], new_on(WEDNESDAY)),
        )
    )


AFFILIATED = {"name": "Łucja Törngren", "affiliations": ["Here, There", "Elsewhere"]}


def moment_on(corpus: Corpus, day: date, now: datetime = NOON) -> Moment:
    """Look at a corpus on a day."""
    return Moment(corpus, now, day, day)


def corpus_of(day: date, pages: Mapping[str, Sequence[tuple[Paper, Kind]]]) -> Corpus:
    """Make a corpus of one day from papers and their kinds by category."""
    return Corpus(
        papers={(paper.id, paper.version): paper for page in pages.values() for paper, _ in page},
        timeline=(Step(NOON, day),),
        pages={day: {c: tuple(Row(p.id, p.version, k) for p, k in page) for c, page in pages.items()}},
    )


def plain_paper(paper: str, **other: Any) -> Paper:
    """Make a paper with nothing special about it."""
    fields: dict[str, Any] = {
        "version": 1,
        "title": "A title",
        "abstract": "An abstract.",
        "authors": (Author("Ada Byron"),),
        "categories": ("cs.AI",),
        "submitted": datetime(2026, 1, 2, tzinfo=UTC),
        "complete": True,
    }
    return Paper(id=paper, **(fields | other))


@contextmanager
def serving(
    corpus: Corpus, *faults: Fault, clock: StandinClock | None = None, log: RequestLog | None = None
) -> Iterator[RunningStandin]:
    """Serve a corpus on loopback, its clock standing still."""
    clock = clock or StandinClock(corpus.timeline)
    app = create_standin(corpus, clock, FaultQueue(faults), log or RequestLog())
    with run_standin(app) as standin:
        yield standin
