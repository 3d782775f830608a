"""From nothing to this release's schema, once however often and by however many."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from feedsvc.coding import GZIP, pack
from feedsvc.errors import StoreError
from feedsvc.store import Store, open_store, schema
from feedsvc.store.engine import read, write
from feedsvc.store.migrations import STEPS, migrate
from feedsvc.store.model_tables import answers, findings, orders, spendings
from tests.builders import make_paper

MIGRATE_IN_ANOTHER_PROCESS = """
import sys
from feedsvc.store import open_store

print("ready", flush=True)
sys.stdin.readline()
store = open_store(sys.argv[1])
print(store.migrate())
store.check()
store.close()
"""


@pytest.fixture
def empty(database_url: str) -> Iterator[Store]:
    """Give a store without a schema."""
    store = open_store(database_url)
    yield store
    store.close()


def set_number(store: Store, number: int) -> None:
    """Have the database say that it is of another schema."""
    with write(store.engine) as connection:
        connection.execute(text("UPDATE schema_version SET number = :number"), {"number": number})


def test_from_nothing_every_table_is_made(empty: Store) -> None:
    assert empty.migrate() == len(STEPS)

    expected = {*schema.metadata.tables, "schema_version", "words"}
    made = set(inspect(empty.engine).get_table_names())
    assert {name for name in made if not name.startswith("words_")} == expected


def test_a_new_database_has_no_change_yet(empty: Store) -> None:
    empty.migrate()

    assert empty.revision() == 0


def test_a_second_time_changes_nothing(store: Store) -> None:
    store.papers.save([make_paper()])

    assert store.migrate() == len(STEPS)
    assert store.papers.find("2601.00001", 1) == make_paper()
    assert store.revision() == 1


def test_a_step_that_fails_leaves_nothing_behind(empty: Store) -> None:
    def fail(_connection: object) -> None:
        raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        migrate(empty.engine, (*STEPS, fail))

    assert inspect(empty.engine).get_table_names() == []
    assert empty.migrate() == len(STEPS)


def test_only_the_steps_that_are_missing_are_taken(store: Store) -> None:
    """Taken again, the first would fail: its tables are there."""
    taken: list[str] = []
    steps = (*STEPS, lambda _: taken.append("next"), lambda _: taken.append("last"))

    assert migrate(store.engine, steps[:-1]) == len(STEPS) + 1
    assert migrate(store.engine, steps) == len(STEPS) + 2
    assert taken == ["next", "last"]


def test_a_store_of_the_first_schema_gets_the_tables_of_models(empty: Store) -> None:
    migrate(empty.engine, STEPS[:1])
    with write(empty.engine) as connection:
        for table in (orders, answers, findings, spendings):
            table.drop(connection, checkfirst=True)

    assert empty.migrate() == len(STEPS)
    assert empty.orders.count() == {}
    assert empty.findings.count() == {}


def test_a_later_schema_is_refused_untouched(store: Store) -> None:
    set_number(store, len(STEPS) + 1)

    for look in (store.migrate, store.check):
        with pytest.raises(StoreError, match=f"number {len(STEPS) + 1}, this release knows {len(STEPS)}"):
            look()


def test_a_schema_up_to_date_is_in_order(store: Store) -> None:
    store.check()


def test_a_missing_schema_is_said_with_what_to_do(empty: Store) -> None:
    with pytest.raises(StoreError, match=f"number 0, expected {len(STEPS)}: run `feedsvc migrate`"):
        empty.check()


def test_an_earlier_schema_is_said_with_what_to_do(store: Store) -> None:
    set_number(store, len(STEPS) - 1)

    with pytest.raises(StoreError, match="run `feedsvc migrate`"):
        store.check()


def test_processes_that_migrate_at_once_make_one_schema(empty: Store, database_url: str) -> None:
    command = [sys.executable, "-c", MIGRATE_IN_ANOTHER_PROCESS, database_url]
    others = [
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for _ in range(2)
    ]
    for other in others:
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
    for other in others:
        assert other.stdin is not None
        other.stdin.write("\n")
        other.stdin.flush()

    said = [other.communicate(timeout=120)[0] for other in others]

    assert said == [f"{len(STEPS)}\n"] * 2
    empty.check()
    assert empty.revision() == 0


def test_a_missing_database_is_no_error_until_it_is_asked(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/none.sqlite3")

    with pytest.raises(StoreError, match="no such table"):
        store.revision()
    store.close()


def test_documents_of_the_first_schema_are_kept_under_gzip_alone(empty: Store) -> None:
    empty.migrate()
    former = {"feed": "cs.AI", "format": "xml", "language": "en", "changed_at": "2026-01-14 17:00:00"}
    with write(empty.engine) as connection:
        connection.execute(text("UPDATE schema_version SET number = 1"))
        connection.execute(text("DROP TABLE editions"))
        connection.execute(text("ALTER TABLE documents DROP COLUMN size"))
        blob = "BLOB" if empty.engine.dialect.name == "sqlite" else "BYTEA"
        connection.execute(text(f"ALTER TABLE documents ADD COLUMN body {blob}"))
        connection.execute(
            text(
                "INSERT INTO documents (feed, format, language, recipe, revision, entries, papers,"
                " content_type, etag, changed_at, body, packed) VALUES (:feed, :format, :language, 'r',"
                " 1, 1, '[]', 'application/atom+xml', 'one', :changed_at, :body, :packed)"
            ),
            former | {"body": b"<feed/>", "packed": pack(b"<feed/>", GZIP)},
        )

    assert empty.migrate() == len(STEPS)
    assert empty.documents.edition() == 0
    document = empty.documents.find(("cs.AI", "xml", "en"))
    assert document is not None
    assert (document.body, document.etag) == (b"<feed/>", "one")
    assert [figures.bytes for figures in empty.figures.sum_documents()] == [7]


@pytest.mark.parametrize("table", ["editions", "schema_version", "revisions", "paces"])
def test_a_table_of_one_row_has_one_row(table: str, store: Store) -> None:
    store.migrate()
    with read(store.engine) as connection:
        assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 1
