"""Saving a feed over HTTP, by form and by JSON: the address, the secret link, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.web_house import BROWSER, House, open_house

FORM = {"name": "still-things", "query": "still OR knots", "title": "Still things"}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Give an application in which everybody may save feeds."""
    with open_house(tmp_path, saving={"mode": "open"}) as opened:
        yield opened


@pytest.fixture
def client(house: House) -> FlaskClient:
    """Give a client of it."""
    return house.client


def save(client: FlaskClient, **values: str) -> TestResponse:
    """Save by JSON."""
    return client.post("/feeds", json=FORM | values)


def secret_path(client: FlaskClient, **values: str) -> str:
    """Save a feed and give the path of its secret link."""
    return str(urlsplit(save(client, **values).get_json()["secret_url"]).path)


def test_a_feed_saved_by_json_is_there_at_once(client: FlaskClient) -> None:
    told = save(client)
    feed = client.get("/feeds/still-things.xml")

    assert told.status_code == 201
    assert told.headers["Location"] == "https://feeds.example.org/feeds/still-things.xml"
    assert told.get_json()["urls"]["xml"] == told.headers["Location"]
    assert feed.status_code == 200
    assert b"Still things" in feed.data
    assert b"2601.00003" in feed.data
    assert b"2601.00004" in feed.data
    assert b"2601.00001" not in feed.data


def test_the_secret_link_keeps_the_language_of_the_page_with_the_form(client: FlaskClient) -> None:
    page = client.post("/feeds?hl=zh", data=FORM, headers=BROWSER)
    (link,) = set(re.findall(r'href="https://feeds.example.org(/saved/[^"]+)"', page.text))
    asked_back = client.post(link, data={"action": "delete"}, headers=BROWSER)

    assert link.endswith("?hl=zh")
    assert '<html lang="zh">' in client.get(link, headers=BROWSER).text
    assert f'<a href="{link}">' in asked_back.text


def test_a_form_is_answered_with_the_address_and_the_secret_link(client: FlaskClient) -> None:
    page = client.post("/feeds", data=FORM, headers=BROWSER)
    links = re.findall(r'href="(https://feeds.example.org/[^"]+)"', page.text)

    assert page.status_code == 201
    assert links[0] == "https://feeds.example.org/feeds/still-things.xml"
    assert client.get(urlsplit(links[1]).path, headers=BROWSER).status_code == 200


def test_pages_with_a_secret_are_kept_by_nobody_and_told_to_nobody(client: FlaskClient) -> None:
    path = secret_path(client)

    for answer in (save(client, name="other-things"), client.get(path), client.get(path, headers=BROWSER)):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_a_saved_feed_is_built_ahead_and_joins_others(house: House) -> None:
    save(house.client)
    house.publisher.build_documents()

    assert house.store.documents.find(("still-things", "xml", "en")) is not None
    assert house.client.get("/feeds/hep-th+still-things.xml").status_code == 200


def test_the_index_lists_saved_feeds_with_their_query(client: FlaskClient) -> None:
    save(client)

    assert "still-things" in client.get("/", headers=BROWSER).text
    assert "knots OR still" in client.get("/", headers=BROWSER).text
    assert "still-things" in client.get("/subscriptions.opml?feeds=still-things").text


@pytest.mark.parametrize("method", ["put", "post"])
def test_a_feed_is_changed_by_its_secret_link(method: str, client: FlaskClient) -> None:
    path = secret_path(client)
    changed = getattr(client, method)(path, json={"query": "wandering", "title": "Others"})
    feed = client.get("/feeds/still-things.xml")

    assert changed.get_json()["query"] == "wandering"
    assert b"Others" in feed.data
    assert b"2601.00002" in feed.data
    assert b"2601.00003" not in feed.data


@pytest.mark.parametrize(
    ("change", "query", "title"),
    [
        ({"query": "wandering"}, "wandering", "Still things"),
        ({"title": "Others"}, "knots OR still", "Others"),
    ],
)
def test_what_is_not_sent_stays(change: dict[str, str], query: str, title: str, client: FlaskClient) -> None:
    changed = client.put(secret_path(client, title="Still things"), json=change).get_json()

    assert (changed["query"], changed["title"]) == (query, title)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"json": {}}, "query"),
        ({"json": {"name": "others", "title": "Others"}}, "name"),
        ({"data": '{"query": "wandering"}', "content_type": "application/x-www-form-urlencoded"}, "query"),
        ({"data": '{"query": "wandering"}'}, "query"),
    ],
    ids=["nothing", "another name", "JSON sent as a form", "JSON sent as nothing"],
)
def test_a_change_that_cannot_be_understood_is_refused_and_changes_nothing(
    sent: dict[str, Any], field: str, client: FlaskClient
) -> None:
    path = secret_path(client, title="Mine")
    before = client.get(path).get_json()
    refused = client.put(path, **sent)

    assert (refused.status_code, refused.get_json()["field"]) == (400, field)
    assert client.get(path).get_json() == before


def test_a_title_that_is_the_query_follows_the_query(client: FlaskClient) -> None:
    path = secret_path(client, title="")
    form = client.get(path, headers=BROWSER).text
    fields = dict(re.findall(r'name="(query|title)" value="([^"]*)"', form))
    told = client.post(path, data=fields | {"query": "wandering"}, headers=BROWSER).text

    assert fields == {"query": "knots OR still", "title": ""}
    assert "<title>wandering</title>" in client.get("/feeds/still-things.xml").text
    assert 'name="title" value=""' in told


