"""Fixtures that every test may ask for."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from feedsvc.store import Store, open_store
from tests.databases import make_database, make_schema, uses_postgresql

# A law is no less true on a machine that is busy.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Give the folder of recorded arXiv answers and real listings; skip where a clone stands without it."""
    default = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("FEEDSVC_TEST_SHARED", default))
    if not (folder / "samples").is_dir():
        if os.environ.get("FEEDSVC_TEST_SAMPLES") == "required":
            pytest.fail(f"no recorded samples at {folder}")
        pytest.skip(f"no recorded samples at {folder}; set FEEDSVC_TEST_SHARED to their folder")
    return folder


@pytest.fixture
def database_url(tmp_path: Path) -> Iterator[str]:
    """Give the URL of an empty database: a SQLite file, or PostgreSQL with FEEDSVC_TEST_STORE=postgresql."""
    with make_database(tmp_path) as url:
        yield url


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """Give the URL of an empty PostgreSQL database; skip where FEEDSVC_TEST_POSTGRES_URL names none."""
    with make_schema() as url:
        yield url


@pytest.fixture
def sqlite_only() -> None:
    """Skip a test of what only SQLite has."""
    if uses_postgresql():
        pytest.skip("a test of SQLite")


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """Give an empty store, its schema up to date."""
    opened = open_store(database_url)
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Iterator[None]:
    """Let no test reach beyond this machine."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
        yield


def _guarded(connect: Callable[..., Any]) -> Callable[..., Any]:
    def guard(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
            raise AssertionError(f"a test tried to reach {address!r}: expected only loopback")
        return connect(self, address)

    return guard


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False
