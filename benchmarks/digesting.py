"""Measures how fast papers are digested on one core, in seconds of its time.

The papers are those of a folder (JSON lines with `title` and `abstract`, packed or not), each once, or the
stand-in's sample, again and again with other numbers in them. The naive way looks each feature of a sentence
up and adds its weights in loops of Python; the limit is cutting abstracts at spaces and hashing their words.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

from benchmarks.table import Benchmark, Growth, Point, Row, Scale
from benchmarks.tex_coverage import read_papers
from feedsvc.digest.extractive import ExtractiveSummarizer
from feedsvc.digest.features import hash_grams
from feedsvc.digest.headings import Role
from feedsvc.digest.roles import RoleModel, judge_roles, load_model
from feedsvc.digest.sentences import split_sentences
from feedsvc.paper import Paper
from feedsvc.standin.sample import load_sample

LANGUAGE = "en"
WANTED = 1_000
COLUMNS = 15  # of the model's weights: five roles, for a sentence and for the ones beside it


def find_papers(scale: Scale) -> list[Paper]:
    """Give so many papers, no two alike."""
    if scale.folder:
        return list(islice(read_real(scale.folder), scale.size))
    sample = cycle(load_sample().papers.values())
    return [
        replace(paper, abstract=f"{paper.abstract} There are {number} of them.")
        for number, paper in enumerate(islice(sample, scale.size))
    ]


def read_real(folder: Path) -> Iterator[Paper]:
    """Read papers of real days."""
    for number, told in enumerate(read_papers(folder)):
        yield Paper(f"2601.{number:05}", 1, told["title"], told["abstract"], (), ("cs.AI",))


class PlainJudge:
    """Judges roles by the first classifier's weights alone, feature by feature."""

    def __init__(self, model: RoleModel) -> None:
        self._weights = dict(zip(model.vocabulary.tolist(), model.grams.tolist(), strict=True))

    def __call__(self, sentences: Sequence[str]) -> Sequence[Role]:
        """Give each sentence the role of its largest sum."""
        return [self._judge(sentence) for sentence in sentences]

    def _judge(self, sentence: str) -> Role:
        sums = [0] * COLUMNS
        for gram in hash_grams([sentence]).hashes.tolist():
            for column, weight in enumerate(self._weights.get(gram, ())):
                sums[column] += weight
        return tuple(Role)[max(range(len(Role)), key=sums.__getitem__)]


def hash_words(papers: Iterable[Paper]) -> None:
    """Cut abstracts at spaces and hash their words."""
    for paper in papers:
        for word in paper.abstract.split():
            hash(word)


def digest(papers: Iterable[Paper], summarizer: ExtractiveSummarizer) -> None:
    """Digest papers. Raises AssertionError if a section stays empty of an abstract with three sentences."""
    for paper in papers:
        made = summarizer.summarize(paper, LANGUAGE)
        assert made is not None
        if not (made.background and made.innovation and made.conclusion):
            assert len(split_sentences(paper.abstract)) < 3, paper.id


def time_rate(papers: Sequence[Paper], work: Callable[[Sequence[Paper]], object], rounds: int) -> float:
    """Give the papers a second of processor time, the best of some rounds."""
    best = float("inf")
    for _ in range(rounds):
        started = time.process_time()
        work(papers)
        best = min(best, time.process_time() - started)
    return len(papers) / best


def measure(scale: Scale) -> Iterator[Row]:
    """Give the rows of digesting, and of judging roles alone."""
    papers = find_papers(scale)
    limit = time_rate(papers, hash_words, scale.rounds)
    plain = ExtractiveSummarizer(PlainJudge(load_model()))
    few = papers[: max(1, len(papers) // 10)]
    yield Row(
        what=f"{len(papers):,} papers digested",
        unit="papers/s",
        ours=time_rate(papers, lambda some: digest(some, ExtractiveSummarizer()), scale.rounds),
        naive=time_rate(few, lambda some: digest(some, plain), scale.rounds),
        limit=limit,
        naive_way="weights added in loops",
        limit_way="words hashed",
    )
    sentences = [split_sentences(paper.abstract) for paper in papers]
    yield Row(
        what="roles judged, sentences at hand",
        unit="papers/s",
        ours=time_rate(papers, lambda some: [judge_roles(each) for each in sentences], scale.rounds),
        limit=limit,
        limit_way="words hashed",
        wanted=WANTED,
        against="ours",
    )


def measure_growth(scale: Scale) -> Iterator[Point]:
    """Give the seconds that so many papers take."""
    papers = find_papers(scale)
    load_model()
    for way, work in (
        ("feedsvc", lambda some: digest(some, ExtractiveSummarizer())),
        ("words hashed", hash_words),
    ):
        yield Point(way, len(papers), len(papers) / time_rate(papers, work, scale.rounds))


BENCHMARK = Benchmark(
    name="digest",
    title="digesting papers",
    counts="papers",
    measure=measure,
    scale=Scale(1_000, 3),
    growths=(Growth("digesting", "papers", "s", measure_growth, (10, 100, 1_000, 4_000), 2),),
)
