"""A paper's page and what reference managers find on it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
from flask.testing import FlaskClient

from feedsvc.digest.extractive import ExtractiveSummarizer
from feedsvc.paper import Author, Digest, Paper
from tests.test_web_index import Page
from tests.web_house import BROWSER, DAY, House, announce, open_house

HOSTILE = '</script><script>alert(1)</script> "&amp;'
PAPER = Paper(
    id="2601.00042",
    version=1,
    title=r"Schr\"odinger's $O(n^2)$ cats & dogs",
    abstract="Cats were hard to find. We look into $x^2$ boxes. Now 42 cats are found.",
    authors=(Author("Ada Lovelace", ("University of Somewhere",)), Author("The ATLAS Collaboration")),
    categories=("cs.AI", "math.NA"),
    comments="12 pages",
    doi="10.1000/xyz_1",
    submitted=datetime(2025, 12, 30, 12, tzinfo=UTC),
    complete=True,
)
REPLACED = Paper(**{f: getattr(PAPER, f) for f in Paper.__slots__} | {"version": 2, "title": "Cats & dogs"})
OLD = Paper(**{f: getattr(PAPER, f) for f in Paper.__slots__} | {"id": "hep-th/9901001", "title": HOSTILE})


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("house")) as opened:
        announce(opened.store, "cs.AI", PAPER, OLD)
        announce(opened.store, "math.NA", PAPER)
        announce(opened.store, "cs.AI", REPLACED, day=DAY + timedelta(1))
        digest = ExtractiveSummarizer().summarize(REPLACED, "en")
        assert digest is not None
        chinese = Digest(
            "2601.00042", 2, "zh", "by hand", ("猫很难找。",), ("我们看盒子。",), ("找到了猫。",), "猫"
        )
        opened.store.digests.save([digest, chinese])
        yield opened


@pytest.fixture
def client(house: House) -> FlaskClient:
    return house.client


@pytest.fixture(scope="module")
def text(house: House) -> str:
    return house.client.get("/papers/2601.00042").text


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/papers/2601.00042v1", "/papers/2601.00042"),
        ("/papers/arXiv:2601.00042?hl=zh", "/papers/2601.00042?hl=zh"),
        ("/papers/HEP-TH/9901001.bib", "/papers/hep-th/9901001.bib"),
    ],
)
def test_a_paper_has_one_address(client: FlaskClient, path: str, target: str) -> None:
    response = client.get(path)

    assert (response.status_code, response.headers["Location"]) == (308, target)


@pytest.mark.parametrize(
    "path", ["/papers/2601.77777", "/papers/nothing", "/papers/2601.77777.bib", "/papers/../x"]
)
def test_a_paper_that_is_not_here_is_told(client: FlaskClient, path: str) -> None:
    assert client.get(path, headers=BROWSER).status_code == 404


@pytest.mark.parametrize("paper", ["2601.77777", "hep-th/9901999"])
def test_of_a_paper_that_is_not_in_the_ledger_arxivs_page_is_linked(client: FlaskClient, paper: str) -> None:
    url = f"https://arxiv.org/abs/{paper}"
    page = client.get(f"/papers/{paper}", headers=BROWSER)
    line = client.get(f"/papers/{paper}.bib")

    assert (page.status_code, line.status_code) == (404, 404)
    assert f"Paper {paper} is not in the ledger, at least not yet." in page.text
    assert f'<a href="{url}">{url}</a>' in page.text
    assert line.text == f"paper {paper} is not in the ledger, at least not yet: see {url}\n"


@pytest.mark.parametrize("path", ["/papers/nothing", "/papers/2613.00001", "/papers/%3Cscript%3E"])
def test_what_is_no_paper_leads_nowhere(client: FlaskClient, path: str) -> None:
    text = client.get(path, headers=BROWSER).text

    assert "There is nothing at this address." in text
    assert "arxiv.org/abs" not in text


def test_versions_and_announcements_stand_by_category(text: str) -> None:
    table = text.partition('<table class="facts">')[2].partition("</table>")[0]

    assert re.findall(r'rowspan="(\d)"><a href="([^"]+)"', table) == [
        ("2", "/feeds/cs.AI"),
        ("1", "/feeds/math.NA"),
    ]
    assert 'href="https://arxiv.org/abs/2601.00042v1"' in text
    assert 'href="https://arxiv.org/abs/2601.00042v2"' in text


def test_each_sentence_of_an_extractive_digest_leads_to_its_sentence_of_the_abstract(text: str) -> None:
    ids = set(Page(text).values("id"))
    links = re.findall(r'>([^<>]*)<a class="source" href="#(s\d)"', text)

    assert [target for _, target in links] == ["s1", "s2", "s3"]
    assert {target for _, target in links} <= ids
    assert '<span id="s1">Cats were hard to find.</span>' in text
    assert '<span id="s2">We look into x² boxes.</span>' in text


def test_a_translated_digest_stands_beside_the_original_without_such_links(text: str) -> None:
    section = text.partition("Digest in 中文")[2].partition("</section>")[0]

    assert '<p lang="zh"><b>猫</b></p>' in section
    assert "猫很难找。" in section
    assert "source" not in section


def test_reference_managers_find_highwire_tags(text: str) -> None:
    metas = {a["name"]: a["content"] for tag, a in Page(text).elements if tag == "meta" and "name" in a}
    authors = [a["content"] for _, a in Page(text).elements if a.get("name") == "citation_author"]

    assert metas["citation_title"] == "Cats & dogs"
    assert authors == ["Ada Lovelace", "The ATLAS Collaboration"]
    assert metas["citation_date"] == "2025/12/30"
    assert metas["citation_arxiv_id"] == "2601.00042"
    assert metas["citation_pdf_url"] == "https://arxiv.org/pdf/2601.00042v2"
    assert metas["citation_doi"] == "10.1000/xyz_1"


def test_reference_managers_find_a_context_object(text: str) -> None:
    titles = [a["title"] for _, a in Page(text).elements if a.get("class") == "Z3988"]
    found = parse_qs(str(titles[0]))

    assert found["ctx_ver"] == ["Z39.88-2004"]
    assert found["rft.atitle"] == ["Cats & dogs"]
    assert found["rft.au"] == ["Ada Lovelace", "The ATLAS Collaboration"]
    assert found["rft_id"] == ["https://arxiv.org/abs/2601.00042", "info:doi/10.1000/xyz_1"]


def test_search_engines_find_json(text: str) -> None:
    said = json.loads(text.partition('<script type="application/ld+json">')[2].partition("</script>")[0])

    assert said["@type"] == "ScholarlyArticle"
    assert said["headline"] == "Cats & dogs"
    assert [author["name"] for author in said["author"]] == ["Ada Lovelace", "The ATLAS Collaboration"]


def test_nothing_of_a_paper_ends_the_json_or_becomes_markup(client: FlaskClient) -> None:
    text = client.get("/papers/hep-th/9901001").text

    assert text.count("<script") == 2
    assert json.loads(text.partition('ld+json">')[2].partition("</script>")[0])["headline"].startswith(
        "</script>"
    )


def test_bibtex_is_served_by_itself(client: FlaskClient) -> None:
    response = client.get("/papers/2601.00042.bib")

    assert response.mimetype == "application/x-bibtex"
    assert response.text.startswith("@misc{lovelace2025cats,\n")
    assert client.get("/papers/2601.00042.bib?x=1").status_code == 400


def test_authors_lead_to_their_feeds(text: str) -> None:
    assert '<a href="/feeds/author/ada_lovelace" title="University of Somewhere">Ada Lovelace</a>' in text


def test_similar_papers_are_listed_with_what_they_share(house: House) -> None:
    from feedsvc.pipeline.sketches import Sketcher

    Sketcher(house.store).sketch_papers()
    section = house.client.get("/papers/hep-th/9901001").text.partition("Papers like it")[2]

    assert 'href="/papers/2601.00042"' in section
    assert 'href="/feeds/like/hep-th/9901001"' in section


def test_control_characters_in_an_abstract_are_left_out_of_the_page(house: House) -> None:
    paper = replace(PAPER, id="2601.00077", abstract="Costs $$\x1e$ and $a\x01b^{x}$. \x1b[2J Good.")
    announce(house.store, "cs.AI", paper)
    page = house.client.get("/papers/2601.00077")

    assert page.status_code == 200
    assert not re.search("[\x00-\x08\x0b-\x1f]", page.text)
