"""Measures how fast a day's documents are built, beside the naive way and a memory copy, in one run.

    python benchmarks/building.py [--quick] [--format xml] [--papers N] [--keywords N]

The day is invented: 4,000 papers, each in one or more of 155 category feeds, and 1,000 keyword feeds of up to
200 entries. About half of the abstracts have formulas, most of them of their own; each has a digest. Times
are those of the processor, the best of five rounds for what is quick.

- naive: for each feed every paper is described (its TeX read, its content made), and feedgen makes the
  document whole. It is run on some of the feeds, every n-th by size, and scaled by the number of entries.
- feedgen: the same without describing, which was done beforehand.
- cold: each paper is described and written once, then the documents are put together.
- warm: the same with every entry written already, as for all feeds but the first.
- copy: the documents' bytes are copied in memory.

Of the sampled feeds the bytes are compared with those of feedgen.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from random import Random

from feedsvc.paper import Digest, Entry, Kind, Paper
from feedsvc.pipeline.fragments import Fragments
from feedsvc.render import Head, atom, load_formats, rss
from feedsvc.render.entry import EntryView, describe_entry
from feedsvc.render.maths import read_maths
from feedsvc.render.tex import read_tex
from feedsvc.standin.synthetic import make_corpus
from feedsvc.taxonomy import load_taxonomy

DAY = date(2026, 1, 14)
ANNOUNCED = datetime(2026, 1, 14, 1, 0, tzinfo=UTC)
CATEGORY_FEEDS = 155
LANGUAGE = "en"
FORMULAS = (
    r"We reach $\mathcal{O}(X \log Y)$ steps, where $X^2 \leq \frac{Y+1}{Z}$.",
    r"The error falls as $\epsilon_{X} \sim Y^{-1/2}$ on $\mathbb{R}^Z$.",
    r"It follows that $\sum_{i=1}^{X} \hat{Y}_i = \begin{pmatrix} X & Y \\ Z & 0 \end{pmatrix}$.",
)
VARIABLES = "abcdefghklmnpqrstuvwxyz"

Feeds = dict[str, tuple[Head, list[Entry]]]


def invent_entries(random: Random, count: int) -> list[Entry]:
    """Invent a day's papers with their digests, the same ones for the same seed."""
    categories = sorted(load_taxonomy().categories)[:CATEGORY_FEEDS]
    corpus = make_corpus(random.randrange(1000), DAY, 1, categories, int(count * 1.2))
    papers = sorted(corpus.papers.values(), key=lambda paper: (paper.id, paper.version))
    newest = list({paper.id: paper for paper in papers}.values())[:count]
    return [_announce(random, paper) for paper in newest]


