"""Pages in English and Chinese: by the address, the path, or what a browser likes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from string import Formatter

import pytest
from flask.testing import FlaskClient

import feedsvc
from feedsvc import web
from feedsvc.told import tell
from feedsvc.web.language import choose_language, load_sentences, retell, say
from tests.web_house import BROWSER, DEFINITION, open_house

TEMPLATES = Path(web.__file__).parent / "templates"
_SAID = re.compile(r"""say\((?:"([^"]*)"|'([^']*)')""")
CHINESE = BROWSER | {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    with open_house(tmp_path_factory.mktemp("house")) as opened:
        yield opened.client


@pytest.mark.parametrize(
    ("asked", "of_path", "accepted", "language"),
    [
        (None, None, None, "en"),
        (None, None, "fr, de;q=0.5", "en"),
        (None, None, "fr, zh-TW;q=0.5", "zh"),
        (None, None, "en, zh;q=0.9", "en"),
        (None, None, "zh;q=0, en;q=0.1", "en"),
        (None, "zh", "en", "zh"),
        (None, "cs-CZ", "zh", "zh"),
        ("en", "zh", "zh", "en"),
    ],
)
def test_the_address_decides_then_the_path_then_the_browser(
    asked: str | None, of_path: str | None, accepted: str | None, language: str
) -> None:
    assert choose_language(asked, of_path, accepted) == language


def test_every_sentence_of_the_templates_is_translated() -> None:
    said = {
        found[1] or found[2]
        for template in TEMPLATES.glob("*.html")
        for found in _SAID.finditer(template.read_text("utf-8"))
    }

    assert said - set(load_sentences("zh")) == set()


def find_told() -> Iterator[str]:
    """Find the patterns of every sentence that the package tells, be they given a name before."""
    for module in Path(feedsvc.__file__).parent.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(module.read_text("utf-8"))))
        named: dict[str, list[ast.expr]] = {}
        for node in nodes:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                named.setdefault(node.targets[0].id, []).append(node.value)
        for node in nodes:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "tell":
                first = node.args[0]
                for given in named[first.id] if isinstance(first, ast.Name) else [first]:
                    yield from (each.value for each in choose(given) if isinstance(each.value, str))


def choose(given: ast.expr) -> Iterator[ast.Constant]:
    """Give the constants that an expression may be."""
    if isinstance(given, ast.IfExp):
        yield from (*choose(given.body), *choose(given.orelse))
    elif isinstance(given, ast.Constant):
        yield given


def test_every_sentence_that_visitors_may_be_told_is_translated() -> None:
    told = set(find_told())

    assert len(told) > 90
    assert told - set(load_sentences("zh")) == set()


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/search?q=walk+(tree&hl=zh", "第 6 个字符处： 这个括号缺少右括号。"),
        ("/search?q=kind:news&hl=zh", "应为 new, cross, replace, replace-cross 之一。"),
        ("/search?q=ti:&hl=zh", "'ti:' 之后应为词或带引号的短语。"),
        ("/feeds/search?q=walk+(tree&hl=zh", "第 6 个字符处：这个括号缺少右括号。"),
        ("/feeds/zh/cs.AX", "没有名为 'cs.AX' 的订阅源。"),
        ("/feeds/zh/cs.AI/2020-01-01", "本站没有 2020-01-01 的任何记录：应为 2026-01-"),
        ("/feeds/zh/cs.AI?colour=red", "这里没有参数 'colour'：可用的有 announce, limit, primary。"),
        ("/feeds/hep-ph?hl=zh", "本站不跟踪 'hep-ph'。"),
        ("/?sort=size&hl=zh", "sort='size'：应为 week, readers 之一。"),
        ("/nothing?hl=zh", "这个地址没有内容。"),
    ],
)
def test_a_chinese_page_tells_in_chinese_what_is_wrong(client: FlaskClient, path: str, told: str) -> None:
    text = unescape(client.get(path, headers=BROWSER).text)

    assert '<html lang="zh">' in text
    assert told in text
    assert 'lang="en">' not in text.partition("<main")[2]


