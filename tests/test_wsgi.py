"""The application as other servers start it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from feedsvc.errors import SettingsError
from feedsvc.wsgi import make_app
from tests.web_house import open_house

PATIENCE = 30.0
Sent = tuple[int, dict[str, str], bytes]


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def granian(port: int) -> Iterator[None]:
    """Run the application under granian, with the settings of the environment."""
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--factory"]
    server = subprocess.Popen([*command, "feedsvc.wsgi:make_app"], stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and server.poll() is None:
            try:
                ask(port, "/healthz")
                break
            except OSError:
                time.sleep(0.05)
        yield
    finally:
        server.terminate()
        server.wait(PATIENCE)


def ask(port: int, path: str, **headers: str) -> Sent:
    """Give status, headers in small letters, and body."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        named = {name.lower(): value for name, value in response.getheaders()}
        return response.status, named, response.read()
    finally:
        connection.close()


@pytest.fixture
def furnished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave a store with documents, and an environment that names it."""
    with open_house(tmp_path) as house:
        settings = house.settings
    monkeypatch.chdir(tmp_path)
    for name in ("database_url", "base_url", "feeds_dir"):
        monkeypatch.setenv(f"FEEDSVC_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setenv("FEEDSVC_CATEGORIES", ",".join(settings.categories))


@pytest.mark.usefixtures("furnished")
def test_granian_serves_documents_with_codings_and_conditions() -> None:
    port = free_port()
    with granian(port):
        plain, packed, again = (
            ask(port, "/feeds/cs.AI.xml", **headers)
            for headers in ({"Accept-Encoding": "identity"}, {"Accept-Encoding": "gzip"}, {})
        )
        held = ask(port, "/feeds/cs.AI.xml", **{"If-None-Match": plain[1]["etag"]})

    assert [sent[0] for sent in (plain, packed, again, held)] == [200, 200, 200, 304]
    assert again[2] == plain[2]
    assert (packed[1]["content-encoding"], held[2]) == ("gzip", b"")
    for name in ("date", "expires", "link", "x-content-type-options", "content-security-policy"):
        assert name in plain[1]


def test_wrong_settings_are_told_at_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FEEDSVC_FEEDS_DIR", str(tmp_path / "none"))

    with pytest.raises(SettingsError, match="feeds_dir"):
        make_app()


def test_it_logs_as_the_settings_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []
    monkeypatch.setattr("feedsvc.wsgi.set_up_logs", lambda level, format_, _: asked.append((level, format_)))
    monkeypatch.setenv("FEEDSVC_DATABASE_URL", f"sqlite:///{tmp_path}/store.sqlite3")
    monkeypatch.setenv("FEEDSVC_LOG_FORMAT", "json")

    make_app()

    assert asked == [("INFO", "json")]
