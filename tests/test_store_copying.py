"""A store moved to another database is the same store there, or nothing is there at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import inspect, select, text

from feedsvc.cli import main
from feedsvc.errors import StoreError
from feedsvc.store import Store, open_store, schema
from feedsvc.store.copying import Copied, copy_store, list_tables
from feedsvc.store.engine import read, write
from feedsvc.store.words import Words, words_of
from tests.builders import make_paper
from tests.filled import fill_store, read_rows


def open_new(folder: Path, name: str) -> Store:
    return open_store(f"sqlite:///{folder}/{name}.sqlite3")


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Store]:
    """Give a store in a SQLite file, with rows in every table."""
    with closing(open_new(tmp_path, "source")) as store:
        store.migrate()
        fill_store(store)
        yield store


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Store]:
    """Give a SQLite file without a schema."""
    with closing(open_new(tmp_path, "target")) as store:
        yield store


def read_words(store: Store) -> dict[int, Words]:
    with read(store.engine) as connection:
        places = connection.execute(select(schema.announcements.c.place).distinct()).scalars().all()
        return words_of(connection).load(connection, places)


def assert_same(copy: Store, origin: Store) -> None:
    assert read_rows(copy) == read_rows(origin)
    assert read_words(copy) == read_words(origin)
    for format in ("xml", "rss", "json"):
        assert copy.documents.find(("cs.AI", format, "en")) == origin.documents.find(("cs.AI", format, "en"))


def test_every_table_of_the_schema_is_copied(store: Store) -> None:
    made = {name for name in inspect(store.engine).get_table_names() if not name.startswith("words")}

    assert {table.name for table in list_tables()} == made - {"schema_version", "sqlite_sequence"}


def test_a_table_comes_behind_those_that_it_refers_to() -> None:
    names = [table.name for table in list_tables()]

    for table in list_tables():
        for key in table.foreign_keys:
            assert names.index(key.column.table.name) < names.index(table.name)


def test_the_store_that_is_copied_has_rows_in_every_table(source: Store) -> None:
    assert [name for name, rows in read_rows(source).items() if not rows] == []
    assert len(read_words(source)) == 5


def test_sqlite_to_sqlite_gives_the_same_rows_words_and_documents(source: Store, target: Store) -> None:
    rows = copy_store(source.engine, target.engine, chunk=2)

    assert rows == sum(map(len, read_rows(source).values()))
    assert_same(target, source)
    target.check()


def test_sqlite_to_postgresql_and_back_gives_the_same_rows_words_and_documents(
    source: Store, target: Store, postgres_url: str
) -> None:
    with closing(open_store(postgres_url)) as between:
        copy_store(source.engine, between.engine, chunk=2)
        assert_same(between, source)
        copy_store(between.engine, target.engine, chunk=2)
    assert_same(target, source)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_no_number_is_given_out_again_in_the_copy(
    kind: str, source: Store, target: Store, request: pytest.FixtureRequest
) -> None:
    with write(source.engine) as connection:
        connection.execute(text("DELETE FROM hub_subscriptions WHERE number = 3"))
    with ExitStack() as stack:
        if kind == "postgresql":
            url = request.getfixturevalue("postgres_url")
            target = stack.enter_context(closing(open_store(url)))
        copy_store(source.engine, target.engine)

        with write(target.engine) as connection:
            columns = "key, topic, callback, host, feed, format, language, created_at, expires_at, failures"
            values = "'k', 't', 'c', 'h', 'f', 'xml', 'en', '2026-01-01', '2026-01-01', 0, ''"
            number = connection.execute(
                text(
                    f"INSERT INTO hub_subscriptions ({columns}, last_failure) VALUES ({values})"
                    " RETURNING number"
                )
            ).scalar_one()
    assert number == 4


def test_the_copy_goes_on_from_the_sources_revision(source: Store, target: Store) -> None:
    copy_store(source.engine, target.engine)
    before = source.revision()
    target.papers.save([make_paper("2601.09999")])

    assert target.revision() == before + 1


def test_a_target_that_holds_anything_is_refused_untouched(source: Store, target: Store) -> None:
    target.migrate()
    target.papers.save([make_paper("2601.09999")])

    with pytest.raises(StoreError, match=r"is not empty \(papers\)"):
        copy_store(source.engine, target.engine)
    assert target.papers.find("2601.09999", 1) == make_paper("2601.09999")
    assert target.revision() == 1


def test_a_copy_that_is_cut_short_leaves_an_empty_store_for_another_try(source: Store, target: Store) -> None:
    def fail(copied: Copied) -> None:
        if copied.table == "words":
            raise RuntimeError("cut short")

    with pytest.raises(RuntimeError):
        copy_store(source.engine, target.engine, fail)
    assert target.revision() == 0
    copy_store(source.engine, target.engine)
    assert_same(target, source)


def test_what_is_written_meanwhile_is_not_half_copied(source: Store, target: Store) -> None:
    expected = read_rows(source)

    def intrude(copied: Copied) -> None:
        if copied == Copied("papers", 0, 5):
            source.papers.save([make_paper("2601.09999")])

    copy_store(source.engine, target.engine, intrude)

    assert read_rows(target) == expected


def test_a_source_of_another_schema_is_refused(target: Store, tmp_path: Path) -> None:
    (tmp_path / "bare.sqlite3").touch()
    with (
        closing(open_new(tmp_path, "bare")) as bare,
        pytest.raises(StoreError, match="run `feedsvc migrate`"),
    ):
        copy_store(bare.engine, target.engine)


def test_each_table_is_told_of_until_it_is_whole(source: Store, target: Store) -> None:
    told: list[Copied] = []
    copy_store(source.engine, target.engine, told.append, chunk=2)

    assert [each for each in told if each.table == "papers"] == [
        Copied("papers", done, 5) for done in (0, 2, 4, 5)
    ]
    last = {each.table: each for each in told}
    assert {*last} == {*(table.name for table in list_tables()), "words"}
    assert all(each.done == each.rows for each in last.values())


def test_the_command_copies_and_says_how_much(source: Store, target: Store) -> None:
    words = ["copy", "--from", str(source.engine.url), "--to", str(target.engine.url)]
    result = CliRunner().invoke(main, words)

    assert result.exit_code == 0, result.stderr
    rows = sum(map(len, read_rows(source).values()))
    assert result.stdout == f"{rows} rows copied\n"
    assert "papers: 5" in result.stderr.splitlines()
    assert_same(target, source)

    again = CliRunner().invoke(main, words)
    assert again.exit_code == 1
    assert "is not empty" in again.stderr
