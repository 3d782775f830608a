"""Containers that grow without a pause, for an index that is added to while it is in use.

A list, a dict or an array of a million moves as a whole when it runs out of room. These move in small parts.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import count
from typing import Generic, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

Integers: TypeAlias = NDArray[np.int32]
Item = TypeVar("Item")
Named = TypeVar("Named", bound=Hashable)

SHARDS = 1 << 10
LAST = SHARDS - 1
PAGE = 1 << 16
STEP = 16


class Column:
    """Rows of integers, or single ones, in an array with a length that grows.

    `array` has room behind the length. Before it is full a larger one is allocated, and every row added moves
    a few there, so that none has to wait until all have moved.
    """

    def __init__(self, values: Integers) -> None:
        self.length = len(values)
        self.array = np.empty((self.length + self.length // 4 + STEP, *values.shape[1:]), np.int32)
        self.array[: self.length] = values
        self._larger: Integers | None = None
        self._moved = 0

    def append(self, value: int | tuple[int, ...]) -> int:
        """Add a row behind the last one; give its number."""
        number = self.reserve(1)
        self[number] = value
        return number

    def reserve(self, rows: int) -> int:
        """Add rows whose content is still to be set; give the number of the first."""
        first, room = self.length, len(self.array)
        self.length += rows
        if self._larger is None and self.length * 8 > room * 7:
            self._larger = np.empty((self.length * 2, *self.array.shape[1:]), np.int32)
        if self._larger is not None:
            self._move(self._larger, room if self.length > room else min(room, self._moved + STEP * rows))
        return first

    def extend(self, values: Integers) -> None:
        """Add many rows, which moves all at once."""
        self.__init__(np.concatenate((self.array[: self.length], values)))  # type: ignore[misc]

    def __setitem__(self, place: int | tuple[int, int], value: int | tuple[int, ...] | Integers) -> None:
        self.array[place] = value
        row = place[0] if isinstance(place, tuple) else place
        if row < self._moved and self._larger is not None:
            self._larger[place] = value

    def _move(self, larger: Integers, end: int) -> None:
        larger[self._moved : end] = self.array[self._moved : end]
        self._moved = end
        if end == len(self.array):
            self.array, self._larger, self._moved = larger, None, 0


class Pages(Generic[Item]):
    """Objects by number, kept in pages of equal size, which never move."""

    def __init__(self) -> None:
        self._pages: list[NDArray[np.object_]] = []

    def __getitem__(self, number: int) -> Item:
        found: Item = self._pages[number // PAGE][number % PAGE]
        return found

    def __setitem__(self, number: int, item: Item | None) -> None:
        while number // PAGE >= len(self._pages):
            self._pages.append(np.empty(PAGE, object))
        self._pages[number // PAGE][number % PAGE] = item

    def put(self, first: int, items: Sequence[Item]) -> None:
        """Set many, numbered from the first on."""
        for start in range(-(first % PAGE), len(items), PAGE):
            part = items[max(start, 0) : start + PAGE]
            number = first + max(start, 0)
            self[number] = None
            place = number % PAGE
            self._pages[number // PAGE][place : place + len(part)] = np.fromiter(part, object, len(part))

    def pick(self, numbers: Integers) -> list[Item]:
        """Give those of many numbers, in any order."""
        if len(self._pages) == 1:
            return self._pages[0].take(numbers).tolist()  # type: ignore[no-any-return]
        numbers = np.sort(numbers)
        bounds = np.searchsorted(numbers, np.arange(len(self._pages) + 1) * PAGE).tolist()
        found: list[Item] = []
        for page, low, high in zip(self._pages, bounds, bounds[1:], strict=False):
            found += page.take(numbers[low:high] % PAGE).tolist()
        return found


class Numbering(Generic[Named]):
    """Gives things small numbers, equal things the same one, and counts how often each was taken.

    What was let go as often as it was taken loses its number, which the next new thing gets. What is there
    `first`, all different, is numbered in order. Later things whose `part`s are equal lie in one shard.
    """

    def __init__(self, first: Iterable[Named] = (), part: Callable[[Named], Hashable] = hash) -> None:
        self._first = dict(zip(first, count(), strict=False))
        self.uses = Column(np.ones(len(self._first), np.int32))
        self.items: Pages[Named] = Pages()
        self.items.put(0, [*self._first])
        self._part = part
        self._shards: tuple[dict[Named, int], ...] = tuple({} for _ in range(SHARDS))
        self._free: list[int] = []

    def __len__(self) -> int:
        return self.uses.length - len(self._free)

    def find(self, item: Named) -> int | None:
        """Give a thing's number, if it has one."""
        return self._home(item).get(item)

    def number(self, item: Named) -> int:
        """Give the number of a thing that has one. Raises KeyError."""
        return self._home(item)[item]

    def take(self, item: Named) -> int:
        """Give a thing's number, a new one if it has none, and count one more use."""
        home = self._home(item)
        number = home.get(item)
        if number is None:
            number = home[item] = self._free.pop() if self._free else self.uses.append(0)
            self.items[number] = item
            self._enter((item,))
        self.uses[number] = int(self.uses.array[number]) + 1
        return number

    def take_many(self, items: Iterable[Named]) -> Integers:
        """Take each of many, quicker than one by one, but with a pause."""
        shards, part, last = self._shards, self._part, LAST
        numbers: list[int] = []
        new: list[Named] = []
        first = self.uses.length
        for item in items:
            shard = shards[hash(part(item)) & last]
            number = shard.get(item)
            if number is None:
                number = shard[item] = first + len(new)
                new.append(item)
            numbers.append(number)
        taken = np.array(numbers, np.int32)
        self.items.put(first, new)
        self.uses.extend(np.zeros(len(new), np.int32))
        self.uses.array[: self.uses.length] += np.bincount(taken, minlength=self.uses.length).astype(np.int32)
        self._enter(new)
        return taken

    def let_go(self, item: Named) -> None:
        """Count one use of a thing less; with the last one its number is free."""
        number = self.number(item)
        left = int(self.uses.array[number]) - 1
        self.uses[number] = left
        if not left:
            del self._home(item)[item]
            self.items[number] = None
            self._free.append(number)
            self._leave(item)

    def _enter(self, items: Iterable[Named]) -> None:
        """Note that things have a number now."""

    def _leave(self, item: Named) -> None:
        """Note that a thing has none any more."""

    def _home(self, item: Named) -> dict[Named, int]:
        return self._first if item in self._first else self._shards[hash(self._part(item)) & LAST]
