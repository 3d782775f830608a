"""A short campaign of kills over several processes on one PostgreSQL. `make cluster` runs a month."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from feedsvc.coding import GZIP, pack
from tests.cluster import ROLES, run_cluster
from tests.cluster_figures import ClusterFigures, find_changed
from tests.cluster_server import find_programs
from tests.databases import SERVER, find_server
from tests.web_house import open_house

DAYS, KILLS, RESTARTS, SEED = 3, 20, 1, 11


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> ClusterFigures:
    if find_server() is None:
        pytest.skip(f"no PostgreSQL: set {SERVER} to the URL of a database")
    return run_cluster(tmp_path_factory.mktemp("cluster"), SEED, DAYS, KILLS, RESTARTS)


def test_processes_were_killed_and_the_database_was_restarted(figures: ClusterFigures) -> None:
    assert figures.kills == KILLS
    assert figures.killed.keys() <= set(ROLES)
    assert figures.killed["worker"] > 0
    assert len(figures.killed) > 1
    assert figures.restarts == (RESTARTS if find_programs() else 0)
    assert figures.cut > 0


def test_the_ledger_is_the_truth(figures: ClusterFigures) -> None:
    assert figures.days == DAYS
    assert (figures.ledger.wrong, figures.ledger.unsettled) == ([], [])
    assert figures.ledger.exact == figures.ledger.announcements > 50
    assert figures.ledger.surplus == 0


def test_every_day_settled_and_every_process_ended_when_told(figures: ClusterFigures) -> None:
    assert figures.late == []


def test_no_document_is_older_than_what_was_announced(figures: ClusterFigures) -> None:
    assert figures.documents > 0
    assert figures.stale == []


def test_a_document_that_is_not_what_the_ledger_says_would_be_found(tmp_path: Path) -> None:
    key = ("cs.AI", "xml", "en")
    with open_house(tmp_path) as house:
        clean = list(find_changed(house.store, house.publisher.build_documents))
        document, stamp = house.store.documents.find(key), house.store.documents.stamps()[key]
        assert document is not None
        house.store.documents.save(replace(document, packed=pack(b"<feed/>", GZIP), etag="another"), stamp)
        found = list(find_changed(house.store, house.publisher.build_documents))

    assert clean == []
    assert found == [f"{key} was not what the ledger says"]


def test_no_delivery_was_lost_and_none_came_after_a_newer_one(figures: ClusterFigures) -> None:
    assert figures.deliveries > 0
    assert (figures.undelivered, figures.disordered) == ([], [])


def test_arxiv_was_never_asked_by_two_at_once_nor_too_soon(figures: ClusterFigures) -> None:
    assert figures.requests > 10
    assert figures.impolite == []
