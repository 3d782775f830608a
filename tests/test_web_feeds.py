"""Feeds over HTTP: canonical addresses, codings, conditions, caching."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path

import brotli
import feedparser
import pytest
import zstandard
from flask.testing import FlaskClient

from feedsvc.paper import BatchState
from feedsvc.render import Format, load_formats
from feedsvc.serve import serve_app
from feedsvc.web.delivery import DATED_AFTER
from tests.builders import make_batch
from tests.web_house import BROWSER, NOON, House, announce, make_paper, open_house

FEED = "/feeds/cs.AI.xml"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    with open_house(tmp_path_factory.mktemp("house")) as opened:
        yield opened.client


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Give a house that a test may change."""
    with open_house(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("format", load_formats().values(), ids=load_formats())
def test_a_feed_comes_in_every_format_under_its_own_type(client: FlaskClient, format: Format) -> None:
    response = client.get(f"/feeds/cs.AI.{format.suffix}")

    assert (response.status_code, response.headers["Content-Type"]) == (200, format.content_type)
    format.check(response.data)


@pytest.mark.parametrize(
    "path",
    [
        "/feeds/cs.AI.xml",
        "/feeds/cs.xml",
        "/feeds/hep-th.xml",
        "/feeds/random-walks.xml",
        "/feeds/cs.AI+cs.CL.xml",
        "/feeds/keyword/random-walk.xml",
        "/feeds/author/lovelace_a.xml",
        "/feeds/search.xml?q=cat:cs.AI+-walk",
        "/feeds/search.xml?q=wander*",
        "/feeds/search.xml?q=ti:~wander",
        "/feeds/search.xml?q=announced:1d",
        "/feeds/search.xml?q=announced:2026..+wandering",
        "/feeds/cs.AI.xml?limit=2",
        "/feeds/zh/cs.AI.xml",
    ],
)
def test_every_kind_of_canonical_address_gives_a_document(client: FlaskClient, path: str) -> None:
    response = client.get(path)

    assert (response.status_code, response.mimetype) == (200, "application/atom+xml")
    assert any(word in response.data for word in (b"Wandering", b"random walk", b"Strings"))


@pytest.mark.parametrize(
    ("asked", "canonical"),
    [
        ("/feeds/CS.ai.xml", "/feeds/cs.AI.xml"),
        ("/feeds/cs.AI.atom", "/feeds/cs.AI.xml"),
        ("/feeds/cs.NA.xml", "/feeds/math.NA.xml"),
        ("/feeds/en/cs.AI.xml", "/feeds/cs.AI.xml"),
        ("/feeds/ZH/cs.AI.xml", "/feeds/zh/cs.AI.xml"),
        ("/feeds/cs.CL+cs.AI+cs.CL.xml", "/feeds/cs.AI+cs.CL.xml"),
        ("/feeds/Random-Walks.xml", "/feeds/random-walks.xml"),
        ("/feeds/cs.AI/", "/feeds/cs.AI"),
        ("/feeds/cs.AI.xml/", "/feeds/cs.AI.xml"),
        ("/feeds/cs.AI.xml?limit=200", "/feeds/cs.AI.xml"),
        ("/feeds/cs.AI.xml?primary=1&limit=5", "/feeds/cs.AI.xml?limit=5&primary=1"),
        ("/feeds/search.xml?q=%22random+walk%22", "/feeds/keyword/random-walk.xml"),
        ("/feeds/search.xml?q=ti:Wander%2A", "/feeds/search.xml?q=ti:wander*"),
        ("/feeds/search.xml?q=ti:tree%2BAND%2Bti:walk", "/feeds/search.xml?q=ti:tree+ti:walk"),
        ("/feeds/search.xml?q=walk%20AND%20tree", "/feeds/search.xml?q=tree+walk"),
        ("/feeds/search.xml?q=tree%20walk", "/feeds/search.xml?q=tree+walk"),
        ("/feeds/search.xml?q=wandering+ti%3Atree", "/feeds/search.xml?q=ti:tree+wandering"),
    ],
)
def test_any_other_spelling_is_led_to_the_canonical_url(
    client: FlaskClient, asked: str, canonical: str
) -> None:
    response = client.get(asked)

    assert (response.status_code, response.headers["Location"]) == (308, canonical)
    assert response.headers["Cache-Control"] == "max-age=3600"


def test_a_path_in_percents_is_the_same_path(client: FlaskClient) -> None:
    assert client.get("/feeds/cs%2EAI%2Bcs.CL.xml").status_code == 200


def test_the_body_comes_plain_to_who_does_not_ask_for_a_coding(client: FlaskClient) -> None:
    response = client.get(FEED)

    assert "Content-Encoding" not in response.headers
    assert response.headers["Content-Length"] == str(len(response.data))


def test_gzip_holds_the_same_bytes_under_a_tag_of_its_own(client: FlaskClient) -> None:
    plain = client.get(FEED)
    packed = client.get(FEED, headers={"Accept-Encoding": "gzip"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["ETag"] == plain.headers["ETag"][:-1] + '-gzip"'
    assert not packed.headers["ETag"].startswith("W/")


@pytest.mark.parametrize(("coding", "unpack"), [("br", brotli.decompress), ("zstd", zstandard.decompress)])
def test_newer_codings_hold_the_same_bytes_under_tags_of_their_own(
    client: FlaskClient, coding: str, unpack: Callable[[bytes], bytes]
) -> None:
    plain = client.get(FEED)
    packed = client.get(FEED, headers={"Accept-Encoding": f"gzip;q=0.5, {coding}"})

    assert packed.headers["Content-Encoding"] == coding
    assert unpack(packed.data) == plain.data
    assert packed.headers["ETag"] == plain.headers["ETag"][:-1] + f'-{coding}"'


@pytest.mark.parametrize(
    "path", [FEED, "/", "/feeds/", "/feeds/none.xml", "/feeds/CS.AI.xml", "/subscriptions.opml"]
)
def test_whatever_may_be_kept_says_until_when(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    until = NOON + timedelta(seconds=int(headers["Cache-Control"].partition("max-age=")[2]))

    assert headers["Expires"] == format_datetime(until, usegmt=True)


def test_no_coding_that_is_accepted_is_said_so(client: FlaskClient) -> None:
    response = client.get(FEED, headers={"Accept-Encoding": "deflate, identity;q=0"})

    assert (response.status_code, response.mimetype) == (406, "text/plain")
    assert "ETag" not in response.headers


def test_what_caches_must_know_is_told(house: House) -> None:
    house.clock.moment += DATED_AFTER
    headers = house.client.get(FEED).headers

    assert headers["Vary"] == "Accept-Encoding, Sec-Fetch-Dest"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Link"] == (
        '<https://feeds.example.org/hub>; rel="hub", '
        '<https://feeds.example.org/feeds/cs.AI.xml>; rel="self", '
        '<https://feeds.example.org/feeds/cs.AI>; rel="alternate"; type="text/html"'
    )
    assert headers["Last-Modified"] == "Wed, 14 Jan 2026 17:00:00 GMT"
    assert headers["Cache-Control"].startswith("public, max-age=")
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_no_cookie_is_ever_set(client: FlaskClient) -> None:
    for path in (FEED, "/", "/feeds/nothing.xml", "/healthz"):
        assert "Set-Cookie" not in client.get(path).headers


def test_a_document_may_be_kept_until_shortly_after_the_next_announcement(house: House) -> None:
    house.clock.moment = NOON + timedelta(hours=2)
    for category in ("cs.AI", "cs.CL", "hep-th", "math.NA"):
        batch = make_batch(category=category, day=date(2026, 1, 14), state=BatchState.QUIET, seen=NOON)
        house.store.ledger.note_batch(batch)
    seconds = house.client.get(FEED).cache_control.max_age
    assert seconds is not None

    switch = datetime(2026, 1, 15, 5, 0, tzinfo=UTC)
    ends = house.clock.moment + timedelta(seconds=seconds)
    assert switch < ends <= switch + timedelta(minutes=15)


@pytest.mark.parametrize("accepted", ["gzip", None])
def test_what_the_client_holds_is_not_sent_again(client: FlaskClient, accepted: str | None) -> None:
    coding = {"Accept-Encoding": accepted} if accepted else {}
    first = client.get(FEED, headers=coding)
    second = client.get(FEED, headers={**coding, "If-None-Match": first.headers["ETag"]})

    assert (second.status_code, second.data) == (304, b"")
    for name in ("ETag", "Cache-Control", "Vary"):
        assert second.headers[name] == first.headers[name]
    assert "Content-Type" not in second.headers
    assert "Content-Length" not in second.headers


@pytest.mark.parametrize(
    ("accepted", "held", "status"),
    [
        (None, '"{tag}-gzip"', 304),
        ("gzip", '"{tag}"', 304),
        ("gzip", 'W/"{tag}-gzip"', 304),
        ("gzip", '"older", "{tag}-gzip"', 304),
        ("gzip", "*", 304),
        ("identity, gzip;q=0", '"{tag}-gzip"', 200),
        ("gzip, identity;q=0", '"{tag}"', 200),
        ("gzip", '"older"', 200),
    ],
)
def test_the_tag_of_any_coding_the_client_takes_is_good(
    client: FlaskClient, accepted: str | None, held: str, status: int
) -> None:
    tag = client.get(FEED).headers["ETag"].strip('"')
    held = held.format(tag=tag)
    coding = {"Accept-Encoding": accepted} if accepted else {}
    response = client.get(FEED, headers={"If-None-Match": held, **coding})

    assert response.status_code == status
    if status == 304 and held != "*":
        assert response.headers["ETag"] in held


@pytest.mark.parametrize(
    ("since", "status"),
    [
        ("Wed, 14 Jan 2026 17:00:00 GMT", 304),
        ("Wed, 14 Jan 2026 17:00:01 GMT", 304),
        ("Wed, 14 Jan 2026 16:59:59 GMT", 200),
        ("not a date", 200),
    ],
)
def test_a_date_alone_is_a_condition(house: House, since: str, status: int) -> None:
    house.clock.moment += DATED_AFTER

    assert house.client.get(FEED, headers={"If-Modified-Since": since}).status_code == status


def test_what_changed_just_now_has_no_date_yet(house: House) -> None:
    """Another state may come in the same second, and would have the same date."""
    house.clock.moment += DATED_AFTER - timedelta(seconds=1)
    answer = house.client.get(FEED, headers={"If-Modified-Since": "Wed, 14 Jan 2026 17:00:00 GMT"})

    assert (answer.status_code, "Last-Modified" in answer.headers) == (200, False)
    assert house.client.get(FEED, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_a_tag_wins_over_a_date(client: FlaskClient) -> None:
    late = "Fri, 01 Jan 2038 00:00:00 GMT"
    response = client.get(FEED, headers={"If-None-Match": '"older"', "If-Modified-Since": late})

    assert response.status_code == 200


def test_head_tells_the_same_without_a_body(client: FlaskClient) -> None:
    whole, head = client.get(FEED), client.head(FEED)

    assert (head.status_code, head.data) == (200, b"")
    assert dict(head.headers) == dict(whole.headers)


def test_one_connection_serves_one_answer_after_another(house: House) -> None:
    with serve_app(house.app, "127.0.0.1", 0, 2) as port:
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        answers = [_ask(connection, "HEAD", {}), _ask(connection, "GET", {"Accept-Encoding": "gzip"})]
        tag = answers[1][1]["ETag"]
        answers.append(_ask(connection, "GET", {"Accept-Encoding": "gzip", "If-None-Match": tag}))
        answers.append(_ask(connection, "GET", {}))
        connection.close()

    assert [status for status, _, _ in answers] == [200, 200, 304, 200]
    assert gzip.decompress(answers[1][2]) == answers[3][2]
    assert answers[0][1]["Content-Length"] == str(len(answers[3][2]))
    assert (answers[0][2], answers[2][2]) == (b"", b"")


def _ask(connection: HTTPConnection, method: str, headers: dict[str, str]) -> tuple[int, HTTPMessage, bytes]:
    connection.request(method, FEED, headers=headers)
    response = connection.getresponse()
    return response.status, response.headers, response.read()


def test_a_new_paper_makes_a_new_tag_and_a_new_date(house: House) -> None:
    house.clock.moment += DATED_AFTER
    first = house.client.get(FEED).headers
    house.clock.moment = NOON + timedelta(hours=1)
    announce(house.store, "cs.AI", make_paper(9, "Walking on", "cs.AI"))
    house.publisher.build_documents()
    house.clock.moment += DATED_AFTER
    second = house.client.get(
        FEED, headers={"If-None-Match": first["ETag"], "If-Modified-Since": first["Last-Modified"]}
    )

    assert second.status_code == 200
    assert b"Walking on" in second.data
    assert second.headers["Last-Modified"] == "Wed, 14 Jan 2026 18:00:00 GMT"


def test_a_person_gets_the_same_bytes_as_xml_to_look_at(client: FlaskClient) -> None:
    reader, person = client.get(FEED), client.get(FEED, headers={"Sec-Fetch-Dest": "document"})

    assert person.headers["Content-Type"] == "application/xml; charset=utf-8"
    assert (person.data, person.headers["ETag"]) == (reader.data, reader.headers["ETag"])


def test_an_atom_document_names_the_stylesheet_that_shows_it(client: FlaskClient) -> None:
    href = b"https://feeds.example.org/static/feed.css"
    assert b'<?xml-stylesheet type="text/css" href="%s"?>' % href in client.get(FEED).data
    with client.get("/static/feed.css") as sheet:
        assert (sheet.status_code, sheet.mimetype) == (200, "text/css")


@pytest.mark.parametrize("path", [FEED, "/feeds/cs.AI.xml?limit=5", "/feeds/zh/cs.AI.xml"])
def test_a_document_links_to_its_own_page_for_people(client: FlaskClient, path: str) -> None:
    feed = feedparser.parse(client.get(path).data).feed

    page = next(link.href for link in feed.links if link.rel == "alternate")
    assert page == f"https://feeds.example.org{path.replace('.xml', '')}"
    assert client.get(page.removeprefix("https://feeds.example.org"), headers=BROWSER).status_code == 200


def test_the_host_that_a_client_names_is_never_believed(client: FlaskClient) -> None:
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    for path in (FEED, "/feeds/CS.AI.xml", "/", "/subscriptions.opml", "/feeds//cs.AI.xml", "/nothing/"):
        response = client.get(path, headers=headers)
        assert b"evil" not in response.data
        assert "evil" not in str(response.headers)


@pytest.mark.parametrize("seen_by_us", ["/arxiv/feeds/{}", "/feeds/{}"])
def test_below_a_path_prefix_links_keep_it_whether_a_proxy_strips_it_or_not(
    tmp_path: Path, seen_by_us: str
) -> None:
    with open_house(tmp_path, base_url="https://example.org/arxiv/") as house:
        found = house.client.get(seen_by_us.format("cs.AI.xml"))
        led = house.client.get(seen_by_us.format("CS.AI.xml"))

    assert found.status_code == 200
    assert ', <https://example.org/arxiv/feeds/cs.AI.xml>; rel="self"' in found.headers["Link"]
    assert led.headers["Location"] == "/arxiv/feeds/cs.AI.xml"
