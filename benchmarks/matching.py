"""Measures how fast a paper finds the registered queries that match it.

The load is invented. A paper has a title and eight sentences, some 190 words: nearly half are function words,
the others are drawn from 20,000, an eighth of the time two or three together as one of 20,000 fixed phrases.
Words and phrases are as common as Zipf-Mandelbrot's law has it, flattened so far that about 4% of all queries
match each paper. Queries ask for what papers are written of, with the same likelihood: 45% one phrase, 5% one
word, 35% two of either, 10% one of either without another, 5% two without a third. Each also names the kinds
of announcement it takes in where `Load` is told so, as the query of a saved feed does. Keys are strings.

A paper comes as it is in the store, so that reading its words counts. Times are those of the processor, of
each paper in the best of several rounds in which all ways take their turn. Every answer is compared. The
limit is reading a paper's words and looking each of them up once.
"""

from __future__ import annotations

import gc
import re
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date
from itertools import accumulate
from random import Random
from typing import TypeVar

from benchmarks.table import Against, Benchmark, Growth, Point, Row, Scale
from feedsvc.paper import Announcement, Author, Kind, Paper
from feedsvc.query import Query, Subject, parse
from feedsvc.query.ast import And, Field, Not, OfKind, Or, Term
from feedsvc.query.registry import Registry

DAY = date(2026, 1, 5)
FUNCTION_WORDS, CONTENT_WORDS, PHRASES = 60, 20_000, 20_000
FLATTENED_WORDS, FLATTENED_PHRASES = 20, 3
ADDED = 20_000
PAPERS = 200
MOST_REGEXES = 20_000
WANTED_TIMES, WANTED_RATE, WANTED_MB, WANTED_MS = 1_000, 500, 150, 1
MILLION = 1_000_000
KINDS = Or((OfKind(Kind.CROSS), OfKind(Kind.NEW)))

Item = TypeVar("Item")
Search = Callable[[str], object]


class Load:
    """Invents papers and queries, the same ones for the same seed."""

    def __init__(self, seed: int, with_kinds: bool = False) -> None:
        self._random = Random(seed)
        self._with_kinds = with_kinds
        words = [*self._spell_words(FUNCTION_WORDS + CONTENT_WORDS)]
        self._function_words, self._words = words[:FUNCTION_WORDS], words[FUNCTION_WORDS:]
        self._word_weights = weigh(CONTENT_WORDS, FLATTENED_WORDS)
        phrases = (" ".join(self._draw_words(self._random.choice((2, 2, 3)))) for _ in range(PHRASES))
        self._phrases = [*dict.fromkeys(phrases)]
        self._phrase_weights = weigh(len(self._phrases), FLATTENED_PHRASES)

    def write_paper(self, number: int) -> Paper:
        """Invent a paper."""
        return Paper(
            id=f"2601.{number:05}",
            version=1,
            title=self._write(9),
            abstract=" ".join(f"{self._write(22)}." for _ in range(8)),
            authors=tuple(Author(" ".join(self._draw_words(2)).title()) for _ in range(3)),
            categories=("cs.LG",),
        )

    def write_query(self) -> Query:
        """Invent a query, its parts in canonical order."""
        shape = self._random.random()
        if shape < 0.5:
            terms, excluded = [self._draw_term(float(shape < 0.45))], 0
        else:
            terms = [self._draw_term(0.4) for _ in range(3 if shape >= 0.95 else 2)]
            excluded = int(shape >= 0.85)
        if len(set(terms)) < len(terms):
            return self.write_query()
        wanted: list[Query] = sorted(terms[: len(terms) - excluded], key=str)
        kinds: list[Query] = [KINDS] if self._with_kinds else []
        parts: tuple[Query, ...] = (*kinds, *wanted, *map(Not, terms[len(terms) - excluded :]))
        return And(parts) if len(parts) > 1 else parts[0]

    def _spell_words(self, count: int) -> Iterable[str]:
        syllables = [c + v for c in "bcdfghklmnprstvz" for v in "aeiou"]
        words: dict[str, None] = {}
        while len(words) < count:
            length = self._random.choice((2, 2, 3, 3, 4))
            words["".join(self._random.choices(syllables, k=length)) + self._random.choice(("", *"nsr"))] = (
                None
            )
        return words

    def _draw_words(self, count: int) -> list[str]:
        return self._random.choices(self._words, cum_weights=self._word_weights, k=count)

    def _draw_phrase(self) -> str:
        return self._random.choices(self._phrases, cum_weights=self._phrase_weights)[0]

    def _draw_term(self, phrase_share: float) -> Term:
        text = self._draw_phrase() if self._random.random() < phrase_share else self._draw_words(1)[0]
        return Term(Field.ALL, tuple(text.split()))

    def _write(self, length: int) -> str:
        words: list[str] = []
        while len(words) < length:
            choice = self._random.random()
            if choice < 0.45:
                words.append(self._random.choice(self._function_words))
            else:
                words += self._draw_words(1) if choice < 0.88 else self._draw_phrase().split()
        return " ".join(words).capitalize()


