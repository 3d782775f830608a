"""A store that the first release made is migrated and served, on either database."""

from __future__ import annotations

import gzip
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import feedparser
import pytest
from sqlalchemy import create_engine, text

from feedsvc.http import SystemClock
from feedsvc.service import Service, make_service
from feedsvc.settings import load_settings
from feedsvc.store import Store, open_store
from feedsvc.store.engine import read
from feedsvc.store.migrations import STEPS
from feedsvc.store.place import day_of
from tests.web_house import DAY, PAPERS

DUMPS = Path(__file__).parent / "data" / "first_release"
TABLES = [
    "announcements",
    "batches",
    "digests",
    "documents",
    "harvests",
    "paces",
    "papers",
    "requests",
    "revisions",
    "saved_feeds",
    "schema_version",
    "sketches",
    "tallies",
    "words",
]


@pytest.fixture(params=["sqlite", "postgresql"])
def former(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of a database as the first release left it."""
    dump = (DUMPS / f"{request.param}.sql").read_text("utf-8")
    if request.param == "sqlite":
        with closing(sqlite3.connect(tmp_path / "former.sqlite3")) as connection:
            connection.executescript(dump)
        return f"sqlite:///{tmp_path}/former.sqlite3"
    url: str = request.getfixturevalue("postgres_url")
    engine = create_engine(url)
    with closing(engine.raw_connection()) as raw:
        raw.driver_connection.execute(dump)  # type: ignore[union-attr]
        raw.commit()
    engine.dispose()
    return url


@pytest.fixture
def store(former: str) -> Iterator[Store]:
    """Give the migrated store."""
    with closing(open_store(former)) as opened:
        opened.migrate()
        yield opened


@pytest.fixture
def service(store: Store, former: str, tmp_path: Path) -> Iterator[Service]:
    """Give this release's service over it."""
    (tmp_path / "feeds").mkdir()
    settings = load_settings(
        database_url=former,
        base_url="https://feeds.example.org",
        feeds_dir=tmp_path / "feeds",
        categories="cs.AI,hep-th",
        languages="en",
        saving={"mode": "open"},
    )
    with closing(make_service(settings, SystemClock())) as made:
        yield made


def count_rows(store: Store, tables: list[str]) -> dict[str, int]:
    with read(store.engine) as connection:
        return {
            name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in tables
        }


def test_the_former_store_is_of_the_first_schema_and_has_rows_in_every_table(former: str) -> None:
    with closing(open_store(former)) as opened:
        with read(opened.engine) as connection:
            assert connection.execute(text("SELECT number FROM schema_version")).scalar_one() == 1
        assert 0 not in count_rows(opened, TABLES).values()


def test_migrating_keeps_every_row(former: str) -> None:
    with closing(open_store(former)) as opened:
        before = count_rows(opened, TABLES)
        assert opened.migrate() == len(STEPS)
        opened.check()
        assert count_rows(opened, TABLES) == before


def test_migrating_gives_each_row_of_words_in_sqlite_its_period(store: Store) -> None:
    if store.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL keeps no periods")
    with read(store.engine) as connection:
        rows = connection.execute(text("SELECT rowid, period FROM words")).all()
    assert rows
    assert all(period == f"{day_of(place):%Y %Y%m}" for place, period in rows)


def test_papers_digests_and_batches_read_as_they_were(store: Store) -> None:
    for paper in PAPERS:
        assert store.papers.find(paper.id, 1) == paper
    assert len(store.ledger.batches(DAY)) == 3


def test_a_document_is_served_with_its_former_bytes_until_it_is_built_anew(
    store: Store, service: Service
) -> None:
    document = store.documents.find(("cs.AI", "xml", "en"))
    assert document is not None
    answer = service.app.test_client().get("/feeds/cs.AI.xml")

    assert answer.status_code == 200
    assert answer.data == document.body == gzip.decompress(document.packed)
    assert b"A random walk through a library" in answer.data


def test_feeds_searches_and_saved_feeds_work_after_building(service: Service) -> None:
    service.publisher.build_documents()
    client = service.app.test_client()
    for path in (
        "/feeds/cs.AI.xml",
        "/feeds/keyword/random-walk.xml",
        "/feeds/author/lovelace_a.xml",
        "/feeds/search.xml?q=abs:walk+-cat:hep-th",
        "/feeds/name-2.xml",
    ):
        answer = client.get(path, follow_redirects=True)
        assert answer.status_code == 200, path
        titles = [entry.title for entry in feedparser.parse(answer.data).entries]
        assert any("random walk" in title for title in titles), path
    for path in ("/", "/status", "/papers/2601.00001", "/metrics", "/readyz"):
        assert client.get(path).status_code == 200, path
