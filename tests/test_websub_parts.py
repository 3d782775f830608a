"""The small parts of the hub: challenges, signatures, pauses, circuits and lanes."""

from __future__ import annotations

import hashlib
import hmac
from random import Random

import pytest

from feedsvc.websub.circuits import ENOUGH, FIRST_PAUSE, LONGEST_PAUSE, Circuits
from feedsvc.websub.intent import ask_intent, is_confirmed, make_challenge, tell_denial
from feedsvc.websub.lanes import Lanes
from feedsvc.websub.request import Mode
from feedsvc.websub.retries import DELIVERIES, RetryPlan
from feedsvc.websub.signing import METHODS, Method, sign_body

TOPIC = "https://feeds.example.org/feeds/cs.AI.xml"
DAY = 86_400


def test_challenges_are_long_and_never_the_same() -> None:
    challenges = {make_challenge() for _ in range(100)}

    assert len(challenges) == 100
    assert min(map(len, challenges)) >= 32


def test_intent_is_asked_with_mode_topic_challenge_and_lease() -> None:
    assert ask_intent("https://r.example/cb", Mode.SUBSCRIBE, TOPIC, "xyz", 60) == (
        "https://r.example/cb?hub.mode=subscribe"
        "&hub.topic=https%3A%2F%2Ffeeds.example.org%2Ffeeds%2Fcs.AI.xml&hub.challenge=xyz&hub.lease_seconds=60"
    )


@pytest.mark.parametrize(
    ("callback", "start"),
    [
        ("https://r.example/?a=1&hub.mode=x", "https://r.example/?a=1&hub.mode=x&hub.mode=denied"),
        ("https://r.example/?", "https://r.example/?hub.mode=denied"),
        ("https://r.example/?a&", "https://r.example/?a&hub.mode=denied"),
    ],
)
def test_parameters_go_behind_those_a_callback_has(callback: str, start: str) -> None:
    assert tell_denial(callback, TOPIC, "no").startswith(start)


@pytest.mark.parametrize(
    ("status", "body", "confirms"),
    [
        (200, b"xyz", True),
        (204, b"xyz", True),
        (299, b"xyz", True),
        (200, b"xyz\n", False),
        (200, b"XYZ", False),
        (200, b"", False),
        (200, b"abcxyz", False),
        (302, b"xyz", False),
        (404, b"xyz", False),
        (500, b"xyz", False),
        (None, b"", False),
    ],
)
def test_only_2xx_and_the_very_challenge_confirm(status: int | None, body: bytes, confirms: bool) -> None:
    assert is_confirmed(status, body, "xyz") is confirms


@pytest.mark.parametrize("method", METHODS)
def test_a_signature_names_its_method(method: Method) -> None:
    expected = hmac.new("gehëim".encode(), b"body", getattr(hashlib, method)).hexdigest()

    assert sign_body(b"body", "gehëim", method) == f"{method}={expected}"


def test_pauses_double_up_to_a_cap_and_end() -> None:
    plan = RetryPlan(first=10, longest=60, attempts=6)
    pauses = [plan.pause_after(attempts, Random(1)) for attempts in range(1, 7)]

    assert pauses[-1] is None
    bounds = [(5, 10), (10, 20), (20, 40), (30, 60), (30, 60)]
    assert all(p is not None and low <= p <= high for p, (low, high) in zip(pauses, bounds, strict=False))


def test_pauses_differ_by_chance() -> None:
    assert len({DELIVERIES.pause_after(3, Random(seed)) for seed in range(20)}) == 20


def test_a_subscriber_that_is_down_for_a_day_is_tried_again_within_six_hours_of_its_return() -> None:
    random, at, tried = Random(7), 0.0, [0.0]
    while (pause := DELIVERIES.pause_after(len(tried), random)) is not None:
        at += pause
        tried.append(at)

    assert tried[-1] > 2 * DAY
    assert next(moment for moment in tried if moment > DAY) < DAY + 6 * 3600


def test_a_longer_pause_that_is_asked_for_is_kept_within_the_cap() -> None:
    plan = RetryPlan(first=10, longest=60)

    assert plan.pause_after(1, Random(1), asked=50) == 50
    assert plan.pause_after(1, Random(1), asked=10**9) == 60


def test_a_host_that_never_answers_is_left_alone_for_ever_longer() -> None:
    circuits = Circuits()
    pauses = []
    now = 0.0
    for _ in range(20):
        while (until := circuits.open_until("a.example", now)) is None:
            circuits.note_silence("a.example", now)
        pauses.append(until - now)
        now = until

    assert pauses[:3] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert pauses[-1] == LONGEST_PAUSE


def test_one_silence_is_no_reason_and_an_answer_closes_the_circuit() -> None:
    circuits = Circuits()
    for _ in range(ENOUGH - 1):
        circuits.note_silence("a.example", 0)
    assert circuits.open_until("a.example", 0) is None
    circuits.note_silence("a.example", 0)
    assert circuits.open_until("a.example", 0)

    circuits.note_answer("a.example")

    assert circuits.open_until("a.example", 0) is None
    assert circuits.open_until("b.example", 0) is None


def test_hosts_take_turns() -> None:
    lanes: Lanes[int] = Lanes(2)
    for number in range(3):
        lanes.add("a", number)
    lanes.add("b", 10)

    assert [lanes.take() for _ in range(4)] == [("a", 0), ("b", 10), ("a", 1), None]
    assert (lanes.waiting, lanes.waits("a"), lanes.waits("b")) == (1, True, False)


def test_a_host_has_only_so_much_room_until_something_is_finished() -> None:
    lanes: Lanes[int] = Lanes(1)
    lanes.add("a", 1)
    lanes.add("a", 2)
    assert lanes.take() == ("a", 1)
    assert lanes.take() is None

    lanes.finish("a")

    assert lanes.take() == ("a", 2)


def test_a_lane_can_be_emptied() -> None:
    lanes: Lanes[int] = Lanes(1)
    for number in range(3):
        lanes.add("a", number)
    assert lanes.crowded(3) == ["a"]
    assert lanes.take() == ("a", 0)

    assert lanes.drain("a") == [1, 2]

    lanes.finish("a")
    assert (lanes.take(), lanes.waiting, lanes.crowded(1)) == (None, 0, [])
