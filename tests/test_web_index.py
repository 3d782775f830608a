"""The subscription index as a page, as OPML and as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from html.parser import HTMLParser
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from lxml import etree
from sqlalchemy import event

from feedsvc.render import load_formats
from feedsvc.render.opml import Outline, render_opml
from feedsvc.service import make_service
from feedsvc.settings import load_settings
from feedsvc.visitors import SavingSettings
from tests.web_house import BROWSER, House, StoppedClock, open_house

VOID = {"br", "input", "link", "meta"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("house")) as opened:
        yield opened


@pytest.fixture
def client(house: House) -> FlaskClient:
    return house.client


class Page(HTMLParser):
    """Reads a page: its elements' attributes by tag, and whether every element is closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close an element, which must be the one opened last."""
        assert self.open.pop() == tag

    def values(self, name: str) -> list[str]:
        """Give every value of an attribute."""
        return [value for _, attributes in self.elements if (value := attributes.get(name))]


@pytest.fixture(scope="module")
def text(house: House) -> str:
    return house.client.get("/").text


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_the_page_is_well_formed_and_no_id_stands_twice(page: Page) -> None:
    ids = page.values("id")

    assert page.open == []
    assert len(ids) == len(set(ids))
    assert {"feed-cs", "feed-cs.AI", "feed-hep-th", "feed-random-walks"} <= set(ids)


def test_every_link_of_the_page_leads_somewhere(page: Page, client: FlaskClient) -> None:
    ids = set(page.values("id"))
    targets = set(page.values("href"))

    assert {t[1:] for t in targets if t.startswith("#")} <= ids
    for target in targets:
        if not target.startswith("#"):
            with client.get(target) as response:
                assert response.status_code == 200, target


def test_no_link_of_the_page_names_a_host(page: Page) -> None:
    assert all(not urlsplit(target).netloc for target in page.values("href"))


def test_a_category_stands_with_its_name_its_new_papers_and_their_day(text: str) -> None:
    row = text.partition('<tr id="feed-cs.AI">')[2].partition("</tr>")[0]

    assert "Artificial Intelligence" in row
    assert '<td class="count" data-label="on the newest day">3</td>' in row
    assert '<td class="count" data-label="this week">3</td>' in row
    assert '<path d="M57 16v-16"/>' in row
    assert '<time datetime="2026-01-14">14 Jan</time>' in row
    for address in ("zh/cs.AI.xml", *(f"cs.AI.{suffix}" for suffix in load_formats())):
        assert f'href="/feeds/{address}"' in row


def test_the_page_tells_the_newest_day_first_and_links_what_is_late(text: str) -> None:
    head = text.partition("<table")[0]

    assert '<time datetime="2026-01-14">Wednesday 14 January 2026</time>' in head
    assert '<a href="/status">status page</a>' in head
    assert re.search(r"BibTeX file\.\s+Newest", head)