def _announce(random: Random, paper: Paper) -> Entry:
    if random.random() < 1 / 3:
        formula = random.choice(FORMULAS)
        for name in "XYZ":
            formula = formula.replace(name, f"{random.choice(VARIABLES)}_{{{random.randrange(100)}}}")
        paper = replace(paper, abstract=f"{paper.abstract} {formula}")
    sentences = tuple(f"{part.rstrip('.')}." for part in paper.abstract.split(". ") if part)
    third = -(-len(sentences) // 3)
    parts = (sentences[:third], sentences[third : 2 * third], sentences[2 * third :])
    digest = Digest(paper.id, paper.version, LANGUAGE, "extractive", *parts)
    return Entry(paper, Kind.NEW, ANNOUNCED, ANNOUNCED, digest)


def invent_feeds(random: Random, entries: Sequence[Entry], keywords: int) -> Feeds:
    """Put the papers into feeds: of their categories, and of keywords by chance, few of them large."""
    feeds: Feeds = {}
    for entry in entries:
        for category in entry.paper.categories:
            feeds.setdefault(category, (make_head(category), []))[1].append(entry)
    for number in range(keywords):
        size = min(200, len(entries), int(4 * 50 ** random.random()))
        feeds[f"keyword-{number}"] = (make_head(f"keyword-{number}"), random.sample(entries, size))
    return feeds


def make_head(name: str) -> Head:
    """Make a feed's head."""
    return Head(
        id=f"urn:feed:{name}",
        title=name,
        subtitle=f"Papers on {name}",
        updated=ANNOUNCED,
        self_url=f"https://feeds.example/feeds/{name}.xml",
        page_url=f"https://feeds.example/feeds/{name}",
        language=LANGUAGE,
        generator_version="0",
    )


def build_naively(format_: str, head: Head, views: Sequence[EntryView]) -> bytes:
    """Have feedgen make a whole document."""
    if format_ == "rss":
        return bytes(rss.make_channel(head, [rss.make_item(view) for view in views]).rss_str())
    return bytes(atom.make_feed(head, [atom.make_entry(view, LANGUAGE) for view in views]).atom_str())


def build_all(fragments: Fragments, format_: str, feeds: Feeds) -> dict[str, bytes]:
    """Build every document from fragments."""
    return {
        name: fragments.assemble(format_, head, entries, LANGUAGE) for name, (head, entries) in feeds.items()
    }


def measure(work: Callable[[], object], rounds: int = 1) -> float:
    """Give the seconds of processor time that work takes, the best of some rounds."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


@dataclass(frozen=True)
class Naive:
    """What the naive way takes for an entry of a document, in seconds, and how many documents differ."""

    described: float
    whole: float
    different: int


def measure_naive(format_: str, feeds: Feeds, documents: Mapping[str, bytes], sample: int) -> Naive:
    """Have feedgen make a sample of the documents."""
    by_size = sorted(feeds, key=lambda name: len(feeds[name][1]))
    chosen = by_size[:: max(1, len(by_size) // sample)]
    describe = describe_entry.__wrapped__
    views: dict[str, list[EntryView]] = {}
    made: dict[str, bytes] = {}

    def describe_all() -> None:
        views.update({n: [describe(entry, LANGUAGE) for entry in feeds[n][1]] for n in chosen})

    def build() -> None:
        made.update({name: build_naively(format_, feeds[name][0], views[name]) for name in chosen})

    read_maths.cache_clear()
    read_tex.cache_clear()
    describing, building = measure(describe_all), measure(build)
    entries = sum(map(len, views.values()))
    different = sum(made[name] != documents[name] for name in chosen)
    return Naive(building / entries, (describing + building) / entries, different)


def run(format_: str, papers: int, keywords: int, sample: int) -> None:
    """Build, measure and print."""
    random = Random(1)
    feeds = invent_feeds(random, invent_entries(random, papers), keywords)
    placements = sum(len(placed) for _, placed in feeds.values())
    fragments = Fragments(load_formats())
    build_all(Fragments(load_formats()), format_, dict([next(iter(feeds.items()))]))
    for cached in (describe_entry, read_maths, read_tex):
        cached.cache_clear()
    documents: dict[str, bytes] = {}
    cold = measure(lambda: documents.update(build_all(fragments, format_, feeds)))
    warm = measure(lambda: build_all(fragments, format_, feeds), 5)
    copy = measure(lambda: [bytearray(document) for document in documents.values()], 5)
    naive = measure_naive(format_, feeds, documents, sample)
    size = sum(map(len, documents.values())) / 1e6
    print(f"{papers} papers, {len(feeds)} feeds of {format_}, {placements} placements, {size:.0f} MB")
    print(f"of {sample} sampled feeds {naive.different} differ from feedgen's bytes")
    whole, described = naive.whole * placements, naive.described * placements
    print(f"naive   {whole:8.2f} s  (scaled)")
    print(f"feedgen {described:8.2f} s  (scaled)")
    for name, seconds in (("cold", cold), ("warm", warm)):
        print(
            f"{name:8}{seconds:8.3f} s  {whole / seconds:.1f} times naive, {described / seconds:.1f} feedgen"
        )
    print(f"copy    {copy:8.3f} s  warm takes {warm / copy:.1f} times as long")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="How fast a day's documents are built.")
    parser.add_argument("--quick", action="store_true", help="a tenth of the day")
    parser.add_argument("--format", choices=("xml", "rss"), default="xml")
    parser.add_argument("--papers", type=int, default=4000)
    parser.add_argument("--keywords", type=int, default=1000)
    parser.add_argument("--sample", type=int, default=40, help="feeds that are built naively")
    given = parser.parse_args()
    part = 10 if given.quick else 1
    run(given.format, given.papers // part, given.keywords // part, given.sample)


if __name__ == "__main__":
    main()
