"""The hub as its subscribers see it, over real HTTP: every rule of docs/websub.md."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from feedsvc.feed.saved import SavedFeed
from feedsvc.settings import HubSettings
from tests.builders import make_digest
from tests.subscriber import Subscriber, run_subscriber
from tests.web_house import NOON, PAPERS, House, announce, make_paper, open_house, settle_day

BASE = "https://feeds.example.org"
TOPIC = f"{BASE}/feeds/cs.AI.xml"
DAY = timedelta(days=1)
HUB = HubSettings(ports=(), loopback=True)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_small_house(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def quiet_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house in which nothing is ever subscribed."""
    with open_small_house(tmp_path_factory.mktemp("quiet")) as opened:
        yield opened


def open_small_house(folder: Path, languages: str = "en", **hub: Any) -> AbstractContextManager[House]:
    settings = HUB.model_copy(update=hub)
    return open_house(folder, hub=settings, languages=languages, categories="cs.AI,hep-th")


@pytest.fixture
def reader() -> Iterator[Subscriber]:
    with run_subscriber() as subscriber:
        yield subscriber


def ask(house: House, callback: str, mode: str = "subscribe", topic: str = TOPIC, **more: str) -> Any:
    form = {"mode": mode, "callback": callback, "topic": topic} | more
    return house.client.post("/hub", data={f"hub.{name}": text for name, text in form.items()})


def subscribe(house: House, callback: str, topic: str = TOPIC, **more: str) -> None:
    assert ask(house, callback, topic=topic, **more).status_code == 202
    house.publisher.build_documents()
    house.pusher.push_due()


def publish(house: House, number: int, title: str = "News of walks") -> str:
    """Announce one more paper a day later, build, push; give its id."""
    house.clock.moment += DAY
    paper = make_paper(number, title, "cs.AI")
    announce(house.store, "cs.AI", paper, day=house.clock.moment.date())
    house.publisher.build_documents()
    house.pusher.push_due()
    return paper.abs_url


# Discovery: what a publisher must tell


@pytest.mark.parametrize("format", ["xml", "rss", "json"])
@pytest.mark.parametrize("headers", [{}, {"If-None-Match": "*"}])
def test_headers_name_the_hub_and_exactly_one_self(
    quiet_house: House, format: str, headers: dict[str, str]
) -> None:
    response = quiet_house.client.get(f"/feeds/cs.AI.{format}", headers=headers)

    assert response.status_code == (304 if headers else 200)
    (links,) = response.headers.getlist("Link")
    assert links.split(", ")[:2] == [f'<{BASE}/hub>; rel="hub"', f'<{BASE}/feeds/cs.AI.{format}>; rel="self"']
    assert links.count('rel="self"') == links.count('rel="hub"') == 1


def test_bodies_name_the_hub_and_exactly_one_self(quiet_house: House) -> None:
    atom, rss = (quiet_house.client.get(f"/feeds/cs.AI.{format}").text for format in ("xml", "rss"))

    for body in (atom, rss):
        assert body.count('rel="hub"') == body.count('rel="self"') == 1
        assert body.count(f'href="{BASE}/hub"') == 1
    feed = quiet_house.client.get("/feeds/cs.AI.json").get_json()
    assert feed["hubs"] == [{"type": "WebSub", "url": f"{BASE}/hub"}]
    assert feed["feed_url"] == f"{BASE}/feeds/cs.AI.json"


def test_without_a_hub_none_is_named_and_none_is_there(tmp_path: Path) -> None:
    with open_small_house(tmp_path, mode="off") as house:
        response = house.client.get("/feeds/cs.AI.xml")

        assert response.headers["Link"].startswith(f'<{TOPIC}>; rel="self"')
        assert "hub" not in response.headers["Link"]
        assert 'rel="hub"' not in response.text
        assert "hubs" not in house.client.get("/feeds/cs.AI.json").get_json()
        assert ask(house, "https://reader.example/").status_code == 404


# Subscribing


def test_a_plain_subscriber_gets_the_whole_document_as_it_is_served(house: House, reader: Subscriber) -> None:
    subscribe(house, reader.url)

    new = publish(house, 10)

    (delivery,) = reader.delivered
    served = house.client.get("/feeds/cs.AI.xml")
    assert delivery.body == served.data
    assert delivery.headers["Content-Type"] == served.headers["Content-Type"]
    assert delivery.links == [("hub", f"{BASE}/hub"), ("self", TOPIC)]
    assert delivery.entries[0] == new
    assert len(delivery.entries) == 4


