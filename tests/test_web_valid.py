"""Every page is valid HTML in both languages, and none weighs more than a slow line carries."""

from __future__ import annotations

import gzip
import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import html5lib
import pytest

from feedsvc.digest.extractive import ExtractiveSummarizer
from feedsvc.standin.prose import write_text
from tests.pages import PAGES, open_pages
from tests.test_web_index import Page
from tests.web_house import BROWSER, House, announce, make_paper, open_house

MOST_INDEX = 100_000
MOST_FEED = 200_000
MOST_SCRIPT = 8_000


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_pages(tmp_path_factory.mktemp("house")) as opened:
        yield opened


@pytest.fixture(scope="module")
def full_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Give a house that follows all of arXiv, with 200 papers of usual length in one feed."""
    random = Random(1)
    papers = []
    for number in range(1000, 1200):
        texts = [write_text(random) for _ in range(2)]
        abstract = " ".join(text.abstract for text in texts)
        papers.append(replace(make_paper(number, texts[0].title, "cs.LG", "stat.ML"), abstract=abstract))
    with open_house(tmp_path_factory.mktemp("house"), categories="", languages="en,zh") as opened:
        announce(opened.store, "cs.LG", *papers)
        digests = [ExtractiveSummarizer().summarize(paper, "en") for paper in papers]
        opened.store.digests.save([digest for digest in digests if digest])
        yield opened


def read_page(house: House, path: str, language: str) -> str:
    return house.client.get(path, headers=BROWSER | {"Accept-Language": language}).text


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_valid_html(house: House, path: str, language: str) -> None:
    html5lib.HTMLParser(strict=True).parse(read_page(house, path, language))


@pytest.mark.parametrize("path", PAGES)
def test_headings_are_in_order_and_ids_are_single(house: House, path: str) -> None:
    page = Page(read_page(house, path, "en"))
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    ids = page.values("id")

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", PAGES)
def test_no_page_asks_another_host_for_anything(house: House, path: str) -> None:
    page = Page(read_page(house, path, "en"))
    asked = [a.get("src") for _, a in page.elements] + [
        a.get("href") for tag, a in page.elements if tag == "link" and a.get("rel") in ("stylesheet", "icon")
    ]

    assert [address for address in asked if address and not address.startswith("/static/")] == []


@pytest.mark.parametrize(
    ("path", "most"), [("/", MOST_INDEX), ("/feeds/cs.LG", MOST_FEED), ("/static/site.js", MOST_SCRIPT)]
)
def test_what_is_sent_is_light(full_house: House, path: str, most: int) -> None:
    with full_house.client.get(path) as response:
        size = len(gzip.compress(response.data, 6))

    assert 500 < size < most


def test_the_page_that_is_weighed_has_200_papers(full_house: House) -> None:
    text = full_house.client.get("/feeds/cs.LG").text

    assert text.count('<article class="card') == 200
    assert len(text) / 200 > 1000


def test_style_and_script_come_on_top_of_no_page_but_once(full_house: House) -> None:
    weight = 0
    for path in ("/", "/static/site.css", "/static/site.js", "/static/icon.svg"):
        with full_house.client.get(path) as response:
            weight += len(gzip.compress(response.data, 6))

    assert weight < MOST_INDEX


def test_a_stylesheet_names_no_file_of_another_host() -> None:
    from feedsvc import web

    for sheet in (Path(web.__file__).parent / "static").glob("*.css"):
        assert "url(" not in re.sub(r"@namespace[^;]*;", "", sheet.read_text("utf-8"))
