"""Readers that poll a service, as many times a second as asked, and judge every answer that they get.

One process, one event loop, plain HTTP/1.1 over a protocol of its own: what asks must not cost more than what
answers. `python -m tests.load_readers` reads a Plan as a line of JSON from standard input, asks until that
input ends, and writes a Report to standard output.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from random import Random
from threading import Event, Thread

from feedsvc.coding import CODINGS
from tests.load_answers import GRACE_SECONDS, Asked, Judge, Latencies

CONDITIONAL = 0.95
# Of the conditional ones: by date alone, and with a tag that was outdated long ago.
BY_DATE, OUTDATED = 0.1, 0.02
SINGLE = 0.05
MOST_A_CONNECTION = 400
CONNECTIONS = 64
TICK_SECONDS = 0.002
PATIENCE_SECONDS = 10.0
# Requests that could not be sent for so long are given up: the rate is then what the machine sustains.
BACKLOG_SECONDS = 0.5
AGENT = "load-reader/1.0"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do: groups of addresses, each with its share of all requests, its first ones favoured.

    It is done for so many seconds at most.
    """

    port: int
    seconds: float
    rate: float
    groups: list[tuple[float, list[str]]]
    grace: float | None = GRACE_SECONDS
    patience: float = PATIENCE_SECONDS
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it; `faults` maps what was wrong to how often."""

    seconds: float
    answers: int
    unmodified: int
    parsed: int
    changes: int
    connections: int
    unsent: int
    p50: float
    p99: float
    p999: float
    faults: dict[str, int]


class Connection(asyncio.Protocol):
    """One connection of a reader: one request at a time, each answer handed on whole."""

    def __init__(self, readers: Readers, left: int) -> None:
        self._readers = readers
        self.left = left
        self.asked: Asked | None = None
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._head: tuple[int, dict[str, str]] | None = None
        self._length = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def ask(self, asked: Asked) -> None:
        """Send a request."""
        assert self._transport is not None
        self.asked = asked
        self.left -= 1
        self._transport.write(write_request(asked, is_last=self.left <= 0))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._head is None and not self._read_head():
            return
        assert self._head is not None
        if len(self._buffer) < self._length or self.asked is None:
            return
        body, (status, headers), asked = bytes(self._buffer[: self._length]), self._head, self.asked
        if len(self._buffer) > self._length:
            self._readers.judge.note("more bytes than Content-Length names", asked)
            self.left = 0
        self._buffer.clear()
        self._head = self.asked = None
        self._readers.take(self, asked, status, headers, body)

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        status = int(first.split(" ", 2)[1])
        if status == 200 and "content-length" not in headers and self.asked:
            self._readers.judge.note("no Content-Length", self.asked)
        self._length = 0 if status == 304 else int(headers.get("content-length", 0))
        self._head = status, headers
        del self._buffer[: end + 4]
        return True

    def connection_lost(self, error: Exception | None) -> None:
        if self.asked is not None:
            fault = "cut off within an answer" if self._buffer or self._head else "closed without an answer"
            self._readers.judge.note(f"{fault} ({type(error).__name__ if error else 'end'})", self.asked)
        self._readers.lose(self)

    def close(self) -> None:
        """Go away."""
        self.asked = None
        if self._transport is not None:
            self._transport.abort() if self._buffer else self._transport.close()


class Readers:
    """Keeps so many connections, new and old, asking at a rate."""

    def __init__(self, plan: Plan, now: Callable[[], float] = time.monotonic) -> None:
        self._plan = plan
        self._now = now
        self._random = Random(plan.seed)
        self.judge = Judge(plan.grace)
        self.latencies = Latencies()
        self.unsent = 0
        self.connections = 0
        self._open: set[Connection] = set()
        self._idle: deque[Connection] = deque()
        self._opening = 0
        self._tasks: set[asyncio.Future[None]] = set()
        self._shares = [share for share, _ in plan.groups]

    async def run(self, is_over: Callable[[], bool] = lambda: False) -> Report:
        """Ask until it is over, or the time is, then wait for what is still to come."""
        started = checked = self._now()
        sent = 0
        while (now := self._now()) < started + self._plan.seconds and not is_over():
            due = int((now - started) * self._plan.rate) - sent - self.unsent
            self.unsent += max(0, due - int(self._plan.rate * BACKLOG_SECONDS))
            while due > 0 and self._idle:
                self._idle.popleft().ask(self._choose(now))
                due, sent = due - 1, sent + 1
            self._fill_up()
            if now > checked + 1:
                self._look_for_silent(now)
                checked = now
            await asyncio.sleep(TICK_SECONDS)
        await self._end()
        return self._report(now - started)

    def take(
        self, connection: Connection, asked: Asked, status: int, headers: dict[str, str], body: bytes
    ) -> None:
        """Judge an answer, and let the connection ask again, or go."""
        now = self._now()
        self.latencies.add((now - asked.at) * 1e3)
        self.judge.take(asked, status, headers, body, now)
        if connection.left > 0:
            self._idle.append(connection)
        else:
            connection.close()

    def lose(self, connection: Connection) -> None:
        """Forget a connection."""
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)

    def _fill_up(self) -> None:
        while len(self._open) + self._opening < CONNECTIONS:
            self._opening += 1
            task = asyncio.ensure_future(self._connect())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _connect(self) -> None:
        is_single = self._random.random() < SINGLE
        left = 1 if is_single else self._random.randint(2, MOST_A_CONNECTION)
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: Connection(self, left), "127.0.0.1", self._plan.port
            )
        except OSError as error:
            self.judge.note(f"no connection ({type(error).__name__})", Asked("", "", self._now()))
            await asyncio.sleep(0.1)
        else:
            self.connections += 1
            self._open.add(connection)
            self._idle.append(connection)
        finally:
            self._opening -= 1

    def _choose(self, now: float) -> Asked:
        """Make up a request: an address, a coding, and mostly what was seen there before."""
        lot = self._random.random
        _, paths = self._random.choices(self._plan.groups, self._shares)[0]
        path = paths[int(len(paths) * lot() ** 2)]
        coding = CODINGS[int(lot() * len(CODINGS))]
        held = self.judge.held.get((path, coding))
        if held is None or lot() >= CONDITIONAL:
            return Asked(path, coding, now)
        choice = lot()
        outdated = self.judge.outdated.get((path, coding))
        if choice < OUTDATED and outdated:
            return Asked(path, coding, now, tag=outdated)
        if choice < OUTDATED + BY_DATE and held.date:
            return Asked(path, coding, now, date=held.date, holds=held.tag)
        return Asked(path, coding, now, tag=held.tag)

    def _look_for_silent(self, now: float) -> None:
        for connection in list(self._open):
            if connection.asked is not None and now - connection.asked.at > self._plan.patience:
                self.judge.note(f"no answer within {self._plan.patience:.0f} s", connection.asked)
                connection.close()

    async def _end(self) -> None:
        last = self._now() + self._plan.patience
        while any(connection.asked for connection in self._open) and self._now() < last:
            await asyncio.sleep(TICK_SECONDS)
        for connection in list(self._open):
            if connection.asked is not None:
                self.judge.note("no answer at the end", connection.asked)
            connection.close()
        await asyncio.sleep(TICK_SECONDS)

    def _report(self, seconds: float) -> Report:
        judge, centile = self.judge, self.latencies.centile
        return Report(
            seconds=seconds,
            answers=judge.statuses.total(),
            unmodified=judge.statuses[304],
            parsed=judge.parsed,
            changes=judge.changes,
            connections=self.connections,
            unsent=self.unsent,
            p50=centile(0.5),
            p99=centile(0.99),
            p999=centile(0.999),
            faults=dict(judge.faults),
        )


def write_request(asked: Asked, *, is_last: bool) -> bytes:
    """Write a request's head."""
    lines = [f"GET {asked.path} HTTP/1.1", "Host: feeds.example.org", f"User-Agent: {AGENT}"]
    lines.append(f"Accept-Encoding: {asked.coding}")
    if asked.tag is not None:
        lines.append(f"If-None-Match: {asked.tag}")
    if asked.date is not None:
        lines.append(f"If-Modified-Since: {asked.date}")
    if is_last:
        lines.append("Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def main() -> None:
    """Do what standard input says, until it ends."""
    plan = Plan(**json.loads(sys.stdin.readline()))
    ended = Event()

    def wait_for_end() -> None:
        sys.stdin.read()
        ended.set()

    Thread(target=wait_for_end, daemon=True).start()
    gc.freeze()
    json.dump(asdict(asyncio.run(Readers(plan).run(ended.is_set))), sys.stdout)


if __name__ == "__main__":
    main()
