"""Figures about the store: right, and read without reading large tables."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event, text

from feedsvc.store import Store
from feedsvc.store.documents import Stamp
from feedsvc.store.figures import DocumentFigures
from tests.builders import make_announcement, make_batch, make_digest, make_document, make_paper


def fill(store: Store, number: int) -> None:
    papers = [make_paper(f"2601.{n:05}") for n in range(1, number + 1)]
    announcements = [make_announcement(paper.id) for paper in papers]
    store.ledger.record_batch(make_batch(announcements), papers, announcements)


def test_papers_and_announcements_are_counted(store: Store) -> None:
    assert (store.figures.count_papers(), store.figures.count_announcements()) == (0, 0)

    fill(store, 7)

    assert (store.figures.count_papers(), store.figures.count_announcements()) == (7, 7)


@pytest.mark.usefixtures("sqlite_only")
def test_counting_reads_no_table_whole(store: Store) -> None:
    asked: list[Any] = []
    event.listen(store.engine, "before_cursor_execute", lambda *args: asked.append(args[2:4]))
    store.figures.count_papers()
    store.figures.count_announcements()
    store.figures.count_incomplete()
    store.figures.count_undigested("en", 100)
    queries = [(statement, values) for statement, values in asked if statement.startswith("SELECT")]

    with store.engine.connect() as connection:
        plans = [
            row[3]
            for statement, values in queries
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]
    assert len(queries) == 4
    # The newest papers are read along their index, up to the limit; what comes of that is `anon_1`.
    assert [plan for plan in plans if plan.startswith("SCAN")] == [
        "SCAN papers USING INDEX papers_by_revision",
        "SCAN anon_1",
    ]


def test_papers_known_from_a_listing_only_are_counted(store: Store) -> None:
    store.papers.save([make_paper("2601.00001"), make_paper("2601.00002", complete=True)])

    assert store.figures.count_incomplete() == 1


def test_papers_without_a_digest_in_the_language_are_counted(store: Store) -> None:
    store.papers.save([make_paper("2601.00001"), make_paper("2601.00002"), make_paper("2601.00002", 2)])
    store.digests.save([make_digest("2601.00002", 1), make_digest("2601.00001", language="zh")])

    assert store.figures.count_undigested("en", 100) == 2
    assert store.figures.count_undigested("zh", 100) == 2
    assert store.figures.count_undigested("fr", 100) == 3


def test_no_more_papers_than_wanted_are_looked_at(store: Store) -> None:
    store.papers.save([make_paper(f"2601.{n:05}") for n in range(1, 8)])

    assert store.figures.count_undigested("en", 5) == 5


def test_documents_are_summed_by_format(store: Store) -> None:
    for feed, size, entries in (("cs.AI", 10, 3), ("cs.LG", 30, 1)):
        store.documents.save(make_document(feed, body=b"x" * size), Stamp("recipe", 0, entries))
    store.documents.save(make_document("cs.AI", "rss", body="é".encode()), Stamp("recipe", 0, 2))

    assert store.figures.sum_documents() == (
        DocumentFigures("rss", 1, 0, 2, 2, 2, 2),
        DocumentFigures("xml", 2, 0, 40, 30, 4, 3),
    )


def test_a_document_built_before_the_newest_change_is_behind(store: Store) -> None:
    store.documents.save(make_document("cs.AI"), Stamp("recipe", 0, 1))
    fill(store, 1)
    store.documents.save(make_document("cs.LG"), Stamp("recipe", store.revision(), 1))

    (figures,) = store.figures.sum_documents()
    assert (figures.documents, figures.behind) == (2, 1)


@pytest.mark.usefixtures("sqlite_only")
def test_a_figure_outlives_the_taking_out_of_a_row(store: Store) -> None:
    fill(store, 5)
    with store.engine.connect() as connection, connection.begin():
        connection.execute(text("DELETE FROM announcements WHERE paper = '2601.00002'"))

    assert 4 <= store.figures.count_announcements() <= 5
