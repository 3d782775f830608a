"""Days of feeds over HTTP: types, caching, redirects, and what is not there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from feedsvc.web.delivery import DATED_AFTER
from tests.web_house import DAY, announce, make_paper, open_house, settle_day

EARLIER = date(2026, 1, 13)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    with open_house(tmp_path_factory.mktemp("house")) as house:
        announce(house.store, "cs.AI", make_paper(9, "Walking before", "cs.AI"), day=EARLIER)
        settle_day(house)
        house.publisher.build_documents()
        yield house.client


@pytest.mark.parametrize(
    ("suffix", "type_"),
    [
        ("xml", "application/atom+xml; charset=utf-8"),
        ("rss", "application/rss+xml; charset=utf-8"),
        ("json", "application/feed+json; charset=utf-8"),
        ("md", "text/markdown; charset=utf-8"),
    ],
)
@pytest.mark.parametrize("place", ["cs.AI", "zh/cs.AI", "cs.AI+random-walks", "keyword/walking"])
def test_a_day_comes_in_every_format_and_language_of_any_feed(
    client: FlaskClient, place: str, suffix: str, type_: str
) -> None:
    response = client.get(f"/feeds/{place}/{EARLIER}.{suffix}")

    assert (response.status_code, response.headers["Content-Type"]) == (200, type_)
    assert "Walking before" in response.text


@pytest.mark.parametrize("suffix", ["xml", "rss", "json"])
def test_a_daily_feed_comes_in_every_format(client: FlaskClient, suffix: str) -> None:
    response = client.get(f"/feeds/daily/cs.AI.{suffix}")

    assert response.status_code == 200
    assert "Walking before" in response.text
    assert "Still standing" in response.text


def test_a_day_that_is_over_is_kept_for_a_day(client: FlaskClient) -> None:
    for suffix in ("xml", "md"):
        headers = client.get(f"/feeds/cs.AI/{EARLIER}.{suffix}").headers
        assert headers["Cache-Control"] == "public, max-age=86400"


def test_the_newest_day_is_kept_as_long_as_the_feed(client: FlaskClient) -> None:
    feed, day, daily = (
        client.get(path).headers["Cache-Control"]
        for path in ("/feeds/cs.AI.xml", f"/feeds/cs.AI/{DAY}.xml", "/feeds/daily/cs.AI.xml")
    )

    assert feed == day == daily == "public, max-age=900"


def test_what_the_client_holds_is_not_sent_again(tmp_path: Path) -> None:
    path = f"/feeds/cs.AI/{DAY}.md"
    with open_house(tmp_path) as house:
        client = house.client
        client.get(path)
        house.clock.moment += DATED_AFTER
        first = client.get(path)

        for name, held in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
            assert client.get(path, headers={name: first.headers[held]}).status_code == 304
        assert client.head(path).headers["Content-Length"] == first.headers["Content-Length"]
        assert client.get(path, headers={"Accept-Encoding": "gzip"}).headers["Content-Encoding"] == "gzip"


def test_a_person_sees_markdown_as_text(client: FlaskClient) -> None:
    path = f"/feeds/cs.AI/{EARLIER}.md"
    program, person = client.get(path), client.get(path, headers={"Sec-Fetch-Dest": "document"})

    assert person.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert person.data == program.data


@pytest.mark.parametrize(
    ("asked", "canonical"),
    [
        ("/feeds/CS.ai/2026-1-13.xml", "/feeds/cs.AI/2026-01-13.xml"),
        ("/feeds/en/cs.AI/2026-01-13.md", "/feeds/cs.AI/2026-01-13.md"),
        ("/feeds/cs.CL+cs.AI/2026-01-13.atom", "/feeds/cs.AI+cs.CL/2026-01-13.xml"),
        ("/feeds/search/2026-01-13.xml?q=cat:cs.AI", "/feeds/cs.AI/2026-01-13.xml"),
        ("/feeds/cs.AI/2026-01-13.md?announce=cross,new", "/feeds/cs.AI/2026-01-13.md"),
        ("/feeds/DAILY/cs.ai.xml", "/feeds/daily/cs.AI.xml"),
    ],
)
def test_another_spelling_of_a_day_is_led_to_its_address(
    client: FlaskClient, asked: str, canonical: str
) -> None:
    response = client.get(asked)

    assert (response.status_code, response.headers["Location"]) == (308, canonical)
    assert client.get(canonical).status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/feeds/cs.AI/2026-01-12.xml", 404, "expected a day such as 2026-01-13"),
        ("/feeds/cs.AI/2030-01-14.md", 404, "nothing is known of 2030-01-14 here"),
        ("/feeds/cs.AI/2026-02-30.xml", 400, "'2026-02-30' is no day: expected a date such as 2026-01-14"),
        ("/feeds/cs.AI/today.md", 400, "'today' is no day"),
        ("/feeds/cs.AI.md", 400, "expected it behind a date, as in cs.AI/2026-01-14.md"),
        ("/feeds/daily/cs.AI/2026-01-13.xml", 400, "expected it without 'daily/'"),
        ("/feeds/nothing/2026-01-13.xml", 404, "no feed is called 'nothing'"),
        ("/feeds/math.AG/2026-01-13.xml", 404, "'math.AG' is not followed here"),
        ("/feeds/daily/math.AG.xml", 404, "'math.AG' is not followed here"),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(
    client: FlaskClient, path: str, status: int, told: str
) -> None:
    response = client.get(path)

    assert response.status_code == status
    assert told in response.text
