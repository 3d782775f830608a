"""The search page: results with their words marked, mistakes under the character, ways to subscribe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from feedsvc.visitors import SavingSettings
from tests.test_web_index import Page
from tests.web_house import BROWSER, open_house

BASE = "https://feeds.example.org"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    with open_house(tmp_path_factory.mktemp("house")) as opened:
        yield opened.client


def test_results_have_the_words_of_the_query_marked(client: FlaskClient) -> None:
    text = client.get("/search?q=walk+au:lovelace").text

    assert re.findall(r'<article class="card new" id="([^"]+)"', text) == ["p-2601.00001"]
    assert "A random <mark>walk</mark> through a library" in text
    assert "We study a random <mark>walk</mark>" in text
    assert "<mark>Ada Lovelace</mark>" in text


def test_a_query_leads_to_its_canonical_feed_in_every_format(client: FlaskClient) -> None:
    links = Page(client.get("/search?q=walk+OR+knots").text).values("href")

    for suffix in ("xml", "rss", "json"):
        assert f"{BASE}/feeds/search.{suffix}?q=knots+OR+walk" in links
    assert f"{BASE}/feeds/zh/search.xml?q=knots+OR+walk" in links


def test_a_search_in_chinese_offers_the_feed_in_chinese_first(client: FlaskClient) -> None:
    links = Page(client.get("/search?q=walk+-hopfield&hl=zh").text).values("href")

    assert f"feed:{BASE}/feeds/zh/search.xml?q=walk+-hopfield" in links
    assert f"feed:{BASE}/feeds/search.xml?q=walk+-hopfield" not in links
    assert f"{BASE}/feeds/search.xml?q=walk+-hopfield" in links


@pytest.mark.parametrize(
    ("query", "feed"), [("cat:cs.AI", "cs.AI"), ("walk", "keyword/walk"), ("au:lovelace", "author/lovelace")]
)
def test_a_query_that_has_a_feed_of_its_own_leads_to_that(client: FlaskClient, query: str, feed: str) -> None:
    assert f"<code>{BASE}/feeds/{feed}.xml</code>" in client.get(f"/search?q={query}").text


def test_a_mistake_is_shown_under_its_character_and_the_query_stays(client: FlaskClient) -> None:
    response = client.get("/search?q=walk+(tree", headers=BROWSER)

    assert response.status_code == 400
    assert '<pre class="pointer">walk (tree\n     ^</pre>' in response.text
    assert "At character 6:" in response.text
    assert 'value="walk (tree" ' in response.text
    assert 'aria-describedby="q-problem"' in response.text
    assert 'data-position="5"' in response.text


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("in:cs.CV", "'cs.CV' is not followed here."),
        ("like:2601.99999", "paper 2601.99999 is not stored here: expected one that is,"),
        ("walk like:2601.99999", "paper 2601.99999 is not stored here"),
    ],
)
def test_what_is_not_here_is_told_beside_the_query_as_a_mistake_is(
    client: FlaskClient, query: str, told: str
) -> None:
    response = client.get("/search", query_string={"q": query})
    text = unescape(response.text)

    assert response.status_code == 400
    assert f'value="{query}"' in text
    assert told in text.partition('id="q-problem"')[2]
    assert 'aria-describedby="q-problem"' in text


@pytest.mark.parametrize(
    ("query", "place"), [("like:2601.99999", 5), ("walk (-like: arXiv:2601.99999v2 OR ti:tree)", 13)]
)
def test_a_paper_that_is_not_here_is_pointed_at(client: FlaskClient, query: str, place: int) -> None:
    text = client.get("/search", query_string={"q": query}).text

    assert f'<pre class="pointer">{query}\n{" " * place}^</pre>' in text
    assert f'data-position="{place}"' in text


def test_what_is_not_here_is_told_in_the_language_of_the_page(client: FlaskClient) -> None:
    text = client.get("/search?q=like:2601.99999&hl=zh").text

    assert "<p>第 6 个字符处： 本站未收录论文 2601.99999：" in text


def test_without_a_query_there_are_the_form_and_the_syntax(client: FlaskClient) -> None:
    response = client.get("/search")

    assert response.status_code == 200
    assert "<code>exoplanet -transit</code>" in response.text
    assert "<article" not in response.text


def test_a_query_that_finds_nothing_can_be_subscribed_to(client: FlaskClient) -> None:
    text = client.get("/search?q=unheard-of").text

    assert "the feed will have the next one that comes" in text
    assert f"{BASE}/feeds/keyword/unheard-of.xml" in text


@pytest.mark.parametrize("mode", ["off", "open"])
def test_a_query_can_be_saved_where_that_is_allowed(tmp_path: Path, mode: str) -> None:
    with open_house(tmp_path, saving=SavingSettings(mode=mode)) as house:
        text = house.client.get("/search?q=walk").text

    assert ('action="/feeds" method="post"' in text) is (mode == "open")
    assert ('name="query" value="walk"' in text) is (mode == "open")


def test_every_example_of_the_syntax_is_a_query(client: FlaskClient) -> None:
    examples = re.findall(r"<dt><code>(.*?)</code>", client.get("/search").text)

    assert len(examples) == 14
    for example in examples:
        query = example.replace("&#34;", '"')
        if not query.endswith(":") and "like:" not in query and "cs." not in query:
            assert client.get("/search", query_string={"q": query}).status_code == 200, query
