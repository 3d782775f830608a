"""Bodies in their codings, each made when it is first asked for and kept in bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

MOST_BYTES = 64_000_000

Key = tuple[str, str]
"""The entity tag of a body, and a coding."""


class Packings:
    """A cache of bytes by entity tag and coding: what was not asked for longest goes first.

    A tag names its bytes for ever, so nothing here is ever out of date. Safe to use from threads; several
    that ask for the same at once have it made once.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._size = 0
        self._kept: OrderedDict[Key, bytes] = OrderedDict()
        self._gates: dict[Key, Lock] = {}
        self._lock = Lock()

    @property
    def size(self) -> int:
        """How many bytes are kept."""
        return self._size

    def find(self, etag: str, coding: str, make: Callable[[], bytes]) -> bytes:
        """Give a body in a coding: the one that is kept, or the one made now."""
        key = (etag, coding)
        with self._lock:
            known = self._look_up(key)
            if known is not None:
                return known
            gate = self._gates.setdefault(key, Lock())
        with gate:
            with self._lock:
                known = self._look_up(key)
            return known if known is not None else self._make(key, make)

    def _make(self, key: Key, make: Callable[[], bytes]) -> bytes:
        try:
            made = make()
            self._keep(key, made)
        finally:
            with self._lock:
                self._gates.pop(key, None)
        return made

    def _look_up(self, key: Key) -> bytes | None:
        known = self._kept.get(key)
        if known is not None:
            self._kept.move_to_end(key)
        return known

    def _keep(self, key: Key, made: bytes) -> None:
        if len(made) > self._most_bytes:
            return
        with self._lock:
            self._size += len(made) - len(self._kept.pop(key, b""))
            self._kept[key] = made
            while self._size > self._most_bytes:
                _, gone = self._kept.popitem(last=False)
                self._size -= len(gone)
