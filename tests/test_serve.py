"""The web server's start and its stop."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from threading import Event
from threading import enumerate as enumerate_threads
from typing import TYPE_CHECKING, BinaryIO

import pytest

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


def test_every_address_that_a_hosts_name_has_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_two(_host: str, port: int, *_more: object) -> list[tuple[object, ...]]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (f"127.0.0.{number}", int(port)))
            for number in (1, 2)
        ]

    monkeypatch.setattr("waitress.adjustments.socket.getaddrinfo", find_two)
    with socket.create_server(("127.0.0.1", 0)) as free:
        chosen = free.getsockname()[1]
    with serve_app(say_304, "two.example", chosen, 2) as port:
        monkeypatch.undo()
        for address in ("127.0.0.1", "127.0.0.2"):
            connection = HTTPConnection(address, port, timeout=60)
            connection.request("GET", "/")
            assert connection.getresponse().status == 304
            connection.close()

    assert port == chosen


def say_304(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    """Tell that nothing changed."""
    start("304 NOT MODIFIED", [("ETag", '"a"')])
    return ()


def read_head(answers: BinaryIO) -> Iterator[bytes]:
    """Give the lines up to the empty one, or to the end of the connection."""
    while (line := answers.readline()) not in (b"\r\n", b""):
        yield line


def converse(port: int, *requests: bytes) -> list[bytes]:
    """Send requests on one connection, each when the last was answered; give the answers' heads."""
    heads = []
    with socket.create_connection(("127.0.0.1", port), 60) as line, line.makefile("rb") as answers:
        for request in requests:
            line.sendall(request)
            heads.append(b"".join(read_head(answers)))
    return heads


ASK = b"GET / HTTP/1.1\r\nHost: here\r\n"


def test_a_connection_stays_open_after_an_answer_without_a_body() -> None:
    with serve_app(say_304, "127.0.0.1", 0, 2) as port:
        heads = converse(port, *[ASK + b"\r\n"] * 3)

    assert [head.split(b"\r\n")[0] for head in heads] == [b"HTTP/1.1 304 NOT MODIFIED"] * 3
    assert b"Connection: close" not in b"".join(heads)


@pytest.mark.parametrize(
    "request_", [ASK + b"Connection: close\r\n\r\n", b"GET / HTTP/1.0\r\nHost: here\r\n\r\n"]
)
def test_a_connection_is_closed_after_such_an_answer_where_the_client_wants_that(request_: bytes) -> None:
    with (
        serve_app(say_304, "127.0.0.1", 0, 2) as port,
        socket.create_connection(("127.0.0.1", port), 60) as line,
        line.makefile("rb") as answers,
    ):
        line.sendall(request_)
        answer = answers.read()

    assert b"Connection: close" in answer
    assert answer.endswith(b"\r\n\r\n")


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
