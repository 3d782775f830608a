"""A feed as a page for people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from feedsvc.web.delivery import DATED_AFTER
from tests.test_web_index import Page
from tests.web_house import BROWSER, DAY, House, announce, make_paper, open_house

BASE = "https://feeds.example.org"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("house")) as opened:
        announce(
            opened.store,
            "cs.AI",
            make_paper(9, r"Bounds of $\sqrt{n}$ & $x^2$", "cs.AI"),
            day=DAY - timedelta(1),
        )
        yield opened


@pytest.fixture
def client(house: House) -> FlaskClient:
    return house.client


def cards_of(text: str) -> list[tuple[str, str]]:
    """Give each card's kind and paper."""
    return re.findall(r'<article class="card ([a-z-]+)" id="p-([^"]+)"', text)


def test_a_page_that_was_made_just_now_has_no_date_yet(tmp_path: Path) -> None:
    """Another one may be made in the same second, and would have the same date."""
    with open_house(tmp_path) as house:
        first = house.client.get("/feeds/cs.AI")
        house.clock.moment += DATED_AFTER
        dated = house.client.get("/feeds/cs.AI")
        since = {"If-Modified-Since": dated.headers["Last-Modified"]}
        held = house.client.get("/feeds/cs.AI", headers=since)

    assert "Last-Modified" not in first.headers
    assert (dated.data, held.status_code) == (first.data, 304)


def test_papers_stand_by_day_each_with_its_kind(client: FlaskClient) -> None:
    text = client.get("/feeds/cs.AI").text
    days = re.findall(r'<section class="day" id="day-([^"]+)">', text)

    assert days == ["2026-01-14", "2026-01-13"]
    assert cards_of(text.partition('id="day-2026-01-13"')[0]) == [
        ("new", "2601.00002"),
        ("new", "2601.00001"),
        ("cross", "2601.00003"),
    ]
    assert "Wednesday 14 January 2026" in text


def test_a_card_shows_what_an_entry_says(client: FlaskClient) -> None:
    text = client.get("/feeds/cs.AI").text
    card = text.partition('id="p-2601.00001"')[2].partition("</article>")[0]

    assert '<a class="open" href="/papers/2601.00001">A random walk through a library</a>' in card
    assert "Ada Lovelace, Jiří Novák" in card
    assert '<span title="Artificial Intelligence">cs.AI</span>' in card
    assert "We study a random walk through a library." in card
    for address in ("abs/2601.00001", "pdf/2601.00001v1", "html/2601.00001v1"):
        assert f'href="https://arxiv.org/{address}"' in card


def test_mathematics_is_shown_and_nothing_of_a_paper_is_markup(client: FlaskClient) -> None:
    text = client.get("/feeds/cs.AI").text

    assert "Wandering &amp; &lt;waiting&gt;" in text
    assert "Bounds of √n &amp; x²" in text


@pytest.mark.parametrize("suffix", ["xml", "rss", "json"])
def test_a_reader_discovers_the_feed_in_every_format(client: FlaskClient, suffix: str) -> None:
    links = [a for tag, a in Page(client.get("/feeds/zh/cs.AI").text).elements if tag == "link"]

    assert f"{BASE}/feeds/zh/cs.AI.{suffix}" in [a["href"] for a in links if a.get("rel") == "alternate"]


def test_kinds_are_told_apart_and_offered_by_address(client: FlaskClient) -> None:
    page = client.get("/feeds/cs.AI?announce=cross")
    links = Page(client.get("/feeds/cs.AI").text).values("href")

    assert cards_of(page.text) == [("cross", "2601.00003")]
    assert 'data-kinds="cross" aria-current="true"' in page.text
    for address in (
        "/feeds/cs.AI?announce=new",
        "/feeds/cs.AI?announce=cross",
        "/feeds/cs.AI?announce=replace,replace-cross",
        "/feeds/cs.AI?announce=new,cross,replace,replace-cross",
    ):
        assert address in links
        assert client.get(address).status_code == 200


def test_a_choice_of_kinds_keeps_the_other_options(client: FlaskClient) -> None:
    links = Page(client.get("/feeds/search?limit=2&q=knots+OR+walk").text).values("href")

    assert "/feeds/search?announce=new&limit=2&q=knots+OR+walk" in links


def test_other_spellings_lead_to_the_one_page(client: FlaskClient) -> None:
    response = client.get("/feeds/CS.ai?hl=zh")

    assert (response.status_code, response.headers["Location"]) == (308, "/feeds/cs.AI?hl=zh")


@pytest.mark.parametrize("path", ["/feeds/random-walks", "/feeds/cs.AI+hep-th", "/feeds/keyword/random-walk"])
def test_every_feed_has_a_page(client: FlaskClient, path: str) -> None:
    response = client.get(path, headers=BROWSER)

    assert response.status_code == 200
    assert cards_of(response.text)


def test_a_page_is_not_sent_again_while_it_is_the_same_and_changes_with_the_store(tmp_path: Path) -> None:
    with open_house(tmp_path) as house:
        first = house.client.get("/feeds/cs.AI")
        again = house.client.get("/feeds/cs.AI", headers={"If-None-Match": first.headers["ETag"]})
        announce(house.store, "cs.AI", make_paper(7, "Late news", "cs.AI"), day=DAY + timedelta(1))
        changed = house.client.get("/feeds/cs.AI", headers={"If-None-Match": first.headers["ETag"]})

    assert again.status_code == 304
    assert changed.status_code == 200
    assert "Late news" in changed.text


@pytest.mark.parametrize(("path", "status"), [("/feeds/like/2601.99999", 404), ("/feeds/cs.CV", 404)])
def test_a_page_that_cannot_be_is_told(client: FlaskClient, path: str, status: int) -> None:
    assert client.get(path).status_code == status


def test_an_empty_feed_says_that_it_is(client: FlaskClient) -> None:
    assert "None yet" in client.get("/feeds/keyword/unheard-of").text


def test_a_day_has_its_page_with_the_days_around_it(client: FlaskClient) -> None:
    text = client.get("/feeds/cs.AI/2026-01-13").text
    page = Page(text)

    assert cards_of(text) == [("new", "2601.00009")]
    assert "<h1>Artificial Intelligence (cs.AI) · 13 January 2026</h1>" in text
    assert '<a href="/feeds/cs.AI/2026-01-14" rel="next">' in text
    assert 'rel="prev"' not in text
    assert f"{BASE}/feeds/cs.AI/2026-01-13.md" in page.values("href")
    for link in ("/feeds/cs.AI/2026-01-14", "/feeds/cs.AI", "/feeds/cs.AI/2026-01-13.md"):
        assert link in page.values("href")
        assert client.get(link).status_code == 200


def test_a_feeds_page_leads_to_its_days_and_to_one_entry_a_day(client: FlaskClient) -> None:
    links = Page(client.get("/feeds/zh/cs.AI?hl=en").text).values("href")

    for link in ("/feeds/zh/cs.AI/2026-01-14?hl=en", "/feeds/zh/cs.AI/2026-01-13?hl=en"):
        assert link in links
    assert "/feeds/zh/daily/cs.AI.xml" in links


def test_a_daily_feed_is_led_to_the_feeds_own_page(client: FlaskClient) -> None:
    response = client.get("/feeds/zh/daily/cs.AI?hl=en")

    assert (response.status_code, response.headers["Location"]) == (302, "/feeds/zh/cs.AI?hl=en")


def test_a_day_that_nobody_knows_is_told(client: FlaskClient) -> None:
    assert client.get("/feeds/cs.AI/2025-06-06", headers=BROWSER).status_code == 404
