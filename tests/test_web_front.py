"""The short way: the same answers as the framework's, and never an old document."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, request_started
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder, run_wsgi_app

from feedsvc.errors import StoreError
from feedsvc.paper import DocumentKey
from feedsvc.web.front import KNOWN_FOR
from feedsvc.web.pulse import INTERVAL
from tests.web_house import NOON, House, announce, make_paper, open_house

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

FEED = "/feeds/cs.AI.xml"
PATHS = (
    FEED,
    "/feeds/hep-th.json",
    "/feeds/zh/cs.AI.rss",
    "/feeds/random-walks.xml",
    "/feeds/cs.AI.xml?limit=2",
    "/feeds/CS.ai.xml",
    "/feeds/nothing.xml",
    "/feeds/cs.AI",
)
CODINGS = st.sampled_from(
    [
        "gzip",
        "gzip, deflate, br, zstd",
        "br;q=0.5, gzip;q=0.4",
        "zstd",
        "*;q=0",
        "identity;q=0",
        "x-gzip",
        "*",
    ]
)
Sent = tuple[str, list[tuple[str, str]], bytes]


@pytest.fixture(scope="module")
def shared_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("house")) as opened:
        yield opened


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_house(tmp_path) as opened:
        yield opened


def _count(asked: list[str], find: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def count(key: Any) -> Any:
        asked.append(find.__name__)
        return find(key)

    return count


class Behind:
    """An application that counts what comes through to the framework."""

    def __init__(self, house: House) -> None:
        self.requests = 0
        request_started.connect(self._count, house.app)

    def _count(self, _app: Flask) -> None:
        self.requests += 1


def ask(app: WSGIApplication, path: str, method: str = "GET", **headers: str) -> Sent:
    """Give status line, headers and body as a server would get them."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    environ = EnvironBuilder(path, method=method, headers=list(named.items())).get_environ()
    body, status, found = run_wsgi_app(app, environ, buffered=True)
    return status, list(found.items()), b"".join(body)


def ask_framework(house: House, path: str, method: str = "GET", **headers: str) -> Sent:
    """Ask past the front."""
    return ask(lambda environ, start: Flask.wsgi_app(house.app, environ, start), path, method, **headers)


@given(
    path=st.sampled_from(PATHS),
    method=st.sampled_from(["GET", "HEAD"]),
    coding=st.none() | CODINGS,
    held=st.none() | st.sampled_from(["", "-gzip", "-br", "-zstd", "W", "*", "older"]),
    since=st.none() | st.integers(-2, 2),
    dest=st.none() | st.sampled_from(["document", "empty"]),
    later=st.integers(0, 40 * 3600),
)
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_law_the_front_answers_as_the_framework_does(
    shared_house: House,
    path: str,
    method: str,
    coding: str | None,
    held: str | None,
    since: int | None,
    dest: str | None,
    later: int,
) -> None:
    shared_house.clock.moment = NOON + timedelta(seconds=later)
    tag = dict(ask_framework(shared_house, path)[1]).get("ETag", '"none"').strip('"')
    tags = {"*": "*", "W": f'"x", W/"{tag}-gzip"', "older": '"older"'}
    headers = {
        "Accept_Encoding": coding,
        "If_None_Match": None if held is None else tags.get(held, f'"{tag}{held}"'),
        "If_Modified_Since": None if since is None else f"Wed, 14 Jan 2026 17:00:0{since} GMT"[:29],
        "Sec_Fetch_Dest": dest,
    }
    asked = {name: value for name, value in headers.items() if value is not None}

    first = ask(shared_house.app.wsgi_app, path, method, **asked)
    second = ask(shared_house.app.wsgi_app, path, method, **asked)

    assert first == second == ask_framework(shared_house, path, method, **asked)


def test_a_document_is_looked_up_once_and_then_known(house: House) -> None:
    behind = Behind(house)
    answers = [ask(house.app.wsgi_app, FEED, Accept_Encoding="gzip") for _ in range(5)]

    assert behind.requests == 1
    assert answers == [answers[0]] * 5


@pytest.mark.parametrize(
    "path", ["/feeds/cs.AI.xml?limit=2", "/feeds/keyword/walk.xml", "/", "/feeds/none.xml"]
)
def test_what_is_not_kept_ready_goes_to_the_framework(house: House, path: str) -> None:
    behind = Behind(house)
    for _ in range(3):
        ask(house.app.wsgi_app, path)

    assert behind.requests == 3


def test_what_changes_something_goes_to_the_framework(house: House) -> None:
    ask(house.app.wsgi_app, FEED)

    assert ask(house.app.wsgi_app, FEED, "POST")[0] == "405 METHOD NOT ALLOWED"


