"""What goes wrong is said in words: a page for browsers, a line for everyone else."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.web_house import BROWSER, House, open_house


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    with open_house(tmp_path_factory.mktemp("house")) as opened:
        yield opened.client


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Give a house that a test may change."""
    with open_house(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/feeds/cs.AX.xml", 404, "no feed is called 'cs.AX'"),
        ("/feeds/random-walk.xml", 404, "random-walks"),
        ("/feeds/cs.AI+nothing-at-all.xml", 404, "'nothing-at-all'"),
        ("/feeds/search.xml?q=(walk", 400, "at character 1 of '(walk': expected a closing parenthesis"),
        ("/feeds/search.xml?q=", 400, "expected a word"),
        ("/feeds/search.xml", 400, "expected the parameter q"),
        ("/feeds/cs.AI.xml?colour=red", 400, "'colour' is no parameter here"),
        ("/status.json?colour=red", 400, "'colour' is no parameter here: expected none\n"),
        ("/feeds/cs.AI.xml?limit=many", 400, "expected a number from 1 to 200"),
        ("/feeds/cs.AI.xml?limit=5&limit=6", 400, "expected each once"),
        ("/feeds/cs.AI.pdf", 400, "'pdf' is no format"),
        ("/feeds/fr/cs.AI.xml", 400, "'fr' is no language here"),
        ("/feeds/barycentre.xml", 404, "keyword/barycentre"),
        ("/nothing", 404, "Not Found: There is nothing at this address."),
    ],
)
def test_a_program_is_told_in_one_line(client: FlaskClient, path: str, status: int, told: str) -> None:
    response = client.get(path)

    assert (response.status_code, response.mimetype) == (status, "text/plain")
    assert told in response.text
    assert response.text.count("\n") == 1
    assert response.headers["Cache-Control"] == "public, max-age=60"
    assert response.headers["Vary"] == "Accept"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


PAGES = ("/", "/basket", "/like", "/papers/2601.00001", "/search", "/status")


@pytest.mark.parametrize("path", [*PAGES, "/status.json", "/subscriptions.json", "/subscriptions.opml"])
def test_a_parameter_that_nothing_knows_is_refused(client: FlaskClient, path: str) -> None:
    response = client.get(f"{path}?colour=red")

    assert (response.status_code, "'colour' is no parameter here" in response.text) == (400, True)


def test_a_library_that_is_sent_with_a_parameter_that_nothing_knows_is_refused(client: FlaskClient) -> None:
    assert client.post("/like?colour=red", data="2601.00001").status_code == 400


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_what_watches_the_service_may_ask_with_any_parameter(client: FlaskClient, path: str) -> None:
    assert client.get(f"{path}?colour=red").status_code == 200


def test_what_is_for_programs_has_no_language_of_a_page(client: FlaskClient) -> None:
    assert client.get("/status.json?hl=zh").status_code == 400


def test_a_browser_is_shown_the_names_that_come_near_as_links(client: FlaskClient) -> None:
    response = client.get("/feeds/random-walk.xml", headers=BROWSER)

    assert (response.status_code, response.mimetype) == (404, "text/html")
    assert '<a href="/feeds/random-walks.xml">random-walks</a>' in response.text


def test_only_feeds_that_are_served_are_proposed(client: FlaskClient) -> None:
    near = client.get("/feeds/cs.AX.xml").text.strip().partition("near it: ")[2].split(", ")

    assert near[0] == "cs.AI"
    assert [client.get(f"/feeds/{name}.xml").status_code for name in near] == [200] * len(near)


def test_unknown_words_lead_to_their_keyword_feed(client: FlaskClient) -> None:
    response = client.get("/feeds/Nested-Walks.xml", headers=BROWSER)

    assert '<a href="/feeds/keyword/nested-walks.xml">keyword/nested-walks</a>' in response.text
    assert client.get("/feeds/keyword/nested-walks.xml").status_code == 200


@pytest.mark.parametrize(
    "path", ["/feeds/cs.AX.xml", "/feeds/cs.AI+walks.xml", "/subscriptions.opml?feeds=walks"]
)
def test_what_no_keyword_feed_can_replace_leads_to_none(client: FlaskClient, path: str) -> None:
    response = client.get(path)

    assert (response.status_code, "keyword/" in response.text) == (404, False)


def test_a_browser_is_shown_where_a_query_goes_wrong(client: FlaskClient) -> None:
    response = client.get("/feeds/search.xml?q=walk+(tree", headers=BROWSER)

    assert response.status_code == 400
    assert '<pre class="pointer">walk (tree\n     ^</pre>' in response.text
    assert "At character 6: expected a closing parenthesis for this one." in response.text
    assert 'value="walk (tree"' in response.text


def test_a_caret_stands_right_under_a_query_of_several_lines(client: FlaskClient) -> None:
    response = client.get("/feeds/search.xml?q=walk%0A(tree", headers=BROWSER)

    assert '<pre class="pointer">walk (tree\n     ^</pre>' in response.text


