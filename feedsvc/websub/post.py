"""Posting, as deliveries need it: thousands a second, of whose answers only the status counts.

A general client spends most of its time on what is not wanted here. This one writes a request, reads a head
(RFC 9112), and keeps the connection only if the answer is short and whole. `wire` guards and bounds it.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address
from typing import cast

from aiohttp.abc import AbstractResolver

MOST_HEAD_BYTES = 16_384
MOST_ANSWER_BYTES = 4096
# So many answers may announce another one (1xx) before the one that counts.
MOST_INTERIM = 8
# A kept connection that nobody used for so long may be closed at the other end by now.
IDLE_SECONDS = 5.0
# So many are kept; then the one that was idle longest goes.
MOST_KEPT = 256
# A longer body is written in parts, one when the last one is gone: of what a slow host has not taken yet no
# more is copied. The first part goes with the head.
PART_BYTES = 131_072

_Origin = tuple[bool, str, int]

_HOST = r"\[[0-9a-f:.]+\]|[^/?#@:\[\]\\\s]+"
_ADDRESS = re.compile(rf"(https?)://({_HOST})(?::(\d{{1,5}}))?((?:[/?][!-~]*)?)", re.IGNORECASE)
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})(?: [^\r\n]*)?\r?\n")
_LENGTH = re.compile(rb"\ncontent-length:[ \t]*(\d{1,9})[ \t]*\r?\n", re.IGNORECASE)
_CLOSES = re.compile(rb"\n(?:connection:[^\n]*close|transfer-encoding:)", re.IGNORECASE)
_RETRY = re.compile(rb"\nretry-after:[ \t]*(\d{1,9})[ \t]*\r?\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request goes: an origin, and what to ask of it. `authority` is what Host says."""

    is_secure: bool
    host: str
    port: int
    authority: str
    target: str


def read_place(url: str) -> Place:
    """Take an address apart as it is written. Raises ValueError."""
    found = _ADDRESS.fullmatch(url)
    if found is None:
        raise ValueError(f"{url!r} is no web address")
    scheme, host, port, target = found.groups()
    is_secure = scheme.lower() == "https"
    authority = host if port is None else f"{host}:{port}"
    number = int(port) if port else (443 if is_secure else 80)
    return Place(
        is_secure, host.strip("[]").lower(), number, authority, target if target[:1] == "/" else f"/{target}"
    )


class ClosedError(ConnectionError):
    """The other side closed the connection before it had answered."""


class UnreadableAnswerError(OSError):
    """What came back is no answer."""


class _Line(asyncio.Protocol):
    """One connection, with one request on it at a time."""

    def __init__(self) -> None:
        self.is_open = False
        self.used_at = 0.0
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._interim = 0
        self._answer: asyncio.Future[tuple[int, float]] | None = None
        self._rest = memoryview(b"")
        self._is_full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.is_open = True

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ClosedError("closed without an answer"))

    def send(self, head: bytes, body: bytes) -> asyncio.Future[tuple[int, float]]:
        """Send a request; gives the status and the pause that is asked for, once the head is there."""
        assert self._transport is not None
        self._buffer = b""
        self._interim = 0
        self._answer = asyncio.get_running_loop().create_future()
        self._rest = memoryview(body)[PART_BYTES:]
        self._transport.write(head + body[:PART_BYTES])
        self._pour()
        return self._answer

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        self._pour()

    def _pour(self) -> None:
        assert self._transport is not None
        while self._rest and not self._is_full:
            part, self._rest = self._rest[:PART_BYTES], self._rest[PART_BYTES:]
            self._transport.write(part)

    def close(self) -> None:
        """Close at once, whatever is under way."""
        self.is_open = False
        self._rest = memoryview(b"")
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._answer.done():
            self.close()  # nothing was asked
            return
        self._buffer += data
        while not self._answer.done() and self._read_answer():
            self._interim += 1

    def _read_answer(self) -> bool:
        """Read what is there of an answer; give whether it was whole and only announced another one."""
        head, end, rest = self._buffer.partition(b"\r\n\r\n")
        if len(head) > MOST_HEAD_BYTES or self._interim > MOST_INTERIM:
            self._fail("the answer's head is too long")
            return False
        if not end:
            return False
        head += b"\r\n"
        found = _STATUS.match(head)
        if found is None:
            self._fail("the answer is no HTTP/1.1")
            return False
        status = int(found[1])
        if 100 <= status < 200:
            self._buffer = rest
            return True
        self._judge(status, head, rest)
        return False

    def _judge(self, status: int, head: bytes, rest: bytes) -> None:
        length = 0 if status in (204, 304) else self._length_of(head)
        if length is not None and len(rest) < length <= MOST_ANSWER_BYTES:
            return  # the rest of a short answer is on its way
        if len(rest) != length or self._rest or _CLOSES.search(head):
            self.close()
        retry = _RETRY.search(head)
        assert self._answer is not None
        self._answer.set_result((status, float(retry[1]) if retry else 0.0))

    def _length_of(self, head: bytes) -> int | None:
        found = _LENGTH.search(head)
        return int(found[1]) if found else None

    def _fail(self, reason: str) -> None:
        assert self._answer is not None
        self._answer.set_exception(UnreadableAnswerError(reason))
        self.close()


