"""Feeds of papers like others, over HTTP, and the page that makes them of a library."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import feedparser
import pytest
from flask.testing import FlaskClient

from feedsvc.pipeline.sketches import Sketcher
from feedsvc.web.delivery import DATED_AFTER
from feedsvc.web.library import MOST_FEEDS, MOST_SENT_BYTES
from tests.web_house import BROWSER, DAY, House, announce, make_paper, open_house

WALK = "/feeds/like/2601.00001.xml"
JSON = {"Accept": "application/json"}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Give a house in which two papers are alike, and all are sketched."""
    with open_house(tmp_path) as opened:
        announce(opened.store, "cs.AI", make_paper(5, "Another random walk in libraries", "cs.AI"))
        Sketcher(opened.store).sketch_papers()
        yield opened


@pytest.fixture
def client(house: House) -> FlaskClient:
    """Give a client of it."""
    return house.client


def ids(data: bytes) -> list[str]:
    return [entry.id.rpartition("/")[2] for entry in feedparser.parse(data).entries]


def test_a_feed_holds_the_papers_like_the_given_one_and_not_itself(client: FlaskClient) -> None:
    response = client.get(WALK)

    assert (response.status_code, response.mimetype) == (200, "application/atom+xml")
    assert ids(response.data) == ["2601.00005"]
    assert feedparser.parse(response.data).feed.title == "Papers like 2601.00001"


def test_an_entry_says_what_it_is_like_and_by_which_words(client: FlaskClient) -> None:
    content = client.get(WALK).text
    chinese = client.get(WALK.replace("/feeds/", "/feeds/zh/")).text

    assert re.search(r"Like 2601\.00001: libraries, random, walk, \w+<", content)
    assert re.search(r'与 2601\.00001 相似：<span lang="en">[a-z, ]+</span>', chinese)


def test_other_feeds_give_no_reason(client: FlaskClient) -> None:
    assert "Like 2601" not in client.get("/feeds/cs.AI.xml").text


def test_several_given_papers_are_joined_and_left_out(client: FlaskClient) -> None:
    assert ids(client.get("/feeds/like/2601.00001+2601.00005.xml").data) == []
    assert ids(client.get("/feeds/like/2601.00001+2601.00004.xml").data) == ["2601.00005"]


def test_likeness_goes_together_with_the_rest_of_a_query(client: FlaskClient) -> None:
    assert ids(client.get("/feeds/search.xml?q=another+like:2601.00001").data) == ["2601.00005"]
    assert ids(client.get("/feeds/search.xml?q=like:2601.00001+-another").data) == []
    assert ids(client.get("/feeds/search.xml?q=walk+-like:2601.00001").data) == ["2601.00001"]


def test_a_saved_feed_may_ask_for_papers_like_others(tmp_path: Path) -> None:
    with open_house(tmp_path, saving={"mode": "open"}) as house:
        sketcher = Sketcher(house.store)
        house.client.post("/feeds", json={"name": "my-walks", "query": "like:2601.00001", "title": "Walks"})
        house.publisher.build_documents()
        announce(house.store, "cs.AI", make_paper(5, "Another random walk in libraries", "cs.AI"))
        sketcher.sketch_papers()
        house.publisher.build_documents()

        assert ids(house.client.get("/feeds/my-walks.xml").data) == ["2601.00005"]


def test_a_new_paper_comes_in_and_those_before_stay(house: House) -> None:
    house.client.get(WALK)
    house.clock.moment += DATED_AFTER
    before = house.client.get(WALK)
    unlike = make_paper(6, "Cooking with gas", "cs.AI")
    announce(house.store, "cs.AI", unlike, day=DAY + timedelta(days=1))
    Sketcher(house.store).sketch_papers()
    same = house.client.get(WALK)
    announce(house.store, "cs.AI", make_paper(7, "Random walks", "cs.AI"), day=DAY + timedelta(days=2))
    Sketcher(house.store).sketch_papers()

    assert same.data == before.data
    assert same.headers["ETag"] == before.headers["ETag"]
    assert same.headers["Last-Modified"] == before.headers["Last-Modified"]
    assert ids(house.client.get(WALK).data) == ["2601.00007", "2601.00005"]


@pytest.mark.parametrize("path", ["/feeds/like/2601.09999.xml", "/feeds/like/2601.00001+2601.09999.xml"])
def test_a_paper_that_is_not_stored_is_not_found(client: FlaskClient, path: str) -> None:
    response = client.get(path)

    assert response.status_code == 404
    assert "2601.09999 is not stored here" in response.text


