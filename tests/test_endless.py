"""Answers in arXiv's place that never end, unpack to more than there is room for, or hold entities."""

from __future__ import annotations

import gzip
import socket
import tracemalloc
from collections.abc import Callable, Iterator

import pytest

from feedsvc.arxiv.api import parse_api
from feedsvc.arxiv.listing import parse_listing
from feedsvc.arxiv.oai import parse_oai
from feedsvc.errors import AnswerError, UpstreamError
from tests.loopback import FakeClock, Reply, Server
from tests.test_http import open_client

GIGABYTE = 1_000_000_000
LIMIT = 1_000_000
# What lies in the sockets on both sides of loopback, and in one more read.
UNDER_WAY = 16_000_000
BLOCK = b"x" * 65_536
ENTITIES = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 20))
BOMB = f'<!DOCTYPE feed [<!ENTITY a0 "{"x" * 1000}">{ENTITIES}]>'
QUADRATIC = f'<!DOCTYPE feed [<!ENTITY a19 "{"x" * 50_000}">]>'
FILE = '<!DOCTYPE feed [<!ENTITY a19 SYSTEM "file:///etc/passwd">]>'
ATOM = '<feed xmlns="http://www.w3.org/2005/Atom"><title>{0}</title><id>{0}</id><entry><title>{0}</title></entry></feed>'
RSS = "<rss version='2.0'><channel><title>{0}</title><item><title>{0}</title></item></channel></rss>"
OAI = (
    '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>{0}</responseDate>'
    "<ListRecords><record><header><identifier>{0}</identifier></header></record></ListRecords></OAI-PMH>"
)


@pytest.fixture
def server() -> Iterator[Server]:
    opened = Server()
    yield opened
    opened.close()


def pour(head: bytes, block: bytes = BLOCK) -> tuple[Reply, list[int]]:
    """Send a gigabyte, or as much as is taken; how much that was is counted."""
    sent = [0]

    def reply(peer: socket.socket) -> None:
        peer.sendall(head)
        while sent[0] < GIGABYTE:
            peer.sendall(block)
            sent[0] += len(block)

    return reply, sent


@pytest.mark.parametrize(
    ("head", "block"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", BLOCK),
        (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % GIGABYTE, BLOCK),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + BLOCK + b"\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", BLOCK),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", gzip.compress(bytes(30_000_000))),
        (b"HTTP/1.1 200 OK\r\nX: ", BLOCK),
        (b"HTTP/1.1 200 OK\r\n", b"X: a\r\n" * 1000),
        (b"", BLOCK),
    ],
    ids=["no length", "length", "chunks", "a chunk", "gzip", "a header", "headers", "a status line"],
)
def test_of_an_endless_answer_no_more_is_read_than_the_bound(
    server: Server, head: bytes, block: bytes
) -> None:
    reply, sent = pour(head, block)
    server.replies = [reply]
    tracemalloc.start()
    try:
        with open_client(FakeClock(), attempts=1, max_bytes=LIMIT) as client, pytest.raises(UpstreamError):
            client.get(server.url)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert sent[0] <= UNDER_WAY
    assert peak < 10 * LIMIT


def test_a_gzip_within_gzip_is_unpacked_once(server: Server) -> None:
    inner = gzip.compress(gzip.compress(bytes(100_000_000)))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: %d\r\n\r\n" % len(inner)
    server.replies = [lambda peer: peer.sendall(head + inner)]

    with open_client(FakeClock(), attempts=1, max_bytes=LIMIT) as client, pytest.raises(UpstreamError):
        client.get(server.url)


@pytest.mark.parametrize("doctype", [BOMB, QUADRATIC, FILE], ids=["a bomb", "a square", "a file"])
@pytest.mark.parametrize(
    ("parse", "document"),
    [(parse_listing, ATOM), (parse_listing, RSS), (parse_api, ATOM), (parse_oai, OAI)],
    ids=["Atom", "RSS", "API", "OAI-PMH"],
)
def test_entities_neither_swell_nor_read_files(
    parse: Callable[[bytes], object], document: str, doctype: str
) -> None:
    body = f"{doctype}{document.format('&a19;' * 100)}".encode()
    tracemalloc.start()
    try:
        read = repr(parse(body))
    except AnswerError as error:
        read = str(error)
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert "root:" not in read
    assert len(read) < 100_000
    assert peak < 20_000_000


def test_an_external_doctype_is_not_fetched(server: Server) -> None:
    server.replies = [lambda peer: peer.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")]
    doctype = f'<!DOCTYPE feed SYSTEM "{server.url}/x.dtd" [<!ENTITY % a SYSTEM "{server.url}/y">%a;]>'
    for parse, document in ((parse_listing, ATOM), (parse_listing, RSS), (parse_api, ATOM), (parse_oai, OAI)):
        try:
            parse(f"{doctype}{document.format('x')}".encode())
        except AnswerError:
            continue

    assert server.requests == []
