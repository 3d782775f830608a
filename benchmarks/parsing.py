"""Measures how fast arXiv's answers are read: parsing.py FOLDER, recorded answers in `api/` and `oai/`.

Its figures: papers a second of processor time, the best of several rounds in each of which all take their
turn; how many times feedparser's rate that is; and which part of the rate at which lxml alone steps through
the same bytes, without looking at them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from xml.parsers import expat

import feedparser
from lxml import etree

from feedsvc.arxiv.api import parse_api
from feedsvc.arxiv.oai import parse_oai

PAGES = {
    "API": "api/api_2026_search_100.xml",
    "arXiv, 2016": "oai/oai2016_cs_arXiv_first_page.xml",
    "arXiv, today": "oai/gen_oai_arXiv_math_page2.xml",
    "arXivRaw, 2016": "oai/oai2016_arXivRaw_listrecords.xml",
    "arXivRaw, today": "oai/gen_oai_arXivRaw_cs.xml",
}
BASELINE = "API", "feedparser"
LIMIT = "lxml alone"

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


def main() -> None:
    """Print the figures for one folder."""
    parser = argparse.ArgumentParser(description="papers a second from recorded answers of arXiv's")
    parser.add_argument("folder", type=Path, help="recorded answers, in api/ and oai/")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    runs = list(plan_runs(options.folder))
    for _ in range(options.rounds):
        for run in runs:
            run.time_round()
    print("\n".join(report(runs)))


def plan_runs(folder: Path) -> Iterator[Run]:
    """Give every page with its readers."""
    for page, name in PAGES.items():
        body = (folder / name).read_bytes()
        papers = body.count(b"<entry>") or body.count(b"<record>")
        ours = read_api if page == "API" else read_oai
        readers: dict[str, Reader] = {"feedsvc": ours, "expat alone": step_expat, LIMIT: step_lxml}
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


def report(runs: list[Run]) -> Iterator[str]:
    """Write a line a run."""
    baseline = next(run.rate for run in runs if (run.page, run.reader) == BASELINE)
    limits = {run.page: run.rate for run in runs if run.reader == LIMIT}
    yield f"{'page':16} {'reader':12} {'papers':>6} {'papers/s':>9} {'times feedparser':>17} {'of lxml':>8}"
    for run in runs:
        times, share = run.rate / baseline, run.rate / limits[run.page]
        yield f"{run.page:16} {run.reader:12} {run.papers:6} {run.rate:9.0f} {times:17.1f} {share:8.0%}"


if __name__ == "__main__":
    main()
