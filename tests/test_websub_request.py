"""What subscribers post, and for how long they get it."""

from __future__ import annotations

import pytest

from feedsvc.errors import HubRequestError
from feedsvc.websub.address import Allowance, Callback
from feedsvc.websub.lease import LeaseBounds
from feedsvc.websub.request import Asked, Mode, read_request

CALLBACK = "https://reader.example/callback"
TOPIC = "https://feeds.example.org/feeds/cs.AI.xml"


def ask(**parameters: str) -> Asked:
    given = {"mode": "subscribe", "callback": CALLBACK, "topic": TOPIC} | parameters
    return read_request([(f"hub.{name}", text) for name, text in given.items()], Allowance())


def test_callback_mode_and_topic_are_enough() -> None:
    assert ask() == Asked(Mode.SUBSCRIBE, Callback(CALLBACK, "reader.example"), TOPIC)


def test_a_lease_and_a_secret_may_be_asked_for() -> None:
    asked = ask(lease_seconds="86400", secret="s3cret")

    assert (asked.lease_seconds, asked.secret) == (86400, "s3cret")


def test_parameters_that_nobody_knows_are_ignored() -> None:
    form = [("hub.mode", "subscribe"), ("hub.callback", CALLBACK), ("hub.topic", TOPIC)]

    assert read_request([*form, ("hub.verify", "sync"), ("foo", "1"), ("foo", "2")], Allowance()) == ask()


@pytest.mark.parametrize("name", ["mode", "callback", "topic"])
def test_what_is_missing_is_named(name: str) -> None:
    with pytest.raises(HubRequestError, match=rf"hub\.{name}"):
        ask(**{name: ""})


@pytest.mark.parametrize("mode", ["publish", "Subscribe", "denied"])
def test_other_modes_are_refused(mode: str) -> None:
    with pytest.raises(HubRequestError, match="expected subscribe or unsubscribe"):
        ask(mode=mode)


def test_two_callbacks_are_refused() -> None:
    form = [("hub.mode", "subscribe"), ("hub.callback", CALLBACK), ("hub.callback", CALLBACK + "2")]

    with pytest.raises(HubRequestError, match="twice"):
        read_request([*form, ("hub.topic", TOPIC)], Allowance())


def test_a_secret_is_less_than_200_bytes_long() -> None:
    assert ask(secret="é" * 99 + "a").secret
    with pytest.raises(HubRequestError, match="199 bytes"):
        ask(secret="é" * 100)


def test_a_secret_that_no_database_takes_is_refused() -> None:
    with pytest.raises(HubRequestError, match="code 0"):
        ask(secret="a\0b")


@pytest.mark.parametrize("lease", ["0", "-1", "1.5", "ten days", "١٠"])
def test_a_lease_is_a_positive_whole_number(lease: str) -> None:
    with pytest.raises(HubRequestError, match="lease_seconds"):
        ask(lease_seconds=lease)


def test_a_lease_to_unsubscribe_with_is_ignored() -> None:
    assert ask(mode="unsubscribe", lease_seconds="ever", secret="x" * 300).lease_seconds is None


@pytest.mark.parametrize(("asked", "granted"), [(None, 500), (1, 100), (700, 700), (10**12, 1000)])
def test_a_lease_is_ten_days_by_default_and_within_bounds(asked: int | None, granted: int) -> None:
    assert LeaseBounds(100, 500, 1000).grant(asked) == granted
    assert LeaseBounds().grant(None) == 10 * 24 * 3600