def weigh(count: int, flattened: float) -> list[float]:
    """Give the added-up weights of ranks."""
    return [*accumulate(1 / (rank + flattened) for rank in range(1, count + 1))]


class RegexLoop:
    """The naive way: each query as compiled regular expressions, one query after another on the text."""

    def __init__(self, queries: Mapping[str, Query]) -> None:
        self._queries = [(key, *compile_regexes(query)) for key, query in queries.items()]

    def __call__(self, subject: Subject) -> set[str]:
        paper = subject.paper
        text = "\n0\n".join((paper.title, paper.abstract, *(author.name for author in paper.authors)))
        return {
            key
            for key, wanted, excluded in self._queries
            if all(search(text) for search in wanted) and not any(search(text) for search in excluded)
        }


def compile_regexes(query: Query) -> tuple[list[Search], list[Search]]:
    """Give the searches of a query's terms, wanted and excluded ones; kinds are left out."""
    wanted: list[Search] = []
    excluded: list[Search] = []
    for part in query.operands if isinstance(query, And) else (query,):
        term = part.operand if isinstance(part, Not) else part
        if isinstance(term, Term):
            pattern = re.compile(r"\b" + r"\W+".join(term.tokens) + r"\b", re.IGNORECASE)
            (excluded if isinstance(part, Not) else wanted).append(pattern.search)
    return wanted, excluded


class MatchesLoop:
    """The other naive way, and the truth: every query is asked in turn."""

    def __init__(self, queries: Mapping[str, Query]) -> None:
        self._queries = [*queries.items()]

    def __call__(self, subject: Subject) -> set[str]:
        return {key for key, query in self._queries if query.matches(subject)}


@dataclass(slots=True)
class Run:
    """One way to match papers; `seconds` are each paper's best."""

    name: str
    match: Callable[[Subject], object]
    papers: Sequence[Paper]
    seconds: dict[str, float] = field(default_factory=dict)

    def time_round(self) -> None:
        """Match every paper once, its words not yet read."""
        for paper in self.papers:
            subject = announce(paper)
            started = time.process_time()
            answer = self.match(subject)
            taken = time.process_time() - started
            del answer
            self.seconds[paper.id] = min(taken, self.seconds.get(paper.id, taken))

    @property
    def rate(self) -> float:
        """Papers a second."""
        return len(self.seconds) / sum(self.seconds.values())


def announce(paper: Paper) -> Subject:
    """Give a paper as it was announced, its words not yet read."""
    return Subject(paper, Announcement(DAY, "cs.LG", paper.id, 1, Kind.NEW))


def measure(scale: Scale) -> Iterator[Row]:
    """Give the rows for so many queries."""
    load = Load(1)
    papers = [load.write_paper(number) for number in range(PAPERS)]
    queries = {f"feed-{number}": load.write_query() for number in range(scale.size)}
    rest_collector()
    started = time.process_time()
    registry = Registry(queries)
    yield Row(f"an index of {scale.size:,} queries built", "s", time.process_time() - started)
    rest_collector()
    compare_answers(registry, queries, papers)
    yield from measure_ways(time_ways(registry, queries, papers, scale.rounds), scale.size)
    yield measure_day(registry, papers)
    yield from time_changes(registry, [load.write_query() for _ in range(min(ADDED, scale.size))])
    wanted = WANTED_MB if scale.size == MILLION else None
    against: Against = "ours" if wanted else ""
    yield Row("memory of the index", "MB", weigh_index(queries) / 1e6, wanted=wanted, against=against)
    gc.unfreeze()


def measure_growth(scale: Scale) -> Iterator[Point]:
    """Give the papers a second by each way, for so many queries."""
    load = Load(1)
    papers = [load.write_paper(number) for number in range(PAPERS)]
    queries = {f"feed-{number}": load.write_query() for number in range(scale.size)}
    rest_collector()
    for way in time_ways(Registry(queries), queries, papers, scale.rounds):
        yield Point(way.name, scale.size, way.rate)
    gc.unfreeze()


def rest_collector() -> None:
    """Let Python's collector forget what is there: it would look through a million queries time and again."""
    gc.collect()
    gc.freeze()