def test_no_query_about_it_is_answered_either(client: FlaskClient) -> None:
    assert client.get("/feeds/search.xml?q=walk+-like:2601.09999").status_code == 404


def test_the_page_of_such_a_query_points_at_the_paper(client: FlaskClient) -> None:
    page = client.get("/feeds/search?q=like:2601.09999+walk", headers=BROWSER)

    assert page.status_code == 404
    assert '<pre class="pointer">like:2601.09999 walk\n     ^</pre>' in page.text


def test_what_is_no_identifier_is_refused(client: FlaskClient) -> None:
    response = client.get("/feeds/like/walks.xml", headers=BROWSER)

    assert response.status_code == 400
    assert "no arXiv identifier" in response.text


BIBTEX = b"@misc{a, eprint={2601.00004}}\n@misc{b, url={https://arxiv.org/abs/2601.00001v3}}"
URL = "https://feeds.example.org/feeds/like/2601.00001+2601.00004.xml"


def test_the_page_takes_a_file(client: FlaskClient) -> None:
    page = client.post("/like", data={"file": (BytesIO(BIBTEX), "my.bib"), "text": ""}, headers=BROWSER)

    assert page.status_code == 200
    assert f'href="{URL}"' in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert client.get(URL.removeprefix("https://feeds.example.org")).status_code == 200


def test_the_page_takes_text(client: FlaskClient) -> None:
    page = client.post("/like", data={"text": "2601.00001 2601.00004"}, headers=BROWSER)

    assert f'href="{URL}"' in page.text


@pytest.mark.parametrize(
    "type", ["application/x-bibtex", "text/plain", "application/x-www-form-urlencoded", None]
)
def test_a_program_sends_the_file_itself_and_is_answered_in_json(
    client: FlaskClient, type: str | None
) -> None:
    told = client.post("/like", data=BIBTEX, content_type=type, headers={"Accept": "*/*"})

    assert told.status_code == 200
    assert [feed["url"] for feed in told.get_json()["feeds"]] == [URL]
    assert told.get_json()["unknown"] == []


def test_what_is_not_stored_is_said_and_left_out(client: FlaskClient) -> None:
    told = client.post("/like", data="2601.00001 2601.09998 2601.09999", headers=JSON).get_json()
    page = client.post("/like", data={"text": "2601.00001 2601.09998"}, headers=BROWSER)

    assert told["unknown"] == ["2601.09998", "2601.09999"]
    assert told["feeds"][0]["url"].endswith("/feeds/like/2601.00001.xml")
    assert "left out: 2601.09998" in page.text


def test_a_library_without_arxiv_papers_is_told_what_was_expected(client: FlaskClient) -> None:
    told = client.post("/like", data=b"@book{a, title={A book}}", headers=JSON)
    page = client.post("/like", data={"text": "a book"}, headers=BROWSER)

    assert (told.status_code, page.status_code) == (400, 400)
    assert "expected BibTeX" in told.get_json()["error"]
    assert "expected BibTeX" in page.text


def test_a_large_library_is_several_feeds_the_newest_papers_in_the_first(house: House) -> None:
    papers = [make_paper(number, f"Paper {number}", "cs.AI") for number in range(100, 350)]
    announce(house.store, "cs.AI", *papers)

    told = house.client.post("/like", data="\n".join(paper.id for paper in papers), headers=JSON).get_json()
    urls = [feed["url"] for feed in told["feeds"]]

    assert len(urls) == MOST_FEEDS
    assert urls[0].endswith("+".join(f"2601.{number:05}" for number in range(330, 350)) + ".xml")


@pytest.mark.parametrize("size", [500_000, MOST_SENT_BYTES])
def test_a_library_of_megabytes_is_read(client: FlaskClient, size: int) -> None:
    text = b"2601.00001".ljust(size - 1000)

    assert client.post("/like", data=text, headers=JSON).status_code == 200
    assert client.post("/like", data={"text": text.decode()}, headers=BROWSER).status_code == 200


def test_more_than_that_is_refused(client: FlaskClient) -> None:
    assert client.post("/like", data=b" " * (MOST_SENT_BYTES + 1), headers=JSON).status_code == 413


def test_the_form_is_found_from_the_index(client: FlaskClient) -> None:
    form = client.get("/like", headers=BROWSER)

    assert 'href="/like"' in client.get("/").text
    assert form.status_code == 200
    assert 'type="file"' in form.text


def test_markup_in_a_library_is_no_markup_in_the_page(client: FlaskClient) -> None:
    page = client.post("/like", data={"text": "<b>2601.09999</b> <script>"}, headers=BROWSER)

    assert "<script>" not in page.text
