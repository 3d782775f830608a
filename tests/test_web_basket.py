"""The basket as a page, without any script."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from tests.test_web_index import Page
from tests.web_house import BROWSER, open_house

BASE = "https://feeds.example.org"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    with open_house(tmp_path_factory.mktemp("house")) as opened:
        yield opened.client


def test_the_ticks_of_a_form_lead_to_the_one_address_of_their_basket(client: FlaskClient) -> None:
    response = client.get("/basket?feeds=random-walks&feeds=cs.ai&feeds=cs.AI&hl=zh")

    assert response.status_code == 302
    assert response.headers["Location"] == "/basket?feeds=cs.AI,random-walks&hl=zh"


def test_a_basket_gives_a_file_a_combined_feed_and_readers(client: FlaskClient) -> None:
    text = client.get("/basket?feeds=cs.AI,hep-th,random-walks").text
    links = Page(text).values("href")

    assert "/subscriptions.opml?feeds=cs.AI,hep-th,random-walks" in links
    assert f"{BASE}/feeds/cs.AI+hep-th+random-walks.xml" in links
    assert f"feed:{BASE}/feeds/cs.AI+hep-th+random-walks.xml" in links
    assert not [link for link in links if "bookmarklet" in link]
    for link in links[-12:]:
        if link.startswith("/"):
            assert client.get(link).status_code == 200, link


def test_a_basket_in_chinese_gives_feeds_in_chinese_and_leads_to_the_others(client: FlaskClient) -> None:
    links = Page(client.get("/basket?feeds=cs.AI,hep-th&hl=zh").text).values("href")

    assert "/subscriptions.opml?feeds=cs.AI,hep-th&language=zh" in links
    assert f"feed:{BASE}/feeds/zh/cs.AI+hep-th.xml" in links
    assert "/feeds/zh/cs.AI+hep-th.rss" in links
    assert "/feeds/cs.AI+hep-th.xml" in links


def test_a_reader_of_ones_own_is_linked(client: FlaskClient) -> None:
    text = client.get("/basket?feeds=cs.AI&own=rss.example.org").text

    assert 'href="https://rss.example.org/bookmarklet?uri=https%3A%2F%2Ffeeds.example.org' in text


def test_an_empty_basket_says_so(client: FlaskClient) -> None:
    response = client.get("/basket")

    assert (response.status_code, "It is empty." in response.text) == (200, True)


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        ("feeds=nothing-at-all", 404, "nothing-at-all"),
        ("feeds=cs.CV", 404, "is not followed here"),
        ("feeds=cs.AI&own=javascript:alert(1)", 400, "expected the address of a reader"),
        ("names=cs.AI", 400, "'names' is no parameter here"),
        ("feeds=" + ",".join(f"a{n}" for n in range(201)), 400, "201 feeds are given"),
    ],
)
def test_what_cannot_be_put_in_is_told(client: FlaskClient, query: str, status: int, told: str) -> None:
    response = client.get(f"/basket?{query}", headers=BROWSER)

    assert (response.status_code, told in response.text.replace("&#39;", "'")) == (status, True)