def test_a_ledger_without_a_batch_has_no_newest_day(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    settings = load_settings(categories="cs.AI", feeds_dir=tmp_path, database_url=database)
    with closing(make_service(settings, StoppedClock())) as service:
        text = service.app.test_client().get("/").text

    assert "none yet" in text
    assert "Newest announcements" not in text


@pytest.mark.parametrize("mode", ["off", "open"])
def test_the_contents_lead_to_the_form_for_saving_where_there_is_one(tmp_path: Path, mode: str) -> None:
    with open_house(tmp_path, saving=SavingSettings(mode=mode)) as house:
        page = Page(house.client.get("/").text)

    assert ("#save" in page.values("href")) is ("save" in page.values("id")) is (mode == "open")


@pytest.mark.parametrize("path", ["/", "/status", "/feeds/cs.AX.xml"])
def test_every_page_says_whose_it_is_not_and_which_release_made_it(client: FlaskClient, path: str) -> None:
    foot = client.get(path, headers=BROWSER).text.partition("<footer")[2]

    assert "Not run by arXiv." in foot
    assert f"feedsvc {version('feedsvc')}" in foot


def test_a_language_is_called_as_it_calls_itself(text: str) -> None:
    assert '<a href="/feeds/zh/cs.AI.xml" hreflang="zh" lang="zh">中文</a>' in text


def test_a_category_with_no_batch_yet_says_so(text: str) -> None:
    row = text.partition('<tr id="feed-math.NA">')[2].partition("</tr>")[0]

    assert "none yet" in row
    assert "also called cs.NA" in row


def test_a_defined_feed_stands_with_title_description_and_query(text: str) -> None:
    row = text.partition('<tr id="feed-random-walks">')[2].partition("</tr>")[0]

    assert '<th scope="row"><a href="/feeds/random-walks">random-walks</a></th>' in row
    assert "Random walks" in row
    assert "Walks that nobody steers." in row
    assert "“random walk” or “wandering” in the title" in row
    assert '<td class="count" data-label="on the newest day">2</td>' in row


def test_categories_that_are_not_followed_are_not_listed(page: Page) -> None:
    assert "feed-cs.CV" not in page.values("id")


def test_readers_discover_the_defined_feeds_and_the_archives(page: Page) -> None:
    found = [
        a["href"] for tag, a in page.elements if a.get("type") == "application/atom+xml" and tag == "link"
    ]

    assert found == [
        "/feeds/random-walks.xml",
        "/feeds/cs.xml",
        "/feeds/hep-th.xml",
        "/feeds/math.xml",
    ]


def test_without_a_script_forms_search_filter_and_fill_the_basket(page: Page) -> None:
    forms = [attributes for tag, attributes in page.elements if tag == "form"]

    assert [(form["action"], form["method"]) for form in forms] == [
        ("/search", "get"),
        ("/", "get"),
        ("/basket", "get"),
    ]
    assert page.values("name").count("q") == 1


def test_the_only_script_is_a_file_of_our_own(page: Page) -> None:
    assert {tag for tag, _ in page.elements}.isdisjoint({"style", "iframe", "img"})
    assert [a["src"] for tag, a in page.elements if tag == "script"] == ["/static/site.js"]
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]


@pytest.mark.parametrize("path", ["/", "/subscriptions.opml", "/subscriptions.json"])
def test_the_index_is_not_sent_again_while_it_is_the_same(client: FlaskClient, path: str) -> None:
    first = client.get(path, headers={"Accept-Encoding": "gzip"})
    second = client.get(path, headers={"Accept-Encoding": "gzip", "If-None-Match": first.headers["ETag"]})

    assert (first.status_code, first.headers["Content-Encoding"]) == (200, "gzip")
    assert (second.status_code, second.data) == (304, b"")
    assert first.headers["Cache-Control"] == "public, max-age=300"
    vary = "Accept-Encoding, Accept-Language" if path == "/" else "Accept-Encoding"
    assert first.headers["Vary"] == vary