@pytest.mark.parametrize("format", ["rss", "json"])
def test_a_topic_of_another_format_comes_under_its_own_type(
    house: House, reader: Subscriber, format: str
) -> None:
    subscribe(house, reader.url, f"{BASE}/feeds/cs.AI.{format}")

    publish(house, 10)

    served = house.client.get(f"/feeds/cs.AI.{format}")
    (delivery,) = reader.delivered
    assert (delivery.headers["Content-Type"], delivery.body) == (served.headers["Content-Type"], served.data)


def test_the_answer_is_202_before_any_verification(house: House, reader: Subscriber) -> None:
    response = ask(house, reader.url)

    assert (response.status_code, reader.asked) == (202, [])
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert ask(house, f"http://127.0.0.1:{silent.getsockname()[1]}/").status_code == 202


def test_intent_is_verified_with_mode_topic_challenge_and_the_lease_that_is_granted(
    house: House, reader: Subscriber
) -> None:
    subscribe(house, reader.url, lease_seconds="1")
    subscribe(house, reader.url)

    first, second = reader.asked_for("subscribe")
    assert (first["hub.topic"], first["hub.lease_seconds"]) == (TOPIC, "3600")
    assert second["hub.lease_seconds"] == "864000"
    assert len(first["hub.challenge"]) >= 32
    assert first["hub.challenge"] != second["hub.challenge"]


def test_a_callback_keeps_its_own_parameters(house: House, reader: Subscriber) -> None:
    callback = f"{reader.url}?me=%7Ea&hub.mode=mine"

    subscribe(house, callback)
    publish(house, 10)

    assert reader.asked[0][:3] == [("me", "~a"), ("hub.mode", "mine"), ("hub.mode", "subscribe")]
    assert reader.delivered[0].path == "/callback?me=%7Ea&hub.mode=mine"


def test_parameters_that_nobody_knows_are_ignored(house: House, reader: Subscriber) -> None:
    form = {"hub.mode": "subscribe", "hub.callback": reader.url, "hub.topic": TOPIC}

    response = house.client.post("/hub", data=form | {"hub.verify": "async", "foo": "bar"})
    house.pusher.push_due()

    assert response.status_code == 202
    assert house.store.subscriptions.find(TOPIC, reader.url)


@pytest.mark.parametrize("step", ["verify_due", "push_due"])
def test_who_is_stopped_leaves_verifications_to_another(house: House, reader: Subscriber, step: str) -> None:
    ask(house, reader.url)
    house.pusher.stop()

    getattr(house.pusher, step)()

    assert reader.asked == []
    assert house.store.intents.has_due(house.clock.now())


@pytest.mark.parametrize("status", [200, 201, 202, 299])
def test_any_2xx_with_the_challenge_confirms(house: House, reader: Subscriber, status: int) -> None:
    reader.verify_status = status
    subscribe(house, reader.url)

    assert house.store.subscriptions.find(TOPIC, reader.url)


