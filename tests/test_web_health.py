"""Liveness, readiness, and what robots and browsers ask for by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.web_house import House, open_house


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_house(tmp_path) as opened:
        yield opened


def break_schema(house: House) -> None:
    """Give the store the schema number of a later release."""
    engine = create_engine(house.settings.database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE schema_version SET number = 999"))
    engine.dispose()


def test_the_process_lives_whatever_the_store_does(house: House) -> None:
    break_schema(house)
    response = house.client.get("/healthz")

    assert (response.status_code, response.text) == (200, "ok\n")
    assert response.headers["Cache-Control"] == "no-store"


def test_it_is_ready_while_the_store_answers(house: House) -> None:
    response = house.client.get("/readyz")

    assert (response.status_code, response.text) == (200, "ready\n")


def test_a_store_of_another_schema_is_not_ready_and_says_why(house: House) -> None:
    break_schema(house)
    response = house.client.get("/readyz")

    assert (response.status_code, response.mimetype) == (503, "text/plain")
    assert "999" in response.text
    assert response.text.count("\n") == 1
    assert response.headers["Cache-Control"] == "no-store"


def test_robots_are_kept_from_searches_only(house: House) -> None:
    response = house.client.get("/robots.txt")

    assert (response.status_code, response.mimetype) == (200, "text/plain")
    assert response.text.splitlines() == [
        "User-agent: *",
        "Disallow: /feeds/search.",
        "Disallow: /feeds/search?",
        "Disallow: /search",
        "Disallow: /basket",
    ]


def test_there_is_an_icon(house: House) -> None:
    response = house.client.get("/favicon.ico")

    assert (response.status_code, response.mimetype) == (200, "image/svg+xml")
    assert len(response.data) < 1000
