"""The fixtures keep their own promises."""

from __future__ import annotations

import socket

import pytest


@pytest.mark.parametrize("host", ["192.0.2.1", "arxiv.org"])
def test_no_test_can_reach_beyond_this_machine(host: str) -> None:
    with socket.socket() as client, pytest.raises(AssertionError, match="expected only loopback"):
        client.connect((host, 80))


def test_loopback_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
        client.connect(server.getsockname())
