"""What the hub sends, and to where: the checked address, no further, for no longer, and no more read."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import pytest

from feedsvc.websub.address import Allowance
from feedsvc.websub.post import MOST_ANSWER_BYTES, PART_BYTES, Place, read_place
from feedsvc.websub.wire import GuardedResolver, Reply, Wire
from tests.loopback import Server, write
from tests.subscriber import run_subscriber

HERE = Allowance(frozenset(), loopback=True)
Value = TypeVar("Value")


@pytest.fixture
def server() -> Iterator[Server]:
    opened = Server()
    yield opened
    opened.close()


def send(
    action: Callable[[Wire], Awaitable[Value]], allowance: Allowance = HERE, seconds: float = 5.0
) -> Value:
    async def run() -> Value:
        async with Wire(allowance, "feedsvc/test", seconds) as wire:
            return await action(wire)

    return asyncio.run(run())


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Have every name lead to these addresses; gives the names that were asked for."""
    asked: list[str] = []

    async def resolve(_loop: object, host: str, port: int, **_: object) -> list[object]:
        asked.append(host)
        return [
            (socket.AF_INET6 if ":" in each else socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port))
            for each in addresses
        ]

    monkeypatch.setattr(asyncio.base_events.BaseEventLoop, "getaddrinfo", resolve)
    return asked


def test_a_body_is_posted_with_its_headers_and_little_else(server: Server) -> None:
    server.replies = [write(b"thanks")]

    reply = send(lambda wire: wire.post(f"{server.url}/cb?a=%7E", {"Content-Type": "text/x"}, b""))

    assert reply == Reply(200)
    head = server.requests[0].lower()
    assert head.startswith("post /cb?a=%7e http/1.1")
    names = {line.partition(":")[0] for line in head.splitlines()[1:]}
    assert names == {"host", "content-type", "user-agent", "connection", "content-length"}


def test_a_redirect_is_an_answer_like_any_other(server: Server) -> None:
    server.replies = [write(status="302 Found", headers=(f"Location: {server.url}/other",))]

    assert send(lambda wire: wire.get(server.url)).status == 302
    assert len(server.requests) == 1


def test_of_an_answer_only_the_first_4_kb_are_read(server: Server) -> None:
    def pour(peer: socket.socket) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            peer.sendall(b"x" * 65536)

    server.replies = [pour]

    assert send(lambda wire: wire.get(server.url)) == Reply(200, b"x" * MOST_ANSWER_BYTES)


def test_an_answer_that_drips_is_given_up(server: Server) -> None:
    def drip(peer: socket.socket) -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not server.stopping.wait(0.05):
            peer.sendall(b"x")

    server.replies = [drip]

    reply = send(lambda wire: wire.get(server.url), seconds=0.3)
    assert (reply.status, reply.error) == (None, "no whole answer within 0.3 s")


def test_nobody_at_the_other_end_is_no_exception() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    reply = send(lambda wire: wire.get(f"http://127.0.0.1:{port}/"))
    assert reply.status is None
    assert reply.error.startswith("ConnectionRefusedError")


@pytest.mark.parametrize("answer", [b"\x00\x01\x02\r\n\r\n", b"HTTP/1.1 999999 x\r\n\r\n", b""])
def test_an_answer_that_is_none_is_no_exception(server: Server, answer: bytes) -> None:
    def reply(peer: socket.socket) -> None:
        peer.sendall(answer)
        peer.shutdown(socket.SHUT_RDWR)

    server.replies = [reply]

    assert send(lambda wire: wire.get(server.url)).status is None