@pytest.mark.parametrize("path", ["zh-walks", "zh-walks/2026-01-14", "zh"])
@pytest.mark.parametrize(("liked", "language"), [("en", "en"), ("zh", "zh")])
def test_a_feeds_name_that_begins_like_a_language_is_not_one_where_it_goes_wrong(
    client: FlaskClient, path: str, liked: str, language: str
) -> None:
    response = client.get(f"/feeds/{path}", headers=BROWSER | {"Accept-Language": liked})

    assert response.status_code == 404
    assert f'<html lang="{language}">' in response.text


def test_what_nobody_translated_stays_english_and_is_marked() -> None:
    assert retell("zh", tell("no {what} here", what="<b>")) == '<span lang="en">No &lt;b&gt; here.</span>'


def test_what_is_wrong_is_told_to_programs_in_english_whatever_they_like(client: FlaskClient) -> None:
    response = client.get("/feeds/zh/cs.AX.xml", headers={"Accept-Language": "zh"})

    assert response.text.startswith("no feed is called 'cs.AX'")


def test_a_translation_has_the_places_of_its_sentence() -> None:
    def places(text: str) -> set[str | None]:
        return {name.partition(".")[0] for _, name, _, _ in Formatter().parse(text) if name}

    wrong = [
        english for english, chinese in load_sentences("zh").items() if places(english) != places(chinese)
    ]

    assert wrong == []


def test_what_is_put_into_a_sentence_is_escaped() -> None:
    assert say("en", "Search: {query}", query="<b>") == "Search: &lt;b&gt;"


@pytest.mark.parametrize("path", ["/", "/search", "/status", "/like", "/feeds/cs.AI", "/papers/2601.00001"])
def test_a_browser_that_likes_chinese_gets_it_and_caches_are_told(client: FlaskClient, path: str) -> None:
    english, chinese = client.get(path, headers=BROWSER), client.get(path, headers=CHINESE)

    assert '<html lang="en">' in english.text
    assert '<html lang="zh">' in chinese.text
    assert (english.headers["Content-Language"], chinese.headers["Content-Language"]) == ("en", "zh")
    assert english.headers["ETag"] != chinese.headers["ETag"]
    assert chinese.headers["Vary"] == "Accept-Encoding, Accept-Language"


@pytest.mark.parametrize(
    "path", ["/?hl=zh", "/feeds/cs.AI?hl=zh", "/feeds/cs.AI?announce=new&hl=zh", "/feeds/zh/cs.AI"]
)
def test_an_address_that_names_a_language_depends_on_no_header(client: FlaskClient, path: str) -> None:
    response = client.get(path, headers=BROWSER)

    assert '<html lang="zh">' in response.text
    assert response.headers["Vary"] == "Accept-Encoding"


def test_links_of_a_page_keep_the_language_that_was_asked_for(client: FlaskClient) -> None:
    text = client.get("/?hl=zh").text

    for link in ("/search?hl=zh", "/status?hl=zh", "/feeds/zh/cs.AI?hl=zh", "/?hl=en"):
        assert f'href="{link}"' in text
    assert '<input type="hidden" name="hl" value="zh">' in text


PLACES = ("/", "/search?q=walk", "/like", "/status", "/basket?feeds=cs.AI", "/papers/2601.00001")
FEEDS = ("/feeds/zh/cs.AI", "/feeds/zh/cs.AI/2026-01-14", "/feeds/zh/nothing", "/feeds/zh/cs.AI?announce=new")
CARRIED = re.compile(r"[?&]hl=zh")
# What readers and programs take, and the folder whose language is its own.
OTHERS = re.compile(r"\.(xml|rss|json|md|opml|bib|css|js|svg)(\?|$)|^/feeds/zh/|^/feeds$|[?&]hl=en")


