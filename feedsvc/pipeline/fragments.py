"""Entries as fragments that are written once, and documents put together from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from random import Random
from threading import Lock

from feedsvc.paper import Entry
from feedsvc.render import Format, Head

# About 9,000 entries of all arXiv in three formats: those of four days.
MOST_BYTES = 128_000_000
FRAGMENT_BYTES = 500
"""What keeping a fragment takes besides its bytes, about."""

_Name = tuple[str, str, bool, str, int, datetime, datetime]


class Fragments:
    """Keeps at most 128 MB of what was written, whatever document it stands in; threads may share it.

    An entry stands in many documents alike, and from one round of building to the next. Who goes when there
    are too many is drawn by lot: rounds ask for all of them in the same order, so the oldest would be just
    what is asked for next, and if they were a few too many none would ever be found.
    """

    def __init__(self, formats: Mapping[str, Format], most_bytes: int = MOST_BYTES) -> None:
        self._formats = formats
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: dict[_Name, tuple[int, bytes]] = {}
        self._names: list[_Name] = []
        self._random = Random(1)
        self._lock = Lock()

    @property
    def size(self) -> int:
        """How many bytes they take, about."""
        return self._bytes

    def assemble(
        self, format_: str, head: Head, entries: Sequence[Entry], language: str, *, brief: bool = False
    ) -> bytes:
        """Write a document of a format, with the first sentence of each section only where it is `brief`."""
        way = format_, language, brief
        return self._formats[format_].assemble(head, [self._find(entry, way) for entry in entries])

    def _find(self, entry: Entry, way: tuple[str, str, bool]) -> bytes:
        """Give an entry's fragment.

        It is found by a short name and told by a hash of all that the entry says: to keep the entry itself
        would take half as much again.
        """
        name = *way, entry.paper.id, entry.paper.version, entry.published, entry.updated
        mark = hash(entry)
        found = self._kept.get(name)
        if found is not None and found[0] == mark:
            return found[1]
        format_, language, brief = way
        fragment = self._formats[format_].render_fragment(entry, language, brief=brief)
        with self._lock:
            self._keep(name, mark, fragment)
        return fragment

    def _keep(self, name: _Name, mark: int, fragment: bytes) -> None:
        former = self._kept.get(name)
        if former is None:
            self._names.append(name)
        self._bytes += _weigh(fragment) - (_weigh(former[1]) if former else 0)
        self._kept[name] = mark, fragment
        while self._bytes > self._most_bytes:
            self._drop_any()

    def _drop_any(self) -> None:
        at = self._random.randrange(len(self._names))
        self._names[at], self._names[-1] = self._names[-1], self._names[at]
        _, fragment = self._kept.pop(self._names.pop())
        self._bytes -= _weigh(fragment)


def _weigh(fragment: bytes) -> int:
    return len(fragment) + FRAGMENT_BYTES