def test_the_store_is_asked_a_few_times_however_many_feeds_there_are(tmp_path: Path) -> None:
    asked: list[str] = []
    with open_house(tmp_path, categories="", languages="en") as house:
        event.listen(house.store.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
        response = house.client.get("/")
        first = [statement for statement in asked if "SELECT" in statement]
        asked.clear()
        house.client.get("/")

    assert response.text.count('scope="row"') > 155
    assert len(first) <= 9
    # What was counted stays good until the store or a document changes.
    assert len([statement for statement in asked if "SELECT" in statement]) <= 6


def test_opml_lists_every_feed_by_group_under_its_public_address(client: FlaskClient) -> None:
    response = client.get("/subscriptions.opml")
    body = etree.fromstring(response.data).find("body")
    assert body is not None
    groups = {
        group.get("text"): [outline.get("xmlUrl") for outline in group.findall("outline")]
        for group in body.findall("outline")
    }

    base = "https://feeds.example.org/feeds"
    assert response.mimetype == "text/x-opml"
    assert groups == {
        "Keyword feeds": [f"{base}/random-walks.xml"],
        "Computer Science": [f"{base}/cs.xml", f"{base}/cs.AI.xml", f"{base}/cs.CL.xml"],
        "High Energy Physics - Theory": [f"{base}/hep-th.xml"],
        "Mathematics": [f"{base}/math.xml", f"{base}/math.NA.xml"],
    }


def test_the_same_list_is_written_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []

    def note(title: str, outlines: Sequence[Outline]) -> bytes:
        written.append(title)
        return render_opml(title, outlines)

    monkeypatch.setattr("feedsvc.web.index.render_opml", note)
    for path in ("/subscriptions.opml?feeds=cs.CL,hep-th", "/subscriptions.opml?feeds=cs.CL") * 2:
        house.client.get(path)

    assert len(written) == 2


def test_opml_of_another_language_lists_its_feeds_under_its_names(client: FlaskClient) -> None:
    root = etree.fromstring(client.get("/subscriptions.opml?language=zh&feeds=cs,cs.AI,random-walks").data)
    groups = {
        group.get("text"): [(outline.get("title"), outline.get("xmlUrl")) for outline in group]
        for group in root.iterfind("body/outline")
    }

    base = "https://feeds.example.org/feeds/zh"
    assert root.findtext("head/title") == "arXiv 订阅源"
    assert groups == {
        "关键词订阅源": [("Random walks · 中文", f"{base}/random-walks.xml")],
        "计算机科学": [
            ("计算机科学 (cs) · 中文", f"{base}/cs.xml"),
            ("人工智能 (cs.AI) · 中文", f"{base}/cs.AI.xml"),
        ],
    }


@pytest.mark.parametrize(
    ("asked", "title", "url"),
    [
        ("hl=zh", "人工智能 (cs.AI)", "/feeds/cs.AI.xml"),
        ("hl=zh&language=zh", "人工智能 (cs.AI) · 中文", "/feeds/zh/cs.AI.xml"),
        ("hl=en&language=zh", "Artificial Intelligence (cs.AI) · 中文", "/feeds/zh/cs.AI.xml"),
    ],
)
def test_opml_calls_feeds_as_in_the_page_language_that_is_asked_for(
    client: FlaskClient, asked: str, title: str, url: str
) -> None:
    root = etree.fromstring(client.get(f"/subscriptions.opml?feeds=cs.AI&{asked}").data)

    assert root.xpath("//outline[@xmlUrl]/@title") == [title]
    assert root.xpath("//@xmlUrl") == [f"https://feeds.example.org{url}"]


@pytest.mark.parametrize("language", ["fr", ""])
def test_opml_of_a_language_that_is_not_served_is_refused(client: FlaskClient, language: str) -> None:
    response = client.get(f"/subscriptions.opml?language={language}")

    assert (response.status_code, response.text) == (400, f"language={language!r}: expected one of en, zh\n")


@pytest.mark.parametrize("picked", ["", "&feeds=cs.AI,random-walks"])
def test_opml_of_the_default_language_is_the_same_whether_that_is_named_or_not(
    client: FlaskClient, picked: str
) -> None:
    named = client.get(f"/subscriptions.opml?language=en{picked}")
    unnamed = client.get(f"/subscriptions.opml?{picked}")

    assert (named.status_code, named.data) == (200, unnamed.data)


def test_a_chinese_index_offers_the_feeds_in_chinese_first_and_the_others_beside_them(
    client: FlaskClient,
) -> None:
    text = client.get("/?hl=zh").text
    row = text.partition('<tr id="feed-cs.AI">')[2].partition("</tr>")[0]

    assert re.findall(r'href="([^"]*)"', row) == [
        "/feeds/zh/cs.AI?hl=zh",
        "/feeds/zh/cs.AI.xml",
        "/feeds/zh/cs.AI.rss",
        "/feeds/zh/cs.AI.json",
        "/feeds/cs.AI.xml",
    ]
    assert '<a href="/subscriptions.opml" hreflang="en" lang="en">OPML English</a>' in text
    assert "<code>https://feeds.example.org/feeds/zh/cs.AI+cs.CL.xml</code>" in text


def test_a_reader_that_looks_for_feeds_on_a_chinese_index_finds_them_in_chinese(client: FlaskClient) -> None:
    link = 'type="application/atom+xml" title="计算机科学 (cs)" href="/feeds/zh/cs.xml">'

    assert link in client.get("/?hl=zh").text


@pytest.mark.parametrize("words", ["人工", "artificial", "cs.AI"])
def test_a_chinese_index_names_categories_in_chinese_and_finds_them_by_either_name(
    client: FlaskClient, words: str
) -> None:
    text = client.get("/", query_string={"hl": "zh", "filter": words}).text

    assert "<h2>计算机科学</h2>" in text
    assert '<td class="about">人工智能</td>' in text
    assert 'id="feed-hep-th"' not in text


@pytest.mark.parametrize("path", ["/feeds", "/feeds/"])
def test_the_folder_of_all_feeds_leads_to_their_list(client: FlaskClient, path: str) -> None:
    response = client.get(path)

    assert (response.status_code, response.headers["Location"]) == (308, "/")


def test_opml_of_picked_feeds_holds_these_alone(client: FlaskClient) -> None:
    path = "/subscriptions.opml?feeds=cs.ai,+random-walks,&feeds=hep-th"
    found = etree.fromstring(client.get(path).data)

    addresses = [url.rpartition("/")[2] for url in found.xpath("//@xmlUrl")]
    assert addresses == ["random-walks.xml", "cs.AI.xml", "hep-th.xml"]


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        ("feeds=cs.AI,nothing-at-all", 404, "nothing-at-all"),
        ("feeds=cs.AI,cs.CV", 404, "'cs.CV' is not followed here"),
        ("feed=cs.AI", 400, "'feed' is no parameter here: expected feeds"),
        ("feeds=" + ",".join(f"keyword/w{number}" for number in range(201)), 400, "at most 200"),
    ],
)
def test_what_cannot_be_picked_is_told(client: FlaskClient, query: str, status: int, told: str) -> None:
    for path in ("/subscriptions.opml", "/subscriptions.json"):
        response = client.get(f"{path}?{query}")
        assert (response.status_code, told in response.text) == (status, True)


def test_json_gives_each_feed_with_its_query_and_addresses(client: FlaskClient) -> None:
    response = client.get("/subscriptions.json?feeds=random-walks")

    base = "https://feeds.example.org/feeds"
    assert response.mimetype == "application/json"
    assert json.loads(response.data)["feeds"] == [
        {
            "name": "random-walks",
            "title": "Random walks",
            "query": '"random walk" OR ti:wandering',
            "urls": {suffix: f"{base}/random-walks.{suffix}" for suffix in load_formats()},
            "languages": {"zh": {suffix: f"{base}/zh/random-walks.{suffix}" for suffix in load_formats()}},
        }
    ]


def test_below_a_path_prefix_every_link_of_the_page_keeps_it(tmp_path: Path) -> None:
    with open_house(tmp_path, base_url="https://example.org/arxiv") as house:
        text = house.client.get("/arxiv/").text
        page = Page(text)
        robots = house.client.get("/arxiv/robots.txt").text

    links = [target for target in page.values("href") + page.values("action") if not target.startswith("#")]
    assert all(target.startswith("/arxiv/") for target in links)
    assert "<code>https://example.org/arxiv/feeds/cs.AI+cs.CL.xml</code>" in text
    assert "Disallow: /arxiv/feeds/search." in robots
