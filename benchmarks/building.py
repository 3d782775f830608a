"""Measures how fast a day's documents are built, beside the naive way and a memory copy.

The day is invented: 4,000 papers, each in one or more of 155 category feeds, and a quarter as many keyword
feeds, of up to 200 entries. About half of the abstracts have formulas, most of them of their own; each has a
digest. Times are those of the processor, the best of some rounds for what is quick.

- naive: for each feed every paper is described (its TeX read, its content made), and feedgen makes the
  document whole. It is run on some of the feeds, every n-th by size, and scaled by the number of entries.
- feedgen: the same without describing, which was done beforehand.
- cold: each paper is described and written once, then the documents are put together.
- warm: the same with every entry written already, as for all feeds but the first.
- copy: the documents' bytes are copied in memory.

Of the sampled feeds the bytes are compared with those of feedgen.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from random import Random

from benchmarks.table import Benchmark, Growth, Point, Row, Scale
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
FORMATS = {"xml": "Atom", "rss": "RSS"}
PAPERS = 4_000
A_KEYWORD = 4  # papers to each keyword feed
SAMPLE = 40
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


def clock(work: Callable[[], object], rounds: int = 1) -> float:
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
    describing, building = clock(describe_all), clock(build)
    entries = sum(map(len, views.values()))
    different = sum(made[name] != documents[name] for name in chosen)
    return Naive(building / entries, (describing + building) / entries, different)


@dataclass(frozen=True)
class Built:
    """What building a day's feeds in a format takes, in seconds; naive ways are scaled from a sample."""

    feeds: int
    placements: int
    cold: float
    warm: float
    copy: float
    naive: float
    described: float


def build_day(format_: str, feeds: Feeds, rounds: int) -> Built:
    """Build every document each way. Raises AssertionError where a document differs from feedgen's."""
    fragments = Fragments(load_formats())
    build_all(Fragments(load_formats()), format_, dict([next(iter(feeds.items()))]))
    for cached in (describe_entry, read_maths, read_tex):
        cached.cache_clear()
    documents: dict[str, bytes] = {}
    cold = clock(lambda: documents.update(build_all(fragments, format_, feeds)))
    warm = clock(lambda: build_all(fragments, format_, feeds), rounds)
    copy = clock(lambda: [bytearray(document) for document in documents.values()], rounds)
    naive = measure_naive(format_, feeds, documents, SAMPLE)
    if naive.different:
        raise AssertionError(f"{naive.different} of {SAMPLE} documents differ from feedgen's")
    placements = sum(len(placed) for _, placed in feeds.values())
    whole, described = naive.whole * placements, naive.described * placements
    return Built(len(feeds), placements, cold, warm, copy, whole, described)


def measure(scale: Scale) -> Iterator[Row]:
    """Give the rows of each format, with entries to be written first and with all of them written."""
    random = Random(1)
    feeds = invent_feeds(random, invent_entries(random, scale.size), scale.size // A_KEYWORD)
    for format_, name in FORMATS.items():
        built = build_day(format_, feeds, scale.rounds)
        for what, ours, naive, way in (
            ("from nothing", built.cold, built.naive, "feedgen for each feed"),
            ("entries written", built.warm, built.described, "feedgen, entries described"),
        ):
            yield Row(
                what=f"{name}, {built.feeds:,} feeds of {built.placements:,} entries, {what}",
                unit="s",
                ours=ours,
                naive=naive,
                limit=built.copy,
                naive_way=way,
                limit_way="a copy in memory",
            )


def measure_growth(scale: Scale) -> Iterator[Point]:
    """Give the seconds for so many of a day's feeds, chosen by chance, as Atom."""
    random = Random(1)
    feeds = invent_feeds(random, invent_entries(random, PAPERS), PAPERS // A_KEYWORD)
    names = random.sample(sorted(feeds), min(scale.size, len(feeds)))
    built = build_day("xml", {name: feeds[name] for name in names}, scale.rounds)
    for way, seconds in (
        ("feedgen for each feed", built.naive),
        ("feedsvc, from nothing", built.cold),
        ("feedsvc, entries written", built.warm),
        ("a copy in memory", built.copy),
    ):
        yield Point(way, built.feeds, seconds)


BENCHMARK = Benchmark(
    name="build",
    title="building a day's documents",
    counts="papers of the day",
    measure=measure,
    scale=Scale(PAPERS, 5),
    growths=(Growth("building", "feeds", "s", measure_growth, (10, 30, 100, 300, 1_155), 5),),
)
