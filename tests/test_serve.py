"""The web server's start and its stop."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from threading import Event
from threading import enumerate as enumerate_threads
from typing import TYPE_CHECKING

from feedsvc.serve import serve_app

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

BODY = b"x" * 3_000_000


def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    """Give a large body."""
    start("200 OK", [("Content-Length", str(len(BODY)))])
    return [BODY]


def ask(port: int) -> tuple[HTTPConnection, bytes]:
    """Give the body of an answer, and the connection, still open."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/")
    return connection, connection.getresponse().read()


def test_a_connection_left_open_does_not_hold_up_the_stop() -> None:
    with serve_app(answer, "127.0.0.1", 0, 2) as port:
        connection, body = ask(port)
    left = [thread.name for thread in enumerate_threads() if thread.name == "web"]
    connection.close()

    assert body == BODY
    assert left == []


def test_a_request_that_is_being_answered_is_answered_whole() -> None:
    begun = Event()

    def wait(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        begun.set()
        time.sleep(0.3)
        return answer(environ, start)

    with ThreadPoolExecutor() as pool:
        with serve_app(wait, "127.0.0.1", 0, 2) as port:
            asked = pool.submit(ask, port)
            begun.wait(60)
        connection, body = asked.result()
        connection.close()

    assert body == BODY
