"""What the hub sends, and to where: the checked address, no further, for no longer, and no more read."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import pytest

from feedsvc.websub.address import Allowance
from feedsvc.websub.wire import MOST_ANSWER_BYTES, GuardedResolver, Reply, Wire
from tests.loopback import Server, write

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

    assert reply == Reply(200, b"thanks")
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

    for host in ("127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "localhost"):
        reply = send(lambda wire, host=host: wire.get(f"http://{host}:{server.port}/"), Allowance())  # type: ignore[misc]
        assert reply.status is None, host
    assert server.connections == 0


@pytest.mark.parametrize("inner", ["127.0.0.1", "169.254.169.254", "::ffff:10.0.0.1", "64:ff9b::7f00:1"])
def test_one_wrong_address_refuses_the_whole_name(inner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, "93.184.216.34", inner)

    reply = send(lambda wire: wire.get("http://reader.example/"), Allowance())

    assert reply.status is None
    assert "is not a public address" in reply.error


def test_the_connection_goes_to_the_address_that_was_judged(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is asked for once, and the Host header is the callback's own."""
    asked = resolve_to(monkeypatch, "127.0.0.1")
    server.replies = [write()]

    assert send(lambda wire: wire.get(f"http://reader.example:{server.port}/")).status == 200

    assert asked == ["reader.example"]
    assert f"host: reader.example:{server.port}" in server.requests[0].lower()


def test_the_tls_name_is_the_callbacks_own(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, "127.0.0.1")
    named: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sni_callback = lambda _socket, name, _context: named.append(name)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_shake_hands, args=(listener, context))
        thread.start()
        reply = send(lambda wire: wire.get(f"https://reader.example:{listener.getsockname()[1]}/"))
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
