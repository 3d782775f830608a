"""What a database connection and a transaction are, on a real file shared by threads and processes."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from threading import Barrier, Event, Thread, Timer

import pytest
from sqlalchemy import Engine, insert, select, text
from sqlalchemy.exc import IntegrityError, StatementError

from feedsvc.errors import SettingsError, StoreError
from feedsvc.store import Store, schema
from feedsvc.store.engine import open_engine, read, write
from feedsvc.store.rows import announcement_row
from tests.builders import NOON, make_announcement, make_batch, make_paper

ADD_IN_ANOTHER_PROCESS = """
import sys
from sqlalchemy import select, update
from feedsvc.store import open_store, schema
from feedsvc.store.engine import write

store = open_store(sys.argv[1])
for _ in range(int(sys.argv[2])):
    with write(store.engine) as connection:
        value = connection.execute(select(schema.revisions.c.value)).scalar_one()
        connection.execute(update(schema.revisions).values(value=value + 1))
store.close()
"""


def pragma(engine: Engine, name: str) -> object:
    """Give the value that a new connection has."""
    with read(engine) as connection:
        return connection.execute(text(f"PRAGMA {name}")).scalar()


def add_to_revision(engine: Engine) -> None:
    """Read a number, then write it: lost if anybody writes between."""
    with write(engine) as connection:
        value = connection.execute(select(schema.revisions.c.value)).scalar_one()
        time.sleep(0.001)
        connection.execute(schema.revisions.update().values(value=value + 1))


def run_threads(work: Callable[[], None], count: int) -> None:
    """Run the same work in threads that begin together."""
    barrier = Barrier(count)

    def run() -> None:
        barrier.wait()
        work()

    threads = [Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.fixture
def impatient(store: Store, database_url: str) -> Iterator[Store]:
    """Give the store again, with writers that wait 50 ms for others instead of 15 s."""
    other = Store(open_engine(database_url, busy_timeout_ms=50))
    yield other
    other.close()


@pytest.fixture
def holding_the_lock(store: Store) -> Iterator[None]:
    """Have another thread inside a writing transaction meanwhile."""
    held, done = Event(), Event()

    def hold() -> None:
        with write(store.engine):
            held.set()
            done.wait()

    thread = Thread(target=hold)
    thread.start()
    held.wait()
    yield
    done.set()
    thread.join()


@pytest.mark.usefixtures("sqlite_only")
def test_a_sqlite_file_is_opened_with_a_log_written_ahead(store: Store) -> None:
    assert pragma(store.engine, "journal_mode") == "wal"


@pytest.mark.usefixtures("sqlite_only")
def test_freed_pages_are_wiped_only_where_that_costs_nothing(store: Store) -> None:
    """Whatever the system's build of SQLite does by itself; 2 is FAST."""
    assert pragma(store.engine, "secure_delete") == 2


def test_a_new_file_that_another_process_is_writing_to_is_waited_for(tmp_path: Path) -> None:
    """Two that open a new store together: SQLite itself refuses the second one at once."""
    path = tmp_path / "new.sqlite3"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = Timer(0.2, other.execute, ["COMMIT"])
    release.start()
    engine = open_engine(f"sqlite:///{path}")

    assert pragma(engine, "journal_mode") == "wal"
    release.join()
    other.close()
    engine.dispose()


def test_a_new_file_that_stays_locked_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "new.sqlite3"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    engine = open_engine(f"sqlite:///{path}", busy_timeout_ms=50)

    with pytest.raises(StoreError, match="locked"):
        pragma(engine, "journal_mode")
    other.close()
    engine.dispose()


def test_foreign_keys_are_kept(store: Store) -> None:
    row = announcement_row(make_announcement()) | {"revision": 1}
    with write(store.engine) as connection, pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        connection.execute(insert(schema.announcements).values(row))


@pytest.mark.usefixtures("sqlite_only")
def test_a_connection_waits_fifteen_seconds_for_a_lock(store: Store) -> None:
    assert pragma(store.engine, "busy_timeout") == 15_000


def test_the_folder_of_a_sqlite_file_is_made(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/a/b/store.sqlite3")

    assert pragma(engine, "foreign_keys") == 1
    engine.dispose()


@pytest.mark.parametrize("url", ["", "store.sqlite3", "oracle://host/db", "nonsense+driver://host/db"])
def test_a_url_that_names_no_database_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match=r"^database_url: .*expected sqlite:///path/to/file"):
        open_engine(url)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(SettingsError, match=r"^database_url: .*file/store.sqlite3"):
        open_engine(f"sqlite:///{tmp_path}/file/store.sqlite3")


