"""Which papers have a stem, and how much weight it has in each: what a paper is compared by all at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feedsvc.likeness.weights import Amounts, Keys, Terms, unpack_sketch

Rows = NDArray[np.int32]
Weights = NDArray[np.float16]
Entries = tuple[Keys, Rows, Weights]
"""For each entry the number of a stem, the row of a paper, and a weight."""


@dataclass(frozen=True, slots=True, eq=False)
class Postings:
    """Entries in the order of stems: those of a stem begin at its place in `starts`."""

    keys: Keys
    starts: NDArray[np.int64]
    rows: Rows
    weights: Weights

    def add_to(self, likeness: Amounts, given: Terms) -> None:
        """Add what a paper shares with each row, stem by stem in their order, to the likeness of the row."""
        if not len(self.keys):
            return
        places = np.minimum(np.searchsorted(self.keys, given.keys), len(self.keys) - 1)
        known = np.flatnonzero(self.keys[places] == given.keys)
        for place, amount in zip(places[known].tolist(), given.amounts[known], strict=True):
            entries = slice(self.starts[place], self.starts[place + 1])
            np.add.at(likeness, self.rows[entries], amount * self.weights[entries])

    def renumber(self, numbers: Rows) -> Entries:
        """Give the entries under other numbers for their rows; see `renumber_entries`."""
        return renumber_entries(
            (np.repeat(self.keys, np.diff(self.starts)), self.rows, self.weights), numbers
        )


def renumber_entries(entries: Entries, numbers: Rows) -> Entries:
    """Give entries under other numbers for their rows; those whose number is negative are left out."""
    keys, rows, weights = entries
    renumbered = numbers[rows]
    kept = renumbered >= 0
    return keys[kept], renumbered[kept], weights[kept]


def make_postings(parts: Sequence[Entries]) -> Postings:
    """Put entries in order."""
    keys = np.concatenate([np.zeros(0, np.uint32), *(part[0] for part in parts)])
    order = np.argsort(keys, kind="stable").astype(np.int32)
    keys = keys[order]
    starts = np.flatnonzero(np.append(len(keys) > 0, keys[1:] != keys[:-1])[: len(keys)])
    return Postings(
        keys[starts],
        np.append(starts, len(keys)).astype(np.int64),
        np.concatenate([np.zeros(0, np.int32), *(part[1] for part in parts)])[order],
        np.concatenate([np.zeros(0, np.float16), *(part[2] for part in parts)])[order],
    )


def read_sketches(sketches: Sequence[bytes], first_row: int) -> Entries:
    """Give the entries of packed sketches, a row each."""
    pairs = [unpack_sketch(packed) for packed in sketches]
    sizes = [len(keys) for keys, _ in pairs]
    return (
        np.concatenate([np.zeros(0, np.uint32), *(keys for keys, _ in pairs)]),
        np.repeat(np.arange(first_row, first_row + len(pairs), dtype=np.int32), sizes),
        np.concatenate([np.zeros(0, np.float16), *(weights for _, weights in pairs)]),
    )
