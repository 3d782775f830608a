"""A backup is one state of the store, whole in its place, also while others write."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import pytest
from click.testing import CliRunner

from feedsvc.cli import main
from feedsvc.errors import StoreError
from feedsvc.store import Store, open_store
from feedsvc.store.backup import back_up
from feedsvc.store.engine import open_engine
from tests.builders import make_paper
from tests.filled import fill_store, read_rows


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Store]:
    """Give a store in a SQLite file."""
    with closing(open_store(f"sqlite:///{tmp_path}/store.sqlite3")) as store:
        store.migrate()
        yield store


@pytest.fixture
def writer(source: Store) -> Iterator[Event]:
    """Have pairs of papers written all the while, each in a transaction; the event says that it began."""
    began, ended = Event(), Event()

    def write_pairs() -> None:
        number = 0
        while not ended.is_set():
            number += 1
            source.papers.save([make_paper(f"2601.{number:05}", version) for version in (1, 2)])
            if number == 20:
                began.set()

    thread = Thread(target=write_pairs)
    thread.start()
    yield began
    ended.set()
    thread.join()


def test_a_backup_that_is_put_in_place_is_the_same_store(source: Store, tmp_path: Path) -> None:
    fill_store(source)
    size = back_up(source.engine, tmp_path / "backup.sqlite3")

    assert size == (tmp_path / "backup.sqlite3").stat().st_size
    (tmp_path / "restored").mkdir()
    shutil.copy(tmp_path / "backup.sqlite3", tmp_path / "restored" / "store.sqlite3")
    with closing(open_store(f"sqlite:///{tmp_path}/restored/store.sqlite3")) as restored:
        restored.migrate()
        restored.check()
        assert read_rows(restored) == read_rows(source)


def test_a_backup_made_while_a_writer_is_at_work_is_one_state(
    source: Store, writer: Event, tmp_path: Path
) -> None:
    assert writer.wait(30)
    before = source.revision()
    back_up(source.engine, tmp_path / "backup.sqlite3")
    after = source.revision()

    with closing(sqlite3.connect(tmp_path / "backup.sqlite3")) as backup:
        (newest,) = backup.execute("SELECT value FROM revisions").fetchone()
        pairs = backup.execute("SELECT revision, count(*) FROM papers GROUP BY revision").fetchall()
    assert before <= newest <= after
    assert pairs == [(number, 2) for number in range(1, newest + 1)]


def test_a_backup_is_one_file(source: Store, tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir()
    back_up(source.engine, tmp_path / "backups" / "one")

    assert [path.name for path in (tmp_path / "backups").iterdir()] == ["one"]


def test_an_earlier_backup_is_replaced(source: Store, tmp_path: Path) -> None:
    file = tmp_path / "backup.sqlite3"
    back_up(source.engine, file)
    source.papers.save([make_paper()])
    back_up(source.engine, file)

    with closing(sqlite3.connect(file)) as backup:
        assert backup.execute("SELECT count(*) FROM papers").fetchone() == (1,)


def test_a_backup_that_fails_leaves_the_earlier_one(source: Store, tmp_path: Path) -> None:
    file = tmp_path / "backup.sqlite3"
    file.write_bytes(b"the earlier one")
    (tmp_path / "backup.sqlite3.part").mkdir()

    with pytest.raises(StoreError, match="cannot be written"):
        back_up(source.engine, file)
    assert file.read_bytes() == b"the earlier one"


def test_a_folder_that_is_not_there_is_named(source: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=f"expected a folder {tmp_path}/none"):
        back_up(source.engine, tmp_path / "none" / "backup.sqlite3")


def test_the_store_is_never_written_over(source: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is the store itself"):
        back_up(source.engine, tmp_path / "store.sqlite3")
    source.check()


def test_the_command_says_where_and_how_large(
    source: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEEDSVC_DATABASE_URL", str(source.engine.url))
    file = tmp_path / "b"
    result = CliRunner().invoke(main, ["backup", str(file)])

    assert (result.exit_code, result.stdout) == (
        0,
        f"{tmp_path / 'b'}: {(tmp_path / 'b').stat().st_size:,} bytes\n",
    )


def test_for_postgresql_the_command_to_use_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEEDSVC_DATABASE_URL", "postgresql+psycopg://me:secret@db.example.org/feeds")
    result = CliRunner().invoke(main, ["backup", "store.dump"])

    assert result.exit_code == 1
    assert "`pg_dump --format=custom --file=store.dump postgresql://me@db.example.org/feeds`" in result.stderr
    assert "secret" not in result.stderr


def test_pg_dump_understands_what_is_said(postgres_url: str, tmp_path: Path) -> None:
    if shutil.which("pg_dump") is None:
        pytest.skip("no pg_dump")
    with closing(open_store(postgres_url)) as store:
        store.migrate()
        fill_store(store)
    engine = open_engine(postgres_url)
    with pytest.raises(StoreError) as told:
        back_up(engine, tmp_path / "store.dump")
    command = str(told.value).split("`")[1]
    subprocess.run(command, shell=True, check=True, timeout=60)

    listed = subprocess.run(
        ["pg_restore", "--list", tmp_path / "store.dump"], check=True, capture_output=True, text=True
    )
    assert "TABLE DATA" in listed.stdout