def test_a_refusal_does_not_tell_the_password() -> None:
    with pytest.raises(SettingsError) as caught:
        open_engine("nonsense://me:se:cr@et@host/db")

    assert "nonsense://me:***@host/db" in str(caught.value)


def test_a_transaction_is_undone_whole_by_an_exception(store: Store) -> None:
    def fail() -> None:
        with write(store.engine) as connection:
            connection.execute(schema.revisions.update().values(value=7))
            raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        fail()

    assert store.revision() == 0


def test_threads_that_read_and_then_write_lose_nothing(store: Store) -> None:
    """A writer takes its lock before it reads: one that began by reading would fail, or overwrite."""

    def work() -> None:
        for _ in range(10):
            add_to_revision(store.engine)

    run_threads(work, 5)

    assert store.revision() == 50


def test_processes_that_read_and_then_write_lose_nothing(store: Store, database_url: str) -> None:
    command = [sys.executable, "-c", ADD_IN_ANOTHER_PROCESS, database_url, "20"]
    others = [subprocess.Popen(command) for _ in range(2)]
    for _ in range(20):
        add_to_revision(store.engine)

    assert [other.wait(timeout=120) for other in others] == [0, 0]
    assert store.revision() == 60


@pytest.mark.usefixtures("holding_the_lock")
def test_a_writer_that_waits_in_vain_says_so(impatient: Store) -> None:
    with pytest.raises(
        StoreError,
        match=r"^(sqlite|postgresql).*: (database is locked|canceling statement due to lock timeout)",
    ):
        impatient.ledger.record_batch(make_batch(), (), ())


@pytest.mark.usefixtures("holding_the_lock")
def test_readers_are_not_held_up_by_a_writer(impatient: Store) -> None:
    assert impatient.revision() == 0
    assert impatient.ledger.newest_day() is None


def test_a_failed_writer_can_write_afterwards(store: Store, impatient: Store) -> None:
    with write(store.engine), pytest.raises(StoreError):
        add_to_revision(impatient.engine)

    add_to_revision(impatient.engine)

    assert impatient.revision() == 1


def test_a_reader_sees_one_state_however_long_it_reads(store: Store) -> None:
    with read(store.engine) as connection:
        before = connection.execute(select(schema.revisions.c.value)).scalar_one()
        add_to_revision(store.engine)

        assert connection.execute(select(schema.revisions.c.value)).scalar_one() == before
    assert store.revision() == before + 1


def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    path.write_text("not a database, but long enough to be taken for one" * 50)
    engine = open_engine(f"sqlite:///{path}")

    with pytest.raises(StoreError, match="file is not a database"), read(engine):
        pass
    engine.dispose()


def test_a_fault_of_ours_is_no_store_error(store: Store) -> None:
    announcement = make_announcement("2601.99999")

    with pytest.raises(IntegrityError):
        store.ledger.record_batch(make_batch([announcement]), (), [announcement])


@pytest.mark.parametrize("moment", [NOON, datetime(2026, 3, 8, 6, 59, 59, 999_999, UTC), None])
def test_an_instant_comes_back_as_it_went_in(moment: datetime | None, store: Store) -> None:
    store.papers.save([make_paper(submitted=moment)])

    found = store.papers.find("2601.00001", 1)
    assert found is not None
    assert found.submitted == moment
    assert moment is None or (found.submitted is not None and found.submitted.tzinfo is UTC)


@pytest.mark.parametrize("zone", [None, timezone(timedelta(hours=-5))])
def test_an_instant_that_is_not_in_utc_never_gets_into_a_table(zone: timezone | None, store: Store) -> None:
    with pytest.raises(StatementError, match="is not in UTC"):
        store.papers.note_asked([("2601.00001", 1)], NOON.replace(tzinfo=zone))


def test_postgresql_plans_for_all_rows_and_compiles_nothing(postgres_url: str) -> None:
    """Its guess of how rare a word is would have it compile for longer than it then runs."""
    engine = open_engine(postgres_url)
    with read(engine) as connection:
        assert connection.execute(text("SHOW jit")).scalar() == "off"
        assert connection.execute(text("SHOW cursor_tuple_fraction")).scalar() == "1"
    engine.dispose()


def test_a_driver_that_is_lacking_is_named_with_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(SettingsError, match=r"psycopg is not installed: expected .*postgres\.lock"):
        open_engine("postgresql+psycopg://somebody@127.0.0.1/store")
