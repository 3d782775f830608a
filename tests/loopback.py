"""A server on loopback that does what a test tells it, and a clock that only sleep moves."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

NOON = datetime(2026, 1, 5, 17, 0, tzinfo=UTC)

Reply = Callable[[socket.socket], None]


class FakeClock:
    """Time that passes only in sleep."""

    def __init__(self) -> None:
        self.time = NOON
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)


class Server:
    """Answers the requests of one test by a list of replies, one each, the last one for ever."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.replies: list[Reply] = []
        self.requests: list[str] = []
        self.connections = 0
        self.stopping = threading.Event()
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        self.stopping.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(peer,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, peer: socket.socket) -> None:
        with peer:
            try:
                self._converse(self._context.wrap_socket(peer, server_side=True) if self._context else peer)
            except OSError:
                return

    def _converse(self, peer: socket.socket) -> None:
        peer.settimeout(5)
        with peer, peer.makefile("rb") as reader:
            while (head := read_head(reader)) and not self.stopping.is_set():
                self.requests.append(head)
                reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
                reply(peer)


def read_head(reader: BinaryIO) -> str:
    lines = []
    while (line := reader.readline()) not in (b"", b"\r\n"):
        lines.append(line.decode())
    return "".join(lines)


def write(
    body: bytes = b"<feed/>",
    status: str = "200 OK",
    headers: tuple[str, ...] = ("Content-Type: application/atom+xml",),
    length: int | None = None,
) -> Reply:
    lines = (
        f"HTTP/1.1 {status}",
        *headers,
        f"Content-Length: {len(body) if length is None else length}",
        "",
        "",
    )

    def reply(peer: socket.socket) -> None:
        peer.sendall("\r\n".join(lines).encode() + body)
        if length is not None:
            peer.shutdown(socket.SHUT_RDWR)

    return reply