class _Deadlines:
    """Ends what has waited too long. One timer does for all: the first to wait is the first late."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._watched: deque[tuple[float, asyncio.Future[tuple[int, float]]]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, future: asyncio.Future[tuple[int, float]]) -> None:
        """Have a future raise TimeoutError if it is not done in time."""
        loop = asyncio.get_running_loop()
        watched = self._watched
        while watched and watched[0][1].done():
            watched.popleft()
        watched.append((loop.time() + self._seconds, future))
        if self._timer is None:
            self._timer = loop.call_at(watched[0][0], self._end_late)

    def close(self) -> None:
        """Watch no more."""
        self._watched.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _end_late(self) -> None:
        loop = asyncio.get_running_loop()
        while self._watched and (self._watched[0][1].done() or self._watched[0][0] <= loop.time()):
            _, future = self._watched.popleft()
            if not future.done():
                future.set_exception(TimeoutError())
        self._timer = loop.call_at(self._watched[0][0], self._end_late) if self._watched else None


class Poster:
    """Posts within one event loop, over connections that are kept on demand."""

    def __init__(self, resolver: AbstractResolver, seconds: float) -> None:
        self._resolver = resolver
        self._seconds = seconds
        self._deadlines = _Deadlines(seconds)
        self._kept: dict[_Origin, list[_Line]] = {}
        self._idle: dict[_Line, _Origin] = {}
        self._open: set[_Line] = set()

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        # Reading the system's certificates takes tens of milliseconds: only for who needs them.
        return ssl.create_default_context()

    async def post(
        self, place: Place, headers: Mapping[str, str], body: bytes, *, is_kept: bool
    ) -> tuple[int, float]:
        """Give the status and the seconds that Retry-After asks for. Raises OSError.

        TimeoutError after so many seconds in all. Being cancelled closes the connection.
        """
        head = _write_head(place, headers, len(body), is_kept=is_kept)
        key = (place.is_secure, place.host, place.port)
        late = asyncio.get_running_loop().time() + self._seconds
        if (kept := self._take_kept(key)) is not None:
            try:
                return await self._exchange(kept, key, head, body, is_kept=is_kept)
            except ConnectionError:
                # It may have been closed for being idle as we wrote: once more, on a new one.
                pass
        async with asyncio.timeout_at(late):
            line = await self._connect(place)
            return await self._exchange(line, key, head, body, is_kept=is_kept)

    def close(self) -> None:
        """Close every connection."""
        self._deadlines.close()
        for line in tuple(self._open):
            line.close()
        self._open.clear()
        self._kept.clear()
        self._idle.clear()

    async def _exchange(
        self, line: _Line, key: _Origin, head: bytes, body: bytes, *, is_kept: bool
    ) -> tuple[int, float]:
        is_done = False
        try:
            awaited = line.send(head, body)
            self._deadlines.watch(awaited)
            answer = await awaited
            is_done = True
            return answer
        finally:
            if is_done and is_kept and line.is_open:
                self._keep(line, key)
            else:
                self._drop(line)

    def _keep(self, line: _Line, key: _Origin) -> None:
        line.used_at = asyncio.get_running_loop().time()
        self._kept.setdefault(key, []).append(line)
        self._idle[line] = key
        if len(self._idle) > MOST_KEPT:
            oldest = next(iter(self._idle))
            lines = self._kept[self._idle.pop(oldest)]
            lines.remove(oldest)
            self._drop(oldest)

    def _drop(self, line: _Line) -> None:
        line.close()
        self._open.discard(line)

    def _take_kept(self, key: _Origin) -> _Line | None:
        lines = self._kept.get(key)
        oldest = asyncio.get_running_loop().time() - IDLE_SECONDS
        while lines:
            line = lines.pop()
            del self._idle[line]
            if line.is_open and line.used_at > oldest:
                return line
            self._drop(line)
        return None

    async def _connect(self, place: Place) -> _Line:
        loop = asyncio.get_running_loop()
        failure: OSError = OSError(f"{place.host} has no address")
        for address in await self._find_addresses(place):
            try:
                _, line = await loop.create_connection(
                    _Line,
                    address,
                    place.port,
                    ssl=self._tls if place.is_secure else None,
                    server_hostname=place.host if place.is_secure else None,
                )
            except OSError as error:
                failure = error
            else:
                self._open.add(line)
                return line
        raise failure

    async def _find_addresses(self, place: Place) -> list[str]:
        try:
            return [str(ip_address(place.host))]
        except ValueError:
            return [found["host"] for found in await self._resolver.resolve(place.host, place.port)]


def _write_head(place: Place, headers: Mapping[str, str], length: int, *, is_kept: bool) -> bytes:
    lines = [f"POST {place.target} HTTP/1.1", f"Host: {place.authority}"]
    lines += [f"{name}: {text}" for name, text in headers.items()]
    lines.append(f"Content-Length: {length}")
    if not is_kept:
        lines.append("Connection: close")
    lines.append("\r\n")
    return "\r\n".join(lines).encode("ascii")
