"""A queue with a lane for each host, so that a slow host holds up nobody but itself."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Lanes(Generic[Item]):
    """Gives what waits, host by host in turn, and never more than `per_host` of one at a time."""

    def __init__(self, per_host: int) -> None:
        self._per_host = per_host
        self._waiting: dict[str, deque[Item]] = {}
        self._busy: dict[str, int] = {}
        self._turn: deque[str] = deque()
        self._in_turn: set[str] = set()
        self.waiting = 0

    def add(self, host: str, item: Item) -> None:
        """Put something into a host's lane."""
        self._waiting.setdefault(host, deque()).append(item)
        self.waiting += 1
        self._line_up(host)

    def take(self) -> tuple[str, Item] | None:
        """Take what is next; `finish` must follow. None if nothing waits whose host has room."""
        if not self._turn:
            return None
        host = self._turn.popleft()
        self._in_turn.discard(host)
        lane = self._waiting[host]
        item = lane.popleft()
        if not lane:
            del self._waiting[host]
        self.waiting -= 1
        self._busy[host] = self._busy.get(host, 0) + 1
        self._line_up(host)
        return host, item

    def finish(self, host: str) -> None:
        """Give back the room that something taken had."""
        self._busy[host] -= 1
        if not self._busy[host]:
            del self._busy[host]
        self._line_up(host)

    def drain(self, host: str) -> list[Item]:
        """Take everything out of a host's lane, without a `finish` to follow."""
        lane = self._waiting.pop(host, deque())
        self.waiting -= len(lane)
        if host in self._in_turn:
            self._in_turn.discard(host)
            self._turn.remove(host)
        return list(lane)

    def waits(self, host: str) -> bool:
        """Tell whether anything waits in a host's lane."""
        return host in self._waiting

    def crowded(self, most: int) -> list[str]:
        """Give the hosts in whose lanes so much or more waits."""
        return [host for host, lane in self._waiting.items() if len(lane) >= most]

    def _line_up(self, host: str) -> None:
        has_room = self._busy.get(host, 0) < self._per_host
        if has_room and host not in self._in_turn and host in self._waiting:
            self._turn.append(host)
            self._in_turn.add(host)
