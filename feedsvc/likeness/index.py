"""The sketches of recent papers in memory, to be asked which papers are like a given one.

Whether a paper is taken in depends on it, the given one, and papers that came on earlier days: what comes
later, or on the same day, never changes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from feedsvc.likeness.weights import Amounts, Keys, Tally, Terms, unpack_sketch

# Of 3,300 papers of five neighbouring categories half have more than two others so like, one in ten has 13.
LEAST_LIKENESS = 0.22
# A paper is taken in if fewer than MOST_BEFORE papers of the LOOK_BACK_DAYS before its day are more like.
LOOK_BACK_DAYS = 30
MOST_BEFORE = 30
SHOWN_DAYS = 30
KEPT_DAYS = SHOWN_DAYS + LOOK_BACK_DAYS
MOST_FOUND = 400


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
    """Sketches of the newest days: a paper's begins at its place in `starts` and ends where the next does."""

    papers: Sequence[str]
    since: NDArray[np.int32]
    tallies: NDArray[np.int32]
    starts: NDArray[np.int64]
    keys: Keys
    weights: NDArray[np.float16]

    def merge(self, sketches: Iterable[Sketch]) -> LikenessIndex:
        """Give the index with further sketches, each in place of its paper's former one, without old ones."""
        renewed = list(sketches)
        kept = self._leave_out({sketch.paper for sketch in renewed})
        grown = _join(kept, _lay_out([sketch for sketch in renewed if sketch.packed]))
        return grown._forget(int(grown.since.max(initial=0)) - KEPT_DAYS)

    def find(self, given: Terms, tallies: Mapping[int, Tally]) -> dict[str, Match]:
        """Give the papers like a given one, the newest first; `tallies` has all by which any is weighed."""
        likeness = self._measure(given, tallies)
        chosen = choose_papers(likeness, self.since).tolist()
        chosen.sort(key=lambda n: (-self.since[n], -likeness[n], self.papers[n]))
        return {self.papers[n]: Match(float(likeness[n]), int(self.tallies[n])) for n in chosen[:MOST_FOUND]}

    def _measure(self, given: Terms, tallies: Mapping[int, Tally]) -> Amounts:
        if not len(self.papers):
            return np.zeros(0, np.float32)
        amounts = np.zeros(int(self.keys.max()) + 1, np.float32)
        known = given.keys < len(amounts)
        amounts[given.keys[known]] = given.amounts[known]
        sums = np.add.reduceat(amounts[self.keys] * self.weights, self.starts)
        lengths = np.zeros(int(self.tallies.max()) + 1, np.float32)
        for number in np.unique(self.tallies):
            lengths[number] = tallies[int(number)].measure(given)
        lengths = lengths[self.tallies]
        return np.divide(sums, lengths, out=np.zeros_like(sums), where=lengths > 0)

    def _leave_out(self, papers: set[str]) -> LikenessIndex:
        if papers.isdisjoint(self.papers):
            return self
        return self._keep(np.array([paper not in papers for paper in self.papers], bool))

    def _forget(self, day: int) -> LikenessIndex:
        fresh = self.since >= day
        return self if fresh.all() else self._keep(fresh)

    def _keep(self, is_kept: NDArray[np.bool_]) -> LikenessIndex:
        sizes = np.diff(self.starts, append=len(self.keys))
        entries = np.repeat(is_kept, sizes)
        return LikenessIndex(
            [paper for paper, kept in zip(self.papers, is_kept, strict=True) if kept],
            self.since[is_kept],
            self.tallies[is_kept],
            _start(sizes[is_kept]),
            self.keys[entries],
            self.weights[entries],
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


def _lay_out(sketches: Sequence[Sketch]) -> LikenessIndex:
    pairs = [unpack_sketch(sketch.packed) for sketch in sketches]
    none = EMPTY.keys, EMPTY.weights
    return LikenessIndex(
        [sketch.paper for sketch in sketches],
        np.array([sketch.since.toordinal() for sketch in sketches], np.int32),
        np.array([sketch.tally for sketch in sketches], np.int32),
        _start(np.array([len(keys) for keys, _ in pairs], np.int64)),
        np.concatenate([none[0], *(keys for keys, _ in pairs)]),
        np.concatenate([none[1], *(weights for _, weights in pairs)]),
    )


def _join(first: LikenessIndex, second: LikenessIndex) -> LikenessIndex:
    return LikenessIndex(
        [*first.papers, *second.papers],
        np.concatenate([first.since, second.since]),
        np.concatenate([first.tallies, second.tallies]),
        np.concatenate([first.starts, second.starts + len(first.keys)]),
        np.concatenate([first.keys, second.keys]),
        np.concatenate([first.weights, second.weights]),
    )


def _start(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    ends = np.cumsum(sizes)
    return ends - sizes


EMPTY = LikenessIndex(
    [],
    np.zeros(0, np.int32),
    np.zeros(0, np.int32),
    np.zeros(0, np.int64),
    np.zeros(0, np.uint32),
    np.zeros(0, np.float16),
)
