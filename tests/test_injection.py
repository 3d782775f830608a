"""What visitors send stays what it is: no statement, no markup, no header, no line of a log."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import pytest
from sqlalchemy import event
from werkzeug.test import TestResponse

from feedsvc.logs import TEXT, TextFormatter
from tests.filled import read_rows
from tests.web_house import BROWSER, House, open_house

SQL = (
    "' OR '1'='1",
    "'; DROP TABLE papers; --",
    '" OR ""="',
    "x') UNION SELECT name, secret FROM saved_feeds --",
    "walk%' ESCAPE '\\",
    "1; SELECT pg_sleep(10)",
    "NEAR(random walk, 5)",
    "{title abstract}: walk",
    "walk AND NOT (abstract : walk",
    "walk & !knots | (still <-> standing)",
    ":name %(name)s ? $1 %s",
    "\\'; --",
)
MARKUP = (
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    "</title><svg onload=alert(1)>",
    "{{7*7}}{% raw %}",
    "javascript:alert(1)",
    "]]><script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
)
LINES = (
    "a\r\nSet-Cookie: stolen=1",
    "a\nLocation: https://evil.example/",
    "a\r\n\r\n<script>alert(1)</script>",
    "a\u2028b\u2029c\x85d",
    "\x1b[2Ja\x9b31m",
    "a\x00b",
    "a\n2026-01-14 00:00:00,000 ERROR   feedsvc forged",
)
PLACES = (
    "/feeds/{}.xml",
    "/feeds/{}",
    "/feeds/keyword/{}.xml",
    "/feeds/author/{}.json",
    "/feeds/like/{}.rss",
    "/feeds/search.xml?q={}",
    "/feeds/search?q={}",
    "/feeds/cs.AI.xml?announce={}",
    "/feeds/cs.AI.xml?limit={}",
    "/feeds/cs.AI.xml?{}=1",
    "/feeds/cs.AI/{}.xml",
    "/feeds/{}/badge.svg",
    "/search?q={}",
    "/search?hl={}",
    "/?filter={}",
    "/?sort={}",
    "/basket?feeds={}",
    "/basket?feeds=cs.AI&own={}",
    "/subscriptions.opml?feeds={}",
    "/subscriptions.json?feeds={}",
    "/papers/{}",
    "/papers/{}.bib",
    "/saved/{0}/{0}",
    "/static/{}",
    "/{}",
)
CSP = "default-src 'none'"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    limits = {"queries_per_minute": 0, "posts_per_minute": 0}
    with open_house(tmp_path_factory.mktemp("house"), saving={"mode": "open"}, limits=limits) as opened:
        opened.client.post("/feeds", json={"name": "secret-walks", "query": "walk"})
        yield opened


def send_everywhere(house: House, text: str) -> Iterator[TestResponse]:
    """Send a text in every place there is for one, and give the answers."""
    for place in PLACES:
        for headers in ({}, BROWSER):
            yield house.client.get(place.format(quote(text, safe="")), headers=headers)
    form = {"name": text, "query": text, "title": text, "token": text, "action": text}
    hub = {"hub.mode": "subscribe", "hub.topic": text, "hub.callback": f"https://{text}/", "hub.secret": text}
    for path, data in (
        ("/feeds", form),
        ("/saved/secret-walks/x", form),
        ("/hub", hub),
        ("/hub", hub | {"hub.mode": "unsubscribe", "hub.callback": "https://reader.example/"}),
        ("/like", {"text": text}),
    ):
        yield house.client.post(path, data=data, headers=BROWSER)
        yield house.client.post(path, json=data)
    for name in (
        "Accept",
        "Accept-Language",
        "Accept-Encoding",
        "If-None-Match",
        "User-Agent",
        "Sec-Fetch-Dest",
    ):
        if text.isascii() and text.isprintable():
            yield house.client.get("/feeds/cs.AI.xml", headers={name: text})
            yield house.client.get("/", headers={name: text})


@pytest.mark.parametrize("text", SQL)
def test_nothing_that_is_sent_becomes_a_statement(house: House, text: str) -> None:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    before = read_rows(house.store)
    event.listen(house.store.engine, "before_cursor_execute", note)
    try:
        answers = list(send_everywhere(house, text))
    finally:
        event.remove(house.store.engine, "before_cursor_execute", note)
    after = read_rows(house.store)

    assert max(answer.status_code for answer in answers) < 500
    assert [statement for statement in statements if text in statement] == []
    kept = {"papers", "announcements", "digests", "documents", "batches"} & before.keys()
    assert kept
    assert {table: after[table] for table in kept} == {table: before[table] for table in kept}


def test_a_query_that_looks_like_a_statement_finds_nothing_more(house: House) -> None:
    for text in ("zzz' OR '1'='1", 'zzz" OR ""="', "zzz%", "zzz_", "zzz' UNION SELECT 1 --"):
        phrase = '"' + text.replace('"', "") + '"'
        answer = house.client.get(f"/search?q={quote(phrase)}")
        assert answer.status_code in (200, 400)
        assert "2601.0000" not in answer.text


@pytest.mark.parametrize("text", MARKUP)
def test_nothing_that_is_sent_becomes_markup(house: House, text: str) -> None:
    for answer in send_everywhere(house, text):
        shown = answer.get_data(as_text=True) if not answer.headers.get("Content-Encoding") else ""
        assert answer.status_code < 500
        assert answer.headers["Content-Security-Policy"].startswith(CSP)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        if answer.mimetype in ("text/html", "image/svg+xml", "application/atom+xml", "application/rss+xml"):
            assert not re.search(r"<(script>|img src=x|svg onload)", shown)
            assert 'href="javascript:' not in shown
            assert "49" not in re.findall(r"<h1>(.*?)</h1>", shown)


@pytest.mark.parametrize("text", LINES)
def test_nothing_that_is_sent_becomes_a_header(house: House, text: str) -> None:
    for answer in send_everywhere(house, text):
        assert answer.status_code < 500, answer.request.path
        assert "Set-Cookie" not in answer.headers
        assert all(value.isprintable() for value in answer.headers.values())
        if location := answer.headers.get("Location"):
            assert urlsplit(location).netloc in ("", "feeds.example.org", "localhost")


@pytest.mark.parametrize("text", [*LINES, *MARKUP[:2], "%s %d {0}"])
def test_nothing_that_is_sent_begins_a_line_of_a_log(house: House, text: str) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(TextFormatter(TEXT))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        for _ in send_everywhere(house, text):
            pass
        logging.getLogger("feedsvc").error("asked for %s", text)
        try:
            raise ValueError(text)
        except ValueError:
            logging.getLogger("feedsvc").exception("it broke")
    finally:
        root.removeHandler(handler)
        root.setLevel(level)

    for line in stream.getvalue().split("\n"):
        assert line.isprintable()
        assert (
            not line or line.startswith("  ") or re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \w+ ", line)
        )
        assert not line.startswith("2026-01-14 00:00:00,000")


@pytest.mark.parametrize(
    "sent", ["[" * 15_000, '{"a":' * 3_000, '{"name": 1}', "[]", "null", '"x"', "{", "\ud800"]
)
def test_json_that_is_deep_or_none_is_refused_in_words(house: House, sent: str) -> None:
    for path in ("/feeds", "/saved/secret-walks/x"):
        body = sent.encode("utf-8", "surrogatepass")
        answer = house.client.post(path, data=body, content_type="application/json")
        assert answer.status_code in (400, 404)


def test_a_secret_is_not_stored_and_not_logged(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    told = house.client.post("/feeds", json={"name": "hidden-walks", "query": "walk OR hidden"}).get_json()
    secret = urlsplit(told["secret_url"]).path.rpartition("/")[2]
    opened = house.client.get(f"/saved/hidden-walks/{secret}")

    assert opened.status_code == 200
    assert len(secret) >= 32
    assert secret not in str(read_rows(house.store))
    assert secret not in caplog.text


def test_a_wrong_secret_and_an_unknown_name_are_answered_alike(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[str, str]] = []

    def compare(one: str, other: str) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr("feedsvc.pipeline.saved.compare_digest", compare)
    answers = [house.client.get(f"/saved/{name}/guess") for name in ("secret-walks", "no-such-name")]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].text.replace("secret-walks", "no-such-name") == answers[1].text
    assert len(compared) == 2, "compared in constant time, whether there is such a feed or not"
    assert {len(part) for pair in compared for part in pair} == {64}