def compare_answers(registry: Registry[str], queries: Mapping[str, Query], papers: Sequence[Paper]) -> None:
    """Hold answers against `Query.matches`, as many as take some seconds. Raises AssertionError."""
    sample = papers[: max(5, 1_000_000 // len(queries))]
    truth = MatchesLoop(queries)
    for paper in sample:
        found = [*registry.match(announce(paper))]
        expected = truth(announce(paper))
        if len(found) != len(expected) or set(found) != expected:
            raise AssertionError(f"paper {paper.id}: expected the answer of Query.matches")
    if len(queries) <= MOST_REGEXES:
        regexes = RegexLoop(queries)
        for paper in sample[:5]:
            if regexes(announce(paper)) != truth(announce(paper)):
                raise AssertionError(f"paper {paper.id}: expected the regular expressions to say the same")
    if any(parse(str(query)) != query for query in [*queries.values()][:2_000]):
        raise AssertionError("expected queries that can be typed")


def time_ways(
    registry: Registry[str], queries: Mapping[str, Query], papers: Sequence[Paper], rounds: int
) -> list[Run]:
    """Let all ways take their turn: ours twice, the limit, then the naive ones."""
    few = papers[: max(2, min(20, 200_000 // len(queries)))]
    known = {word for query in queries.values() for word in str(query).split()}
    runs = [
        Run("feedsvc", registry.match, papers),
        Run("feedsvc, keys read", lambda subject: [*registry.match(subject)], papers),
        Run("words looked up", lambda subject: look_up(subject, known), papers),
        Run("loop of Query.matches", MatchesLoop(queries), few),
    ]
    if len(queries) <= MOST_REGEXES:
        runs.append(Run("loop of regexes", RegexLoop(queries), few))
    for _ in range(rounds):
        for run in runs:
            run.time_round()
    return runs


def look_up(subject: Subject, known: Set[str]) -> int:
    """Read a paper's words and look each up once: no way that knows no more can do less."""
    rows = subject.wording.phrases[Field.ALL]
    return sum(word in known for words in rows for word in words)


def measure_ways(runs: Sequence[Run], count: int) -> Iterator[Row]:
    """Give the rows of our ways, beside the last of the naive ones."""
    found, read, limit, *_, naive = runs
    wanted: tuple[float | None, Against] = (None, "")
    if count == MILLION:
        wanted = WANTED_RATE, "ours"
    elif naive.name == "loop of regexes":
        wanted = WANTED_TIMES, "naive"
    for what, run, goal in (("answer found", found, wanted), ("answer found and read", read, (None, ""))):
        yield Row(
            what=f"{what}, {count:,} queries",
            unit="papers/s",
            ours=run.rate,
            naive=naive.rate,
            limit=limit.rate,
            naive_way=naive.name,
            limit_way=limit.name,
            wanted=goal[0],
            against=goal[1],
        )


def measure_day(registry: Registry[str], papers: Sequence[Paper]) -> Row:
    """Give the row of many papers' answers taken together, each key once."""
    day = [announce(paper) for paper in papers]
    started = time.process_time()
    set(registry.match_any(day))
    taken = time.process_time() - started
    return Row(f"{len(papers)} papers in one go, keys read once", "papers/s", len(papers) / taken)


def time_changes(registry: Registry[str], queries: Sequence[Query]) -> Iterator[Row]:
    """Add queries one by one, then take them out again; give the 99th centiles."""
    added = {f"new-{number}": query for number, query in enumerate(queries)}
    rest_collector()
    for what, seconds in (
        ("a query added", time_each(lambda item: registry.add(*item), added.items())),
        ("a query removed", time_each(registry.remove, added)),
    ):
        ms = sorted(1e3 * taken for taken in seconds)
        yield Row(f"{what}, 99th centile", "ms", ms[len(ms) * 99 // 100], wanted=WANTED_MS, against="ours")


def time_each(change: Callable[[Item], object], items: Iterable[Item]) -> Iterator[float]:
    """Give the seconds that each change takes."""
    for item in items:
        started = time.thread_time()
        change(item)
        yield time.thread_time() - started


def weigh_index(queries: Mapping[str, Query]) -> int:
    """Give the bytes that a registry takes beside its queries and keys."""
    tracemalloc.start()
    registry = Registry(queries)
    gc.collect()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del registry
    return taken


BENCHMARK = Benchmark(
    name="match",
    title="finding the queries that a paper matches",
    counts="registered queries",
    measure=measure,
    scale=Scale(10_000, 5),
    growths=(
        Growth(
            "matching a paper", "queries", "papers/s", measure_growth, (1_000, 10_000, 100_000, 1_000_000), 2
        ),
    ),
)
