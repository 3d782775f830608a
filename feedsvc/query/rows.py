"""Alternatives as rows of numbers: which trait each waits for, and what is then looked at.

A row is the slot of its query, then its other traits as literals: twice the trait's number, plus one where it
must be absent. Wide rows have room for more of these, and end in the number of the query to ask, if any.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from feedsvc.query.ast import Query
from feedsvc.query.conjunctions import split
from feedsvc.query.numbering import Integers
from feedsvc.query.traits import Trait

# How many columns a row of each kind has. Most queries need no wide one.
NARROW, WIDE = 0, 1
WIDTHS: Final = (3, 6)
LITERALS: Final = WIDTHS[WIDE] - 2
NONE: Final = -1
_PADDING, _NEGATED = 2**31 - 2, 2**31 - 1


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows with, for each, the number of the trait it waits for and its kind."""

    homes: Integers
    kinds: Integers
    table: Integers


class Draft:
    """Alternatives of queries, by slot, before they are rows.

    `traits` holds those of each in turn, `asked` the queries of which rows cannot say all; both are still to
    be numbered.
    """

    def __init__(self, queries: Iterable[tuple[int, Query]]) -> None:
        self.traits: list[Trait] = []
        self.asked: list[Query] = []
        self._slots: list[int] = []
        self._required: list[int] = []
        self._counts: list[int] = []
        self._asking: list[int] = []
        self._shared: list[int] = []
        traits, slots, counts, required_counts = self.traits, self._slots, self._counts, self._required
        for slot, query in queries:
            ways = split(query)
            if len(ways) > 1:
                self._shared += range(len(slots), len(slots) + len(ways))
            for required, forbidden, is_exact in ways:
                count = len(required) + len(forbidden)
                if not is_exact or count > LITERALS + bool(required):
                    self.asked.append(query)
                    self._asking.append(len(slots))
                traits += required
                traits += forbidden
                slots.append(slot)
                counts.append(count)
                required_counts.append(len(required))

    def draw(self, traits: Integers, asked: Integers, uses: Integers) -> Rows:
        """Make the rows, given the numbers of `traits` and `asked`, and how often each trait is used."""
        slots, counts = np.array(self._slots, np.int32), np.array(self._counts, np.int32)
        checks, shared = np.full(len(slots), NONE, np.int32), np.zeros(len(slots), np.bool_)
        checks[self._asking], shared[self._shared] = asked, True
        rows = np.arange(len(counts))
        row = np.repeat(rows, counts)
        place = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
        negated = place >= np.array(self._required, np.int32)[row]
        width = max(int(counts.max(initial=0)), LITERALS) + 1
        literals = np.zeros((len(counts), width), np.int32)
        literals[row, place] = 2 * traits + negated
        weights = np.full(literals.shape, _PADDING, np.int32)
        weights[row, place] = np.where(negated, _NEGATED, uses[traits])
        rarest = weights.argmin(axis=1)
        homes = literals[rows, rarest] // 2
        literals[rows, rarest] = literals[:, 0]
        others = counts - (weights[rows, rarest] < _PADDING)
        is_wide = (checks != NONE) | (others >= WIDTHS[NARROW]) | shared
        table = np.column_stack((slots, literals[:, 1 : LITERALS + 1], checks))
        return Rows(homes, is_wide.astype(np.int32), table)
