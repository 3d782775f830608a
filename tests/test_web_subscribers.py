"""How many people read a feed, by what aggregators say; and the badge that shows it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from sqlalchemy import event

from feedsvc.errors import StoreError
from feedsvc.store import Store
from feedsvc.store.subscribers import MOST_AGENTS, REMEMBERED
from feedsvc.web.subscribers import MOST_TOLD, Subscribers, read_told
from tests.web_house import DAY, House, StoppedClock, open_house

FEEDLY = "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 16 subscribers; like FeedFetcher-Google)"
NEWSBLUR = "NewsBlur Feed Fetcher - 42 subscribers - http://www.newsblur.com"
KEY = ("cs.AI", "xml", "en")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_house(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("agent", "told"),
    [
        (FEEDLY, ("feedly", 16)),
        (NEWSBLUR, ("newsblur", 42)),
        ("Inoreader/1.0 (+http://www.inoreader.com/feed-fetcher; 1 subscribers; )", ("inoreader", 1)),
        ("Feedbin feed-id:123 - 4 subscribers", ("feedbin", 4)),
        ("Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0", None),
        ("9 subscribers", None),
        ("Mozilla/5.0 (compatible; theoldreader.com; 2 subscribers; feed-id=1)", ("theoldreader", 2)),
        ("BazQux/2.4 (+https://bazqux.com/fetcher; 7 subscribers)", ("bazqux", 7)),
        (f"Feedly/1.0 ({MOST_TOLD} subscribers)", ("feedly", MOST_TOLD)),
        (f"Feedly/1.0 ({MOST_TOLD + 1} subscribers)", None),
        ("Feedly/1.0 (1000000 subscribers)", None),
        ("Feedly/1.0 (1.5 subscribers)", None),
        ("Evil/1.0 (16 subscribers)", None),
        ("Feedlyish/1.0 (16 subscribers)", None),
        ("notfeedly/1.0 (16 subscribers)", None),
        ("", None),
    ],
)
def test_an_aggregator_is_told_from_everybody_else(agent: str, told: tuple[str, int] | None) -> None:
    assert read_told(agent) == told


def test_invented_aggregators_and_numbers_do_not_raise_what_is_shown(house: House) -> None:
    house.client.get("/feeds/cs.AI.xml", headers={"User-Agent": FEEDLY})
    for number in range(30):
        forged = f"Reader{number}/1.0 (+https://reader.example; 90000 subscribers)"
        house.client.get("/feeds/cs.AI.xml", headers={"User-Agent": forged})
    house.client.get("/feeds/cs.AI.xml", headers={"User-Agent": FEEDLY.replace("16", "1000000")})

    assert house.store.subscribers.count(DAY) == {"cs.AI": 16}


def test_a_number_forged_in_an_aggregators_name_lasts_until_it_comes_itself(house: House) -> None:
    for agent in (FEEDLY, FEEDLY.replace("16", "99000"), FEEDLY):
        house.client.get("/feeds/cs.AI.xml", headers={"User-Agent": agent})

    assert house.store.subscribers.count(DAY) == {"cs.AI": 16}


def test_counts_of_all_documents_and_aggregators_are_added_up(store: Store) -> None:
    store.subscribers.note(KEY, "feedly", 10, DAY)
    store.subscribers.note(("cs.AI", "rss", "en"), "feedly", 3, DAY)
    store.subscribers.note(KEY, "newsblur", 5, DAY)
    store.subscribers.note(("hep-th", "xml", "en"), "feedly", 1, DAY)

    assert store.subscribers.count(DAY) == {"cs.AI": 18, "hep-th": 1}


def test_what_an_aggregator_says_last_counts(store: Store) -> None:
    store.subscribers.note(KEY, "feedly", 10, DAY)
    store.subscribers.note(KEY, "feedly", 7, DAY)

    assert store.subscribers.count(DAY) == {"cs.AI": 7}


def test_an_aggregator_that_stays_away_is_forgotten(store: Store) -> None:
    store.subscribers.note(KEY, "feedly", 10, DAY)

    assert store.subscribers.count(DAY + REMEMBERED) == {"cs.AI": 10}
    assert store.subscribers.count(DAY + REMEMBERED + timedelta(1)) == {}


def test_there_is_an_end_to_invented_aggregators(store: Store) -> None:
    for number in range(MOST_AGENTS + 5):
        store.subscribers.note(KEY, f"agent{number}", 1, DAY)

    assert store.subscribers.count(DAY) == {"cs.AI": MOST_AGENTS}

    store.subscribers.note(KEY, "feedly", 3, DAY + REMEMBERED + timedelta(1))
    assert store.subscribers.count(DAY + REMEMBERED + timedelta(1)) == {"cs.AI": 3}


def test_leases_of_the_hub_are_added(store: Store) -> None:
    subscribers = Subscribers(store, StoppedClock(), lambda: {"cs.AI": 2, "math": 0})
    subscribers.note(KEY, FEEDLY)

    assert subscribers.count() == {"cs.AI": 18}


def test_a_poll_that_tells_nothing_new_writes_nothing(house: House) -> None:
    house.client.get("/feeds/cs.AI.xml", headers={"User-Agent": FEEDLY})
    written: list[str] = []
    event.listen(house.store.engine, "before_cursor_execute", lambda *args: written.append(args[2]))
    house.client.get("/feeds/cs.AI.xml", headers={"User-Agent": FEEDLY})

    assert not [statement for statement in written if statement.startswith(("INSERT", "UPDATE", "DELETE"))]


def test_a_feed_without_a_name_is_not_counted(house: House) -> None:
    house.client.get("/feeds/keyword/walk.xml", headers={"User-Agent": FEEDLY})

    assert house.store.subscribers.count(DAY) == {}


def test_nothing_about_a_person_is_kept(house: House) -> None:
    house.client.get("/feeds/cs.AI.xml", headers={"User-Agent": FEEDLY + " jane@example.org"})
    with house.store.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM subscribers").all()

    assert [tuple(row)[:5] for row in rows] == [("cs.AI", "xml", "en", "feedly", 16)]


def test_the_index_shows_the_count_and_is_sorted_by_it(house: House) -> None:
    house.client.get("/feeds/hep-th.xml", headers={"User-Agent": NEWSBLUR})
    house.client.get("/feeds/cs.AI.rss", headers={"User-Agent": FEEDLY})
    text = house.client.get("/?sort=readers").text

    assert '<td class="count" data-label="subscribers">42</td>' in text
    assert text.index('id="feed-hep-th"') < text.index('id="feed-cs.AI"') < text.index('id="feed-cs.CL"')


@pytest.mark.parametrize("told", ["", "1 subscriber", "1,234 subscribers"])
def test_a_badge_names_the_feed_and_its_subscribers(house: House, told: str) -> None:
    if told:
        house.store.subscribers.note(KEY, "feedly", int(told.split()[0].replace(",", "")), DAY)
    response = house.client.get("/feeds/cs.AI/badge.svg")
    title = ElementTree.fromstring(response.data).find("{http://www.w3.org/2000/svg}title")

    assert response.mimetype == "image/svg+xml"
    assert title is not None
    assert title.text == f"cs.AI: {told or 'arXiv feed'}"


@pytest.mark.parametrize(
    ("path", "status", "location"),
    [
        ("/feeds/CS.ai/badge.svg", 308, "/feeds/cs.AI/badge.svg"),
        ("/feeds/hep-th+cs.AI/badge.svg", 308, "/feeds/cs.AI+hep-th/badge.svg"),
        ("/feeds/keyword/graph-net/badge.svg", 200, None),
        ("/feeds/nothing-at-all/badge.svg", 404, None),
        ("/feeds/cs.CV/badge.svg", 404, None),
    ],
)
def test_a_badge_stands_under_the_feeds_one_name(
    house: House, path: str, status: int, location: str | None
) -> None:
    response = house.client.get(path)

    assert (response.status_code, response.headers.get("Location")) == (status, location)


def test_what_stands_on_a_badge_is_escaped(house: House) -> None:
    response = house.client.get("/feeds/search/badge.svg?q=%22%3Cb%3E%22+OR+x")

    assert b"<b>" not in response.data


def test_an_aggregator_is_counted_although_the_front_answers(house: House) -> None:
    for agent in ("curl", FEEDLY):
        house.client.get("/feeds/cs.AI.xml", headers={"User-Agent": agent})

    assert house.store.subscribers.count(DAY) == {"cs.AI": 16}


@pytest.mark.parametrize(
    "path", ["/feeds/cs.AI.xml?limit=5", "/feeds/daily/cs.AI.xml", "/feeds/cs.AI/2026-01-14.xml"]
)
def test_only_a_feed_in_its_default_options_is_counted(house: House, path: str) -> None:
    for _ in range(2):
        assert house.client.get(path, headers={"User-Agent": FEEDLY}).status_code == 200

    assert house.store.subscribers.count(DAY) == {}


def test_a_store_that_is_locked_keeps_nobody_from_the_answer(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StoreError("database is locked")

    monkeypatch.setattr(house.store.saved, "find", fail)
    monkeypatch.setattr(house.store.subscribers, "note", fail)

    for path in ("/feeds/cs.AI.xml", "/feeds/random-walks.xml", "/feeds/keyword/walk.xml"):
        answer = house.client.get(path, headers={"User-Agent": FEEDLY})
        assert answer.status_code == 200, path