def test_proxies_of_the_environment_are_not_used(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
    server.replies = [write()]

    assert send(lambda wire: wire.get(server.url)).status == 200


def test_a_pause_that_is_asked_for_is_told(server: Server) -> None:
    server.replies = [write(status="503 Busy", headers=("Retry-After: 120",))]

    assert send(lambda wire: wire.get(server.url)).retry_after == 120.0


def test_a_long_body_comes_whole_and_the_next_one_behind_it() -> None:
    bodies = [bytes(range(256)) * 8000, b"short", b"z" * (3 * PART_BYTES)]
    came: list[bytes] = []

    async def post_all(wire: Wire, url: str) -> None:
        for body in bodies:
            assert (await wire.post(url, {}, body, is_kept=True)).is_success

    def take(body: bytes) -> int:
        came.append(body)
        return 204

    with run_subscriber(react=take) as reader:
        send(lambda wire: post_all(wire, reader.url))
    assert came == bodies


def test_of_what_a_slow_host_has_not_taken_little_is_copied(server: Server) -> None:
    """Sixty megabytes are on their way to a host that takes nothing; the process holds no second copy."""

    def wait(_peer: socket.socket) -> None:
        server.stopping.wait(1.0)

    server.replies = [wait]
    body = b"x" * 60_000_000
    tracemalloc.start()
    try:
        reply = send(lambda wire: wire.post(server.url, {}, body), seconds=0.3)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert reply.error == "no whole answer within 0.3 s"
    assert most < 5_000_000


def test_no_more_than_some_connections_are_kept(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for one, each of two hosts has to be connected to anew."""
    monkeypatch.setattr("feedsvc.websub.post.MOST_KEPT", 1)
    server.replies = [write()]
    hosts = [server.url, server.url.replace("127.0.0.1", "localhost")]

    async def post_to_each(wire: Wire) -> None:
        for url in (*hosts, *hosts):
            assert (await wire.post(url, {}, b"", is_kept=True)).is_success

    send(post_to_each)
    assert server.connections == 4


def test_a_connection_is_kept_only_on_demand(server: Server) -> None:
    server.replies = [write()]

    async def post_twice(wire: Wire, *, is_kept: bool) -> None:
        for _ in range(2):
            await wire.post(server.url, {}, b"", is_kept=is_kept)

    send(lambda wire: post_twice(wire, is_kept=True))
    assert server.connections == 1
    send(lambda wire: post_twice(wire, is_kept=False))
    assert server.connections == 3
    assert "connection: close" in server.requests[-1].lower()


def test_nothing_is_sent_to_an_address_that_is_not_global(server: Server) -> None:
    server.replies = [write()]

    async def try_all(wire: Wire) -> list[Reply]:
        hosts = ("127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "localhost")
        urls = [f"http://{host}:{server.port}/" for host in hosts]
        return [*[await wire.get(url) for url in urls], *[await wire.post(url, {}, b"") for url in urls]]

    assert [reply.status for reply in send(try_all, Allowance())] == [None] * 10
    assert server.connections == 0


@pytest.mark.parametrize("inner", ["127.0.0.1", "169.254.169.254", "::ffff:10.0.0.1", "64:ff9b::7f00:1"])
def test_one_wrong_address_refuses_the_whole_name(inner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, "93.184.216.34", inner)

    for action in (
        lambda wire: wire.get("http://reader.example/"),
        lambda wire: wire.post("http://reader.example/", {}, b""),
    ):
        reply = send(action, Allowance())
        assert reply.status is None
        assert "is not a public address" in reply.error


def test_the_connection_goes_to_the_address_that_was_judged(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is asked for once, and the Host header is the callback's own."""
    asked = resolve_to(monkeypatch, "127.0.0.1")
    server.replies = [write()]

    url = f"http://reader.example:{server.port}/"
    assert send(lambda wire: wire.get(url)).status == 200
    assert send(lambda wire: wire.post(url, {}, b"")).status == 200

    assert asked == ["reader.example"] * 2
    assert all(f"host: reader.example:{server.port}" in head.lower() for head in server.requests)


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_tls_name_is_the_callbacks_own(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, "127.0.0.1")
    named: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sni_callback = lambda _socket, name, _context: named.append(name)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_shake_hands, args=(listener, context))
        thread.start()
        url = f"https://reader.example:{listener.getsockname()[1]}/"
        reply = send(lambda wire: wire.get(url) if method == "get" else wire.post(url, {}, b""))
        thread.join()

    assert (reply.status, named) == (None, ["reader.example"])


def _shake_hands(listener: socket.socket, context: ssl.SSLContext) -> None:
    peer, _ = listener.accept()
    # Without a certificate there can be no more than a greeting.
    with peer, pytest.raises(ssl.SSLError):
        context.wrap_socket(peer, server_side=True)


def test_a_resolver_gives_every_address_of_a_good_name(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, "93.184.216.34", "2606:2800:220:1::1")

    found = asyncio.run(GuardedResolver(Allowance()).resolve("reader.example", 443))

    assert [each["host"] for each in found] == ["93.184.216.34", "2606:2800:220:1::1"]
    assert all(each["hostname"] == "reader.example" and each["port"] == 443 for each in found)


# What is posted: the small client of `post`


def post(server: Server, times: int = 1, path: str = "/") -> list[Reply]:
    async def run(wire: Wire) -> list[Reply]:
        return [await wire.post(server.url + path, {}, b"", is_kept=True) for _ in range(times)]

    return send(run)


def answer(raw: bytes) -> Callable[[socket.socket], None]:
    return lambda peer: peer.sendall(raw)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("http://a.example", Place(False, "a.example", 80, "a.example", "/")),
        ("HTTPS://A.example/b?c=%7E", Place(True, "a.example", 443, "A.example", "/b?c=%7E")),
        ("http://a.example:81?c", Place(False, "a.example", 81, "a.example:81", "/?c")),
        ("http://[::1]:81/", Place(False, "::1", 81, "[::1]:81", "/")),
        ("http://a.example/b:8080/@c", Place(False, "a.example", 80, "a.example", "/b:8080/@c")),
    ],
)
def test_an_address_is_taken_apart_as_it_is_written(url: str, place: Place) -> None:
    assert read_place(url) == place


