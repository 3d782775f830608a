"""Running a WSGI application under waitress, in threads of this process, until a signal."""

from __future__ import annotations

import signal
import time
from collections import ChainMap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from types import FrameType
from typing import TYPE_CHECKING, Any

import waitress
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer
from waitress.task import WSGITask

from feedsvc.turns import short_turns

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

STOP_SECONDS = 5.0
POLL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How much of slow clients a server bears.

    A request has to be there whole `request_seconds` after its first byte, and something has to move every
    `silent_seconds`. Of more than `connections` the one goes that has been at the same thing for longest;
    with a file for each they stay below the 1,024 that a process usually may have. What is sent may have
    `header_bytes` and `body_bytes`. Answers that nobody reads wait in memory up to `waiting_bytes` each, the
    rest of them in a file.
    """

    request_seconds: float = 60.0
    silent_seconds: int = 30
    connections: int = 400
    header_bytes: int = 32_768
    body_bytes: int = 5_000_000
    waiting_bytes: int = 262_144


PATIENCE = Patience()
# Beside connections the server's map holds its listener and its trigger; and those being closed take room.
SPARE = 50
UNREAD = "unread"


class _Task(WSGITask):  # type: ignore[misc]
    """Keeps the connection after an answer without a body, such as 304, whose length needs no saying.

    waitress closes where it sees no Content-Length (RFC 9112, section 6.3), so each reader that asks whether
    a feed changed would need a new connection.
    """

    def set_close_on_finish(self) -> None:
        is_closed_by_client = self.request.headers.get("CONNECTION", "").lower() == "close"
        if self.has_body or self.version != "1.1" or is_closed_by_client:
            super().set_close_on_finish()


class _Channel(HTTPChannel):  # type: ignore[misc]
    task_class = _Task


@contextmanager
def serve_app(
    app: WSGIApplication, host: str, port: int, threads: int, patience: Patience = PATIENCE
) -> Iterator[int]:
    """Serve an application while the context lasts; gives the port, which the system chooses for 0.

    Requests that are being answered at the end have a few seconds. Raises OSError where the address is taken.
    """
    sockets: dict[int, Any] = {}
    listeners = _listen(app, sockets, patience, host=host, port=port, threads=threads)
    channels: Mapping[int, Any] = ChainMap(*(each.active_channels for each in listeners))
    slow = Slow(channels, patience)
    stopped = Event()
    thread = Thread(target=_run_loop, args=(channels, sockets, slow, stopped), name="web", daemon=True)
    thread.start()
    try:
        with short_turns():
            yield int(listeners[0].effective_port)
    finally:
        listeners[0].task_dispatcher.shutdown(timeout=STOP_SECONDS)
        stopped.set()
        listeners[0].pull_trigger()
        thread.join(STOP_SECONDS)
        for channel in list(channels.values()):
            channel.handle_close()
        wasyncore.close_all(sockets)


def _listen(
    app: WSGIApplication, sockets: dict[int, Any], patience: Patience, **where: str | int
) -> list[BaseWSGIServer]:
    """Give what listens, one for each address that the host's name has; they share threads and sockets."""
    waitress.create_server(
        app,
        map=sockets,
        ident="feedsvc",
        # Whose X-Forwarded-For is believed, the application decides, under every server alike.
        clear_untrusted_proxy_headers=False,
        connection_limit=patience.connections + SPARE,
        channel_timeout=patience.silent_seconds,
        cleanup_interval=max(1, patience.silent_seconds // 4),
        max_request_header_size=patience.header_bytes,
        max_request_body_size=patience.body_bytes,
        inbuf_overflow=patience.waiting_bytes,
        outbuf_overflow=patience.waiting_bytes,
        **where,
    )
    listeners = [each for each in sockets.values() if isinstance(each, BaseWSGIServer)]
    for listener in listeners:
        listener.channel_class = _Channel
    return listeners


class Slow:
    """Watches over connections on which nothing comes to an end. Lives in the server's own loop."""

    def __init__(self, channels: Mapping[int, Any], patience: Patience) -> None:
        self._channels = channels
        self._patience = patience
        self._since: dict[Any, tuple[object, float]] = {}
        self._looked_at = 0.0

    def look(self, now: float) -> None:
        """Look every second, or as soon as there are too many."""
        is_time = abs(now - self._looked_at) >= POLL_SECONDS
        if is_time or len(self._channels) > self._patience.connections:
            self._looked_at = now
            self._drop(now)

    def _drop(self, now: float) -> None:
        """Close the connections that took too long over a request, and the oldest of too many."""
        idle = [channel for channel in self._channels.values() if not channel.requests]
        self._since = {
            channel: known
            if (known := self._since.get(channel)) and known[0] is pending
            else (pending, float(channel.last_activity))
            for channel in idle
            if (pending := _find_pending(channel)) is not None
        }
        excess = len(self._channels) - self._patience.connections
        for channel in sorted(idle, key=self._find_since):
            took = now - self._find_since(channel)
            if excess > 0 or (channel.request is not None and took > self._patience.request_seconds):
                excess -= 1
                channel.handle_close()

    def _find_since(self, channel: Any) -> float:
        """Give since when a connection has been at the same thing, or silent."""
        begun = self._since.get(channel)
        return begun[1] if begun else float(channel.last_activity)


def _find_pending(channel: Any) -> object | None:
    """Give what a connection is at: the request that waitress reads, or an answer that is not taken yet."""
    return UNREAD if channel.total_outbufs_len else channel.request


def _run_loop(channels: Mapping[int, Any], sockets: dict[int, Any], slow: Slow, stopped: Event) -> None:
    """Run the server's loop until stopped and everything is sent.

    waitress's own ends only when its sockets are closed, and closed under its feet they make it fail.
    """
    while not stopped.is_set() or any(channel.total_outbufs_len for channel in channels.values()):
        # With poll, since select knows no more than 1,024 files.
        wasyncore.loop(timeout=POLL_SECONDS, use_poll=True, map=sockets, count=1)
        slow.look(time.time())


@contextmanager
def stop_signals() -> Iterator[Event]:
    """Give an event that SIGINT and SIGTERM set, instead of ending the process at once."""
    stopped = Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    former = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