@pytest.mark.parametrize("place", ["still-things", "still-things.xml?limit=9", "hep-th+still-things.xml"])
def test_what_was_made_of_the_former_query_is_not_served_again(place: str, client: FlaskClient) -> None:
    path = secret_path(client)
    assert b"2601.00003" in client.get(f"/feeds/{place}").data

    client.put(path, json={"query": "wandering", "title": "Others"})
    changed = client.get(f"/feeds/{place}").data

    assert b"2601.00002" in changed
    assert b"2601.00003" not in changed


@pytest.mark.parametrize("by_form", [True, False])
def test_a_deleted_feed_is_gone(by_form: bool, client: FlaskClient) -> None:
    path = secret_path(client)
    deleted = (
        client.post(path, data={"action": "delete for good"}, headers=BROWSER)
        if by_form
        else client.delete(path)
    )
    asked = client.get("/feeds/still-things.xml")

    assert deleted.status_code == 200
    assert asked.status_code == 410
    assert "was deleted" in asked.text
    assert client.get(path).status_code == 404


def test_a_wrong_secret_opens_nothing(client: FlaskClient) -> None:
    path = secret_path(client)

    for answer in (client.get(f"{path}x"), client.put(f"{path}x", json={}), client.delete(f"{path}x")):
        assert answer.status_code == 404
    assert client.get("/feeds/still-things.xml").status_code == 200


def test_a_bad_query_is_shown_in_the_form_with_a_caret(client: FlaskClient) -> None:
    page = client.post("/feeds", data=FORM | {"query": "still (knots"}, headers=BROWSER)

    assert page.status_code == 400
    assert "still (knots\n      ^" in page.text
    assert 'value="still-things"' in page.text


def test_json_is_refused_with_the_field_to_mend(client: FlaskClient) -> None:
    name = client.post("/feeds", json=FORM | {"name": "cs"})
    query = client.post("/feeds", json=FORM | {"query": ""})

    assert (name.status_code, name.get_json()["field"]) == (400, "name")
    assert (query.status_code, query.get_json()["field"]) == (400, "query")


@pytest.mark.parametrize("body", ["[]", "{", '{"name": 1}', '{"colour": "red"}', '"text"'])
def test_json_of_another_shape_is_refused(body: str, client: FlaskClient) -> None:
    answer = client.post("/feeds", data=body, content_type="application/json")

    assert (answer.status_code, answer.mimetype) == (400, "application/json")
    assert "xpected" in answer.get_json()["error"]


@pytest.mark.parametrize(
    ("sent", "accept", "mimetype"),
    [
        ("application/json", None, "application/json"),
        ("application/json", "text/html", "application/json"),
        ("text/plain", "application/json", "application/json"),
        ("text/plain", "text/html, application/json;q=0.9", "text/html"),
        ("text/plain", "application/json;q=0", "text/plain"),
        ("text/plain", "*/*", "text/plain"),
    ],
)
def test_who_sends_or_accepts_json_is_told_in_json(
    client: FlaskClient, sent: str, accept: str | None, mimetype: str
) -> None:
    headers = {"Accept": accept} if accept else {}
    answer = client.post("/feeds", data="{" * 20_000, content_type=sent, headers=headers)

    assert (answer.status_code, answer.mimetype) == (413, mimetype)
    if mimetype == "application/json":
        assert answer.get_json() == {"error": "The data value transmitted exceeds the capacity limit."}


def test_a_wrong_secret_is_told_in_json_to_who_accepts_it_and_a_feed_that_is_not_there_is_not(
    client: FlaskClient,
) -> None:
    accept = {"Accept": "application/json"}
    secret = client.get("/saved/still-things/x", headers=accept)

    assert (secret.status_code, secret.get_json()) == (404, {"error": "no feed is called 'still-things'"})
    assert client.get("/feeds/nothing-at-all.json", headers=accept).mimetype == "text/plain"


def test_markup_in_a_title_stays_text(client: FlaskClient) -> None:
    save(client, title="<script>alert(1)</script>")
    page = client.get("/", headers=BROWSER)

    assert "<script>alert" not in page.text
    assert "&lt;script&gt;" in page.text


def test_a_body_that_no_feed_needs_is_refused(client: FlaskClient) -> None:
    assert client.post("/feeds", data={"query": "a" * 20_000}).status_code == 413


def test_where_saving_is_off_it_is_refused_and_not_offered(tmp_path: Path) -> None:
    with open_house(tmp_path) as house:
        assert save(house.client).status_code == 403
        assert "Save a feed" not in house.client.get("/", headers=BROWSER).text


def test_with_a_token_only_who_knows_it_saves(tmp_path: Path) -> None:
    with open_house(tmp_path, saving={"mode": "token", "token": "abc"}) as house:
        client = house.client

        assert save(client).status_code == 403
        assert save(client, token="abd").get_json()["field"] == "token"
        assert save(client, token="abc").status_code == 201
        header = {"Authorization": "Bearer abc"}
        assert client.post("/feeds", json=FORM | {"name": "others"}, headers=header).status_code == 201
        assert 'name="token"' in client.get("/", headers=BROWSER).text


def test_a_form_that_deletes_is_asked_back_first(client: FlaskClient) -> None:
    path = secret_path(client)
    asked = client.post(path, data={"action": "delete"}, headers=BROWSER)

    assert asked.status_code == 200
    assert 'value="delete for good"' in asked.text
    assert f'href="{path}"' in asked.text
    assert asked.headers["Cache-Control"] == "no-store"
    assert client.get("/feeds/still-things.xml").status_code == 200
