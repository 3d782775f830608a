"""Clients that are slow, silent, or send too much: known feeds are served all the same.

Asked are the processes that `feedsvc web` starts, and granian behind nginx, as `docs/deploy` has them.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from feedsvc.serve import Patience, serve_app
from tests.test_wsgi import PATIENCE, ask, free_port
from tests.web_house import open_house

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

FEED = "/feeds/cs.AI.xml"
HEAD = b"Host: feeds.example.org\r\n"
POST = b"POST /like HTTP/1.1\r\n" + HEAD
MANY = 150
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Leave a store with documents, and name it."""
    folder = tmp_path_factory.mktemp("house")
    with open_house(folder) as house:
        settings = house.settings
    named = {name: str(getattr(settings, name)) for name in ("database_url", "base_url", "feeds_dir")}
    named |= {"categories": ",".join(settings.categories), "trusted_proxies": "127.0.0.1"}
    named |= {"limits__queries_per_minute": "1", "limits__queries_at_once": "5"}
    return os.environ | {f"FEEDSVC_{name.upper()}": value for name, value in named.items()}


@contextmanager
def run(command: list[str], port: int, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until it answers, and end it."""
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, cwd=ROOT)
    try:
        until = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < until:
            try:
                ask(port, "/healthz")
                break
            except OSError:
                time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)


@pytest.fixture(scope="module", params=["feedsvc web", "nginx and granian"])
def server(
    request: pytest.FixtureRequest, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    """Give the port of a server."""
    port = free_port()
    with ExitStack() as stack:
        if request.param == "feedsvc web":
            command = [sys.executable, "-m", "feedsvc", "web"]
            stack.enter_context(run(command, port, environment | {"FEEDSVC_PORT": str(port)}))
        else:
            if not Path(NGINX).exists():
                pytest.skip("nginx is not installed")
            behind = free_port()
            granian = [sys.executable, "-m", "granian", "--interface", "wsgi", "--factory"]
            granian += ["--port", str(behind), "--blocking-threads", "4", "feedsvc.wsgi:make_app"]
            stack.enter_context(run(granian, behind, environment))
            command = write_nginx(tmp_path_factory.mktemp("nginx"), port, behind)
            stack.enter_context(run(command, port, environment))
        yield port


def write_nginx(folder: Path, port: int, behind: int) -> list[str]:
    """Write the example configuration with these ports, and give nginx's command."""
    example = (ROOT / "docs" / "deploy" / "nginx-proxy.conf").read_text("utf-8")
    example = example.replace("/var/cache/nginx/feedsvc", f"{folder}/cache")
    example = example.replace("listen 80;", f"listen 127.0.0.1:{port};").replace("8080", str(behind))
    paths = "".join(
        f"{name}_temp_path {folder}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log {folder}/error.log;\n"
        f"events {{ worker_connections 1024; }}\nhttp {{\naccess_log off;\n{paths}{example}}}\n",
        "utf-8",
    )
    return [NGINX, "-c", str(folder / "nginx.conf"), "-p", str(folder), "-e", f"{folder}/error.log"]


def connect(port: int, sent: bytes) -> socket.socket:
    """Open a connection, send something over it, and leave it open."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    connection.sendall(sent)
    return connection


def read_status(connection: socket.socket) -> int:
    """Give the status of an answer; 0 where the connection was closed instead."""
    try:
        line = connection.makefile("rb").readline()
    except ConnectionError:
        return 0
    return int(line.split()[1]) if line else 0


@pytest.mark.parametrize(
    "sent",
    [b"", b"G", b"GET / HTTP/1.1\r\nX-Slow: ", POST + b"Content-Length: 4000\r\n\r\n12"],
    ids=["nothing", "a byte", "half a head", "half a body"],
)
def test_requests_that_never_come_whole_keep_nobody_from_a_feed(server: int, sent: bytes) -> None:
    with ExitStack() as stack:
        for _ in range(MANY):
            stack.enter_context(closing(connect(server, sent)))

        assert [ask(server, FEED)[0] for _ in range(5)] == [200] * 5


def test_answers_that_nobody_reads_keep_nobody_from_a_feed(server: int) -> None:
    asked = (b"GET " + FEED.encode() + b" HTTP/1.1\r\n" + HEAD + b"\r\n") * 20
    with ExitStack() as stack:
        for _ in range(MANY):
            stack.enter_context(closing(connect(server, asked)))

        assert [ask(server, FEED)[0] for _ in range(5)] == [200] * 5


@pytest.mark.parametrize(
    ("sent", "statuses"),
    [
        (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n" + HEAD + b"\r\n", {0, 400, 414, 431}),
        (b"GET / HTTP/1.1\r\n" + HEAD + b"X: " + b"a" * 1_000_000 + b"\r\n\r\n", {0, 400, 431}),
        (b"GET / HTTP/1.1\r\n" + HEAD + b"X: a\r\n" * 100_000 + b"\r\n", {0, 400, 431}),
        (POST + b"Content-Length: 100000000000\r\n\r\n", {0, 413}),
        (POST + b"Content-Length: -1\r\n\r\n", {0, 400}),
        (POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {0, 400}),
        (b"\x00\xff\x16\x03\x01 rubbish\r\n\r\n", {0, 400}),
    ],
    ids=["long address", "long header", "many headers", "huge body", "negative", "smuggled", "rubbish"],
)
def test_what_is_too_large_or_no_request_is_refused(server: int, sent: bytes, statuses: set[int]) -> None:
    try:
        with closing(connect(server, sent)) as connection:
            status = read_status(connection)
    except ConnectionError:
        status = 0

    assert status in statuses
    assert ask(server, FEED)[0] == 200


def test_a_body_without_end_is_cut_off(server: int) -> None:
    chunk = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    sent, status = 0, 0
    with closing(connect(server, POST + b"Transfer-Encoding: chunked\r\n\r\n")) as connection:
        try:
            while sent < 50_000_000:
                connection.sendall(chunk)
                sent += len(chunk)
            status = read_status(connection)
        except ConnectionError:
            pass

    assert sent < 50_000_000 or status == 413
    assert ask(server, FEED)[0] == 200


def test_a_visitor_who_makes_up_addresses_is_one_client_in_every_spelling(server: int) -> None:
    # To `feedsvc web` this test is the proxy, and to nginx a visitor, of whose address it tells.
    truth = b"X-Forwarded-For: 192.0.2.1\r\n"
    statuses = []
    for number in range(20):
        made_up = b"X-Forwarded-For: 6.6.6.%d\r\nX-Forwarded-For: 7.7.7.%d, 8.8.8.8\r\n" % (number, number)
        asked = b"GET /search?q=walk%d HTTP/1.1\r\n" % number + HEAD + made_up + truth + b"\r\n"
        with closing(connect(server, asked)) as connection:
            statuses.append(read_status(connection))

    assert statuses[:2] == [200, 200]
    assert 429 in statuses
    assert ask(server, FEED)[0] == 200


@contextmanager
def serve(patience: Patience, size: int = 2) -> Iterator[int]:
    """Serve so many bytes in this process."""

    def answer(environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        start("200 OK", [("Content-Length", str(size))])
        return [b"k" * size]

    with serve_app(answer, "127.0.0.1", 0, 2, patience) as port:
        yield port


def is_closed(connection: socket.socket) -> bool:
    """Wait until the other side closes a connection."""
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


@pytest.mark.parametrize("sent", [b"GET / HTTP/1.1\r\nX: ", POST + b"Content-Length: 9000\r\n\r\n1"])
def test_a_request_that_comes_too_slowly_is_cut_off_although_bytes_keep_coming(sent: bytes) -> None:
    with serve(Patience(request_seconds=1.5)) as port, closing(connect(port, sent)) as connection:
        connection.settimeout(0.2)
        for _ in range(200):
            try:
                connection.sendall(b"a")
                if connection.recv(1) == b"":
                    break
            except TimeoutError:
                pass
            except ConnectionError:
                break
        else:
            pytest.fail("the connection stayed open")


def test_of_too_many_connections_the_one_without_a_request_for_longest_goes() -> None:
    with serve(Patience(connections=5)) as port, ExitStack() as stack:
        slow = [stack.enter_context(closing(connect(port, b"GET"))) for _ in range(5)]
        assert ask(port, "/")[2] == b"kk"
        more = [stack.enter_context(closing(connect(port, b"GET"))) for _ in range(20)]
        assert ask(port, "/")[2] == b"kk"

        assert is_closed(slow[0])
        more[-1].sendall(b" / HTTP/1.0\r\n\r\n")
        assert read_status(more[-1]) == 200, "the newest is still heard"


def test_of_too_many_connections_those_that_read_nothing_go_too() -> None:
    size = 12_000_000
    with serve(Patience(connections=5), size) as port, ExitStack() as stack:
        for _ in range(12):
            connection = stack.enter_context(closing(socket.socket()))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            connection.settimeout(PATIENCE)
            connection.connect(("127.0.0.1", port))
            connection.sendall(b"GET / HTTP/1.1\r\n" + HEAD + b"\r\n")
            assert connection.recv(1) == b"H", "each is begun with, though nobody reads the ones before"

        assert len(ask(port, "/")[2]) == size
