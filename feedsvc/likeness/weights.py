"""Papers as numbers: which stems they have, how many papers have each, and a paper's sketch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint32]
Amounts = NDArray[np.float32]

# A stem is known by 20 bits of its checksum. Two of a hundred thousand stems often share a number, but
# hardly ever two that many papers have; and a number can be a place in an array, which makes it quick.
SPACE = 1 << 20
_KEYS, _WEIGHTS, _COUNTS = np.dtype("<u4"), np.dtype("<f2"), np.dtype("<u4")


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """A paper's stems by number, ascending, and the amount of each: 1 + ln of how often it has it."""

    keys: Keys
    amounts: Amounts


def key_of(stem: str) -> int:
    """Give the number of a stem, the same for ever: stored sketches are made of it."""
    return crc32(stem.encode()) % SPACE


def read_terms(stems: Mapping[str, int]) -> Terms:
    """Give stems and how often a paper has them as numbers."""
    counts: dict[int, int] = {}
    for stem, count in stems.items():
        key = key_of(stem)
        counts[key] = counts.get(key, 0) + count
    keys = sorted(counts)
    amounts = np.array([counts[key] for key in keys], np.float32)
    return Terms(np.array(keys, np.uint32), 1 + np.log(amounts))


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """How many of `papers` have each stem; `number` names a tally that is kept for weighing."""

    number: int
    papers: int
    keys: Keys
    counts: NDArray[np.uint32]

    def weigh(self, keys: Keys) -> Amounts:
        """Give how telling each stem is, above 0: the rarer, the more."""
        weights = np.log((self.papers + 1) / (self._count(keys) + 0.5))
        return np.asarray(weights, np.float32)

    def measure(self, terms: Terms) -> float:
        """Give the length of a paper's vector."""
        return float(np.sqrt((terms.amounts**2 * self.weigh(terms.keys)).sum()))

    def add(self, papers: Iterable[Terms]) -> Tally:
        """Give the tally with further papers counted in."""
        added = [terms.keys for terms in papers]
        keys, counts = np.unique(np.concatenate([self.keys, *added]), return_counts=True)
        totals = counts.astype(np.uint32)
        totals[np.searchsorted(keys, self.keys)] += self.counts - np.uint32(1)
        return Tally(self.number, self.papers + len(added), keys, totals)

    def has_outgrown(self, other: Tally) -> bool:
        """Tell whether so many more papers are counted here that weights may have changed."""
        return self.papers >= 2 * other.papers

    def pack(self) -> bytes:
        """Give keys and counts as bytes."""
        return self.keys.astype(_KEYS).tobytes() + self.counts.astype(_COUNTS).tobytes()

    def _count(self, keys: Keys) -> NDArray[np.uint32]:
        if not len(self.keys):
            return np.zeros(len(keys), np.uint32)
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[places] == keys, self.counts[places], np.uint32(0))


NOTHING_COUNTED = Tally(0, 0, np.zeros(0, np.uint32), np.zeros(0, np.uint32))


def unpack_tally(number: int, papers: int, packed: bytes) -> Tally:
    """Give the tally that was packed."""
    size = len(packed) // (_KEYS.itemsize + _COUNTS.itemsize)
    keys, counts = np.frombuffer(packed, _KEYS, size), np.frombuffer(packed, _COUNTS, size, 4 * size)
    return Tally(number, papers, keys.astype(np.uint32), counts.astype(np.uint32))


def sketch_terms(terms: Terms, tally: Tally) -> bytes:
    """Give a paper's sketch: numbers of stems, and what each adds to the likeness with another paper.

    That is amount times weight, divided by the length of the vector; the other's amount is the other factor.
    """
    length = tally.measure(terms)
    weights = terms.amounts * tally.weigh(terms.keys) / length if length else terms.amounts
    return terms.keys.astype(_KEYS).tobytes() + weights.astype(_WEIGHTS).tobytes()


def unpack_sketch(packed: bytes) -> tuple[Keys, NDArray[np.float16]]:
    """Give numbers and weights of a sketch."""
    size = len(packed) // (_KEYS.itemsize + _WEIGHTS.itemsize)
    return np.frombuffer(packed, _KEYS, size), np.frombuffer(packed, _WEIGHTS, size, _KEYS.itemsize * size)