@pytest.mark.parametrize(
    "fields",
    [
        {"confirms": False},
        {"challenge": "something else"},
        {"verify_status": 301},
        {"verify_status": 404},
        {"verify_status": 500},
    ],
)
def test_anything_else_does_not(house: House, reader: Subscriber, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        setattr(reader, name, value)

    subscribe(house, reader.url)

    assert house.store.subscriptions.find(TOPIC, reader.url) is None
    publish(house, 10)
    assert reader.attempts == 0


def test_a_redirect_is_not_followed(house: House, reader: Subscriber) -> None:
    with run_subscriber(verify_status=302, headers={"Location": reader.url}) as mover:
        subscribe(house, mover.url)

        assert house.store.subscriptions.find(TOPIC, mover.url) is None
    assert reader.asked == []


def test_an_endless_confirmation_is_cut_off(house: House, reader: Subscriber) -> None:
    reader.challenge = "x" * 1_000_000

    subscribe(house, reader.url)

    assert house.store.subscriptions.find(TOPIC, reader.url) is None


def test_a_subscriber_that_is_down_when_it_is_asked_is_asked_again(house: House, reader: Subscriber) -> None:
    reader.is_down = True
    subscribe(house, reader.url)
    assert house.store.subscriptions.find(TOPIC, reader.url) is None
    reader.is_down = False

    house.clock.moment += timedelta(minutes=2)
    house.pusher.push_due()

    assert house.store.subscriptions.find(TOPIC, reader.url)


def test_a_failed_renewal_leaves_the_subscription_as_it_was(house: House, reader: Subscriber) -> None:
    subscribe(house, reader.url)
    known = house.store.subscriptions.find(TOPIC, reader.url)
    reader.confirms = False

    subscribe(house, reader.url, secret="new")

    assert house.store.subscriptions.find(TOPIC, reader.url) == known


# Signatures


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_a_secret_signs_every_delivery(tmp_path: Path, method: str) -> None:
    with (
        open_small_house(tmp_path, signature=method) as house,
        run_subscriber(secret="gehëim", method=method) as reader,
    ):
        subscribe(house, reader.url, secret="gehëim")

        publish(house, 10)

        assert len(reader.delivered) == 1


def test_a_renewal_replaces_the_secret_and_none_takes_it_away(house: House, reader: Subscriber) -> None:
    for number, secret in ((10, "one"), (11, "two"), (12, None)):
        reader.secret = secret
        subscribe(house, reader.url, **({"secret": secret} if secret else {}))
        publish(house, number)

    assert len(reader.delivered) == 3


# Ending


def test_unsubscribing_stops_deliveries_once_it_is_verified(house: House, reader: Subscriber) -> None:
    subscribe(house, reader.url)
    assert ask(house, reader.url, "unsubscribe").status_code == 202
    house.pusher.push_due()

    publish(house, 10)

    assert reader.asked_for("unsubscribe")[0]["hub.topic"] == TOPIC
    assert reader.delivered == []


def test_nobody_else_can_unsubscribe_a_subscriber(house: House, reader: Subscriber) -> None:
    subscribe(house, reader.url)
    reader.confirms = False
    ask(house, reader.url, "unsubscribe")
    house.pusher.push_due()

    publish(house, 10)

    assert len(reader.delivered) == 1


def test_a_lease_ends_on_time_and_a_renewal_prolongs_it(house: House, reader: Subscriber) -> None:
    subscribe(house, reader.url, lease_seconds=str(2 * 86_400))
    publish(house, 10)
    subscribe(house, reader.url, lease_seconds=str(2 * 86_400))
    publish(house, 11)
    assert len(reader.delivered) == 2

    publish(house, 12)

    assert len(reader.delivered) == 2
    assert house.store.subscriptions.sum_up().subscriptions == 0


def test_410_ends_a_subscription(house: House, reader: Subscriber) -> None:
    subscribe(house, reader.url)
    reader.answers = [410]
    publish(house, 10)

    publish(house, 11)

    assert reader.attempts == 1
    assert house.store.subscriptions.find(TOPIC, reader.url) is None


def test_a_topic_that_turns_out_not_to_be_is_denied_with_a_reason(house: House, reader: Subscriber) -> None:
    response = ask(house, reader.url, topic=f"{BASE}/feeds/like/2601.99999.xml")
    house.pusher.push_due()

    assert response.status_code == 202
    (told,) = reader.asked_for("denied")
    assert told["hub.topic"] == f"{BASE}/feeds/like/2601.99999.xml"
    assert "2601.99999 is not stored" in told["hub.reason"]
    assert reader.asked_for("subscribe") == []


def test_a_hub_that_is_full_denies_with_a_reason(tmp_path: Path, reader: Subscriber) -> None:
    with open_small_house(tmp_path, most=0) as house:
        subscribe(house, reader.url)

    assert reader.asked_for("denied")[0]["hub.reason"].startswith("this hub has 0 subscriptions")


def test_subscribers_of_a_feed_that_was_deleted_are_told(house: House, reader: Subscriber) -> None:
    house.store.saved.add(SavedFeed("slow-walks", "Slow walks", "walk", NOON, NOON), "", 10)
    topic = f"{BASE}/feeds/slow-walks.xml"
    subscribe(house, reader.url, topic)
    assert house.store.subscriptions.find(topic, reader.url)
    house.store.saved.delete("slow-walks", house.clock.moment)

    house.clock.moment += timedelta(minutes=2)
    house.pusher.push_due()

    assert "was deleted" in reader.asked_for("denied")[0]["hub.reason"]
    assert house.store.subscriptions.find(topic, reader.url) is None


# Errors


@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        ({"mode": "publish"}, 400, "expected subscribe or unsubscribe"),
        ({"callback": "http://127.0.0.1@reader.example/"}, 400, "no user"),
        ({"secret": "x" * 200}, 400, "199 bytes"),
        ({"topic": "https://elsewhere.example/feed"}, 400, "no topic of this hub"),
        ({"topic": f"{BASE}/feeds/CS.AI.xml"}, 400, f"own address, {TOPIC}"),
        ({"topic": f"{BASE}/feeds/cs.AI.xml?limit=200"}, 400, f"own address, {TOPIC}"),
        ({"topic": f"{BASE}/feeds/cs.AI"}, 400, "names no format"),
        ({"topic": f"{BASE}/feeds/nothing.xml"}, 404, "no feed is called"),
        ({"topic": f"{BASE}/feeds/cs.LG.xml"}, 404, "not followed"),
        ({"topic": f"{BASE}/feeds/search.xml?q=((("}, 400, "character"),
        ({"topic": f"{BASE}/status"}, 400, "no topic of this hub"),
    ],
)
def test_an_error_is_told_in_plain_text(
    quiet_house: House, form: dict[str, str], status: int, said: str
) -> None:
    response = ask(quiet_house, **({"callback": "https://reader.example/"} | form))

    assert (response.status_code, response.mimetype) == (status, "text/plain")
    assert said in response.text
    assert quiet_house.store.intents.count() == 0


