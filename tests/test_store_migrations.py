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
from feedsvc.store import Store, hub_tables, open_store, schema
from feedsvc.store.engine import read, write
from feedsvc.store.migrations import STEPS, migrate
from tests.builders import make_paper

FIRST = Path(__file__).parent / "data" / "schema"
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


@pytest.fixture
def released(empty: Store) -> Store:
    """Give a store whose schema is word for word that of the first release."""
    script = (FIRST / f"first.{empty.engine.dialect.name}.sql").read_text("utf-8")
    with write(empty.engine) as connection:
        for statement in filter(None, script.split(";\n")):
            connection.exec_driver_sql(statement)
    return empty


def describe_schema(store: Store) -> dict[str, object]:
    """Give every table's columns, key and indexes."""
    found = inspect(store.engine)
    return {
        name: (
            sorted((c["name"], str(c["type"]), c["nullable"]) for c in found.get_columns(name)),
            found.get_pk_constraint(name)["constrained_columns"],
            sorted((str(i["name"]), tuple(i["column_names"])) for i in found.get_indexes(name)),
        )
        for name in found.get_table_names()
    }


def set_number(store: Store, number: int) -> None:
    """Have the database say that it is of another schema."""
    with write(store.engine) as connection:
        connection.execute(text("UPDATE schema_version SET number = :number"), {"number": number})


def test_from_nothing_every_table_is_made(empty: Store) -> None:
    assert empty.migrate() == len(STEPS)

    expected = {*schema.metadata.tables, *hub_tables.metadata.tables, "schema_version", "words"}
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


def test_a_later_schema_is_refused_untouched(store: Store) -> None:
    set_number(store, len(STEPS) + 1)

    for look in (store.migrate, store.check):
        with pytest.raises(StoreError, match=f"number {len(STEPS) + 1}, this release knows {len(STEPS)}"):
            look()


def test_a_schema_up_to_date_is_in_order(store: Store) -> None:
    store.check()


def test_a_missing_file_is_said_and_not_made(tmp_path: Path) -> None:
    file = tmp_path / "none.sqlite3"

    with pytest.raises(StoreError, match=r"none\.sqlite3: expected a store's file"):
        open_store(f"sqlite:///{file}").check()
    assert not file.exists()


def test_a_missing_schema_is_said_with_what_to_do(empty: Store) -> None:
    assert inspect(empty.engine).get_table_names() == []
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


@pytest.mark.parametrize("table", ["editions", "schema_version", "revisions", "paces"])
def test_a_table_of_one_row_has_one_row(table: str, store: Store) -> None:
    store.migrate()
    with read(store.engine) as connection:
        assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 1


def test_the_first_release_becomes_what_a_new_store_is(released: Store) -> None:
    released.migrate()
    upgraded = describe_schema(released)
    with write(released.engine) as connection:
        for name, _ in reversed(inspect(connection).get_sorted_table_and_fkc_names()):
            if name and not name.startswith("words_"):  # parts of SQLite's index, which go with it
                connection.execute(text(f"DROP TABLE {name}"))
    released.migrate()

    assert upgraded == describe_schema(released)


def test_a_store_of_the_first_release_keeps_its_rows_and_works(released: Store) -> None:
    former = {"feed": "cs.AI", "format": "xml", "language": "en", "changed_at": "2026-01-14 17:00:00"}
    with write(released.engine) as connection:
        connection.execute(
            text(
                "INSERT INTO documents (feed, format, language, recipe, revision, entries, papers,"
                " content_type, etag, changed_at, body, packed) VALUES (:feed, :format, :language, 'r',"
                " 1, 1, '[]', 'application/atom+xml', 'one', :changed_at, :body, :packed)"
            ),
            former | {"body": b"<feed/>", "packed": pack(b"<feed/>", GZIP)},
        )
    released.migrate()
    released.check()
    released.papers.save([make_paper()])

    document = released.documents.find(("cs.AI", "xml", "en"))
    assert document is not None
    assert document.body == b"<feed/>"
    assert [figures.bytes for figures in released.figures.sum_documents()] == [7]
    assert (released.revision(), released.documents.edition()) == (1, 0)
    assert released.papers.find("2601.00001", 1) == make_paper()
    assert (released.orders.count(), released.findings.count()) == ({}, {})
    assert released.subscriptions.sum_up().subscriptions == 0
