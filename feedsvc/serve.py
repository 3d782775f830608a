"""Running a WSGI application under waitress, in threads of this process, until a signal."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from types import FrameType
from typing import TYPE_CHECKING, Any

import waitress
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer
from waitress.task import WSGITask

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

STOP_SECONDS = 5.0
POLL_SECONDS = 1.0


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
def serve_app(app: WSGIApplication, host: str, port: int, threads: int) -> Iterator[int]:
    """Serve an application while the context lasts; gives the port, which the system chooses for 0.

    Requests that are being answered at the end have a few seconds. Raises OSError where the address is taken.
    """
    sockets: dict[int, Any] = {}
    server = waitress.create_server(
        app,
        map=sockets,
        host=host,
        port=port,
        threads=threads,
        ident="feedsvc",
        # Whose X-Forwarded-For is believed, the application decides, under every server alike.
        clear_untrusted_proxy_headers=False,
    )
    # One for each address that a host's name has.
    for listener in sockets.values():
        if isinstance(listener, BaseWSGIServer):
            listener.channel_class = _Channel
    stopped = Event()
    thread = Thread(target=_run_loop, args=(server, sockets, stopped), name="web", daemon=True)
    thread.start()
    try:
        yield int(server.effective_port)
    finally:
        server.task_dispatcher.shutdown(timeout=STOP_SECONDS)
        stopped.set()
        server.pull_trigger()
        thread.join(STOP_SECONDS)
        for channel in list(server.active_channels.values()):
            channel.handle_close()
        wasyncore.close_all(sockets)


def _run_loop(server: Any, sockets: dict[int, Any], stopped: Event) -> None:
    """Run the server's loop until stopped and everything is sent.

    `server.run()` ends only when its sockets are closed, and closed under its feet they make it fail.
    """
    while not stopped.is_set() or any(
        channel.total_outbufs_len for channel in server.active_channels.values()
    ):
        wasyncore.loop(timeout=POLL_SECONDS, map=sockets, count=1)


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