@pytest.mark.parametrize("path", [f"{path}{'&' if '?' in path else '?'}hl=zh" for path in PLACES] + [*FEEDS])
def test_every_link_to_a_page_keeps_the_language_that_the_address_names(
    client: FlaskClient, path: str
) -> None:
    text = client.get(path, headers=BROWSER).text
    links = {unescape(link) for link in re.findall(r'<(?:a|form)\b[^>]*? (?:href|action)="(/[^"]*)"', text)}
    pages = {link for link in links if not OTHERS.search(link)}
    forms = re.findall(r'<form [^>]*action="[^"]*" method="get".*?</form>', text, re.DOTALL)

    assert '<html lang="zh">' in text
    assert {"/?hl=zh", "/search?hl=zh", "/like?hl=zh", "/status?hl=zh"} <= pages
    assert [link for link in pages if not CARRIED.search(link)] == []
    assert all('<input type="hidden" name="hl" value="zh">' in form for form in forms)


def test_a_page_in_the_language_of_its_path_leads_to_its_like_without_a_parameter(
    client: FlaskClient,
) -> None:
    text = client.get("/feeds/zh/cs.AI").text

    for link in ("/feeds/zh/cs.AI/2026-01-14", "/feeds/zh/cs.AI?announce=new", "/papers/2601.00001?hl=zh"):
        assert f'href="{link}"' in text


@pytest.mark.parametrize("path", ["/", "/search", "/status", "/feeds/cs.AI", "/papers/2601.00001", "/no"])
@pytest.mark.parametrize(("language", "address"), [("en", ""), ("zh", "?language=zh")])
def test_a_pages_foot_leads_to_the_list_of_feeds_in_its_language(
    client: FlaskClient, path: str, language: str, address: str
) -> None:
    foot = client.get(f"{path}?hl={language}", headers=BROWSER).text.partition("<footer")[2]

    assert f'<a href="/subscriptions.opml{address}">OPML</a>' in foot


def test_where_no_feeds_are_in_a_pages_language_it_offers_those_that_are(tmp_path: Path) -> None:
    with open_house(tmp_path, languages="en") as house:
        text = house.client.get("/?hl=zh").text

    assert 'href="/subscriptions.opml"' in text
    assert "/feeds/zh/" not in text


@pytest.mark.parametrize("path", ["/zh", "/zh/", "/zh?hl=en"])
def test_a_language_alone_leads_to_the_index_in_it(client: FlaskClient, path: str) -> None:
    response = client.get(path)

    assert (response.status_code, response.headers["Location"]) == (308, "/?hl=zh")


def test_what_is_no_language_of_pages_leads_nowhere(client: FlaskClient) -> None:
    assert client.get("/fr").status_code == 404


@pytest.fixture(scope="module")
def translated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """Give a client of a house whose keyword feed has a Chinese title and description."""
    folder, feeds = tmp_path_factory.mktemp("house"), tmp_path_factory.mktemp("feeds")
    said = '[translations.zh]\ntitle = "随机游走"\ndescription = "无人引导的游走。"\n'
    (feeds / "random-walks.toml").write_text(DEFINITION + said, "utf-8")
    with open_house(folder, feeds_dir=feeds) as opened:
        yield opened.client


@pytest.mark.parametrize("path", ["/?", "/feeds/random-walks?", "/basket?feeds=random-walks&"])
def test_a_page_calls_a_translated_feed_as_in_its_language(translated: FlaskClient, path: str) -> None:
    chinese, english = (translated.get(f"{path}hl={each}").text for each in ("zh", "en"))

    assert "随机游走" in chinese
    assert "随机游走" not in english
    assert "Random walks" in english


@pytest.mark.parametrize("words", ["游走", "引导", "steers", "Random"])
def test_a_translated_feed_is_found_by_either_name(translated: FlaskClient, words: str) -> None:
    assert "无人引导的游走。" in translated.get("/", query_string={"hl": "zh", "filter": words}).text


def test_a_feed_that_a_reader_takes_has_no_page_language(client: FlaskClient) -> None:
    response = client.get("/feeds/cs.AI.xml?hl=zh")

    assert (response.status_code, "'hl' is no parameter here" in response.text) == (400, True)


def test_an_unknown_language_is_told(client: FlaskClient) -> None:
    response = client.get("/?hl=xx")

    assert (response.status_code, response.text) == (400, "hl='xx': expected one of en, zh\n")
