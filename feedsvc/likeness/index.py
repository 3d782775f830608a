"""The sketches of recent papers in memory, to be asked which papers are like a given one.

Whether a paper is taken in depends on it, the given one, and papers that came on earlier days: what comes
later, or on the same day, never changes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from feedsvc.likeness.postings import Entries, Postings, make_postings, read_sketches, renumber_entries
from feedsvc.likeness.weights import Amounts, Tally, Terms

# See docs/design.md for how many papers are so like one another.
LEAST_LIKENESS = 0.22
# A paper is taken in if fewer than MOST_BEFORE papers of the LOOK_BACK_DAYS before its day are more like.
LOOK_BACK_DAYS = 30
MOST_BEFORE = 30
SHOWN_DAYS = 30
KEPT_DAYS = SHOWN_DAYS + LOOK_BACK_DAYS
MOST_FOUND = 400
FEW_ENTRIES = 20_000
PART = 2000


@dataclass(frozen=True, slots=True)
class Sketch:
    """A paper as it is compared: the day since when it is known, and the tally that it was weighed by."""

    paper: str
    since: date
    tally: int
    packed: bytes


class Match(NamedTuple):
    """How like a paper is, from 0 to 1, and the number of the tally by which that was weighed."""

    likeness: float
    tally: int


@dataclass(frozen=True, slots=True, eq=False)
class LikenessIndex:
    """Sketches of the newest days, a row each. One that no longer counts keeps its row for a while.

    Entries of late are apart, so that a few more papers cost little.
    """

    papers: Sequence[str]
    since: NDArray[np.int32]
    tallies: NDArray[np.int32]
    is_valid: NDArray[np.bool_]
    bulk: Postings
    late: Postings

    def merge(self, sketches: Iterable[Sketch]) -> LikenessIndex:
        """Give the index with further sketches, each in place of its paper's former one, without old ones.

        A paper is among the sketches no more than once.
        """
        rows, entries = _read(sketches, len(self.papers))
        renewed = {paper for paper, _, _ in rows}
        is_outdated = np.array([paper in renewed for paper in self.papers], np.bool_)
        grown = replace(
            self,
            papers=[*self.papers, *(paper for paper, _, _ in rows)],
            since=np.append(self.since, [since for _, since, _ in rows]).astype(np.int32),
            tallies=np.append(self.tallies, [tally for _, _, tally in rows]).astype(np.int32),
            is_valid=np.append(self.is_valid & ~is_outdated, np.ones(len(rows), np.bool_)),
        )
        return grown._forget()._take_in(entries)

    def find(self, given: Terms, tallies: Mapping[int, Tally]) -> dict[str, Match]:
        """Give the papers like a given one, the newest first; `tallies` has all by which any is weighed."""
        likeness = self._measure(given, tallies)
        chosen = choose_papers(likeness, self.since).tolist()
        chosen.sort(key=lambda n: (-self.since[n], -likeness[n], self.papers[n]))
        return {self.papers[n]: Match(float(likeness[n]), int(self.tallies[n])) for n in chosen[:MOST_FOUND]}

    def numbers(self) -> set[int]:
        """Give the numbers of the tallies by which papers are weighed."""
        return set(self.tallies.tolist())

    def _measure(self, given: Terms, tallies: Mapping[int, Tally]) -> Amounts:
        likeness = np.zeros(len(self.papers), np.float32)
        self.bulk.add_to(likeness, given)
        self.late.add_to(likeness, given)
        for number in self.numbers():
            length = tallies[number].measure(given)
            likeness[self.tallies == number] /= length or 1
        likeness[~self.is_valid] = 0
        return likeness

    def _forget(self) -> LikenessIndex:
        oldest = int(self.since.max(initial=0)) - KEPT_DAYS
        return replace(self, is_valid=self.is_valid & (self.since >= oldest))

    def _take_in(self, entries: Sequence[Entries]) -> LikenessIndex:
        late = len(self.late.rows) + sum(len(rows) for _, rows, _ in entries)
        invalid = len(self.papers) - int(self.is_valid.sum())
        if late > max(len(self.bulk.rows) // 10, FEW_ENTRIES) or invalid > len(self.papers) // 10:
            return self._lay_out(entries)
        same = np.arange(len(self.papers), dtype=np.int32)
        return replace(self, late=make_postings([self.late.renumber(same), *entries]))

    def _lay_out(self, entries: Sequence[Entries]) -> LikenessIndex:
        numbers = np.where(self.is_valid, np.cumsum(self.is_valid) - 1, -1).astype(np.int32)
        added = entries if self.is_valid.all() else [renumber_entries(each, numbers) for each in entries]
        return LikenessIndex(
            [paper for paper, valid in zip(self.papers, self.is_valid, strict=True) if valid],
            self.since[self.is_valid],
            self.tallies[self.is_valid],
            self.is_valid[self.is_valid],
            make_postings([self.bulk.renumber(numbers), self.late.renumber(numbers), *added]),
            make_postings([]),
        )


def choose_papers(likeness: Amounts, since: NDArray[np.int32]) -> NDArray[np.int64]:
    """Choose the papers that are like enough by themselves and among those that came before their day.

    Gives their places; those that only serve as the past of others are left out.
    """
    alike = np.flatnonzero(likeness >= LEAST_LIKENESS)
    chosen = [np.zeros(0, np.int64)]
    newest = int(since.max(initial=0))
    for day in np.unique(since[alike]):
        if day > newest - SHOWN_DAYS:
            past = alike[(since[alike] < day) & (since[alike] >= day - LOOK_BACK_DAYS)]
            candidates = alike[since[alike] == day]
            chosen.append(candidates[likeness[candidates] >= _bar(likeness[past])])
    return np.concatenate(chosen)


def _bar(past: Amounts) -> float:
    if len(past) < MOST_BEFORE:
        return LEAST_LIKENESS
    return float(np.partition(past, -MOST_BEFORE)[-MOST_BEFORE])


def _read(sketches: Iterable[Sketch], first_row: int) -> tuple[list[tuple[str, int, int]], list[Entries]]:
    """Give paper, day and tally of each sketch, and the entries of all: a part at a time, to spare memory."""
    rows: list[tuple[str, int, int]] = []
    entries: list[Entries] = []
    source = iter(sketches)
    while part := list(islice(source, PART)):
        entries.append(read_sketches([sketch.packed for sketch in part], first_row + len(rows)))
        rows += [(sketch.paper, sketch.since.toordinal(), sketch.tally) for sketch in part]
    return rows, entries


EMPTY = LikenessIndex(
    [],
    np.zeros(0, np.int32),
    np.zeros(0, np.int32),
    np.zeros(0, np.bool_),
    make_postings([]),
    make_postings([]),
)