@pytest.mark.parametrize(
    "path",
    [
        "/feeds/search.xml?q=(%3Cscript%3E",
        "/feeds/%3Cscript%3E.xml",
        "/feeds/keyword/%3Cscript%3E.pdf",
        "/feeds/cs.AI.xml?%3Cscript%3E=1",
        "/feeds/xx/%22%3E%3Cscript%3E.xml",
        "/%3Cscript%3E",
    ],
)
def test_what_was_asked_is_escaped(client: FlaskClient, path: str) -> None:
    response = client.get(path, headers=BROWSER)

    assert response.status_code in (400, 404)
    assert response.mimetype == "text/html"
    assert re.findall("<script[^>]*>", response.text) == ['<script src="/static/site.js" defer>']


def test_a_page_is_protected(client: FlaskClient) -> None:
    policy = client.get("/nothing", headers=BROWSER).headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("path", ["/", "/feeds/cs.AI.xml", "/subscriptions.opml", "/readyz"])
def test_only_reading_is_allowed(client: FlaskClient, path: str) -> None:
    response = client.post(path)

    assert (response.status_code, response.mimetype) == (405, "text/plain")
    assert {"GET", "HEAD"} <= set(response.headers["Allow"].split(", "))


@pytest.mark.parametrize("path", ["/feeds", "/saved/walks/secret"])
@pytest.mark.parametrize(
    ("headers", "mimetype"),
    [
        ({}, "text/plain"),
        (BROWSER, "text/html"),
        ({"Accept": "application/json"}, "application/json"),
        ({"Content-Type": "application/json"}, "application/json"),
    ],
)
def test_a_method_that_is_not_allowed_is_told_as_any_other_mistake_there(
    client: FlaskClient, path: str, headers: dict[str, str], mimetype: str
) -> None:
    answers = [client.patch(path, headers=headers), client.post("/saved/walks/secret", headers=headers)]

    assert [(each.status_code, each.mimetype) for each in answers] == [(405, mimetype), (404, mimetype)]


@pytest.mark.parametrize(
    ("path", "methods"),
    [("/feeds", {"GET", "HEAD", "POST"}), ("/saved/a/b", {"GET", "HEAD", "POST", "PUT", "DELETE"})],
)
def test_a_method_that_is_not_allowed_is_answered_with_those_that_are(
    client: FlaskClient, path: str, methods: set[str]
) -> None:
    told = client.patch(path, headers={"Accept": "application/json"}).headers["Allow"]

    assert set(told.split(", ")) == methods | {"OPTIONS"}


@pytest.mark.usefixtures("sqlite_only")
@pytest.mark.parametrize("path", ["/feeds/cs.AI.xml", "/feeds/keyword/walk.xml", "/"])
def test_a_store_that_fails_is_a_matter_of_time(house: House, path: str) -> None:
    _lose_the_store(house)
    response = house.client.get(path)

    assert (response.status_code, response.mimetype) == (503, "text/plain")
    assert response.headers["Retry-After"] == "30"
    assert response.headers["Cache-Control"] == "no-store"
    assert "sqlite" not in response.text.lower()


def _lose_the_store(house: House) -> None:
    """Put an empty database in the place of the store's."""
    house.store.close()
    file = Path(house.settings.database_url.removeprefix("sqlite:///"))
    for each in file.parent.glob(f"{file.name}*"):
        each.unlink()


def _break() -> str:
    raise RuntimeError("the secret reason")


@pytest.mark.parametrize(("headers", "mimetype"), [({}, "text/plain"), (BROWSER, "text/html")])
def test_an_unexpected_error_is_logged_and_not_shown(
    house: House, caplog: pytest.LogCaptureFixture, headers: dict[str, str], mimetype: str
) -> None:
    house.app.add_url_rule("/broken", view_func=_break)
    with caplog.at_level(logging.ERROR):
        response = house.client.get("/broken", headers=headers)

    assert (response.status_code, response.mimetype) == (500, mimetype)
    assert "secret" not in response.text
    assert "Traceback" not in response.text
    assert response.headers["Cache-Control"] == "no-store"
    assert "the secret reason" in caplog.text


@pytest.mark.parametrize(
    "path", ["/feeds/%FF%FE.xml", "/feeds/search.xml?q=%FF", "/feeds/a%00b.xml", "/feeds/../x"]
)
def test_bytes_that_are_no_text_are_answered_in_words(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code in (200, 308, 400, 404)


def test_a_category_that_is_not_followed_is_not_there(client: FlaskClient) -> None:
    """Its feed would be empty for ever, and nobody would know why."""
    response = client.get("/feeds/hep-ph.xml")

    assert response.status_code == 404
    assert response.text == "'hep-ph' is not followed here\n"
