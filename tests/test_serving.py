"""What `feedsvc serve` says before it waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from threading import Event
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from feedsvc.commands import serving
from feedsvc.service import prepare_jobs
from feedsvc.store import open_store
from feedsvc.store.engine import write_aside
from feedsvc.store.jobs import JobFigures

WARNING = "2 workers are at this store, and `feedsvc serve` does not know their locks"


@contextmanager
def stop_at_once() -> Iterator[Event]:
    """Give a stop that has come already."""
    stopped = Event()
    stopped.set()
    yield stopped


def serve(monkeypatch: pytest.MonkeyPatch, store: object) -> None:
    """Run the command on a store, without its web server and its schedule, until it would wait."""
    monkeypatch.setattr(serving, "stop_signals", stop_at_once)
    monkeypatch.setattr(serving, "open_service", lambda stopped: nullcontext(SimpleNamespace(store=store)))
    for name in ("serve_web", "run_schedule"):
        monkeypatch.setattr(serving, name, lambda service: nullcontext())
    result = CliRunner().invoke(serving.serve)
    assert result.exit_code == 0, result.output


def store_with(counts: JobFigures | None) -> object:
    """Give what counts so many jobs and workers."""
    return SimpleNamespace(jobs=SimpleNamespace(count=lambda: counts))


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        (None, []),
        (JobFigures(waiting=3, running=0, stalled=0, failed=0, workers=0), []),
        (JobFigures(waiting=0, running=1, stalled=0, failed=0, workers=2), [WARNING]),
    ],
    ids=["no job engine", "no workers", "workers"],
)
def test_serve_warns_where_workers_share_its_store_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    counts: JobFigures | None,
    told: list[str],
) -> None:
    serve(monkeypatch, store_with(counts))

    assert [record.getMessage() for record in caplog.records] == told


def test_serve_on_postgresql_warns_of_the_workers_that_are_alive(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, postgres_url: str
) -> None:
    store = open_store(postgres_url)
    store.migrate()
    prepare_jobs(store)
    with write_aside(store.engine) as connection:
        for _ in range(3):
            connection.execute(text("SELECT procrastinate_register_worker_v1()"))
        first = connection.execute(text("SELECT min(id) FROM procrastinate_workers")).scalar_one()
        dead = "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour' WHERE id = :id"
        connection.execute(text(dead), {"id": first})
    serve(monkeypatch, store)
    store.close()

    assert WARNING in [record.getMessage() for record in caplog.records]
