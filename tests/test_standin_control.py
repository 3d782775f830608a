"""The stand-in's own endpoints."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from feedsvc.standin.clock import StandinClock
from feedsvc.standin.faults import FaultQueue
from feedsvc.standin.log import RequestLog
from feedsvc.standin.server import create_standin
from tests.standin_papers import small_corpus

FAULT = {"path": "/", "category": None, "count": 1, "seconds": 0.0, "share": 0.5, "day": "1970-01-01"}


@pytest.fixture
def client() -> FlaskClient:
    corpus = small_corpus()
    return create_standin(corpus, StandinClock(corpus.timeline), FaultQueue(), RequestLog()).test_client()


def state_of(client: FlaskClient) -> Any:
    return client.get("/control").get_json()


def test_the_state_tells_time_day_steps_and_faults(client: FlaskClient) -> None:
    assert state_of(client) == {
        "now": "2026-01-05T05:00:00+00:00",
        "day": "2026-01-05",
        "steps_left": 2,
        "faults": [],
    }


def test_an_advance_goes_one_step_and_gives_the_new_state(client: FlaskClient) -> None:
    answer = client.post("/control/advance").get_json()

    assert (answer["day"], answer["steps_left"]) == ("2026-01-06", 1)
    assert answer == state_of(client)


def test_an_advance_may_go_several_steps(client: FlaskClient) -> None:
    assert client.post("/control/advance?days=2").get_json()["day"] == "2026-01-07"


@pytest.mark.parametrize("days", ["0", "-1", "x", "1001", "1.5", ""])
def test_an_advance_by_no_number_is_refused(client: FlaskClient, days: str) -> None:
    answer = client.post(f"/control/advance?days={days}")

    assert answer.status_code == 400
    assert "expected a number from 1 to 1000" in answer.get_json()["error"]
    assert state_of(client)["steps_left"] == 2


@pytest.mark.parametrize(
    ("move", "now", "day"),
    [
        ({"seconds": 3}, "2026-01-05T05:00:03+00:00", "2026-01-05"),
        ({"seconds": 0.5}, "2026-01-05T05:00:00.500000+00:00", "2026-01-05"),
        ({"now": "2026-01-06T04:59:59Z"}, "2026-01-06T04:59:59+00:00", "2026-01-05"),
        ({"now": "2026-01-06T00:00:00-05:00"}, "2026-01-06T05:00:00+00:00", "2026-01-06"),
        ({"now": "2026-01-10T17:00:00Z"}, "2026-01-10T17:00:00+00:00", "2026-01-10"),
    ],
)
def test_the_clock_is_moved_to_an_instant_or_on_by_seconds(
    client: FlaskClient, move: dict[str, Any], now: str, day: str
) -> None:
    answer = client.post("/control/clock", json=move).get_json()

    assert (answer["now"], answer["day"]) == (now, day)
    assert answer == state_of(client)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("{}", "expected either"),
        ('{"now": "2026-01-06T05:00:00Z", "seconds": 1}', "expected either"),
        ('{"now": "2026-01-06T05:00:00"}', "timezone"),
        ('{"now": "0001-01-01T00:00:00Z"}', "expected a year from 1991 to 2199"),
        ('{"now": "tomorrow"}', "now"),
        ('{"seconds": -1}', "seconds"),
        ('{"seconds": 1e300}', "seconds"),
        ('{"seconds": "NaN"}', "seconds"),
        ('{"minutes": 1}', "minutes"),
        ("now", "JSON"),
    ],
)
def test_a_move_of_the_clock_that_cannot_be_read_is_refused(
    client: FlaskClient, body: str, named: str
) -> None:
    answer = client.post("/control/clock", data=body)

    assert answer.status_code == 400
    assert named in answer.get_json()["error"]
    assert state_of(client)["now"] == "2026-01-05T05:00:00+00:00"


def test_faults_are_added_and_cleared(client: FlaskClient) -> None:
    client.post("/control/faults", json=[{"kind": "hang", "seconds": 2.5}])
    client.post(
        "/control/faults", json=[{"kind": "too_many", "path": "/rss", "category": "cs.AI", "count": 3}]
    )

    assert state_of(client)["faults"] == [
        {**FAULT, "kind": "hang", "seconds": 2.5},
        {**FAULT, "kind": "too_many", "path": "/rss", "category": "cs.AI", "count": 3},
    ]
    assert client.delete("/control/faults").get_json()["faults"] == []


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ('[{"kind": "explode"}]', "unavailable"),
        ('[{"kind": "reset", "count": 0}]', "count"),
        ('[{"kind": "reset", "seconds": -1}]', "seconds"),
        ('[{"kind": "reset", "times": 2}]', "times"),
        ('[{"kind": "missing_rows", "share": 1.5}]', "share"),
        ('[{"kind": "absurd_date", "day": "never"}]', "day"),
        ('{"kind": "reset"}', "tuple"),
        ("reset", "JSON"),
    ],
)
def test_a_fault_that_cannot_be_read_is_refused(client: FlaskClient, body: str, named: str) -> None:
    answer = client.post("/control/faults", data=body)

    assert answer.status_code == 400
    assert named in answer.get_json()["error"]
    assert state_of(client)["faults"] == []


def test_every_request_to_arxiv_is_on_record_with_its_fault(client: FlaskClient) -> None:
    client.post("/control/faults", json=[{"kind": "unavailable", "seconds": 7}])
    for path in ("/rss/cs.AI", "/api/query?id_list=abc", "/oai?verb=Identify", "/nowhere"):
        assert client.get(path, headers={"User-Agent": "reader/1"}).data
        client.post("/control/clock", json={"seconds": 3})
    records = client.get("/control/requests").get_json()

    assert [(r["method"], r["path"], r["query"], r["status"], r["fault"]) for r in records] == [
        ("GET", "/rss/cs.AI", "", 503, "unavailable"),
        ("GET", "/api/query", "id_list=abc", 400, None),
        ("GET", "/oai", "verb=Identify", 200, None),
        ("GET", "/nowhere", "", 404, None),
    ]
    assert [r["clock_started"][11:19] for r in records] == ["05:00:00", "05:00:03", "05:00:06", "05:00:09"]
    assert [r["retry_after"] for r in records] == [7, None, None, None]
    assert {r["user_agent"] for r in records} == {"reader/1"}
    assert all(r["started"] <= r["ended"] for r in records)
