"""Rows of integers by the trait that they wait for, in flat arrays, without a rebuild however they change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from feedsvc.query.numbering import Column, Integers
from feedsvc.query.rows import NONE, WIDTHS, Rows

LARGEST = 1 << 13
_START, _USED, _ROOM, _NEXT = range(4)


class Postings:
    """The rows of each trait, as a chain of extents a kind; in an extent they lie side by side in an array.

    An extent that is full stays where it is, and an empty one as large as all before it is put in front.
    """

    def __init__(self) -> None:
        self._heads = Column(np.empty((0, len(WIDTHS)), np.int32))
        self._extents = Column(np.empty((0, 4), np.int32))
        self._tables = [Column(np.empty((0, width), np.int32)) for width in WIDTHS]
        self._free: dict[tuple[int, int], list[int]] = {}

    @property
    def room(self) -> int:
        """For how many rows there is room, taken or free."""
        return sum(table.length for table in self._tables)

    def gather(self, homes: NDArray[np.intp], kind: int) -> Integers:
        """Give all rows of a kind that wait for any of some traits."""
        if not self._tables[kind].length:
            return self._tables[kind].array[:0]
        parts = self._follow(self._heads.array[:, kind].take(homes))
        lengths = parts[:, _USED]
        ends = lengths.cumsum()
        numbers = (parts[:, _START] + lengths - ends).repeat(lengths)
        numbers += np.arange(len(numbers))
        rows: Integers = self._tables[kind].array.take(numbers, axis=0)
        return rows

    def cover(self, traits: int) -> None:
        """Have chains, empty at first, for each of so many traits."""
        while self._heads.length < traits:
            self._heads.append(NONE)

    def lay_out(self, rows: Rows, traits: int) -> None:
        """Put many rows of so many traits side by side, in one go; there must be none yet."""
        self._heads = Column(np.full((traits, len(WIDTHS)), NONE, np.int32))
        for kind, width in enumerate(WIDTHS):
            chosen = np.flatnonzero(rows.kinds == kind)
            chosen = chosen[np.argsort(rows.homes[chosen], kind="stable")]
            self._tables[kind] = Column(rows.table[chosen, :width])
            homes, starts, counts = np.unique(rows.homes[chosen], return_index=True, return_counts=True)
            self._heads.array[homes, kind] = np.arange(len(homes)) + self._extents.length
            extents = np.column_stack((starts, counts, counts, np.full(len(homes), NONE)))
            self._extents.extend(extents.astype(np.int32))

    def append(self, home: int, kind: int, row: Integers) -> None:
        """Put one row behind the others of its trait."""
        held = 0
        for extent in self._walk(home, kind):
            start, used, room, _ = self._extents.array[extent].tolist()
            held += room
            if used < room:
                break
        else:
            extent, start, used = *self._open(home, kind, held), 0
        self._tables[kind][start + used] = row[: WIDTHS[kind]]
        self._extents[extent, _USED] = used + 1

    def remove(self, homes: Iterable[int], slot: int) -> None:
        """Take out all rows that have a slot in their first column and wait for one of some traits."""
        for home in homes:
            for kind in range(len(WIDTHS)):
                for extent in [*self._walk(home, kind)]:
                    self._take_out(home, kind, extent, slot)

    def _follow(self, numbers: Integers) -> Integers:
        """Give the extents of some chains, those that begin each one first."""
        parts = self._extents.array.take(numbers[numbers != NONE], axis=0)
        behind = parts[:, _NEXT]
        return np.concatenate((parts, self._follow(behind))) if (behind != NONE).any() else parts

    def _walk(self, home: int, kind: int) -> Iterator[int]:
        extent = int(self._heads.array[home, kind])
        while extent != NONE:
            yield extent
            extent = int(self._extents.array[extent, _NEXT])

    def _open(self, home: int, kind: int, held: int) -> tuple[int, int]:
        """Put an empty extent in front, with room for as many rows as the others; give it and its start."""
        room = 1 << min(held.bit_length(), LARGEST.bit_length() - 1)
        head = int(self._heads.array[home, kind])
        freed = self._free.get((kind, room))
        if freed:
            extent = freed.pop()
            self._extents[extent, _NEXT] = head
        else:
            extent = self._extents.append((self._tables[kind].reserve(room), 0, room, head))
        self._heads[home, kind] = extent
        return extent, int(self._extents.array[extent, _START])

    def _take_out(self, home: int, kind: int, extent: int, slot: int) -> None:
        start, used, room, _ = self._extents.array[extent].tolist()
        table = self._tables[kind]
        for place in np.flatnonzero(table.array[start : start + used, 0] == slot)[::-1].tolist():
            used -= 1
            table[start + place] = table.array[start + used]
            self._extents[extent, _USED] = used
            if not used:
                self._unlink(home, kind, extent)
                room = 1 << (room.bit_length() - 1)
                self._extents[extent, _ROOM] = room
                self._free.setdefault((kind, room), []).append(extent)

    def _unlink(self, home: int, kind: int, extent: int) -> None:
        behind = int(self._extents.array[extent, _NEXT])
        chain = [*self._walk(home, kind)]
        if chain[0] == extent:
            self._heads[home, kind] = behind
        else:
            self._extents[chain[chain.index(extent) - 1], _NEXT] = behind
