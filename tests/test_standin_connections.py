"""Connections below HTTP."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from feedsvc.standin.connections import find_connection, is_gone, reset_connection, shall_reset


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Give the server's and the client's end of a TCP connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
    with server, client:
        client.settimeout(5)
        yield server, client


def test_a_client_is_there_until_it_hangs_up(pair: tuple[socket.socket, socket.socket]) -> None:
    server, client = pair
    assert not is_gone(server)

    client.sendall(b"x")
    assert not is_gone(server)
    assert server.recv(1) == b"x"
    client.close()
    assert is_gone(server)


def test_where_there_is_no_connection_nobody_is_gone() -> None:
    assert not is_gone(None)
    assert find_connection({}) is None


def test_a_connection_that_was_reset_ends_without_a_farewell(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    server, client = pair
    assert not shall_reset(server)

    with pytest.raises(ConnectionResetError):
        reset_connection(server)
    assert shall_reset(server)
    server.close()
    with pytest.raises(ConnectionResetError):
        client.recv(1)
