"""A real subscriber, flask-websub's, subscribes to the hub and reads what it is sent."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from feedsvc.serve import serve_app
from feedsvc.settings import HubSettings
from tests.web_house import House, announce, make_paper, open_house

subscriber = pytest.importorskip("flask_websub.subscriber", reason="flask-websub is not installed")

TIMEOUT_SECONDS = 20


@contextmanager
def serve_subscriber(folder: Path) -> Iterator[tuple[Flask, Any, str]]:
    """Serve a Flask application with the package's own subscriber in it; gives it with its address."""
    storage = folder / "subscriber.sqlite3"
    kept = subscriber.SQLite3SubscriberStorage(str(storage))
    reader = subscriber.Subscriber(kept, subscriber.SQLite3TempSubscriberStorage(str(storage)))
    app = Flask("reader")
    app.register_blueprint(reader.build_blueprint("/callbacks"))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield app, reader, f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def open_served_house(folder: Path) -> Iterator[House]:
    """Open a house that is served under the address that its documents name."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    hub = HubSettings(ports=(), loopback=True)
    address = f"http://127.0.0.1:{port}"
    with (
        open_house(folder, base_url=address, hub=hub, categories="cs.AI", languages="en") as house,
        serve_app(house.app, "127.0.0.1", port, 2),
    ):
        yield house


def wait_for(condition: Any) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert condition()


def test_flask_websub_discovers_subscribes_reads_and_unsubscribes(tmp_path: Path) -> None:
    read: list[bytes] = []
    confirmed: list[str] = []
    with open_served_house(tmp_path) as house, serve_subscriber(tmp_path) as (app, reader, address):
        reader.add_listener(lambda _topic, _callback, body: read.append(body))
        reader.add_success_handler(lambda _topic, _callback, mode: confirmed.append(mode))
        found = subscriber.discover(f"{house.settings.base}/feeds/cs.AI.xml")
        assert found["hub_url"] == f"{house.settings.base}/hub"

        with app.test_request_context(base_url=address):
            callback = reader.subscribe(**found)
        house.pusher.push_due()
        announce(house.store, "cs.AI", make_paper(10, "News of walks", "cs.AI"))
        house.publisher.build_documents()
        house.pusher.push_due()
        wait_for(lambda: read)
        with app.test_request_context(base_url=address):
            reader.unsubscribe(callback)
        house.pusher.push_due()

        assert confirmed == ["subscribe", "unsubscribe"]
        assert b"2601.00010" in read[0]
        assert house.store.subscriptions.sum_up().subscriptions == 0
