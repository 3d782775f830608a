"""Measures how well and how fast sentences are cut: sentences.py FILE, JSON lines with a list `sentences`.

The sentences of each line are joined with spaces and cut again. Its figures: precision and recall of the
boundaries between sentences, the share of texts cut exactly alike, texts a second.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from itertools import accumulate
from pathlib import Path

from feedsvc.digest.sentences import split_sentences


def main(path: Path) -> None:
    """Print the figures for one file."""
    gold = [json.loads(line)["sentences"] for line in path.read_text("utf-8").splitlines()]
    texts = [" ".join(sentences) for sentences in gold]
    start = time.process_time()
    cut = [split_sentences(text) for text in texts]
    seconds = time.process_time() - start
    pairs = [(find_boundaries(g), find_boundaries(c)) for g, c in zip(gold, cut, strict=True)]
    hits = sum(len(g & c) for g, c in pairs)
    print(f"boundaries  {sum(len(g) for g, _ in pairs)}")
    print(f"precision   {hits / sum(len(c) for _, c in pairs):.4f}")
    print(f"recall      {hits / sum(len(g) for g, _ in pairs):.4f}")
    print(f"exact       {sum(g == c for g, c in pairs) / len(pairs):.4f}")
    print(f"texts/s     {len(texts) / seconds:.0f}")


def find_boundaries(sentences: Iterable[str]) -> set[int]:
    """Give the places between sentences, counted in characters that are no white space."""
    ends = list(accumulate(len("".join(sentence.split())) for sentence in sentences))
    return set(ends[:-1])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
