"""Digests the papers of real days: digesting.py FOLDER (JSON lines with `title` and `abstract`, .gz or not).

Prints how many papers there are, each counted once, how many one core digests in a second of its time, and
how many sections stay empty of abstracts with three sentences or more (there must be none).
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

from benchmarks.tex_coverage import read_papers
from feedsvc.digest.extractive import ExtractiveSummarizer
from feedsvc.digest.roles import load_model
from feedsvc.digest.sentences import split_sentences
from feedsvc.paper import Paper


def main(folder: Path) -> None:
    """Print the figures."""
    papers = [
        Paper(f"2601.{number:05}", 1, told["title"], told["abstract"], (), ("cs.AI",))
        for number, told in enumerate(read_papers(folder))
    ]
    load_model()
    summarizer = ExtractiveSummarizer()
    started = time.process_time()
    digests = [summarizer.summarize(paper, "en") for paper in papers]
    seconds = time.process_time() - started
    sizes = Counter(min(3, len(split_sentences(paper.abstract))) for paper in papers)
    empty = sum(
        not section
        for paper, digest in zip(papers, digests, strict=True)
        if digest is not None and len(split_sentences(paper.abstract)) >= 3
        for section in (digest.background, digest.innovation, digest.conclusion)
    )
    print(f"{len(papers)} papers, {len(papers) / seconds:.0f} a second of processor time")
    print(f"{sizes[1]} abstracts of one sentence, {sizes[2]} of two, {sizes[3]} of more")
    print(f"{empty} empty sections of the latter")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