@pytest.mark.parametrize(
    "url", ["", "a.example", "ftp://a.example/", "http:///b", "http://a.example/\r\nX: y"]
)
def test_what_is_no_address_is_not_taken_apart(url: str) -> None:
    with pytest.raises(ValueError, match="no web address"):
        read_place(url)


@pytest.mark.parametrize(
    ("raw", "status", "connections"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, 1),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, 1),
        (b"HTTP/1.1 202\r\ncontent-length: 0\r\n\r\n", 202, 1),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, 1),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", 200, 2),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200, 2),
        (b"HTTP/1.1 410 Gone\r\nContent-Length: 5000\r\n\r\n" + b"x" * 4097, 410, 2),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 500 Smuggled\r\n\r\n", 200, 2),
    ],
)
def test_a_connection_is_kept_only_after_a_short_and_whole_answer(
    server: Server, raw: bytes, status: int, connections: int
) -> None:
    server.replies = [answer(raw)]

    replies = post(server, times=2)

    assert [reply.status for reply in replies] == [status, status]
    assert server.connections == connections


def test_a_short_answer_in_pieces_is_waited_for(server: Server) -> None:
    def reply(peer: socket.socket) -> None:
        for piece in (b"HTTP/1.1 200 OK\r", b"\nContent-Length: 4\r\n\r", b"\nok", b"ok"):
            peer.sendall(piece)
            time.sleep(0.02)

    server.replies = [reply]

    assert post(server, times=2) == [Reply(200), Reply(200)]
    assert server.connections == 1


def test_a_head_without_end_is_given_up(server: Server) -> None:
    server.replies = [answer(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000)]

    (reply,) = post(server)
    assert (reply.status, reply.error) == (None, "UnreadableAnswerError: the answer's head is too long")


def test_a_kept_connection_that_was_closed_is_made_anew(server: Server) -> None:
    def answer_and_close(peer: socket.socket) -> None:
        peer.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        peer.shutdown(socket.SHUT_RDWR)

    server.replies = [answer_and_close]

    assert [reply.status for reply in post(server, times=3)] == [204, 204, 204]


def test_who_closes_without_an_answer_is_silent(server: Server) -> None:
    server.replies = [lambda peer: peer.shutdown(socket.SHUT_RDWR)]

    assert post(server)[0].error == "ClosedError: closed without an answer"


def test_a_posted_redirect_is_an_answer_like_any_other(server: Server) -> None:
    server.replies = [write(status="308 Moved", headers=(f"Location: {server.url}/other",))]

    assert post(server)[0].status == 308
    assert len(server.requests) == 1


def test_a_post_that_gets_no_answer_ends_in_time(server: Server) -> None:
    def hang(_peer: socket.socket) -> None:
        server.stopping.wait(2)

    server.replies = [hang]

    reply = send(lambda wire: wire.post(server.url, {}, b""), seconds=0.2)
    assert (reply.status, reply.error) == (None, "no whole answer within 0.2 s")


def test_answers_that_only_announce_another_are_given_up_after_some(server: Server) -> None:
    server.replies = [answer(b"HTTP/1.1 100\r\n\r\n" * 3_000)]

    (reply,) = post(server)
    assert (reply.status, reply.error) == (None, "UnreadableAnswerError: the answer's head is too long")