def test_a_document_that_changed_is_sent_after_the_next_beat(house: House) -> None:
    former = ask(house.app.wsgi_app, FEED)
    announce(house.store, "cs.AI", make_paper(9, "Walking on", "cs.AI"))
    house.publisher.build_documents()
    meanwhile = ask(house.app.wsgi_app, FEED)
    house.clock.moment += INTERVAL
    later = ask(house.app.wsgi_app, FEED)

    assert meanwhile == former
    assert b"Walking on" in later[2]


def test_a_change_of_another_document_leaves_one_known(house: House) -> None:
    ask(house.app.wsgi_app, "/feeds/hep-th.xml")
    announce(house.store, "cs.AI", make_paper(9, "Walking on", "cs.AI"))
    house.publisher.build_documents()
    house.clock.moment += INTERVAL
    behind = Behind(house)
    ask(house.app.wsgi_app, "/feeds/hep-th.xml")

    assert behind.requests == 0


def test_what_changed_is_asked_for_once_however_many_documents_are_known(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = (FEED, "/feeds/hep-th.xml", "/feeds/hep-th.json")
    for path in paths:
        ask(house.app.wsgi_app, path)
    asked: list[str] = []
    for name in ("find_tag", "find_changed"):
        monkeypatch.setattr(house.store.documents, name, _count(asked, getattr(house.store.documents, name)))
    announce(house.store, "cs.AI", make_paper(9, "Walking on", "cs.AI"))
    house.publisher.build_documents()
    house.clock.moment += INTERVAL
    for path in paths[1:]:
        ask(house.app.wsgi_app, path)

    assert asked == ["find_changed"]


def test_a_dropped_document_is_forgotten_and_the_others_stay(house: House) -> None:
    for path in (FEED, "/feeds/hep-th.xml"):
        ask(house.app.wsgi_app, path)
    house.store.documents.keep_only(house.store.documents.stamps().keys() - {("cs.AI", "xml", "en")})
    house.clock.moment += INTERVAL
    behind = Behind(house)
    for path in ("/feeds/hep-th.xml", FEED):
        ask(house.app.wsgi_app, path)

    assert behind.requests == 1


def test_a_document_that_changes_while_it_is_learned_is_not_kept(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its tag is the stored one, then it changes, and another thread looks for changes meanwhile."""
    ask(house.app.wsgi_app, "/feeds/hep-th.xml")
    find_tag = house.store.documents.find_tag

    def find_then_change(key: DocumentKey) -> str | None:
        tag = find_tag(key)
        monkeypatch.undo()
        announce(house.store, "cs.AI", make_paper(9, "Walking on", "cs.AI"))
        house.publisher.build_documents()
        house.clock.moment += INTERVAL
        ask(house.app.wsgi_app, "/feeds/hep-th.xml")
        return tag

    monkeypatch.setattr(house.store.documents, "find_tag", find_then_change)
    ask(house.app.wsgi_app, FEED)

    assert b"Walking on" in ask(house.app.wsgi_app, FEED)[2]


def test_now_and_then_the_framework_sees_an_address_again(house: House) -> None:
    behind = Behind(house)
    for _ in range(3):
        ask(house.app.wsgi_app, FEED)
        house.clock.moment += KNOWN_FOR / 2

    assert behind.requests == 2


def test_a_saved_feed_is_never_learned_since_it_may_be_deleted(tmp_path: Path) -> None:
    with open_house(tmp_path, saving={"mode": "open"}) as house:
        house.client.post("/feeds", json={"name": "slow-walks", "query": '"random walk" -fast'})
        house.publisher.build_documents()
        behind = Behind(house)
        statuses = [ask(house.app.wsgi_app, "/feeds/slow-walks.xml")[0] for _ in range(2)]

    assert statuses == ["200 OK"] * 2
    assert behind.requests == 2


def test_known_documents_are_served_while_the_store_is_gone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    former = ask(house.app.wsgi_app, FEED)

    def fail(*_: object) -> None:
        raise StoreError("gone")

    for name in ("edition", "find", "find_tag", "find_changed"):
        monkeypatch.setattr(house.store.documents, name, fail)
    house.clock.moment += timedelta(seconds=1)

    assert ask(house.app.wsgi_app, FEED)[2] == former[2]
    assert ask(house.app.wsgi_app, "/feeds/hep-th.xml")[0].startswith("503")


def test_under_a_prefix_an_address_is_known_with_and_without_it(tmp_path: Path) -> None:
    with open_house(tmp_path, base_url="https://example.org/arxiv") as house:
        behind = Behind(house)
        with_it, without = (ask(house.app.wsgi_app, f"{prefix}{FEED}") for prefix in ("/arxiv", ""))

    assert with_it == without
    assert behind.requests == 1
