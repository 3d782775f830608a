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

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

STOP_SECONDS = 5.0
POLL_SECONDS = 1.0


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