def test_what_is_no_form_is_refused(quiet_house: House) -> None:
    assert quiet_house.client.post("/hub", json={"hub.mode": "subscribe"}).status_code == 415
    assert quiet_house.client.get("/hub").status_code == 405


def test_with_other_hubs_only_ours_is_not_served_and_theirs_are_named(tmp_path: Path) -> None:
    others = ("https://one.example/", "https://two.example/hub")
    with open_small_house(tmp_path, mode="others", others=others) as house:
        answer = house.client.get("/feeds/cs.AI.xml")

        assert ask(house, "http://127.0.0.1/cb").status_code == 404
        links = answer.headers["Link"]
        assert [hub in links for hub in (*others, f"{BASE}/hub")] == [True, True, False]
        assert answer.data.count(b'rel="hub"') == 2


@pytest.mark.parametrize("format", ["xml", "rss"])
def test_by_setting_a_daily_feed_is_delivered_by_the_day(
    tmp_path: Path, reader: Subscriber, format: str
) -> None:
    topic = f"{BASE}/feeds/daily/cs.AI.{format}"
    with open_small_house(tmp_path, diff=True) as house:
        settle_day(house)
        subscribe(house, reader.url, topic)
        publish(house, 99)
        settle_day(house, house.clock.moment.date())
        house.publisher.build_documents()
        house.pusher.push_due()

    first, second = reader.delivered
    assert len(second.entries) == 1
    assert not set(second.entries) & set(first.entries)


def test_encodings_that_say_nothing_make_no_other_topic(house: House, reader: Subscriber) -> None:
    given = f"{BASE}/feeds/%63s.AI.xml"
    subscribe(house, reader.url, given)

    publish(house, 10)

    assert reader.asked_for("subscribe")[0]["hub.topic"] == given
    assert reader.delivered[0].links[-1] == ("self", TOPIC)


@pytest.mark.parametrize("limit", ["most_waiting", "most_waiting_per_host", "most_waiting_per_client"])
def test_a_full_queue_asks_for_patience(tmp_path: Path, limit: str) -> None:
    with open_small_house(tmp_path, "en", **{limit: 1}) as house:
        assert ask(house, "https://reader.example/1").status_code == 202
        refused = ask(house, "https://reader.example/2")

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "60")


# Topics


def test_a_feed_that_is_made_on_demand_is_built_ahead_once_it_is_subscribed(
    house: House, reader: Subscriber
) -> None:
    topic = f"{BASE}/feeds/keyword/walks.xml"
    subscribe(house, reader.url, topic)

    new = publish(house, 10, "News of walks")

    assert reader.delivered[-1].entries == [new]
    assert reader.delivered[-1].links[-1] == ("self", topic)
    assert house.store.documents.find(("keyword/walks", "xml", "en"))


def test_a_document_that_loses_its_last_subscriber_is_no_longer_built_ahead(
    house: House, reader: Subscriber
) -> None:
    subscribe(house, reader.url, f"{BASE}/feeds/keyword/walks.xml")
    ask(house, reader.url, "unsubscribe", f"{BASE}/feeds/keyword/walks.xml")
    house.pusher.push_due()

    publish(house, 10)

    assert house.store.documents.find(("keyword/walks", "xml", "en")) is None


def test_each_topic_of_one_callback_is_a_subscription_of_its_own(tmp_path: Path, reader: Subscriber) -> None:
    translated = f"{BASE}/feeds/zh/cs.AI.xml"
    with open_small_house(tmp_path, languages="en,zh") as house:
        subscribe(house, reader.url)
        subscribe(house, reader.url, translated)

        publish(house, 10)

    assert {delivery.links[-1][1] for delivery in reader.delivered} == {TOPIC, translated}


def test_who_is_subscribed_to_another_feed_gets_nothing(house: House, reader: Subscriber) -> None:
    subscribe(house, reader.url, f"{BASE}/feeds/hep-th.xml")

    publish(house, 10)

    assert reader.delivered == []


def test_a_late_digest_is_not_pushed(house: House, reader: Subscriber) -> None:
    subscribe(house, reader.url)
    before = house.store.documents.find(("cs.AI", "xml", "en"))

    house.store.digests.save([make_digest(PAPERS[0].id, background=("Something else.",))])
    house.publisher.build_documents()
    house.pusher.push_due()

    assert house.store.documents.find(("cs.AI", "xml", "en")) != before
    assert reader.delivered == []
