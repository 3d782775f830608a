"""How much of the TeX in real titles and abstracts comes out as Unicode.

    python benchmarks/tex_coverage.py FOLDER

FOLDER holds `*.jsonl` or `*.jsonl.gz`, one paper a line with `title` and `abstract`; repeats count once.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from feedsvc.accents import split_maths
from feedsvc.render.tex import Source, read_tex, to_text

LEFT_OVER = re.compile(r"\\[A-Za-z]+|[_^]\{")


@dataclass(slots=True)
class Tally:
    """Counts over texts of one field."""

    texts: int = 0
    with_tex: int = 0
    with_maths: int = 0
    maths_free: int = 0
    tex_free: int = 0
    formulas: int = 0
    formulas_kept: int = 0
    seconds: float = 0.0

    def add(self, text: str) -> None:
        """Count one text."""
        self.texts += 1
        formulas = sum(is_maths for is_maths, _ in split_maths(text))
        if not formulas and not LEFT_OVER.search(text):
            return
        started = time.perf_counter()
        plain = to_text(text)
        self.seconds += time.perf_counter() - started
        kept = sum(isinstance(piece, Source) for piece in read_tex(text))
        self.with_tex += 1
        self.with_maths += bool(formulas)
        self.maths_free += bool(formulas) and not kept
        self.tex_free += not kept and not LEFT_OVER.search(plain)
        self.formulas += formulas
        self.formulas_kept += kept


def read_papers(folder: Path) -> Iterator[dict[str, str]]:
    """Read every distinct paper of a folder."""
    seen: set[tuple[str, str]] = set()
    for path in sorted([*folder.glob("*.jsonl"), *folder.glob("*.jsonl.gz")]):
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for paper in map(json.loads, text.splitlines()):
            key = (paper["title"], paper["abstract"])
            if key not in seen:
                seen.add(key)
                yield paper


def report(name: str, tally: Tally) -> Iterator[str]:
    """Write a tally out."""
    yield f"{name}: {tally.texts}, of which {tally.with_tex} have TeX and {tally.with_maths} mathematics"
    yield f"  no formula left as source: {tally.maths_free} of {tally.with_maths}"
    yield f"  free of any TeX: {tally.tex_free} of {tally.with_tex}"
    yield f"  formulas spelled in Unicode: {tally.formulas - tally.formulas_kept} of {tally.formulas}"
    yield f"  {1000 * tally.seconds / max(1, tally.with_tex):.2f} ms a text with TeX"


def main(arguments: Iterable[str]) -> None:
    """Tally titles and abstracts apart."""
    (folder,) = arguments
    tallies = {"title": Tally(), "abstract": Tally()}
    for paper in read_papers(Path(folder)):
        for name, tally in tallies.items():
            tally.add(paper[name])
    for name, tally in tallies.items():
        print("\n".join(report(f"{name}s", tally)))


if __name__ == "__main__":
    main(sys.argv[1:])
