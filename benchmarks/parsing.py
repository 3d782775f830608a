"""Measures how fast arXiv's answers are read: papers a second of processor time, the best of several rounds.

In each round all take their turn: ours, feedparser, and lxml and expat alone, which step through the same
bytes without looking at them. The pages are recorded answers where a folder has them in `api/` and `oai/`, as
PAGES names them, else the stand-in's, of so many papers each.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from xml.parsers import expat

import feedparser
from lxml import etree

from benchmarks.table import Benchmark, Growth, Point, Row, Scale
from feedsvc.arxiv.api import parse_api
from feedsvc.arxiv.oai import parse_oai
from feedsvc.calendar import switches_at
from feedsvc.standin.api import answer_api
from feedsvc.standin.corpus import Moment
from feedsvc.standin.oai import Repository, answer_oai
from feedsvc.standin.synthetic import make_corpus

PAGES = {
    "API": "api/api_2026_search_100.xml",
    "arXiv, 2016": "oai/oai2016_cs_arXiv_first_page.xml",
    "arXiv, today": "oai/gen_oai_arXiv_math_page2.xml",
    "arXivRaw, 2016": "oai/oai2016_arXivRaw_listrecords.xml",
    "arXivRaw, today": "oai/gen_oai_arXivRaw_cs.xml",
}
BASELINE = "API", "feedparser"
OURS, LIMIT = "feedsvc", "lxml alone"
WANTED = 10
DAY = date(2026, 1, 14)

Reader = Callable[[bytes], object]


@dataclass(slots=True)
class Run:
    """One reader on one page; `seconds` is its best round."""

    page: str
    reader: str
    read: Reader
    body: bytes
    papers: int
    seconds: float = float("inf")

    def time_round(self) -> None:
        """Read the page once, and keep the time if it is the best."""
        started = time.process_time()
        self.read(self.body)
        self.seconds = min(self.seconds, time.process_time() - started)

    @property
    def rate(self) -> float:
        """Papers a second."""
        return self.papers / self.seconds


def measure(scale: Scale) -> Iterator[Row]:
    """Give a row for each page."""
    pages = read_pages(scale.folder) if scale.folder else make_pages(scale.size)
    runs = time_runs(pages, scale.rounds)
    baseline = next(run.rate for run in runs if (run.page, run.reader) == BASELINE)
    rates = {(run.page, run.reader): run.rate for run in runs}
    for page in pages:
        yield Row(
            what=page,
            unit="papers/s",
            ours=rates[page, OURS],
            naive=baseline,
            limit=rates[page, LIMIT],
            naive_way="feedparser, API",
            limit_way=LIMIT,
            wanted=WANTED,
            against="naive",
        )


def measure_growth(scale: Scale) -> Iterator[Point]:
    """Give the milliseconds that a page of so many papers takes."""
    page = {"API": make_pages(scale.size)["API"]}
    for run in time_runs(page, scale.rounds):
        if run.reader != "expat alone":
            yield Point(run.reader, run.papers, run.seconds * 1e3)


def time_runs(pages: Mapping[str, bytes], rounds: int) -> list[Run]:
    """Let all readers take their turn at all pages, again and again."""
    runs = list(plan_runs(pages))
    for _ in range(rounds):
        for run in runs:
            run.time_round()
    return runs


def read_pages(folder: Path) -> dict[str, bytes]:
    """Read the recorded pages."""
    return {page: (folder / name).read_bytes() for page, name in PAGES.items()}


def make_pages(papers: int) -> dict[str, bytes]:
    """Have the stand-in write a page in each form, of so many papers at most."""
    corpus = make_corpus(1, DAY, 1, ("cs.AI", "cs.LG"), papers)
    moment = Moment(corpus, switches_at(DAY) + timedelta(hours=1), DAY, DAY)
    question = {"search_query": "cat:cs.AI", "max_results": str(papers)}
    pages = {"API": answer_api(question, moment).body}
    for form in ("arXiv", "arXivRaw"):
        asked = [("verb", "ListRecords"), ("metadataPrefix", form)]
        pages[form] = answer_oai(asked, Repository(corpus, papers), moment.now).body
    return pages


def plan_runs(pages: Mapping[str, bytes]) -> Iterator[Run]:
    """Give every page with its readers."""
    for page, body in pages.items():
        papers = body.count(b"<entry>") or body.count(b"<record>")
        ours = read_api if page == "API" else read_oai
        readers: dict[str, Reader] = {OURS: ours, "expat alone": step_expat, LIMIT: step_lxml}
        if page == BASELINE[0]:
            readers[BASELINE[1]] = feedparser.parse
        yield from (Run(page, reader, read, body, papers) for reader, read in readers.items())


def read_api(body: bytes) -> object:
    """Read papers in every field."""
    return parse_api(body).papers


def read_oai(body: bytes) -> object:
    """Read papers in every field, with their versions where they are told."""
    return parse_oai(body).records


def step_expat(body: bytes) -> None:
    """Call a function for every start, end and text, which does nothing."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, attributes: None
    parser.EndElementHandler = lambda name: None
    parser.CharacterDataHandler = lambda text: None
    parser.Parse(body, True)


def step_lxml(body: bytes) -> None:
    """Step through every element without looking at it."""
    for _ in etree.iterparse(BytesIO(body), resolve_entities=False):
        pass


BENCHMARK = Benchmark(
    name="parse",
    title="reading arXiv's pages",
    counts="papers a page, of the stand-in's pages",
    measure=measure,
    scale=Scale(100, 15),
    growths=(
        Growth(
            "reading one page of the API",
            "papers a page",
            "ms",
            measure_growth,
            (10, 30, 100, 300, 1000, 2000),
            3,
        ),
    ),
)
