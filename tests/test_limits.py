"""How often one client may ask: what is made for it alone is counted, and what is at hand is not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from feedsvc.web.limits import Limit
from tests.web_house import BROWSER, House, StoppedClock, announce, make_paper, open_house

FEW = {"queries_per_minute": 6, "queries_at_once": 3, "posts_per_minute": 6, "posts_at_once": 2}
AD_HOC = "/feeds/keyword/word-{}.xml"
CALLBACK = "hub.mode=subscribe&hub.topic=https://feeds.example.org/feeds/cs.AI.xml&hub.callback=https://reader.example/"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    values = {"limits": FEW, "saving": {"mode": "open"}, "trusted_proxies": "127.0.0.1,10.0.0.0/8"}
    with open_house(tmp_path, **values) as opened:
        yield opened


def ask(house: House, path: str, client: str = "192.0.2.1", **options: Any) -> TestResponse:
    """Ask from an address; a method may be said."""
    return house.client.open(path, environ_base={"REMOTE_ADDR": client}, **options)


def use_up(house: House, client: str = "192.0.2.1") -> None:
    """Have as many feeds made as one client may at once."""
    for number in range(FEW["queries_at_once"]):
        assert ask(house, AD_HOC.format(f"{number}-{client.replace('.', '-')}"), client).status_code == 200


@given(
    pauses=st.lists(st.floats(0, 30), max_size=60),
    per_minute=st.sampled_from((6.0, 60.0, 7.3)),
    at_once=st.integers(1, 10),
)
def test_law_in_no_span_of_time_are_more_taken_than_the_bucket_and_what_came_into_it(
    pauses: list[float], per_minute: float, at_once: int
) -> None:
    clock = StoppedClock()
    limit = Limit(per_minute, at_once, 10, clock)
    taken: list[float] = []
    for pause in pauses:
        clock.moment += timedelta(seconds=pause)
        if not limit.take("a"):
            taken.append(clock.moment.timestamp())

    for first, begin in enumerate(taken):
        for last, end in enumerate(taken[first:], 1):
            assert last <= at_once + (end - begin) * per_minute / 60 + 0.01


@given(pauses=st.lists(st.floats(0, 5), max_size=30), at_once=st.integers(1, 4))
def test_law_who_waits_as_long_as_told_is_answered(pauses: list[float], at_once: int) -> None:
    clock = StoppedClock()
    limit = Limit(20, at_once, 10, clock)
    for pause in pauses:
        clock.moment += timedelta(seconds=pause)
        if wait := limit.take("a"):
            assert 0 < wait <= 3.001
            clock.moment += timedelta(seconds=wait)
            assert limit.take("a") == 0


def test_a_million_addresses_take_no_more_room_than_the_bound() -> None:
    limit = Limit(1, 1, 1_000, StoppedClock())
    for number in range(1_000_000):
        limit.take(str(number))

    assert len(limit) == 1_000
    assert limit.take("999999") > 0, "who was here last is remembered"


def test_a_clock_that_is_set_back_shuts_nobody_out_for_long() -> None:
    clock = StoppedClock()
    limit = Limit(60, 2, 10, clock)
    limit.take("a")
    clock.moment -= timedelta(days=1)

    assert limit.take("a") <= 1
    clock.moment += timedelta(seconds=1)
    assert limit.take("a") == 0


def test_none_is_no_limit() -> None:
    limit = Limit(0, 1, 10, StoppedClock())

    assert {limit.take("a") for _ in range(100)} == {0.0}
    assert len(limit) == 0


@pytest.mark.parametrize(
    "path",
    [
        "/feeds/keyword/more.xml",
        "/feeds/search.json?q=ti:walk+-abs:cat",
        "/feeds/like/2601.00001.rss",
        "/feeds/cs.AI+hep-th.xml",
        "/feeds/cs.AI.xml?limit=2",
        "/feeds/cs.AI/2026-01-14.xml",
        "/feeds/keyword/more",
        "/search?q=walk",
        "/papers/2601.00001",
    ],
)
def test_what_is_made_for_one_visitor_is_limited_and_says_when_to_come_again(house: House, path: str) -> None:
    use_up(house)
    refused = ask(house, path)
    house.clock.moment += timedelta(seconds=int(refused.headers["Retry-After"]))
    taken = ask(house, path)

    assert refused.status_code == 429
    assert refused.headers["Cache-Control"] == "no-store"
    assert 1 <= int(refused.headers["Retry-After"]) <= 10
    assert taken.status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/feeds/cs.AI.xml",
        "/feeds/zh/random-walks.json",
        "/feeds/cs.AI",
        "/",
        "/subscriptions.opml",
        "/papers/2601.00001.bib",
        "/feeds/cs.AI/badge.svg",
        "/search",
        "/basket?feeds=cs.AI",
        "/status",
        "/openapi.json",
        "/healthz",
    ],
)
def test_what_is_known_is_never_limited(house: House, path: str) -> None:
    use_up(house)

    for _ in range(10):
        assert ask(house, path).status_code == 200


def test_what_was_made_a_moment_ago_costs_nothing_nor_does_a_304(house: House) -> None:
    use_up(house)
    path = AD_HOC.format("0-192-0-2-1")
    tag = ask(house, path).headers["ETag"]

    for _ in range(10):
        assert ask(house, path).status_code == 200
        assert ask(house, path, headers={"If-None-Match": tag}).status_code == 304


def test_asking_for_a_304_is_no_way_to_have_things_made(house: House) -> None:
    use_up(house)

    assert ask(house, AD_HOC.format("new"), headers={"If-None-Match": "*"}).status_code == 429


def test_a_known_feed_that_is_not_built_yet_is_made_for_everybody(house: House) -> None:
    use_up(house)
    announce(house.store, "math.NA", make_paper(9, "A new one", "math.NA"))
    house.store.documents.keep_only(set())

    assert ask(house, "/feeds/math.NA.xml").status_code == 200


def test_one_client_does_not_use_up_anothers(house: House) -> None:
    use_up(house)

    assert ask(house, "/search?q=walk").status_code == 429
    assert ask(house, "/search?q=walk", "192.0.2.2").status_code == 200


def test_behind_a_proxy_each_client_has_a_limit_of_its_own(house: House) -> None:
    def ask_through(forwarded: str, remote: str = "127.0.0.1") -> int:
        return ask(house, "/search?q=walk", remote, headers={"X-Forwarded-For": forwarded}).status_code

    use_up(house, "192.0.2.1")

    assert ask_through("192.0.2.1") == 429
    assert ask_through("8.8.8.8, 192.0.2.1, 10.1.1.1") == 429, "what a visitor made up stands further left"
    assert ask_through("192.0.2.2, 10.1.1.1") == 200
    assert ask_through("192.0.2.3", "192.0.2.1") == 429, "only the operator's proxies are believed"


def test_a_browser_is_told_in_a_page(house: House) -> None:
    use_up(house)
    page = ask(house, "/search?q=walk", headers=BROWSER)

    assert page.status_code == 429
    assert "another attempt in 10 s" in page.text


@pytest.mark.parametrize(
    ("path", "options"),
    [
        ("/hub", {"data": CALLBACK, "content_type": "application/x-www-form-urlencoded"}),
        ("/like", {"data": "2601.00001"}),
        ("/feeds", {"json": {"name": "a-b", "query": "walk"}}),
        ("/saved/a-b/secret", {"data": {"query": "x"}}),
        ("/saved/a-b/secret", {"method": "DELETE"}),
    ],
)
def test_whatever_is_sent_is_limited_before_it_is_read(
    house: House, path: str, options: dict[str, Any]
) -> None:
    sent = [ask(house, path, **{"method": "POST"} | options) for _ in range(FEW["posts_at_once"] + 1)]

    assert sent[0].status_code != 429
    assert sent[-1].status_code == 429
    assert sent[-1].headers["Retry-After"] == "10"


def test_the_hub_counts_what_waits_by_the_client_behind_the_proxies(tmp_path: Path) -> None:
    hub = {"most_waiting_per_client": 1}
    with open_house(tmp_path, trusted_proxies="127.0.0.1", hub=hub) as house:

        def subscribe(client: str, callback: str) -> int:
            form = dict(pair.split("=", 1) for pair in f"{CALLBACK}{callback}".split("&"))
            return ask(
                house, "/hub", "127.0.0.1", method="POST", data=form, headers={"X-Forwarded-For": client}
            ).status_code

        assert subscribe("192.0.2.1", "a") == 202
        assert subscribe("192.0.2.1", "b") == 503
        assert subscribe("6.6.6.6, 192.0.2.1", "c") == 503
        assert subscribe("192.0.2.2", "d") == 202


def test_the_site_is_written_as_files_without_limits(house: House) -> None:
    for number in range(10 * FEW["queries_at_once"]):
        path = AD_HOC.format(number)
        answer = house.client.get(path, environ_base={"feedsvc.is_static": True})
        assert answer.status_code == 200

    use_up(house, "192.0.2.1")
    assert ask(house, AD_HOC.format("y"), headers={"feedsvc.is_static": "1"}).status_code == 429
