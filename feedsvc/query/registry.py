"""All registered queries at once: which of them take in a paper, found in one pass over it."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from feedsvc.query.ast import Query
from feedsvc.query.lexicon import Lexicon
from feedsvc.query.numbering import Integers, Numbering, Pages
from feedsvc.query.postings import Postings
from feedsvc.query.rows import LITERALS, NARROW, NONE, WIDE, Draft
from feedsvc.query.subject import Subject

Key = TypeVar("Key", bound=Hashable)


class Registry(Generic[Key]):
    """Queries by key, indexed so that a paper finds those that take it in: those whose `matches` says so.

    Every alternative of a query waits for its rarest required trait, the one that fewest queries ask for. A
    paper wakes what waits for its own traits, and whatever else these rows ask for is looked up all at once.
    Only what traits do not say is asked of the queries themselves, equal ones once.

    Not for several threads at a time.
    """

    def __init__(self, queries: Mapping[Key, Query] | None = None) -> None:
        queries = queries or {}
        self._slots: Numbering[Key] = Numbering(queries)
        self._queries: Pages[Query] = Pages()
        self._traits = Lexicon()
        self._checks: Numbering[Query] = Numbering()
        self._postings = Postings()
        self._truth = np.zeros(0, np.bool_)
        self._changes = 0
        self._fill([*queries.values()])

    def __len__(self) -> int:
        return len(self._slots)

    def __iter__(self) -> Iterator[Key]:
        used = np.flatnonzero(self._slots.uses.array[: self._slots.uses.length])
        return iter(self._slots.items.pick(used.astype(np.int32)))

    def __contains__(self, key: Key) -> bool:
        return self._slots.find(key) is not None

    @property
    def traits(self) -> int:
        """How many different traits are looked for in a paper."""
        return len(self._traits)

    def add(self, key: Key, query: Query) -> None:
        """Register a query under a key, in place of the one that had it."""
        if key in self:
            self.remove(key)
        self._changes += 1
        slot = self._slots.take(key)
        self._queries[slot] = query
        draft = Draft([(slot, query)])
        traits = np.array([*map(self._traits.take, draft.traits)], np.int32)
        asked = np.array([*map(self._checks.take, draft.asked)], np.int32)
        self._postings.cover(self._traits.uses.length)
        rows = draft.draw(traits, asked, self._traits.uses.array)
        for home, kind, row in zip(rows.homes.tolist(), rows.kinds.tolist(), rows.table, strict=True):
            self._postings.append(home, kind, row)

    def remove(self, key: Key) -> None:
        """Take out the query that has a key. Raises KeyError."""
        slot = self._slots.find(key)
        if slot is None:
            raise KeyError(key)
        self._changes += 1
        draft = Draft([(slot, self._queries[slot])])
        self._postings.remove({0, *map(self._traits.number, draft.traits)}, slot)
        for trait in draft.traits:
            self._traits.let_go(trait)
        for query in draft.asked:
            self._checks.let_go(query)
        self._queries[slot] = None
        self._slots.let_go(key)

    def keep_only(self, queries: Mapping[Key, Query]) -> None:
        """Have just these queries: add and remove what makes the difference."""
        for key in set(self) - queries.keys():
            self.remove(key)
        for key, query in queries.items():
            slot = self._slots.find(key)
            if slot is None or self._queries[slot] != query:
                self.add(key, query)

    def match(self, subject: Subject) -> Matches[Key]:
        """Give the keys of all queries that match."""
        return Matches(self, self._find_slots(subject))

    def match_any(self, subjects: Iterable[Subject]) -> Matches[Key]:
        """Give the keys of all queries that match at least one of some subjects."""
        marks = np.zeros(self._slots.uses.length, np.bool_)
        for subject in subjects:
            marks[self._find_slots(subject)] = True
        return Matches(self, np.flatnonzero(marks).astype(np.int32))

    def _fill(self, queries: Sequence[Query]) -> None:
        self._queries.put(0, queries)
        draft = Draft(enumerate(queries))
        traits, asked = self._traits.take_many(draft.traits), self._checks.take_many(draft.asked)
        self._postings.lay_out(draft.draw(traits, asked, self._traits.uses.array), self._traits.uses.length)

    def _find_slots(self, subject: Subject) -> Integers:
        """Give the slots of all queries that match, each once."""
        found = self._traits.find_in(subject)
        literals = 2 * found
        opposites = literals + 1
        truth = self._make_room()
        truth[literals], truth[opposites] = True, False
        narrow, wide = (sift(self._postings.gather(found, kind), truth) for kind in (NARROW, WIDE))
        truth[literals], truth[opposites] = False, True
        return np.concatenate((narrow[:, 0], self._ask(subject, wide))) if len(wide) else narrow[:, 0]

    def _make_room(self) -> NDArray[np.bool_]:
        """Give for every literal whether it holds of a subject without any traits."""
        room = 2 * len(self._traits.uses.array)
        if len(self._truth) < room:
            self._truth = np.tile([False, True], room // 2)
        return self._truth

    def _ask(self, subject: Subject, rows: Integers) -> Integers:
        """Give the slots of those rows that need not ask their query, or whose query matches."""
        checks = rows[:, -1]
        numbers, places = np.unique(checks, return_inverse=True)
        answers = [n == NONE or self._checks.items[n].matches(subject) for n in numbers.tolist()]
        return np.unique(rows[np.array(answers, np.bool_)[places], 0])


class Matches(Collection[Key]):
    """The keys that matched, each once, in no order that means anything.

    The keys themselves are fetched when they are read, which raises RuntimeError once the registry changed.
    """

    def __init__(self, registry: Registry[Key], slots: Integers) -> None:
        self._registry = registry
        self._slots = slots
        self._changes = registry._changes

    def __len__(self) -> int:
        return len(self._slots)

    def __iter__(self) -> Iterator[Key]:
        if self._changes != self._registry._changes:
            raise RuntimeError("the registry changed since: expected its answer to be read before")
        return iter(self._registry._slots.items.pick(self._slots))

    def __contains__(self, key: object) -> bool:
        return key in set(self)


def sift(rows: Integers, truth: NDArray[np.bool_]) -> Integers:
    """Give the rows all of whose literals hold."""
    literals = rows.T[1 : LITERALS + 1]
    holds = truth.take(literals[0])
    for column in literals[1:]:
        holds &= truth.take(column)
    return rows.compress(holds, axis=0)
